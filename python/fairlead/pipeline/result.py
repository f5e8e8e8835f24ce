"""What a pipeline run did, what came of it, and what it would have cost to keep everything on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fairlead.allocation.plan import to_ns
from fairlead.allocation.pools import Pool
from fairlead.management import ManagementReport
from fairlead.printed import Printed
from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fairlead.scheduling import Schedule

__all__ = ["PipelineResult"]

_WAITS = ("mean_wait_s", "median_wait_s", "p95_wait_s", "mean_bounded_slowdown")


@dataclass(frozen=True, eq=False, repr=False)
class PipelineResult(Printed):
    """Everything a pipeline run did.

    Attributes
    ----------
    schedule : Schedule
        All jobs, under the plans as they were in force.
    baseline : Schedule or None
        The same jobs with all nodes on all the time.
    demand : DataFrame
        ``unique_id``, ``ds``, ``y``: the demand that came true.
    forecasts : DataFrame
        Every forecast made: ``cutoff``, ``unique_id``, ``ds``, ``forecast``, ``lo-80``, ``hi-80``,
        ``needed`` (the quantile the plan covered) and ``y``, what came true.
    plan : DataFrame
        ``time``, ``pool``, ``resource``, ``amount``: what was ordered, as it took effect.
    steps : DataFrame
        One row a step: ``time``; ``running``, ``waiting``, ``oldest_wait_s`` then; ``lost_frac``,
        ``utilisation`` over the step before; ``backlog`` (units that running and waiting jobs take
        together, where any waits); ``quantile`` covered (missing: no plan yet); ``ordered`` units
        from then on; ``firing``, the rules that fired.
    alerts : DataFrame
        Raised at the steps; they drove the feedback. ``report.alerts`` are those of finer samples.
    report : ManagementReport
        Of the finished schedule.
    metrics : dict of str to float
        Waits, ``capacity_<r>_h`` (unit-hours in service), ``node_hours``, ``cost_usd``, each also
        as ``full_...`` for the baseline; ``forecast_mae``, ``forecast_mae_next`` (next interval
        only), ``forecast_coverage_next`` (how often demand stayed within ``needed``),
        ``demand_mean``; ``alerts``.
    resource : str
        What was planned.
    """

    schedule: Schedule
    baseline: Schedule | None
    demand: pd.DataFrame
    forecasts: pd.DataFrame
    plan: pd.DataFrame
    steps: pd.DataFrame
    alerts: pd.DataFrame
    report: ManagementReport
    metrics: dict[str, float]
    resource: str

    @classmethod
    def of(
        cls,
        *,
        schedule: Schedule,
        baseline: Schedule | None,
        demand: pd.DataFrame,
        forecasts: list[pd.DataFrame],
        applied: list[pd.DataFrame],
        steps: pd.DataFrame,
        alerts: pd.DataFrame,
        report: ManagementReport,
        resource: str,
        pools: tuple[Pool, ...],
    ) -> PipelineResult:
        """From what a run kept."""
        made = _with_outcomes(forecasts, demand)
        metrics = _measures(schedule, resource, pools, "")
        if baseline is not None:
            metrics |= _measures(baseline, resource, pools, "full_")
        metrics |= _accuracy(made, demand) | {"alerts": float(len(alerts))}
        return cls(
            schedule=schedule,
            baseline=baseline,
            demand=demand,
            forecasts=made,
            plan=_changes(applied),
            steps=steps,
            alerts=alerts,
            report=report,
            metrics=metrics,
            resource=resource,
        )

    def summary(self) -> str:
        """A few lines for people: capacity, waits and forecasts, beside the baseline."""
        m, r = self.metrics, self.resource
        unit = r.removesuffix("s")
        lines = [
            f"pipeline: {len(self.steps):,} steps, {len(self.schedule.jobs):,} jobs",
            f"  capacity: {m[f'capacity_{r}_h']:,.0f} {unit}-hours"
            + self._beside(f"capacity_{r}_h", " with all nodes on", "{:,.0f}"),
        ]
        if "cost_usd" in m:
            lines.append(
                f"  cost: {m['cost_usd']:,.0f} USD" + self._beside("cost_usd", "", "{:,.0f}")
            )
        lines.append(
            f"  wait: mean {m['mean_wait_s'] / 60:,.1f} min"
            + self._beside("mean_wait_s", "", "{:,.1f}", 60)
            + f", 95 % below {m['p95_wait_s'] / 60:,.1f} min"
            + self._beside("p95_wait_s", "", "{:,.1f}", 60)
        )
        if "forecast_mae_next" in m:
            lines.append(
                f"  forecast of the next step: off by {m['forecast_mae_next']:,.1f} of "
                f"{m['demand_mean']:,.1f} {r} on average; demand within what was planned for in "
                f"{m['forecast_coverage_next']:.0%} of the steps"
            )
        lines.append(f"  alerts: {len(self.alerts)}")
        for rule, rows in self.alerts.groupby("rule", sort=False):
            lines.append(f"    {rule} ({rows['severity'].iloc[0]}) x {len(rows)}")
        return "\n".join(lines)

    def _beside(self, metric: str, what: str, form: str, per: float = 1.0) -> str:
        full = self.metrics.get(f"full_{metric}")
        return "" if full is None else f" ({form.format(full / per)}{what})"

    def plot(self) -> Figure:
        """Demand, forecast and capacity; the queue beside the baseline's; alerts.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.pipeline.drawing import draw_result

        return draw_result(self)


