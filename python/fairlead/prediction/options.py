"""What may be asked of a forecast, checked; and the one call into the core."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import given_seasons
from fairlead.prediction.series import DemandSeries
from fairlead.tables.frames import Codes, Floats, Ints

__all__ = [
    "AUTO",
    "Model",
    "band_columns",
    "band_ends",
    "check_levels",
    "models",
    "whole",
]

#: The name that stands for a choice among the models.
AUTO = "auto"
_AUTO_WHAT = "the model with the smallest back-tested pinball loss, chosen per series"


def models() -> dict[str, str]:
    """The forecasting models by name, and what each does.

    Examples
    --------
    >>> models()["seasonal_naive"]
    'the values of one season ago'
    """
    return {**_core.forecasters(), AUTO: _AUTO_WHAT}


@dataclass(frozen=True)
class Model:
    """What the core is asked to forecast with.

    Attributes
    ----------
    name : str
    seasons : tuple of int
        Season lengths, intervals, ascending.
    window : int
        Of the rolling models, intervals.
    """

    name: str
    seasons: tuple[int, ...]
    window: int

    @classmethod
    def of(
        cls,
        name: str,
        step_ns: int,
        season_lengths: Any,
        window: int | None,
    ) -> Model:
        """The model with the options a user gave, or their defaults at this interval length."""
        if name not in models():
            raise InvalidInputError(f"unknown model {name!r}; known are {', '.join(models())}")
        seasons = given_seasons(season_lengths, step_ns)
        if window is None:
            window = seasons[0] if seasons else 24
        return cls(name, seasons, whole("window", window))

    def forecast(
        self, series: DemandSeries, of: Codes, known: Ints, horizon: int, quantiles: Floats
    ) -> dict[str, NDArray[Any]]:
        """Forecasts of series ``of[i]`` from its first ``known[i]`` values, as columns."""
        made: dict[str, NDArray[Any]] = _core.forecast(
            series.values,
            series.offsets,
            series.phase,
            of,
            known,
            model=self.name,
            seasons=self.seasons,
            window=self.window,
            horizon=horizon,
            probabilities=quantiles,
        )
        return made


def whole(name: str, value: Any) -> int:
    """A count of intervals as int; anything but a whole number from 1 on is an error."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise InvalidInputError(
            f"{name} must be a whole number of intervals, 1 or more, got {value!r}"
        )
    return int(value)


def check_levels(level: Any) -> tuple[float, ...]:
    """Levels as an ascending tuple; an error unless all lie between 0 and 100."""
    given = [level] if isinstance(level, numbers.Real) else list(level)
    if not all(isinstance(v, numbers.Real) and 0 < float(v) < 100 for v in given):
        raise InvalidInputError(
            f"level must be per cent, above 0 and below 100, such as (80, 95); got {level!r}"
        )
    return tuple(sorted({float(v) for v in given}))


def band_ends(level: float) -> tuple[float, float]:
    """Probabilities of the lower and upper end of a band; round, so that they meet the grid's."""
    tail = round((100 - level) / 200, 12)
    return tail, round(1 - tail, 12)


def band_columns(
    name: str, levels: Sequence[float], quantiles: Floats, grid: Floats
) -> dict[str, Floats]:
    """``<name>-lo-80``, ``<name>-hi-80`` per level, from quantiles at the grid's probabilities."""
    columns = {}
    for level in levels:
        for side, p in zip(("lo", "hi"), band_ends(level), strict=True):
            at = int(np.abs(grid - p).argmin())
            columns[f"{name}-{side}-{level:g}"] = np.ascontiguousarray(quantiles[:, at])
    return columns
