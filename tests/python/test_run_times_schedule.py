"""Schedules that plan with predicted run times, and how outrun estimates are corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fairlead import Cluster, Engine, Simulation, run_all, schedule
from fairlead.errors import InvalidInputError
from fairlead.prediction import (
    LastTwo,
    RunTimeEstimator,
    RunTimeHistogram,
    RunTimeMixture,
    predict_run_times,
)
from fairlead.traces import load

LOGS = ("KTH-SP2-1996-2.1", "CTC-SP2-1996-3.1", "SDSC-SP2-1998-4.2")
CLUSTER = Cluster.homogeneous(nodes=1, cpus=16)


def busy_jobs(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """A queue that is never empty for long, of users with habits."""
    print("seed", seed)
    draw = np.random.default_rng(seed)
    user = draw.integers(0, 6, n)
    limit = draw.choice([300.0, 1200.0, 4000.0], n)
    run = np.minimum(np.exp(draw.normal(3 + user / 2, 0.8)).round() + 1, limit)
    return pd.DataFrame(
        {
            "submit_time": np.sort(draw.uniform(0, 60 * n, n)).round(),
            "duration_s": run,
            "limit_s": limit,
            "cpus": draw.choice([1, 4, 8, 16], n),
            "user": [f"u{u}" for u in user],
        }
    )


def plan(jobs: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The schedule's rows under EASY with the shortest first."""
    return schedule(jobs, CLUSTER, policy="easy_sjbf", **options).jobs


@pytest.mark.parametrize("model", [LastTwo, RunTimeHistogram, RunTimeMixture])
def test_no_start_depends_on_what_has_not_finished(model: type[RunTimeEstimator]) -> None:
    """Other run times of all jobs that end after a time change no start up to it."""
    jobs = busy_jobs(seed=1)
    before = plan(jobs, run_times=model())
    at = 12_000.0
    unknown = (before["end_time"] > at).to_numpy()
    changed = jobs.copy()
    ran = np.maximum(at - before["start_time"].to_numpy(), 0)
    changed.loc[unknown, "duration_s"] = np.maximum(ran + 1, jobs["limit_s"].to_numpy())[unknown]
    after = plan(changed, run_times=model())
    early = (before["start_time"] <= at).to_numpy()
    assert unknown.any()
    assert (before["start_time"][early] == after["start_time"][early]).all()


def test_an_end_in_the_log_is_not_known_to_the_schedule() -> None:
    """A column of recorded ends changes nothing: learning follows the simulation's own ends."""
    jobs = busy_jobs(seed=2)
    told = plan(jobs.assign(end_time=jobs["submit_time"]), run_times="predicted", ignore="*")
    assert told["start_time"].equals(plan(jobs, run_times="predicted")["start_time"])


def test_the_loop_predicts_what_its_own_log_in_order_says() -> None:
    """A schedule read as a log gives, job for job, the predictions that it was planned with."""
    jobs = busy_jobs(seed=3)
    online = plan(jobs, run_times=LastTwo())
    log = predict_run_times(jobs.assign(end_time=online["end_time"]), LastTwo())
    given = plan(jobs, run_times=log, correction="limit")
    assert online["start_time"].equals(given["start_time"])


def test_predictions_let_short_jobs_through() -> None:
    """A user whose jobs end early is backfilled where the limit would not allow it."""
    jobs = pd.DataFrame(
        {
            "submit_time": [0.0, 20.0, 100.0, 101.0, 102.0],
            "duration_s": [10.0, 10.0, 500.0, 500.0, 10.0],
            "limit_s": [3000.0, 3000.0, 600.0, 600.0, 3000.0],
            "cpus": [1, 1, 12, 16, 4],
            "user": ["quick", "quick", "slow", "slow", "quick"],
        }
    )
    assert plan(jobs)["wait_s"].tolist() == [0, 0, 0, 499, 998]
    assert plan(jobs, run_times=LastTwo())["wait_s"].tolist() == [0, 0, 0, 499, 0]


def test_limits_are_not_needed_where_run_times_are_predicted() -> None:
    """A policy that plans takes jobs without limits, users or anything else."""
    jobs = busy_jobs(100, seed=4)[["submit_time", "duration_s", "cpus"]]
    assert (plan(jobs, run_times="predicted")["status"] == "completed").all()
    with pytest.raises(InvalidInputError, match="run_times="):
        plan(jobs)


def test_a_fitted_estimator_goes_on_and_is_left_alone() -> None:
    """A schedule begins with what the estimator knows and does not teach it."""
    jobs = busy_jobs(seed=5)
    model = LastTwo().fit(jobs)
    known = model.predict(jobs)
    warm, cold = plan(jobs, run_times=model), plan(jobs, run_times=LastTwo())
    assert (model.predict(jobs) == known).all()
    assert not warm["start_time"].equals(cold["start_time"])


