"""Pictures of a trace: load, submissions, the day, run times, limits, users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from fairlead.report.style import (
    ALERT,
    CAPACITY,
    DEMAND,
    FORECAST,
    INK,
    MUTED,
    REFERENCE,
    WAITING,
    Picture,
    TimeScale,
    dress,
    headline,
    percent_ticks,
)
from fairlead.report.words import clock, share, unit_of_resource
from fairlead.tables import MAX_SECONDS
from fairlead.traces.diagnosis.shape import daily_profile
from fairlead.traces.diagnosis.times import gap_threshold_s
from fairlead.traces.diagnosis.view import DAY_S, View

if TYPE_CHECKING:
    from fairlead.traces.diagnosis.diagnosis import Diagnosis

__all__ = ["draw_all", "draw_day", "draw_limits", "draw_run_times", "draw_time", "draw_users"]

Floats = NDArray[np.float64]

_BINS = 240
_DURATION_TICKS = (1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400)
_USERS_SHOWN = 1000


def draw_all(diagnosis: Diagnosis, width: float) -> Picture:
    """All panels in one figure; one column where it is narrow."""
    view = diagnosis.view
    narrow = width < 6
    picture = Picture.of_height(12.6 if narrow else 8.6, width)
    if narrow:
        usage, arrivals, day, run, limits, users = picture.subplots(6, 1)
    else:
        grid = picture.add_gridspec(4, 2, height_ratios=(2.1, 1.7, 2, 2))
        usage, arrivals = (picture.add_subplot(grid[row, :]) for row in (0, 1))
        day, run, limits, users = (
            picture.add_subplot(grid[row, column]) for row in (2, 3) for column in (0, 1)
        )
    draw_time(view, usage, arrivals)
    draw_day(view, day)
    draw_run_times(view, run)
    draw_limits(view, limits)
    draw_users(view, users)
    return picture


def _no_data(axes: Axes, title: str, why: str) -> None:
    axes.set_axis_off()
    headline(axes, title)
    axes.text(0.0, 0.85, why, transform=axes.transAxes, color=MUTED, fontsize=9, va="top")


# ---- over time ----------------------------------------------------------------------------------


def draw_time(view: View, usage: Axes, arrivals: Axes) -> None:
    """What would be in use if nothing waited, against capacity; submissions; gaps shaded."""
    if not view.order.size:
        for axes in (usage, arrivals):
            _no_data(axes, "Over time", "No job has a submission time.")
        return
    times = np.clip(view.submit_s[view.order], -MAX_SECONDS, MAX_SECONDS)
    scale = TimeScale.of(view.kind, (times[-1] - times[0]) * 1e9)
    _draw_usage(view, usage, scale)
    _draw_arrivals(view, arrivals, scale, times)
    gaps = np.flatnonzero(np.diff(times) > gap_threshold_s(view))
    for axes in (usage, arrivals):
        for at in gaps:
            low, high = _places(scale, times[at : at + 2])
            axes.axvspan(low, high, color=ALERT["warning"], alpha=0.18, lw=0)
        axes.set_xlim(*_places(scale, times[[0, -1]] + np.array([0.0, 1.0])))
        scale.dress(axes)


def _places(scale: TimeScale, seconds: Floats) -> Floats:
    clipped = np.clip(seconds, -MAX_SECONDS, MAX_SECONDS)
    return scale.place(np.rint(clipped * 1e9).astype(np.int64))


def _draw_usage(view: View, axes: Axes, scale: TimeScale) -> None:
    unit = "Jobs" if view.main is None else unit_of_resource(view.main)
    edges, used = view.usage(_BINS)
    x = _places(scale, edges)
    axes.stairs(used, x, fill=True, color=DEMAND, alpha=0.45, label="mean of each interval")
    top = float(used.max(initial=0.0))
    if np.isfinite(view.capacity):
        axes.axhline(view.capacity, color=CAPACITY, lw=1.4, label="the machine")
        top = max(top, view.capacity)
    dress(axes)
    axes.set_ylim(0, 1.06 * max(top, 1e-9))
    headline(axes, f"{unit} that would be in use if no job waited")


def _draw_arrivals(view: View, axes: Axes, scale: TimeScale, times: Floats) -> None:
    days = max(view.span_s / DAY_S, 1e-9)
    bins = int(np.clip(days, 24, _BINS)) if days >= 2 else 48
    edges = np.linspace(times[0], max(times[-1], times[0] + 1.0), bins + 1)
    counts, _ = np.histogram(times, edges)
    per_day = counts / (np.diff(edges) / DAY_S)
    axes.stairs(per_day, _places(scale, edges), fill=True, color=WAITING, alpha=0.5)
    dress(axes)
    headline(axes, "Jobs submitted per day")


# ---- distributions ------------------------------------------------------------------------------


def draw_day(view: View, axes: Axes) -> None:
    """Submissions by the hour of the day, as multiples of the mean."""
    profile = daily_profile(view)
    known = view.local_s is not None
    title = "Submissions by hour of the day" if known else "Submissions by hour after the start"
    if profile is None:
        _no_data(axes, title, "No job has a submission time.")
        return
    axes.bar(np.arange(24) + 0.5, profile, width=0.86, color=DEMAND, alpha=0.6)
    axes.axhline(1.0, color=REFERENCE, lw=1.1, ls=(0, (4, 2)))
    dress(axes)
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    headline(axes, title)


def draw_run_times(view: View, axes: Axes) -> None:
    """The share of jobs, and of the work, in runs up to so long."""
    title = "Run times up to"
    known = np.flatnonzero(view.run_s > 0)
    if not known.size:
        _no_data(axes, title, "No job has a run time.")
        return
    order = known[np.argsort(view.run_s[known])]
    run, work = view.run_s[order], view.work[order]
    points = np.unique(np.linspace(0, run.size - 1, 500).astype(np.int64))
    parts = (points + 1) / run.size
    axes.plot(run[points], parts, color=DEMAND, lw=1.6, label="jobs")
    if work.sum() > 0:
        done = np.cumsum(work) / work.sum()
        axes.plot(run[points], done[points], color=CAPACITY, lw=1.6, label="work")
    _duration_axis(axes, float(run[0]), float(run[-1]))
    headline(axes, title)


def _duration_axis(axes: Axes, low: float, high: float) -> None:
    dress(axes)
    axes.set_xscale("log")
    axes.set_xlim(max(0.8 * low, 0.5), max(1.2 * high, 60.0))
    axes.set_ylim(0, 1.04)
    percent_ticks(axes)
    inside = [t for t in _DURATION_TICKS if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]
    # Half a column wide: words must not run into each other.
    axes.xaxis.set_major_locator(FixedLocator(inside[:: 2 if len(inside) > 5 else 1]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
    axes.xaxis.set_minor_locator(NullLocator())


def draw_limits(view: View, axes: Axes) -> None:
    """How much of their limit jobs use."""
    title = "Part of the limit that jobs use"
    both = np.isfinite(view.limit_s) & (view.run_s > 0)
    if not both.any():
        _no_data(axes, title, "No job has a limit.")
        return
    used = np.minimum(view.run_s[both] / view.limit_s[both], 1.0499)
    counts, edges = np.histogram(used, np.arange(0.0, 1.051, 0.05))
    parts = counts / used.size
    axes.stairs(parts[:20], edges[:21], fill=True, color=FORECAST, alpha=0.6)
    axes.stairs(parts[20:], edges[20:], fill=True, color=ALERT["critical"], alpha=0.7)
    dress(axes)
    axes.set_xlim(0, 1.05)
    axes.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1.0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    percent_ticks(axes)
    if parts[20]:
        over = f"at or over: {share(float(parts[20]))}"
        axes.text(0.94, 0.95, over, transform=axes.transAxes, ha="right", va="top",
                  color=INK, fontsize=9)  # fmt: skip
    headline(axes, title)


def draw_users(view: View, axes: Axes) -> None:
    """The share of jobs and of work that the busiest users have together."""
    title = "The busiest users"
    codes, names = view.names("user")
    if not names:
        _no_data(axes, title, "The trace names no users.")
        return
    known = codes >= 0
    for label, weights, color in (
        ("jobs", np.ones(view.n), DEMAND),
        ("work", view.work, CAPACITY),
    ):
        sums = np.bincount(codes[known], weights=weights[known], minlength=len(names))
        if sums.sum() <= 0:
            continue
        parts = np.cumsum(np.sort(sums)[::-1]) / max(weights.sum(), 1e-9)
        shown = parts[:_USERS_SHOWN]
        axes.plot(np.arange(1, shown.size + 1), shown, color=color, lw=1.6, label=label)
    dress(axes)
    axes.set_xscale("log")
    axes.set_xlim(1, max(min(len(names), _USERS_SHOWN), 2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 1.04)
    percent_ticks(axes)
    headline(axes, title)
