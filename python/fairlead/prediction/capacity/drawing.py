"""The picture of sizes tried: what each costs and what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from fairlead.report.style import (
    ALERT,
    CAPACITY,
    DEMAND,
    INK,
    MUTED,
    REFERENCE,
    Picture,
    dress,
    headline,
    percent_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.prediction.capacity.size import ClusterSize

__all__ = ["draw_sizes"]

_WIDEST = 2.5


def draw_sizes(size: ClusterSize) -> Figure:
    """The target's measure over cost (or nodes), and below it utilisation or expected cost."""
    several = len(size.choice) > 1
    by_cost = several and size.cost_usd_per_hour is not None
    x = "cost_usd_per_hour" if by_cost else "nodes"
    table = size.candidates.sort_values(x)
    # Far larger sizes, tried to bracket the choice, would leave it no room.
    table = table[table[x] <= _WIDEST * max(size.row[x], 1)]
    figure = Picture.of_height(5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    _draw_measure(upper, size, table, x)
    if not by_cost:
        lower.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    if "utilisation_frac" in table:
        _draw_utilisation(lower, size, table, x)
    else:
        _draw_expected(lower, size, table, x)
    lower.set_xlabel("USD an hour" if by_cost else "nodes", color=MUTED, fontsize=9)
    for axes in (upper, lower):
        axes.axvline(size.row[x], color=CAPACITY, lw=1.2, ls="--", zorder=1)
        axes.margins(x=0.04)
        axes.autoscale(axis="x")
    return figure


def _draw_measure(axes: Axes, size: ClusterSize, table: pd.DataFrame, x: str) -> None:
    [(name, bound)] = size.target.items()
    measure = name if name in table else "loss_frac"
    scale = 100.0 if measure.endswith("_frac") else 1.0
    shown = table[np.isfinite(table[measure].to_numpy(float))]
    holds = shown["holds"].to_numpy(bool)
    values = scale * shown[measure]
    if len(size.choice) == 1:  # mixes of kinds lie on no line
        axes.plot(shown[x], values, color=REFERENCE, lw=1, zorder=2)
    axes.scatter(shown[x][holds], values[holds], color=DEMAND, s=28, zorder=3, label="holds")
    axes.scatter(
        shown[x][~holds], values[~holds], color=ALERT["critical"], s=28, zorder=3, label="fails"
    )
    if measure == name:
        axes.axhline(scale * bound, color=INK, lw=1, ls=":", label="target")
    chosen = ", ".join(f"{n} x {kind}" for kind, n in size.choice.items() if n)
    # A cluster that is too small waits a thousand times longer than one that is not.
    wide = measure == name and values.max() > 30 * max(scale * bound, 1e-3)
    dress(axes, floor=None if wide else 0.0)
    if wide:
        axes.set_yscale("symlog", linthresh=max(scale * bound / 10, 1e-3))
        axes.set_ylim(0, 3 * values.max())
    unit = {"_s": " (s)", "_frac": " (%)"}
    suffix = next((end for end in unit if measure.endswith(end)), "")
    label = measure.removesuffix(suffix).replace("_", " ") + unit.get(suffix, "")
    axes.set_ylabel(label, color=MUTED, fontsize=9)
    headline(axes, f"choice: {chosen or 'no nodes'}")


def _draw_utilisation(axes: Axes, size: ClusterSize, table: pd.DataFrame, x: str) -> None:
    line = "-" if len(size.choice) == 1 else "none"
    axes.plot(table[x], table["utilisation_frac"], ls=line, color=DEMAND, lw=1.4, marker="o", ms=4)
    dress(axes)
    axes.set_ylim(0, 1.05)
    percent_ticks(axes)
    headline(axes, "utilisation of the scarcest resource", legend=False)


def _draw_expected(axes: Axes, size: ClusterSize, table: pd.DataFrame, x: str) -> None:
    if "total_usd_per_hour" in table:
        axes.plot(table[x], table["total_usd_per_hour"], color=INK, lw=1.6, label="total")
        axes.plot(table[x], table["cost_usd_per_hour"], color=CAPACITY, lw=1.2, label="nodes")
        missing = table["total_usd_per_hour"] - table["cost_usd_per_hour"]
        axes.plot(table[x], missing, color=ALERT["critical"], lw=1.2, label="missing capacity")
        dress(axes)
        headline(axes, "expected cost (USD an hour)")
        return
    axes.plot(table[x], table["missing_units"], color=ALERT["critical"], lw=1.4, label="missing")
    axes.plot(table[x], table["idle_units"], color=CAPACITY, lw=1.4, label="idle")
    dress(axes)
    headline(axes, "expected units")
