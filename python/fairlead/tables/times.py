"""Times and durations of any unit and zone to int64 nanoseconds and back, exactly."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables.blocks import blocks
from fairlead.tables.frames import Bools, Floats, Ints, Numbers, Table

__all__ = [
    "MAX_SECONDS",
    "NAT",
    "TimeKind",
    "clock",
    "durations_ns",
    "ns_to_seconds",
    "read_times",
    "seconds_to_ns",
    "spans_s",
    "text_to_times",
]

#: A missing time among int64 nanoseconds (the value NumPy uses for not-a-time).
NAT = int(np.iinfo(np.int64).min)
#: Largest magnitude of a time or duration: int64 nanoseconds end at 9.223e9 s.
MAX_SECONDS = 9.2e9

_NS = 1_000_000_000
_NS_PER = {"s": _NS, "ms": 1_000_000, "us": 1_000, "ns": 1}


@dataclass(frozen=True)
class TimeKind:
    """What the times of a table are, so that results come back in the same kind.

    Attributes
    ----------
    name : {"seconds", "datetime"}
    tz : str, tzinfo or None
        Zone of zoned datetimes.
    """

    name: Literal["seconds", "datetime"] = "seconds"
    tz: str | tzinfo | None = None

    def to_frame_times(
        self, ns: Ints, *, missing: int = NAT
    ) -> Floats | NDArray[Any] | pd.DatetimeIndex:
        """Nanoseconds as a column: float64 seconds, or datetimes in the zone of the input.

        Parameters
        ----------
        ns : int64 array
            Nanoseconds since the epoch (or since the zero of the table's seconds).
        missing : int
            A value that stands for missing, besides `NAT`.

        Returns
        -------
        numpy.ndarray or pandas.DatetimeIndex
            Missing rows are NaN or NaT.

        Examples
        --------
        >>> TimeKind("seconds").to_frame_times(np.array([1_500_000_000, NAT])).tolist()
        [1.5, nan]
        """
        if missing != NAT:
            ns = np.where(ns == missing, NAT, ns)
        if self.name == "seconds":
            return ns_to_seconds(ns)
        times = ns.astype("datetime64[ns]")  # of its own: a frame may be written to
        return times if self.tz is None else pd.DatetimeIndex(times, tz="UTC").tz_convert(self.tz)

    def to_scalar(self, ns: int) -> float | pd.Timestamp:
        """One time in the kind of the table; `NAT` is NaN or NaT.

        Examples
        --------
        >>> TimeKind("seconds").to_scalar(2_000_000_000)
        2.0
        """
        column = self.to_frame_times(np.array([ns], dtype=np.int64))
        return pd.Timestamp(column[0]) if self.name == "datetime" else float(column[0])

    def to_ns(self, time: Any, what: str = "time") -> int:
        """Nanoseconds of one time given by the user: seconds, a datetime, or ISO text.

        Raises
        ------
        InvalidInputError
            Seconds were given where the table has datetimes, or the reverse; or out of range.

        Examples
        --------
        >>> TimeKind("datetime").to_ns("1970-01-01 00:00:02")
        2000000000
        """
        try:
            column = pd.Series([time]).to_frame(what)
            ns, missing, kind = read_times(Table(column, "argument"), what)
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"{what} must be a time, got {time!r}: {error}") from error
        if missing is not None or kind.name != self.name:
            raise InvalidInputError(f"{what} must be {self.describe()}, got {time!r}")
        return int(ns[0])

    def describe(self) -> str:
        """What a time of this kind looks like, in words.

        Examples
        --------
        >>> TimeKind("seconds").describe()
        'a number of seconds, as in the jobs table'
        """
        what = "a number of seconds" if self.name == "seconds" else "a datetime"
        return f"{what}, as in the jobs table"


def seconds_to_ns(seconds: Ints | Floats) -> Ints:
    """Seconds to nanoseconds; whole seconds are exact, fractions round to the nearest nanosecond.

    The caller has checked that every value is finite and at most `MAX_SECONDS` in magnitude.

    Examples
    --------
    >>> seconds_to_ns(np.array([9_199_999_999.0, 0.1])).tolist()
    [9199999999000000000, 100000000]
    """
    ns = np.empty(len(seconds), dtype=np.int64)
    for block in blocks(len(seconds)):
        given = seconds[block]
        whole = given.astype(np.int64, copy=False)
        np.multiply(whole, _NS, out=ns[block])
        if given.dtype.kind == "f":
            # The fraction apart: seconds * 1e9 in one go has only 53 bits, too few beyond 104 days.
            fraction = given - whole
            if fraction.any():
                ns[block] += np.rint(fraction * _NS).astype(np.int64)
    return ns


def ns_to_seconds(ns: Ints) -> Floats:
    """Nanoseconds to float64 seconds; whole seconds are exact and `NAT` is NaN.

    Examples
    --------
    >>> ns_to_seconds(np.array([9_199_999_999_000_000_000, 100_000_000, NAT])).tolist()
    [9199999999.0, 0.1, nan]
    """
    seconds = np.empty(len(ns))
    for block in blocks(len(ns)):
        given, made = ns[block], seconds[block]
        whole = given // _NS
        made[:] = whole
        rest = given - whole * _NS
        if rest.any():
            made += rest / _NS
            made[given == NAT] = np.nan
    return seconds


def spans_s(later: Ints, earlier: Ints) -> Floats:
    """Seconds from one time (ns) to another; NaN where either is missing.

    Examples
    --------
    >>> spans_s(np.array([2_000_000_000, NAT]), np.array([500_000_000, 0])).tolist()
    [1.5, nan]
    """
    spans = np.empty(len(later))
    for block in blocks(len(later)):
        end, begin = later[block], earlier[block]
        missing = (end == NAT) | (begin == NAT)
        spans[block] = ns_to_seconds(np.where(missing, NAT, end - begin))
    return spans


def durations_ns(table: Table, column: str, numbers: Numbers | None = None) -> Ints:
    """A column of seconds, 0 or more, as int64 nanoseconds; missing rows are -1.

    Raises
    ------
    InvalidInputError
        Negative, infinite or too large; names the row.
    """
    numbers = table.numbers(column) if numbers is None else numbers
    values = numbers.filled(0)
    table.require_range(
        values,
        0,
        MAX_SECONDS,
        column,
        f"seconds from 0 to {MAX_SECONDS:.1e}",
        "mend the value, or leave it missing",
    )
    ns = seconds_to_ns(values)
    if numbers.missing is not None:
        ns[numbers.missing] = -1
    return ns


def read_times(table: Table, column: str) -> tuple[Ints, Bools | None, TimeKind]:
    """A column of datetimes, ISO text or seconds as nanoseconds, missing rows, and its kind.

    Missing rows hold `NAT`.

    Raises
    ------
    InvalidInputError
        Not a time, infinite, or beyond 9.2e9 s; names the row.
    """
    series = table.series(column)
    if series.dtype.is_numeric():
        return _from_seconds(table, column, table.numbers(column))
    if isinstance(series.dtype, nw.Datetime | nw.Date):
        return _from_datetimes(table, column, *_ticks(series))
    values = series.to_numpy()
    if values.dtype == object or values.dtype.kind in "US":
        return _from_objects(table, column, values)
    rows = np.ones(table.n, dtype=bool)
    raise table.bad(column, rows, "datetimes, ISO text or seconds", "convert the column")


def _from_seconds(
    table: Table, column: str, numbers: Numbers
) -> tuple[Ints, Bools | None, TimeKind]:
    values = numbers.filled(0)
    table.require_range(
        values,
        -MAX_SECONDS,
        MAX_SECONDS,
        column,
        f"finite and within {MAX_SECONDS:.1e} s of zero",
        "check the unit: plain numbers are seconds",
    )
    ns = seconds_to_ns(values)
    if numbers.missing is not None:
        ns[numbers.missing] = NAT
    return ns, numbers.missing, TimeKind("seconds")


def _ticks(series: nw.Series[Any]) -> tuple[Ints, str, str | tzinfo | None]:
    """Ticks since the epoch in UTC (`NAT` = missing), their unit, and the zone."""
    native = series.to_native()
    if isinstance(native, pd.Series) and native.dtype.kind == "M":
        index = pd.DatetimeIndex(native)
        return index.asi8, index.unit, index.tz
    if series.dtype == nw.Date:
        series = series.cast(nw.Datetime("us"))
    dtype = series.dtype
    assert isinstance(dtype, nw.Datetime)
    unit = "ms" if dtype.time_unit == "s" else dtype.time_unit
    ticks = series.dt.timestamp(unit).fill_null(NAT).to_numpy().astype(np.int64, copy=False)
    return ticks, unit, dtype.time_zone


def _from_datetimes(
    table: Table, column: str, ticks: Ints, unit: str, tz: str | tzinfo | None
) -> tuple[Ints, Bools | None, TimeKind]:
    factor = _NS_PER[unit]
    missing = ticks == NAT
    gone = missing if missing.any() else None
    bound = int(MAX_SECONDS) * (_NS // factor)
    table.require_range(
        ticks,
        -bound,
        bound,
        column,
        "between the years 1678 and 2261",
        "mend the value",
        missing,
    )
    ns = ticks * factor if factor > 1 else ticks.copy()
    if gone is not None:
        ns[gone] = NAT
    return ns, gone, TimeKind("datetime", tz)


def text_to_times(
    values: pd.Series[Any], time_format: str = "ISO8601", *, cache: bool = True
) -> pd.Series[Any]:
    """Text as datetimes, in UTC where offsets differ from row to row; bad cells are NaT.

    With `cache`, a text that is repeated is read once.

    Examples
    --------
    >>> text_to_times(pd.Series(["1970-01-01T01:00+01:00", "1970-01-01T01:00Z"])).dt.hour.tolist()
    [0, 1]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # pandas 2 announces the error of pandas 3
        try:
            times = pd.to_datetime(values, format=time_format, errors="coerce", cache=cache)
        except ValueError:
            times = None
    if times is None or times.dtype == object:
        times = pd.to_datetime(values, format=time_format, errors="coerce", utc=True)
    return times


def _from_objects(
    table: Table, column: str, values: NDArray[Any]
) -> tuple[Ints, Bools | None, TimeKind]:
    missing = np.asarray(pd.isna(values), dtype=bool)
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values[~missing]):
        return _from_seconds(table, column, table.numbers(column))
    times = text_to_times(pd.Series(values))
    table.require(
        times.notna().to_numpy(),
        column,
        "a datetime, ISO text or seconds",
        "mend the cell",
        missing,
    )
    index = pd.DatetimeIndex(times)
    return _from_datetimes(table, column, index.asi8, index.unit, index.tz)


def clock(seconds: float) -> str:
    """A duration (s) as people say it.

    Examples
    --------
    >>> clock(0), clock(12.34), clock(90), clock(3900), clock(180000), clock(math.nan)
    ('0 s', '12 s', '1.5 min', '1 h 5 min', '2 d 2 h', '–')
    """
    if not math.isfinite(seconds):
        return "–"
    if abs(seconds) < 59.5:
        return f"{seconds:.2g} s" if abs(seconds) < 9.95 else f"{seconds:.0f} s"
    if abs(seconds) < 600:
        return f"{seconds / 60:.2g} min"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" if rest == 0 else f"{hours} h {rest} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days:,} d" if hours == 0 else f"{days:,} d {hours} h"
