"""A demand frame (``unique_id``, ``ds``, ``y``) as the core takes it: regular series end to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_name, freq_ns
from fairlead.tables import TimeKind
from fairlead.tables.frames import Bools, Floats, Ints, Table
from fairlead.tables.times import read_times

__all__ = ["MAX_VALUES", "DemandSeries", "read_demand"]

#: More values than this in one table are taken for a mistake in the times or the frequency.
MAX_VALUES = 200_000_000
# The core squares and sums demand; beyond this it could not.
_LARGEST = 1e100


@dataclass(frozen=True, eq=False)
class DemandSeries:
    """Series at equal steps, one after another.

    Attributes
    ----------
    ids : array
        One per series, by first appearance.
    values : float64 array
        Demand; NaN = missing. A series begins with its first known value.
    offsets : int64 array
        Series i is ``values[offsets[i]:offsets[i + 1]]``.
    ends : float64 array
        The value at the end of each interval, of which that in ``values`` is the mean; NaN =
        unknown. Empty if no such values came.
    start_ns : int64 array
        Start of the first interval of each series, ns.
    step_ns : int
        Length of an interval, ns.
    time : TimeKind
        Turns nanoseconds back into the kind of time that came.
    """

    ids: NDArray[Any]
    values: Floats
    ends: Floats
    offsets: Ints
    start_ns: Ints
    step_ns: int
    time: TimeKind

    @property
    def lengths(self) -> Ints:
        """Intervals of each series."""
        return np.diff(self.offsets)

    @property
    def phase(self) -> Ints:
        """Whole steps from the epoch to each start: the place in day and week."""
        return self.start_ns // self.step_ns

    def of(self, i: int) -> Floats:
        """The values of one series."""
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def ends_of(self, i: int) -> Floats:
        """The values at the ends of its intervals; empty if none came."""
        return self.ends[self.offsets[i] : self.offsets[i + 1]]

    def times_ns(self, series: NDArray[Any], first: Ints, count: int) -> Ints:
        """Starts of `count` intervals from place `first` on, for each of the given series."""
        steps = first[:, None] + np.arange(count)
        times: Ints = (self.start_ns[series][:, None] + steps * self.step_ns).ravel()
        return times


def read_demand(demand: Any, freq: Any = None) -> DemandSeries:
    """Check a demand frame and lay its series out at equal steps.

    Parameters
    ----------
    demand : pandas, Polars or Arrow frame
        ``ds`` (start of the interval: datetime, ISO text or s), ``y`` (0 or more, or missing) and
        optionally ``unique_id`` and ``y_end`` (as ``y``), in any row order. Intervals without a row
        are missing.
    freq : str, timedelta or s, optional
        Length of the intervals; by default the smallest distance between two rows of a series.

    Returns
    -------
    DemandSeries

    Raises
    ------
    InvalidInputError
        No rows, a series without a known value, times that are missing, repeated or not on a
        regular grid, or demand that is negative or infinite; names the row.

    Examples
    --------
    >>> frame = pd.DataFrame({"ds": [0, 3600, 10800], "y": [4.0, 5.0, 7.0]})
    >>> read_demand(frame).values.tolist()
    [4.0, 5.0, nan, 7.0]
    """
    table = Table(demand, "demand", "unique_id")
    if table.n == 0:
        raise InvalidInputError("demand has no rows; a forecast needs at least one known value")
    time_ns, missing, kind = read_times(table, "ds")
    if missing is not None:
        raise table.bad("ds", missing, "present", "drop the row or mend the cell")
    codes, ids = _series_of(table)
    y = _demand(table, "y")
    order = _order(codes, time_ns)
    if order is not None:
        codes, time_ns, y = codes[order], time_ns[order], y[order]
    step_ns = _step(table, codes, time_ns, order, freq)
    rows = slice(None) if order is None else order
    unknown = np.isnan(y)
    if unknown.any():
        keep = np.arange(table.n) >= _first_known(codes, ~unknown, ids)[codes]
        codes, time_ns, y, rows = (
            codes[keep],
            time_ns[keep],
            y[keep],
            np.arange(table.n)[rows][keep],
        )
    ends = np.append(np.flatnonzero(np.diff(codes)), len(codes) - 1)
    start_ns = time_ns[np.append(0, ends[:-1] + 1)]
    lengths = (time_ns[ends] - start_ns) // step_ns + 1
    offsets = np.append(0, np.cumsum(lengths))
    if offsets[-1] > MAX_VALUES:
        raise InvalidInputError(
            f"demand['ds'] spans {offsets[-1]:,} intervals of {freq_name(step_ns)}, most of them "
            f"without a row; mend the times or give freq="
        )
    place = offsets[codes] + (time_ns - start_ns[codes]) // step_ns
    values = _at(place, y, offsets[-1])
    has_ends = "y_end" in table
    ends = _at(place, _demand(table, "y_end")[rows], offsets[-1]) if has_ends else np.empty(0)
    return DemandSeries(ids, values, ends, offsets, start_ns, step_ns, kind)


def _at(place: Ints, y: Floats, size: int) -> Floats:
    """A column with `y` at these places and nothing known elsewhere."""
    column = np.full(size, np.nan)
    column[place] = y
    return column


def _series_of(table: Table) -> tuple[NDArray[Any], NDArray[Any]]:
    """The series of each row, and the names, in order of first appearance."""
    if "unique_id" not in table:
        return np.zeros(table.n, dtype=np.int64), np.array(["all"], dtype=object)
    native = table.series("unique_id").to_native()
    named = native if isinstance(native, pd.Series) else table.series("unique_id").to_numpy()
    codes, ids = pd.factorize(named)
    table.require(codes >= 0, "unique_id", "present", "name the series of every row")
    return codes, np.asarray(ids)


def _order(codes: Ints, time_ns: Ints) -> Ints | None:
    """The rows by series and time; None if they come so."""
    changes = np.diff(codes)
    if bool(((changes > 0) | ((changes == 0) & (np.diff(time_ns) > 0))).all()):
        return None
    return np.lexsort((time_ns, codes))


def _demand(table: Table, column: str) -> Floats:
    numbers = table.numbers(column)
    y: Floats = numbers.data.astype(np.float64)
    if numbers.missing is not None:
        y[numbers.missing] = np.nan
    table.require(
        (y >= 0) & (y <= _LARGEST), column, "0 or more and finite", "mend the value", np.isnan(y)
    )
    return y


def _step(table: Table, codes: Ints, time_ns: Ints, order: Ints | None, freq: Any) -> int:
    """The interval length; every distance within a series is a multiple of it."""
    inner = np.diff(codes) == 0
    gaps = np.diff(time_ns)[inner]

    def rows(bad: Bools) -> Bools:
        """The input rows at the far end of these gaps."""
        later = np.flatnonzero(inner)[bad] + 1
        marked = np.zeros(table.n, dtype=bool)
        marked[later if order is None else order[later]] = True
        return marked

    if (gaps == 0).any():
        raise table.bad("ds", rows(gaps == 0), "distinct in a series", "add or drop the rows")
    if freq is None and len(gaps) == 0:
        raise InvalidInputError(
            "the interval length cannot be told from one row a series; give freq=, such as '1h'"
        )
    step_ns = int(gaps.min()) if freq is None else freq_ns(freq)
    uneven = gaps != step_ns
    uneven[uneven] = gaps[uneven] % step_ns != 0  # division is slow, and gaps are rare
    if uneven.any():
        what = f"a multiple of {freq_name(step_ns)} after the first of its series"
        raise table.bad("ds", rows(uneven), what, "round the times or give freq=")
    return step_ns


def _first_known(codes: Ints, known: Bools, ids: NDArray[Any]) -> Ints:
    """The first sorted row of each series that has a value."""
    rows = np.flatnonzero(known)
    named, at = np.unique(codes[rows], return_index=True)
    if len(named) < len(ids):
        lacking = np.setdiff1d(np.arange(len(ids)), named)[0]
        raise InvalidInputError(
            f"demand['y'] of series {ids[lacking]!r} has no known value; drop the series"
        )
    first: Ints = rows[at]
    return first
