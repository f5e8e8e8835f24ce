"""The picture of what monitoring found: use, queue and alerts over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fairlead.report.steps import StepTable
from fairlead.report.style import (
    ALERT,
    DEMAND,
    MUTED,
    REFERENCE,
    WAITING,
    Picture,
    TimeScale,
    dress,
    percent_ticks,
    share_time,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.management.report import ManagementReport

__all__ = ["draw_management"]


def draw_management(report: ManagementReport) -> Figure:
    """Use of the main resource, jobs that wait, and a bar an alert, on one time axis."""
    watch = report.watch
    scale = TimeScale.of(watch.kind, float(watch.time_ns[-1] - watch.time_ns[0]))
    x = scale.place(watch.time_ns)
    figure = Picture.of_height(6.0)
    use, queue, alerts = figure.subplots(3, 1, height_ratios=(3, 3, 1.5))
    if watch.main:
        used = watch.series[f"utilisation_{watch.main}"]
        use.fill_between(x, 0, used, color=DEMAND, alpha=0.35, lw=0)
        use.plot(x, used, color=DEMAND, lw=1)
        use.axhline(1, color=REFERENCE, lw=1.1, ls=(0, (4, 2)))
        use.set_ylabel(f"{watch.main} in use", color=MUTED, fontsize=9)
    dress(use)
    use.set_ylim(0, 1.05)
    percent_ticks(use)
    queue.plot(x, watch.series["waiting"], color=WAITING, lw=1.1)
    queue.set_ylabel("waiting jobs", color=MUTED, fontsize=9)
    dress(queue)
    _draw_alerts(alerts, scale, report, int(watch.time_ns[-1]))
    share_time(scale, [use, queue, alerts])
    return figure


def _draw_alerts(axes: Axes, scale: TimeScale, report: ManagementReport, end_ns: int) -> None:
    """One line a rule that fired, a bar from firing to resolution."""
    dress(axes, floor=None)
    axes.grid(False)
    names = list(dict.fromkeys(report.alerts["rule"]))
    axes.set_yticks(np.arange(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    if not names:
        axes.set_yticks([0], ["no alerts"])
        return
    until = np.full(len(report.alerts), end_ns)
    over = report.alerts["resolved_time"].notna().to_numpy()
    if over.any():
        until[over] = StepTable.of(report.alerts[over], "resolved_time").ns
    spans = np.column_stack([scale.place(StepTable.of(report.alerts).ns), scale.place(until)])
    for (rule, severity), (begin, end) in zip(
        report.alerts[["rule", "severity"]].to_numpy().tolist(), spans.tolist(), strict=True
    ):
        y = names.index(rule)
        axes.plot([begin, end], [y, y], color=ALERT[severity], lw=6, solid_capstyle="butt")
        axes.plot([begin], [y], color=ALERT[severity], marker="|", ms=9)
