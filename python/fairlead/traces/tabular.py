"""Jobs from CSV or Parquet files of any layout, by a map of column names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.tables import CellError, job_columns, node_columns, to_pandas
from fairlead.traces.convert import convert
from fairlead.traces.csv_lines import separator_of, split_records
from fairlead.traces.source import check_on_error, fail, read_bytes, require_text
from fairlead.traces.trace import Trace, TraceMeta, no_events, no_nodes

__all__ = ["read_csv", "read_parquet", "sniff_csv", "sniff_parquet"]

_OnError = Literal["raise", "drop"]
_Check = Callable[[pd.DataFrame], Any]


def read_csv(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    nodes: Any = None,
    separator: str | None = None,
    time_format: str | None = None,
    on_error: _OnError = "raise",
) -> Trace:
    """Read jobs from a CSV file with a header line, plain or gzip.

    Parameters
    ----------
    path : path
    columns : dict, optional
        Our name to the file's name: ``{"submit_time": "Submit", "gpus": "num_gpu"}``. Columns that
        are not named keep their names.
    units : dict, optional
        Unit of a column where it is not ours: ``{"limit_s": "min", "memory_gib": "MB"}``. Durations
        and numeric times: ns us ms s min h d; memory and storage: B KB MB GB TB KiB MiB GiB TiB;
        counts: milli, % (100 = one).
    nodes : path or frame, optional
        The machine: a nodes table, or a CSV or Parquet file of one.
    separator : str, optional
        One character; else the most frequent of comma, semicolon, tab and bar in the first line.
    time_format : str, optional
        Format of ``submit_time`` as for `pandas.to_datetime`; else ISO 8601 text or numbers.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs`` has all columns of the file; no events.

    Raises
    ------
    InvalidInputError
        A malformed file or value; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.csv"
    >>> _ = file.write_text("Submit,wall_min,num_gpu\\n2026-01-05 09:00,90,2\\n")
    >>> trace = read_csv(
    ...     file,
    ...     columns={"submit_time": "Submit", "limit_s": "wall_min", "gpus": "num_gpu"},
    ...     units={"limit_s": "min"},
    ... )
    >>> trace.jobs["limit_s"].tolist(), trace.jobs["gpus"].tolist()
    ([5400], [2])
    """
    check_on_error(on_error)
    name, data = read_bytes(path)
    require_text(name, data)
    frame, lines, malformed = split_records(name, data, separator, on_error)
    source = _Source(name, frame, lines, "line", columns or {})
    return _trace("csv", source, units or {}, time_format, nodes, on_error, malformed)


def read_parquet(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    nodes: Any = None,
    time_format: str | None = None,
    on_error: _OnError = "raise",
) -> Trace:
    """Read jobs from a Parquet file; needs PyArrow (``pip install fairlead[parquet]``).

    Parameters
    ----------
    path : path
    columns, units, nodes, time_format, on_error
        As for `read_csv`.

    Returns
    -------
    Trace
        ``jobs`` has all columns of the file; no events.

    Raises
    ------
    InvalidInputError
        A malformed file or value; names file, row and column.
    BackendUnavailableError
        PyArrow is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.parquet"
    >>> pd.DataFrame({"submit_time": [0.0], "gpus": [1]}).to_parquet(file)
    >>> len(read_parquet(file))
    1
    """
    check_on_error(on_error)
    name, data = read_bytes(path)
    frame = _parquet_frame(name, data)
    source = _Source(name, frame, np.arange(1, len(frame) + 1), "row", columns or {})
    return _trace("parquet", source, units or {}, time_format, nodes, on_error, 0)


def sniff_csv(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be a CSV file with a header line; None if they can.

    Examples
    --------
    >>> sniff_csv("notes.txt", b"just words")
    'the first line has none of the separators comma, semicolon, tab, bar'
    """
    if b"\0" in head:
        return "it holds NUL bytes"
    first = head.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    if separator_of(first) is None:
        return "the first line has none of the separators comma, semicolon, tab, bar"
    return None


def sniff_parquet(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be Parquet; None if they can.

    Examples
    --------
    >>> sniff_parquet("jobs", b"a,b")
    'it does not begin with PAR1'
    """
    return None if head.startswith(b"PAR1") else "it does not begin with PAR1"


@dataclass(frozen=True)
class _Source:
    """A file as a frame, and where in the file its rows and columns stand."""

    name: str
    frame: pd.DataFrame
    places: Any
    word: str
    names: Mapping[str, str]

    def renamed(self) -> _Source:
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
        message = f"{self.name}, {self.word} {place}, column {known}: {error.complaint}"
        return InvalidInputError(f"{message}, or pass on_error='drop'")

    def without(self, rows: Any) -> _Source:
        """The same without some rows."""
        return replace(self, frame=self.frame[~rows], places=self.places[~rows])


def _trace(
    format_name: str,
    source: _Source,
    units: Mapping[str, str],
    time_format: str | None,
    nodes: Any,
    on_error: _OnError,
    malformed: int,
) -> Trace:
    machine = _nodes(nodes, on_error)
    known = node_columns(machine) if len(machine) else None
    read = len(source.frame) + malformed

    def check(frame: pd.DataFrame) -> None:
        converted = convert(frame, units, time_format)
        job_columns(converted, known, ignore="*", need_duration=False)

    source, dropped = _usable(source.renamed(), check, on_error)
    if malformed:
        dropped = {"malformed": malformed, **dropped}
    jobs = convert(source.frame, units, time_format).reset_index(drop=True)
    options = {"columns": dict(source.names), "units": dict(units)}
    meta = TraceMeta(format_name, source.name, read=read, dropped=dropped, options=options)
    return Trace(jobs, machine, no_events(), meta)


def _usable(source: _Source, check: _Check, on_error: _OnError) -> tuple[_Source, dict[str, int]]:
    """The rows that pass the check, and how many fell to each column."""
    dropped: dict[str, int] = {}
    while True:
        try:
            check(source.frame)
        except CellError as error:
            if on_error == "raise":
                raise source.locate(error) from error
            reason = f"bad {error.column}"
            dropped[reason] = dropped.get(reason, 0) + int(error.rows.sum())
            source = source.without(error.rows)
        except InvalidInputError as error:
            raise fail(source.name, 1, 1, f"{error}; map the names with columns=") from error
        else:
            return source, dropped


def _nodes(nodes: Any, on_error: _OnError) -> pd.DataFrame:
    if nodes is None:
        return no_nodes()
    if not isinstance(nodes, str | PathLike):
        frame = to_pandas(nodes, "nodes")
        node_columns(frame)
        return frame
    name, data = read_bytes(nodes)
    if sniff_parquet(name, data) is None:
        frame = _parquet_frame(name, data)
        source = _Source(name, frame, np.arange(1, len(frame) + 1), "row", {})
    else:
        require_text(name, data)
        frame, lines, _ = split_records(name, data, None, on_error)
        source = _Source(name, frame, lines, "line", {})
    # A machine with a node left out is another machine: bad nodes are never dropped.
    return _usable(source, node_columns, "raise")[0].frame


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
    except (pa.ArrowException, OSError, ValueError) as error:
        raise fail(name, 1, 1, f"this is not sound Parquet ({error})") from error
    return frame
