"""The plan's picture: what is ordered, over what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.allocation.plan import CapacityPlan
    from fairlead.allocation.pools import Pool

__all__ = ["draw_plan", "tidy"]

_DEMAND, _PLAN, _LIMIT = "#4878a8", "#c8553d", "#8a8a8a"


def draw_plan(plan: CapacityPlan) -> Figure:
    """One panel a pool: past demand, forecast band, plan."""
    from matplotlib.figure import Figure

    panels = len(plan.pools)
    figure = Figure(figsize=(9, 1.2 + 2.6 * panels), layout="constrained")
    for i, pool in enumerate(plan.pools):
        axes = figure.add_subplot(panels, 1, i + 1)
        _draw_pool(axes, plan, pool)
        axes.set_title(f"{plan.strategy} plan, pool {pool.name}", loc="left", fontsize=10)
    return figure


def _draw_pool(axes: Axes, plan: CapacityPlan, pool: Pool) -> None:
    _draw_forecast(axes, plan, pool)
    steps = plan.rows[plan.rows["pool"] == pool.name]
    times = [*steps["time"], plan.end]
    amounts = steps["amount"].to_numpy(float)
    axes.step(times, [*amounts, amounts[-1]], where="post", color=_PLAN, lw=2, label="ordered")
    axes.axhline(pool.capacity, color=_LIMIT, lw=1, ls=":", label="all of the pool")
    axes.set_ylim(0, None)
    axes.set_ylabel(plan.resource)
    tidy(axes, dates=isinstance(plan.begin, pd.Timestamp))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)


def tidy(axes: Axes, *, dates: bool) -> None:
    """A time axis whose labels do not run into each other, and no frame where there is no data."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.spines[["top", "right"]].set_visible(False)
    if not dates:
        axes.set_xlabel("time (s)")
        return
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _draw_forecast(axes: Axes, plan: CapacityPlan, pool: Pool) -> None:
    """Past demand and the band if the pool has a series of its own, else its share of the need."""
    forecast = plan.forecast
    frame = pd.DataFrame() if forecast is None else to_pandas(forecast.frame, "forecast")
    ids = [] if forecast is None else [str(name) for name in frame["unique_id"].unique()]
    name = pool.name if pool.name in ids else ids[0] if len(ids) == len(plan.pools) == 1 else None
    if forecast is None or name is None:
        needs = plan.needs[plan.needs["pool"] == pool.name]
        times, units = [*needs["time"], plan.end], needs["need"].to_numpy(float)
        axes.step(times, [*units, units[-1]], where="post", color=_DEMAND, label="needed")
        return
    ahead = _series(frame, name)
    past = _series(to_pandas(forecast.history, "demand"), name).tail(2 * len(ahead))
    axes.plot(past["ds"], past["y"], color=_DEMAND, lw=1, label="demand so far")
    axes.plot(ahead["ds"], ahead[forecast.model], color=_DEMAND, lw=1.5, ls="--", label="forecast")
    widest = f"{max(forecast.levels):g}" if forecast.levels else None
    if widest is not None:
        low, high = (ahead[f"{forecast.model}-{side}-{widest}"] for side in ("lo", "hi"))
        axes.fill_between(
            ahead["ds"], low, high, color=_DEMAND, alpha=0.2, lw=0, label=f"{widest} % band"
        )


def _series(frame: Any, name: str) -> pd.DataFrame:
    """One series, each interval's mean drawn at its middle."""
    named = "unique_id" in frame
    own = frame[np.asarray(frame["unique_id"].astype(str) == name)].copy() if named else frame
    if len(own) > 1:
        own["ds"] = own["ds"] + (own["ds"].iloc[1] - own["ds"].iloc[0]) / 2
    return pd.DataFrame(own)
