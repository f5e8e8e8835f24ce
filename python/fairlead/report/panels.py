"""Panels that pictures are put together from: each draws one thing on given axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from fairlead.report.steps import StepTable
from fairlead.report.style import (
    ALERT,
    CAPACITY,
    DEMAND,
    INK,
    REFERENCE,
    WAITING,
    TimeScale,
    dress,
    headline,
    percent_ticks,
)
from fairlead.report.words import clock, unit_of_resource
from fairlead.tables import NAT

__all__ = [
    "draw_alerts",
    "draw_capacity",
    "draw_queue",
    "draw_use",
    "draw_waits",
    "started_waits",
]

Floats = NDArray[np.float64]

# Ticks of a logarithmic axis of waits that people have words for (s).
_WAIT_TICKS = (1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 28 * 86_400, 365 * 86_400)
_SHORTEST_WAIT_S = 1.0
_CURVE_POINTS = 400


def draw_capacity(
    axes: Axes,
    scale: TimeScale,
    steps: StepTable,
    resource: str,
    *,
    whole: float | None = None,
    title: str | None = None,
    legend: bool = True,
) -> None:
    """What is used, as an area, under what is in service; and the whole cluster if it is more."""
    ns, used = steps.thin(f"used_{resource}")
    at, capacity = steps.thin(f"capacity_{resource}")
    x = scale.place(ns)
    axes.fill_between(x, used, step="post", color=DEMAND, alpha=0.45, lw=0, label="in use")
    axes.step(x, used, where="post", color=DEMAND, lw=0.8)
    axes.step(scale.place(at), capacity, where="post", color=CAPACITY, lw=1.4, label="in service")
    if whole is not None and whole > capacity.min():
        axes.axhline(whole, color=REFERENCE, lw=1.1, ls=(0, (4, 2)), label="whole cluster")
    dress(axes)
    axes.set_ylim(0, 1.06 * max(capacity.max(), used.max(), whole or 0.0, 1e-9))
    headline(
        axes, f"{unit_of_resource(resource)} in use" if title is None else title, legend=legend
    )


def draw_use(
    axes: Axes,
    scale: TimeScale,
    steps: StepTable,
    resource: str,
    baseline: StepTable | None = None,
) -> None:
    """The part of what is in service that is used."""
    if baseline is not None:
        at, part = _use(baseline, resource)
        axes.step(
            scale.place(at), part, where="post", color=REFERENCE, lw=1.0, label="all nodes on"
        )
    ns, part = _use(steps, resource)
    x = scale.place(ns)
    axes.fill_between(x, part, step="post", color=DEMAND, alpha=0.25, lw=0)
    axes.step(
        x,
        part,
        where="post",
        color=DEMAND,
        lw=1.1,
        label=None if baseline is None else "as planned",
    )
    dress(axes)
    axes.set_ylim(0.0, 1.04)
    percent_ticks(axes)
    headline(axes, f"{unit_of_resource(resource)} in service that are used")


def _use(steps: StepTable, resource: str) -> tuple[NDArray[np.int64], Floats]:
    """Used over available, both averaged first, so that a moment with little on counts little."""
    ns, used = steps.thin(f"used_{resource}", bins=240)
    _, capacity = steps.thin(f"capacity_{resource}", bins=240)
    part = np.where(capacity > 0, used / np.where(capacity > 0, capacity, 1.0), np.nan)
    return ns, np.minimum(part, 1.0)


def draw_queue(
    axes: Axes, scale: TimeScale, steps: StepTable, baseline: StepTable | None = None
) -> None:
    """Jobs that wait; of many changes the largest value, so that no peak is lost."""
    if baseline is not None:
        ns, waiting = baseline.thin("waiting", "max")
        axes.step(
            scale.place(ns), waiting, where="post", color=REFERENCE, lw=1.0, label="all nodes on"
        )
    ns, waiting = steps.thin("waiting", "max")
    x = scale.place(ns)
    axes.fill_between(x, waiting, step="post", color=WAITING, alpha=0.3, lw=0)
    name = None if baseline is None else "as planned"
    axes.step(x, waiting, where="post", color=WAITING, lw=1.1, label=name)
    dress(axes)
    axes.set_ylim(0, max(1.06 * axes.dataLim.y1, 1.0))
    headline(axes, "Jobs waiting")


def draw_alerts(axes: Axes, scale: TimeScale, alerts: pd.DataFrame, end_ns: int) -> None:
    """A lane per rule that fired, a bar from firing to resolution, its name above."""
    begins = StepTable.of(alerts).ns
    ends = np.full(len(alerts), end_ns)
    over = alerts["resolved_time"].notna().to_numpy()
    if over.any():
        ends[over] = StepTable.of(alerts[over], "resolved_time").ns
    x, until = scale.place(begins), scale.place(ends)
    low, high = axes.get_xlim()
    until = np.maximum(until, x + 0.004 * (high - low))  # a moment is a bar one can see
    rules = list(dict.fromkeys(alerts["rule"]))
    for lane, rule in enumerate(rules):
        rows = np.flatnonzero((alerts["rule"] == rule).to_numpy())
        severity = str(alerts["severity"].iloc[rows[0]])
        bars = list(zip(x[rows].tolist(), (until[rows] - x[rows]).tolist(), strict=True))
        axes.broken_barh(bars, (lane + 0.55, 0.35), color=ALERT.get(severity, INK), lw=0)
        name = f"{rule.replace('_', ' ')} ({severity})"
        axes.text(
            0.0,
            lane + 0.3,
            name,
            transform=axes.get_yaxis_transform(),
            va="center",
            color=INK,
            fontsize=8.5,
            parse_math=False,
        )
    dress(axes, floor=None)
    axes.grid(False)
    axes.set_yticks([])
    axes.set_ylim(len(rules), 0)
    axes.set_xlim(low, high)
    headline(axes, "Alerts while they fire")


def started_waits(schedule: Any) -> Floats:
    """Waits of the jobs that started (s)."""
    times = schedule.times
    started = times.start_ns != NAT
    waits: Floats = (times.start_ns[started] - times.submit_ns[started]) / 1e9
    return waits


def draw_waits(axes: Axes, waits: Mapping[str, Floats]) -> None:
    """The share of jobs that waited longer than so long, on a logarithmic axis.

    The first of `waits` is drawn in colour, the others are what it is compared with.
    """
    longest = max((w.max() for w in waits.values() if w.size), default=0.0)
    top = max(_next_tick(longest), 60.0)
    curves = {name: _longer(values, top) for name, values in waits.items()}
    names = list(waits)
    for name in reversed(names):
        first = name == names[0]
        axes.plot(
            *curves[name],
            color=WAITING if first else REFERENCE,
            lw=1.6 if first else 1.1,
            label=name if len(names) > 1 else None,
        )
    axes.fill_between(*curves[names[0]], color=WAITING, alpha=0.12, lw=0)
    dress(axes)
    axes.set_xscale("log")
    axes.set_xlim(_SHORTEST_WAIT_S, top)
    axes.set_ylim(0.0, max(0.05, 1.3 * max(part.max() for _, part in curves.values())))
    percent_ticks(axes)
    axes.xaxis.set_major_locator(FixedLocator([t for t in _WAIT_TICKS if t <= top]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    _mark_quantiles(axes, waits[names[0]])
    headline(axes, "Jobs that waited longer than")


def _next_tick(seconds: float) -> float:
    return next((float(t) for t in _WAIT_TICKS if t >= seconds), float(_WAIT_TICKS[-1]))


def _longer(values: Floats, top: float) -> tuple[Floats, Floats]:
    """Times from a second up, and the share of values beyond each."""
    x = np.geomspace(_SHORTEST_WAIT_S, top, _CURVE_POINTS)
    within = np.searchsorted(np.sort(values), x, side="right")
    return x, (values.size - within) / max(values.size, 1)


def _mark_quantiles(axes: Axes, values: Floats) -> None:
    """Dots where one job in two, and one in twenty, waits longer; words where no curve runs."""
    line = 0.97
    for beyond, name in ((0.5, "half of them"), (0.05, "1 job in 20")):
        wait = float(np.quantile(values, 1 - beyond, method="inverted_cdf")) if values.size else 0.0
        if wait <= _SHORTEST_WAIT_S:
            continue
        axes.plot([wait], [beyond], "o", color=WAITING, ms=5, zorder=3)
        axes.annotate(
            f"{name}: longer than {clock(wait)}",
            (wait, beyond),
            xytext=(0.99, line),
            textcoords="axes fraction",
            ha="right",
            va="top",
            color=INK,
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": REFERENCE, "lw": 0.7, "shrinkB": 4},
        )
        line -= 0.13