def test_an_estimator_of_ones_own_predicts_all_jobs_at_once() -> None:
    """What has fit and predict serves as run_times=."""

    class Half(RunTimeEstimator):
        def fit(self, jobs: Any, y: Any = None) -> Half:
            return self

        def predict(self, jobs: Any) -> Any:
            return jobs["limit_s"].to_numpy() / 2

    jobs = busy_jobs(seed=6)
    own = plan(jobs, run_times=Half())
    column = plan(jobs.assign(half_s=jobs["limit_s"] / 2), run_times="half_s", correction="limit")
    assert own["start_time"].equals(column["start_time"])


def test_forks_learn_by_themselves() -> None:
    """A fork goes on as the whole would, also beside others on threads."""
    jobs = busy_jobs(seed=7)
    whole = plan(jobs, run_times="predicted")
    sim = Simulation(jobs, CLUSTER, policy="easy_sjbf", run_times="predicted")
    sim.run_until(9_000.0)
    forks = [sim.fork() for _ in range(4)]
    run_all(forks, threads=2)
    sim.run_until()
    for each in (sim, *forks):
        assert each.result().jobs["start_time"].equals(whole["start_time"])


def test_jobs_submitted_later_are_predicted_too() -> None:
    """submit() learns from what ran before, as one table would."""
    jobs = busy_jobs(seed=8)
    sim = Simulation(jobs.head(200), CLUSTER, policy="easy_sjbf", run_times=RunTimeMixture())
    sim.run_until(float(jobs["submit_time"][199]))
    later = jobs.iloc[200:].assign(job_id=np.arange(200, 400))
    late = later["submit_time"] > float(jobs["submit_time"][199])
    sim.submit(later[late])
    sim.run_until()
    whole = plan(jobs.drop(later.index[~late]), run_times=RunTimeMixture())
    assert sim.result().jobs["start_time"].tolist() == whole["start_time"].tolist()


@pytest.mark.parametrize(
    ("correction", "starts"), [("doubling", 40.0), ("stepwise", 11.0), ("limit", 11.0)]
)
def test_a_correction_says_when_a_job_is_next_expected_to_end(
    correction: str, starts: float
) -> None:
    """The head is planned behind the corrected end, so what fits before it may start."""
    # The first runs 95 s and is expected to run 10; the second waits for the machine. The third
    # needs 40 s: too long before 20 s, not before 80, nor before a minute more, nor the limit.
    jobs = pd.DataFrame(
        {
            "submit_time": [0.0, 1.0, 11.0],
            "duration_s": [95.0, 10.0, 40.0],
            "limit_s": [1000.0, 10.0, 40.0],
            "guess_s": [10.0, 10.0, 40.0],
            "cpus": [14, 16, 1],
        }
    )
    done = plan(jobs, run_times="guess_s", correction=correction)
    assert done["start_time"].tolist() == [0.0, 95.0, starts]


def test_an_unknown_correction_lists_the_known_ones() -> None:
    """The message names all."""
    with pytest.raises(InvalidInputError, match="doubling, limit, stepwise"):
        plan(busy_jobs(10), correction="magic")
    with pytest.raises(InvalidInputError, match="doubling, limit, stepwise"):
        Engine(CLUSTER, correction="magic")


def test_predictions_cut_the_slowdown_of_the_archive_logs(shared_dir: Path) -> None:
    """EASY with the shortest first and predictions against EASY with limits, three logs."""
    folder = shared_dir / "traces" / "swf-pwa"
    cuts = {"limit": [], "predicted": []}
    for log in LOGS:
        path = folder / f"{log}-cln.swf.gz"
        if not path.is_file():
            pytest.skip(f"{path.name} is not there")
        trace = load(path)
        easy = schedule(trace.jobs, trace.nodes, policy="easy").metrics["mean_bounded_slowdown"]
        for run_times, cut in cuts.items():
            done = schedule(trace.jobs, trace.nodes, policy="easy_sjbf", run_times=run_times)
            cut.append(1 - done.metrics["mean_bounded_slowdown"] / easy)
    assert min(cuts["predicted"]) > 0
    assert np.mean(cuts["predicted"]) >= 0.36
    assert np.mean(cuts["predicted"]) >= np.mean(cuts["limit"]) + 0.08


def test_the_header_says_what_was_planned_with() -> None:
    """So that the schedule can be made again; what an array holds is in the hash of the jobs."""
    jobs = busy_jobs(20, seed=3)
    predicted = schedule(jobs, CLUSTER, run_times="predicted").header
    assert predicted["run_times"].startswith("RunTimeHistogram(")
    assert predicted["correction"] == "limit"
    assert schedule(jobs, CLUSTER, run_times="actual").header["run_times"] == "actual"
    given = [
        schedule(jobs, CLUSTER, run_times=jobs["limit_s"].to_numpy() / by).header for by in (1, 2)
    ]
    assert [header["run_times"] for header in given] == ["ndarray", "ndarray"]
    assert given[0]["trace_hash"] != given[1]["trace_hash"]
