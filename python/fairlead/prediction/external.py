"""Forecasting models written elsewhere, behind the same calls; bands from their own errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.series import DemandSeries
from fairlead.tables.frames import Codes, Floats, Ints

__all__ = ["External", "FittedModel", "LearningModel", "ModelLike", "PointModel"]

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


@runtime_checkable
class FittedModel(Protocol):
    """What a `LearningModel` makes of the past."""

    def forecast(self, values: Floats, phase: int, origins: Ints) -> Floats:
        """Forecast one series, whether it has been learned from or not.

        Parameters
        ----------
        values : float64 array
            Oldest first; NaN is missing.
        phase : int
            Intervals from the epoch to the first value, which is its place in the seasons.
        origins : int64 array
            Each forecast may read so many values and none after them.

        Returns
        -------
        float array, shape (n_origins, horizon)
        """
        ...

    def refit(self, histories: Sequence[Floats], phases: Sequence[int]) -> FittedModel:
        """The same model with the same choices, learned from these histories."""
        ...


@runtime_checkable
class LearningModel(Protocol):
    """A model that is fitted to many series and then asked often; taken like a `PointModel`.

    Attributes
    ----------
    name : str
        Of the columns.
    refit_every : int
        In a back-test, intervals from one fit to the next.

    Notes
    -----
    It is fitted twice: to the values before the earliest origin that bands come from, for the
    errors behind the bands, and then to all that is known, for the forecast itself.

    Examples
    --------
    >>> import fairlead
    >>> class Mean:
    ...     name, refit_every = "mean", 24
    ...     def fit(self, histories, phases, horizon, seasons):
    ...         self.horizon = horizon
    ...         return self.refit(histories, phases)
    ...     def refit(self, histories, phases):
    ...         self.level = np.nanmean(np.concatenate(histories))
    ...         return self
    ...     def forecast(self, values, phase, origins):
    ...         return np.full((len(origins), self.horizon), self.level)
    >>> demand = pd.DataFrame({"ds": range(0, 36000, 3600), "y": range(10)})
    >>> fairlead.predict(demand, 2, model=Mean()).frame["mean"].tolist()
    [4.5, 4.5]
    """

    name: str
    refit_every: int

    def fit(
        self,
        histories: Sequence[Floats],
        phases: Sequence[int],
        horizon: int,
        seasons: tuple[int, ...],
    ) -> FittedModel:
        """Learn from series together.

        Parameters
        ----------
        histories : sequence of float64 array
            What is known of each series, oldest first, beginning with a known value; NaN is
            missing.
        phases : sequence of int
            Intervals from the epoch to the first value of each.
        horizon : int
            Intervals.
        seasons : tuple of int
            Season lengths, intervals, ascending.
        """
        ...


#: What ``model=`` takes: a name of `models`, or a model written elsewhere.
ModelLike: TypeAlias = str | PointModel | LearningModel


@dataclass(frozen=True)
class External:
    """A model from elsewhere with the options of a forecast; asked as the core's models are.

    Attributes
    ----------
    model : PointModel or LearningModel
    seasons : tuple of int
        Season lengths, intervals, ascending.
    intervals : str
        How bands come from past errors.
    """

    model: PointModel | LearningModel
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
        asked = _Asked(series, of, known, origins, horizon)
        if isinstance(self.model, LearningModel):
            made = self._learned(self.model, asked)
        else:
            made = self._made(self.model, asked, filled)
        if len(series.ends):
            made = [asked.follow_present(at, part) for at, part in enumerate(made)]
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

    def _made(self, model: PointModel, asked: _Asked, filled: dict[int, Floats]) -> list[Floats]:
        """What the model forecasts at the origins of each place."""
        made: list[Floats] = [np.empty(0)] * len(asked.of)
        # A model may learn from all histories of a call: those of later cutoffs are not in it.
        for places in asked.by_cutoff():
            flat = [filled[int(asked.of[at])][:o] for at in places for o in asked.origins[at]]
            answer = model.forecast(flat, asked.horizon, self.seasons)
            checked = self._checked(answer, len(flat), asked.horizon)
            ends = np.cumsum([len(asked.origins[at]) for at in places])[:-1]
            for at, part in zip(places, np.split(checked, ends), strict=True):
                made[at] = part
        return made

    def _learned(self, model: LearningModel, asked: _Asked) -> list[Floats]:
        """The same, fitted once for all cutoffs less than `refit_every` intervals after it."""
        made: list[Floats] = [np.empty(0)] * len(asked.of)
        for first, places in asked.by_fit(model.refit_every):
            phases = [asked.phase(at) for at in first]
            before = [asked.past(at)[: asked.origins[at][0]] for at in first]
            early = model.fit(before, phases, asked.horizon, self.seasons)
            late = early.refit([asked.past(at) for at in first], phases)
            for own in asked.by_series(places):
                for at, part in zip(own, self._at_places(early, late, asked, own), strict=True):
                    made[at] = part
        return made

    def _at_places(
        self, early: FittedModel, late: FittedModel, asked: _Asked, own: list[int]
    ) -> list[Floats]:
        """Forecasts for places of one series: at all origins but the last, and at the last."""
        latest = max(own, key=lambda at: int(asked.known[at]))
        wanted = np.unique(np.concatenate([asked.origins[at][:-1] for at in own]))
        made = [
            self._checked(
                fitted.forecast(asked.past(latest), asked.phase(latest), origins),
                len(origins),
                asked.horizon,
            )
            for fitted, origins in ((early, wanted), (late, asked.known[own]))
        ]
        rows = [np.searchsorted(wanted, asked.origins[at][:-1]) for at in own]
        return [
            np.vstack([made[0][before], now]) for before, now in zip(rows, made[1], strict=True)
        ]

    def _checked(self, made: Any, rows: int, horizon: int) -> Floats:
        """Forecasts of a model, 0 or more; an error unless they have the shape and are finite."""
        answer = np.asarray(made, dtype=np.float64)
        if answer.shape != (rows, horizon) or not np.isfinite(answer).all():
            raise InvalidInputError(
                f"model {self.name!r} must forecast finite values of shape {(rows, horizon)}, "
                f"got {answer.shape}"
            )
        return np.maximum(answer, 0)

    def _origins(self, known: int) -> Ints:
        """Evenly spaced ones in the later half of the past, and `known` itself."""
        longest = self.seasons[-1] if self.seasons else 0
        step = max(1, _SEASONS * longest // _ORIGINS)
        while any(math.gcd(step, season) > 1 for season in self.seasons):
            step += 1
        back = step * np.arange(_ORIGINS, -1, -1, dtype=np.int64)
        origins: Ints = known - back[back <= known // 2]
        return origins


@dataclass(frozen=True)
class _Asked:
    """Which forecasts are asked for: one place each."""

    series: DemandSeries
    of: Codes
    known: Ints
    origins: list[Ints]
    horizon: int

    def past(self, at: int) -> Floats:
        return self.series.of(int(self.of[at]))[: self.known[at]]

    def phase(self, at: int) -> int:
        return int(self.series.phase[self.of[at]])

    def follow_present(self, at: int, made: Floats) -> Floats:
        """Forecasts of a place moved towards the ends of the intervals, as far as it paid."""
        ends = self.series.ends_of(int(self.of[at]))[: self.known[at]]
        moved: Floats = _core.follow_present(
            made.ravel(), self.past(at), ends, self.origins[at], self.horizon
        )
        return moved.reshape(made.shape)

    def by_cutoff(self) -> list[list[int]]:
        """Places of forecasts that know the same time as their last; those of now are one group.

        A series known to its end is forecast now, however long ago that end is.
        """
        cutoffs = self.series.times_ns(self.of, self.known, 1)
        cutoffs[self.known == self.series.lengths[self.of]] = np.iinfo(np.int64).max
        _, group = np.unique(cutoffs, return_inverse=True)
        return [np.flatnonzero(group == k).tolist() for k in range(group.max(initial=-1) + 1)]

    def by_fit(self, every: int) -> list[tuple[list[int], list[int]]]:
        """Cutoffs that share a fit: the places of the first of them, and of them all."""
        fits: list[tuple[list[int], list[int]]] = []
        start = 0
        for places in self.by_cutoff():
            cutoff = int(self.series.times_ns(self.of[places[:1]], self.known[places[:1]], 1)[0])
            if fits and cutoff - start < every * self.series.step_ns:
                fits[-1][1].extend(places)
            else:
                fits.append((places, list(places)))
                start = cutoff
        return fits

    def by_series(self, places: list[int]) -> list[list[int]]:
        """Places in the order they come, those of one series together."""
        own: dict[int, list[int]] = {}
        for at in places:
            own.setdefault(int(self.of[at]), []).append(at)
        return list(own.values())


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
