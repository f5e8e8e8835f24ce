"""The number of nodes that holds a target, against trying every number."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import fairlead
from fairlead import Cluster
from fairlead.errors import InvalidInputError
from fairlead.prediction import capacity_plan, newsvendor_quantile


def jobs_of(n: int, seed: int) -> pd.DataFrame:
    """Jobs of 1 to 4 GPUs that come at random, an hour long on average."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    ran = rng.exponential(3600, n) + 60
    return pd.DataFrame(
        {
            "submit_time": np.sort(rng.uniform(0, 86_400, n)),
            "duration_s": ran,
            "limit_s": ran * 2,
            "gpus": rng.choice([1, 2, 4], n),
        }
    )


def waits_on(jobs: pd.DataFrame, cluster: Cluster, p: float = 95) -> float:
    """A percentile of the waits, jobs that cannot run waiting for ever."""
    waits = fairlead.schedule(jobs, cluster).jobs["wait_s"].fillna(np.inf)
    return float(np.percentile(waits, p, method="inverted_cdf"))


KIND = pd.DataFrame({"kind": ["a100"], "gpus": [4], "price_usd_per_hour": [12.0]})


@pytest.mark.parametrize("seed", range(4))
def test_choice_is_the_smallest_that_holds(seed: int) -> None:
    """Every size from the choice on holds as far as the neighbours tell, the one below fails."""
    jobs = jobs_of(150, seed)
    size = capacity_plan(jobs, KIND, target={"p95_wait_s": 600})
    n = size.choice["a100"]
    waits = [waits_on(jobs, Cluster.homogeneous(nodes=m, gpus=4)) for m in range(n - 1, n + 3)]
    assert waits[0] > 600
    assert max(waits[1:]) <= 600
    assert size.cost_usd_per_hour == 12.0 * n
    assert size.row["p95_wait_s"] == waits[1]
    assert len(size.cluster) == n


@pytest.mark.parametrize("target", ["mean_wait_s", "mean_bounded_slowdown", "loss_frac"])
def test_every_target_holds(target: str) -> None:
    """The measure of the choice is within its bound, and that of a node fewer is not."""
    jobs = jobs_of(150, seed=9)
    bound = {"mean_wait_s": 120.0, "mean_bounded_slowdown": 1.2, "loss_frac": 0.05}[target]
    size = capacity_plan(jobs, KIND, target={target: bound}, patience_s=300)
    assert size.row[target] <= bound
    fewer = size.candidates[size.candidates["nodes"] == size.row["nodes"] - 1]
    assert (fewer[target] > bound).all()
    assert len(fewer) == 1


def test_two_kinds_are_as_cheap_as_the_cheapest_of_all_mixes() -> None:
    """Small jobs on cheap nodes, large ones on dear nodes: the mix found is the cheapest there is
    with at most 8 of each."""
    jobs = jobs_of(120, seed=3)
    kinds = pd.DataFrame(
        {"kind": ["small", "big"], "gpus": [1, 4], "price_usd_per_hour": [2.0, 9.0], "most": [8, 8]}
    )
    size = capacity_plan(jobs, kinds, target={"p95_wait_s": 3_600})
    costs = []
    for small, big in itertools.product(range(9), range(9)):
        nodes = pd.DataFrame({"gpus": [1] * small + [4] * big})
        nodes["node_id"] = nodes.index.astype(str)
        if len(nodes) and waits_on(jobs, Cluster.from_frame(nodes)) <= 3_600:
            costs.append(2.0 * small + 9.0 * big)
    assert size.cost_usd_per_hour == min(costs)


def test_jobs_of_two_types_need_both_kinds() -> None:
    """Where no kind alone can run all jobs, both are bought."""
    jobs = jobs_of(80, seed=5).assign(gpus=1)
    jobs["gpu_type"] = np.where(np.arange(80) % 2, "a100", "t4")
    kinds = pd.DataFrame(
        {
            "kind": ["A", "T"],
            "gpus": [4, 2],
            "gpu_type": ["a100", "t4"],
            "price_usd_per_hour": [12.0, 1.0],
        }
    )
    size = capacity_plan(jobs, kinds, target={"p95_wait_s": 1_800})
    assert min(size.choice.values()) >= 1
    assert size.row["p95_wait_s"] <= 1_800


def test_existing_nodes_cost_nothing() -> None:
    """What is there already is used first; enough of it needs no more."""
    jobs = jobs_of(100, seed=2)
    alone = capacity_plan(jobs, KIND, target={"p95_wait_s": 600}).choice["a100"]
    there = Cluster.homogeneous(nodes=alone - 2, gpus=4)
    size = capacity_plan(jobs, KIND, target={"p95_wait_s": 600}, existing=there)
    assert size.choice == {"a100": 2}
    assert len(size.cluster) == alone
    enough = Cluster.homogeneous(nodes=alone + 2, gpus=4)
    assert capacity_plan(jobs, KIND, target={"p95_wait_s": 600}, existing=enough).choice == {
        "a100": 0
    }


