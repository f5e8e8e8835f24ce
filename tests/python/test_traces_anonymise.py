"""Anonymising: nothing of the names is left, the simulation is the same, the key undoes it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError

KEY = "a key that nobody can guess"


@pytest.fixture
def trace():
    """Jobs with names, text, several clocks and an own resource, and events that name them."""
    times = pd.Timestamp("2026-03-02 09:00", tz="Europe/Berlin") + pd.to_timedelta(
        np.arange(6) * 3600, unit="s"
    )
    jobs = pd.DataFrame(
        {
            "job_id": [11, 12, 13, 14, 15, 16],
            "submit_time": times.as_unit("ns"),
            "duration_s": [7200.0, 3600, 5400, 1800, 7200, 60],
            "limit_s": [7200.0, 7200, 7200, 3600, 7200, 600],
            "gpus": [4, 4, 8, 1, 8, 1],
            "seats": [1, 0, 1, 0, 1, 0],
            "user": pd.Categorical(["alice", "bob", "alice", None, "carol", "bob"]),
            "queue": ["night", "day", "day", "", "night", "day"],
            "pool": ["west", None, None, None, "west", None],
            "name": ["train secret model"] * 6,
            "comment": ["ask alice"] * 6,
            "recorded_wait_s": [0.0, 1, 2, 3, 4, 5],
        }
    )
    nodes = pd.DataFrame(
        {
            "node_id": ["berlin-01", "berlin-02"],
            "gpus": [8, 8],
            "gpu_type": ["a100", "a100"],
            "seats": [2, 2],
            "pool": ["west", "east"],
            "rack": ["r1", "r2"],
            "labels": ["owner=alice", ""],
        }
    )
    events = pd.DataFrame(
        {
            "time": [times[1].as_unit("ns"), times[2].as_unit("ns"), times[3].as_unit("ns")],
            "kind": ["node_fail", "node_resume", "cancel"],
            "node": ["berlin-02", "berlin-02", None],
            "job_id": [np.nan, np.nan, 15.0],
        }
    )
    meta = traces.TraceMeta(
        "csv", "/home/alice/log.csv", header={"Note": "ask alice"}, read=6, start=times[0],
        options={"columns": {"user": "alice's column"}},
    )  # fmt: skip
    return traces.Trace(jobs, nodes, events, meta)


def words_of(trace):
    """Everything a trace says, as text."""
    frames = [frame.to_csv() for frame in (trace.jobs, trace.nodes, trace.events)]
    return " ".join([*frames, repr(trace.meta)])


def test_no_name_or_text_is_left(trace):
    """Of users, queues, nodes, paths and comments; amounts and device types stay."""
    shared = traces.anonymise(trace, KEY)
    for word in ("alice", "bob", "carol", "night", "berlin", "west", "r1", "secret", "ask", "home"):
        assert word not in words_of(shared)
    assert shared.meta.options["left_out"] == ["comment", "recorded_wait_s"]
    assert shared.meta.header == {}
    assert shared.nodes["gpu_type"].tolist() == ["a100", "a100"]
    assert "labels" not in shared.nodes


def test_one_name_has_one_pseudonym_in_all_tables(trace):
    """Across rows, tables and traces; missing and blank stay missing; kinds differ."""
    shared = traces.anonymise(trace, KEY)
    user = shared.jobs["user"]
    assert user.iloc[0] == user.iloc[2] == traces.pseudonym("alice", KEY)
    assert user.isna().tolist() == [False, False, False, True, False, False]
    assert shared.jobs["queue"].isna().tolist()[3]
    assert set(shared.jobs["pool"].dropna()) <= set(shared.nodes["pool"])
    assert set(shared.events["node"].dropna()) <= set(shared.nodes["node_id"])
    assert shared.events["job_id"].iloc[2] == shared.jobs["job_id"].iloc[4]
    assert traces.pseudonym("alice", KEY, "queue") != traces.pseudonym("alice", KEY)
    assert traces.pseudonym("alice", KEY + "!") != traces.pseudonym("alice", KEY)


def test_times_move_by_whole_weeks(trace):
    """All by the same; the hour of the day and the day of the week stay."""
    shared = traces.anonymise(trace, KEY)
    moved = (shared.jobs["submit_time"] - trace.jobs["submit_time"]).unique()
    assert len(moved) == 1
    assert moved[0] % pd.Timedelta("7D") == pd.Timedelta(0)
    assert moved[0] > pd.Timedelta("365D")
    assert (shared.events["time"] - trace.events["time"]).unique().tolist() == moved.tolist()
    assert shared.meta.start - trace.meta.start == moved[0]


@pytest.mark.parametrize("dated", [False, True])
def test_plain_seconds_move_only_where_they_have_no_date(trace, dated):
    """Seconds from a known start stay; the start moves."""
    jobs = trace.jobs.assign(submit_time=np.arange(6) * 3600)
    start = pd.Timestamp("2026-03-02") if dated else None
    plain = traces.Trace(
        jobs, trace.nodes, trace.events.iloc[:0], dataclasses.replace(trace.meta, start=start)
    )
    shared = traces.anonymise(plain, KEY)
    moved = (shared.jobs["submit_time"] - jobs["submit_time"]).unique()
    assert len(moved) == 1
    assert (moved[0] == 0) is dated or moved[0] % (7 * 86400) == 0
    assert (moved[0] == 0) == dated


def test_the_simulation_is_the_same(trace):
    """Waits, ends, placements and what failed, with failures and a cancelled job, job by job."""
    made = traces.generate(400, nodes=3, mtbf_days=5, seed=4, load=1.2)
    for one in (trace, made):
        shared = traces.anonymise(one, KEY)
        before, after = (
            fairlead.schedule(t.jobs, t.cluster(), events=t.events, ignore="*")
            for t in (one, shared)
        )
        columns = ["wait_s", "turnaround_s", "status", "attempts"]
        pd.testing.assert_frame_equal(before.jobs[columns], after.jobs[columns])
        assert before.metrics == after.metrics
        nodes = dict(zip(one.nodes["node_id"], shared.nodes["node_id"], strict=True))
        assert [nodes[n] for n in before.placements["node"]] == list(after.placements["node"])


def test_the_key_gives_names_and_times_back(trace):
    """Known names return, unknown ones stay pseudonyms, a wrong key finds nothing."""
    shared = traces.anonymise(trace, KEY)
    back = traces.reidentify(shared, KEY, trace.jobs)
    pd.testing.assert_series_equal(back.jobs["submit_time"], trace.jobs["submit_time"])
    assert back.jobs["user"].dropna().tolist() == trace.jobs["user"].dropna().tolist()
    assert back.jobs["job_id"].tolist() == [str(i) for i in trace.jobs["job_id"]]
    some = traces.reidentify(shared, KEY, {"user": ["alice"]})
    assert set(some.jobs["user"].dropna()) == {
        "alice", traces.pseudonym("bob", KEY), traces.pseudonym("carol", KEY),
    }  # fmt: skip
    wrong = traces.reidentify(shared, KEY + "!", trace.jobs)
    assert wrong.jobs["user"].equals(shared.jobs["user"])
    assert back.meta.start == trace.meta.start


def test_jobs_a_job_waits_for_keep_their_names():
    """Each of several names in a cell is replaced by the pseudonym of that job."""
    jobs = pd.DataFrame(
        {"job_id": ["a", "b", "c"], "submit_time": [0, 0, 0], "depends_on": [None, "a", "a,b"]}
    )
    none = pd.DataFrame({"node_id": []})
    shared = traces.anonymise(traces.Trace(jobs, none, none, traces.TraceMeta("csv")), KEY)
    first, second, _ = shared.jobs["job_id"]
    assert shared.jobs["depends_on"].tolist()[1:] == [first, f"{first},{second}"]


def test_demand_series_are_hidden_too(trace):
    """Names of series, and their times; the amounts and what they are of stay."""
    demand = pd.DataFrame({"unique_id": ["alice", "total"], "ds": [0.0, 60.0], "y": [1.0, 2.0]})
    demand.attrs["resource"] = "gpus"
    logged = dataclasses.replace(
        trace, demand=demand, meta=dataclasses.replace(trace.meta, start=None)
    )
    shared = traces.anonymise(logged, KEY).demand
    assert shared["unique_id"].str.startswith("series-").all()
    assert shared["ds"].iloc[0] % (7 * 86400) == 0
    assert shared["ds"].iloc[0] > 0
    assert shared["y"].tolist() == [1, 2]
    assert shared.attrs == {"resource": "gpus"}


def test_rows_name_jobs_where_there_are_no_ids(trace):
    """An event that names row 4 still names row 4."""
    nameless = dataclasses.replace(
        trace, jobs=trace.jobs.drop(columns="job_id"), events=trace.events.assign(job_id=4)
    )
    shared = traces.anonymise(nameless, KEY, keep=["recorded_wait_s"])
    assert shared.events["job_id"].tolist() == [4, 4, 4]
    assert shared.jobs["recorded_wait_s"].tolist() == [0, 1, 2, 3, 4, 5]


def test_what_cannot_be_done_is_refused(trace):
    """A short key, a column that is not there, a trace that has its names."""
    with pytest.raises(InvalidInputError, match="token_hex"):
        traces.anonymise(trace, "short")
    with pytest.raises(InvalidInputError, match="keep= names a column 'mood'"):
        traces.anonymise(trace, KEY, keep="mood")
    with pytest.raises(InvalidInputError, match="not anonymised"):
        traces.reidentify(trace, KEY, {})
    with pytest.raises(InvalidInputError, match="column must be one of"):
        traces.pseudonym("alice", KEY, "gpus")
