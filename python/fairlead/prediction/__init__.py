"""Prediction: how much of a resource will be in use, as a distribution.

`demand_series` turns a jobs table into demand over time, `predict` forecasts it with bands,
`backtest` says how good such forecasts would have been, `models` lists what there is.
`demand_features` makes features of series for models of one's own, `job_features` of jobs from what
had finished by their submission, and `TreeEnsemble` evaluates trees trained on such features.
"""

from __future__ import annotations

from fairlead.prediction.backtesting import BacktestResult, backtest
from fairlead.prediction.demand import demand_series
from fairlead.prediction.features import demand_features
from fairlead.prediction.forecasting import DemandForecast, predict
from fairlead.prediction.job_history import job_features
from fairlead.prediction.options import models
from fairlead.prediction.trees import TreeEnsemble

__all__ = [
    "BacktestResult",
    "DemandForecast",
    "TreeEnsemble",
    "backtest",
    "demand_features",
    "demand_series",
    "job_features",
    "models",
    "predict",
]
