"""Writers: what is read, written and read again is equal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead import schedule, traces
from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.traces.trace import no_events, no_nodes

OPTIONS = {"keep": ["recorded_wait_s", "executable", "recorded_status", "requested_processors"]}
seconds = st.integers(0, 10**8) | st.integers(0, 10**10).map(lambda hundredths: hundredths / 100)
labels = st.integers(-1, 9)
swf_job = st.tuples(
    seconds, seconds | st.just(-1), seconds | st.just(-1), st.integers(1, 64), labels, labels,
    labels, st.integers(-1, 5),
)  # fmt: skip


def swf_text(jobs, header):
    """A log of jobs (submit, run, limit, processors, user, group, queue, status)."""
    lines = [
        f"{i} {submit} 7 {run} {procs} -1 -1 {procs + 1} {limit} -1 {status} {user} {group} 3 "
        f"{queue} -1 -1 -1"
        for i, (submit, run, limit, procs, user, group, queue, status) in enumerate(jobs, 1)
    ]
    return header + "\n".join(lines) + "\n"


def assert_equal(one, other):
    """The tables of two traces are the same, types too."""
    pd.testing.assert_frame_equal(one.jobs, other.jobs)
    pd.testing.assert_frame_equal(one.nodes, other.nodes)
    pd.testing.assert_frame_equal(one.events, other.events)


@settings(max_examples=25, print_blob=True)
@given(
    st.lists(swf_job, min_size=1, max_size=8),
    st.sampled_from(["cpus", "tasks"]),
    st.sampled_from(["drop", "keep"]),
    st.booleans(),
)
def test_swf_is_read_written_and_read_again_equal(tmp_path_factory, jobs, kind, limits, clock):
    """Jobs, nodes, kept fields and header, in seconds or datetimes, of either kind."""
    header = "; UnixStartTime: 843480031\n; TimeZoneString: Europe/Stockholm\n; Queue: 1 short\n"
    path = tmp_path_factory.mktemp("swf") / "log.swf"
    path.write_text(swf_text(jobs, header + "; Queue: 2 long\n; Note: one\n;   more\n"))
    options = {"processors": kind, "missing_limit": limits, "datetimes": clock, **OPTIONS}
    once = traces.load(path, **options)
    if once.jobs.empty:
        return
    once.to_swf(path)
    again = traces.load(path, **options)
    assert_equal(once, again)
    assert again.meta.dropped == {}
    assert {**once.meta.header, "MaxProcs": ""} == {**again.meta.header, "MaxProcs": ""}


cells = {
    "submit_time": seconds,
    "duration_s": seconds,
    "limit_s": seconds | st.none(),
    "gpus": st.integers(0, 8),
    "cpus": st.floats(0, 1000),
    "user": st.sampled_from(["ann", 'b"o', "c,d", "", "two\nlines", "ü", " x "]),
}


@settings(max_examples=25, print_blob=True)
@given(st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=8), st.booleans())
def test_csv_and_parquet_are_read_written_and_read_again_equal(tmp_path_factory, rows, clock):
    """Numbers to the last bit, missing cells, quotes and line breaks, datetimes."""
    folder = tmp_path_factory.mktemp("tables")
    frame = pd.DataFrame(rows).astype({"limit_s": "float64"})
    if clock:
        start = pd.Timestamp("2026-01-05 09:00:00", tz="UTC")
        frame["submit_time"] = start + pd.to_timedelta(frame["submit_time"], unit="s")
    nodes = pd.DataFrame({"node_id": ["a", "b"], "gpus": [8, 4], "cpus": [96.5, 64.0]})
    meta = traces.TraceMeta("mine")
    trace = traces.Trace(frame, nodes, no_events(), meta)
    for write, ending in ((traces.Trace.to_csv, "csv"), (traces.Trace.to_parquet, "parquet")):
        names = [folder / f"{what}{i}.{ending}" for what in ("jobs", "nodes") for i in (1, 2)]
        write(trace, names[0], nodes=names[2])
        once = traces.load(names[0], nodes=names[2])
        write(once, names[1], nodes=names[3])
        assert_equal(once, traces.load(names[1], nodes=names[3]))
        assert len(once) == len(frame)
    pd.testing.assert_frame_equal(once.jobs, frame)


def test_a_written_trace_schedules_the_same(tmp_path):
    """The simulation cannot tell the copy from the original."""
    trace = traces.generate(200, nodes=4, seed=3)
    start = schedule(trace.jobs, trace.cluster()).jobs["start_time"].to_numpy()
    trace.to_csv(tmp_path / "jobs.csv.gz", nodes=tmp_path / "nodes.csv")
    copy = traces.load(tmp_path / "jobs.csv.gz", nodes=tmp_path / "nodes.csv")
    again = schedule(copy.jobs, copy.cluster()).jobs["start_time"].to_numpy()
    assert np.array_equal(start, again)


@pytest.mark.parametrize("start", ["2026-01-05", None])
def test_all_three_tables_come_back(tmp_path, start):
    """Nodes and events too, in datetimes or seconds; Parquet keeps every type."""
    trace = traces.generate(50, nodes=4, seed=3, load=0.01, start=start)
    assert len(trace.events) > 1
    for write, ending in ((traces.Trace.to_csv, "csv"), (traces.Trace.to_parquet, "parquet")):
        jobs, nodes, events = (tmp_path / f"{what}.{ending}" for what in ("j", "n", "e"))
        write(trace, jobs, nodes=nodes, events=events)
        once = traces.load(jobs, nodes=nodes, events=events)
        write(once, jobs, nodes=nodes, events=events)
        assert_equal(once, traces.load(jobs, nodes=nodes, events=events))
        result = [schedule(t.jobs, t.cluster(), events=t.events).metrics for t in (trace, once)]
        assert result[0] == result[1]
    assert_equal(once, trace)


def test_a_trace_without_nodes_and_events_comes_back(tmp_path):
    """Their files are empty tables, and read as such."""
    jobs = pd.DataFrame({"submit_time": [0, 1], "duration_s": [1, 1], "gpus": [1, 2]})
    trace = traces.Trace(jobs, no_nodes(), no_events(), traces.TraceMeta("mine"))
    paths = [tmp_path / name for name in ("j.csv", "n.csv")]
    trace.to_csv(paths[0], nodes=paths[1])
    assert_equal(traces.load(paths[0], nodes=paths[1]), trace)
    frame = pd.DataFrame({"node_id": ["a"], "gpus": [8]})
    trace = traces.Trace(jobs, frame, no_events(), traces.TraceMeta("mine"))
    trace.to_csv(paths[0], nodes=paths[1], events=tmp_path / "e.csv")
    assert_equal(traces.load(paths[0], nodes=paths[1], events=tmp_path / "e.csv"), trace)


def test_ids_that_look_like_numbers_find_their_nodes_and_jobs(tmp_path):
    """Names of nodes and jobs are of one type in all three files."""
    jobs = pd.DataFrame({"job_id": [7, 8], "submit_time": 0, "duration_s": 9, "cpus": 1})
    for ids, numbers in (([1, 2], True), (["1", "b"], False)):
        nodes = pd.DataFrame({"node_id": ids, "cpus": 4, "pool": ["1", "2"]})
        events = pd.DataFrame(
            {
                "time": [1.5, 2.0, 3.0],
                "kind": ["node_fail", "cancel", "node_resume"],
                "node": [ids[0], None, ids[0]],
                "job_id": [None, 8, None],
            },
            dtype="object",
        )
        events["time"] = events["time"].astype("float64")
        trace = traces.Trace(jobs, nodes, events, traces.TraceMeta("mine"))
        paths = [tmp_path / name for name in ("j.csv", "n.csv", "e.csv")]
        trace.to_csv(paths[0], nodes=paths[1], events=paths[2])
        read = traces.load(paths[0], nodes=paths[1], events=paths[2])
        assert pd.api.types.is_numeric_dtype(read.nodes["node_id"]) == numbers
        assert read.nodes["pool"].tolist() == ["1", "2"]
        given = schedule(trace.jobs, trace.cluster(), policy="fcfs", events=trace.events)
        again = schedule(read.jobs, read.cluster(), policy="fcfs", events=read.events)
        assert again.metrics == given.metrics


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("time,kind,node\n5,node_fail,a\n6,node_fail,x\n", "e.csv, line 3, column node"),
        ("time,kind,node\n5,explode,a\n", "e.csv, line 2, column kind"),
        ("time,kind,node\nsoon,node_fail,a\n", "e.csv, line 2, column time"),
        ("time,kind,node\n2026-01-05 09:00,node_fail,a\n", "e.csv, line 2, column time"),
        ("when,kind\n5,node_fail\n", "e.csv, line 1, column 1.*rename the columns"),
        ("time,kind,node\n5,node_fail\n", "e.csv, line 2, column 3: must be a line of 3"),
        ("", "e.csv, line 1, column 1: the file is empty"),
    ],
)
def test_bad_events_are_an_error_even_when_bad_jobs_are_dropped(tmp_path, text, complaint):
    """The history without them is another one; file, line and column are named."""
    for name, content in (
        ("j.csv", "submit_time,duration_s,gpus\n0,60,1\n"),
        ("n.csv", "node_id,gpus\na,8\n"),
        ("e.csv", text),
    ):
        (tmp_path / name).write_text(content)
    files = {"nodes": tmp_path / "n.csv", "events": tmp_path / "e.csv"}
    with pytest.raises(InvalidInputError, match=complaint):
        traces.load(tmp_path / "j.csv", on_error="drop", **files)


def test_events_need_nodes(tmp_path):
    """Without a machine nothing can happen to it."""
    trace = traces.generate(50, nodes=4, seed=3, load=0.01)
    trace.to_csv(tmp_path / "j.csv")
    with pytest.raises(InvalidInputError, match="give nodes= too"):
        traces.load(tmp_path / "j.csv", events=trace.events)
    events = traces.load(tmp_path / "j.csv", nodes=trace.nodes, events=trace.events).events
    pd.testing.assert_frame_equal(events, trace.events)


def test_parquet_keeps_categories(tmp_path):
    """Labels stay labels, also where no job has one."""
    jobs = pd.DataFrame({"submit_time": [0, 1], "duration_s": [1, 1], "gpus": [1, 2]})
    jobs["queue"] = pd.Categorical([None, None], categories=pd.Index([], dtype="str"))
    jobs["gpu_type"] = pd.Categorical(["v100", None], categories=["v100", "t4"])
    nodes = pd.DataFrame({"node_id": ["a"], "gpus": [8]})
    nodes["gpu_type"] = pd.Categorical(["v100"])
    trace = traces.Trace(jobs, nodes, no_events(), traces.TraceMeta("mine"))
    trace.to_parquet(tmp_path / "j.parquet", nodes=tmp_path / "n.parquet")
    assert_equal(traces.load(tmp_path / "j.parquet", nodes=tmp_path / "n.parquet"), trace)


def test_parquet_keeps_a_column_of_labels_without_a_label(tmp_path):
    """It stays categorical also where labels would be objects, as text is with pandas 2."""
    trace = traces.Trace(
        pd.DataFrame({"submit_time": [0, 1], "duration_s": [1, 1], "gpus": [1, 2]}),
        pd.DataFrame({"node_id": ["a"], "gpus": [8]}),
        no_events(),
        traces.TraceMeta("mine"),
    )
    trace.jobs["queue"] = pd.Categorical([None, None], categories=pd.Index([], dtype=object))
    trace.to_parquet(tmp_path / "j.parquet")
    queue = pd.read_parquet(tmp_path / "j.parquet")["queue"]
    assert isinstance(queue.dtype, pd.CategoricalDtype)
    assert queue.isna().all()


def test_names_become_numbers_in_swf(tmp_path):
    """Users are numbered; queues too, and the header keeps their names; datetimes keep the zone."""
    jobs = pd.DataFrame(
        {
            "job_id": ["a", "b", "c"],
            "submit_time": pd.to_datetime(["2026-01-05 09:00", "2026-01-05 09:01"] * 2).tz_localize(
                "Europe/Stockholm"
            )[:3],
            "duration_s": [5.0, 6.5, 7.0],
            "gpus": [1, 2, 2],
            "tasks": [1, 3, 1],
            "user": ["ann", "7", None],
            "queue": ["long\none", "short", "long\none"],
        }
    )
    start = pd.Timestamp("2026-01-05 07:59:59.5", tz="UTC")
    trace = traces.Trace(jobs, no_nodes(), no_events(), traces.TraceMeta("mine", start=start))
    trace.to_swf(tmp_path / "log.swf.gz", resource="gpus")
    read = traces.load(tmp_path / "log.swf.gz", missing_limit="keep", datetimes=True)
    assert read.jobs["job_id"].tolist() == [1, 2, 3]
    assert read.jobs["cpus"].tolist() == [1, 6, 2]
    assert read.jobs["queue"].tolist() == ["long one", "short", "long one"]
    assert read.jobs["user"].astype("str").tolist()[:2] == ["8", "7"]
    assert read.jobs["user"].isna().tolist() == [False, False, True]
    assert (read.jobs["submit_time"] == jobs["submit_time"]).all()


def test_how_jobs_ended_becomes_a_number_in_swf(tmp_path):
    """The generator and other logs have words for it; what the format has no word for is lost."""
    words = ["completed", "FAILED", "cancelled", "CANCELLED by 7", "evicted", None]
    jobs = pd.DataFrame({"submit_time": range(6), "duration_s": 9, "cpus": 1})
    jobs["recorded_status"] = pd.Categorical(words)
    jobs["executable"] = "a.out"
    trace = traces.Trace(jobs, no_nodes(), no_events(), traces.TraceMeta("mine"))
    trace.to_swf(tmp_path / "log.swf")
    keep = ["recorded_status", "executable"]
    read = traces.load(tmp_path / "log.swf", missing_limit="keep", keep=keep).jobs
    assert read["recorded_status"].fillna(-1).tolist() == [1, 0, 5, 5, -1, -1]
    assert read["executable"].isna().all()
    drawn = traces.generate(200, mode="hpc", seed=1)
    drawn.to_swf(tmp_path / "hpc.swf")
    read = traces.load(tmp_path / "hpc.swf", keep=keep).jobs
    completed = drawn.jobs["recorded_status"] == "completed"
    assert (read["recorded_status"] == 1).tolist() == completed.tolist()


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("cpus", [1, 1.5], "whole"),
        ("submit_time", [0, -1], "second 0"),
        ("gpus", [1, 1], "no column 'cpus' to stand for processors"),
    ],
)
def test_what_swf_cannot_say_is_refused(tmp_path, column, values, message):
    """Shares of a processor, times before the start, no such resource."""
    jobs = pd.DataFrame({"submit_time": [0, 1], "duration_s": [1, 1], column: values})
    trace = traces.Trace(jobs, no_nodes(), no_events(), traces.TraceMeta("mine"))
    if column == "submit_time":
        jobs["cpus"] = 1
    with pytest.raises(InvalidInputError, match=message):
        trace.to_swf(tmp_path / "log.swf")


@pytest.mark.parametrize("write", ["to_csv", "to_parquet", "to_swf"])
def test_a_file_that_cannot_be_written_is_named(tmp_path, write):
    """The folder is not there."""
    trace = traces.generate(5, nodes=1, seed=1)
    options = {"resource": "gpus"} if write == "to_swf" else {}
    with pytest.raises(InvalidInputError, match=r"nowhere.*cannot be written"):
        getattr(trace, write)(tmp_path / "nowhere" / "jobs", **options)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    """The way out is one command."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(BackendUnavailableError, match=r"pip install fairlead\[parquet\]"):
        traces.generate(5, nodes=1, seed=1).to_parquet(tmp_path / "jobs.parquet")


@pytest.mark.parametrize("name", ["KTH-SP2-1996-2.1-cln", "NASA-iPSC-1993-3.1-cln"])
def test_public_logs_survive_a_copy(shared_dir, tmp_path, name):
    """Every job of the archive's logs comes back."""
    options = {"missing_limit": "run"}
    once = traces.load(shared_dir / "traces" / "swf-pwa" / f"{name}.swf.gz", **options)
    once.to_swf(tmp_path / "copy.swf")
    assert_equal(once, traces.load(tmp_path / "copy.swf", **options))
