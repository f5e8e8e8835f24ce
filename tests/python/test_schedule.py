"""`schedule` and its result: scenario tables, metrics, frames, errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairlead
from fairlead import Cluster, InvalidInputError, schedule


def table(*rows: tuple[float, float, float, float], resource: str = "cpus") -> pd.DataFrame:
    """Jobs as (submit, duration, limit, amount)."""
    return pd.DataFrame(rows, columns=["submit_time", "duration_s", "limit_s", resource])


TEN = Cluster.homogeneous(nodes=1, cpus=10)
# The head (row 1) waits for the whole machine; row 2 ends before it can start, row 3 does not.
QUEUE = table((0, 100, 100, 6), (1, 50, 50, 10), (2, 90, 90, 4), (3, 10, 500, 1))


@pytest.mark.parametrize(
    ("options", "starts"),
    [
        ({"policy": "fcfs"}, [0, 100, 150, 150]),
        ({"policy": "easy"}, [0, 100, 2, 150]),
        ({"policy": "fcfs", "backfill": "first_fit"}, [0, 102, 2, 92]),
        ({"policy": "sjf"}, [0, 100, 150, 150]),
        ({"order": "ljf", "backfill": "none"}, [0, 102, 2, 92]),
    ],
)
def test_policies_differ_as_their_definitions_say(options, starts):
    """A queue of four jobs on ten CPUs, worked by hand."""
    got = schedule(QUEUE, TEN, **options).jobs["start_time"].tolist()
    assert got == starts


def test_shortest_candidates_are_backfilled_first():
    """Both candidates fit alone; only one fits beside the other."""
    jobs = table((0, 100, 100, 6), (1, 50, 50, 10), (2, 60, 60, 4), (2, 30, 30, 4))
    assert schedule(jobs, TEN, policy="easy").jobs["start_time"].tolist() == [0, 100, 2, 62]
    assert schedule(jobs, TEN, policy="easy_sjbf").jobs["start_time"].tolist() == [0, 100, 32, 2]


def test_priority_and_weighted_orders_put_the_higher_first():
    """Three jobs of the whole machine, submitted together."""
    jobs = table((0, 10, 10, 10), (0, 10, 10, 10), (0, 10, 10, 10))
    jobs["priority"] = [1, 3, 2]
    jobs["urgency"] = [2, 1, 3]
    assert schedule(jobs, TEN, order="priority").jobs["start_time"].tolist() == [20, 0, 10]
    by_urgency = schedule(jobs, TEN, order="weighted", alpha=0.0, beta=1.0)
    assert by_urgency.jobs["start_time"].tolist() == [10, 20, 0]
    assert by_urgency.header["params"] == {"alpha": 0.0, "beta": 1.0}


def test_estimates_that_are_outrun_double_until_the_job_ends():
    """The head's start slips from 10 to 20 to 40 as the running job outruns its estimate."""
    jobs = table((0, 35, 100, 10), (1, 5, 5, 10), (2, 8, 8, 1))
    jobs["guess_s"] = [10, 5, 8]
    sim = fairlead.Simulation(jobs, TEN, run_times="guess_s")
    sim.run_until()
    assert sim.result().jobs["start_time"].tolist() == [0, 35, 40]


def test_metrics_are_those_of_the_definitions():
    """Waits of 0 and 10 s, a slowdown bounded at 10 s, half of the machine used."""
    jobs = table((0, 10, 10, 10), (0, 2, 5, 10))
    metrics = schedule(jobs, Cluster.homogeneous(nodes=1, cpus=10), policy="fcfs").metrics
    assert metrics["mean_wait_s"] == 5
    assert metrics["median_wait_s"] == 5
    assert metrics["mean_turnaround_s"] == 11
    assert metrics["mean_bounded_slowdown"] == pytest.approx((1 + 12 / 10) / 2)
    assert metrics["makespan_s"] == 12
    assert metrics["utilisation"] == {"cpus": 1.0}
    assert metrics["counts"] == {"completed": 2}
    assert metrics["node_hours"] == pytest.approx(12 / 3600)
    assert metrics["cost_usd"] is None


