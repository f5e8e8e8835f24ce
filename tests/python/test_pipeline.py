"""The closed loop: it follows demand, feeds back, and never looks ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.management import Rule
from fairlead.pipeline import Pipeline, PipelineResult
from fairlead.tables import job_columns

HOUR = 3600.0


def daily_jobs(seed: int, *, days: int = 4, per_day: int = 60) -> pd.DataFrame:
    """Jobs that come mostly by day, with limits of up to four times their run time."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    n = days * per_day
    hour = np.clip(rng.normal(13, 4, n), 0, 23.99)
    submit = np.sort(rng.integers(0, days, n) * 24 * HOUR + hour * HOUR).round()
    duration = np.clip(rng.lognormal(8.3, 1.0, n), 60, 12 * HOUR).round()
    return pd.DataFrame(
        {
            "submit_time": submit,
            "duration_s": duration,
            "limit_s": (duration * rng.uniform(1, 4, n)).round(),
            "gpus": rng.choice([1, 2, 4, 8], n),
            "cpus": 8,
        }
    )


def cluster(nodes: int = 12, **more: object) -> Cluster:
    """Nodes of 8 GPUs and 96 CPUs."""
    return Cluster.homogeneous(nodes=nodes, gpus=8, cpus=96, **more)


def before(result: PipelineResult, time: float) -> list[object]:
    """All that was decided before a time."""
    starts = result.schedule.jobs["start_time"].to_numpy()
    return [
        result.plan[result.plan["time"] < time].to_numpy().tolist(),
        result.forecasts.loc[result.forecasts["cutoff"] < time, "needed"].tolist(),
        result.steps.loc[result.steps["time"] < time, ["quantile", "ordered"]]
        .fillna(0)
        .to_numpy()
        .tolist(),
        np.flatnonzero(starts < time).tolist(),
        starts[starts < time].tolist(),
    ]


def test_capacity_follows_demand_and_every_job_ends() -> None:
    """A daily cycle costs less than all nodes all the time, and hardly anybody waits for it."""
    result = Pipeline().run(daily_jobs(1), cluster(price_usd_per_hour=10.0))
    assert set(result.schedule.jobs["status"]) == {"completed"}
    m = result.metrics
    # The first of four days is spent on warming up.
    assert m["capacity_gpus_h"] < 0.8 * m["full_capacity_gpus_h"]
    assert m["cost_usd"] == pytest.approx(10.0 * m["node_hours"])
    assert m["cost_usd"] < 0.8 * m["full_cost_usd"]
    assert m["mean_wait_s"] < 0.25 * HOUR
    assert m["full_node_hours"] == pytest.approx(result.baseline.metrics["node_hours"])
    used = result.schedule.utilisation
    assert (used["used_gpus"] <= used["capacity_gpus"]).all()


def test_the_same_input_gives_the_same_run() -> None:
    """Nothing is drawn, no clock is read."""
    first, second = (Pipeline().run(daily_jobs(2, days=3), cluster()) for _ in range(2))
    assert first.metrics == second.metrics
    pd.testing.assert_frame_equal(first.plan, second.plan)
    pd.testing.assert_frame_equal(first.steps, second.steps)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_jobs_submitted_after_t_change_nothing_decided_before_t(seed: int) -> None:
    """No look-ahead into submissions."""
    jobs = daily_jobs(seed)
    time = 60 * HOUR
    later = (jobs["submit_time"] > time).to_numpy()
    assert later.sum() > 20
    changed = jobs.copy()
    changed.loc[later, "gpus"] = 8
    changed.loc[later, "duration_s"] = jobs.loc[later, "duration_s"] * 3
    changed.loc[later, "limit_s"] = jobs.loc[later, "limit_s"] * 3
    pipeline = Pipeline(startup_s=900)
    assert before(pipeline.run(jobs, cluster(6)), time) == before(
        pipeline.run(changed, cluster(6)), time
    )


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_the_hidden_run_time_of_a_job_changes_nothing_before_it_ends(seed: int) -> None:
    """A plan sees estimates until jobs have ended, also of jobs that had to wait."""
    jobs = daily_jobs(seed)
    pipeline = Pipeline(startup_s=900)
    result = pipeline.run(jobs, cluster(4))
    end = result.schedule.jobs["end_time"].to_numpy()
    wait = result.schedule.jobs["wait_s"].to_numpy()
    row = int(np.argmax(np.where((end > 48 * HOUR) & (end < 80 * HOUR), wait, 0)))
    assert wait[row] > 0.25 * HOUR
    longer = jobs.copy()
    longer.loc[row, "duration_s"] = jobs.loc[row, "limit_s"]
    assert longer.loc[row, "duration_s"] > jobs.loc[row, "duration_s"]
    assert before(pipeline.run(longer, cluster(4)), end[row]) == before(result, end[row])


