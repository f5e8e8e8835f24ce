"""Frames of pandas, Polars and Arrow go in, and come back in kind."""

from __future__ import annotations

import pickle
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from fairlead.errors import FairleadError, InvalidInputError
from fairlead.tables import (
    NAT,
    TimeKind,
    job_columns,
    to_native_like,
    to_pandas,
    trace_hash,
)


def jobs_frame(**columns):
    """A jobs table of two rows, with columns replaced or added."""
    return pd.DataFrame({"submit_time": [0, 5], "duration_s": [10, 20], **columns})


def as_library(frame, library):
    """The pandas frame as one of another library."""
    cells = {name: [None if pd.isna(cell) else cell for cell in frame[name]] for name in frame}
    if library == "polars":
        pl = pytest.importorskip("polars")
        return pl.DataFrame(cells)
    if library == "arrow":
        pa = pytest.importorskip("pyarrow")
        return pa.table(cells)
    return frame


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_every_library_gives_the_same_columns(library):
    """The content hash does not depend on where the frame came from."""
    frame = jobs_frame(job_id=["x", "y"], cpus=[1.5, 2.25], gpus=[1, 2], pool=["p", "q"])
    expected = trace_hash(job_columns(frame))
    assert trace_hash(job_columns(as_library(frame, library))) == expected


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_missing_cells_are_missing_in_every_library(library):
    """Null integers and null text, not zero and not an error."""
    frame = jobs_frame(limit_s=pd.Series([5, None], dtype=object), pool=["p", None])
    columns = job_columns(as_library(frame, library))
    assert columns.limit_ns.tolist() == [5 * 10**9, -1]
    assert columns.pool.tolist() == [0, -1]


def test_odd_number_columns_are_read_exactly():
    """Nullable integers, decimals and unsigned integers."""
    big = 8_999_999_999_999_999
    nullable = jobs_frame(cpus=pd.array([big, None], dtype="Int64"))
    assert job_columns(nullable).requests["cpus"].tolist() == [big * 1000, 0]
    decimals = as_library(jobs_frame(cpus=[Decimal("0.1"), Decimal(2)]), "arrow")
    assert job_columns(decimals).requests["cpus"].tolist() == [100, 2000]
    unsigned = jobs_frame(cpus=np.array([1, 2**63], dtype=np.uint64))
    with pytest.raises(InvalidInputError, match="row 1"):
        job_columns(unsigned)


def test_arrow_backed_pandas_columns_are_read():
    """Times, numbers and text that pandas keeps in Arrow memory."""
    pytest.importorskip("pyarrow")
    frame = jobs_frame(
        submit_time=pd.to_datetime(["2026-01-05", "2026-01-06"]),
        limit_s=[5, None],
        pool=["p", None],
    ).convert_dtypes(dtype_backend="pyarrow")
    columns = job_columns(frame)
    assert columns.submit_ns[0] == pd.Timestamp("2026-01-05").value
    assert columns.limit_ns.tolist() == [5 * 10**9, -1]
    assert columns.pool.tolist() == [0, -1]


def test_arrays_are_contiguous_and_the_input_is_untouched():
    """A strided view of a 2-D block goes in, contiguous copies come out."""
    frame = pd.DataFrame(
        np.arange(12.0).reshape(4, 3), columns=["submit_time", "duration_s", "cpus"]
    )
    view = frame.iloc[::2]
    before = view.copy(deep=True)
    columns = job_columns(view)
    pd.testing.assert_frame_equal(view, before)
    for array in (columns.submit_ns, columns.duration_ns, columns.requests["cpus"]):
        assert array.flags.c_contiguous
        assert array.dtype == np.int64


def test_no_jobs_are_a_table_too():
    """Zero rows convert without a special case."""
    empty = jobs_frame(job_id=[1, 2], gpus=[1, 2], pool=["a", "b"], gpu_type=["x", "y"]).iloc[:0]
    columns = job_columns(empty)
    assert (columns.n, columns.requests) == (0, {})
    assert job_columns(pd.DataFrame({"submit_time": [], "duration_s": []})).n == 0


@pytest.mark.parametrize(
    "frame", [None, {"submit_time": [0]}, [1, 2], "jobs.csv", np.zeros((2, 2))]
)
def test_what_is_no_frame_is_refused(frame):
    """The message says what came."""
    with pytest.raises(InvalidInputError, match="must be a pandas, Polars or Arrow frame"):
        job_columns(frame)


def test_repeated_column_names_are_refused():
    """Two columns of one name cannot be told apart."""
    frame = pd.DataFrame([[0, 1, 2]], columns=["submit_time", "duration_s", "duration_s"])
    with pytest.raises(InvalidInputError, match="distinct column names"):
        job_columns(frame)


def test_results_come_back_in_the_library_of_the_input():
    """pandas keeps its index, Polars and Arrow turn NaN into null and keep zones."""
    zone = ZoneInfo("Europe/Stockholm")
    kind = TimeKind("datetime", zone)
    made = {
        "start_time": kind.to_frame_times(np.array([0, NAT])),
        "wait_s": np.array([1.5, np.nan]),
        "node": pd.Categorical(["a", None]),
    }
    plain = jobs_frame().set_axis([7, 9])
    pandas_made = to_native_like(made, plain, same_rows=True)
    assert pandas_made.index.tolist() == [7, 9]
    assert str(pandas_made["start_time"].dt.tz) == "Europe/Stockholm"
    assert to_native_like(made, plain).index.tolist() == [0, 1]
    polars_made = to_native_like(made, as_library(jobs_frame(), "polars"))
    assert polars_made["wait_s"].to_list() == [1.5, None]
    assert polars_made["node"].to_list() == ["a", None]
    assert polars_made["start_time"][0] == pd.Timestamp(0, tz="UTC")
    arrow_made = to_native_like(made, as_library(jobs_frame(), "arrow"))
    assert arrow_made["wait_s"].to_pylist() == [1.5, None]
    assert str(arrow_made.schema.field("start_time").type) == "timestamp[ns, tz=Europe/Stockholm]"


def test_any_frame_becomes_a_pandas_frame():
    """With zones kept, and a fresh index."""
    stamp = pd.Timestamp("2026-01-05 09:00", tz="Europe/Stockholm")
    frame = as_library(pd.DataFrame({"when": [stamp], "cpus": [4]}), "polars")
    made = to_pandas(frame)
    assert made["when"][0] == stamp
    assert to_pandas(jobs_frame().set_axis([7, 9])).index.tolist() == [0, 1]


def test_the_content_hash_sees_every_change():
    """Order, value, type and name all count; sixteen hex digits."""
    base = {"cpus": np.array([1, 2]), "name": np.array(["a", "b"], dtype=object)}
    variants = [
        base,
        {**base, "cpus": np.array([2, 1])},
        {**base, "cpus": np.array([1.0, 2.0])},
        {**base, "name": np.array(["a", "c"], dtype=object)},
        {"gpus": base["cpus"], "name": base["name"]},
    ]
    hashes = {trace_hash(variant) for variant in variants}
    assert len(hashes) == len(variants)
    assert all(len(h) == 16 and int(h, 16) >= 0 for h in hashes)


def test_errors_travel_between_processes():
    """A message survives pickling, so a pool of workers can raise it."""
    with pytest.raises(FairleadError) as caught:
        job_columns(jobs_frame(gpus=[1, 1.5]))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
