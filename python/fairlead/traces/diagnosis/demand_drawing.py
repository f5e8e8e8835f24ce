"""Pictures of demand series: over time, by hour of the day, and by size."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from fairlead.report.style import (
    CAPACITY,
    DEMAND,
    FORECAST,
    REFERENCE,
    Picture,
    TimeScale,
    dress,
    headline,
    percent_ticks,
)
from fairlead.traces.diagnosis.demand_view import DemandView

__all__ = ["draw_demand", "draw_over_time", "draw_shapes"]

_COLORS = (DEMAND, CAPACITY, FORECAST)
_POINTS = 2000
_LONGEST_NAME = 16


def draw_demand(view: DemandView, width: float) -> Picture:
    """All panels in one figure; one column where it is narrow."""
    narrow = width < 6
    picture = Picture.of_height(7.0 if narrow else 5.6, width)
    if narrow:
        over_time, day, sizes = picture.subplots(3, 1)
    else:
        grid = picture.add_gridspec(2, 2, height_ratios=(3, 2))
        over_time = picture.add_subplot(grid[0, :])
        day, sizes = (picture.add_subplot(grid[1, column]) for column in (0, 1))
    draw_over_time(view, over_time)
    draw_shapes(view, day, sizes)
    return picture


def draw_over_time(view: DemandView, axes: Axes) -> None:
    """The series with the largest means; long ones thinned out to their highest values."""
    means = {name: float(np.nanmean(view.amounts[rows])) if np.isfinite(view.amounts[rows]).any()
             else 0.0 for name, rows in view.rows.items()}  # fmt: skip
    largest = sorted(means, key=lambda name: -means[name])[: len(_COLORS)]
    scale = TimeScale.of(view.kind, view.span_s * 1e9)
    for name, color in zip(largest, _COLORS, strict=False):
        rows = view.rows[name]
        # Of each stretch its highest value: a peak of one step is what has to be seen.
        parts = np.array_split(rows, min(rows.size, _POINTS))
        filled = np.nan_to_num(view.amounts, nan=-np.inf)
        at = np.array([part[filled[part].argmax()] for part in parts])
        x = scale.place(np.rint(view.times_s[at] * 1e9).astype(np.int64))
        label = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        axes.plot(x, view.amounts[at], lw=1.0, color=color, label=label)
    dress(axes, floor=0.0 if np.nanmin(view.amounts, initial=0.0) >= 0 else None)
    scale.dress(axes)
    several = len(largest) > 1
    unit = view.trace.demand.attrs.get("resource", "values")
    more = f", {len(largest)} of {len(means):,} series" if len(means) > len(largest) else ""
    headline(axes, f"{unit}{more}", legend=several)


def draw_shapes(view: DemandView, day: Axes, sizes: Axes) -> None:
    """The mean by hour of the day, and the share of values up to each size."""
    known = np.isfinite(view.amounts)
    hour = (view.times_s[known] // 3600 % 24).astype(np.int64)
    numbers = np.maximum(np.bincount(hour, minlength=24), 1)
    means = np.bincount(hour, weights=view.amounts[known], minlength=24) / numbers
    day.bar(np.arange(24) + 0.5, means, width=0.86, color=DEMAND, alpha=0.6)
    if known.any():
        day.axhline(float(view.amounts[known].mean()), color=REFERENCE, lw=1.1, ls=(0, (4, 2)))
    dress(day, floor=None)
    day.set_xlim(0, 24)
    day.set_xticks(range(0, 25, 6))
    dated = view.kind.name == "datetime"
    headline(day, "Mean by hour of the day (UTC)" if dated else "Mean by hour after the start")
    ordered = np.sort(view.amounts[known])
    points = np.unique(np.linspace(0, max(ordered.size - 1, 0), 500).astype(np.int64))
    if ordered.size:
        sizes.plot(ordered[points], (points + 1) / ordered.size, color=DEMAND, lw=1.6)
    dress(sizes)
    sizes.set_ylim(0, 1.04)
    percent_ticks(sizes)
    sizes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    headline(sizes, "Values up to")
