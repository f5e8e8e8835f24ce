"""Pictures of peaks, of memory by what it is for, and of requests beside use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter

from fairlead.report.style import (
    ALERT,
    DEMAND,
    GRID,
    INK,
    JOB_COLORS,
    MUTED,
    REFERENCE,
    Picture,
    dress,
    headline,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from fairlead.prediction.peaks import MachinePeaks
    from fairlead.prediction.training_memory import MemoryEstimate

__all__ = ["draw_memory", "draw_peaks", "draw_waste"]

_MOST_BARS = 15

# What belongs to no part of the model is grey.
_FILLERS = {"allocator slack": GRID, "context": REFERENCE}


def draw_peaks(peaks: MachinePeaks) -> Figure:
    """A point a rule: capacity saved over share of predictions that were too low."""
    figure = Picture.of_height(3.6, width_in=6.5)
    axes = figure.subplots()
    scores = peaks.scores
    low, saved = 100 * scores["violations_frac"], 100 * scores["saved_frac"]
    axes.scatter(low, saved, color=DEMAND, s=40, zorder=3)
    for x, y, rule in zip(low, saved, scores["rule"], strict=True):
        axes.annotate(
            rule, (x, y), xytext=(7, 4), textcoords="offset points", fontsize=9, color=INK
        )
    dress(axes, floor=None)
    axes.margins(0.25)
    axes.set_xlabel("predictions below the peak that came (%)", color=MUTED, fontsize=9)
    axes.set_ylabel("limits saved (%)", color=MUTED, fontsize=9)
    headline(axes, f"peaks within {peaks.horizon_s / 3600:g} h", legend=False)
    return figure


def draw_memory(memory: MemoryEstimate, gpu_memory_gib: float | None) -> Figure:
    """One stacked bar, the parts named beside it."""
    figure = Picture.of_height(2.4)
    axes = figure.subplots()
    begin = 0.0
    for i, row in enumerate(memory.parts.to_dict("records")):
        part, gib = str(row["part"]), float(row["gib"])
        colour = _FILLERS.get(part, JOB_COLORS[i % len(JOB_COLORS)])
        axes.barh(0, gib, left=begin, height=0.5, color=colour, label=f"{part} {gib:,.1f}")
        begin += gib
    dress(axes, floor=None)
    axes.grid(visible=False, axis="y")
    axes.set_yticks([])
    axes.set_xlim(0, 1.05 * max(begin, gpu_memory_gib or 0.0))
    if gpu_memory_gib is not None:
        axes.axvline(gpu_memory_gib, color=ALERT["critical"], lw=1.6, ls="--", label="device")
    axes.set_xlabel("GiB on one GPU", color=MUTED, fontsize=9)
    headline(axes, f"{memory.total_gib:,.1f} GiB", legend=False)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=5,
        frameon=False,
        fontsize=9,
        labelcolor=MUTED,
        handlelength=1.2,
        columnspacing=1.2,
    )
    return figure


def draw_waste(groups: pd.DataFrame, by: str, resource: str) -> Figure:
    """A bar a group: hours used, wasted and not measured."""
    rows = groups[groups["resource"] == resource].head(_MOST_BARS).iloc[::-1]
    figure = Picture.of_height(1.2 + 0.3 * len(rows))
    axes = figure.subplots()
    unmeasured = rows["asked_h"] - rows["measured_h"]
    begin = 0.0 * rows["asked_h"]
    for label, hours, colour in (
        ("used", rows["used_h"], DEMAND),
        ("wasted", rows["wasted_h"], ALERT["critical"]),
        ("not measured", unmeasured, GRID),
    ):
        axes.barh(rows[by].astype(str), hours, left=begin, height=0.7, color=colour, label=label)
        begin = begin + hours
    widest = float(begin.max())
    for i, row in enumerate(rows.to_dict("records")):
        dollars = f"  {row['wasted_usd']:,.0f} USD" if row["wasted_usd"] else ""
        text = f"{row['wasted_frac']:.0%}{dollars}" if row["measured_h"] else ""
        at = (row["asked_h"], i)
        style: dict[str, Any] = {"va": "center", "fontsize": 8, "color": MUTED}
        axes.annotate(text, at, xytext=(4, 0), textcoords="offset points", **style)
    dress(axes, floor=None)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.18 * widest)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel(f"{resource} hours", color=MUTED, fontsize=9)
    headline(axes, f"{resource} asked for, by {by}")
    return figure
