"""Which jobs an empty cluster could never run, and what they lack, as the engine says it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.tables import DEVICES, unit_of
from fairlead.traces.diagnosis.view import View

__all__ = ["never_fits"]

_MOST_TASKS = 2.0**31 - 1
# All tasks together stay below what 64-bit units hold.
_MOST_UNITS = 8e18
_PREFIX = "infeasible:"


def never_fits(view: View) -> NDArray[Any]:
    """For each job what keeps the engine from ever running it; blank where it fits.

    Distinct requests are submitted to an empty cluster, as jobs that take no time.
    """
    from fairlead.scheduling import schedule

    shapes = _shapes(view)
    group = shapes.groupby(list(shapes.columns), sort=False, dropna=False)
    codes = group.ngroup().to_numpy()
    first = np.unique(codes, return_index=True)[1]
    jobs = shapes.iloc[first].reset_index(drop=True).assign(submit_time=0.0, duration_s=0.0)
    done = schedule(jobs, view.cluster, policy="fcfs").jobs
    reasons = done["reason"].astype("str").str.removeprefix(_PREFIX)
    lacking = np.where(done["status"] == "infeasible", reasons, "")
    return np.asarray(lacking[codes], dtype=object)


def _shapes(view: View) -> pd.DataFrame:
    """What decides whether a job fits, a column each, mended so that the engine takes it."""
    tasks = np.minimum(np.floor(view.tasks), _MOST_TASKS)
    per_node = np.floor(np.maximum(np.nan_to_num(view.numbers("tasks_per_node")), 0))
    divides = (per_node > 0) & (tasks % np.maximum(per_node, 1) == 0)
    columns: dict[str, Any] = {"tasks": tasks, "tasks_per_node": np.where(divides, per_node, 0)}
    for name, amounts in view.requests.items():
        whole = np.ceil(amounts) if name in DEVICES else amounts
        asked = np.where(amounts < 1, amounts, whole)
        columns[name] = np.minimum(asked, _MOST_UNITS / (unit_of(name) * tasks))
    memory = view.numbers("gpu_memory_gib")
    columns["gpu_memory_gib"] = np.where((memory > 0) & (memory < 1e6), memory, np.nan)
    for name in ("pool", "gpu_type"):
        codes, texts = view.names(name)
        columns[name] = np.array([*texts, None], dtype=object)[codes]
    return pd.DataFrame(columns)
