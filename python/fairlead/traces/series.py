"""Series in CSV files, a time column and columns of numbers: metrics, rates, anything measured."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.traces.records import Records, read_records
from fairlead.traces.trace import Trace, no_demand, no_events, no_jobs, no_nodes
from fairlead.traces.wall_clock import check_zone

__all__ = ["SERIES_HEADERS", "read_series"]

_TIMES = ("timestamp", "TimeStamp", "Timestamp", "date", "datetime", "time", "ds")
_VALUES = {"value", "Value"}
# A file with other names must be told by ``format="series"``: it could be of jobs.
SERIES_HEADERS = (("timestamp", "value"), ("TimeStamp", "Value"))
_LARGEST = 1e100


def read_series(
    path: str | PathLike[str],
    *,
    time: str | None = None,
    values: str | Iterable[str] | None = None,
    time_zone: str = "UTC",
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read series from CSV with a header line, plain or gzip.

    Parameters
    ----------
    path : path
    time : str, optional
        Column of the times (ISO text); else the first that is named ``timestamp``, ``date``,
        ``datetime``, ``time`` or ``ds``.
    values : str or iterable of str, optional
        Columns of the series; else ``value`` where there is one, else all others.
    time_zone : str
        IANA name of the zone of times without offset.
    on_error : {"raise", "drop"}
        A malformed record, a missing value or a time that came before is an error or is dropped
        and counted.

    Returns
    -------
    Trace
        ``demand``: ``unique_id`` (the column; the name of the file where the column is ``value``),
        ``ds`` (UTC, in order), ``y`` as it stands; no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    Steps are kept as they are, missing ones too. Times in an hour that a change of the clock
    repeats are its first pass, so the second pass is dropped or refused as coming before.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cpu.csv"
    >>> _ = file.write_text("timestamp,value\\n2014-02-14 14:30:00,0.5\\n2014-02-14 14:35:00,1\\n")
    >>> read_series(file).demand[["unique_id", "y"]].values.tolist()
    [['cpu', 0.5], ['cpu', 1.0]]
    """
    check_zone(time_zone)
    records = read_records(path, on_error=on_error)
    clock = _time_column(records, time)
    columns = _value_columns(records, clock, values)
    records.need(*columns)
    ds = records.wall_times(clock, time_zone)
    records.require_distinct(clock, ds)
    y = {column: records.numbers(column, least=-_LARGEST, most=_LARGEST) for column in columns}
    rows = np.flatnonzero(records.alive)
    rows = rows[np.argsort(ds[rows].asi8, kind="stable")]
    own = fspath(path).replace("\\", "/").rsplit("/", 1)[-1].split(".csv")[0]
    parts = [
        pd.DataFrame(
            {"unique_id": own if name in _VALUES else name, "ds": ds[rows], "y": y[name][rows]}
        )
        for name in columns
    ]
    demand = pd.concat(parts, ignore_index=True) if len(rows) else no_demand()
    demand = demand.astype({"unique_id": "str"})
    demand.attrs["resource"] = columns[0] if len(columns) == 1 else "value"
    start = ds[rows[0]] if len(rows) else None
    options: dict[str, Any] = {"time": clock, "values": columns, "time_zone": time_zone}
    meta = records.meta("series", options=options, start=start)
    return Trace(no_jobs(), no_nodes(), no_events(), meta, demand)


def _time_column(records: Records, time: str | None) -> str:
    if time is not None:
        records.need(time)
        return time
    found = [column for column in map(str, records.frame.columns) if column in _TIMES]
    if not found:
        has = ", ".join(map(str, records.frame.columns))
        raise InvalidInputError(
            f"{records.path}, line 1: must name a time column ({', '.join(_TIMES)}); it has {has}; "
            f"give time="
        )
    return found[0]


def _value_columns(records: Records, clock: str, values: str | Iterable[str] | None) -> list[str]:
    if values is not None:
        chosen = [values] if isinstance(values, str) else list(values)
        if clock in chosen:
            raise InvalidInputError(f"values= must not name the time column {clock!r}")
        if not chosen:
            raise InvalidInputError("values= must name at least one column")
        return list(dict.fromkeys(chosen))
    others = [column for column in map(str, records.frame.columns) if column != clock]
    named = [column for column in others if column in _VALUES]
    if not others:
        raise InvalidInputError(f"{records.path}, line 1: must have a column beside {clock}")
    return named or others
