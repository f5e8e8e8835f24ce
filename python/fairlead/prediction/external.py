"""Forecasting models written elsewhere, behind the same calls; bands from their own errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.series import DemandSeries
from fairlead.tables.frames import Codes, Floats, Ints

__all__ = ["External", "PointModel"]

_ORIGINS = 32  # earlier ones per forecast, for the bands
_SEASONS = 2  # of the longest season, that they span


@runtime_checkable
class PointModel(Protocol):
    """What `predict` and `backtest` take as ``model=`` besides names.

    Attributes
    ----------
    name : str
        Of the columns.

    Examples
    --------
    >>> import fairlead
    >>> class Drift:
    ...     name = "drift"
    ...     def forecast(self, histories, horizon, seasons):
    ...         steps = np.arange(1, horizon + 1)
    ...         return np.stack([y[-1] + (y[-1] - y[0]) / len(y) * steps for y in histories])
    >>> demand = pd.DataFrame({"ds": range(0, 36000, 3600), "y": range(10)})
    >>> fairlead.predict(demand, 2, model=Drift()).frame["drift"].tolist()
    [9.9, 10.8]
    """

    name: str

    def forecast(
        self, histories: Sequence[Floats], horizon: int, seasons: tuple[int, ...]
    ) -> Floats:
        """Forecast the values after each history.

        Parameters
        ----------
        histories : sequence of float64 array
            One or more known values each, oldest first; a missing one is filled with the last.
            Ends of the same series at several times are among them: bands come from the errors.
            `backtest` calls once per cutoff, so that nothing learnt comes from after it.
        horizon : int
            Intervals.
        seasons : tuple of int
            Season lengths, intervals, ascending.

        Returns
        -------
        float array, shape (n_histories, horizon)
        """
        ...


@dataclass(frozen=True)
class External:
    """A `PointModel` with the options of a forecast; asked as the core's models are.

    Attributes
    ----------
    model : PointModel
    seasons : tuple of int
        Season lengths, intervals, ascending.
    intervals : str
        How bands come from past errors.
    """

    model: PointModel
    seasons: tuple[int, ...]
    intervals: str = "adaptive"

    @property
    def name(self) -> str:
        """As its columns are named."""
        return self.model.name

    @property
    def names(self) -> tuple[str, ...]:
        """What ``model`` of a forecast counts in."""
        return (self.name,)

    def forecast(
        self,
        series: DemandSeries,
        of: Codes,
        known: Ints,
        horizon: int,
        quantiles: Floats,
        *,
        vectors: int = 0,
        threads: int | None = None,
    ) -> dict[str, NDArray[Any]]:
        """As `Model.forecast`; ``threads`` is left to the model."""
        origins = [self._origins(int(n)) for n in known]
        filled = {
            i: np.asarray(pd.Series(series.of(i)).ffill(), dtype=np.float64)
            for i in set(of.tolist())
        }
        made: list[Floats] = [np.empty(0)] * len(of)
        # A model may learn from all histories of a call: those of later cutoffs are not in it.
        for places in _by_cutoff(series, of, known):
            histories = [[filled[int(of[at])][:o] for o in origins[at]] for at in places]
            for at, part in zip(places, self._made(histories, horizon), strict=True):
                made[at] = part
        bands, errors, kept = [], [], []
        for i, n, own, part in zip(of.tolist(), known.tolist(), origins, made, strict=True):
            error = _errors(series.of(i)[:n], part, own)
            shifts = _core.error_quantiles(
                part.ravel(),
                error.ravel(),
                own,
                horizon,
                n,
                quantiles,
                self.intervals,
                filled[i][:n],
                list(self.seasons),
            )
            bands.append(np.maximum(part[-1][:, None] + shifts.reshape(horizon, -1), 0))
            errors.append(int((~np.isnan(error[:, -1])).sum()))
            kept.append(_latest(error, own, n, vectors))
        return {
            "point": np.concatenate([part[-1] for part in made]),
            "quantiles": np.concatenate([band.ravel() for band in bands]),
            "model": np.zeros(len(of), dtype=np.int32),
            "errors": np.array(errors, dtype=np.int64),
            "vectors": np.concatenate([rows.ravel() for rows in kept]),
        }

    def _made(self, histories: list[list[Floats]], horizon: int) -> list[Floats]:
        """What the model forecasts after each history, 0 or more, grouped as they are."""
        flat = [history for group in histories for history in group]
        made = np.asarray(self.model.forecast(flat, horizon, self.seasons), dtype=np.float64)
        if made.shape != (len(flat), horizon) or not np.isfinite(made).all():
            raise InvalidInputError(
                f"model {self.name!r} must forecast finite values of shape "
                f"{(len(flat), horizon)}, got {made.shape}"
            )
        return np.split(np.maximum(made, 0), np.cumsum([len(group) for group in histories])[:-1])

    def _origins(self, known: int) -> Ints:
        """Evenly spaced ones in the later half of the past, and `known` itself."""
        longest = self.seasons[-1] if self.seasons else 0
        step = max(1, _SEASONS * longest // _ORIGINS)
        while any(math.gcd(step, season) > 1 for season in self.seasons):
            step += 1
        back = step * np.arange(_ORIGINS, -1, -1, dtype=np.int64)
        origins: Ints = known - back[back <= known // 2]
        return origins


def _by_cutoff(series: DemandSeries, of: Codes, known: Ints) -> list[list[int]]:
    """Places of the forecasts that know the same time as their last; those of now are one group.

    A series known to its end is forecast now, however long ago that end is.
    """
    cutoffs = series.times_ns(of, known, 1)
    cutoffs[known == series.lengths[of]] = np.iinfo(np.int64).max
    _, group = np.unique(cutoffs, return_inverse=True)
    return [np.flatnonzero(group == k).tolist() for k in range(group.max(initial=-1) + 1)]


def _errors(values: Floats, made: Floats, origins: Ints) -> Floats:
    """Outcome - forecast, by origin and step; NaN where there is no outcome."""
    horizon = made.shape[1]
    padded = np.append(values, np.full(horizon, np.nan))
    errors: Floats = padded[origins[:, None] + np.arange(horizon)] - made
    return errors


def _latest(errors: Floats, origins: Ints, known: int, count: int) -> Floats:
    """Up to `count` rows whose outcomes are all known, the latest first; NaN where fewer."""
    whole = errors[origins + errors.shape[1] <= known][::-1][:count]
    rows = np.full((count, errors.shape[1]), np.nan)
    rows[: len(whole)] = whole
    return rows
