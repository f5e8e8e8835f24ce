"""Fairlead: predict demand, allocate capacity, schedule jobs and manage what runs on an AI cluster.

Importing the package loads neither pandas nor matplotlib and never probes a GPU: each public name
is imported from its room on first use. Type checkers read ``__init__.pyi``, which says the same.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fairlead.errors import BackendUnavailableError, FairleadError, InvalidInputError

# Public name -> the module that defines it.
_HOME = {
    "Cluster": "fairlead.cluster",
    "Engine": "fairlead.scheduling",
    "Schedule": "fairlead.scheduling",
    "Simulation": "fairlead.scheduling",
    "run_all": "fairlead.scheduling",
    "schedule": "fairlead.scheduling",
    "policies": "fairlead.scheduling",
    "policy_key": "fairlead.scheduling",
    "DemandForecast": "fairlead.prediction",
    "backtest": "fairlead.prediction",
    "capacity_plan": "fairlead.prediction",
    "demand_series": "fairlead.prediction",
    "predict": "fairlead.prediction",
    "CapacityPlan": "fairlead.allocation",
    "allocate": "fairlead.allocation",
    "cuda_info": "fairlead.matching",
    "match": "fairlead.matching",
    "score": "fairlead.matching",
    "default_rules": "fairlead.management",
    "manage": "fairlead.management",
    "Pipeline": "fairlead.pipeline",
    "resource_allocation_strategy": "fairlead.strategies",
    "resource_demand_prediction": "fairlead.strategies",
    "resource_management_strategy": "fairlead.strategies",
    "resource_scheduling_strategy": "fairlead.strategies",
}
_ROOMS = {"allocation", "management", "matching", "prediction", "report", "scheduling", "traces"}

__all__ = [
    "BackendUnavailableError",
    "FairleadError",
    "InvalidInputError",
    "__version__",
    *sorted(_HOME),
    *sorted(_ROOMS),
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _ROOMS:
        value = import_module(f"fairlead.{name}")
    elif name == "__version__":
        value = import_module("fairlead._core").__version__
    else:
        raise AttributeError(f"module 'fairlead' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
