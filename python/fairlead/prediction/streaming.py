"""Forecasts in the live loop: a tick in, a forecast out, constant state per series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError

__all__ = ["DemandStream"]

Floats = NDArray[np.float64]
Season = Literal["additive", "multiplicative"]


class DemandStream:
    """Exponential smoothing of many series that move together, one tick at a time.

    Parameters
    ----------
    n_series : int
    horizon : int
        Most ticks to forecast; with a season not more than it.
    season_length : int, default 0
        Ticks; 0 for none.
    alpha, beta, gamma : float or array of shape (n_series,), default 0.3, 0, 0.2
        Weights of an error in level, trend and season; 0 to 1.
    phi : float or array of shape (n_series,), default 1
        What is left of the trend a tick later; 0 to 1.
    quantiles : sequence of float, default (0.05, 0.5, 0.95)
        Probabilities, ascending.
    memory : float, default 500
        Errors that a quantile looks back on; 1 or more.
    season : {"additive", "multiplicative"}, default "additive"
        Whether the season is added to the level or multiplies it.

    Raises
    ------
    InvalidInputError
        An option is out of range.

    Notes
    -----
    The point is ``level + trend + season`` from the first value of a series on, or
    ``(level + trend) * season``. The quantiles are those of its errors by step ahead: every value
    moves each quantile of each step towards its probability. A tick costs O(horizon * quantiles)
    per series, whatever came before. Ticks left out cost O(1) each, and nothing beyond those of a
    season or the horizon, and beyond 512 more with a multiplicative season.

    References
    ----------
    .. [1] Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008,
       chapter 2.
    .. [2] Robbins and Monro, Annals of Mathematical Statistics 22(3), 1951.

    Examples
    --------
    >>> from fairlead.prediction import DemandStream
    >>> stream = DemandStream(n_series=2, horizon=2, alpha=0.5)
    >>> stream.observe(0, [4.0, 10.0])
    >>> stream.observe(1, [8.0, float("nan")])
    >>> stream.forecast(2)
    array([[ 6.,  6.],
           [10., 10.]])
    """

    def __init__(
        self,
        n_series: int,
        horizon: int,
        *,
        season_length: int = 0,
        alpha: ArrayLike = 0.3,
        beta: ArrayLike = 0.0,
        gamma: ArrayLike = 0.2,
        phi: ArrayLike = 1.0,
        quantiles: Sequence[float] = (0.05, 0.5, 0.95),
        memory: float = 500.0,
        season: Season = "additive",
    ) -> None:
        self.n_series = n_series
        self.horizon = horizon
        self.quantiles = np.array(quantiles, dtype=np.float64)
        _check_shares("quantiles", self.quantiles)
        self._stream = _core.SmoothingStream(
            _weights("alpha", alpha, n_series),
            _weights("beta", beta, n_series),
            _weights("phi", phi, n_series),
            _weights("gamma", gamma if season_length else 0.0, n_series),
            season=season_length,
            horizon=horizon,
            memory=memory,
            probabilities=self.quantiles,
            season_factors=_multiplies(season),
        )

    @classmethod
    def from_history(
        cls,
        values: ArrayLike,
        horizon: int,
        *,
        season_length: int = 0,
        quantiles: Sequence[float] = (0.05, 0.5, 0.95),
        memory: float = 500.0,
        season: Season = "additive",
    ) -> DemandStream:
        """A stream with weights fitted to a history, which it has observed as ticks 0, 1, ...

        Parameters
        ----------
        values : array of shape (n_ticks, n_series)
            0 or more, NaN where missing.
        horizon, season_length, quantiles, memory
            As for `DemandStream`.
        season : {"additive", "multiplicative"}, default "additive"
            Likewise; a multiplicative one has at most 64 ticks.

        Returns
        -------
        DemandStream

        Raises
        ------
        InvalidInputError
            The history is too short to fit, or a value is negative or infinite; or 0, for a
            multiplicative season.

        Notes
        -----
        Least squares of the one-step errors of level (and season), without a trend; the first level
        and season are fitted too. With a multiplicative season the errors are relative.

        Examples
        --------
        >>> import numpy as np
        >>> from fairlead.prediction import DemandStream
        >>> history = np.tile([[3.0], [9.0]], (50, 1))
        >>> DemandStream.from_history(history, 2, season_length=2).forecast(2).round(2)
        array([[3., 9.]])
        """
        history = np.asarray(values, dtype=np.float64)
        if history.ndim != 2:
            raise InvalidInputError(
                f"values must have shape (n_ticks, n_series), got {history.ndim} dimensions"
            )
        n_ticks, n_series = history.shape
        fits = _core.smoothing_fits(
            np.ascontiguousarray(history.T).ravel(),
            np.arange(n_series + 1, dtype=np.int64) * n_ticks,
            np.zeros(n_series, dtype=np.int64),
            trend=False,
            damped=False,
            seasons=[season_length] if season_length else [],
            error_factors=_multiplies(season),
            season_factors=_multiplies(season),
        )
        stream = cls(
            n_series,
            horizon,
            season_length=season_length,
            alpha=fits["alpha"],
            gamma=fits["gamma"],
            quantiles=quantiles,
            memory=memory,
            season=season,
        )
        stream._stream.start(fits["level"], fits["season"])
        for tick, row in enumerate(history):
            stream.observe(tick, row)
        return stream

    @property
    def tick(self) -> int:
        """The last tick observed; -1 before the first."""
        return self._stream.tick

    def observe(self, t: int, values: ArrayLike) -> None:
        """Take in the values of one tick.

        Parameters
        ----------
        t : int
            The tick: 0 or more and later than the last one. Ticks left out count as missing.
        values : array of shape (n_series,)
            0 or more; NaN where missing.

        Raises
        ------
        InvalidInputError
            The tick is not later than the last, or the values are too many, too few, negative or
            infinite.
        """
        self._stream.observe(t, np.ascontiguousarray(values, dtype=np.float64))

    def forecast(self, h: int | None = None) -> Floats:
        """The points of the next ticks.

        Parameters
        ----------
        h : int, optional
            Ticks, at most the horizon, which is the default.

        Returns
        -------
        array of shape (n_series, h)
            0 or more; NaN for a series without a value yet.

        Raises
        ------
        InvalidInputError
            h is not between 1 and the horizon.
        """
        points, _ = self._made(h)
        return points

    def forecast_quantiles(self, h: int | None = None) -> Floats:
        """The quantiles of the next ticks.

        Parameters
        ----------
        h : int, optional
            As for `forecast`.

        Returns
        -------
        array of shape (n_series, h, len(quantiles))
            Ascending, 0 or more; NaN for a series without a value yet.

        Raises
        ------
        InvalidInputError
            h is not between 1 and the horizon.
        """
        _, quantiles = self._made(h)
        return quantiles

    def _made(self, h: int | None) -> tuple[Floats, Floats]:
        steps = self.horizon if h is None else h
        points, quantiles = self._stream.forecast(steps)
        return (
            points.reshape(self.n_series, steps),
            quantiles.reshape(self.n_series, steps, len(self.quantiles)),
        )


def _multiplies(season: str) -> bool:
    if season not in ("additive", "multiplicative"):
        raise InvalidInputError(f"season must be 'additive' or 'multiplicative'; got {season!r}")
    return season == "multiplicative"


def _weights(name: str, given: ArrayLike, n_series: int) -> Floats:
    """One value per series, between 0 and 1."""
    values = np.asarray(given, dtype=np.float64)
    if values.shape not in ((), (n_series,)):
        raise InvalidInputError(
            f"{name} must be a number or have one value for each of {n_series} series, "
            f"got shape {values.shape}"
        )
    _check_shares(name, values)
    return np.full(n_series, values)


def _check_shares(name: str, values: NDArray[Any]) -> None:
    if not ((values >= 0) & (values <= 1)).all():
        raise InvalidInputError(f"{name} must lie between 0 and 1, got {values}")
