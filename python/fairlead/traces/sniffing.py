"""Telling a delimited format by the first line of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fairlead.traces.csv_lines import separator_of

__all__ = ["by_header", "header_names"]


def by_header(*headers: Sequence[str]) -> Callable[[str, bytes], str | None]:
    """Tell a format by its header line: one of these lists of columns, in any order.

    The reason against a file is that of the first list.

    Examples
    --------
    >>> why_not = by_header(("time", "jobs"), ("time", "gpus"))
    >>> why_not("a.csv", b"gpus,time,user\\n")
    >>> why_not("a.csv", b"time,user\\n")
    'the first line names no column jobs'
    """

    def why_not(name: str, head: bytes) -> str | None:
        reasons = [header_names(head, columns) for columns in headers]
        return None if None in reasons else reasons[0]

    return why_not


def header_names(head: bytes, columns: Sequence[str]) -> str | None:
    """Why the first line of a file is not a header with these columns; None if it is.

    Examples
    --------
    >>> header_names(b"size, time,name", ("name", "time"))
    >>> header_names(b"a,time", ("name", "time"))
    'the first line names no column name'
    """
    first = head.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    names = [name.strip().strip('"') for name in first.split(separator_of(first) or ",")]
    missing = [column for column in columns if column not in names]
    return f"the first line names no column {missing[0]}" if missing else None
