"""The learned matcher: what it learns, and that what it learnt is checked for feasibility."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlead
from fairlead import Cluster, InvalidInputError, match
from fairlead.matching import LearnedMatcher
from python.test_match import check, gangs

NODES = pd.DataFrame(
    {
        "node_id": ["c0", "c1", "g0", "t0"],
        "cpus": [64, 64, 16, 16],
        "gpus": [0, 0, 4, 0],
        "tpus": [0, 0, 0, 8],
    }
)


def tasks_of(n: int, seed: int) -> pd.DataFrame:
    """Tasks of three models, of which each is quickest on a type of its own."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "job_id": np.arange(n),
            "cpus": rng.integers(1, 9, n),
            "limit_s": rng.uniform(60, 3600, n),
            "model": rng.choice(["bert", "tree", "t5"], n),
        }
    )


def outcomes_of(tasks: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Completion times on every type, with noise: bert on gpu, t5 on tpu, trees on cpu."""
    rng = np.random.default_rng(seed)
    best = {"bert": "gpu", "tree": "cpu", "t5": "tpu"}
    rows = [
        (task.job_id, kind, task.limit_s * (1 if best[task.model] == kind else 3) * noise)
        for task in tasks.itertuples()
        for kind, noise in zip(("cpu", "gpu", "tpu"), rng.lognormal(0, 0.3, 3), strict=True)
    ]
    return pd.DataFrame(rows, columns=["job_id", "type", "value"])


def fitted(seed: int = 1) -> LearnedMatcher:
    """A matcher that knows the three models."""
    tasks = tasks_of(300, seed)
    return LearnedMatcher().fit(tasks, outcomes_of(tasks, seed))


def nodes_of(result: Any) -> dict[Any, str]:
    """Job to node; gangs to their last."""
    placed = result.placements
    return dict(zip(placed["job_id"], placed["node"].astype(str), strict=True))


def test_learns_the_best_type_of_each_model() -> None:
    """Tasks it has not seen go to the type that was quickest for their model."""
    matcher, tasks = fitted(), tasks_of(200, seed=2)
    truth = tasks["model"].map({"bert": "gpu", "tree": "cpu", "t5": "tpu"})
    assert (matcher.predict(tasks) == truth.to_numpy()).mean() > 0.99
    assert matcher.predict_proba(tasks).sum(axis=1) == pytest.approx(1.0)
    assert matcher.classes_.tolist() == ["cpu", "gpu", "tpu"]


def test_gradient_vanishes_at_the_fit() -> None:
    """The result is the minimum: weighted residuals times features equal the penalty's pull."""
    tasks = tasks_of(120, seed=3)
    labels = np.where(tasks["cpus"] > 4, "gpu", "cpu")
    labels[::7] = "tpu"
    matcher = LearnedMatcher(penalty=0.7, features=["cpus", "limit_s"]).fit(tasks, labels)
    design = matcher._encoder.encode(tasks)
    hit = labels[:, None] == matcher.classes_
    residual = matcher.predict_proba(tasks) - hit
    np.testing.assert_allclose(residual.T @ design, -0.7 * matcher.coef_, atol=1e-3)
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-3)


def test_match_takes_the_learned_type() -> None:
    """Each task lands on a node of the type that is best for it, not on the first that fits."""
    jobs = pd.DataFrame({"cpus": [4, 4, 4], "limit_s": 600.0, "model": ["bert", "t5", "tree"]})
    result = match(jobs, NODES, method="learned", model=fitted())
    assert nodes_of(result) == {0: "g0", 1: "t0", 2: "c0"}


def test_infeasible_type_falls_back_to_the_next() -> None:
    """A task too large for every node of its best type goes to the most probable type that can
    take it; one that no node can take is infeasible."""
    jobs = pd.DataFrame({"cpus": [32, 65], "limit_s": 600.0, "model": ["bert", "bert"]})
    matcher = fitted()
    assert matcher.predict(jobs).tolist() == ["gpu", "gpu"]
    result = match(jobs, NODES, method="learned", model=matcher)
    assert nodes_of(result) == {0: "c0"}
    assert result.jobs["status"].astype(str).tolist() == ["placed", "infeasible"]
    assert result.jobs["reason"].iloc[1] == "infeasible:cpus"


