"""The formats that can be read, and how a file is recognised."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from fairlead.errors import InvalidInputError
from fairlead.traces.source import read_head
from fairlead.traces.swf import read_swf, sniff_swf
from fairlead.traces.tabular import read_csv, read_parquet, sniff_csv, sniff_parquet
from fairlead.traces.trace import Trace

__all__ = ["formats", "load"]


@dataclass(frozen=True)
class _Format:
    """A reader, the endings it claims, and a function that says why a file is not its own."""

    description: str
    endings: tuple[str, ...]
    read: Callable[..., Trace]
    why_not: Callable[[str, bytes], str | None]


_FORMATS = {
    "swf": _Format(
        "Standard Workload Format of the Parallel Workloads Archive", (".swf",), read_swf, sniff_swf
    ),
    "parquet": _Format(
        "Parquet with a column map", (".parquet", ".pq"), read_parquet, sniff_parquet
    ),
    "csv": _Format(
        "CSV with a header line and a column map", (".csv", ".tsv"), read_csv, sniff_csv
    ),
}


def formats() -> dict[str, str]:
    """The formats `load` can read, each with a description.

    Examples
    --------
    >>> sorted(formats())
    ['csv', 'parquet', 'swf']
    """
    return {name: known.description for name, known in _FORMATS.items()}


def load(path: str | PathLike[str], format: str | None = None, **options: Any) -> Trace:
    """Read a trace; the format is told by the file's ending, else by its content.

    Parameters
    ----------
    path : path
        Plain or gzip.
    format : str, optional
        One of `formats`.
    **options
        Those of the reader: see `read_swf`, `read_csv`, `read_parquet`.

    Returns
    -------
    Trace

    Raises
    ------
    InvalidInputError
        No format fits, an option is unknown, or the file is malformed (names line and column).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.csv"
    >>> _ = file.write_text("submit_time,duration_s,gpus\\n0,60,1\\n")
    >>> load(file).meta.format
    'csv'
    """
    name = _sniff(path) if format is None else format
    if name not in _FORMATS:
        raise InvalidInputError(f"format must be one of {', '.join(_FORMATS)}; got {name!r}")
    reader = _FORMATS[name].read
    known = [option for option in inspect.signature(reader).parameters if option != "path"]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise InvalidInputError(
            f"the {name} reader has no option {unknown[0]!r}; it has {', '.join(known)}"
        )
    return reader(path, **options)


def _sniff(path: str | PathLike[str]) -> str:
    lowered = fspath(path).lower().removesuffix(".gz")
    for name, known in _FORMATS.items():
        if lowered.endswith(known.endings):
            return name
    head = read_head(path)
    reasons = {name: known.why_not(lowered, head) for name, known in _FORMATS.items()}
    for name, reason in reasons.items():
        if reason is None:
            return name
    told = "; ".join(f"not {name}: {reason}" for name, reason in reasons.items())
    raise InvalidInputError(
        f"{fspath(path)!r} is in no known format ({told}); name it with format="
    )
