"""Start times of public logs that independent simulators gave, reproduced job for job."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import fairlead

COLUMNS = {
    "submit_s": "submit_time",
    "run_s": "duration_s",
    "processors": "cpus",
    "estimate_s": "limit_s",
}
FILES = {"kth-sp2-100.csv.gz": 100, "hpc2n-extract-240.csv.gz": 240}
STARTS = {
    "fcfs": "start_fcfs_batch",
    "easy": "start_easy_batch",
    "easy_sjbf": "start_easy_sjbf_batch",
    "sjf": "start_sjf_blocking_batch",
}


@cache
def golden(path: Path) -> pd.DataFrame:
    """A golden file with our column names."""
    return pd.read_csv(path).rename(columns=COLUMNS)


@pytest.mark.parametrize("policy", STARTS)
@pytest.mark.parametrize("name", FILES)
def test_every_start_of_the_golden_logs_is_reproduced(
    shared_dir: Path, name: str, policy: str
) -> None:
    """No job of the log starts a second earlier or later than the other programs say."""
    log = golden(shared_dir / "golden" / name)
    jobs = log[["job_id", *COLUMNS.values()]]
    cluster = fairlead.Cluster.homogeneous(nodes=1, cpus=FILES[name])
    done = fairlead.schedule(jobs, cluster, policy=policy).jobs
    differ = log.index[done["start_time"].to_numpy() != log[STARTS[policy]].to_numpy()]
    assert len(differ) == 0, f"{len(differ)} of {len(log)} starts differ, first in row {differ[0]}"
    assert (done["status"] == "completed").all()
