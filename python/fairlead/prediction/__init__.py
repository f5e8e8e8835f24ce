"""Prediction: how much of a resource will be in use, as a distribution.

`demand_series` turns a jobs table into demand over time, `predict` forecasts it with bands,
`backtest` says how good such forecasts would have been, `models` lists what there is.
`DemandStream` forecasts in the live loop, tick by tick.

`UsageRecommender`, `WindowRecommender` and `CostRecommender` learn from what was used what to ask
for; `machine_peaks` says how much of the limits of its tasks a machine will need. `capacity_plan`
says how many nodes of which kind hold a target of waits or losses, `newsvendor_quantile` which
quantile of demand is worth its price. `training_memory` and `inference_memory` estimate the GPU
memory of a transformer before it has run. `rightsizing` reports what finished jobs asked for and
did not use.
"""

from __future__ import annotations

from fairlead.prediction.backtesting import BacktestResult, backtest
from fairlead.prediction.capacity.forecast import newsvendor_quantile
from fairlead.prediction.capacity.plan import capacity_plan
from fairlead.prediction.capacity.size import ClusterSize
from fairlead.prediction.demand import demand_series
from fairlead.prediction.forecasting import DemandForecast, predict
from fairlead.prediction.memory.estimate import MemoryEstimate
from fairlead.prediction.memory.inference import inference_memory
from fairlead.prediction.memory.training import training_memory
from fairlead.prediction.options import models
from fairlead.prediction.requests.report import RightSizing, rightsizing
from fairlead.prediction.streaming import DemandStream
from fairlead.prediction.usage.peaks import MachinePeaks, machine_peaks
from fairlead.prediction.usage.recommender import UsageRecommender
from fairlead.prediction.usage.windows import CostRecommender, WindowRecommender

__all__ = [
    "BacktestResult",
    "ClusterSize",
    "CostRecommender",
    "DemandForecast",
    "DemandStream",
    "MachinePeaks",
    "MemoryEstimate",
    "RightSizing",
    "UsageRecommender",
    "WindowRecommender",
    "backtest",
    "capacity_plan",
    "demand_series",
    "inference_memory",
    "machine_peaks",
    "models",
    "newsvendor_quantile",
    "predict",
    "rightsizing",
    "training_memory",
]
