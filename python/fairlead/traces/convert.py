"""Columns of a file to our units: numbers from text, other units, times in other formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.tables import RESOURCES, Table
from fairlead.tables.times import text_to_times

__all__ = ["convert"]

_NUMERIC = (
    "duration_s",
    "limit_s",
    "tasks",
    "tasks_per_node",
    *RESOURCES,
    "gpu_memory_gib",
    "priority",
    "urgency",
)

# What one of theirs is in ours, as numerator and denominator, so that whole numbers stay exact.
_TIME = {
    "ns": (1, 10**9),
    "us": (1, 10**6),
    "ms": (1, 1000),
    "s": (1, 1),
    "min": (60, 1),
    "h": (3600, 1),
    "d": (86400, 1),
}
_BYTES = {
    "B": (1, 2**30),
    "KB": (10**3, 2**30),
    "MB": (10**6, 2**30),
    "GB": (10**9, 2**30),
    "TB": (10**12, 2**30),
    "KiB": (1, 2**20),
    "MiB": (1, 2**10),
    "GiB": (1, 1),
    "TiB": (2**10, 1),
}
_COUNT = {"milli": (1, 1000), "%": (1, 100)}
_MAX_EXACT = 2**62


def convert(frame: pd.DataFrame, units: Mapping[str, str], time_format: str | None) -> pd.DataFrame:
    """The frame with numbers in our units and ``submit_time`` as numbers or datetimes.

    Raises
    ------
    CellError
        Text where a number or a time is expected; names the row.
    InvalidInputError
        An unknown unit, or a unit for a column that is not there.

    Examples
    --------
    >>> frame = pd.DataFrame({"submit_time": [0], "memory_gib": [512]})
    >>> convert(frame, {"memory_gib": "MiB"}, None)["memory_gib"].tolist()
    [0.5]
    """
    made = frame.copy(deep=False)
    table = Table(frame, "jobs", "job_id")
    for column in units:
        if column not in made:
            raise InvalidInputError(f"units= names a column {column!r}, which is not there")
    for column in made.columns:
        if column in _NUMERIC or column in units:
            made[column] = _numbers(table, column)
    if "submit_time" in made:
        made["submit_time"] = _times(table, made["submit_time"], time_format)
    for column, unit in units.items():
        made[column] = _scaled(column, made[column], unit)
    return made


def _numbers(table: Table, column: str) -> pd.Series[Any]:
    values: pd.Series[Any] = table.native[column]
    if not _is_text(values):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    bad = (numbers.isna() & values.notna()).to_numpy()
    table.require(~bad, column, "a number", "mend the cell")
    return numbers


def _times(table: Table, values: pd.Series[Any], time_format: str | None) -> pd.Series[Any]:
    if not _is_text(values):
        return values
    if time_format is None:
        numbers = pd.to_numeric(values, errors="coerce")
        # Mostly numbers: a bad cell among seconds, not a column of dates.
        if numbers.notna().sum() * 2 > values.notna().sum():
            bad = (numbers.isna() & values.notna()).to_numpy()
            table.require(~bad, "submit_time", "a number of seconds", "mend the cell")
            return numbers
    wanted = time_format or "ISO8601"
    times = text_to_times(values, wanted)
    bad = (times.isna() & values.notna()).to_numpy()
    remedy = "mend the cell, or give time_format="
    table.require(~bad, "submit_time", f"a time ({wanted}) or seconds", remedy)
    return times


def _is_text(values: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values))


def _scaled(column: str, values: pd.Series[Any], unit: str) -> pd.Series[Any]:
    table = _BYTES if column.endswith("_gib") else _COUNT
    if column.endswith("_s") or column == "submit_time":
        table = _TIME
    if unit not in table:
        raise InvalidInputError(
            f"units[{column!r}] must be one of {', '.join(table)}; got {unit!r}"
        )
    if not pd.api.types.is_numeric_dtype(values):
        raise InvalidInputError(f"units[{column!r}] is for numbers, but the column holds times")
    numerator, denominator = table[unit]
    if pd.api.types.is_integer_dtype(values) and denominator == 1:
        largest = int(np.abs(values.to_numpy(dtype=np.float64)).max(initial=0.0))
        if largest * numerator < _MAX_EXACT:
            return values * numerator
    return values * float(numerator) / float(denominator)
