"""The pipeline's picture: did the capacity follow the demand, and who waited for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.allocation.drawing import tidy
from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.pipeline.result import PipelineResult

__all__ = ["draw_result"]

_DEMAND, _PLAN, _LIMIT, _WAIT = "#4878a8", "#c8553d", "#8a8a8a", "#3d8f5f"


def draw_result(result: PipelineResult) -> Figure:
    """Capacity above, queue below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    capacity, queue = figure.subplots(2, 1, sharex=True)
    _draw_capacity(capacity, result)
    _draw_queue(queue, result)
    dates = pd.api.types.is_datetime64_any_dtype(result.steps["time"].dtype)
    for axes in (capacity, queue):
        tidy(axes, dates=dates)
        axes.set_ylim(0, None)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
        axes.label_outer()
    return figure


def _draw_capacity(axes: Axes, result: PipelineResult) -> None:
    total = result.demand.groupby("ds")["y"].sum()
    axes.step(total.index, total.to_numpy(), where="post", color=_DEMAND, lw=1, label="demand")
    made = result.forecasts
    following = made[(made["ds"] == made["cutoff"]).to_numpy()]
    needed = following.groupby("ds")["needed"].sum()
    axes.step(
        needed.index, needed.to_numpy(), where="post", color=_DEMAND, lw=0.8, ls="--",
        label="planned for",
    )  # fmt: skip
    times, amounts = _steps(result.schedule, f"capacity_{result.resource}")
    axes.step(times, amounts, where="post", color=_PLAN, lw=1.2, label="in service")
    if result.baseline is not None:
        _, full = _steps(result.baseline, f"capacity_{result.resource}")
        axes.axhline(full.max(), color=_LIMIT, lw=1, ls=":", label="all nodes on")
    axes.set_ylabel(result.resource)


def _draw_queue(axes: Axes, result: PipelineResult) -> None:
    if result.baseline is not None:
        times, waiting = _steps(result.baseline, "waiting")
        axes.step(times, waiting, where="post", color=_LIMIT, lw=1, label="all nodes on")
    times, waiting = _steps(result.schedule, "waiting")
    axes.step(times, waiting, where="post", color=_WAIT, lw=1, label="as planned")
    for severity, color in (("warning", "#e0a030"), ("critical", "#c8553d")):
        fired = result.alerts[(result.alerts["severity"] == severity).to_numpy()]
        if len(fired):
            at = np.zeros(len(fired))
            axes.plot(fired["time"], at, "|", color=color, ms=12, label=severity)
    axes.set_ylabel("waiting jobs")


def _steps(schedule: Any, column: str) -> tuple[pd.Series[Any], np.ndarray[Any, Any]]:
    frame = to_pandas(schedule.utilisation, "utilisation")
    return frame["time"], frame[column].to_numpy(float)
