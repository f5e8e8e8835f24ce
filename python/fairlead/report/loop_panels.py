"""Panels of a pipeline run: what came, what was forecast, what was ordered, who waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from fairlead.report import panels
from fairlead.report.steps import BINS, StepTable
from fairlead.report.style import DEMAND, FORECAST, INK, REFERENCE, TimeScale, dress, headline
from fairlead.report.words import moment, unit_of_resource

if TYPE_CHECKING:
    from fairlead.pipeline import PipelineResult

__all__ = ["LoopView"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LoopView:
    """A pipeline run, ready to be drawn.

    Attributes
    ----------
    result : PipelineResult
    steps, baseline : StepTable
        Of the schedule as planned, and with all nodes on (None: not run).
    scale : TimeScale
    step_ns : int
        Interval of the demand.
    """

    result: PipelineResult
    steps: StepTable
    baseline: StepTable | None
    scale: TimeScale
    step_ns: int

    @classmethod
    def of(cls, result: PipelineResult) -> LoopView:
        """From the result of ``Pipeline.run``."""
        steps = StepTable.of(result.schedule.utilisation)
        whole = result.baseline
        demand = StepTable.of(result.demand, "ds")
        span = float(max(steps.ns[-1], demand.ns.max()) - min(steps.ns[0], demand.ns.min()))
        distinct = np.unique(demand.ns)
        return cls(
            result=result,
            steps=steps,
            baseline=None if whole is None else StepTable.of(whole.utilisation),
            scale=TimeScale.of(steps.kind, span),
            step_ns=int(distinct[1] - distinct[0]) if len(distinct) > 1 else int(span) or 1,
        )

    @property
    def unit(self) -> str:
        """What the units of the planned resource are called."""
        return unit_of_resource(self.result.resource)

    @property
    def rules(self) -> int:
        """How many rules fired."""
        return int(self.result.alerts["rule"].nunique())

    # ---- panels -----------------------------------------------------------------------------

    def draw_demand(self, axes: Axes) -> None:
        """Demand that came true, and what was forecast for each interval as it began."""
        ns, demand = self._total(self.result.demand, "y")
        axes.fill_between(
            *self._outline(ns, demand), step="post", color=DEMAND, alpha=0.3, lw=0, label="demand"
        )
        made = self.result.forecasts
        following = made[(made["ds"] == made["cutoff"]).to_numpy()]
        if len(following):
            self._draw_band(axes, following)
            ns, point = self._total(following, "forecast")
            axes.step(
                *self._outline(ns, point), where="post", color=FORECAST, lw=1.1, label="forecast"
            )
            axes.step(
                *self._outline(*self._total(following, "needed")),
                where="post", color=INK, lw=0.8, ls=(0, (1, 1.2)), label="planned for",
            )  # fmt: skip
        dress(axes)
        axes.set_ylim(0, 1.05 * max(axes.dataLim.y1, 1e-9))
        headline(axes, f"Demand for {self.unit} and its forecast")

    def draw_outlook(self, axes: Axes) -> None:
        """One forecast over its whole horizon as it was made, over the demand that came true."""
        cutoff = self.outlook_time()
        made = self.result.forecasts
        ahead = made[(made["cutoff"] == cutoff).to_numpy()]
        cut_ns = int(StepTable.of(ahead, "cutoff").ns[0])
        ns, demand = self._total(self.result.demand, "y")
        horizon = int(ahead["ds"].nunique())
        near = (ns >= cut_ns - 2 * horizon * self.step_ns) & (ns < cut_ns + horizon * self.step_ns)
        axes.fill_between(
            *self._outline(ns[near], demand[near]),
            step="post", color=DEMAND, alpha=0.3, lw=0, label="demand",
        )  # fmt: skip
        self._draw_band(axes, ahead)
        axes.step(
            *self._outline(*self._total(ahead, "forecast")),
            where="post", color=FORECAST, lw=1.6, label="forecast",
        )  # fmt: skip
        axes.axvline(float(self.scale.place([cut_ns])[0]), color=REFERENCE, lw=0.9)
        dress(axes)
        axes.set_ylim(0, 1.05 * max(axes.dataLim.y1, 1e-9))
        headline(axes, f"The forecast made at {moment(cutoff)}")

    def outlook_time(self) -> Any:
        """When the forecast of `draw_outlook` was made: three quarters into the run."""
        cutoffs = self.result.forecasts["cutoff"].drop_duplicates()
        submitted = self.result.schedule.jobs["submit_time"].max()
        known = cutoffs[(cutoffs <= submitted).to_numpy()]
        cutoffs = known if len(known) else cutoffs
        return cutoffs.iloc[(3 * len(cutoffs)) // 4]

    def _draw_band(self, axes: Axes, rows: pd.DataFrame) -> None:
        """The widest band; none over several series, whose quantiles do not add up."""
        levels = [c.removeprefix("hi-") for c in rows.columns if c.startswith("hi-")]
        if not levels or len(rows["unique_id"].unique()) > 1:
            return
        level = max(levels, key=float)
        ns, low = self._total(rows, f"lo-{level}")
        _, high = self._total(rows, f"hi-{level}")
        x, low = self._outline(ns, low)
        _, high = self._outline(ns, high)
        axes.fill_between(
            x, low, high, step="post", color=FORECAST, alpha=0.22, lw=0, label=f"{level} % band"
        )

    def draw_capacity(self, axes: Axes) -> None:
        """In use and in service, under the whole cluster."""
        resource = self.result.resource
        whole = self.result.schedule.cluster.capacity[resource]
        panels.draw_capacity(
            axes,
            self.scale,
            self.steps,
            resource,
            whole=whole,
            title=f"{self.unit} in service and in use",
        )

    def draw_use(self, axes: Axes) -> None:
        """The part of what is in service that is used, beside the baseline's."""
        panels.draw_use(axes, self.scale, self.steps, self.result.resource, self.baseline)

    def draw_queue(self, axes: Axes) -> None:
        """Jobs waiting, beside the baseline's."""
        panels.draw_queue(axes, self.scale, self.steps, self.baseline)

    def draw_alerts(self, axes: Axes) -> None:
        """Alerts while they fire; the time axis is set before."""
        panels.draw_alerts(axes, self.scale, self.result.alerts, int(self.steps.ns[-1]))

    def draw_waits(self, axes: Axes) -> None:
        """Waits, beside the baseline's."""
        waits = {"as planned": panels.started_waits(self.result.schedule)}
        if self.result.baseline is not None:
            waits["all nodes on"] = panels.started_waits(self.result.baseline)
        panels.draw_waits(axes, waits)

    # ---- data -------------------------------------------------------------------------------

    def _total(self, frame: pd.DataFrame, column: str) -> tuple[Ints, Floats]:
        """All series together, in order of time."""
        total = frame.groupby("ds", sort=True)[column].sum()
        table = StepTable.of(total.reset_index(), "ds")
        return table.ns, table.frame[column].to_numpy(float)

    def _outline(self, ns: Ints, values: Floats) -> tuple[Floats, Floats]:
        """Positions and heights of intervals, the last one closed; few enough for a page."""
        if not len(ns):
            return np.array([]), np.array([])
        at, heights = np.append(ns, ns[-1] + self.step_ns), np.append(values, values[-1])
        group = -(-len(ns) // (2 * BINS))
        if group > 1:
            begins = np.arange(0, len(ns), group)
            members = np.diff(np.append(begins, len(ns)))
            heights = np.add.reduceat(values, begins) / members
            at, heights = np.append(ns[begins], at[-1]), np.append(heights, heights[-1])
        return self.scale.place(at), heights
