"""Prediction: how much of a resource will be in use, as a distribution.

`demand_series` turns a jobs table into demand over time, `predict` forecasts it with bands,
`DemandForecast.sample_paths` draws joint courses of it, `backtest` and `cross_validation` say how
good such forecasts would have been, `models` lists what there is, and ``extras`` has adapters for
models of other libraries.

`UsageRecommender`, `WindowRecommender` and `CostRecommender` learn from what was used what to ask
for; `machine_peaks` says how much of the limits of its tasks a machine will need. `capacity_plan`
says how many nodes of which kind hold a target of waits or losses, `newsvendor_quantile` which
quantile of demand is worth its price. `training_memory` and `inference_memory` estimate the GPU
memory of a transformer before it has run. `rightsizing` reports what finished jobs asked for and
did not use.
"""

from __future__ import annotations

from fairlead.prediction.accuracy import (
    coverage,
    crps,
    mae,
    mase,
    quantile_loss,
    rmse,
    rmsse,
    smape,
)
from fairlead.prediction.backtesting import BacktestResult, backtest, cross_validation
from fairlead.prediction.capacity.forecast import newsvendor_quantile
from fairlead.prediction.capacity.plan import capacity_plan
from fairlead.prediction.capacity.size import ClusterSize
from fairlead.prediction.demand import demand_series
from fairlead.prediction.external import PointModel
from fairlead.prediction.forecasting import DemandForecast, predict
from fairlead.prediction.memory.estimate import MemoryEstimate
from fairlead.prediction.memory.inference import inference_memory
from fairlead.prediction.memory.training import training_memory
from fairlead.prediction.options import models
from fairlead.prediction.paths import DemandPaths
from fairlead.prediction.requests.report import RightSizing, rightsizing
from fairlead.prediction.usage.peaks import MachinePeaks, machine_peaks
from fairlead.prediction.usage.recommender import UsageRecommender
from fairlead.prediction.usage.windows import CostRecommender, WindowRecommender

__all__ = [
    "BacktestResult",
    "ClusterSize",
    "CostRecommender",
    "DemandForecast",
    "DemandPaths",
    "MachinePeaks",
    "MemoryEstimate",
    "PointModel",
    "RightSizing",
    "UsageRecommender",
    "WindowRecommender",
    "backtest",
    "capacity_plan",
    "coverage",
    "cross_validation",
    "crps",
    "demand_series",
    "inference_memory",
    "machine_peaks",
    "mae",
    "mase",
    "models",
    "newsvendor_quantile",
    "predict",
    "quantile_loss",
    "rightsizing",
    "rmse",
    "rmsse",
    "smape",
    "training_memory",
]
