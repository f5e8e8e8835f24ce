"""Fit how submissions go with time: the week, and the days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["day_correlation", "week_profile"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HOUR_S, _DAY_S, _WEEK_S = 3600.0, 86_400.0, 7 * 86_400.0
# 1970 began on a Thursday, three days after a Monday.
_EPOCH_S = 3 * _DAY_S
# Fewest weeks for a profile by hour of the week, and days for one by hour of the day.
_WEEKS, _DAYS = 3.0, 2.0
_FEWEST_DAYS = 8
# A quiet hour is not one in which nothing ever comes.
_LEAST_RATE = 0.02
_MOST_PHI = 0.9


def week_profile(times_s: Floats) -> Floats:
    """Rate of submissions by hour of the week from Monday, mean 1; by the day if few weeks.

    Each hour is averaged with the two beside it, because a few submissions an hour are mostly
    chance.
    """
    span = float(times_s.max() - times_s.min())
    hour = ((times_s + _EPOCH_S) % _WEEK_S // _HOUR_S).astype(np.int64)
    if span < _DAYS * _DAY_S:
        return np.ones(168)
    if span < _WEEKS * _WEEK_S:
        counts = np.tile(np.bincount(hour % 24, minlength=24), 7).astype(np.float64)
    else:
        # How often each hour of the week lies in the span differs by one at most.
        counts = np.bincount(hour, minlength=168) / _occurrences(times_s)
    smooth = (np.roll(counts, 1) + 2 * counts + np.roll(counts, -1)) / 4
    return np.asarray(np.maximum(smooth / smooth.mean(), _LEAST_RATE))


def _occurrences(times_s: Floats) -> Floats:
    first = int((times_s.min() + _EPOCH_S) // _HOUR_S)
    last = int((times_s.max() + _EPOCH_S) // _HOUR_S)
    return np.bincount(np.arange(first, last + 1) % 168, minlength=168).astype(np.float64)


def day_correlation(times_s: Floats, work: Floats, week: Floats) -> float:
    """Correlation of the work of whole days, relative to their weekday, with the day before."""
    day = (times_s // _DAY_S).astype(np.int64)
    first = int(day.min())
    daily = np.bincount(day - first, weights=work)[1:-1]
    if daily.size < _FEWEST_DAYS:
        return 0.0
    weekday = (first + 1 + np.arange(daily.size) + 3) % 7
    ratio = daily / week.reshape(7, 24).sum(axis=1)[weekday]
    centred = ratio - ratio.mean()
    variance = float(np.mean(centred**2))
    covariance = float(np.mean(centred[1:] * centred[:-1]))
    return float(np.clip(covariance / variance, 0.0, _MOST_PHI)) if variance > 0 else 0.0
