"""Traces with fewer jobs, or with other values, and the count of what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from fairlead.traces.trace import Trace

__all__ = ["changed", "taken", "without"]


def without(trace: Trace, gone: Any, reason: str) -> Trace:
    """The trace without some jobs, which are counted as dropped."""
    dropped = dict(trace.meta.dropped)
    if np.any(gone):
        dropped[reason] = dropped.get(reason, 0) + int(np.sum(gone))
    left = taken(trace, np.flatnonzero(~np.asarray(gone, dtype=bool)))
    return replace(left, meta=replace(trace.meta, dropped=dropped))


def changed(trace: Trace, jobs: pd.DataFrame, number: int, what: str) -> Trace:
    """The trace with another jobs table, whose changes are counted as repaired."""
    repaired = dict(trace.meta.repaired)
    if number:
        repaired[what] = repaired.get(what, 0) + number
    return replace(trace, jobs=jobs, meta=replace(trace.meta, repaired=repaired))


def taken(trace: Trace, rows: Any) -> Trace:
    """Some jobs in a given order, and the events that are not about another job."""
    jobs = trace.jobs.iloc[rows].reset_index(drop=True)
    events = trace.events
    if "job_id" not in events or len(events) == 0:
        return replace(trace, jobs=jobs)
    about = events["job_id"]
    if "job_id" in jobs:
        return replace(trace, jobs=jobs, events=events[about.isna() | about.isin(jobs["job_id"])])
    # Without ids, events name jobs by their row.
    place = pd.Series(np.arange(len(rows), dtype=np.float64), index=rows)
    moved = pd.to_numeric(about).map(place)
    return replace(
        trace, jobs=jobs, events=events.assign(job_id=moved)[about.isna() | moved.notna()]
    )
