"""The demand of a trace, series by series: steps, zeros, flat stretches, rare peaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.tables import TimeKind
from fairlead.traces.trace import Trace

__all__ = ["DemandView"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Part of the steps that are looked at as peaks.
_PEAKS = 0.01


@dataclass(frozen=True, eq=False)
class DemandView:
    """The demand table as arrays.

    Attributes
    ----------
    trace : Trace
    """

    trace: Trace

    @cached_property
    def times_s(self) -> Floats:
        """Times of the values (s), since 1970 where they are dates."""
        ds = self.trace.demand["ds"]
        if self.kind.name == "seconds":
            return ds.to_numpy(dtype=np.float64)
        utc = ds.dt.tz_convert("UTC").dt.tz_localize(None) if ds.dt.tz is not None else ds
        ns = utc.dt.as_unit("ns").to_numpy().view(np.int64)
        return np.asarray(ns / 1e9)

    @property
    def kind(self) -> TimeKind:
        """Whether times are dates, and in which zone."""
        ds = self.trace.demand["ds"]
        if pd.api.types.is_datetime64_any_dtype(ds):
            return TimeKind("datetime", ds.dt.tz)
        return TimeKind("seconds")

    @cached_property
    def amounts(self) -> Floats:
        """The values; NaN where one is missing."""
        return self.trace.demand["y"].to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def rows(self) -> dict[str, Ints]:
        """Rows of each series, by time."""
        codes, names = pd.factorize(self.trace.demand["unique_id"])
        order = np.lexsort((self.times_s, codes)).astype(np.int64)
        parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
        return {str(name): part for name, part in zip(names, parts, strict=True)}

    @cached_property
    def span_s(self) -> float:
        """From the first time to the last."""
        return float(np.ptp(self.times_s))

    @cached_property
    def series(self) -> pd.DataFrame:
        """One row a series, by name: ``values``; ``step_s``, the most frequent; ``uneven``, steps
        that are others; ``missing``, ``negative`` and ``zero`` values; ``flat_s``, the longest time
        at one value above 0; ``peak_frac``, part of the squared deviations in the highest steps.
        """
        told = {
            name: _measured(self.times_s[rows], self.amounts[rows])
            for name, rows in self.rows.items()
        }
        columns = ["values", "step_s", "uneven", "missing", "negative", "zero", "flat_s"]
        return pd.DataFrame.from_dict(told, orient="index", columns=[*columns, "peak_frac"])


def _measured(times: Floats, values: Floats) -> tuple[float, ...]:
    steps = np.diff(times)
    step, uneven = float("nan"), 0
    if steps.size:
        sizes, numbers = np.unique(steps, return_counts=True)
        step = float(sizes[numbers.argmax()])
        uneven = int((steps != step).sum())
    known = values[np.isfinite(values)]
    return (
        values.size,
        step,
        uneven,
        values.size - known.size,
        int((known < 0).sum()),
        int((known == 0).sum()),
        _longest_flat_s(times, values),
        _peak_frac(known),
    )


def _longest_flat_s(times: Floats, values: Floats) -> float:
    ends = np.append(np.flatnonzero(np.diff(values) != 0), values.size - 1)
    begins = np.append(0, ends[:-1] + 1)
    lengths = np.where(values[begins] > 0, times[ends] - times[begins], 0.0)
    return float(lengths.max(initial=0.0))


def _peak_frac(values: Floats) -> float:
    if not values.size:
        return 0.0
    squares = np.sort((values - values.mean()) ** 2)
    peaks = max(1, int(_PEAKS * squares.size))
    return float(squares[-peaks:].sum() / max(float(squares.sum()), 1e-300))
