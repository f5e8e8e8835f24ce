"""Remedies that mend times and single records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.traces.diagnosis.editing import changed, taken, without
from fairlead.traces.diagnosis.times import gap_threshold_s
from fairlead.traces.diagnosis.view import View
from fairlead.traces.trace import Trace

_WEEK_S = 7 * 86_400


def sort(trace: Trace) -> Trace:
    order = np.argsort(View(trace, None).submit_s, kind="stable")
    moved = int((order != np.arange(order.size)).sum())
    sorted_trace = taken(trace, order)
    return changed(sorted_trace, sorted_trace.jobs, moved, "sort")


def drop_missing_times(trace: Trace) -> Trace:
    return without(trace, ~np.isfinite(View(trace, None).submit_s), "missing submit_time")


def drop_odd_dates(trace: Trace, earliest: Any, latest: Any) -> Trace:
    times = View(trace, None).submit_s
    early, late = pd.Timestamp(earliest).timestamp(), pd.Timestamp(latest).timestamp()
    return without(trace, (times < early) | (times >= late), "odd date")


def longest_stretch(trace: Trace) -> Trace:
    view = View(trace, None)
    times = view.submit_s[view.order]
    cuts = np.flatnonzero(np.diff(times) > gap_threshold_s(view)) + 1
    begins, ends = np.concatenate(([0], cuts)), np.concatenate((cuts, [times.size]))
    longest = int((times[ends - 1] - times[begins]).argmax())
    gone = np.ones(view.n, dtype=bool)
    gone[view.order[begins[longest] : ends[longest]]] = False
    return without(trace, gone, "outside the longest stretch")


def trim_end(trace: Trace, seconds: float) -> Trace:
    times = View(trace, None).submit_s
    return without(trace, times > np.nanmax(times) - seconds, "at the end")


def shift_weeks(trace: Trace, weeks: int) -> Trace:
    column = trace.jobs["submit_time"]
    if not pd.api.types.is_datetime64_any_dtype(column):
        raise InvalidInputError("shift_weeks is for dates, but submit_time holds seconds")
    shift = pd.Timedelta(weeks * _WEEK_S, unit="s").as_unit(column.dt.unit)
    jobs = trace.jobs.assign(submit_time=column + shift)
    return changed(trace, jobs, len(jobs), f"shifted by {weeks} weeks")


def renumber(trace: Trace) -> Trace:
    repeated = trace.jobs["job_id"].duplicated().to_numpy()
    texts = trace.jobs["job_id"].astype("str").to_numpy(dtype=object)
    taken, made = set(texts.tolist()), texts.copy()
    for row in np.flatnonzero(repeated):
        number = 2
        while (new := f"{texts[row]}-{number}") in taken:
            number += 1
        taken.add(new)
        made[row] = new
    jobs = trace.jobs.assign(job_id=pd.Series(made, index=trace.jobs.index, dtype="str"))
    return changed(trace, jobs, int(repeated.sum()), "renumber")


def drop_repeated_rows(trace: Trace) -> Trace:
    columns = [c for c in trace.jobs.columns if c != "job_id"]
    return without(trace, trace.jobs[columns].duplicated().to_numpy(), "repeated row")


def drop_missing_run_times(trace: Trace) -> Trace:
    return without(trace, ~np.isfinite(View(trace, None).run_s), "missing duration_s")


def drop_negative_run_times(trace: Trace) -> Trace:
    return without(trace, View(trace, None).run_s < 0, "negative duration_s")


def drop_zero_run_times(trace: Trace) -> Trace:
    return without(trace, View(trace, None).run_s == 0, "duration_s of 0")


def drop_empty_requests(trace: Trace) -> Trace:
    asked = list(View(trace, None).requests.values())
    nothing = np.ones(len(trace.jobs), dtype=bool)
    for amounts in asked:
        nothing &= amounts <= 0
    return without(trace, nothing, "asks nothing")


def fill_run_times(trace: Trace, seconds: float) -> Trace:
    """Missing run times become the limit, where there is one, else so many seconds."""
    view = View(trace, None)
    missing = ~np.isfinite(view.run_s)
    filled = np.where(np.isfinite(view.limit_s), view.limit_s, float(seconds))
    run = np.where(missing, filled, view.run_s)
    jobs = trace.jobs.assign(duration_s=run)
    return changed(trace, jobs, int(missing.sum()), "fill_run_times")


def drop_limits(trace: Trace) -> Trace:
    jobs = trace.jobs.drop(columns="limit_s", errors="ignore")
    return changed(trace, jobs, len(jobs), "drop_limits")


def cap_run_times(trace: Trace) -> Trace:
    view = View(trace, None)
    over = view.run_s > view.limit_s
    capped = trace.jobs["duration_s"].mask(over, trace.jobs["limit_s"])
    return changed(trace, trace.jobs.assign(duration_s=capped), int(over.sum()), "cap_run_times")


def fill_limits(trace: Trace) -> Trace:
    view = View(trace, None)
    limits = pd.Series(view.limit_s, index=trace.jobs.index)
    missing = limits.isna()
    if missing.all():
        raise InvalidInputError("no job has a limit to fill others with; give default_limit_s=")
    if "queue" in trace.jobs:
        limits = limits.fillna(limits.groupby(trace.jobs["queue"], observed=True).transform("max"))
    limits = limits.fillna(limits.max())
    return changed(trace, trace.jobs.assign(limit_s=limits), int(missing.sum()), "fill_limits")


def scale(trace: Trace, column: str, factor: float) -> Trace:
    if column not in trace.jobs or not pd.api.types.is_numeric_dtype(trace.jobs[column]):
        raise InvalidInputError(f"column must name numbers in jobs, got {column!r}")
    # Dividing by a whole number is exact where multiplying by its inverse is not.
    inverse = round(1 / factor) if 0 < factor < 1 else 0
    values = trace.jobs[column]
    scaled = values / inverse if inverse and abs(1 / factor - inverse) < 1e-6 else values * factor
    jobs = trace.jobs.assign(**{column: scaled})
    return changed(trace, jobs, len(jobs), f"{column} times {factor:g}")


def add_request(trace: Trace, resource: str, amount: float) -> Trace:
    jobs = trace.jobs.assign(**{resource: amount})
    return changed(trace, jobs, len(jobs), f"asks {amount:g} {resource}")