def test_waits_and_runs_add_up_and_used_plus_idle_is_capacity():
    """Identities of the result hold on a random log."""
    rng = np.random.default_rng(7)
    n = 300
    jobs = pd.DataFrame(
        {
            "submit_time": np.sort(rng.integers(0, 2000, n)),
            "duration_s": rng.integers(0, 200, n),
            "limit_s": rng.integers(1, 200, n),
            "gpus": rng.choice([0.5, 1, 2, 4], n),
            "tasks": rng.choice([1, 1, 2], n),
        }
    )
    result = schedule(jobs, Cluster.homogeneous(nodes=3, gpus=4), placement="best_fit")
    out = result.jobs
    run = out["end_time"] - out["start_time"]
    assert np.allclose(out["wait_s"] + run, out["turnaround_s"])
    assert (out["start_time"] >= out["submit_time"]).all()
    steps = result.utilisation
    assert (steps["used_gpus"] <= steps["capacity_gpus"]).all()
    assert steps[["running", "waiting", "used_gpus"]].iloc[-1].tolist() == [0, 0, 0]
    area = (steps["used_gpus"].to_numpy()[:-1] * np.diff(steps["time"])).sum()
    assert area == pytest.approx((run * jobs["gpus"] * jobs["tasks"]).sum())
    span = result.metrics["makespan_s"]
    assert result.metrics["utilisation"]["gpus"] == pytest.approx(area / (12 * span))


def test_a_gang_is_placed_whole_and_devices_are_named():
    """Two tasks of two GPUs on nodes of three: one a node."""
    jobs = pd.DataFrame({"submit_time": [0], "duration_s": [5], "gpus": [2], "tasks": [2]})
    placed = schedule(jobs, Cluster.homogeneous(nodes=2, gpus=3), policy="fcfs").placements
    assert placed["node"].tolist() == ["node-0", "node-1"]
    assert placed["devices"].tolist() == ["gpus:0,gpus:1", "gpus:0,gpus:1"]


def test_a_schedule_without_starts_has_empty_frames():
    """The only node drains before the job comes."""
    events = pd.DataFrame({"time": [0], "kind": ["node_drain"], "node": ["node-0"]})
    result = schedule(table((1, 5, 5, 1)), TEN, events=events)
    assert len(result.placements) == 0
    assert result.events["kind"].tolist() == ["submit"]


def test_shares_fill_the_fullest_device_that_has_room():
    """0.5 + 0.3 on device 0; 0.4 no longer fits there; 0.2 does."""
    jobs = pd.DataFrame(
        {"submit_time": [0, 0, 0, 0], "duration_s": 9, "gpus": [0.5, 0.3, 0.4, 0.2]}
    )
    placed = schedule(jobs, Cluster.homogeneous(nodes=1, gpus=2), policy="fcfs").placements
    assert placed.sort_values("job_id")["devices"].tolist() == [
        "gpus:0",
        "gpus:0",
        "gpus:1",
        "gpus:0",
    ]


def test_device_memory_pools_and_types_are_respected():
    """Each job names the one node that may take it; the last names none."""
    nodes = pd.DataFrame(
        {
            "node_id": ["a", "b", "c"],
            "gpus": [2, 2, 2],
            "gpu_type": ["v100", "a100", "h100"],
            "gpu_memory_gib": [16, 40, 80],
            "pool": ["old", "new", "new"],
        }
    )
    jobs = pd.DataFrame(
        {
            "submit_time": [0, 0, 0, 0],
            "duration_s": 5,
            "gpus": [1, 0.5, 1, 1],
            "gpu_type": ["a100|t4", None, None, "tpu_v4"],
            "gpu_memory_gib": [None, 60, None, None],
            "pool": [None, None, "old", None],
        }
    )
    out = schedule(jobs, nodes, policy="fcfs").jobs
    assert out["node"].tolist()[:3] == ["b", "c", "a"]
    assert out["reason"].tolist()[3] == "infeasible:gpu_type"


def test_slow_nodes_take_longer_and_gangs_go_at_the_slowest():
    """Half speed doubles the run time."""
    nodes = pd.DataFrame({"node_id": ["fast", "slow"], "cpus": [1, 1], "speed": [1.0, 0.5]})
    jobs = pd.DataFrame({"submit_time": [0], "duration_s": [10], "cpus": [1], "tasks": [2]})
    assert schedule(jobs, nodes, policy="fcfs").jobs["end_time"].tolist() == [20]


