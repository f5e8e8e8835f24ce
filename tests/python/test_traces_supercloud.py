"""The MIT Supercloud form of Slurm accounting: a CSV dump of the job table."""

from __future__ import annotations

import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.supercloud import read_supercloud

JOB = {
    "id_job": "16051200000000.0",
    "id_array_job": "74939900000000.0",
    "id_array_task": "4294967294",
    "id_user": "42770100000000.0",
    "partition": "normal",
    "state": "3",
    "timelimit": "60",
    "time_submit": "1609535912",
    "time_start": "1609535922",
    "time_end": "1609536522",
    "time_suspended": "0",
    "tres_alloc": "1=40,2=8192,4=2,5=40,1002=4",
    "tres_req": "1=20,2=4096,4=1,5=20",
}


@pytest.fixture
def dump(tmp_path):
    """A function that writes rows (dicts on top of JOB) and gives the path."""

    def write(*rows):
        path = tmp_path / "slurm-log.csv"
        pd.DataFrame([{**JOB, **row} for row in rows]).to_csv(path, index=False)
        return path

    return write


def test_numbered_resources_and_epochs_become_our_columns(dump):
    """1 = cores, 2 = MiB, 4 = nodes, from 1001 on GPUs; minutes to seconds; epochs to UTC."""
    trace = traces.load(dump({}))
    assert trace.meta.format == "supercloud"
    job = trace.jobs.iloc[0].to_dict()
    expected = {"job_id": "16051200000000", "duration_s": 600, "limit_s": 3600, "tasks": 2}
    expected |= {"cpus": 20, "memory_gib": 4, "gpus": 2, "user": "42770100000000"}
    assert {name: job[name] for name in expected} == expected
    assert job["submit_time"] == pd.Timestamp("2021-01-01 21:18:32", tz="UTC")
    assert pd.isna(job["array_id"])


def test_what_was_asked_stands_in_and_can_be_chosen(dump):
    """An empty list is filled from the other."""
    assert read_supercloud(dump({}), resources="requested").jobs["cpus"].tolist() == [20]
    assert read_supercloud(dump({"tres_alloc": ""})).jobs["cpus"].tolist() == [20]


def test_no_limit_arrays_and_suspension(dump):
    """The largest numbers mean none; suspended seconds are no run time."""
    row = {"timelimit": "4294967295", "id_array_task": "3", "time_suspended": "100"}
    jobs = read_supercloud(dump(row), keep=["recorded_state", "recorded_wait_s", "state"]).jobs
    assert jobs["limit_s"].isna().all()
    assert jobs["array_id"].tolist() == ["74939900000000"]
    assert jobs["duration_s"].tolist() == [500]
    assert jobs["recorded_state"].tolist() == ["COMPLETED"]
    assert (jobs["recorded_wait_s"].tolist(), jobs["source_state"].tolist()) == ([10], [3])


def test_ids_that_collide_are_numbered_apart(dump):
    """The publisher's ids went through floats."""
    trace = read_supercloud(dump({}, {}))
    assert trace.jobs["job_id"].tolist() == ["16051200000000", "16051200000000#2"]
    assert trace.meta.repaired == {"job id that repeats, numbered apart": 1}


def test_what_did_not_run_or_end_is_dropped_or_kept(dump):
    """A time of 0 is no time."""
    path = dump({}, {"time_start": "0", "time_end": "0"}, {"time_end": "0"})
    assert read_supercloud(path).meta.dropped == {"never started": 1, "not finished": 1}
    kept = read_supercloud(path, unfinished="keep").jobs["duration_s"]
    assert kept.notna().tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ({"id_job": "x"}, "id_job"),
        ({"time_submit": "0"}, "time_submit"),
        ({"time_submit": "-5"}, "time_submit"),
        ({"time_end": "1609535900"}, "time_end"),
        ({"time_end": "99999999999"}, "time_end"),
        ({"timelimit": "long"}, "timelimit"),
        ({"tres_alloc": "cpu=4"}, "tres_alloc"),
        ({"tres_alloc": "1=-4"}, "tres_alloc"),
        ({"state": "99"}, "state"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(dump, cell, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = dump({"id_job": "1"}, cell)
    with pytest.raises(InvalidInputError, match=rf"slurm-log\.csv, line 3, column {column}: must"):
        read_supercloud(path)
    dropped = read_supercloud(path, on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {f"bad {column}": 1})


def test_the_public_file_gives_the_published_numbers(shared_dir):
    """Jobs, users, span, run times, waits, GPU hours and states as its README states them."""
    folder = shared_dir / "traces" / "mit-supercloud-2021"
    if not folder.is_dir():
        pytest.skip(f"no {folder.name} in the reference data")
    trace = traces.load(
        folder / "slurm-log-queueing-clean.csv.gz",
        resources="requested",
        keep=["recorded_state", "recorded_wait_s", "cpus_req"],
    )
    jobs = trace.jobs
    gpus = jobs["gpus"] * jobs["tasks"]
    assert (trace.meta.format, len(jobs), jobs["user"].nunique()) == ("supercloud", 9628, 322)
    assert trace.meta.repaired == {"job id that repeats, numbered apart": 46}
    assert jobs["submit_time"].min() == pd.Timestamp("2021-01-01 21:18:32", tz="UTC")
    assert jobs["submit_time"].max() == pd.Timestamp("2021-03-17 07:34:05", tz="UTC")
    run = jobs["duration_s"]
    assert (round(run.mean()), run.median(), int(run.quantile(0.99))) == (32409, 5031, 372378)
    wait = jobs["recorded_wait_s"]
    assert (round(wait.mean()), wait.median(), int(wait.quantile(0.99))) == (4765, 3, 111673)
    assert ((gpus > 0).sum(), round(gpus[gpus > 0].mean(), 2), gpus.max()) == (2368, 1.35, 16)
    assert int((gpus * run).sum() / 3600) == 41918
    # The README's core hours are those of cpus_req, which differs from the list in a few rows.
    assert int((jobs["source_cpus_req"] * run).sum() / 3600) == pytest.approx(1202511, abs=1)
    assert (jobs["cpus"] * jobs["tasks"]).median() == 6
    assert jobs["limit_s"].isna().sum() == 3216
    states = jobs["recorded_state"].value_counts()
    assert states[states > 0].to_dict() == {
        "COMPLETED": 5784,
        "CANCELLED": 1893,
        "FAILED": 1077,
        "TIMEOUT": 841,
        "OUT_OF_MEMORY": 21,
        "NODE_FAIL": 12,
    }