def test_one_node_may_be_enough() -> None:
    """Where one node does, none is not tried as an answer; without prices the nodes count."""
    jobs = jobs_of(3, seed=2)
    size = capacity_plan(jobs, KIND.drop(columns="price_usd_per_hour"), target={"loss_frac": 0})
    assert size.choice == {"a100": 1}
    assert size.cost_usd_per_hour is None
    assert "USD" not in str(size)


def test_options_reach_the_scheduler_and_frames_may_be_polars() -> None:
    """Another policy needs another size; Polars frames do as well."""
    jobs = jobs_of(150, seed=1)
    target = {"mean_wait_s": 300.0}
    fcfs = capacity_plan(pl.from_pandas(jobs), pl.from_pandas(KIND), target=target, policy="fcfs")
    easy = capacity_plan(jobs, KIND, target=target)
    assert fcfs.choice["a100"] >= easy.choice["a100"]


@pytest.mark.parametrize("name", ["p5_wait_s", "p05_wait_s", "p50_wait_s", "p50.0_wait_s"])
def test_percentiles_may_be_written_in_any_way(name: str) -> None:
    """The column of the measure is named as the target is."""
    jobs = jobs_of(60, seed=6)
    size = capacity_plan(jobs, KIND, target={name: 600})
    p = float(name[1:].removesuffix("_wait_s"))
    assert size.row[name] == waits_on(jobs, size.cluster, p)


@pytest.mark.parametrize("budget", [6, 11])
def test_no_more_sizes_are_simulated_than_the_budget(budget: int) -> None:
    """With one kind or two; what was found by then holds, and with one size nothing did."""
    jobs, target = jobs_of(150, seed=7), {"p95_wait_s": 60}
    two = pd.DataFrame({"kind": ["a", "b"], "gpus": [4, 8], "price_usd_per_hour": [12.0, 20.0]})
    for kinds in (KIND, two):
        size = capacity_plan(jobs, kinds, target=target, budget=budget)
        assert len(size.candidates) <= budget
        assert size.row["holds"]
        with pytest.raises(InvalidInputError, match="no size tried holds"):
            capacity_plan(jobs, kinds, target=target, budget=1)


def test_what_cannot_be_held_is_an_error() -> None:
    """Jobs too large for any node, too few nodes allowed, unknown targets and bad kinds say so."""
    jobs = jobs_of(50, seed=1)
    target = {"p95_wait_s": 0.0}
    for bad, kinds, wanted, message in (
        (jobs.assign(gpus=8), KIND, target, "100.0% of the jobs fit on no such node"),
        (jobs, KIND.assign(most=1), target, "no size tried holds p95_wait_s <= 0"),
        (jobs, KIND, {"p95": 3.0}, "unknown target 'p95'"),
        (jobs, KIND, {"mean_wait_s": -1.0}, "finite and at least 0"),
        (jobs, KIND, {}, "must have one entry"),
        (jobs, KIND.iloc[:0], target, "kinds has no rows"),
        (jobs, KIND.assign(least=1.5), target, "whole number"),
        (jobs, KIND.assign(least=3, most=2), target, "at least least"),
        (jobs.iloc[:0], KIND, target, "jobs has no rows"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            capacity_plan(bad, kinds, target=wanted)
    with pytest.raises(InvalidInputError, match="budget must be a whole number of sizes"):
        capacity_plan(jobs, KIND, target=target, budget=0)


def test_sizes_are_told_and_drawn() -> None:
    """The summary says what fails below; the picture marks the choice."""
    size = capacity_plan(jobs_of(100, seed=4), KIND, target={"p90_wait_s": 600})
    assert "p90_wait <= 600 s" in str(size)
    assert f"with {size.choice['a100'] - 1} nodes: p90_wait = " in str(size)
    upper, lower = size.plot().axes
    assert f"{size.choice['a100']} x a100" in upper.get_title("left")
    assert lower.get_xlabel() == "nodes"


def forecast_of(y: Any) -> Any:
    """A forecast of the next day with errors from the past."""
    demand = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=len(y), freq="1h"), "y": y})
    return fairlead.predict(demand, horizon=24, model="seasonal_naive")


