"""The pipeline's picture: did the capacity follow the demand, and who waited for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.report.steps import StepTable
from fairlead.report.style import (
    ALERT,
    CAPACITY,
    DEMAND,
    INK,
    MUTED,
    REFERENCE,
    WAITING,
    Picture,
    TimeScale,
    dress,
    headline,
    share_time,
)
from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.pipeline.result import PipelineResult

__all__ = ["draw_result"]


def draw_result(result: PipelineResult) -> Figure:
    """Capacity above, queue below."""
    ends = StepTable.of(result.schedule.utilisation)
    scale = TimeScale.of(ends.kind, float(ends.ns[-1] - ends.ns[0]))
    figure = Picture.of_height(6.0)
    capacity, queue = figure.subplots(2, 1)
    _draw_capacity(capacity, scale, result)
    _draw_queue(queue, scale, result)
    share_time(scale, [capacity, queue])
    return figure


def _draw_capacity(axes: Axes, scale: TimeScale, result: PipelineResult) -> None:
    total = result.demand.groupby("ds")["y"].sum()
    _step(axes, scale, total, color=DEMAND, lw=1.1, label="demand")
    made = result.forecasts
    following = made[(made["ds"] == made["cutoff"]).to_numpy()]
    needed = following.groupby("ds")["needed"].sum()
    _step(axes, scale, needed, color=INK, lw=0.8, ls=(0, (1, 1.2)), label="planned for")
    column = f"capacity_{result.resource}"
    in_service = _changes(result.schedule, column)
    _step(axes, scale, in_service, color=CAPACITY, lw=1.4, label="in service")
    if result.baseline is not None:
        full = _changes(result.baseline, column).max()
        axes.axhline(full, color=REFERENCE, lw=1.1, ls=(0, (4, 2)), label="all nodes on")
    dress(axes)
    axes.set_ylabel(result.resource, color=MUTED, fontsize=9)
    headline(axes, "Capacity")


def _draw_queue(axes: Axes, scale: TimeScale, result: PipelineResult) -> None:
    if result.baseline is not None:
        before = _changes(result.baseline, "waiting")
        _step(axes, scale, before, color=REFERENCE, lw=1, label="all nodes on")
    waiting = _changes(result.schedule, "waiting")
    _step(axes, scale, waiting, color=WAITING, lw=1.1, label="as planned")
    for severity in ("warning", "critical"):
        fired = result.alerts[(result.alerts["severity"] == severity).to_numpy()]
        if len(fired):
            x = scale.place(StepTable.of(fired).ns)
            axes.plot(x, np.zeros(len(x)), "|", color=ALERT[severity], ms=12, label=severity)
    dress(axes)
    axes.set_ylabel("waiting jobs", color=MUTED, fontsize=9)
    headline(axes, "Queue")


def _step(axes: Axes, scale: TimeScale, values: pd.Series[Any], **look: Any) -> None:
    """Values that each hold from their time on."""
    if len(values):
        ns = StepTable.of(values.rename("value").rename_axis("time").reset_index()).ns
        axes.step(scale.place(ns), values.to_numpy(float), where="post", **look)


def _changes(schedule: Any, column: str) -> pd.Series[Any]:
    return to_pandas(schedule.utilisation, "utilisation").set_index("time")[column]
