"""Prediction: how much will be in use and how long jobs will run, as distributions.

`predict_run_times` goes through a log of jobs in order; its estimators (`RunTimeMixture` and
others) are taken by ``schedule(run_times=...)``.

`demand_series` turns a jobs table into demand over time, `predict` forecasts it with bands,
`DemandForecast.sample_paths` draws joint courses of it, `backtest` and `cross_validation` say how
good such forecasts would have been, `models` lists what there is, and ``extras`` has adapters for
models of other libraries.
`demand_features` makes features of series for models of one's own, `job_features` of jobs from what
had finished by their submission, and `TreeEnsemble` evaluates trees trained on such features.
`DemandStream` forecasts in the live loop, tick by tick.

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
from fairlead.prediction.external import LearningModel, PointModel
from fairlead.prediction.features import demand_features
from fairlead.prediction.forecasting import DemandForecast, predict
from fairlead.prediction.job_history import job_features
from fairlead.prediction.jobs import (
    BoostedRunTimes,
    LastTwo,
    RunTimeAccuracy,
    RunTimeEstimator,
    RunTimeForecast,
    RunTimeHistogram,
    RunTimeMixture,
    RunTimeQuantile,
    RunTimeRidge,
    UserHistory,
    UserLimit,
    predict_run_times,
    run_time_accuracy,
)
from fairlead.prediction.memory.estimate import MemoryEstimate
from fairlead.prediction.memory.inference import inference_memory
from fairlead.prediction.memory.training import training_memory
from fairlead.prediction.options import models
from fairlead.prediction.paths import DemandPaths
from fairlead.prediction.requests.report import RightSizing, rightsizing
from fairlead.prediction.streaming import DemandStream
from fairlead.prediction.trees import TreeEnsemble
from fairlead.prediction.usage.peaks import MachinePeaks, machine_peaks
from fairlead.prediction.usage.recommender import UsageRecommender
from fairlead.prediction.usage.windows import CostRecommender, WindowRecommender

__all__ = [
    "BacktestResult",
    "BoostedRunTimes",
    "ClusterSize",
    "CostRecommender",
    "DemandForecast",
    "DemandPaths",
    "DemandStream",
    "LastTwo",
    "LearningModel",
    "MachinePeaks",
    "MemoryEstimate",
    "PointModel",
    "RightSizing",
    "RunTimeAccuracy",
    "RunTimeEstimator",
    "RunTimeForecast",
    "RunTimeHistogram",
    "RunTimeMixture",
    "RunTimeQuantile",
    "RunTimeRidge",
    "TreeEnsemble",
    "UsageRecommender",
    "UserHistory",
    "UserLimit",
    "WindowRecommender",
    "backtest",
    "capacity_plan",
    "coverage",
    "cross_validation",
    "crps",
    "demand_features",
    "demand_series",
    "inference_memory",
    "job_features",
    "machine_peaks",
    "mae",
    "mase",
    "models",
    "newsvendor_quantile",
    "predict",
    "predict_run_times",
    "quantile_loss",
    "rightsizing",
    "rmse",
    "rmsse",
    "run_time_accuracy",
    "smape",
    "training_memory",
]
