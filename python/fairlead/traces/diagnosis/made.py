"""Checks for signs that a log was drawn, rounded or cut by its publisher, and not only recorded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fairlead.report.words import amount, clock, count, share, unit_of_resource
from fairlead.traces.diagnosis.finding import Finding, rows_where
from fairlead.traces.diagnosis.view import DAY_S, View

__all__ = ["check_made"]

Floats = NDArray[np.float64]

_ENOUGH = 50
# Fewest pauses whose distribution tells something, and the distance from the exponential one, times
# the root of their number, that chance exceeds once in a hundred times (Lilliefors, 1969).
_FEWEST_PAUSES, _CHANCE = 100, 1.25
# Deviation of pauses, as a part of their mean, below which they are a step.
_EVEN = 0.3
# Among the jobs of ten minutes or more: so many have a run time that three share, though there are
# ten times as many seconds to choose from.
_LONG_RUN_S, _SHARED, _OF_SECONDS = 600.0, 0.6, 0.1
# Part of long run times that is whole minutes.
_ROUNDED = 0.99
# Jobs in the tail, and the spread of the longest hundredth beside that of the jobs below, which is
# 2 or more where a tail is a power of the run time.
_FEWEST_TAIL, _TAIL, _TAIL_SPREAD = 200, 0.01, 0.4
# Part of the jobs that ask the most that any does, and how often that is what asks half or more.
_AT_MOST, _OVER_NEXT, _FEWEST_SIZES = 0.05, 2.0, 3


def check_made(view: View) -> Iterator[Finding]:
    """All findings about what a publisher did."""
    if view.order.size < _ENOUGH:
        return
    yield from _arrivals(view)
    run = np.where(view.run_s >= 0.99 * view.limit_s, np.nan, view.run_s)
    yield from _listed_runs(run)
    yield from _rounded_runs(run)
    yield from _cut_tail(view)
    yield from _at_most(view)


def _arrivals(view: View) -> Iterator[Finding]:
    times = view.submit_s[view.order]
    pauses = np.diff(times)
    if not pauses.any():
        return
    if pauses.std() < _EVEN * pauses.mean():
        yield Finding(
            "even_arrivals",
            "info",
            view.order.size,
            f"jobs come in even steps of {clock(float(pauses.mean()))}: set, and not recorded",
            "without bursts and quiet hours jobs wait far less than those of real users",
            "",
            np.empty(0, dtype=np.int64),
        )
    elif pauses.size >= _FEWEST_PAUSES and _distance(times) < _CHANCE:
        lacks = " nor days" if view.span_s > DAY_S else ""
        yield Finding(
            "random_arrivals",
            "info",
            view.order.size,
            f"pauses between submissions cannot be told from those of a Poisson process: neither "
            f"bursts{lacks or ' nor a trend'}; generated and resampled lists are like this, real "
            f"users hardly ever",
            "real jobs come in bursts and wait longer; what is compared here holds for random "
            "arrivals, and a forecast has only the mean rate to learn",
            "",
            np.empty(0, dtype=np.int64),
        )


def _distance(times: Floats) -> float:
    """Kolmogorov's distance of pauses from exponential ones, times the root of their number.

    Times in whole seconds are a process cut down to them, at a random place within a second: so
    the distribution of a pause is that of the uncut one, averaged over the second.
    """
    pauses = np.sort(np.diff(times))
    mean = float(pauses.mean())
    expected = -np.expm1(-pauses / mean)
    values, first = np.unique(pauses, return_index=True)
    above = np.append(first[1:], pauses.size) / pauses.size
    if (times % 1 == 0).all():
        expected = 1 - mean * np.exp(-values / mean) * -np.expm1(-1 / mean)
        return float(np.abs(above - expected).max() * np.sqrt(pauses.size))
    below = first / pauses.size
    distance = np.maximum(np.abs(above - expected[first]), np.abs(below - expected[first]))
    return float(distance.max() * np.sqrt(pauses.size))


def _listed_runs(run: Floats) -> Iterator[Finding]:
    long = run >= _LONG_RUN_S
    n = int(long.sum())
    if n < _ENOUGH or n > _OF_SECONDS * np.ptp(run[long]):
        return
    values, place, times = np.unique(run[long], return_inverse=True, return_counts=True)
    shared = times[place] >= 3
    if shared.mean() >= _SHARED:
        yield Finding(
            "listed_run_times",
            "info",
            int(shared.sum()),
            f"{count(n, 'job')} of 10 min and longer have {values.size:,} different run times: "
            f"they were drawn from a list, or copied from other jobs",
            "jobs are more alike than those of users: a prediction of run times looks better than "
            "it is, and jobs end together",
            "",
            rows_where(long)[np.argsort(-times[place], kind="stable")],
        )


def _rounded_runs(run: Floats) -> Iterator[Finding]:
    long = run >= _LONG_RUN_S
    n = int(long.sum())
    if n < _ENOUGH or (run[long] % 60 == 0).mean() < _ROUNDED:
        return
    unit = next(u for u in (86_400, 3600, 600, 60) if (run[long] % u == 0).mean() >= _ROUNDED)
    yield Finding(
        "rounded_run_times",
        "info",
        n,
        f"run times of 10 min and longer are multiples of {clock(float(unit))}: they were rounded, "
        f"or measured so seldom",
        "many jobs end at one instant, and slowdowns of short jobs are off",
        "",
        rows_where(long),
    )


def _cut_tail(view: View) -> Iterator[Finding]:
    run = np.sort(view.run_s[view.run_s > 0])
    if run.size < _FEWEST_TAIL:
        return
    k = max(10, int(_TAIL * run.size))
    longest, high, low = run[-1], run[-k], run[-4 * k]
    spread = np.log(longest / high)
    if high == run[0] or spread > _TAIL_SPREAD * np.log(high / low):
        return
    rows = rows_where(view.run_s >= high)
    yield Finding(
        "cut_tail",
        "info",
        int(rows.size),
        f"no job ran longer than {clock(float(longest))}, and the {rows.size:,} longest all ran "
        f"{clock(float(high))} or more: longer ones were left out, cut, or ended by a limit",
        "the longest jobs make much of the work and of the waiting: both are too low",
        "",
        rows[np.argsort(-view.run_s[rows], kind="stable")],
    )


def _at_most(view: View) -> Iterator[Finding]:
    if view.main is None:
        return
    asked = view.amount(view.main)
    sizes, times = np.unique(asked[asked > 0], return_counts=True)
    if sizes.size < _FEWEST_SIZES:
        return
    part = times[-1] / times.sum()
    below = int(times[(sizes >= sizes[-1] / 2) & (sizes < sizes[-1])].sum())
    if part < _AT_MOST or times[-1] < _OVER_NEXT * below:
        return
    yield Finding(
        "most_at_largest",
        "info",
        int(times[-1]),
        f"{count(int(times[-1]), 'job')} ({share(float(part))}) ask the most that any asks, "
        f"{amount(float(sizes[-1]))} {unit_of_resource(view.main)}, and {below:,} from half of it "
        f"on: larger ones were cut to it, or not allowed",
        "the hardest jobs to place are missing, so fragmentation and their waits come out too low",
        "",
        rows_where(asked == sizes[-1]),
    )
