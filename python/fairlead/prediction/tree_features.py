"""What trees see of a demand series at an origin and a step ahead of it: the past alone.

Values are in units of the mean of the series so far, so that series of all sizes share trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.prediction.feature_values import ValueFeature, ewm, expanding, lags, rolling
from fairlead.tables.frames import Floats, Ints

__all__ = ["BASES", "TreeRows"]

#: What the answer of the trees is added to: nothing, the last value, the value one season before.
BASES = ("nothing", "last", "season")
_LAGS = 12
_PARTS = (48, 24, 12, 8, 4, 2, 1)  # windows, of the shortest season
_WITHOUT_SEASON = 24  # intervals
_SEASONS = 7  # whose mean and median a place in the season has


@dataclass(frozen=True, eq=False)
class TreeRows:
    """Rows of features of one series, at some origins.

    Attributes
    ----------
    values : float64 array
        The series, oldest first; NaN is missing.
    phase : int
        Intervals from the epoch to the first value: its place in the seasons.
    seasons : tuple of int
        Season lengths, intervals, ascending.
    origins : int64 array
        How many values are known in each row; 1 or more.
    """

    values: Floats
    phase: int
    seasons: tuple[int, ...]
    origins: Ints

    def scales(self) -> Floats:
        """The mean of the values before each origin; 1 where it is 0."""
        means = self._columns([expanding("mean")], 0)[:, 0]
        scale: Floats = np.where(means > 0, means, 1.0)
        return scale

    def at_origins(self) -> Floats:
        """What is the same for all steps ahead, in units of the series; one row per origin."""
        shortest = self.seasons[0] if self.seasons else _WITHOUT_SEASON
        windows = sorted({max(2, shortest // part) for part in _PARTS})
        last = lags(*range(1, _LAGS + 1))
        middles = [_over(window, kind) for window in windows for kind in ("median", "mean")]
        spreads = [_over(w, kind) for w in windows[1::2] for kind in ("std", "min", "max")]
        made = self._columns([*last, *middles, *spreads], 0)
        levels = made[:, : len(last) + len(middles)]
        parts = [made, levels - levels[:, [len(last)]]]
        for season in self.seasons:
            changing = [*last, *(_over(window, "mean") for window in windows[2:])]
            before = [replace(feature, lag=feature.lag + season) for feature in changing]
            parts.append(self._columns(changing, 0) - self._columns(before, 0))
        rows: Floats = np.hstack(parts)
        return rows

    def at_step(self, step: int) -> tuple[Floats, Floats, dict[str, Floats]]:
        """What is known of the value `step` intervals (from 0) after each origin.

        Returns
        -------
        values, places : float64 arrays
            Features in units of the series, and those without a unit.
        bases : dict of str to float64 array
            By name of `BASES`; without seasons there is no ``"season"``.
        """
        n = len(self.origins)
        last = self._columns([ewm("mean", 1.0)], 0)[:, 0]  # of those that are known
        bases = {"nothing": np.zeros(n), "last": last}
        values, places = [last[:, None]], [np.full(n, float(step))]
        for season in self.seasons:
            back = season * (step // season + 1)  # the latest season that is over at the origin
            made = self._columns(_seasonal(season, back), step)
            bases.setdefault("season", made[:, 0])
            values += [made, made - last[:, None]]
            places.append((self.phase + self.origins + step) % season)
        return np.hstack(values), np.column_stack(places), bases

    def _columns(self, features: Sequence[ValueFeature], step: int) -> Floats:
        """Of the rows `step` after the origins; what a feature reads ends before row - lag + 1."""
        made: Any = _core.feature_columns(
            self.values,
            np.array([0, len(self.values)], dtype=np.int64),
            [feature.spec(1) for feature in features],
            first_origin=0,
            more=step + 1,
            threads=1,
            single=False,
        )
        columns: Floats = np.column_stack([column[self.origins + step] for column in made])
        return columns


def _over(window: int, statistic: str) -> ValueFeature:
    return rolling(statistic, window, min_samples=2 if statistic == "std" else 1)


def _seasonal(season: int, back: int) -> list[ValueFeature]:
    """The values so far back and one more, and what is usual at that place of the season."""
    options: dict[str, Any] = {"lag": back, "season_length": season, "min_samples": 1}
    usual = [rolling(kind, _SEASONS, **options) for kind in ("median", "mean")]
    return [*lags(back, back + 1), *usual]
