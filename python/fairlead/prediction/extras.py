"""Models of other libraries as ``model=``; the libraries are asked for when a model is made."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from fairlead.errors import BackendUnavailableError
from fairlead.prediction.boosting import FittedTrees, TreeOptions, fit_trees
from fairlead.prediction.feature_values import whole_number
from fairlead.tables.frames import Floats

__all__ = ["LightGBMModel", "StatsForecastModel"]


class LightGBMModel:
    """Gradient-boosted trees over all series together, for each group of steps ahead directly.

    Steps 1, 2, 3-4, 5-8, ... have trees of their own. They see lags, means, medians and spreads of
    the last hours to the last season, how they differ from the level and from one season before,
    what is usual at the place in each season, and that place; in units of the mean of the series.
    Their answer is added to the last value or to that of one season before where that came closest
    in the last quarter of the values that are learned from, and by 2 % or more closer than trees
    whose answer is added to nothing; else to nothing.

    Parameters
    ----------
    refit_every : int, default 1
        In a back-test, intervals from one fit to the next; by default every cutoff has its own.
    rows : int, default 60,000
        The trees of a group learn from at most about so many pairs of origin and step, evenly
        spaced.
    **options
        For ``lightgbm.train``; by default 200 trees of 15 leaves, learning rate 0.05, absolute
        error, one thread.

    Raises
    ------
    InvalidInputError
        `refit_every` or `rows` is no whole number from 1.
    BackendUnavailableError
        LightGBM is not installed; ``pip install fairlead[gbm]``.

    Notes
    -----
    Trained with LightGBM, evaluated by `TreeEnsemble`. Fitted to what was known at the earliest
    origin of the bands, for the errors behind them, and to all that is known, for the forecast. The
    same input gives the same forecast.

    References
    ----------
    .. [1] Ke et al., LightGBM, NeurIPS 2017.
    .. [2] Ben Taieb and Hyndman, "Boosting multi-step autoregressive forecasts", ICML 2014 (direct
       forecasts).
    """

    name = "lightgbm"

    def __init__(self, *, refit_every: int = 1, rows: int = 60_000, **options: Any) -> None:
        self._library = _library("lightgbm", "gbm")
        self.refit_every = whole_number("refit_every", refit_every)
        self.rows = whole_number("rows", rows)
        self.options = {
            "objective": "l1",
            "n_estimators": 200,
            "num_leaves": 15,
            "learning_rate": 0.05,
            "verbosity": -1,
            "random_state": 0,
            "deterministic": True,
            "force_row_wise": True,
            "n_jobs": 1,
            **options,
        }

    def fit(
        self,
        histories: Sequence[Floats],
        phases: Sequence[int],
        horizon: int,
        seasons: tuple[int, ...],
    ) -> FittedTrees:
        """As `LearningModel.fit`."""
        parameters = dict(self.options)
        trees = int(parameters.pop("n_estimators"))
        options = TreeOptions(self._library, parameters, trees, self.rows)
        return fit_trees(histories, phases, horizon, seasons, options)


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
