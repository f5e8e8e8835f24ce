"""Checks of distributions, and the figures of a trace: arrivals, run times, users."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fairlead.report.words import clock, share
from fairlead.traces.diagnosis.finding import Finding, rows_where
from fairlead.traces.diagnosis.view import DAY_S, View

__all__ = ["check_shape", "daily_profile", "measures"]

_ENOUGH = 1000
_FEWEST_DAYS = 14
# First harmonic of the hour of the day, relative to the mean: 0.6 to 1 in public logs.
_FLAT = 0.15
# Public logs that leave nothing out have jobs of seconds.
_SHORTEST_RUN_S = 60.0
_BURST = 0.5
# Submissions of a day at the weekend, as a part of those of a working day.
_QUIET = 0.6
# So many pairs of jobs in one second should be there before it is odd that there is none.
_PAIRS = 10.0


def check_shape(view: View) -> Iterator[Finding]:
    """All findings about distributions."""
    if view.order.size < _ENOUGH:
        return
    yield from _short_jobs(view)
    yield from _flat_day(view)
    yield from _quiet_weekends(view)
    yield from _bursts(view)
    yield from _singles_only(view)


def _short_jobs(view: View) -> Iterator[Finding]:
    run = view.run_s[view.run_s > 0]
    if run.size < _ENOUGH or run.min() < _SHORTEST_RUN_S:
        return
    shortest = rows_where(view.run_s == run.min())
    yield Finding(
        "short_jobs_missing",
        "info",
        int(run.size),
        f"no job ran shorter than {clock(float(run.min()))}: short ones were left out",
        "counts of arrivals are too low, and mean slowdowns far too low, since short jobs have the "
        "largest",
        "",
        shortest,
    )


def daily_profile(view: View) -> NDArray[np.float64] | None:
    """Submissions by hour of the day, as multiples of the mean; None without a clock."""
    clock_s = view.submit_s if view.local_s is None else view.local_s
    clock_s = clock_s[np.isfinite(clock_s)]
    if not clock_s.size:
        return None
    hours = np.bincount((clock_s // 3600 % 24).astype(np.int64), minlength=24)
    return np.asarray(hours / hours.mean())


def _flat_day(view: View) -> Iterator[Finding]:
    profile = daily_profile(view)
    if profile is None or view.span_s < _FEWEST_DAYS * DAY_S:
        return
    wave = float(np.abs(profile @ np.exp(2j * np.pi * np.arange(24) / 24)) / 12)
    if wave < _FLAT:
        yield Finding(
            "flat_day",
            "info",
            view.order.size,
            f"submissions hardly follow the hour of the day (first harmonic {wave:.2f} of the "
            f"mean): machines submit them, users of many zones do, or times were changed",
            "a forecast finds no daily cycle, and nights bring no relief to the queue",
            "",
            np.empty(0, dtype=np.int64),
        )


def _quiet_weekends(view: View) -> Iterator[Finding]:
    if view.local_s is None or view.span_s < _FEWEST_DAYS * DAY_S:
        return
    day = np.floor(view.local_s[view.order] / DAY_S).astype(np.int64)
    # Day 0 was a Thursday; Saturday is 5.
    calendar = np.arange(day[0], day[-1] + 1)
    weekend, free = (day + 3) % 7 >= 5, (calendar + 3) % 7 >= 5
    rest, work = weekend.sum() / free.sum(), (~weekend).sum() / (~free).sum()
    if rest < _QUIET * work:
        yield Finding(
            "quiet_weekends",
            "info",
            int(weekend.sum()),
            f"a day at the weekend has {share(float(rest / work), 0)} of the submissions of a "
            f"working day",
            "queues drain at weekends, so a cut of a few days gives waits that depend on where it "
            "begins; a forecast needs a season of a week",
            "",
            view.order[weekend],
        )


def _bursts(view: View) -> Iterator[Finding]:
    times = view.submit_s[view.order]
    same = np.flatnonzero(np.diff(times) <= 1) + 1
    if same.size > _BURST * times.size:
        yield Finding(
            "bursts",
            "info",
            int(same.size),
            f"{share(same.size / times.size)} of jobs come within a second of the job before: "
            f"scripts and arrays submit them",
            "they wait for each other, so waits are far above those of as many jobs that come "
            "singly; a Poisson model of arrivals does not hold",
            "",
            view.order[same],
        )


def _singles_only(view: View) -> Iterator[Finding]:
    times = view.submit_s[view.order]
    pauses = np.diff(times)
    # Equal pauses are no record but numbers given by a reader.
    if (pauses == 0).any() or (times % 1 != 0).any() or np.ptp(pauses) == 0:
        return
    # Of k jobs in an hour, k(k-1)/2 pairs share a second with a chance of 1 in 3600.
    k = np.unique(times // 3600, return_counts=True)[1].astype(np.float64)
    expected = float((k * (k - 1)).sum() / 7200)
    if expected >= _PAIRS:
        yield Finding(
            "singles_only",
            "info",
            view.order.size,
            f"no two jobs share a second, where {expected:,.0f} pairs should by chance alone: all "
            f"but one of jobs submitted together were left out",
            "counts of arrivals are too low, and the bursts that make queues are missing",
            "",
            np.empty(0, dtype=np.int64),
        )


def measures(view: View) -> dict[str, float]:
    """The figures of a trace by name; NaN where they cannot be told."""
    pauses = np.diff(view.submit_s[view.order])
    run = view.run_s[view.run_s >= 0]
    median, p99 = np.quantile(run, (0.5, 0.99)) if run.size else (np.nan, np.nan)
    both = np.isfinite(view.limit_s) & (view.run_s > 0)
    used = view.run_s[both] / view.limit_s[both]
    codes, names = view.names("user")
    busiest = np.bincount(codes[codes >= 0]).max() if (codes >= 0).any() else np.nan
    mean = pauses.mean() if pauses.size else np.nan
    return {
        "jobs": float(view.n),
        "span_days": view.span_s / DAY_S,
        "load": view.load,
        "capacity": view.capacity,
        "jobs_per_hour": 3600 / float(mean) if mean > 0 else np.nan,
        "interarrival_cv": float(pauses.std() / mean) if mean > 0 else np.nan,
        "mean_run_s": float(run.mean()) if run.size else np.nan,
        "median_run_s": float(median),
        "p99_run_s": float(p99),
        "users": float(len(names)) if names else np.nan,
        "busiest_user_frac": float(busiest) / view.n,
        "median_limit_used_frac": float(np.median(used)) if used.size else np.nan,
    }
