"""No format is left out: damaged files of every one are refused, or what is lost is counted."""

from __future__ import annotations

import gzip
import random

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import FairleadError
from fairlead.traces.source import read_head
from python.damage import damaged
from python.small_files import PAI_JOBS, SAMPLES

SEED = 31
FORMATS = sorted(traces.formats())
MARK = b"\xef\xbb\xbf"


def write(folder, name, data):
    """The file, under a name without an ending; the task table of PAI has its job table beside."""
    path = folder / ("pai_task_table" if name == "alibaba_pai" else "damaged")
    path.write_bytes(data)
    return path


def read(folder, name, path, **more):
    """The trace of a file of this format."""
    options = dict(SAMPLES[name].options)
    if name == "alibaba_pai":
        jobs = folder / "pai_job_table"
        jobs.write_text(PAI_JOBS)
        return traces.load(jobs, name, tasks=path, **options, **more)
    return traces.load(path, name, **options, **more)


def attempt(folder, name, path, on_error):
    """The trace and no complaint, or what our error says; any other error is a bug."""
    try:
        return read(folder, name, path, on_error=on_error), ""
    except FairleadError as error:
        return None, str(error)


def test_every_format_has_a_sample():
    """A new format comes with a small file that is damaged here."""
    assert sorted(SAMPLES) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_a_sound_file_is_read_whole(tmp_path, name):
    """Nothing is dropped from the sample, so that what is dropped below is for the damage."""
    sample = SAMPLES[name]
    trace = read(tmp_path, name, write(tmp_path, name, sample.data))
    assert (trace.meta.format, trace.meta.dropped) == (name, {})
    assert sample.count(trace) == trace.meta.read > 0
    holds = traces.formats()[name].rpartition(": ")[2]
    for table in ("jobs", "nodes", "demand"):
        assert table in holds or len(getattr(trace, table)) == 0, f"{name} holds {table}, too"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "parquet"])
def test_a_byte_order_mark_before_the_text_does_no_harm(tmp_path, name, pack):
    """Tables, account and recognition are those of the file without it, and so is a complaint."""
    data = SAMPLES[name].data
    path = write(tmp_path, name, pack(data))
    plain, head = read(tmp_path, name, path), read_head(path)
    write(tmp_path, name, pack(MARK + data))
    marked = read(tmp_path, name, path)
    assert read_head(path) == head  # what a format is told by
    for table in ("jobs", "nodes", "events", "demand"):
        pd.testing.assert_frame_equal(getattr(marked, table), getattr(plain, table))
    assert marked.meta == plain.meta
    broken = data[:20] + b"\0" + data[20:]
    write(tmp_path, name, pack(broken))
    complaint = attempt(tmp_path, name, path, "raise")[1]
    write(tmp_path, name, pack(MARK + broken))
    assert attempt(tmp_path, name, path, "raise")[1] == complaint != ""


@pytest.mark.parametrize("on_error", ["raise", "drop"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_refused_or_its_losses_are_counted(tmp_path, name, on_error):
    """Cut, with bytes changed, cells replaced, lines doubled or lost: never half in silence.

    What is raised is an error of ours that names the file; what is read adds up with what was
    dropped; and nothing is dropped for being malformed unless that was asked for.
    """
    print("seed", SEED)
    sample, refused = SAMPLES[name], 0
    for what, data in damaged(sample.data, random.Random(SEED)):
        path = write(tmp_path, name, data)
        trace, complaint = attempt(tmp_path, name, path, on_error)
        if trace is None:
            assert path.name in complaint, (what, complaint)
            refused += 1
            continue
        dropped = trace.meta.dropped
        assert sample.count(trace) + sum(dropped.values()) == trace.meta.read, (what, data)
        bad = {reason for reason in dropped if reason.startswith(("malformed", "bad "))}
        assert on_error == "drop" or not bad, (what, data, dropped)
        if "duration_s" in trace.jobs:
            run = trace.jobs["duration_s"].to_numpy(dtype=float)
            assert (np.isnan(run) | (run >= 0)).all()
    assert refused > 0
