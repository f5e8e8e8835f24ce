"""Checks of submission times: missing, unsorted, gaps, dates, resolution, cut ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fairlead.report.words import clock, count, share, unit_of_resource
from fairlead.traces.diagnosis.finding import Finding, remedy_call, rows_where
from fairlead.traces.diagnosis.view import DAY_S, View

__all__ = ["check_times", "gap_threshold_s"]

# A long weekend is no gap; and a gap must be far longer than the longest of as many random pauses.
_LEAST_GAP_S = 3 * DAY_S
_GAP_FACTOR = 5.0
# Plain times beyond are seconds since 1970, not since the begin of the log.
_LATEST_START_S = 10 * 365 * DAY_S
_EARLIEST, _LATEST = pd.Timestamp("1990-01-01"), pd.Timestamp("2100-01-01")
_ENOUGH = 50
_COARSE_S = 60.0
_USAGE_BINS = 200
# Part of the span with less than half of the usual use, at either end.
_END_PART = 0.05
# Fewest jobs that should outlast the end of the log; the part of them that is too few; and the part
# of a long run (95 %) that is too short for the one that outlasts it most.
_OVERHANG, _OVERHANG_PART, _OVERHANG_TIME = 12.0, 0.35, 0.25


def check_times(view: View) -> Iterator[Finding]:
    """All findings about submission times."""
    yield from _missing(view)
    if not view.order.size:
        return
    yield from _unsorted(view)
    yield from _gaps(view)
    yield from _late_start(view)
    yield from _short_span(view)
    yield from _odd_dates(view)
    if view.order.size >= _ENOUGH:
        yield from _coarse(view)
        yield from _ends_of_use(view)
        yield from _cut_end(view)


def _missing(view: View) -> Iterator[Finding]:
    bad = ~np.isfinite(view.submit_s)
    if bad.any():
        yield Finding(
            "missing_times",
            "critical",
            int(bad.sum()),
            f"{count(int(bad.sum()), 'job')} without a usable submission time",
            "a simulation refuses the table",
            remedy_call("drop_missing_times"),
            rows_where(bad),
        )


def _unsorted(view: View) -> Iterator[Finding]:
    times = view.submit_s[np.isfinite(view.submit_s)]
    back = np.flatnonzero(np.diff(times) < 0) + 1
    if back.size:
        rows = np.flatnonzero(np.isfinite(view.submit_s))[back]
        yield Finding(
            "unsorted_times",
            "warning",
            int(back.size),
            f"{count(int(back.size), 'job')} submitted before the job above it",
            "the engine sorts by time, so results hold; but the first rows of the table are not "
            "the first jobs, and jobs of one instant keep the order of the table",
            remedy_call("sort"),
            rows.astype(np.int64),
        )


def gap_threshold_s(view: View) -> float:
    """The shortest pause between submissions that counts as a gap in collection (s)."""
    n = view.order.size
    mean = view.span_s / max(n - 1, 1)
    return max(_LEAST_GAP_S, _GAP_FACTOR * mean * float(np.log(max(n, 2))))


def _gaps(view: View) -> Iterator[Finding]:
    times = view.submit_s[view.order]
    pauses = np.diff(times)
    at = np.flatnonzero(pauses > gap_threshold_s(view))
    if not at.size:
        return
    at = at[np.argsort(-pauses[at], kind="stable")]
    rows = np.column_stack((view.order[at], view.order[at + 1])).ravel()
    yield Finding(
        "gaps",
        "warning",
        int(at.size),
        f"{count(int(at.size), 'gap')} in collection, the longest {clock(float(pauses[at[0]]))}, "
        f"{share(float(pauses[at].sum() / view.span_s))} of the span together",
        "the machine stands empty there: mean load and waits come out too low, and a forecast "
        "learns a demand of zero",
        remedy_call("longest_stretch"),
        rows.astype(np.int64),
    )


def _late_start(view: View) -> Iterator[Finding]:
    first = float(view.submit_s[view.order[0]])
    if view.kind.name != "seconds" or not gap_threshold_s(view) < first < _LATEST_START_S:
        return
    yield Finding(
        "late_start",
        "info",
        1,
        f"the first job comes {clock(first)} after second 0: collection began before there was "
        f"anything to collect, or the begin is missing",
        "what is counted from second 0 sees an empty machine: take rates and loads over the span "
        "of the jobs",
        "",
        view.order[:1],
    )


def _short_span(view: View) -> Iterator[Finding]:
    if view.order.size < 2 or view.span_s >= DAY_S:
        return
    within = f"within {clock(view.span_s)}" if view.span_s > 0 else "at one moment"
    yield Finding(
        "short_span",
        "info",
        view.order.size,
        f"all jobs come {within}: a burst, or a window cut out of a longer log",
        "the machine fills and drains and never settles: the longest jobs decide the makespan, and "
        "a forecast learns neither day nor week",
        "",
        np.empty(0, dtype=np.int64),
    )


def _odd_dates(view: View) -> Iterator[Finding]:
    if view.kind.name != "datetime":
        return
    early, late = _EARLIEST.timestamp(), _LATEST.timestamp()
    bad = (view.submit_s < early) | (view.submit_s >= late)
    if not bad.any():
        return
    first = pd.Timestamp(view.submit_s[view.order[0]], unit="s")
    if bad.sum() == view.order.size:
        weeks = round((pd.Timestamp("2026-01-05") - first) / pd.Timedelta("7D"))
        remedy = remedy_call("shift_weeks", weeks=weeks)
    else:
        remedy = remedy_call("drop_odd_dates", earliest=str(_EARLIEST), latest=str(_LATEST))
    yield Finding(
        "odd_dates",
        "warning",
        int(bad.sum()),
        f"{count(int(bad.sum()), 'job')} submitted before 1990 or after 2100, the first "
        f"{first:%Y-%m-%d}: a bare clock or another unit read as dates",
        "days of the week and holidays mean nothing, and a stray date makes the span and with it "
        "every mean over time wrong",
        remedy,
        rows_where(bad),
    )


def _coarse(view: View) -> Iterator[Finding]:
    times = view.submit_s[view.order]
    if view.span_s > DAY_S and bool((times % _COARSE_S == 0).mean() > 0.99):
        same = np.flatnonzero(np.diff(times) == 0) + 1
        yield Finding(
            "coarse_clock",
            "info",
            int(same.size),
            f"submissions are whole minutes; {count(int(same.size), 'job')} share the minute of "
            f"the job before",
            "bursts come out stronger than they were, and the order within a minute is that of the "
            "table",
            "",
            view.order[same],
        )


def _ends_of_use(view: View) -> Iterator[Finding]:
    """Whether it takes long to fill the machine at the begin, or it empties long before the end."""
    if view.main is None or view.span_s < DAY_S:
        return
    edges, used = view.usage(_USAGE_BINS)
    width = int(_END_PART * _USAGE_BINS)
    # Means over a twentieth of the span: one large job is not the usual use.
    level = np.convolve(used, np.ones(width) / width, mode="valid")
    usual = float(np.median(level))
    filled = np.flatnonzero(level >= usual / 2)
    if usual <= 0 or not filled.size:
        return
    times, unit = view.submit_s[view.order], unit_of_resource(view.main)
    begin, end = edges[filled[0]], edges[filled[-1] + width]
    if begin - edges[0] >= _END_PART * view.span_s:
        early = view.order[times < begin]
        yield Finding(
            "cold_start",
            "info",
            int(early.size),
            f"it takes {clock(float(begin - edges[0]))} until half of the usual {unit} are in "
            f"use: jobs that ran when collection began are not in the log, or it began slowly",
            "waits in that time are too short; simulate it, but leave it out of means",
            "",
            early,
        )
    if edges[-1] - end >= _END_PART * view.span_s:
        rows = view.order[times >= end]
        yield Finding(
            "fading_end",
            "info",
            int(rows.size),
            f"in the last {clock(float(edges[-1] - end))} less than half of the usual {unit} are "
            f"in use: collection, or the cluster, was running out",
            "waits in that time are too short; simulate it, but leave it out of means",
            "",
            rows,
        )


def _cut_end(view: View) -> Iterator[Finding]:
    """Compare how many jobs outlast the last submission with how many should, by earlier jobs.

    Jobs come at a rate r and run for R: r times the mean of R run at any moment (Little's law).
    """
    times, run = view.submit_s[view.order], view.run_s[view.order]
    known = np.isfinite(run) & (run > 0)
    if known.sum() < _ENOUGH:
        return
    times, run, rows = times[known], run[known], view.order[known]
    left = times[-1] - times
    window = float(np.quantile(run, 0.95))
    late = left < window
    early = run[~late]
    if early.size < _ENOUGH or late.sum() == 0:
        return
    rate = early.size / (view.span_s - window)
    # Those of them that came within the window.
    expected = rate * float(np.minimum(early, window).mean())
    outlasting = int((run[late] > left[late]).sum())
    longest = float((run - left).max())
    few = outlasting <= _OVERHANG_PART * expected
    if expected < _OVERHANG or not (few or longest < _OVERHANG_TIME * window):
        return
    yield Finding(
        "cut_end",
        "warning",
        int(late.sum()),
        f"{outlasting} jobs outlast the last submission where {expected:.0f} should, the longest "
        f"by {clock(max(longest, 0.0))} where long runs take {clock(window)}: what ran when "
        f"collection ended is missing or cut",
        f"the last {clock(window)} hold too little work and too short jobs: load and waits there "
        f"are too low",
        remedy_call("trim_end", seconds=float(np.ceil(window))),
        rows[late][::-1].astype(np.int64),
    )
