"""Logs in the Standard Workload Format: header, filter, options, and the public logs themselves."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.tables import job_columns

HEADER = """; Version: 2.2
; Computer: Test machine
; UnixStartTime: 843480031
; TimeZoneString: Europe/Stockholm
; MaxNodes: 2 (of 4)
; MaxProcs: 8
; Queue: 1 short
; Queue: 2 long
; Note: first
;       goes on
"""


def swf_line(**fields):
    """One data line; fields by name, the rest unknown."""
    names = "job submit wait run procs cpu mem asked limit amem "
    names += "status user group exe queue part prec think"
    given = {"job": 1, "submit": 0, "run": 60, "procs": 2, "limit": 90, "status": 1, **fields}
    return " ".join(str(given.pop(name, -1)) for name in names.split()) + "\n"


@pytest.fixture
def log(tmp_path):
    """A function that writes lines after the header and gives the path."""

    def write(*lines, header=HEADER):
        path = tmp_path / "log.swf"
        path.write_text(header + "".join(lines))
        return path

    return write


def test_the_header_is_read(log):
    """Keys, repeated keys, and lines that go on."""
    meta = traces.load(log(swf_line())).meta
    assert meta.header["Computer"] == "Test machine"
    assert meta.header["Queue"] == "1 short\n2 long"
    assert meta.header["Note"] == "first\ngoes on"
    assert meta.start == pd.Timestamp("1996-09-23 14:00:31", tz="Europe/Stockholm")
    assert (meta.format, meta.read) == ("swf", 1)


def test_fields_become_columns_with_labels(log):
    """Times in seconds, users and queues as text (named by the header), unknown as missing."""
    trace = traces.load(
        log(swf_line(user=7, queue=2), swf_line(job=2, submit=5, user=-1, queue=9)),
        keep=["recorded_wait_s", "executable"],
    )
    jobs = trace.jobs
    assert jobs["submit_time"].tolist() == [0, 5]
    assert jobs["user"].tolist()[0] == "7"
    assert jobs["user"].isna().tolist() == [False, True]
    assert jobs["queue"].tolist() == ["long", "9"]
    assert jobs["recorded_wait_s"].isna().all()
    assert trace.nodes.to_dict("list") == {"node_id": ["machine"], "cpus": [8]}
    assert job_columns(jobs, trace.cluster()).requests["cpus"].tolist() == [2000, 2000]


def test_the_filter_drops_and_counts_by_first_reason(log):
    """Each rule once; a record that breaks two counts under the first."""
    trace = traces.load(
        log(
            swf_line(),
            swf_line(job=2, status=3),
            swf_line(job=3, submit=-1),
            swf_line(job=4, procs=9),
            swf_line(job=5, procs=-1, asked=-1),
            swf_line(job=6, run=0, limit=-1),
            swf_line(job=7, limit=-1),
            swf_line(job=8, procs=-1, asked=3),
            swf_line(job=9, run=100),
        )
    )
    assert trace.meta.dropped == {
        "partial executions": 1,
        "submit time missing": 1,
        "more processors than the machine": 1,
        "processors missing": 1,
        "run time missing or 0": 1,
        "requested time missing or 0": 1,
    }
    assert trace.meta.repaired == {"run time cut to the requested time": 1}
    assert trace.jobs["job_id"].tolist() == [1, 8, 9]
    assert trace.jobs["cpus"].tolist() == [2, 3, 2]
    assert trace.jobs["duration_s"].tolist() == [60, 60, 90]
    assert "1 partial executions" in trace.summary()


def test_a_run_time_is_cut_to_a_limit_of_a_fraction_of_a_second(log):
    """Nothing is rounded off, though the run times are whole."""
    assert traces.load(log(swf_line(run=60, limit=59.5))).jobs["duration_s"].tolist() == [59.5]
    whole = traces.load(log(swf_line(run=99), swf_line(job=2, limit=-1)), missing_limit="keep")
    assert whole.jobs["duration_s"].tolist() == [90, 60]
    assert whole.jobs["duration_s"].dtype == "int64"


def test_a_missing_limit_can_be_the_run_time_or_stay_missing(log):
    """``missing_limit`` keeps jobs that the filter would drop."""
    path = log(swf_line(), swf_line(job=2, limit=-1))
    assert traces.load(path).meta.dropped == {"requested time missing or 0": 1}
    taken = traces.load(path, missing_limit="run")
    assert taken.jobs["limit_s"].tolist() == [90, 60]
    assert taken.meta.repaired == {"requested time taken from the run time": 1}
    assert traces.load(path, missing_limit="keep").jobs["limit_s"].isna().tolist() == [False, True]


def test_a_log_without_any_requested_time_keeps_its_jobs(log):
    """NASA iPSC has none: a trace of no jobs would be a half-read."""
    trace = traces.load(log(swf_line(limit=-1), swf_line(job=2, limit=-1, submit=9)))
    assert len(trace) == 2
    assert trace.jobs["limit_s"].isna().all()
    with pytest.raises(InvalidInputError, match=r"default_limit_s= .*policy='fcfs'"):
        fairlead.schedule(trace.jobs, trace.cluster())
    done = fairlead.schedule(trace.jobs, trace.cluster(), policy="fcfs")
    assert done.jobs["status"].tolist() == ["completed"] * 2


def test_processors_can_be_tasks_on_many_nodes(log):
    """A gang of one-cpu tasks on as many one-cpu nodes."""
    trace = traces.load(log(swf_line(procs=3)), processors="tasks")
    assert trace.jobs[["tasks", "cpus"]].to_numpy().tolist() == [[3, 1]]
    assert (len(trace.nodes), trace.nodes["cpus"].sum()) == (8, 8)


def test_the_machine_is_the_argument_the_header_or_the_largest_job(log):
    """In that order; MaxNodes stands in for MaxProcs."""
    lines = swf_line(procs=5)
    assert traces.load(log(lines), max_processors=6).nodes["cpus"].tolist() == [6]
    without = HEADER.replace("; MaxProcs: 8\n", "")
    assert traces.load(log(lines, header=without), max_processors=5).meta.dropped == {}
    assert traces.load(log(swf_line(), header=without)).nodes["cpus"].tolist() == [2]
    assert traces.load(log(lines, header="")).nodes["cpus"].tolist() == [5]


def test_times_can_be_datetimes_of_the_zone_of_the_log(log):
    """UnixStartTime plus seconds, shown in TimeZoneString; an error where it is unknown."""
    trace = traces.load(log(swf_line(submit=3600)), datetimes=True)
    assert trace.jobs["submit_time"][0] == pd.Timestamp(
        "1996-09-23 15:00:31", tz="Europe/Stockholm"
    )
    with pytest.raises(InvalidInputError, match="UnixStartTime"):
        traces.load(log(swf_line(), header=""), datetimes=True)


def test_lines_may_be_ragged_commented_or_blank(log):
    """Leading blanks, tabs, trailing comments, blank lines and Windows line ends."""
    path = log()
    text = HEADER + "\n   " + swf_line().replace(" ", "\t") + ";a comment\n\n" + swf_line(job=2)
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert traces.load(path).jobs["job_id"].tolist() == [1, 2]


def test_gzip_is_transparent_whatever_the_name(log, tmp_path):
    """The content decides, not the ending."""
    packed = tmp_path / "packed.log"
    packed.write_bytes(gzip.compress(log(swf_line()).read_bytes()))
    assert len(traces.load(packed)) == 1


def test_a_header_in_another_encoding_is_no_obstacle(log):
    """Old headers are Latin-1."""
    path = log()
    path.write_bytes("; Installation: Umeå\n".encode("latin-1") + swf_line().encode())
    assert len(traces.load(path)) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"processors": "gpus"},
        {"missing_limit": "guess"},
        {"keep": ["nonsense"]},
        {"on_error": "ignore"},
        {"max_processors": 0},
        {"max_processors": 2.5},
        {"colour": "red"},
    ],
)
def test_unknown_options_are_refused(log, options):
    """The message names the option or lists what there is."""
    with pytest.raises(InvalidInputError, match=next(iter(options))):
        traces.load(log(swf_line()), **options)


LOGS = (
    "KTH-SP2-1996-2.1-cln",
    "CTC-SP2-1996-3.1-cln",
    "SDSC-SP2-1998-4.2-cln",
    "HPC2N-2002-2.2-cln",
    "CEA-Curie-2011-2.1-cln",
    "NASA-iPSC-1993-3.1-cln",
)


@pytest.mark.parametrize("name", LOGS)
def test_public_logs_give_the_published_number_of_jobs(shared_dir, name):
    """The filter keeps exactly the jobs of the replay, and accounts for every record."""
    folder = shared_dir / "traces" / "swf-pwa"
    published = pd.read_csv(folder / "replay_check.csv").drop_duplicates("log").set_index("log")
    trace = traces.load(
        folder / f"{name}.swf.gz",
        max_processors=int(published.loc[name, "procs"]),
        missing_limit="run" if name.startswith("NASA") else "drop",
    )
    assert len(trace) == published.loc[name, "jobs"]
    assert len(trace) + sum(trace.meta.dropped.values()) == trace.meta.read
    columns = job_columns(trace.jobs, trace.cluster())
    assert (columns.duration_ns <= columns.limit_ns).all()
    assert (columns.submit_ns[1:] >= columns.submit_ns[:-1]).all()
