"""Slurm accounting text: fields in any order, TRES, steps, arrays, requeues."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.slurm import read_slurm
from python.damage import survives

FIELDS = "JobID User Account Partition State Submit Start End Elapsed Timelimit NNodes ReqTRES"
FIELDS = (FIELDS + " AllocTRES MaxRSS").split()
JOB = {
    "JobID": "7",
    "User": "ada",
    "Account": "vision",
    "Partition": "gpu",
    "State": "COMPLETED",
    "Submit": "2026-01-05T09:00:00",
    "Start": "2026-01-05T09:01:00",
    "End": "2026-01-05T10:01:00",
    "Elapsed": "01:00:00",
    "Timelimit": "1-12:00:00",
    "NNodes": "2",
    "ReqTRES": "billing=9,cpu=4,gres/gpu:a100=4,gres/gpu=4,mem=16G,node=2",
    "AllocTRES": "billing=9,cpu=8,gres/gpu:a100=4,gres/gpu=4,mem=32G,node=2",
    "MaxRSS": "",
}
STEP = {"User": "", "Timelimit": "", "ReqTRES": ""}


@pytest.fixture
def log(tmp_path):
    """A function that writes lines (dicts on top of JOB) and gives the path."""

    def write(*rows, fields=FIELDS, end="\n"):
        lines = ["|".join(fields)]
        lines += ["|".join({**JOB, **row}[field] for field in fields) for row in rows]
        path = tmp_path / "jobs.txt"
        path.write_text("".join(line + end for line in lines))
        return path

    return write


def test_totals_become_a_gang_of_one_task_a_node(log):
    """Cores, memory and GPUs are divided by the nodes; limits and times are in seconds and UTC."""
    trace = traces.load(log({}))
    assert trace.meta.format == "slurm"
    job = trace.jobs.iloc[0].to_dict()
    assert job["submit_time"] == pd.Timestamp("2026-01-05 09:00", tz="UTC")
    expected = {"job_id": 7, "duration_s": 3600, "limit_s": 129600, "tasks": 2, "cpus": 4}
    expected |= {"memory_gib": 16, "gpus": 2, "gpu_type": "a100"}
    expected |= {"user": "ada", "tenant": "vision", "queue": "gpu"}
    assert {name: job[name] for name in expected} == expected


def test_fields_may_come_in_any_order_and_case_and_end_in_a_bar(log):
    """sacct -p ends every line in a bar; a byte-order mark and Windows line ends do no harm."""
    plain = read_slurm(log({})).jobs
    path = log({}, fields=FIELDS[::-1], end="|\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_slurm(path).jobs.equals(plain)
    path.write_text(path.read_text().replace("JobID", "jobid"))
    assert read_slurm(path).jobs.equals(plain)


def test_another_separator_can_be_named(log):
    """As sacct --delimiter."""
    path = log({})
    path.write_text(path.read_text().replace("|", ";"))
    assert len(read_slurm(path, separator=";")) == 1
    with pytest.raises(InvalidInputError, match="separator"):
        read_slurm(path, separator="--")


def test_what_was_asked_or_what_was_given(log):
    """The other stands in where one is not there."""
    assert read_slurm(log({})).jobs["cpus"].tolist() == [4]
    assert read_slurm(log({}), resources="requested").jobs["cpus"].tolist() == [2]
    assert read_slurm(log({"AllocTRES": ""})).jobs["cpus"].tolist() == [2]


def test_older_fields_serve_without_tres(log):
    """AllocCPUS, ReqMem for a node or a core, AllocGRES for a node."""
    fields = [*FIELDS[:11], "AllocCPUS", "ReqMem", "AllocGRES"]
    old = {"AllocCPUS": "8", "AllocGRES": "gpu:2"}
    jobs = read_slurm(log({**old, "ReqMem": "16Gn"}, fields=fields)).jobs
    assert jobs[["tasks", "cpus", "memory_gib", "gpus"]].to_numpy().tolist() == [[2, 4, 16, 2]]
    per_core = read_slurm(log({**old, "ReqMem": "512Mc"}, fields=fields)).jobs
    assert per_core["memory_gib"].tolist() == [2]
    whole = read_slurm(log({**old, "ReqMem": "0n"}, fields=fields)).jobs
    assert whole["memory_gib"].isna().all()


def test_gpus_that_do_not_divide_become_a_task_each(log):
    """Tasks of a gang are alike, so three GPUs on two nodes are three tasks; counted."""
    trace = read_slurm(log({"AllocTRES": "cpu=6,node=2,gres/gpu=3"}))
    assert trace.jobs[["tasks", "cpus", "gpus"]].to_numpy().tolist() == [[3, 2, 1]]
    assert trace.meta.repaired == {"GPUs uneven over the nodes, so one task a GPU": 1}


def test_tres_without_a_column_are_named(log):
    """They are in the header of the account, not lost in silence."""
    meta = read_slurm(log({"AllocTRES": "cpu=6,gres/shard=3,license/matlab=1"})).meta
    assert meta.header["TRES without a column"] == "gres/shard, license/matlab"


@pytest.mark.parametrize(
    "text", ["UNLIMITED", "Partition_Limit", ""], ids=["unlimited", "partition", "empty"]
)
def test_no_limit_is_a_missing_limit(log, text):
    """Missing means missing."""
    assert read_slurm(log({"Timelimit": text})).jobs["limit_s"].isna().all()


def test_raw_fields_are_minutes_and_seconds(log):
    """TimelimitRaw in minutes, ElapsedRaw in seconds."""
    fields = [*FIELDS[:8], "ElapsedRaw", "TimelimitRaw"]
    rows = [{"ElapsedRaw": "60", "TimelimitRaw": raw} for raw in ("90", "UNLIMITED")]
    path = log(rows[0], {**rows[1], "JobID": "8"}, fields=fields)
    jobs = read_slurm(path).jobs
    assert jobs["duration_s"].tolist() == [60, 60]
    assert jobs["limit_s"].tolist()[0] == 5400
    assert math.isnan(jobs["limit_s"].tolist()[1])


def test_steps_are_folded_into_their_jobs(log):
    """They are no jobs; the most memory of any is the job's."""
    steps = [{**STEP, "JobID": f"7.{n}", "MaxRSS": f"{kib}K"} for n, kib in (("batch", 9), (0, 99))]
    trace = read_slurm(log({}, *steps), keep="recorded_max_rss_gib")
    assert trace.meta.dropped == {"job steps, folded into their jobs": 2}
    assert (len(trace), trace.meta.read) == (1, 3)
    assert trace.jobs["recorded_max_rss_gib"].tolist() == [99 / 2**20]