def test_full_type_falls_back_to_the_next() -> None:
    """When the nodes of the best type are taken, the next type has room; then nothing has."""
    jobs = pd.DataFrame({"cpus": [16] * 11, "limit_s": 600.0, "model": "bert"})
    result = match(jobs, NODES, method="learned", model=fitted())
    assert nodes_of(result)[0] == "g0"
    assert result.placed_tasks == 10
    assert result.jobs["reason"].iloc[10] == "resources:cpus"


def test_request_beats_the_model() -> None:
    """A task that asks for a TPU is never put elsewhere, whatever was learnt."""
    jobs = pd.DataFrame({"cpus": [4], "tpus": [2], "limit_s": 600.0, "model": ["bert"]})
    assert nodes_of(match(jobs, NODES, method="learned", model=fitted())) == {0: "t0"}


def test_gang_may_span_types_where_none_has_room() -> None:
    """A gang stays within a type if one holds it; else it spreads rather than wait."""
    jobs = pd.DataFrame({"tasks": [5, 2], "cpus": [32, 8], "limit_s": 600.0, "model": "bert"})
    small = match(jobs.iloc[1:], NODES, method="learned", model=fitted())
    assert set(small.placements["node"].astype(str)) == {"g0"}
    mixed = pd.DataFrame({"node_id": ["c0", "g0"], "cpus": [96, 64], "gpus": [0, 1]})
    spread = match(jobs.iloc[:1], mixed, method="learned", model=fitted())
    assert spread.placed_tasks == 5
    assert set(spread.placements["node"].astype(str)) == {"c0", "g0"}


def test_types_may_be_a_column_of_the_nodes() -> None:
    """Types of GPUs, with one that the model has never seen tried last."""
    tasks = tasks_of(200, seed=4)
    labels = np.where(tasks["model"] == "bert", "h100", "t4")
    matcher = LearnedMatcher(types="gpu_type").fit(tasks, labels)
    nodes = pd.DataFrame(
        {"node_id": list("abc"), "cpus": 8, "gpus": 1, "gpu_type": ["new", "t4", "h100"]}
    )
    jobs = pd.DataFrame({"cpus": 8, "gpus": 1, "limit_s": 60.0, "model": ["bert", "t5", "bert"]})
    placed = nodes_of(match(jobs, nodes, method="learned", model=matcher))
    assert placed == {0: "c", 1: "b", 2: "a"}


def test_near_ties_weigh_little_and_single_outcomes_nothing() -> None:
    """Two clear wins of a GPU outweigh three hair's breadths of a CPU; a task with one outcome is
    left out and counted."""
    tasks = pd.DataFrame({"job_id": range(6), "cpus": 1})
    rows = [(i, "cpu", 1.0) for i in range(6)]
    rows += [(i, "gpu", 1.001) for i in range(3)] + [(i, "gpu", 0.3) for i in (3, 4)]
    outcomes = pd.DataFrame(rows, columns=["job_id", "type", "value"])
    matcher = LearnedMatcher().fit(tasks, outcomes)
    assert matcher.left_out_ == 1
    assert matcher.predict(tasks).tolist() == ["gpu"] * 6


def test_outcomes_may_come_from_schedules() -> None:
    """Completion times of the same jobs on two clusters teach which is quicker."""
    jobs = tasks_of(40, seed=5).assign(submit_time=0.0)
    jobs["gpus"] = np.where(jobs["model"] == "bert", 1, 0)
    slow = np.where(jobs["model"] == "bert", 10.0, 1.0)
    rows = []
    for kind, factor in (("cpu", slow), ("gpu", 1.5)):
        run = jobs.drop(columns=["model", "gpus"])
        run = run.assign(duration_s=jobs["limit_s"] * factor, limit_s=1e6)
        done = fairlead.schedule(run, Cluster.homogeneous(nodes=40, cpus=64)).jobs
        rows.append(done[["job_id"]].assign(type=kind, value=done["turnaround_s"]))
    matcher = LearnedMatcher(features=["model"]).fit(jobs, pd.concat(rows))
    assert matcher.predict(jobs).tolist() == np.where(slow > 1, "gpu", "cpu").tolist()


