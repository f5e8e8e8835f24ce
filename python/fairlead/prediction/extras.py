"""Models of other libraries as `PointModel`; the libraries are asked for when a model is made."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.tables.frames import Floats

__all__ = ["LightGBMModel", "StatsForecastModel"]

_MOST_LAGS = 24


class LightGBMModel:
    """Gradient-boosted trees over all histories together, run forward step by step.

    Values are divided by the mean of their history and differenced over the shortest season (or
    the last value); features are the last 24 differences and those around each season.

    Parameters
    ----------
    **options
        For ``lightgbm.LGBMRegressor``; by default 200 trees of 31 leaves, absolute error.

    Raises
    ------
    BackendUnavailableError
        LightGBM is not installed; ``pip install fairlead[gbm]``.

    Notes
    -----
    Fitted anew in every call, on the shortest history of each series: what was known at the
    earliest origin of its bands. So the errors behind the bands are of values it has not seen.

    References
    ----------
    .. [1] Ke et al., LightGBM, NeurIPS 2017.
    """

    name = "lightgbm"

    def __init__(self, **options: Any) -> None:
        self._library = _library("lightgbm", "gbm")
        self.options = {
            "objective": "l1",
            "n_estimators": 200,
            "num_leaves": 31,
            "verbosity": -1,
            "random_state": 0,
            "n_jobs": 1,
            **options,
        }

    def forecast(
        self, histories: Sequence[Floats], horizon: int, seasons: tuple[int, ...]
    ) -> Floats:
        """As `PointModel.forecast`."""
        difference = seasons[0] if seasons else 1
        around = [lag for m in seasons for lag in (m - 1, m, m + 1)]
        lags = np.unique([*range(1, _MOST_LAGS + 1), *around])
        lags = lags[lags >= 1]
        shortest = min(len(y) for y in histories)
        lags = lags[lags <= max((shortest - difference) // 3, 1)]
        if shortest <= difference + lags[-1] + 1:
            raise InvalidInputError(
                f"LightGBM on changes over {difference} intervals needs histories of more than "
                f"{difference + int(lags[-1]) + 1} values, got {shortest}"
            )
        scales = np.array([max(float(np.mean(y)), 1e-9) for y in histories])
        scaled = [y / scale for y, scale in zip(histories, scales, strict=True)]
        x, target = zip(
            *(_rows(scaled[i], difference, lags) for i in _shortest_of_each(histories)), strict=True
        )
        regressor = self._library.LGBMRegressor(**self.options)
        regressor.fit(np.concatenate(x), np.concatenate(target))
        reach = difference + int(lags[-1])
        window = np.stack([y[-reach:] for y in scaled])
        for _ in range(horizon):
            changes = window[:, difference:] - window[:, :-difference]
            step = regressor.predict(changes[:, -lags]) + window[:, -difference]
            window = np.column_stack([window, step])
        made: Floats = window[:, -horizon:] * scales[:, None]
        return made


class StatsForecastModel:
    """A model of statsforecast, fitted to each history.

    Parameters
    ----------
    model : statsforecast model
        Such as ``statsforecast.models.AutoETS(season_length=24)``; anything with
        ``forecast(y, h)`` that returns a mapping with ``"mean"``.
    name : str, optional
        Of the columns; by default the model's alias.

    Examples
    --------
    >>> class Last:
    ...     alias = "last"
    ...     def forecast(self, y, h):
    ...         return {"mean": np.repeat(y[-1], h)}
    >>> StatsForecastModel(Last()).forecast([np.array([1.0, 4.0])], 2, ())
    array([[4., 4.]])
    """

    def __init__(self, model: Any, name: str | None = None) -> None:
        self.model = model
        self.name = str(model.alias if name is None else name)

    def forecast(
        self, histories: Sequence[Floats], horizon: int, seasons: tuple[int, ...]
    ) -> Floats:
        """As `PointModel.forecast`; the model knows its own season."""
        made: Floats = np.stack(
            [self.model.forecast(y=y.copy(), h=horizon)["mean"] for y in histories]
        )
        return made


def _library(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise BackendUnavailableError(
            f"{name} is not installed; pip install fairlead[{extra}]"
        ) from error


def _shortest_of_each(histories: Sequence[Floats]) -> list[int]:
    """Places of the histories that do not continue the one before: the first of each series."""
    return [
        i
        for i, y in enumerate(histories)
        if i == 0 or not np.array_equal(y[: len(histories[i - 1])], histories[i - 1])
    ]


def _rows(y: Floats, difference: int, lags: Any) -> tuple[Floats, Floats]:
    """Lagged changes, and the change they are followed by."""
    change = y[difference:] - y[:-difference]
    rows = np.arange(int(lags[-1]), len(change))
    return change[rows[:, None] - lags], change[rows]