def test_the_demand_that_came_true_is_that_of_demand_series() -> None:
    """Once all jobs have ended, both count run times from submission."""
    jobs = daily_jobs(9, days=2)
    result = Pipeline().run(jobs, cluster())
    expected = fairlead.demand_series(jobs, "1h")
    got = result.demand.iloc[: len(expected)]
    assert got["ds"].tolist() == expected["ds"].tolist()
    np.testing.assert_allclose(got["y"], expected["y"])
    assert (result.demand["y"].iloc[len(expected) :] == 0).all()


def test_forecasts_are_kept_with_what_came_true() -> None:
    """One row per step and interval ahead; the outcome is that of the demand."""
    result = Pipeline(horizon=6).run(daily_jobs(10, days=2), cluster())
    made = result.forecasts
    assert (made.groupby("cutoff").size() == 6).all()
    assert made.columns.tolist() == [
        "cutoff", "unique_id", "ds", "forecast", "lo-80", "hi-80", "needed", "y",
    ]  # fmt: skip
    truth = result.demand.set_index("ds")["y"]
    known = made.dropna(subset=["y"])
    assert known["y"].tolist() == truth[known["ds"]].tolist()
    assert (known["ds"] >= known["cutoff"]).all()


def test_until_the_history_is_warm_all_nodes_are_on() -> None:
    """No plan is made from less."""
    result = Pipeline(warmup=30).run(daily_jobs(11, days=2), cluster())
    first = result.steps["quantile"].first_valid_index()
    assert len(result.steps.loc[: first - 1]) == 29
    assert (result.steps.loc[: first - 1, "ordered"] == 96).all()
    assert result.plan["time"].min() == result.steps.loc[first, "time"]


def test_a_gang_that_must_spread_gets_its_nodes() -> None:
    """Eight tasks on eight nodes ask eight GPUs only; capacity is found for them all the same."""
    jobs = pd.concat(
        [
            pd.DataFrame({"submit_time": np.arange(48) * HOUR, "duration_s": 3000.0, "gpus": 1}),
            pd.DataFrame(
                {"submit_time": [30 * HOUR], "duration_s": 600.0, "gpus": 1, "tasks": 8}
            ).assign(tasks_per_node=1),
        ],
        ignore_index=True,
    ).assign(limit_s=3600.0)
    jobs["tasks"] = jobs["tasks"].fillna(1).astype(int)
    jobs["tasks_per_node"] = jobs["tasks_per_node"].fillna(0).astype(int)
    result = Pipeline(feedback=False).run(jobs, cluster(8))
    assert set(result.schedule.jobs["status"]) == {"completed"}
    assert result.schedule.jobs["wait_s"].max() < 2 * HOUR


def test_jobs_without_the_planned_resource_do_not_starve() -> None:
    """A job of processors only needs a node that no GPU demand pays for."""
    jobs = pd.DataFrame(
        {
            "submit_time": np.arange(40) * HOUR,
            "duration_s": 1800.0,
            "limit_s": 3600.0,
            "gpus": [1] * 26 + [0] * 14,
            "cpus": [4] * 26 + [90] * 14,
        }
    )
    result = Pipeline(feedback=False).run(jobs, cluster(4))
    assert result.resource == "gpus"
    assert set(result.schedule.jobs["status"]) == {"completed"}


def test_an_alert_on_the_queue_raises_the_quantile_step_by_step() -> None:
    """And calm lowers it again; without feedback it stays."""
    rule = Rule("queue", "waiting", 0.5, clear_s=HOUR)
    jobs = daily_jobs(12)
    fed = Pipeline(rules=[rule], quantile=0.5).run(jobs, cluster(5)).steps
    planned = fed.dropna(subset=["quantile"])
    firing = (planned["firing"] == "queue").to_numpy()
    assert firing.any()
    assert not firing.all()
    change = np.diff(planned["quantile"].to_numpy())
    expected = np.where(firing[1:], 0.05, -0.05)
    bounded = np.clip(planned["quantile"].to_numpy()[:-1] + expected, 0.5, 0.99)
    np.testing.assert_allclose(change, bounded - planned["quantile"].to_numpy()[:-1])
    fixed = Pipeline(rules=[rule], quantile=0.5, feedback=False).run(jobs, cluster(5)).steps
    assert set(fixed["quantile"].dropna()) == {0.5}


