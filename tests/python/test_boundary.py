"""From frame to frame: no detour, no ties to the input, and lazy tables that say what happened."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest

from fairlead import Cluster, Simulation, schedule
from fairlead.errors import InvalidInputError
from fairlead.scheduling.boundary import appended
from fairlead.tables import device_names, event_columns, job_columns, node_columns

SEED = 11
NODES = Cluster.homogeneous(nodes=3, gpus=4, cpus=16)


def drawn_jobs(n=200):
    """Gangs, shares and plain jobs that keep three nodes busy."""
    rng = np.random.default_rng(SEED)
    print(f"seed {SEED}")
    return pd.DataFrame(
        {
            "job_id": [f"job-{row}" for row in rng.permutation(n)],
            "submit_time": np.sort(rng.integers(0, 60 * n, n)),
            "duration_s": rng.integers(1, 900, n),
            "limit_s": 600,
            "gpus": rng.choice([0.0, 0.5, 1.0, 2.0, 4.0], n),
            "cpus": rng.integers(1, 5, n),
            "tasks": rng.choice([1, 1, 2], n),
        }
    )


def drawn_events(jobs):
    """A node that fails and comes back, and jobs that are cancelled."""
    end = int(jobs["submit_time"].iloc[-1])
    rows = [(end // 3, "node_fail", "node-1", None), (end // 2, "node_resume", "node-1", None)]
    rows += [
        (int(jobs["submit_time"][row]) + 1, "cancel", None, jobs["job_id"][row])
        for row in range(60, 80)
    ]
    return pd.DataFrame(rows, columns=["time", "kind", "node", "job_id"])


def as_library(frame, library):
    """The pandas frame as one of another library."""
    cells = {name: frame[name].tolist() for name in frame}
    if library == "polars":
        return pytest.importorskip("polars").DataFrame(cells)
    if library == "arrow":
        return pytest.importorskip("pyarrow").table(cells)
    return frame


def cells_of(frame):
    """The cells of a frame of any library as lists, missing as None."""
    columns = nw.from_native(frame, eager_only=True)
    return {
        name: [None if pd.isna(cell) else cell for cell in columns[name].to_list()]
        for name in columns.columns
    }


# ---- libraries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["polars", "arrow"])
@pytest.mark.parametrize("times", ["seconds", "datetimes"])
def test_polars_and_arrow_take_no_detour_through_pandas(library, times, monkeypatch):
    """With everything that leads to a pandas frame forbidden, all tables are made, and equal."""
    frame = drawn_jobs().assign(pool="default", user="me")
    if times == "datetimes":
        zoned = pd.to_datetime(frame["submit_time"], unit="s", utc=True).astype(object)
        frame = frame.assign(submit_time=zoned)
    expected = schedule(frame, NODES)
    tables = ("jobs", "placements", "events", "utilisation")
    cells = [cells_of(getattr(expected, name)) for name in tables]
    jobs = as_library(frame, library)

    def forbidden(*args, **kwargs):
        raise AssertionError("a pandas frame on the way")

    monkeypatch.setattr(pd.DataFrame, "__init__", forbidden)  # every to_pandas ends there
    done = schedule(jobs, NODES)
    for name, want in zip(tables, cells, strict=True):
        made = getattr(done, name)
        assert type(made) is type(jobs)
        assert cells_of(made) == want, name
    assert done.metrics == expected.metrics
    assert done.header["trace_hash"] == expected.header["trace_hash"]


# ---- snapshots ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", ["texts", "objects", "numbers", "datetimes"])
def test_a_schedule_outlives_changes_to_its_input_and_to_its_tables(ids):
    """Cells, rows and index of the input may change before a lazy table is made."""
    frame = drawn_jobs()
    if ids == "objects":
        frame = frame.astype({"job_id": object})
    elif ids == "numbers":
        frame["job_id"] = np.arange(len(frame))[::-1].copy()
    elif ids == "datetimes":
        frame["submit_time"] = pd.to_datetime(frame["submit_time"], unit="s").dt.as_unit("ns")
    want = schedule(frame.copy(), NODES)
    done = schedule(frame, NODES)
    frame.loc[0, "job_id"] = 10**6 if ids == "numbers" else "other"
    frame.loc[1, "submit_time"] = frame.loc[0, "submit_time"]
    frame.loc["more"] = frame.loc[2]
    pd.testing.assert_frame_equal(done.jobs, want.jobs)
    for name in ("job_id", "submit_time", "start_time", "attempts"):
        done.jobs.loc[3, name] = done.jobs.loc[4, name]
    assert cells_of(done.placements) == cells_of(want.placements)
    assert cells_of(done.events) == cells_of(want.events)
    assert done.metrics == want.metrics


def test_the_index_comes_back_whatever_it_holds():
    """Repeated labels are no keys."""
    frame = drawn_jobs(4).set_axis([5, 5, "x", 5])
    out = schedule(frame, NODES).jobs
    assert out.index.tolist() == [5, 5, "x", 5]
    assert out["job_id"].tolist() == frame["job_id"].tolist()


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_jobs_submitted_later_keep_their_ids_in_every_library(library):
    """Numbers that came stay; rows without ids are numbered on; a known id is refused."""
    columns = {"submit_time": [0, 0], "duration_s": [1, 1], "limit_s": [1, 1]}
    sim = Simulation(as_library(pd.DataFrame(columns | {"job_id": [7, 3]}), library), NODES)
    later = columns | {"submit_time": [5, 5]}
    sim.submit(as_library(pd.DataFrame(later | {"job_id": [4, 9]}), library))
    fork = sim.fork()
    sim.submit(as_library(pd.DataFrame(later), library))
    sim.run_until()
    assert cells_of(sim.result().jobs)["job_id"] == [7, 3, 4, 9, 10, 11]
    with pytest.raises(InvalidInputError, match="new to the simulation, got 9 again"):
        fork.submit(as_library(pd.DataFrame(later | {"job_id": [10, 9]}), library))
    fork.submit(as_library(pd.DataFrame(later | {"job_id": ["10", "a"]}), library))
    assert fork.result().job_id.tolist() == [7, 3, 4, 9, "10", "a"]


# ---- lazy tables --------------------------------------------------------------------------------


def test_events_and_utilisation_say_what_the_jobs_did():
    """Each row of both, against sums over all attempts and jobs by the definitions."""
    frame = drawn_jobs()
    done = schedule(frame, NODES, events=drawn_events(frame), until=7000)
    jobs, events = done.jobs.set_index("job_id"), done.events
    ends = events[~events["kind"].isin(["submit", "start"])]
    starts = events[events["kind"] == "start"]
    assert {"completed", "timeout", "requeued", "cancelled"} <= set(ends["kind"])
    assert {"running", "waiting"} <= set(jobs["status"])
    turn = events["kind"].map({"submit": 1, "start": 2}).fillna(0)
    assert events.assign(turn=turn)[["time", "turn"]].apply(tuple, axis=1).is_monotonic_increasing
    asked = frame.set_index("job_id").eval("gpus * tasks")
    key = ["job_id", "attempt"]
    left = starts.merge(ends, on=key, how="left", suffixes=("", "_end"))["time_end"]
    left = left.fillna(np.inf).to_numpy()
    for row in done.utilisation.itertuples():
        now = (starts["time"] <= row.time).to_numpy() & (left > row.time)
        assert row.running == now.sum()
        held = asked[starts["job_id"][now]].sum()
        assert row.used_gpus == pytest.approx(held, abs=1e-9)
        arrived = jobs["submit_time"] <= row.time
        over = set(ends["job_id"][(ends["time"] <= row.time) & (ends["kind"] != "requeued")])
        assert row.waiting == arrived.sum() - row.running - len(over)


def test_devices_are_named_task_by_task():
    """Runs of any length and several kinds of devices, against one name after the other."""
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    nodes = node_columns(pd.DataFrame({"node_id": ["a"], "gpus": [8], "cpus": [4], "tpus": [4]}))
    taken = rng.integers(0, 4, 300)
    ends = np.cumsum(taken)
    kind, device = rng.integers(0, 2, ends[-1]), rng.integers(0, 4, ends[-1])
    raw = {"kind": kind, "device": device, "device_end": ends}
    column = device_names(raw, nodes)
    names = [f"{('gpus', 'tpus')[k]}:{d}" for k, d in zip(kind, device, strict=True)]
    expected = [",".join(names[end - n : end]) for end, n in zip(ends, taken, strict=True)]
    assert [column.names[code] for code in column.codes] == expected
    assert len(set(column.names)) == len(column.names)


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_events_find_their_jobs_by_text_in_every_library(library):
    """Without the ids becoming objects; one that is unknown is named with some that are there."""
    frame = drawn_jobs()
    known = job_columns(as_library(frame, library))
    rows = [5, 199, 0, 5]
    events = pd.DataFrame(
        {"time": 1.0, "kind": "cancel", "job_id": frame["job_id"].iloc[rows].tolist()}
    )
    found = event_columns(as_library(events, library), NODES.node_columns, known)
    assert found.target.tolist() == rows
    strange = events.assign(job_id=["x", *events["job_id"][1:]])
    some = ", ".join(frame["job_id"][:8])
    with pytest.raises(InvalidInputError, match=f"one of {some}, ...; row 0 has 'x'"):
        event_columns(as_library(strange, library), NODES.node_columns, known)


# ---- nodes that join ----------------------------------------------------------------------------


def test_joined_nodes_have_every_column_of_both():
    """What one table lacks takes its default there; a price that some lack is none."""
    known = node_columns(pd.DataFrame({"node_id": ["a"], "gpus": [4], "price_usd_per_hour": [2.0]}))
    more = node_columns(
        pd.DataFrame(
            {
                "node_id": ["b"],
                "gpus": [2],
                "gpu_memory_gib": [80],
                "gpu_type": ["h100"],
                "speed": [2.0],
                "available_to": [60.0],
            }
        )
    )
    joined, added = appended(known, more)
    assert (joined.n, added.n, joined.node_id.tolist()) == (2, 1, ["a", "b"])
    assert joined.gpu_memory.tolist() == [-1, 80 * 2**30]
    assert joined.gpu_type.tolist() == [-1, 0]
    assert joined.speed.tolist() == [1.0, 2.0]
    assert joined.price_usd_per_hour is None
    assert joined.available_from_ns is None
    assert joined.available_to_ns[1] == 60 * 10**9
