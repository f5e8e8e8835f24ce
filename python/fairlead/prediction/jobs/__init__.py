"""How long jobs will run, learnt from the jobs that have finished."""

from __future__ import annotations

from fairlead.prediction.jobs.accuracy import RunTimeAccuracy, run_time_accuracy
from fairlead.prediction.jobs.boosted import BoostedRunTimes
from fairlead.prediction.jobs.estimators import (
    LastTwo,
    OnlineRunTimes,
    RunTimeEstimator,
    RunTimeHistogram,
    RunTimeMixture,
    RunTimeQuantile,
    RunTimeRidge,
    UserHistory,
    UserLimit,
)
from fairlead.prediction.jobs.forecast import RunTimeForecast, online_estimator, predict_run_times

__all__ = [
    "BoostedRunTimes",
    "LastTwo",
    "OnlineRunTimes",
    "RunTimeAccuracy",
    "RunTimeEstimator",
    "RunTimeForecast",
    "RunTimeHistogram",
    "RunTimeMixture",
    "RunTimeQuantile",
    "RunTimeRidge",
    "UserHistory",
    "UserLimit",
    "online_estimator",
    "predict_run_times",
    "run_time_accuracy",
]
