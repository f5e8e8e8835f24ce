"""Jobs from CSV or Parquet files of any layout, by a map of column names."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, Literal

import pandas as pd

from fairlead.tables import job_columns, node_columns
from fairlead.traces.convert import convert
from fairlead.traces.csv_lines import separator_of, split_records
from fairlead.traces.source import check_on_error, read_bytes, require_text
from fairlead.traces.tabular_source import (
    LABELS,
    TableSource,
    events_table,
    nodes_table,
    parquet_source,
    usable_rows,
)
from fairlead.traces.trace import Trace, TraceMeta

__all__ = ["read_csv", "read_parquet", "sniff_csv", "sniff_parquet"]

_OnError = Literal["raise", "drop"]


def read_csv(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    nodes: Any = None,
    events: Any = None,
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
    events : path or frame, optional
        What happened to it: an events table, or a CSV or Parquet file of one; needs ``nodes``.
    separator : str, optional
        One character; else the most frequent of comma, semicolon, tab and bar in the first line.
    time_format : str, optional
        Format of ``submit_time`` as for `pandas.to_datetime`; else ISO 8601 text or numbers.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs`` has all columns of the file.

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
    names = columns or {}
    labels = [names.get(label, label) for label in LABELS]
    frame, lines, malformed = split_records(name, data, separator, on_error, labels)
    source = TableSource(name, frame, lines, "line", names)
    return _trace("csv", source, units or {}, time_format, nodes, events, on_error, malformed)


def read_parquet(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    nodes: Any = None,
    events: Any = None,
    time_format: str | None = None,
    on_error: _OnError = "raise",
) -> Trace:
    """Read jobs from a Parquet file; needs PyArrow (``pip install fairlead[parquet]``).

    Parameters
    ----------
    path : path
    columns, units, nodes, events, time_format, on_error
        As for `read_csv`.

    Returns
    -------
    Trace
        ``jobs`` has all columns of the file.

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
    source = parquet_source(name, data, columns or {})
    return _trace("parquet", source, units or {}, time_format, nodes, events, on_error, 0)


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


def _trace(
    format_name: str,
    source: TableSource,
    units: Mapping[str, str],
    time_format: str | None,
    nodes: Any,
    events: Any,
    on_error: _OnError,
    malformed: int,
) -> Trace:
    machine = nodes_table(nodes)
    known = node_columns(machine) if len(machine) else None
    read = len(source.frame) + malformed

    def check(frame: pd.DataFrame) -> None:
        converted = convert(frame, units, time_format)
        job_columns(converted, known, ignore="*", need_duration=False)

    source, dropped = usable_rows(source.renamed(), check, on_error)
    if malformed:
        dropped = {"malformed": malformed, **dropped}
    jobs = convert(source.frame, units, time_format).reset_index(drop=True)
    options = {"columns": dict(source.names), "units": dict(units)}
    meta = TraceMeta(format_name, source.name, read=read, dropped=dropped, options=options)
    return Trace(jobs, machine, events_table(events, machine, jobs), meta)