def test_forecast_quantile_is_covered() -> None:
    """The nodes cover the quantile of the peak, which is more than that of any interval."""
    rng = np.random.default_rng(1)
    forecast = forecast_of(rng.poisson(20, 500).astype(float))
    size = capacity_plan(forecast, KIND, target={"quantile": 0.9})
    level = forecast.sample_paths(1000).quantile(0.9, of="max", together=True)
    assert level > forecast.quantile(0.9)["y"].max()
    assert 4 * (size.choice["a100"] - 1) < level <= 4 * size.choice["a100"]


def test_forecast_price_is_the_newsvendors() -> None:
    """With one node a unit, the least expected cost is at the quantile of the price ratio."""
    rng = np.random.default_rng(2)
    forecast = forecast_of(rng.poisson(200, 24 * 60).astype(float))
    unit = pd.DataFrame({"kind": ["gpu"], "gpus": [1], "price_usd_per_hour": [1.0]})
    size = capacity_plan(forecast, unit, target={"missing_usd_per_unit_hour": 10.0})
    # A unit that is not missing saves 10 and costs 1: missing at a net price of 9.
    q = newsvendor_quantile(idle_price=1.0, missing_price=9.0)
    pooled = np.concatenate([forecast.quantile(p)["y"] for p in (np.arange(200) + 0.5) / 200])
    assert abs(size.choice["gpu"] - np.quantile(pooled, q)) <= 1
    assert size.row["loss_frac"] < 0.02


def test_forecast_loss_falls_with_nodes() -> None:
    """The loss share is the expected missing part, and the choice is the first within it."""
    rng = np.random.default_rng(3)
    size = capacity_plan(forecast_of(rng.gamma(4, 10, 600)), KIND, target={"loss_frac": 0.01})
    losses = size.candidates["loss_frac"].to_numpy()
    assert (np.diff(losses) <= 0).all()
    assert size.row["loss_frac"] <= 0.01 < losses[size.choice["a100"] - 1]
    assert len(size.plot().axes) == 2


def test_series_of_a_forecast_share_the_nodes() -> None:
    """Four series of 3 GPUs need three nodes of 4, where each by itself would need one."""
    for count, nodes in ((2, 2), (4, 3)):
        demand = pd.concat(
            [pd.DataFrame({"unique_id": i, "ds": range(100), "y": 3.0}) for i in range(count)]
        )
        forecast = fairlead.predict(demand, horizon=2, model="rolling_mean", window=1)
        size = capacity_plan(forecast, KIND, target={"quantile": 0.9})
        assert size.choice == {"a100": nodes}


def test_forecast_mistakes_are_errors() -> None:
    """A resource that no kind has, and targets of jobs are refused."""
    forecast = forecast_of(np.ones(100))
    with pytest.raises(InvalidInputError, match="of a forecast known are quantile"):
        capacity_plan(forecast, KIND, target={"p95_wait_s": 60})
    with pytest.raises(InvalidInputError, match="which no kind has"):
        capacity_plan(forecast, KIND.drop(columns="gpus").assign(cpus=4), target={"quantile": 0.9})
    with pytest.raises(InvalidInputError, match="from 0 to 1, got 90"):
        capacity_plan(forecast, KIND, target={"quantile": 90})
    for price in (-1.0, np.nan, np.inf):
        with pytest.raises(InvalidInputError, match="finite and at least 0"):
            capacity_plan(forecast, KIND, target={"missing_usd_per_unit_hour": price})
    free = KIND.drop(columns="price_usd_per_hour")
    with pytest.raises(InvalidInputError, match="give the kinds a price"):
        capacity_plan(forecast, free, target={"missing_usd_per_unit_hour": 5.0})
    with pytest.raises(InvalidInputError, match="takes no policy"):
        capacity_plan(forecast, KIND, target={"quantile": 0.9}, policy="fcfs")


def test_newsvendor_refuses_prices_that_say_nothing() -> None:
    """Both zero, negative or infinite prices are errors; free idling covers everything."""
    assert newsvendor_quantile(0.0, 1.0) == 1.0
    for prices in ((0.0, 0.0), (-1.0, 2.0), (1.0, np.inf)):
        with pytest.raises(InvalidInputError, match="not both 0"):
            newsvendor_quantile(*prices)


def test_real_log_is_sized(shared_dir: Path) -> None:
    """ITP's cluster 02: the choice holds the target and the search is short."""
    trace = fairlead.traces.load(shared_dir / "traces/itp-2021/elasticflow_cluster02.csv.gz")
    kinds = pd.DataFrame({"kind": ["dgx"], "gpus": [8], "price_usd_per_hour": [24.0]})
    options = {"policy": "fcfs", "run_times": "actual"}
    size = capacity_plan(trace.jobs, kinds, target={"p95_wait_s": 600}, **options)
    assert size.row["p95_wait_s"] <= 600
    assert len(size.candidates) <= 25