def test_array_tasks_know_their_array(log):
    """``array_id`` is the id before the underscore; ids are text then."""
    jobs = read_slurm(log({}, {"JobID": "9_4"})).jobs
    assert jobs["job_id"].tolist() == ["7", "9_4"]
    assert jobs["array_id"].isna().tolist() == [True, False]
    assert jobs["array_id"][1] == "9"


PENDING = {
    "JobID": "9_[3-5,8%2]",
    "State": "PENDING",
    "Start": "Unknown",
    "End": "Unknown",
    "Elapsed": "00:00:00",
    "AllocTRES": "",
}


def test_what_never_ran_or_still_runs_is_dropped_or_kept(log):
    """Dropped by reason; kept without run time, a pending array as one job a task."""
    running = {"JobID": "8", "State": "RUNNING", "End": "Unknown"}
    cancelled = {"JobID": "6", "State": "CANCELLED by 1001", "Start": "None", "Elapsed": "00:00:00"}
    path = log({}, PENDING, running, cancelled)
    dropped = read_slurm(path)
    assert dropped.meta.dropped == {"never started": 2, "not finished": 1}
    kept = read_slurm(path, unfinished="keep").jobs
    assert kept["job_id"].tolist() == ["7", "9_3", "9_4", "9_5", "9_8", "8", "6"]
    assert kept["duration_s"].notna().tolist() == [True] + 6 * [False]
    assert kept["cpus"].tolist()[1] == 2  # what it asked, as it was given nothing