def test_a_critical_alert_on_the_queue_orders_everything() -> None:
    """Whatever the forecast says."""
    rule = Rule("stuck", "waiting", 0.5, severity="critical")
    steps = Pipeline(rules=[rule]).run(daily_jobs(13), cluster(5)).steps
    stuck = steps[(steps["firing"] == "stuck") & steps["quantile"].notna()]
    assert len(stuck) > 3
    assert (stuck["ordered"] == 40).all()


def test_the_ceiling_holds_and_what_it_excludes_is_infeasible() -> None:
    """Jobs above the ceiling would wait for ever."""
    jobs = daily_jobs(14, days=3)
    jobs["tasks"] = 1
    jobs.loc[len(jobs) - 1, ["gpus", "tasks"]] = [8, 6]
    result = Pipeline(ceiling=40).run(jobs, cluster(8))
    assert result.plan["amount"].max() <= 40
    assert result.schedule.jobs["status"].tolist()[-1] == "infeasible"
    assert set(result.schedule.jobs["status"][:-1]) == {"completed"}


def test_pools_are_planned_from_the_demand_of_their_own() -> None:
    """Every job names its pool: one series a pool."""
    nodes = pd.DataFrame(
        {
            "node_id": [f"n{i}" for i in range(8)],
            "pool": ["a"] * 4 + ["b"] * 4,
            "gpus": 8,
            "cpus": 96,
        }
    )
    jobs = daily_jobs(15, days=3, per_day=30)
    jobs["pool"] = np.where(np.arange(len(jobs)) % 5 == 0, "b", "a")
    result = Pipeline().run(jobs, nodes)
    assert set(result.forecasts["unique_id"]) == {"a", "b"}
    mean = result.plan.groupby("pool")["amount"].mean()
    assert mean["a"] > mean["b"]
    assert set(result.schedule.jobs["status"]) == {"completed"}


def test_jobs_of_any_pool_fill_the_cheapest_first() -> None:
    """One series, shared out."""
    nodes = pd.DataFrame(
        {
            "node_id": [f"n{i}" for i in range(8)],
            "pool": ["dear"] * 4 + ["cheap"] * 4,
            "gpus": 8,
            "cpus": 96,
            "price_usd_per_hour": [20.0] * 4 + [5.0] * 4,
        }
    )
    result = Pipeline().run(daily_jobs(16, days=3, per_day=40), nodes)
    mean = result.plan.groupby("pool")["amount"].mean()
    assert mean["cheap"] > mean["dear"]
    assert set(result.schedule.jobs["status"]) == {"completed"}


def test_a_trace_brings_its_nodes_and_events() -> None:
    """A node that drains for a day is not used."""
    jobs = daily_jobs(17, days=2)
    nodes = cluster(6).nodes
    events = pd.DataFrame(
        {"time": [0.0], "kind": ["node_drain"], "node": [nodes["node_id"].iloc[0]]}
    )
    meta = fairlead.traces.TraceMeta(format="made")
    trace = fairlead.traces.Trace(jobs=jobs, nodes=nodes, events=events, meta=meta)
    result = Pipeline().run(trace)
    assert nodes["node_id"].iloc[0] not in set(result.schedule.jobs["node"].astype(str))
    assert result.baseline.jobs["node"].astype(str).nunique() == 5


def test_datetimes_and_polars_frames_are_taken() -> None:
    """The same run, shifted to dates; times come back as dates."""
    polars = pytest.importorskip("polars")
    jobs = daily_jobs(18, days=2)
    epoch = pd.Timestamp("2024-03-04")
    dated = jobs.assign(submit_time=epoch + pd.to_timedelta(jobs["submit_time"], unit="s"))
    plain = Pipeline().run(
        jobs.assign(submit_time=jobs["submit_time"] + epoch.timestamp()), cluster()
    )
    for frame in (dated, polars.from_dict({c: dated[c].to_numpy() for c in dated.columns})):
        result = Pipeline().run(frame, cluster())
        assert result.metrics == plain.metrics
        seconds = (result.plan["time"] - pd.Timestamp(0)).dt.total_seconds()
        np.testing.assert_allclose(seconds, plain.plan["time"])


