"""Wall-clock times of a zone, as logs write them, in UTC."""

from __future__ import annotations

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables.times import text_to_times

__all__ = ["CLOCK_CHANGE", "FIRST", "LAST", "WallTimes", "check_zone", "utc_times"]

#: Nanoseconds since 1970 hold the years 1678 to 2261; no log is that old or that new.
FIRST, LAST = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
#: What readers count under ``meta.repaired`` for times that `utc_times` changed.
CLOCK_CHANGE = "time in an hour of a clock change"

# A date, a minute, or at least a second: what is shorter or between is a number, or was cut off.
_LENGTHS, _SECONDS = (len("2026-01-05"), len("2026-01-05T09:00")), len("2026-01-05T09:00:00")
# After the time of day, not the days of a date.
_OFFSET = r"[Tt ].*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"


class WallTimes(NamedTuple):
    """Times in UTC, which texts were sound, and which stood in an hour of a clock change."""

    utc: pd.DatetimeIndex
    good: NDArray[np.bool_]
    changed: NDArray[np.bool_]


def utc_times(texts: pd.Series[Any], zone: str) -> WallTimes:
    """Texts as times; missing and unsound ones are NaT, text with an offset keeps to it.

    An hour that a change of the clock repeats is read as its first pass; a time that the clock
    jumped over becomes the end of the jump.

    Examples
    --------
    >>> texts = pd.Series(["2026-07-01 12:00:00", "2026-03-29 02:30:00"])
    >>> times = utc_times(texts, "Europe/Stockholm")
    >>> times.utc.hour.tolist(), times.changed.tolist()
    ([10, 1], [False, True])
    """
    length = texts.str.len()
    whole = (length.isin(_LENGTHS) | (length >= _SECONDS)).to_numpy()
    times, of_utc = _parsed(texts)
    good = np.asarray((times >= FIRST) & (times < LAST)) & whole
    times = pd.DatetimeIndex(times.where(good)).as_unit("ns")
    changed = np.zeros(len(times), dtype=bool)
    if zone == "UTC" or of_utc.all():
        return WallTimes(times.tz_localize("UTC"), good, changed)
    zoned = times.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    changed = np.asarray(zoned.isna()) & np.asarray(times.notna()) & ~of_utc
    if changed.any():
        first = np.ones(len(times), dtype=bool)
        zoned = times.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    utc = zoned.tz_convert("UTC").where(~of_utc, times.tz_localize("UTC"))
    return WallTimes(pd.DatetimeIndex(utc), good, changed)


def check_zone(zone: str) -> None:
    """Refuse a time zone that is not in the IANA data base.

    Raises
    ------
    InvalidInputError
        An unknown zone.

    Examples
    --------
    >>> check_zone("Asia/Shanghai")
    """
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise InvalidInputError(
            f"time_zone must be an IANA name such as 'Europe/Stockholm', got {zone!r}"
        ) from error


def _parsed(texts: pd.Series[Any]) -> tuple[pd.DatetimeIndex, NDArray[np.bool_]]:
    """Times without zone, and which of them are of UTC because the text has an offset."""
    # With no room for an offset but of hours few rows need reconciling; a cache would cost time.
    times = pd.DatetimeIndex(text_to_times(texts, cache=texts.str.len().max() > _SECONDS))
    if times.tz is None:
        return times, np.zeros(len(times), dtype=bool)
    told = texts.str.contains(_OFFSET, na=True).to_numpy(dtype=bool)
    utc = times.tz_convert("UTC").tz_localize(None)
    if not told.all():  # among others they come out as of UTC, or with another's offset (pandas 2)
        utc = utc.where(told, pd.DatetimeIndex(text_to_times(texts.mask(told))))
    return utc, told
