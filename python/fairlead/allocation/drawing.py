"""The plan's picture: what is ordered, over what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fairlead.prediction.drawing import StepPanel, panels_over
from fairlead.report.steps import StepTable
from fairlead.report.style import CAPACITY, DEMAND, FORECAST, REFERENCE, TimeScale, share_time
from fairlead.report.words import unit_of_resource
from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.allocation.plan import CapacityPlan
    from fairlead.allocation.pools import Pool

__all__ = ["draw_plan"]


def draw_plan(plan: CapacityPlan) -> Figure:
    """One panel a pool: past demand, forecast band, plan."""
    needs = plan.needs.rename(columns={"time": "ds"})
    expected = [_series_of(plan, pool) for pool in plan.pools]
    shown = [rows for pair in expected if pair is not None for rows in pair if len(rows)]
    figure, panels, scale = panels_over(len(plan.pools), [needs, *shown])
    step_ns = plan.horizon_ns[1] - int(StepTable.of(needs, "ds").ns.max())
    for axes, pool, series in zip(panels, plan.pools, expected, strict=True):
        panel = StepPanel(axes, scale, step_ns)
        if series is None:
            panel.line(needs[needs["pool"] == pool.name], "need", FORECAST, "needed", 1.4)
        else:
            _draw_forecast(panel, plan, *series)
        _draw_ordered(axes, scale, plan, pool)
        title = f"{plan.strategy} plan, pool {pool.name}"
        panel.finish(title, unit_of_resource(plan.resource), legend=True)
    share_time(scale, panels)
    return figure


def _draw_ordered(axes: Axes, scale: TimeScale, plan: CapacityPlan, pool: Pool) -> None:
    steps = StepTable.of(plan.rows[plan.rows["pool"] == pool.name])
    amounts = steps.frame["amount"].to_numpy(float)
    x = scale.place(np.append(steps.ns, plan.horizon_ns[1]))
    heights = np.append(amounts, amounts[-1])
    axes.step(x, heights, where="post", color=CAPACITY, lw=1.8, label="ordered")
    axes.axhline(pool.capacity, color=REFERENCE, lw=1.1, ls=(0, (4, 2)), label="all of the pool")


def _draw_forecast(
    panel: StepPanel, plan: CapacityPlan, past: pd.DataFrame, ahead: pd.DataFrame
) -> None:
    assert plan.forecast is not None
    if len(past):
        panel.line(past, "y", DEMAND, "demand so far", 1.1)
    panel.line(ahead, plan.forecast.model, FORECAST, "forecast", 1.6)
    if plan.forecast.levels:
        panel.bands(ahead, plan.forecast.model, (max(plan.forecast.levels),))


def _series_of(plan: CapacityPlan, pool: Pool) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Past and forecast of the pool's own series; None if it has but a share of the need."""
    if plan.forecast is None:
        return None
    frame = to_pandas(plan.forecast.frame, "forecast")
    ids = [str(name) for name in frame["unique_id"].unique()]
    name = pool.name if pool.name in ids else ids[0] if len(ids) == len(plan.pools) == 1 else None
    if name is None:
        return None
    ahead = _named(frame, name)
    past = _named(to_pandas(plan.forecast.history, "demand"), name)
    return past.tail(2 * len(ahead)), ahead


def _named(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one series."""
    if "unique_id" not in frame:
        return frame
    return frame[(frame["unique_id"].astype(str) == name).to_numpy()]
