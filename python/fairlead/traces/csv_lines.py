"""The records of a CSV file, with the line each stands on."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import BytesIO, StringIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.traces.source import fail, line_at

__all__ = ["separator_of", "split_records"]

_SEPARATORS = ",;\t|"


def separator_of(first_line: str) -> str | None:
    """The separator that is most frequent in a header line; None if there is none.

    Examples
    --------
    >>> separator_of("submit;gpus;limit")
    ';'
    """
    counts = {separator: first_line.count(separator) for separator in _SEPARATORS}
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] else None


def split_records(
    path: str,
    data: bytes,
    separator: str | None,
    on_error: str,
    as_text: Iterable[str] = (),
) -> tuple[pd.DataFrame, NDArray[np.int64], int]:
    """The records as a frame, the line of each (from 1), and how many malformed were dropped.

    Columns named in ``as_text`` stay text where their cells look like numbers.

    Raises
    ------
    InvalidInputError
        Not UTF-8 text, no records, a bad header, or a record whose number of fields is not the
        header's; names file, line and column.
    """
    text = _decoded(path, data)
    separator = _checked(separator) or separator_of(_first_line(text)) or ","
    lines = _even_lines(data, text, separator)
    if lines is not None:
        _check_table(path, _first_line(text).split(separator), lines)
        return _frame(path, data, separator, as_text), lines[1:], 0
    rows, lines = _rows(path, text, separator)
    _check_table(path, rows[0] if rows else [], lines)
    good = _good_rows(path, rows, lines, on_error)
    cleaned = StringIO()
    csv.writer(cleaned, delimiter=separator).writerows([rows[0], *(rows[i] for i in good)])
    frame = _frame(path, cleaned.getvalue().encode(), separator, as_text)
    return frame, lines[good], len(rows) - 1 - len(good)


def _decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = line_at(data, error.start)
        raise fail(path, line, column, "not UTF-8 text; convert the file") from error


def _checked(separator: str | None) -> str | None:
    if separator is not None and (len(separator) != 1 or separator in '"\r\n '):
        raise InvalidInputError(f"separator must be one character, got {separator!r}")
    return separator


def _first_line(text: str) -> str:
    return text.lstrip().split("\n", 1)[0]


def _even_lines(data: bytes, text: str, separator: str) -> NDArray[np.int64] | None:
    """Line numbers of the records where the plain case holds: a line each, all of one width."""
    if '"' in text or "\r" in text.replace("\r\n", "\n") or ord(separator) > 127:
        return None
    octets = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    marks = np.flatnonzero(octets == ord(separator))
    fields = np.searchsorted(marks, ends) - np.searchsorted(marks, starts)
    filled = (ends > starts) & ~((ends == starts + 1) & (octets[starts] == ord("\r")))
    fields = fields[filled]
    if len(fields) == 0 or (fields != fields[0]).any():
        return None
    return np.flatnonzero(filled) + 1


def _rows(path: str, text: str, separator: str) -> tuple[list[list[str]], NDArray[np.int64]]:
    """All records by the slow reader, which knows quotes, and the line each begins on."""
    rows: list[list[str]] = []
    lines = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise fail(path, max(begins, reader.line_num), 1, f"quotes are broken ({error})") from error
    return rows, np.array(lines, dtype=np.int64)


def _good_rows(
    path: str, rows: list[list[str]], lines: NDArray[np.int64], on_error: str
) -> list[int]:
    """Positions of the records that are as wide as the header."""
    width = len(rows[0])
    good = [i for i, row in enumerate(rows) if i > 0 and len(row) == width]
    if on_error == "raise" and len(good) < len(rows) - 1:
        bad = next(i for i, row in enumerate(rows) if i > 0 and len(row) != width)
        column = min(len(rows[bad]), width) + 1
        complaint = f"must be a line of {width} fields, as the header; got {len(rows[bad])}"
        remedy = "mend the line or pass on_error='drop'"
        raise fail(path, int(lines[bad]), column, f"{complaint}; {remedy}")
    return good


def _check_table(path: str, names: list[str], lines: NDArray[np.int64]) -> None:
    """A header that names every column once, and at least one record."""
    if len(lines) == 0:
        raise fail(path, 1, 1, "no header and no records")
    stripped = [name.strip() for name in names]
    for i, name in enumerate(stripped):
        if not name or name in stripped[:i]:
            what = f"{name!r} stands twice" if name else "a column has no name"
            raise fail(path, int(lines[0]), i + 1, f"the header must name each column once; {what}")
    if len(lines) == 1:
        raise fail(path, int(lines[0]) + 1, 1, "no records after the header")


def _frame(path: str, data: bytes, separator: str, as_text: Iterable[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            BytesIO(data),
            sep=separator,
            index_col=False,
            low_memory=False,
            dtype=dict.fromkeys(as_text, "str"),
        )
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise fail(path, 1, 1, f"not sound CSV ({error})") from error
    frame.columns = frame.columns.str.strip()
    return frame
