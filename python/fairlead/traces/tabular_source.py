"""Tables in CSV and Parquet files as frames that know where in the file each row stands.

Jobs are one such table; the nodes and events beside them are read here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.tables import (
    JOB_LABELS,
    CellError,
    event_columns,
    job_columns,
    node_columns,
    to_pandas,
)
from fairlead.tables.times import text_to_times
from fairlead.traces.csv_lines import split_records
from fairlead.traces.source import fail, read_bytes, require_text
from fairlead.traces.trace import no_events, no_nodes

__all__ = ["LABELS", "TableSource", "events_table", "nodes_table", "parquet_source", "usable_rows"]

# A label such as user 7 is no number: a missing cell in the column would make it 7.0.
LABELS = (*JOB_LABELS, "pool", "gpu_type", "model")
_NODE_LABELS = ("pool", "gpu_type", "rack", "zone", "labels")

_Check = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True)
class TableSource:
    """A file as a frame, and where in the file its rows and columns stand."""

    name: str
    frame: pd.DataFrame
    places: Any
    word: str
    names: Mapping[str, str] = field(default_factory=dict)

    def renamed(self) -> TableSource:
        """The same with our column names."""
        have = [str(column) for column in self.frame.columns]
        for ours, theirs in self.names.items():
            if theirs not in have:
                raise fail(
                    self.name,
                    1,
                    theirs,
                    f"no such column; the file has {', '.join(have) or 'none'}",
                )
            if ours in have and ours not in self.names.values() and ours != theirs:
                raise fail(
                    self.name,
                    1,
                    ours,
                    f"is there already, but columns= takes {ours} from {theirs!r}",
                )
        ours_of = {theirs: ours for ours, theirs in self.names.items()}
        return replace(self, frame=self.frame.rename(columns=ours_of))

    def locate(self, error: CellError) -> InvalidInputError:
        """The error with file, line and column."""
        theirs = self.names.get(error.column, error.column)
        known = theirs if theirs == error.column else f"{theirs} (read as {error.column})"
        place = int(self.places[int(error.rows.argmax())])
        return InvalidInputError(
            f"{self.name}, {self.word} {place}, column {known}: {error.complaint}"
        )

    def without(self, rows: Any) -> TableSource:
        """The same without some rows."""
        return replace(self, frame=self.frame[~rows], places=self.places[~rows])


def usable_rows(
    source: TableSource, check: _Check, on_error: str
) -> tuple[TableSource, dict[str, int]]:
    """The rows that pass the check, and how many fell to each column.

    Raises
    ------
    InvalidInputError
        A bad row where errors are to be raised, or a table that is bad as a whole.
    """
    dropped: dict[str, int] = {}
    while True:
        try:
            check(source.frame)
        except CellError as error:
            if on_error == "raise":
                located = source.locate(error)
                raise InvalidInputError(f"{located}, or pass on_error='drop'") from error
            reason = f"bad {error.column}"
            dropped[reason] = dropped.get(reason, 0) + int(error.rows.sum())
            source = source.without(error.rows)
        except InvalidInputError as error:
            raise fail(source.name, 1, 1, f"{error}; map the names with columns=") from error
        else:
            return source, dropped


def nodes_table(nodes: Any) -> pd.DataFrame:
    """The nodes that ``nodes=`` gives: a frame, a CSV or Parquet file, or none.

    Raises
    ------
    InvalidInputError
        A malformed file or value; names file, line and column. Bad nodes are never dropped: a
        machine with a node left out is another machine.
    """
    if nodes is None:
        return no_nodes()
    if not isinstance(nodes, str | PathLike):
        frame = to_pandas(nodes, "nodes")
        node_columns(frame)
        return frame
    source = _read_table(nodes, _NODE_LABELS)
    if source is None:
        return no_nodes()
    return _checked(source, node_columns)


def events_table(events: Any, nodes: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """The events that ``events=`` gives, checked against the trace's nodes and jobs.

    Raises
    ------
    InvalidInputError
        A malformed file or value, or nodes named where the trace has none. Bad events are never
        dropped: the history without them is another one.
    """
    if events is None:
        return no_events()
    if len(nodes) == 0:
        raise InvalidInputError("events= is for a trace with nodes; give nodes= too")
    known = node_columns(nodes)
    columns = job_columns(jobs, known, ignore="*", need_duration=False)

    def check(frame: pd.DataFrame) -> None:
        event_columns(frame, known, columns)

    if not isinstance(events, str | PathLike):
        frame = to_pandas(events, "events")
        check(frame)
        return frame
    # Node names are text to the engine; job names are what the jobs have.
    numbered = "job_id" not in jobs or pd.api.types.is_numeric_dtype(jobs["job_id"])
    texts = ("node", "pool", "resource", "kind") + (() if numbered else ("job_id",))
    source = _read_table(events, texts)
    if source is None:
        return no_events()
    if "time" in source.frame and not pd.api.types.is_numeric_dtype(source.frame["time"]):
        source = replace(source, frame=source.frame.assign(time=_times(source.frame["time"])))
    return _checked(source, check)


def parquet_source(name: str, data: bytes, names: Mapping[str, str]) -> TableSource:
    """The table of a Parquet file; ``names`` are our names of its columns.

    Raises
    ------
    InvalidInputError
        Not sound Parquet.
    BackendUnavailableError
        PyArrow is not installed.
    """
    frame = _parquet_frame(name, data)
    return TableSource(name, frame, np.arange(1, len(frame) + 1), "row", names)


def _checked(source: TableSource, check: _Check) -> pd.DataFrame:
    """The table, where every row passes the check."""
    try:
        check(source.frame)
    except CellError as error:
        raise source.locate(error) from error
    except InvalidInputError as error:
        raise fail(source.name, 1, 1, f"{error}; rename the columns of the file") from error
    return source.frame


def _read_table(path: str | PathLike[str], as_text: Sequence[str]) -> TableSource | None:
    """The table of a CSV or Parquet file; None where a CSV file has a header line alone."""
    name, data = read_bytes(path)
    if data.startswith(b"PAR1"):
        return parquet_source(name, data, {})
    require_text(name, data)
    if b"\n" not in data.strip():
        return None
    frame, lines, _ = split_records(name, data, None, "raise", as_text)
    return TableSource(name, frame, lines, "line")


def _times(values: pd.Series[Any]) -> pd.Series[Any]:
    """Text as datetimes; what is none stays, for the check to name."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    times = text_to_times(values)
    return values if times.isna().any() else times


def _parquet_frame(name: str, data: bytes) -> pd.DataFrame:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise BackendUnavailableError(
            f"{name!r} is Parquet, which needs PyArrow: pip install fairlead[parquet]"
        ) from error
    try:
        frame: pd.DataFrame = pq.read_table(pa.BufferReader(data)).to_pandas()
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        # What pandas noted about the columns is JSON in the file, which can be broken too.
        raise fail(name, 1, 1, f"this is not sound Parquet ({error})") from error
    return frame.assign(**{name: _of_text(frame[name]) for name in _categories(frame)})


def _categories(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)]


def _of_text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Labels whose names are text as pandas has text: Arrow gives objects where none is used."""
    names = values.cat.categories
    if names.dtype == object and all(isinstance(name, str) for name in names):
        dtype = pd.CategoricalDtype(names.astype("str"), ordered=values.cat.ordered)
        return values.astype(dtype)
    return values
