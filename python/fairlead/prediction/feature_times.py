"""Specifications of features that depend on the time of a row alone."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.series import DemandSeries
from fairlead.tables.frames import Floats, Ints, Table
from fairlead.tables.times import read_times

__all__ = ["TimeFeature", "calendar", "fourier", "holidays", "time_since"]

_FIELDS = ("minute", "hour", "day_of_week", "weekend", "day", "day_of_year", "month")
_DAY_NS = 86_400 * 1_000_000_000
_NS = 1_000_000_000


@dataclass(frozen=True)
class TimeFeature:
    """One feature of the time of a row.

    Attributes
    ----------
    name : str
        Of its column.
    column : function of (series, offsets, ds_ns, step) to float64 array
        Makes the column; rows of series i are ``offsets[i]:offsets[i + 1]``.
    """

    name: str
    column: Callable[[DemandSeries, Ints, Ints, int], Floats] = field(repr=False)


def calendar(*fields: str) -> list[TimeFeature]:
    """Fields of the time of a row, on the wall clock of its zone.

    Parameters
    ----------
    fields : str
        ``minute``, ``hour``, ``day_of_week`` (Monday = 0), ``weekend`` (1 or 0), ``day`` (of the
        month), ``day_of_year``, ``month``.

    Raises
    ------
    InvalidInputError
        An unknown field; later, if the times are plain seconds.

    Examples
    --------
    >>> [feature.name for feature in calendar("hour", "weekend")]
    ['hour', 'weekend']
    """
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown:
        raise InvalidInputError(
            f"calendar knows {', '.join(_FIELDS)}; got {', '.join(map(repr, unknown))}"
        )

    def of(name: str) -> TimeFeature:
        return TimeFeature(
            name, lambda series, _, ds_ns, __: _core.calendar_column(_wall_ns(series, ds_ns), name)
        )

    return [of(name) for name in fields]


def fourier(season_length: int, order: int = 1) -> list[TimeFeature]:
    """Sine and cosine of the place in a season, and of its first `order` harmonics.

    Parameters
    ----------
    season_length : int
        In intervals, 2 or more; places are counted from the epoch (from 0 s for plain seconds).
    order : int, default 1
        At most half the season.

    Examples
    --------
    >>> [feature.name for feature in fourier(24, 2)]
    ['sin1_24', 'cos1_24', 'sin2_24', 'cos2_24']
    """
    whole = isinstance(season_length, numbers.Integral) and isinstance(order, numbers.Integral)
    if not whole or season_length < 2 or not 1 <= order <= season_length // 2:
        raise InvalidInputError(
            f"fourier needs a season of 2 or more intervals and an order from 1 to half of it, got "
            f"{season_length!r} and {order!r}"
        )

    def of(harmonic: int, sine: bool) -> TimeFeature:
        def column(series: DemandSeries, offsets: Ints, _: Ints, __: int) -> Floats:
            return _core.harmonic_column(
                series.phase, offsets, season=season_length, harmonic=harmonic, sine=sine
            )

        return TimeFeature(f"{'sin' if sine else 'cos'}{harmonic}_{season_length}", column)

    return [of(k, sine) for k in range(1, order + 1) for sine in (True, False)]


def holidays(dates: Any, name: str = "holiday") -> TimeFeature:
    """1 on the given dates, else 0.

    Parameters
    ----------
    dates : list of dates, datetimes or ISO text
        Their time of the day is left out; dates of rows are those of the wall clock.
    name : str
        Of the column.

    Examples
    --------
    >>> holidays(["2026-12-25"]).name
    'holiday'
    """
    try:
        days = pd.DatetimeIndex(pd.to_datetime(list(dates))).tz_localize(None).as_unit("ns")
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"holidays must be dates, such as '2026-12-25': {error}") from error
    listed = np.unique(days.asi8 // _DAY_NS)

    def column(series: DemandSeries, _: Ints, ds_ns: Ints, __: int) -> Floats:
        return np.isin(_wall_ns(series, ds_ns) // _DAY_NS, listed).astype(np.float64)

    return TimeFeature(name, column)


def time_since(times: Any, name: str = "event") -> TimeFeature:
    """Seconds since the last event that was known; missing before the first.

    A row of demand at ``ds`` with ``step=1`` knows what happened up to ``ds``; each further step
    takes an interval away.

    Parameters
    ----------
    times : list of datetimes, ISO text or s
        When the events happened, in the kind of ``ds``.
    name : str
        The column is ``since_<name>_s``.

    Examples
    --------
    >>> time_since([3600.0], "upgrade").name
    'since_upgrade_s'
    """
    values = list(times)

    def column(series: DemandSeries, _: Ints, ds_ns: Ints, step: int) -> Floats:
        if not values:
            return np.full(len(ds_ns), np.nan)
        happened, missing, kind = read_times(
            Table(pd.DataFrame({"time": values}), "events"), "time"
        )
        if missing is not None or kind.name != series.time.name:
            raise InvalidInputError(f"times of {name!r} must be {series.time.describe()}")
        happened = np.sort(happened)
        known_ns = ds_ns - (step - 1) * series.step_ns
        last = np.searchsorted(happened, known_ns, side="right") - 1
        since = (known_ns - happened[np.maximum(last, 0)]) / _NS
        return np.where(last >= 0, since, np.nan)

    return TimeFeature(f"since_{name}_s", column)


def _wall_ns(series: DemandSeries, ds_ns: Ints) -> Ints:
    """What the clock on the wall shows at each time, as nanoseconds."""
    if series.time.name == "seconds":
        raise InvalidInputError(
            "calendar features need datetimes in ds, which has plain seconds; convert the column, "
            "or use fourier(season_length)"
        )
    if series.time.tz is None:
        return ds_ns
    zoned = pd.DatetimeIndex(ds_ns, tz="UTC").tz_convert(series.time.tz).tz_localize(None)
    wall: Ints = zoned.as_unit("ns").asi8
    return wall