def test_one_machine_of_processors_is_planned_by_the_processor(shared_dir: object) -> None:
    """Two weeks of a real log: fewer processor-hours at about the same waits."""
    log = pd.read_csv(shared_dir / "golden" / "kth-sp2-100.csv.gz")
    jobs = log.rename(
        columns={
            "submit_s": "submit_time",
            "run_s": "duration_s",
            "processors": "cpus",
            "estimate_s": "limit_s",
        }
    )[["job_id", "submit_time", "duration_s", "cpus", "limit_s"]]
    jobs = jobs[jobs["submit_time"] < jobs["submit_time"].min() + 14 * 24 * HOUR]
    result = Pipeline(warmup=48).run(jobs, Cluster.homogeneous(nodes=1, cpus=100))
    m = result.metrics
    assert m["capacity_cpus_h"] < 0.95 * m["full_capacity_cpus_h"]
    assert m["mean_wait_s"] < 1.25 * m["full_mean_wait_s"] + 600
    assert result.schedule.jobs["status"].isin(["completed", "timeout"]).all()


def test_summary_and_picture_say_what_it_saved() -> None:
    """Capacity, waits and forecasts beside the baseline."""
    result = Pipeline().run(daily_jobs(19, days=2), cluster(price_usd_per_hour=3.0))
    text = result.summary()
    assert "gpu-hours" in text
    assert "USD" in text
    assert "demand within what was planned for in" in text
    capacity, queue = result.plot().axes
    assert capacity.get_ylabel() == "gpus"
    assert queue.get_ylabel() == "waiting jobs"
    alone = Pipeline().run(daily_jobs(19, days=2), cluster(), baseline=False)
    assert alone.baseline is None
    assert "all nodes on" not in alone.summary()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda jobs: Pipeline(quantile=1.0), "quantile must be above 0 and below 1"),
        (lambda jobs: Pipeline(warmup=0), "warmup must be from 1 to history"),
        (lambda jobs: Pipeline("1 month"), "freq must be a fixed length of time"),
        (lambda jobs: Pipeline().run(jobs), "give the cluster"),
        (lambda jobs: Pipeline().run(jobs.iloc[:0], cluster()), "jobs has no rows"),
        (
            lambda jobs: Pipeline().run(jobs, Cluster.homogeneous(nodes=1, tpus=4)),
            r"no resource is both on the nodes \(tpus\) and asked by the jobs \(cpus, gpus\)",
        ),
        (
            lambda jobs: Pipeline(rules=[Rule("r", "idle_gpus", 1.0)]).run(jobs, cluster()),
            "watches 'idle_gpus'; known are running",
        ),
        (lambda jobs: Pipeline(policy="best").run(jobs, cluster()), "best"),
    ],
)
def test_bad_options_are_errors(make: object, message: str) -> None:
    """Each names the option."""
    with pytest.raises(InvalidInputError, match=message):
        make(daily_jobs(20, days=2))


def test_a_footprint_counts_whole_nodes_where_tasks_must_spread() -> None:
    """Dominant share of a node, and the fewest nodes a job can start on."""
    from fairlead.allocation.pools import pools_with
    from fairlead.management.observing import footprint

    jobs = pd.DataFrame(
        {
            "submit_time": 0.0,
            "duration_s": 1.0,
            "gpus": [2.0, 5.0, 0.0, 0.3, 9.0],
            "cpus": [1, 1, 48, 1, 1],
            "tasks": [4, 3, 1, 27, 1],
        }
    )
    machine = cluster(12)
    foot = footprint(job_columns(jobs), machine, tuple(pools_with(machine, "gpus")))
    np.testing.assert_allclose(foot.share, [8, 15, 4, 8.1, 9])
    # 0.3 of a GPU fits three times on each of eight: 24 a node.
    assert foot.least.tolist()[:4] == [8, 24, 8, 16]
    assert foot.pool.tolist() == [0, 0, 0, 0, -1]
    assert foot.widest(100.0).tolist() == [24]
    assert foot.widest(20.0).tolist() == [16]
