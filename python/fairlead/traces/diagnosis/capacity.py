"""Checks against the machine: jobs that can never fit, and load over time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fairlead.report.words import amount, count, share, unit_of_resource
from fairlead.tables.frames import Bools, Ints
from fairlead.traces.diagnosis.feasibility import never_fits
from fairlead.traces.diagnosis.finding import Finding, remedy_call
from fairlead.traces.diagnosis.view import DAY_S, View

__all__ = ["check_capacity", "weekly_load"]

_WEEK_S = 7 * DAY_S
# Beyond, the unit of time is wrong.
_MOST_WEEKS = 2000
_FULL = 1.0
_IDLE = 0.3
# A load that a good policy can carry, to thin down to.
_BEARABLE = 0.9


def check_capacity(view: View) -> Iterator[Finding]:
    """All findings about the machine; none where it is not known."""
    if view.cluster is None:
        return
    yield from _never_fits(view)
    if view.main is None or not np.isfinite(view.load):
        return
    if view.load > _FULL:
        yield _overload(view)
    elif view.span_s < _MOST_WEEKS * _WEEK_S:
        yield from _busy_weeks(view)
    if view.load < _IDLE:
        yield _idle(view)


def _never_fits(view: View) -> Iterator[Finding]:
    reasons = never_fits(view)
    rows = np.flatnonzero(reasons != "").astype(np.int64)
    if not rows.size:
        return
    why = pd.Series(reasons[rows]).value_counts()
    told = ", ".join(f"{number:,} for {reason}" for reason, number in why.items())
    yield Finding(
        "never_fits",
        "critical" if rows.size > 0.01 * view.n else "warning",
        int(rows.size),
        f"{count(int(rows.size), 'job')} ({share(rows.size / view.n)}) can never run on this "
        f"machine: {told}",
        "a simulation sets them aside as infeasible, so their work is missing from the load",
        remedy_call("drop_infeasible", cluster=view.cluster if view.given else None),
        rows,
    )


def weekly_load(view: View) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Rows of jobs with a submission as weeks since the first, and the load of each week."""
    times = view.submit_s[view.order] - view.submit_s[view.order[0]]
    week = (times // _WEEK_S).astype(np.int64)
    work = np.bincount(week, weights=view.work[view.order])
    length = np.full(work.size, _WEEK_S)
    # The last week may be short; less than a day says nothing.
    length[-1] = max(view.span_s - (work.size - 1) * _WEEK_S, DAY_S)
    return week, work / (view.capacity * length)


def _overload(view: View) -> Finding:
    keep = _BEARABLE / view.load
    largest = np.argsort(-view.work, kind="stable")[:5].astype(np.int64)
    return Finding(
        "overload",
        "critical",
        view.n,
        f"the jobs ask for {share(view.load, 0)} of the {unit_of_resource(str(view.main))} there "
        f"are ({amount(view.capacity)}) over the whole span",
        "the queue grows to the end whatever the policy, and mean waits only tell how long the log "
        "is",
        remedy_call("thin", keep=round(keep, 4)),
        largest,
    )


def _busy_weeks(view: View) -> Iterator[Finding]:
    week, load = weekly_load(view)
    busy = np.flatnonzero(load > _FULL)
    if not busy.size or load.size < 3:
        return
    inside: Bools = np.isin(week, busy)
    worst = int(load.argmax())
    yield Finding(
        "busy_weeks",
        "info",
        int(busy.size),
        f"{count(int(busy.size), 'week')} of {load.size} with more work than the machine can do, "
        f"week {worst + 1} with {share(float(load[worst]), 0)}",
        "most waiting comes from these weeks; a cut of the log with or without one gives other "
        "means",
        "",
        view.order[inside],
    )


def _idle(view: View) -> Finding:
    return Finding(
        "idle",
        "info",
        view.n,
        f"the jobs ask for {share(view.load)} of the {unit_of_resource(str(view.main))} there are",
        "hardly a job waits, so policies cannot be told apart; a smaller cluster shows more",
        "",
        np.empty(0, dtype=np.int64),
    )
