"""Pictures of how good predicted run times were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fairlead.prediction.jobs.accuracy import RunTimeAccuracy

__all__ = ["draw_accuracy"]

_JOBS, _EXACT = "#1f6fb4", "#3b4856"


def draw_accuracy(result: RunTimeAccuracy) -> Figure:
    """Predicted against true run times as a density, and the ratio of the two as a distribution."""
    from matplotlib.figure import Figure

    run, predicted = result._run_s, np.maximum(result._predicted_s, 1e-3)
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    span = (min(run.min(), predicted.min()) / 1.2, max(run.max(), predicted.max()) * 1.2)
    left.hexbin(run, predicted, gridsize=60, bins="log", xscale="log", yscale="log", cmap="Blues")
    left.plot(span, span, color=_EXACT, linewidth=1, label="exact")
    left.set(xlabel="ran (s)", ylabel="predicted (s)", xlim=span, ylim=span)
    title = f"{result.n_jobs:,} jobs, accuracy {result.accuracy:.3f}"
    left.set_title(title, loc="left", fontsize=10)
    left.legend(frameon=False, fontsize=8)
    ratio = np.sort(predicted / run)
    right.plot(ratio, np.arange(1, len(ratio) + 1) / len(ratio), color=_JOBS)
    right.axvspan(0.5, 2, color=_JOBS, alpha=0.12, linewidth=0, label="within a factor of 2")
    right.axvline(1, color=_EXACT, linewidth=1)
    right.set(xscale="log", xlabel="predicted / ran", ylabel="share of jobs", ylim=(0, 1))
    right.legend(frameon=False, fontsize=8)
    return figure
