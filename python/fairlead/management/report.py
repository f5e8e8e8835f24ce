"""What monitoring a schedule found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fairlead.management.rules import Rule
from fairlead.management.watching import Watch
from fairlead.printed import Printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ManagementReport"]


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
        from fairlead.management.drawing import draw_management

        return draw_management(self)