def _with_outcomes(forecasts: list[pd.DataFrame], demand: pd.DataFrame) -> pd.DataFrame:
    if not forecasts:
        return pd.DataFrame(columns=["cutoff", "unique_id", "ds", "forecast", "needed", "y"])
    made = pd.concat(forecasts, ignore_index=True)
    return made.merge(demand, on=["unique_id", "ds"], how="left")


def _changes(applied: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows in force one after another, without those that changed nothing."""
    if not applied:
        return pd.DataFrame(columns=["time", "pool", "resource", "amount"])
    rows = pd.concat(applied, ignore_index=True)
    before = rows.groupby("pool", sort=False)["amount"].shift()
    return rows[(rows["amount"] != before).to_numpy()].reset_index(drop=True)


def _measures(
    schedule: Schedule, resource: str, pools: tuple[Pool, ...], prefix: str
) -> dict[str, float]:
    found = {name: float(schedule.metrics[name]) for name in _WAITS}
    steps = to_pandas(schedule.utilisation, "utilisation")
    # First submission to last end, as the engine counts costs; the last plan reaches further.
    hours = np.diff(np.clip(to_ns(steps["time"]), *schedule.times.window())) / 3.6e12
    capacity = steps[f"capacity_{resource}"].to_numpy(float)[:-1]
    found[f"capacity_{resource}_h"] = float(capacity @ hours)
    # A node that is allocated by the unit is paid for whole, or not at all.
    if not any(pool.divisible for pool in pools):
        found["node_hours"] = float(schedule.metrics["node_hours"])
        if schedule.metrics["cost_usd"] is not None:
            found["cost_usd"] = float(schedule.metrics["cost_usd"])
    return {prefix + name: value for name, value in found.items()}


def _accuracy(made: pd.DataFrame, demand: pd.DataFrame) -> dict[str, float]:
    known = made.dropna(subset=["y"])
    if known.empty:
        return {}
    error = (known["forecast"] - known["y"]).abs()
    following = (known["ds"] == known["cutoff"]).to_numpy()
    within = (known["y"] <= known["needed"]).to_numpy()
    return {
        "forecast_mae": float(error.mean()),
        "forecast_mae_next": float(error[following].mean()),
        "forecast_coverage_next": float(within[following].mean()),
        "demand_mean": float(demand.groupby("unique_id")["y"].mean().sum()),
    }
