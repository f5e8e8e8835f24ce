"""Traces to CSV and Parquet files that the readers read back equal."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, fspath
from typing import TYPE_CHECKING

import pandas as pd

from fairlead.errors import BackendUnavailableError, InvalidInputError

if TYPE_CHECKING:
    from fairlead.traces.trace import Trace

__all__ = ["write_csv", "write_parquet"]

_Path = str | PathLike[str]


def write_csv(trace: Trace, path: _Path, nodes: _Path | None, events: _Path | None) -> None:
    """The tables as CSV files, each as `Trace.to_csv` says.

    Raises
    ------
    InvalidInputError
        A file cannot be written.
    """
    _write(trace, path, nodes, events, lambda frame, to: frame.to_csv(to, index=False))


def write_parquet(trace: Trace, path: _Path, nodes: _Path | None, events: _Path | None) -> None:
    """The tables as Parquet files, each as `Trace.to_parquet` says.

    Raises
    ------
    BackendUnavailableError
        PyArrow is not installed.
    InvalidInputError
        A file cannot be written, or a column mixes types.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise BackendUnavailableError(
            "writing Parquet needs PyArrow: pip install fairlead[parquet]"
        ) from error
    _write(
        trace,
        path,
        nodes,
        events,
        lambda frame, to: _with_text_labels(frame).to_parquet(to, index=False),
    )


def _with_text_labels(frame: pd.DataFrame) -> pd.DataFrame:
    """Labels of which a column has none, as text: Arrow cannot tell the type of no objects."""
    for name in frame.columns[frame.dtypes == "category"]:
        labels = frame[name].cat.categories
        if labels.empty and labels.dtype == object:  # as text is with pandas 2
            frame = frame.assign(**{name: frame[name].cat.set_categories(labels.astype("string"))})
    return frame


def _write(
    trace: Trace,
    path: _Path,
    nodes: _Path | None,
    events: _Path | None,
    write: Callable[[pd.DataFrame, str], object],
) -> None:
    for frame, to in ((trace.jobs, path), (trace.nodes, nodes), (trace.events, events)):
        if to is None:
            continue
        try:
            write(frame, fspath(to))
        except (OSError, ValueError, TypeError) as error:  # Arrow's errors are among these
            raise InvalidInputError(f"{fspath(to)!r} cannot be written: {error}") from error