def test_frames_may_be_polars() -> None:
    """Tasks, outcomes and jobs of Polars give what those of pandas give."""
    tasks = tasks_of(100, seed=6)
    outcomes = outcomes_of(tasks, seed=6)
    mine = LearnedMatcher().fit(tasks, outcomes)
    theirs = LearnedMatcher().fit(pl.from_pandas(tasks), pl.from_pandas(outcomes))
    np.testing.assert_array_equal(mine.coef_, theirs.coef_)
    placed = match(pl.from_pandas(tasks.head(3)), NODES, method="learned", model=theirs)
    assert isinstance(placed.placements, pl.DataFrame)


@settings(max_examples=60)
@given(gangs(), st.integers(0, 3))
def test_every_placement_is_feasible(case: tuple[pd.DataFrame, pd.DataFrame], seed: int) -> None:
    """Whatever the model says, capacity holds, requests are met and gangs are whole; and what is
    refused has no room at the end."""
    jobs, nodes = case
    rng = np.random.default_rng(seed)
    labels = rng.choice(["cpu", "gpu"], 30)
    labels[:2] = ["cpu", "gpu"]
    history = pd.DataFrame({"cpus": rng.uniform(0, 64, 30)})
    matcher = LearnedMatcher(features=["cpus"]).fit(history, labels)
    check(jobs, nodes, match(jobs, nodes, method="learned", model=matcher))


def test_mistakes_are_errors() -> None:
    """No model, a model for another method, nothing learnt, and outcomes that do not fit."""
    jobs = pd.DataFrame({"cpus": [1], "limit_s": 60.0, "model": ["bert"]})
    tasks = tasks_of(4, seed=1)
    good = outcomes_of(tasks, seed=1)
    with pytest.raises(InvalidInputError, match="'learned' needs model="):
        match(jobs, NODES, method="learned")
    with pytest.raises(InvalidInputError, match="no other method takes one"):
        match(jobs, NODES, model=fitted(), ignore="model")
    with pytest.raises(InvalidInputError, match="call fit first"):
        match(jobs, NODES, method="learned", model=LearnedMatcher())
    with pytest.raises(InvalidInputError, match="tasks needs a column 'limit_s'"):
        match(jobs.drop(columns="limit_s"), NODES, method="learned", model=fitted())
    with pytest.raises(InvalidInputError, match=r"tasks\['job_id'\] must be distinct; row 2"):
        LearnedMatcher().fit(tasks.assign(job_id=[0, 1, 1, 3]), good)
    for outcomes, message in (
        (["cpu"] * 4, "at least two types that were best"),
        (["cpu"] * 3, "one type a task, 4"),
        (["cpu", None, "gpu", "gpu"], r"outcomes\[1\] is missing"),
        (good.assign(value=0.0), "above 0 and finite"),
        (good.assign(value=np.inf), "above 0 and finite"),
        (good.assign(job_id=99), "one of the tasks'"),
        (good.groupby("job_id").head(1), "got none"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            LearnedMatcher().fit(tasks, outcomes)
    with pytest.raises(InvalidInputError, match="tasks need a column to learn from"):
        LearnedMatcher().fit(tasks[["job_id"]], ["a", "b", "a", "b"])
    with pytest.raises(InvalidInputError, match="penalty must be"):
        LearnedMatcher(penalty=-1).fit(tasks, ["a", "b", "a", "b"])
    with pytest.raises(InvalidInputError, match="needs a column 'colour'"):
        match(jobs, NODES, method="learned",
              model=LearnedMatcher(types="colour").fit(tasks, ["a", "b", "a", "b"]))  # fmt: skip
