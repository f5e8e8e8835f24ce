"""Pictures of peaks, memory, requests and capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.prediction.peaks import MachinePeaks

__all__ = ["draw_peaks"]

_BLUE = "#1f6fb4"


def draw_peaks(peaks: MachinePeaks) -> Figure:
    """A point a rule: capacity saved over share of predictions that were too low."""
    figure, axes = _figure(6.0, 4.0)
    scores = peaks.scores
    low, saved = 100 * scores["violations_frac"], 100 * scores["saved_frac"]
    axes.scatter(low, saved, color=_BLUE, s=40)
    for x, y, rule in zip(low, saved, scores["rule"], strict=True):
        axes.annotate(rule, (x, y), xytext=(6, 4), textcoords="offset points", fontsize=9)
    axes.set_xlabel("predictions below the peak that came (%)")
    axes.set_ylabel("limits saved (%)")
    axes.set_title(f"peaks within {peaks.horizon_s / 3600:g} h", loc="left", fontsize=10)
    axes.margins(0.25)
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