def test_failed_nodes_requeue_or_fail_their_jobs():
    """With requeue the job starts over elsewhere; without, it ends."""
    jobs = table((0, 10, 10, 1))
    nodes = Cluster.homogeneous(nodes=2, cpus=1)
    events = pd.DataFrame({"time": [4], "kind": ["node_fail"], "node": ["node-0"]})
    again = schedule(jobs, nodes, events=events)
    assert again.jobs.loc[0, ["start_time", "attempts", "node"]].tolist() == [4, 2, "node-1"]
    assert again.events["kind"].tolist() == ["submit", "start", "requeued", "start", "completed"]
    lost = schedule(jobs, nodes, events=events, requeue=False).jobs
    assert lost.loc[0, ["status", "reason", "end_time"]].tolist() == ["failed", "node_failed", 4]


def test_a_head_that_waits_for_a_dead_node_blocks_nobody():
    """Two nodes are needed and one is down; the small job behind starts."""
    jobs = pd.DataFrame(
        {
            "submit_time": [1, 2],
            "duration_s": [5, 5],
            "limit_s": [5, 5],
            "cpus": [1, 1],
            "tasks": [2, 1],
        }
    )
    events = pd.DataFrame({"time": [0], "kind": ["node_fail"], "node": ["node-1"]})
    for policy in ("fcfs", "easy"):
        out = schedule(
            jobs, Cluster.homogeneous(nodes=2, cpus=1), events=events, policy=policy
        ).jobs
        assert out["status"].tolist() == ["waiting", "completed"]
        assert out["reason"].tolist() == ["nodes_down", ""]


def test_reasons_say_what_blocks():
    """One job runs; the others wait for room, behind the head's reservation, or cannot ever run."""
    jobs = table((0, 100, 100, 6), (1, 50, 50, 10), (2, 500, 500, 1), (2, 1, 1, 11))
    out = schedule(jobs, TEN, until=10).jobs
    assert out["status"].tolist() == ["running", "waiting", "waiting", "infeasible"]
    assert out["reason"].tolist() == ["", "resources", "reserved", "infeasible:cpus"]
    assert schedule(jobs, TEN, policy="fcfs", until=10).jobs["reason"].tolist()[2] == "order"
    assert math.isnan(out["start_time"].iloc[1])
    assert schedule(jobs, TEN, until=10).utilisation["waiting"].max() == 2


def test_times_come_back_in_the_kind_they_came():
    """Zoned datetimes in, zoned datetimes out, whatever their unit."""
    times = (
        pd.to_datetime(["2026-01-01", "2026-01-02"]).tz_localize("Europe/Stockholm").as_unit("s")
    )
    jobs = pd.DataFrame({"submit_time": times, "duration_s": [60, 60], "cpus": [1, 1]})
    start = schedule(jobs, TEN, policy="fcfs").jobs["start_time"]
    assert str(start.dt.tz) == "Europe/Stockholm"
    assert (start == times).all()


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda f: pa.Table.from_pandas(f)])
def test_frames_go_out_as_they_came(convert):
    """Polars in, Polars out; Arrow in, Arrow out; the values are those of pandas."""
    want = schedule(QUEUE, TEN)
    got = schedule(convert(QUEUE), TEN)
    assert type(got.jobs) is type(convert(QUEUE))
    for name in ("jobs", "placements", "events", "utilisation"):
        frame = getattr(got, name)
        as_pandas = frame.to_pandas()
        reference = getattr(want, name)
        assert as_pandas.columns.tolist() == reference.columns.tolist()
        for column in reference:
            assert as_pandas[column].astype(str).tolist() == reference[column].astype(str).tolist()


def test_input_order_and_text_ids_are_kept():
    """Rows need not be sorted by submission."""
    jobs = QUEUE.iloc[::-1].assign(job_id=["d", "c", "b", "a"])
    out = schedule(jobs, TEN).jobs
    assert out["job_id"].tolist() == ["d", "c", "b", "a"]
    assert out["start_time"].tolist() == [150, 2, 100, 0]
    assert out.index.tolist() == [3, 2, 1, 0]


def test_an_empty_table_gives_an_empty_schedule():
    """No jobs is no error."""
    result = schedule(QUEUE.iloc[:0], TEN)
    assert len(result.jobs) == 0
    assert math.isnan(result.metrics["mean_wait_s"])
    assert len(result.utilisation) == 0
    assert "0 jobs" in result.summary()


def test_the_header_says_what_made_the_schedule():
    """Policy, tie rule, seed, hash and version; clairvoyance is stamped."""
    header = schedule(QUEUE, TEN, run_times="actual", seed=3).header
    assert header["clairvoyant"]
    assert header["seed"] == 3
    assert (header["policy"], header["order"], header["backfill"]) == ("easy", "fcfs", "easy")
    assert header["trace_hash"] == schedule(QUEUE, TEN, run_times="actual").header["trace_hash"]
    assert (
        header["trace_hash"]
        != schedule(QUEUE.iloc[:3], TEN, run_times="actual").header["trace_hash"]
    )


