"""The picture of peaks: what a rule saves and how often it is too low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.report.style import DEMAND, INK, MUTED, Picture, dress, headline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fairlead.prediction.usage.peaks import MachinePeaks

__all__ = ["draw_peaks"]


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
    axes.margins(y=0.25)
    widest = max(float(low.max()), 0.1)
    axes.set_xlim(-0.04 * widest, 1.3 * widest)
    axes.set_xlabel("predictions below the peak that came (%)", color=MUTED, fontsize=9)
    axes.set_ylabel("limits saved (%)", color=MUTED, fontsize=9)
    headline(axes, f"peaks within {peaks.horizon_s / 3600:g} h", legend=False)
    return figure
