"""Telling a delimited format by the first line of a file."""

from __future__ import annotations

from collections.abc import Sequence

from fairlead.traces.csv_lines import separator_of

__all__ = ["header_names"]

_MARK = b"\xef\xbb\xbf"


def header_names(head: bytes, columns: Sequence[str]) -> str | None:
    """Why the first line of a file is not a header with these columns; None if it is.

    Examples
    --------
    >>> header_names(b"size, time,name", ("name", "time"))
    >>> header_names(b"a,time", ("name", "time"))
    'the first line names no column name'
    """
    first = head.removeprefix(_MARK).lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    names = [name.strip().strip('"') for name in first.split(separator_of(first) or ",")]
    missing = [column for column in columns if column not in names]
    return f"the first line names no column {missing[0]}" if missing else None
