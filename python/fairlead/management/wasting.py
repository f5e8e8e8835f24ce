"""What was paid for and not used, and what can be done about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.management.watching import Watch
from fairlead.tables import to_pandas

__all__ = ["advise", "waste"]

Floats = NDArray[np.float64]

# Thresholds below which a remark is not worth a reader's time.
_IDLE_WHILE_WAITING_FRAC = 0.05
_NEVER_USED_FRAC = 0.2
_LIMIT_USED_FRAC = 0.5


def waste(schedule: Any, watch: Watch, jobs: Any | None) -> dict[str, float]:
    """Idle capacity, and work lost or asked for and not used, in hours.

    Notes
    -----
    ``idle_<r>_h`` unit-hours of r in service and not in use, ``idle_<r>_frac`` their part;
    ``idle_while_waiting_h`` hours in which jobs waited while at least half of the main resource
    was idle; ``lost_job_h`` hours run by jobs that failed or ran into their limit. With the jobs
    table also ``lost_<r>_h`` and ``unused_limit_<r>_h``, unit-hours of the main resource r that
    completed jobs asked for by their limit and gave back, and ``limit_used_frac``, the median part
    they used.
    """
    steps, hours = watch.steps, watch.step_s / 3600
    out: dict[str, float] = {}
    for r in watch.resources:
        used, capacity = (steps[f"{w}_{r}"].to_numpy(float) for w in ("used", "capacity"))
        idle = float(np.maximum(capacity - used, 0) @ hours)
        total = float(capacity @ hours)
        out[f"idle_{r}_h"] = idle
        out[f"idle_{r}_frac"] = idle / total if total else 0.0
    out["idle_while_waiting_h"] = float(hours[_idle_while_waiting(watch)].sum())
    done = to_pandas(schedule.jobs, "jobs")
    run_h = _run_h(done)
    lost = done["status"].isin(["timeout", "failed"]).to_numpy(bool)
    completed = (done["status"] == "completed").to_numpy(bool)
    out["lost_job_h"] = float(run_h[lost].sum())
    if jobs is not None and watch.main:
        out |= _of_requests(to_pandas(jobs, "jobs"), run_h, lost, completed, watch.main)
    return out


def _idle_while_waiting(watch: Watch) -> NDArray[np.bool_]:
    if not watch.main:
        return np.zeros(len(watch.steps), dtype=bool)
    used, capacity = (
        watch.steps[f"{w}_{watch.main}"].to_numpy(float) for w in ("used", "capacity")
    )
    waiting = watch.steps["waiting"].to_numpy(float)
    found: NDArray[np.bool_] = (waiting > 0) & (capacity > 0) & (used <= 0.5 * capacity)
    return found


def _run_h(jobs: pd.DataFrame) -> Floats:
    """Hours from start to end of each job; 0 where it did not do both."""
    run = jobs["end_time"] - jobs["start_time"]
    seconds = run.dt.total_seconds() if pd.api.types.is_timedelta64_dtype(run.dtype) else run
    hours: Floats = np.nan_to_num(seconds.to_numpy(float)) / 3600
    return hours


def _of_requests(
    jobs: pd.DataFrame, run_h: Floats, lost: Any, completed: Any, main: str
) -> dict[str, float]:
    if len(jobs) != run_h.size:
        raise InvalidInputError(
            f"jobs must be the table that was scheduled, {run_h.size} rows; got {len(jobs)}"
        )
    per_task = _numbers(jobs, main, 0.0)
    units = per_task * _numbers(jobs, "tasks", 1.0)
    out = {f"lost_{main}_h": float((units * run_h)[lost].sum())}
    limit_h = _numbers(jobs, "limit_s", np.nan) / 3600
    limited = completed & (limit_h > 0)
    if limited.any():
        unused = np.maximum(limit_h - run_h, 0)[limited]
        out[f"unused_limit_{main}_h"] = float(units[limited] @ unused)
        out["limit_used_frac"] = float(np.median(run_h[limited] / limit_h[limited]))
    return out


def _numbers(jobs: pd.DataFrame, column: str, missing: float) -> Floats:
    if column not in jobs:
        return np.full(len(jobs), missing)
    values = pd.to_numeric(jobs[column]).to_numpy(float, na_value=np.nan)
    return np.where(np.isnan(values), missing, values)


def advise(schedule: Any, watch: Watch, wasted: dict[str, float]) -> list[str]:
    """Suggestions, each with the figures it rests on; none without."""
    advice = []
    span_h = float(watch.step_s.sum()) / 3600
    idle_h = wasted["idle_while_waiting_h"]
    backfill = dict(schedule.header).get("backfill")
    if span_h and idle_h > _IDLE_WHILE_WAITING_FRAC * span_h and backfill == "none":
        advice.append(
            f"Jobs waited for {idle_h:,.1f} h ({idle_h / span_h:.0%} of the time) while at least "
            f"half of the {watch.main} were idle, behind a job that did not fit: try policy='easy'."
        )
    if watch.main and watch.steps["waiting"].max() == 0:
        advice += _never_used(watch)
    status = to_pandas(schedule.jobs, "jobs")["status"]
    timeouts = int((status == "timeout").sum())
    if timeouts:
        advice.append(
            f"{timeouts} of {len(status)} jobs ran into their limit; with those that failed they "
            f"ran {wasted['lost_job_h']:,.1f} h: raise their limits or save state before the limit."
        )
    impossible = int((status == "infeasible").sum())
    if impossible:
        advice.append(
            f"Jobs that can never run on these nodes: {impossible}; see `reason` in the jobs table."
        )
    used = wasted.get("limit_used_frac", 1.0)
    if used < _LIMIT_USED_FRAC and watch.steps["waiting"].max() > 0:
        advice.append(
            f"Half of the jobs used less than {used:.0%} of their limit: closer limits, or run "
            f"times predicted from the past, let more jobs be backfilled."
        )
    return advice


def _never_used(watch: Watch) -> list[str]:
    used, capacity = (watch.steps[f"{w}_{watch.main}"].max() for w in ("used", "capacity"))
    if not capacity or used > (1 - _NEVER_USED_FRAC) * capacity:
        return []
    return [
        f"No job ever waited, and at most {used:g} of {capacity:g} {watch.main} were in use at "
        f"once: a smaller cluster, or strategy='dynamic', would have served."
    ]
