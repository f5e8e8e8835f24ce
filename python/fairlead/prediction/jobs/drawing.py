"""Pictures of how good predicted run times were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from fairlead.report.style import (
    DEMAND,
    FORECAST,
    INK,
    MUTED,
    Picture,
    dress,
    headline,
    percent_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.prediction.jobs.accuracy import RunTimeAccuracy
    from fairlead.tables.frames import Floats

__all__ = ["draw_accuracy"]

# What most jobs have is dark, and one job alone can still be seen.
_DENSITY = LinearSegmentedColormap.from_list("density", ["#cfdeef", DEMAND, INK])


def draw_accuracy(result: RunTimeAccuracy) -> Figure:
    """Predicted against true run times as a density, and the ratio of the two as a distribution."""
    run, predicted = result._run_s, np.maximum(result._predicted_s, 1e-3)
    figure = Picture.of_height(4.0)
    left, right = figure.subplots(1, 2)
    _draw_density(left, run, predicted)
    headline(left, f"{result.n_jobs:,} jobs, accuracy {result.accuracy:.3f}")
    _draw_ratio(right, np.sort(predicted / run))
    return figure


def _draw_density(axes: Axes, run: Floats, predicted: Floats) -> None:
    span = (min(run.min(), predicted.min()) / 1.2, max(run.max(), predicted.max()) * 1.2)
    axes.hexbin(run, predicted, gridsize=60, bins="log", xscale="log", yscale="log", cmap=_DENSITY)
    axes.plot(span, span, color=INK, lw=1, label="exact")
    dress(axes, floor=None)
    axes.set(xlim=span, ylim=span)
    axes.set_xlabel("ran (s)", color=MUTED, fontsize=9)
    axes.set_ylabel("predicted (s)", color=MUTED, fontsize=9)


def _draw_ratio(axes: Axes, ratio: Floats) -> None:
    axes.axvspan(0.5, 2, color=FORECAST, alpha=0.15, lw=0, label="within a factor of 2")
    axes.axvline(1, color=INK, lw=1)
    axes.plot(ratio, np.arange(1, len(ratio) + 1) / len(ratio), color=DEMAND, lw=1.6)
    dress(axes)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    percent_ticks(axes)
    axes.set_xlabel("predicted / ran", color=MUTED, fontsize=9)
    headline(axes, "Jobs up to a ratio")
