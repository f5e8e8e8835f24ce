"""Whole public logs: the metrics of a replay by the program behind the golden files."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

import fairlead
from fairlead.traces import Trace

TOLERANCE = 1e-3
OPTIONS = {
    "FCFS": {"policy": "fcfs"},
    "EASY, requested time": {"policy": "easy"},
    "EASY-SJBF, requested time": {"policy": "easy_sjbf"},
    "EASY-SJBF, exact run time": {"policy": "easy_sjbf", "run_times": "actual"},
}
LOGS = ("KTH-SP2-1996-2.1", "CTC-SP2-1996-3.1", "SDSC-SP2-1998-4.2", "HPC2N-2002-2.2")
LOGS += ("CEA-Curie-2011-2.1", "NASA-iPSC-1993-3.1")


@cache
def trace(path: Path, processors: int) -> Trace:
    """A log with the filter of the study; NASA states no requested times, so it plans with runs."""
    missing = "run" if path.name.startswith("NASA") else "drop"
    return fairlead.traces.load(path, max_processors=processors, missing_limit=missing)


def about(printed: str) -> object:
    """The number within 0.1 %, or within its rounding: a wait of 4.1 s may be 4.07 s."""
    decimals = len(printed.partition(".")[2])
    return pytest.approx(float(printed), rel=TOLERANCE, abs=0.5 * 10**-decimals)


@pytest.mark.slow
@pytest.mark.parametrize("policy", OPTIONS)
@pytest.mark.parametrize("log", LOGS)
def test_replay_of_a_whole_log_gives_the_checked_metrics(
    shared_dir: Path, log: str, policy: str
) -> None:
    """Slowdowns, flow, wait, makespan and utilisation within 0.1 % of replay_check.csv."""
    folder = shared_dir / "traces" / "swf-pwa"
    with open(folder / "replay_check.csv", newline="") as file:
        rows = {(row["log"], row["policy"]): row for row in csv.DictReader(file)}
    expected = rows[f"{log}-cln", policy]
    processors = int(expected["procs"])
    jobs = trace(folder / f"{log}-cln.swf.gz", processors).jobs
    cluster = fairlead.Cluster.homogeneous(nodes=1, cpus=processors)
    done = fairlead.schedule(jobs, cluster, **OPTIONS[policy])
    metrics = done.metrics
    run_s = (done.jobs["end_time"] - done.jobs["start_time"]).clip(lower=10)
    slowdowns = (done.jobs["turnaround_s"] / run_s).clip(lower=1)
    got = {
        "avebsld": metrics["mean_bounded_slowdown"],
        "maxbsld": slowdowns.max(),
        "mean_flow_s": metrics["mean_turnaround_s"],
        "mean_wait_s": metrics["mean_wait_s"],
        "makespan_s": metrics["makespan_s"],
        "utilisation": metrics["utilisation"]["cpus"],
    }
    assert len(jobs) == int(expected["jobs"])
    assert got == {name: about(expected[name]) for name in got}
