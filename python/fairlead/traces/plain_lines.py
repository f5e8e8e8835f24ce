"""Text tables without quotes (Slurm, headerless dumps) as text columns, checked line by line."""

from __future__ import annotations

import csv
from collections.abc import Container, Sequence
from io import BytesIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.traces.source import fail, line_at

__all__ = ["split_plain"]


def split_plain(
    path: str,
    data: bytes,
    separator: str,
    on_error: str,
    names: Sequence[str] | None = None,
    wanted: Container[str] | None = None,
) -> tuple[pd.DataFrame, NDArray[np.int64], int]:
    """The records as text columns, the line of each (from 1), and how many malformed were dropped.

    Parameters
    ----------
    path : str
        Name of the file, for messages.
    data : bytes
        UTF-8 text; a quote is a character like any other.
    separator : str
        One ASCII character.
    on_error : {"raise", "drop"}
        What a line of another number of fields does.
    names : sequence of str, optional
        Names of the columns; else the first line has them.
    wanted : container of str, optional
        Lower-case names of the columns to give; else all.

    Raises
    ------
    InvalidInputError
        Not UTF-8, no records, a bad header, or a line of another width; names line and column.

    Examples
    --------
    >>> frame, lines, _ = split_plain("a.txt", b"JobID|State\\n\\n1|RUNNING\\n", "|", "raise")
    >>> frame.values.tolist(), lines.tolist()
    ([['1', 'RUNNING']], [3])
    """
    data = data.replace(b"\r\n", b"\n")
    _check_encoding(path, data)
    octets = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    marks = np.flatnonzero(octets == ord(separator))
    fields = np.searchsorted(marks, ends) - np.searchsorted(marks, starts) + 1
    filled = np.flatnonzero(ends > starts)
    lines = filled + 1
    if names is None:
        head = data[starts[filled[0]] : ends[filled[0]]].decode()
        names = _header_names(path, head, separator, int(lines[0]))
        width, filled, lines = head.count(separator) + 1, filled[1:], lines[1:]
    else:
        width = len(names)
    if len(lines) == 0:
        raise fail(path, 2, 1, "no records after the header")
    good = fields[filled] == width
    if not good.all():
        _refuse_width(path, lines, fields[filled], good, width, on_error)
        body = b"".join(data[starts[i] : ends[i] + 1] for i in filled[good])
    else:
        body = data[starts[filled[0]] :]
    chosen = {i: n for i, n in enumerate(names) if wanted is None or n.lower() in wanted}
    return _frame(body, separator, chosen, width), lines[good], int((~good).sum())


def _check_encoding(path: str, data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = line_at(data, error.start)
        raise fail(path, line, column, "not UTF-8 text; convert the file") from error


def _header_names(path: str, head: str, separator: str, line: int) -> list[str]:
    names = [name.strip() for name in head.split(separator)]
    if names[-1] == "":  # sacct -p ends every line with a bar
        names = names[:-1]
    for i, name in enumerate(names):
        if not name or name in names[:i]:
            what = f"{name!r} stands twice" if name else "a column has no name"
            raise fail(path, line, i + 1, f"the header must name each column once; {what}")
    return names


def _refuse_width(
    path: str,
    lines: NDArray[np.int64],
    fields: NDArray[np.int64],
    good: NDArray[np.bool_],
    width: int,
    on_error: str,
) -> None:
    if on_error == "raise":
        bad = int((~good).argmax())
        complaint = f"must be a line of {width} fields; got {fields[bad]}"
        remedy = "mend the line or pass on_error='drop'"
        column = min(int(fields[bad]), width) + 1
        raise fail(path, int(lines[bad]), column, f"{complaint}; {remedy}")


def _frame(body: bytes, separator: str, chosen: dict[int, str], width: int) -> pd.DataFrame:
    if not body or not chosen:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in chosen.values()})
    frame = pd.read_csv(
        BytesIO(body),
        sep=separator,
        header=None,
        names=range(width),
        usecols=list(chosen),
        dtype="str",
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
        lineterminator="\n",
    )
    return frame.rename(columns=chosen)
