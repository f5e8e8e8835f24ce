"""Specifications of features that depend on the values of a series."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

from fairlead.errors import InvalidInputError

__all__ = ["ValueFeature", "ewm", "expanding", "lags", "rolling", "whole_number"]

_STATISTICS = ("mean", "std", "min", "max")


@dataclass(frozen=True)
class ValueFeature:
    """One feature of the values of a series, as the core takes it.

    Attributes
    ----------
    name : str
        Of its column.
    statistic : {"value", "mean", "std", "min", "max", "quantile"}
    memory : {"window", "everything", "exponential"}
        Which values it is over.
    lag : int
        The newest value it reads lies so many intervals before the row, with ``step=1``; 0: the
        newest known value at the place of the row in the season.
    window, season_length, min_samples : int
    parameter : float
        The probability of a quantile, or the weight of an exponential statistic.
    """

    name: str
    statistic: str
    memory: str
    lag: int = 1
    window: int = 1
    season_length: int = 1
    min_samples: int = 1
    parameter: float = 0.0

    def spec(self, step: int) -> tuple[str, str, int, int, int, int, float]:
        """The core's form for rows `step` intervals after the last known value.

        Examples
        --------
        >>> lags(3)[0].spec(step=2)
        ('value', 'window', 3, 1, 1, 1, 0.0)
        """
        # Counted from the row a season must be at least `step` intervals back to be known.
        lag = self.lag or -step % self.season_length + 1
        least = self.min_samples
        season = self.season_length
        return self.statistic, self.memory, lag, self.window, season, least, self.parameter


def lags(*lags: int) -> list[ValueFeature]:
    """Past values: ``lag1`` is the last known one.

    Examples
    --------
    >>> [feature.name for feature in lags(1, 24)]
    ['lag1', 'lag24']
    """
    return [ValueFeature(f"lag{whole_number('lag', k)}", "value", "window", int(k)) for k in lags]


def rolling(
    statistic: str | float,
    window: int,
    *,
    lag: int | None = None,
    season_length: int | None = None,
    min_samples: int | None = None,
) -> ValueFeature:
    """A statistic over the last `window` values, or over every `season_length`-th of them.

    Parameters
    ----------
    statistic : {"mean", "std", "min", "max", "median"} or float
        A number from 0 to 1 is a quantile, with linear interpolation; ``std`` is that of a sample.
    window : int
        How many values.
    lag : int, optional
        The newest of them lies so many intervals before the row (with ``step=1``). By default 1;
        with `season_length` the latest known place in the season of the row itself.
    season_length : int, optional
        Distance between the values; by default they are neighbours.
    min_samples : int, optional
        Fewer known values give a missing result; by default `window`.

    Raises
    ------
    InvalidInputError
        An unknown statistic, or a number that is not whole and positive.

    Examples
    --------
    >>> rolling("mean", 24).name, rolling(0.9, 24, min_samples=1).name
    ('rolling_mean_lag1_window_size24', 'rolling_quantile_lag1_p0.9_window_size24_min_samples1')
    >>> rolling("max", 4, season_length=24).name
    'seasonal_rolling_max_season_length24_window_size4'
    """
    kind, part, parameter = _statistic(statistic)
    size = whole_number("window", window)
    season = 1 if season_length is None else whole_number("season_length", season_length)
    least = size if min_samples is None else whole_number("min_samples", min_samples)
    if least > size:
        raise InvalidInputError(f"min_samples ({least}) must be at most the window ({size})")
    behind = (1 if season_length is None else 0) if lag is None else whole_number("lag", lag)
    name = f"rolling_{kind}" + (f"_lag{behind}" if behind else "") + part
    if season_length is not None:
        name = f"seasonal_{name}_season_length{season}"
    name += f"_window_size{size}" + ("" if least == size else f"_min_samples{least}")
    return ValueFeature(name, kind, "window", behind, size, season, least, parameter)


def expanding(statistic: str | float, *, lag: int = 1, min_samples: int = 1) -> ValueFeature:
    """A statistic over all values so far.

    Parameters
    ----------
    statistic : {"mean", "std", "min", "max", "median"} or float
        As in `rolling`.
    lag : int, default 1
        The newest value lies so many intervals before the row, with ``step=1``.
    min_samples : int, default 1
        Fewer known values give a missing result.

    Examples
    --------
    >>> expanding("std").name
    'expanding_std_lag1'
    """
    kind, part, parameter = _statistic(statistic)
    behind, least = whole_number("lag", lag), whole_number("min_samples", min_samples)
    name = f"expanding_{kind}_lag{behind}{part}" + ("" if least == 1 else f"_min_samples{least}")
    return ValueFeature(name, kind, "everything", behind, 1, 1, least, parameter)


def ewm(statistic: str, alpha: float, *, lag: int = 1, min_samples: int = 1) -> ValueFeature:
    """An exponentially weighted mean or standard deviation, as ``ewm(alpha, adjust=False)``.

    Parameters
    ----------
    statistic : {"mean", "std"}
    alpha : float
        Weight of the newest value, above 0 and up to 1.
    lag : int, default 1
        The newest value lies so many intervals before the row, with ``step=1``.
    min_samples : int, default 1
        Fewer known values give a missing result.

    Examples
    --------
    >>> ewm("mean", 0.3).name
    'exponentially_weighted_mean_lag1_alpha0.3'
    """
    if statistic not in ("mean", "std"):
        raise InvalidInputError(f"ewm takes 'mean' or 'std', got {statistic!r}")
    if not isinstance(alpha, numbers.Real) or not 0 < alpha <= 1:
        raise InvalidInputError(f"alpha must be above 0 and at most 1, got {alpha!r}")
    behind, least = whole_number("lag", lag), whole_number("min_samples", min_samples)
    name = f"exponentially_weighted_{statistic}_lag{behind}_alpha{float(alpha):g}"
    name += "" if least == 1 else f"_min_samples{least}"
    return ValueFeature(name, statistic, "exponential", behind, 1, 1, least, float(alpha))


def _statistic(statistic: Any) -> tuple[str, str, float]:
    """The kind, what a quantile adds to the name, and its probability."""
    if statistic in _STATISTICS:
        return str(statistic), "", 0.0
    if statistic == "median":
        statistic = 0.5
    if isinstance(statistic, numbers.Real) and not isinstance(statistic, bool):
        probability = float(statistic)
        if 0 <= probability <= 1:
            return "quantile", f"_p{probability:g}", probability
    raise InvalidInputError(
        f"a statistic is one of {', '.join(_STATISTICS)}, median, or a probability from 0 to 1; "
        f"got {statistic!r}"
    )


def whole_number(name: str, value: Any) -> int:
    """The value, if it is a whole number of 1 or more.

    Examples
    --------
    >>> whole_number("window", 24)
    24
    """
    if not isinstance(value, numbers.Integral) or int(value) < 1:
        raise InvalidInputError(f"{name} must be a whole number of 1 or more, got {value!r}")
    return int(value)
