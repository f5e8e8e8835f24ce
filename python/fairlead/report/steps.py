"""Step functions with fewer steps: what a picture needs of a million changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import Table, TimeKind, to_pandas
from fairlead.tables.times import read_times

__all__ = ["BINS", "StepTable", "thinned"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Steps that are enough for the width of a page.
BINS = 360


@dataclass(frozen=True)
class StepTable:
    """A table of step functions: each row holds until the next.

    Attributes
    ----------
    ns : int64 array
        Times, ascending.
    frame : DataFrame
        The columns.
    kind : TimeKind
        What the times are to the user.
    """

    ns: Ints
    frame: pd.DataFrame
    kind: TimeKind

    @classmethod
    def of(cls, steps: Any, time: str = "time") -> StepTable:
        """From a frame with a column of times.

        Raises
        ------
        InvalidInputError
            No rows.
        """
        frame = to_pandas(steps, "steps")
        if frame.empty:
            raise InvalidInputError("there is nothing to draw: no job was submitted")
        ns, _, kind = read_times(Table(frame, "steps"), time)
        return cls(ns, frame, kind)

    @property
    def resources(self) -> list[str]:
        """What ``used_`` and ``capacity_`` columns are of; devices first, then CPUs."""
        names = [c.removeprefix("used_") for c in self.frame.columns if c.startswith("used_")]
        first = ("gpus", "tpus", "fpgas", "cpus")
        return sorted(names, key=lambda r: first.index(r) if r in first else len(first))

    def thin(
        self, column: str, how: Literal["mean", "max"] = "mean", bins: int = BINS
    ) -> tuple[Ints, Floats]:
        """One column as times and values, with the last time repeated to end the last step."""
        return thinned(self.ns, self.frame[column].to_numpy(float), how, bins)


def thinned(
    ns: Ints, values: Floats, how: Literal["mean", "max"] = "mean", bins: int = BINS
) -> tuple[Ints, Floats]:
    """A step function with at most `bins` steps.

    Parameters
    ----------
    ns : int64 array
        When each step begins, ascending; the last begins the end.
    values : float array
    how : {"mean", "max"}
        What stands for the steps of a bin: their time-weighted mean, or their largest.
    bins : int

    Returns
    -------
    tuple of array
        Times and values; both as they came where there are few.

    Examples
    --------
    >>> times, values = np.array([0, 1, 2, 3, 4]), np.array([0.0, 4.0, 1.0, 3.0, 0.0])
    >>> at, mean = thinned(times, values, bins=2)
    >>> at.tolist(), mean.tolist()
    ([0, 2, 4], [2.0, 2.0, 2.0])
    >>> thinned(times, values, "max", bins=2)[1].tolist()
    [4.0, 3.0, 3.0]
    """
    span = int(ns[-1] - ns[0])
    if len(ns) <= bins or span < bins:
        return ns, values
    edges = ns[0] + np.arange(bins + 1, dtype=np.int64) * (span // bins)
    edges[-1] = ns[-1]
    binned = _means(ns, values, edges) if how == "mean" else _maxima(ns, values, edges)
    return edges, np.append(binned, binned[-1])


def _means(ns: Ints, values: Floats, edges: Ints) -> Floats:
    at = (ns - ns[0]).astype(np.float64)
    area = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(at))])
    bounds = (edges - ns[0]).astype(np.float64)
    means: Floats = np.diff(np.interp(bounds, at, area)) / np.diff(bounds)
    return means


def _maxima(ns: Ints, values: Floats, edges: Ints) -> Floats:
    """The largest value that holds anywhere in each bin, the one it begins with included."""
    holding = np.searchsorted(ns, edges, side="right") - 1
    first, last = holding[:-1], holding[1:]
    within: Floats = np.maximum.reduceat(values[:-1], first)
    inside = ns[last] < edges[1:]
    return np.where(inside, np.maximum(within, values[last]), within)