@pytest.mark.parametrize(
    "convert", [lambda f: f, pl.from_pandas, lambda f: pa.Table.from_pandas(f)]
)
def test_what_is_saved_reads_back_equal(convert, tmp_path):
    """Jobs and header survive a Parquet file, from every frame library."""
    result = schedule(convert(QUEUE), TEN, until=60)
    result.to_parquet(tmp_path / "schedule.parquet")
    jobs, header = fairlead.scheduling.read_schedule(tmp_path / "schedule.parquet")
    assert header == result.header
    want = schedule(QUEUE, TEN, until=60).jobs
    for column in want:
        assert jobs[column].astype(str).tolist() == want[column].astype(str).tolist()


def test_files_that_hold_no_schedule_are_refused(tmp_path):
    """Neither text nor a Parquet file of somebody else."""
    text = tmp_path / "text.parquet"
    text.write_text("no table")
    with pytest.raises(InvalidInputError, match="no Parquet file"):
        fairlead.scheduling.read_schedule(text)
    QUEUE.to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InvalidInputError, match="no fairlead header"):
        fairlead.scheduling.read_schedule(tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("jobs", "options", "message"),
    [
        (QUEUE, {"policy": "magic"}, "policy must be one of fcfs, sjf, easy, easy_sjbf"),
        (QUEUE, {"policy": "saf"}, "give order='saf'"),
        (QUEUE, {"order": "magic"}, "order must be one of fcfs"),
        (QUEUE, {"backfill": "magic"}, "backfill must be one of none, first_fit, easy"),
        (QUEUE, {"placement": "magic"}, "placement must be one of first_fit"),
        (QUEUE, {"correction": "magic"}, "correction must be one of doubling"),
        (QUEUE, {"gamma": 1.0}, "has no parameter 'gamma'"),
        (
            QUEUE.drop(columns="limit_s"),
            {},
            "backfill 'easy' plans .* any job; .*default_limit_s= .*'actual' .*policy='fcfs'",
        ),
        (
            QUEUE.assign(limit_s=[9, None, 9, 9]),
            {},
            "backfill 'easy' plans .* row 1 .job 1.*default_limit_s=",
        ),
        (QUEUE.drop(columns="limit_s"), {"policy": "sjf"}, "order 'sjf' plans"),
        (QUEUE.assign(depends_on=1), {}, "depends_on"),
    ],
)
def test_bad_arguments_name_the_way_out(jobs, options, message):
    """Every refusal is an InvalidInputError that lists what is known."""
    with pytest.raises(InvalidInputError, match=message):
        schedule(jobs, TEN, **options)


def test_a_default_limit_makes_planning_possible():
    """It is the estimate only: no job is killed at it."""
    jobs = QUEUE.drop(columns="limit_s")
    out = schedule(jobs, TEN, default_limit_s=3600).jobs
    assert out["status"].tolist() == ["completed"] * 4


def test_results_plot_and_summarise():
    """For people: text, HTML and a figure."""
    result = schedule(QUEUE, TEN)
    assert "4 jobs: 4 completed" in result.summary()
    assert result._repr_html_().startswith("<pre>")
    assert len(result.plot().axes) >= 2


def test_saf_puts_jobs_without_length_first_whatever_they_ask():
    """A share of what no node declared at first is infinite; times an estimate of 0 it is 0."""
    jobs = pd.DataFrame(
        {
            "job_id": list("abcde"),
            "submit_time": 0.0,
            "duration_s": 10.0,
            "guess_s": [0.0, 0.0, 1.0, 0.0, 0.0],
            "cpus": 1,
            "memory_gib": [0, 0, 0, 1, 0],
        }
    )
    nodes = pd.DataFrame({"node_id": ["n"], "cpus": [1], "memory_gib": [0]})
    events = pd.DataFrame(
        {
            "time": [0.0],
            "kind": ["capacity"],
            "node": ["n"],
            "resource": ["memory_gib"],
            "value": [1],
        }
    )
    out = schedule(jobs, nodes, order="saf", backfill="none", run_times="guess_s", events=events)
    assert out.jobs["start_time"].tolist() == [0, 10, 40, 20, 30]