@pytest.mark.parametrize("gone", ["AllocTRES", "NodeList"])
def test_a_job_cancelled_while_it_waited_never_started(log, gone):
    """Older versions give it a start and an end; what it held, or its node list, tells."""
    fields = [*FIELDS[:12], gone]
    empty = {"AllocTRES": "", "NodeList": "None assigned"}[gone]
    cancelled = {"JobID": "8", "State": "CANCELLED", "End": JOB["Start"], "Elapsed": "00:00:00"}
    rows = [{"NodeList": "n1"}, {"NodeList": "n1", **cancelled, gone: empty}]
    assert read_slurm(log(*rows, fields=fields)).meta.dropped == {"never started": 1}


def test_an_array_cut_short_by_slurm_is_an_error_when_it_is_needed(log):
    """The tasks cannot be known; where pending jobs are dropped it does not matter."""
    path = log({}, {**PENDING, "JobID": "9_[3-5,8-...]"})
    assert read_slurm(path).meta.dropped == {"never started": 1}
    with pytest.raises(InvalidInputError, match="line 3, column JobID"):
        read_slurm(path, unfinished="keep")


def test_an_array_task_in_two_lines_is_an_error(log):
    """The pending rest of an array cannot hold a task that has a line of its own."""
    path = log({"JobID": "9_4"}, PENDING)
    with pytest.raises(InvalidInputError, match="line 2, column JobID: must be array tasks that"):
        read_slurm(path, unfinished="keep")


REQUEUED = {
    "State": "NODE_FAIL",
    "Submit": "2026-01-05T08:00:00",
    "Start": "2026-01-05T08:10:00",
    "End": "2026-01-05T08:20:00",
    "Elapsed": "00:10:00",
}


def test_a_requeued_job_is_its_last_run_submitted_at_first(log):
    """Earlier runs are counted; with ``requeues='each'`` every run is a job."""
    path = log({}, REQUEUED)
    trace = read_slurm(path, keep="recorded_wait_s")
    assert trace.jobs["duration_s"].tolist() == [3600]
    assert trace.jobs["recorded_wait_s"].tolist() == [61 * 60]
    assert trace.jobs["submit_time"][0] == pd.Timestamp("2026-01-05 08:00", tz="UTC")
    assert trace.meta.dropped == {"earlier runs of requeued jobs": 1}
    each = read_slurm(path, requeues="each")
    assert each.jobs["job_id"].tolist() == ["7#2", "7"]
    assert each.meta.repaired == {"run of a requeued job, read as a job": 1}


def test_lines_and_headers_of_joined_files_count_once(log):
    """Months that overlap repeat lines; each month brings its header."""
    path = log({}, {})
    path.write_text(path.read_text() + path.read_text())
    assert read_slurm(path).meta.dropped == {"header lines repeated": 1, "lines repeated": 3}


def test_components_of_heterogeneous_jobs_are_jobs(log):
    """Each has its own request; counted."""
    trace = read_slurm(log({"JobID": "7+0"}, {"JobID": "7+1"}))
    assert trace.jobs["job_id"].tolist() == ["7+0", "7+1"]
    assert trace.meta.repaired == {"component of a heterogeneous job, read as a job": 2}


