"""What monitoring a schedule found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fairlead.allocation.drawing import tidy
from fairlead.management.rules import Rule
from fairlead.management.watching import Watch
from fairlead.printed import Printed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ManagementReport"]

_USED, _LIMIT, _WAITING = "#4878a8", "#8a8a8a", "#c8553d"
_SEVERITY = {"info": "#4878a8", "warning": "#e0a030", "critical": "#c8553d"}


@dataclass(frozen=True, eq=False, repr=False)
class ManagementReport(Printed):
    """Utilisation, queue, waste and alerts of a schedule.

    Attributes
    ----------
    alerts : DataFrame
        One row an alert, in the order they fired: ``time``, ``rule``, ``severity``, ``metric``,
        ``value`` when it fired, ``worst`` value while it did, ``message``, ``pending_time`` (start
        of the breach), ``resolved_time`` (missing: firing still).
    utilisation : DataFrame
        One row a sample, ``time`` being the end of its interval. Means over the interval:
        ``running``, ``waiting`` (jobs), per resource ``utilisation_<r>`` and ``idle_<r>`` (units),
        ``utilisation`` of the main resource. At its end: ``oldest_wait_s``, how long the oldest
        waiting job has waited. Of the jobs that ended in it: ``lost_frac``, the part that failed
        or ran into their limit.
    metrics : dict of str to float
        Means and extremes over the schedule, and `waste`.
    waste : dict of str to float
        Idle, lost and unused hours; see ``fairlead.management.waste``.
    advice : list of str
        Suggestions with the figures they rest on.
    rules : tuple of Rule
        What was watched for.
    """

    alerts: pd.DataFrame
    utilisation: pd.DataFrame
    metrics: dict[str, float]
    waste: dict[str, float]
    advice: list[str]
    rules: tuple[Rule, ...]
    watch: Watch

    @property
    def firing(self) -> pd.DataFrame:
        """The alerts that had not resolved at the end."""
        return self.alerts[self.alerts["resolved_time"].isna()]

    def summary(self) -> str:
        """A few lines for people: use, queue, waste, alerts, advice."""
        m, main = self.metrics, self.watch.main
        lines = []
        if main:
            lines.append(
                f"utilisation of {main}: mean {m[f'utilisation_{main}_mean']:.1%}; idle "
                f"{self.waste[f'idle_{main}_h']:,.1f} {main.removesuffix('s')}-hours"
            )
        lines.append(
            f"queue: mean {m['waiting_mean']:,.1f} and at most {m['waiting_max']:,.0f} jobs, "
            f"longest wait {m['oldest_wait_max_s'] / 3600:,.1f} h"
        )
        if self.waste["lost_job_h"]:
            lines.append(
                f"failed or stopped at the limit: {self.waste['lost_job_h']:,.1f} job-hours"
            )
        lines.append(f"alerts: {len(self.alerts)}, {len(self.firing)} still firing")
        for rule, rows in self.alerts.groupby("rule", sort=False):
            first = rows.iloc[0]
            lines.append(f"  {rule} ({first['severity']}) x {len(rows)}: {first['message']}")
        lines += [f"advice: {text}" for text in self.advice]
        return "\n".join(lines)

    def plot(self) -> Figure:
        """Use, queue and alerts over time.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 6), layout="constrained")
        use, queue, alerts = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1.5))
        self._draw_use(use)
        times = self.utilisation["time"]
        queue.plot(times, self.utilisation["waiting"], color=_WAITING, lw=1)
        queue.set_ylabel("waiting jobs")
        queue.set_ylim(0, None)
        self._draw_alerts(alerts)
        for axes in (use, queue, alerts):
            tidy(axes, dates=self.watch.kind.name == "datetime")
            axes.label_outer()
        return figure

    def _draw_use(self, axes: Axes) -> None:
        main, frame = self.watch.main, self.utilisation
        if not main:
            return
        used = self.watch.series[f"utilisation_{main}"]
        axes.fill_between(frame["time"], 0, used, color=_USED, alpha=0.35, lw=0)
        axes.plot(frame["time"], used, color=_USED, lw=1)
        axes.axhline(1, color=_LIMIT, lw=1, ls=":")
        axes.set_ylim(0, 1.05)
        axes.set_ylabel(f"{main} in use")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")

    def _draw_alerts(self, axes: Axes) -> None:
        """One line a rule that fired, a bar from firing to resolution."""
        names = list(dict.fromkeys(self.alerts["rule"]))
        end = self.utilisation["time"].iloc[-1]
        for alert in self.alerts.to_dict("records"):
            y = names.index(alert["rule"])
            until = end if pd.isna(alert["resolved_time"]) else alert["resolved_time"]
            color = _SEVERITY[alert["severity"]]
            axes.plot([alert["time"], until], [y, y], color=color, lw=6, solid_capstyle="butt")
            axes.plot([alert["time"]], [y], color=color, marker="|", ms=9)
        axes.set_yticks(np.arange(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        if not names:
            axes.set_yticks([0], ["no alerts"])
