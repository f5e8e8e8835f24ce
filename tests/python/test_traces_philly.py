"""The Philly job log: nested JSON, attempts, wall-clock times with a clock change."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.philly import read_philly
from fairlead.traces.philly_metrics import read_philly_metric
from python.damage import survives


def attempt(start="10:01:00", end="11:01:00", detail=None):
    """An attempt on 2017-10-05; ``detail`` as server: number of GPUs."""
    servers = {"m1": 2} if detail is None else detail
    return {
        "start_time": start and f"2017-10-05 {start}",
        "end_time": end and f"2017-10-05 {end}",
        "detail": [{"ip": ip, "gpus": [f"gpu{i}" for i in range(n)]} for ip, n in servers.items()],
    }


def job(number=1, *attempts, **members):
    """A job; one attempt if none is given."""
    return {
        "status": "Pass",
        "vc": "ee9e8c",
        "jobid": f"application_1506638472019_{number}",
        "attempts": list(attempts) or [attempt()],
        "submitted_time": "2017-10-05 10:00:00",
        "user": "ce2b83",
        **members,
    }


@pytest.fixture
def log(tmp_path):
    """A function that writes jobs, a line each, and gives the path."""

    def write(*jobs):
        path = tmp_path / "cluster_job_log"
        path.write_text("[\n" + ",\n".join(json.dumps(each) for each in jobs) + "\n]\n")
        return path

    return write


def test_a_job_is_read_with_its_times_in_utc(log):
    """Pacific wall clock; waits, states and attempts on request."""
    keep = ["recorded_wait_s", "recorded_state", "recorded_attempts", "status"]
    trace = traces.load(log(job()), keep=keep)
    assert trace.meta.format == "philly"
    row = trace.jobs.iloc[0].to_dict()
    expected = {"job_id": "application_1506638472019_1", "duration_s": 3600, "tasks": 1, "gpus": 2}
    expected |= {"submit_time": pd.Timestamp("2017-10-05 17:00", tz="UTC"), "queue": "ee9e8c"}
    expected |= {"recorded_wait_s": 60, "recorded_state": "Pass", "recorded_attempts": 1}
    assert {name: row[name] for name in expected} == expected
    assert row["source_status"] == "Pass"


def test_servers_become_tasks(log):
    """One task a server with as many GPUs each; uneven ones a task a GPU, counted."""
    even = job(1, attempt(detail={"m1": 4, "m2": 4, "m3": 0}))
    uneven = job(2, attempt(detail={"m1": 4, "m2": 2, "m3": 2}))
    divides = job(3, attempt(detail={"m1": 3, "m2": 1}))
    trace = read_philly(log(even, uneven, divides))
    assert trace.jobs[["tasks", "gpus"]].to_numpy().tolist() == [[2, 4], [8, 1], [4, 1]]
    assert trace.meta.repaired == {"GPUs uneven over the nodes, so one task a GPU": 2}


def test_attempts_add_up_and_the_longest_tells_the_gpus(log):
    """The run time is that of all attempts; the wait ends with the first."""
    short = attempt("10:01:00", "10:02:00", {"m1": 8})
    trace = read_philly(log(job(1, short, attempt("10:30:00"))), keep="recorded_wait_s")
    assert trace.jobs[["duration_s", "gpus", "recorded_wait_s"]].to_numpy().tolist() == [
        [60 + 31 * 60, 2, 60]
    ]
    assert trace.meta.repaired == {"GPUs differ between attempts, those of the longest taken": 1}


def test_attempts_without_start_or_end_are_left_out(log):
    """Null and the text None; the last attempt that started decides whether the job ended."""
    lost = attempt("10:01:00", None)
    waiting = {"start_time": "None", "end_time": None, "detail": []}
    trace = read_philly(log(job(1, lost, attempt("10:30:00"), waiting)))
    assert trace.jobs["duration_s"].tolist() == [31 * 60]
    assert trace.meta.repaired == {"attempt without start or end left out": 1}


def test_what_did_not_run_or_end_is_dropped_or_kept(log):
    """No attempt, no end on the last one, no GPU named."""
    still = job(3, attempt(), attempt("11:30:00", None))
    path = log(job(), job(2, attempts=[]), still, job(4, attempt(detail={})))
    trace = read_philly(path)
    assert trace.meta.dropped == {"never started": 1, "not finished": 1, "GPUs not named": 1}
    kept = read_philly(path, unfinished="keep").jobs
    assert kept["duration_s"].notna().tolist() == [True, False, False, True]
    assert kept["gpus"].notna().tolist() == [True, False, True, False]


def test_the_clock_change_of_2017_is_handled(log):
    """01:30 came twice on 2017-11-05: the first pass is meant, and counted."""
    twice = {"start_time": "2017-11-05 00:30:00", "end_time": "2017-11-05 02:30:00"}
    trace = read_philly(log(job(1, {**attempt(), **twice}, submitted_time="2017-11-05 01:30:00")))
    assert trace.jobs["submit_time"][0] == pd.Timestamp("2017-11-05 08:30", tz="UTC")
    assert trace.jobs["duration_s"].tolist() == [3 * 3600]
    assert trace.meta.repaired == {"time in an hour of a clock change": 1}


MACHINES = "machineId, number of GPUs, single GPU mem\nm1, 2, 12GB\nm2, 8, 24GB\n"


def test_machines_come_from_their_list(log, tmp_path):
    """Blanks around names and values; the log schedules on them in one line."""
    path = tmp_path / "cluster_machine_list"
    path.write_text(MACHINES)
    trace = traces.load(log(job()), nodes=path)
    assert trace.nodes["gpu_memory_gib"].tolist() == [12, 24]
    assert trace.cluster().capacity == {"gpus": 10}
    schedule = fairlead.schedule(trace.jobs, trace.cluster(), run_times="actual")
    assert schedule.jobs["wait_s"].tolist() == [0]
    path.write_text(MACHINES.replace("24GB", "much"))
    with pytest.raises(InvalidInputError, match="line 3, column single GPU mem"):
        read_philly(log(job()), nodes=path)


BAD = [
    (7, "line 3, column .*: must be an object"),
    (job(2, jobid=None), "line 3, column jobid: must be text"),
    (job(2, jobid=5), "line 3, column jobid: must be text"),
    (job(2, attempts="none"), r"line 3, column attempts: must be a list"),
    (job(2, attempts=[3]), r"line 3, column attempts\[0\]: must be an object"),
    (job(2, {**attempt(), "detail": [{"gpus": 2}]}), r"attempts\[0\].detail\[0\].gpus: must be a"),
    (job(2, {**attempt(), "start_time": 5}), r"column attempts\[0\].start_time: must be text"),
]
BAD_CELLS = [
    (job(2, submitted_time=None), "submitted_time"),
    (job(2, submitted_time="soon"), "submitted_time"),
    (job(1), "jobid"),
    (job(2, attempt("25:00:00")), "start_time"),
    (job(2, attempt("12:00:00", "11:00:00")), "end_time"),
]


@pytest.mark.parametrize(("bad", "message"), BAD)
def test_a_job_of_another_shape_names_its_place_or_is_counted(log, bad, message):
    """Line of the job and the path to the member."""
    path = log(job(), bad)
    with pytest.raises(InvalidInputError, match=message):
        read_philly(path)
    assert read_philly(path, on_error="drop").meta.dropped == {"malformed": 1}


@pytest.mark.parametrize(("bad", "column"), BAD_CELLS)
def test_a_bad_value_names_its_place_or_is_counted(log, bad, column):
    """Line of the job; with ``on_error='drop'`` the count by member."""
    path = log(job(), bad)
    with pytest.raises(InvalidInputError, match=f"cluster_job_log, line 3, column {column}: must"):
        read_philly(path)
    dropped = read_philly(path, on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {f"bad {column}": 1})


def test_a_file_cut_short_names_its_place(log):
    """Half of an array is no array."""
    path = log(job(), job(2))
    path.write_text(path.read_text()[:-9])
    with pytest.raises(InvalidInputError, match=r"cluster_job_log, line 3, column \d+: .*cut off"):
        read_philly(path)


def test_an_empty_array_is_an_empty_trace(log):
    """No jobs, nothing dropped."""
    path = log()
    trace = read_philly(path)
    assert (len(trace), trace.meta.read) == (0, 0)


def test_damaged_files_are_refused_or_counted(log):
    """Never a crash, never half of a file in silence."""
    path = log(*(job(i) for i in range(5)), job(9, attempts=[]))
    assert survives(read_philly, path, seed=2017) > 10


GPU = (
    "time,machineId,gpu0_util,gpu1_util,\n"
    "2017-11-05 01:30:00 PDT,m1,75.5,NA,\n"
    "2017-11-05 01:30:00 PST,m1,0.0,1.0,\n"
    "2017-11-05 01:30:00 PST,m2,NA,NA,\n"
)


@pytest.fixture
def table(tmp_path):
    """A function that writes a table and gives the path."""

    def write(text):
        path = tmp_path / "cluster_util"
        path.write_text(text)
        return path

    return write


def test_use_of_machines_is_demand_series(table):
    """The zone is written after each time; NA is a machine that was offline."""
    trace = traces.load(table(GPU))
    assert (trace.meta.format, trace.meta.dropped) == ("philly_metric", {"machine offline": 1})
    told = trace.demand.assign(hour=trace.demand["ds"].dt.hour)
    assert told[["unique_id", "hour", "y"]].to_numpy().tolist() == [
        ["m1/gpu0_util", 8, 75.5],
        ["m1/gpu0_util", 9, 0.0],
        ["m1/gpu1_util", 9, 1.0],
    ]
    memory = "time,machine_id,mem_total,mem_free\n2017-10-03 00:45:00 PDT,m1,2097152,1048576\n"
    demand = traces.load(table(memory)).demand
    assert (demand["y"].tolist(), demand.attrs["resource"]) == ([2, 1], "memory_gib")


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("01:30:00 PST,m1", "25:30:00 PST,m1", "time"),
        ("01:30:00 PST,m1", "01:30:00 PDT,m1", "time"),
        ("PST,m1", "PST,", "machineId"),
        ("0.0,1.0", "0.0,101", "gpu1_util"),
        ("0.0,1.0", "idle,1.0", "gpu0_util"),
    ],
)
def test_a_bad_measurement_names_its_place_or_is_counted(table, old, new, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = table(GPU.replace(old, new, 1))
    with pytest.raises(InvalidInputError, match=f"cluster_util, line 3, column {column}: must be"):
        read_philly_metric(path)
    assert read_philly_metric(path, on_error="drop").meta.dropped[f"bad {column}"] == 1


def test_damaged_measurements_are_refused_or_counted(table):
    """Never a crash; a line gives at least one value or is counted."""

    def lines(trace):
        machines = trace.demand["unique_id"].str.split("/").str[0]
        return len(trace.demand.assign(machine=machines).drop_duplicates(["machine", "ds"]))

    assert survives(read_philly_metric, table(GPU), seed=17, count=lines) > 10