def test_times_of_a_zone_become_utc(log):
    """A repeated hour is its first pass, a skipped one moves to its end; both are counted."""
    twice = {"JobID": "8", "Submit": "2026-10-25T02:30:00"}
    never = {"JobID": "9", "Submit": "2026-03-29T02:30:00"}
    trace = read_slurm(log({}, twice, never), time_zone="Europe/Stockholm")
    hours = trace.jobs["submit_time"].dt.strftime("%d %H:%M").tolist()
    assert hours == ["05 08:00", "25 00:30", "29 01:00"]
    assert trace.meta.repaired == {"time in an hour of a clock change": 2}
    with pytest.raises(InvalidInputError, match="time_zone must be an IANA name"):
        read_slurm(log({}), time_zone="Mars/Olympus")


def test_recorded_columns_and_the_files_own_are_kept_on_request(log):
    """Waits in seconds, states as one word, fields under ``source_``."""
    keep = ["recorded_wait_s", "recorded_state", "recorded_end_time", "State", "Start"]
    jobs = read_slurm(log({"State": "CANCELLED by 7"}), keep=keep).jobs
    assert jobs["recorded_wait_s"].tolist() == [60]
    assert jobs["recorded_state"].tolist() == ["CANCELLED"]
    assert jobs["source_State"].tolist() == ["CANCELLED by 7"]
    assert jobs["source_Start"].tolist() == ["2026-01-05T09:01:00"]
    with pytest.raises(InvalidInputError, match="keep must be of recorded_start_time"):
        read_slurm(log({}), keep="QOS")


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ({"JobID": "seven"}, "JobID"),
        ({"Submit": "yesterday"}, "Submit"),
        ({"Submit": ""}, "Submit"),
        ({"Submit": "2026-01-05T09"}, "Submit"),
        ({"Submit": "2026-01-05T09:00:0"}, "Submit"),
        ({"Submit": "20260105"}, "Submit"),
        ({"End": "2026-13-01T00:00:00"}, "End"),
        ({"Elapsed": "-1:00"}, "Elapsed"),
        ({"Elapsed": "UNLIMITED"}, "Elapsed"),
        ({"Timelimit": "soon"}, "Timelimit"),
        ({"NNodes": "NaN"}, "NNodes"),
        ({"NNodes": "1.5"}, "NNodes"),
        ({"AllocTRES": "cpu"}, "AllocTRES"),
        ({"AllocTRES": "cpu=-4"}, "AllocTRES"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(log, cell, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = log({"JobID": "1"}, cell)
    with pytest.raises(InvalidInputError, match=rf"jobs\.txt, line 3, column {column}: must be"):
        read_slurm(path)
    dropped = read_slurm(path, on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {f"bad {column}": 1})


def test_a_line_of_another_width_names_its_place_or_is_counted(log):
    """A bar in a job name makes a field too many."""
    path = log({}, {"JobID": "8", "User": "a|b"})
    with pytest.raises(InvalidInputError, match="line 3, column 15: must be a line of 14 fields"):
        read_slurm(path)
    assert read_slurm(path, on_error="drop").meta.dropped == {"malformed": 1}


@pytest.mark.parametrize("gone", ["JobID", "Submit"])
def test_needed_fields_are_asked_for(log, gone):
    """The message names the field."""
    with pytest.raises(InvalidInputError, match=f"column {gone}: no such field"):
        read_slurm(log({}, fields=[field for field in FIELDS if field != gone]))


def test_some_field_must_tell_the_run_time(log):
    """Start and End do; without them and Elapsed there is none."""
    assert read_slurm(log({}, fields=FIELDS[:8])).jobs["duration_s"].tolist() == [3600]
    with pytest.raises(InvalidInputError, match="column Elapsed: no such field"):
        read_slurm(log({}, fields=FIELDS[:7]))


def test_damaged_files_are_refused_or_counted(log):
    """Never a crash, never half of a file in silence."""
    rows = [{**PENDING, "JobID": str(900 + i)} for i in range(3)]
    path = log({}, *({"JobID": str(i)} for i in range(8, 14)), *rows, {"JobID": "7.0"}, REQUEUED)
    assert survives(read_slurm, path, seed=20260105, keep="recorded_max_rss_gib") > 10
