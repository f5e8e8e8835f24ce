"""Lengths of intervals: from words, from a frame, and into words again."""

from __future__ import annotations

import numbers
import re
from typing import Any

import pandas as pd

from fairlead.errors import InvalidInputError

__all__ = ["default_seasons", "freq_name", "freq_ns", "given_seasons"]

_DAY_NS = 86_400 * 1_000_000_000
_LONGEST_NS = 2**62
_WORDS = re.compile(r"(\d+\.?\d*)?\s*([A-Za-z]+)")
# Words that pandas reads as a fixed length again; its "D" is a calendar day, so it is not here.
_UNITS = {
    "h": 3_600_000_000_000,
    "min": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_CALENDAR = {"D": _DAY_NS, "d": _DAY_NS, "W": 7 * _DAY_NS}


def freq_ns(freq: Any) -> int:
    """Nanoseconds of an interval given as text, a timedelta or seconds.

    Raises
    ------
    InvalidInputError
        Not a fixed, positive length of time.

    Examples
    --------
    >>> freq_ns("15min") == freq_ns(900) == freq_ns(pd.Timedelta(minutes=15))
    True
    """
    try:
        if isinstance(freq, str):
            count, unit = _WORDS.fullmatch(freq.strip()).groups()  # type: ignore[union-attr]
            length = float(count or 1) * (_UNITS | _CALENDAR)[unit]
        elif isinstance(freq, numbers.Real) and not isinstance(freq, bool):
            length = float(freq) * _UNITS["s"]
        else:
            length = pd.Timedelta(freq).as_unit("ns").value
        ns = round(length)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise _bad_freq(freq) from error
    if not 0 < ns < _LONGEST_NS:
        raise _bad_freq(freq)
    return ns


def _bad_freq(freq: Any) -> InvalidInputError:
    return InvalidInputError(
        f"freq must be a fixed length of time, such as '1h', '15min', a timedelta or seconds; "
        f"got {freq!r}"
    )


def freq_name(ns: int) -> str:
    """The length in the largest unit that divides it, as pandas writes frequencies.

    Examples
    --------
    >>> freq_name(900_000_000_000), freq_name(86_400_000_000_000)
    ('15min', '24h')
    """
    unit, size = next((unit, size) for unit, size in _UNITS.items() if ns % size == 0)
    return f"{ns // size}{unit}"


def default_seasons(step_ns: int) -> tuple[int, ...]:
    """Day and week in intervals, as far as they are whole and two or more.

    Examples
    --------
    >>> default_seasons(freq_ns("1h")), default_seasons(freq_ns("7h"))
    ((24, 168), (24,))
    """
    spans = (_DAY_NS, 7 * _DAY_NS)
    return tuple(span // step_ns for span in spans if span % step_ns == 0 and span > step_ns)


def given_seasons(season_lengths: Any, step_ns: int) -> tuple[int, ...]:
    """The seasons a user asked for, ascending, or the default ones.

    Raises
    ------
    InvalidInputError
        Not whole numbers of 2 or more.

    Examples
    --------
    >>> given_seasons((168, 24), 1)
    (24, 168)
    """
    if season_lengths is None:
        return default_seasons(step_ns)
    single = isinstance(season_lengths, numbers.Integral)
    lengths = [season_lengths] if single else list(season_lengths)
    if not all(isinstance(m, numbers.Integral) and int(m) >= 2 for m in lengths):
        raise InvalidInputError(
            f"season_lengths must be whole numbers of intervals, 2 or more, got {season_lengths!r}"
        )
    return tuple(sorted({int(m) for m in lengths}))
