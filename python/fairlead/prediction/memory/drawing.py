"""The picture of memory: one bar, by what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.report.style import (
    ALERT,
    GRID,
    JOB_COLORS,
    MUTED,
    REFERENCE,
    Picture,
    dress,
    headline,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fairlead.prediction.memory.estimate import MemoryEstimate

__all__ = ["draw_memory"]

# What belongs to no part of the model is grey.
_FILLERS = {"allocator slack": GRID, "context": REFERENCE}


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
