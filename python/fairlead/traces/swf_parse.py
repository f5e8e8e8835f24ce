"""The data lines of a log as columns: fast where all is well, slow only to name what is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import MAX_SECONDS
from fairlead.traces.source import fail

__all__ = ["FIELDS", "N_FIELDS", "Records", "parse"]

FIELDS = (
    "1 (job number)",
    "2 (submit time)",
    "3 (wait time)",
    "4 (run time)",
    "5 (allocated processors)",
    "6 (mean CPU time)",
    "7 (used memory)",
    "8 (requested processors)",
    "9 (requested time)",
    "10 (requested memory)",
    "11 (status)",
    "12 (user)",
    "13 (group)",
    "14 (executable)",
    "15 (queue)",
    "16 (partition)",
    "17 (preceding job)",
    "18 (think time)",
)
N_FIELDS = len(FIELDS)

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# Fields (from 0) that must be whole, or within the range of times.
_WHOLE = (0, 4, 7)
_TIMES = (1, 3, 8)
_MAX_WHOLE = 2.0**53


@dataclass(frozen=True)
class Records:
    """The well-formed data lines.

    Attributes
    ----------
    fields : list of array
        18 columns, int64 or float64.
    body : bytes
        The file after its header.
    lines_before : int
        Lines of the header.
    malformed : int
        Lines that were dropped.
    kept : tuple of int, optional
        Lines of the records, where some were dropped.
    """

    fields: list[NDArray[Any]]
    body: bytes
    lines_before: int
    malformed: int = 0
    kept: tuple[int, ...] | None = None

    @property
    def read(self) -> int:
        """Data lines, dropped ones included."""
        return len(self.fields[0]) + self.malformed

    def line_of(self, row: int) -> int:
        """Line in the file of a record, from 1; found by counting, as only errors ask."""
        if self.kept is not None:
            return self.kept[row]
        return next(islice(_data_lines(self.body, self.lines_before), row, None))[0]


def parse(path: str, body: bytes, lines_before: int, on_error: str) -> Records:
    """The data lines after the header.

    Raises
    ------
    InvalidInputError
        No data, or (with ``on_error="raise"``) a malformed line; names file, line and column.
    """
    if next(_data_lines(body, lines_before), None) is None:
        raise fail(path, lines_before + 1, 1, "no data line: the log holds no jobs")
    fields = _parse_all(body)
    if fields is not None and _out_of_range(fields) is None:
        return Records(fields, body, lines_before)
    return _parse_each(path, body, lines_before, on_error)


def _data_lines(body: bytes, lines_before: int) -> Iterator[tuple[int, bytes]]:
    """Number and text of the lines that are neither blank nor comments."""
    for number, line in enumerate(BytesIO(body), lines_before + 1):
        text = line.split(b";", 1)[0].strip()
        if text:
            yield number, text


def _parse_all(body: bytes) -> list[NDArray[Any]] | None:
    """All fields by the C parser; None where any line is not 18 numbers."""
    try:
        frame = pd.read_csv(
            BytesIO(body),
            sep=r"\s+",
            header=None,
            names=range(N_FIELDS + 1),
            comment=";",
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
        )
    except (ValueError, OverflowError, pd.errors.ParserError, UnicodeError):
        return None
    # A 19th field means a line too long; surplus fields of the first line become an index.
    if not isinstance(frame.index, pd.RangeIndex) or frame[N_FIELDS].notna().any():
        return None
    columns = [frame[i].to_numpy() for i in range(N_FIELDS)]
    numeric = all(c.dtype.kind in "if" and bool(np.isfinite(c).all()) for c in columns)
    return columns if numeric else None


def _out_of_range(fields: list[NDArray[Any]]) -> tuple[int, int] | None:
    """Record and field of a value that no log can hold, or None."""
    for i in _WHOLE:
        bad = (fields[i] != np.trunc(fields[i])) | (np.abs(fields[i]) > _MAX_WHOLE)
        if bad.any():
            return int(bad.argmax()), i
    for i in _TIMES:
        bad = fields[i] > MAX_SECONDS
        if bad.any():
            return int(bad.argmax()), i
    return None


def _parse_each(path: str, body: bytes, lines_before: int, on_error: str) -> Records:
    """Line by line, to name or to drop the malformed ones."""
    records, kept, malformed = [], [], 0
    for number, text in _data_lines(body, lines_before):
        try:
            records.append(_parse_line(path, number, text))
        except InvalidInputError:
            if on_error == "raise":
                raise
            malformed += 1
        else:
            kept.append(number)
    table = np.array(records, dtype=np.float64).reshape(-1, N_FIELDS)
    fields: list[NDArray[Any]] = [np.ascontiguousarray(column) for column in table.T]
    return Records(fields, body, lines_before, malformed, tuple(kept))


def _parse_line(path: str, number: int, text: bytes) -> list[float]:
    parts = text.split()
    values: list[float] = []
    for field, part in zip(FIELDS, parts, strict=False):
        if not _NUMBER.fullmatch(part) or not isfinite(float(part)):
            shown = part[:40].decode("utf-8", "backslashreplace")
            raise fail(path, number, field, f"must be a number; got {shown!r}; {_WAY_OUT}")
        values.append(float(part))
    if len(parts) != N_FIELDS:
        field = FIELDS[len(parts)] if len(parts) < N_FIELDS else str(N_FIELDS + 1)
        raise fail(
            path, number, field, f"must be a line of 18 fields; got {len(parts)}; {_WAY_OUT}"
        )
    problem = _out_of_range([np.array([value]) for value in values])
    if problem is not None:
        field = FIELDS[problem[1]]
        limit = "whole and below 2**53" if problem[1] in _WHOLE else f"at most {MAX_SECONDS:.1e} s"
        raise fail(path, number, field, f"must be {limit}; got {values[problem[1]]:g}; {_WAY_OUT}")
    return values


_WAY_OUT = "mend the line or pass on_error='drop'"
