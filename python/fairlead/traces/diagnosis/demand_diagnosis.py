"""What looking at demand series found, where a trace has no jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fairlead.report.words import amount, clock, share
from fairlead.traces.diagnosis.demand_view import DemandView
from fairlead.traces.diagnosis.diagnosis import Diagnosis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DemandDiagnosis"]


@dataclass(frozen=True, eq=False, repr=False)
class DemandDiagnosis(Diagnosis):
    """What `doctor` found in the demand of a trace without jobs.

    Attributes
    ----------
    trace, cluster, found
        As in `Diagnosis`.
    measures : dict of str to float
        ``series``, ``values``, ``span_days``, ``step_s`` (median of the series' usual steps),
        ``mean`` and ``max`` (units of the demand), ``zero_frac``.
    demand : DemandView

    Examples
    --------
    >>> import fairlead, tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "cpu.csv"
    >>> _ = file.write_text(
    ...     "timestamp,value\\n2026-01-05 10:00,1\\n2026-01-05 10:05,2\\n2026-01-05 10:10,0\\n"
    ... )
    >>> found = fairlead.traces.doctor(fairlead.traces.load(file))
    >>> found.findings["finding"].tolist()
    ['zero_steps', 'short_span']
    >>> found.measures["step_s"]
    300.0
    """

    demand: DemandView

    @property
    def table(self) -> pd.DataFrame:
        """The demand table."""
        return self.trace.demand

    @property
    def resource(self) -> str:
        """What the values are of, as the reader names it."""
        return str(self.trace.demand.attrs.get("resource", "values"))

    def headline(self) -> str:
        """What the trace is, in one line."""
        m = self.measures
        return (
            f"{self._name()}: {m['series']:,.0f} series of demand, {m['values']:,.0f} values over "
            f"{m['span_days']:,.1f} days"
        )

    def figures(self) -> str:
        """The main figures in one line."""
        m = self.measures
        step = f"a step of {clock(m['step_s'])}; " if m["step_s"] == m["step_s"] else ""
        return (
            f"{step}{self.resource}: mean {amount(m['mean'])}, at most {amount(m['max'])}; "
            f"{share(m['zero_frac'])} of the values are 0"
        )

    def plot(self, width: float = 9.0) -> Figure:
        """The series over time, the mean by hour of the day, and the values by size.

        Parameters
        ----------
        width : float, default 9
            Of the figure (inches).

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.traces.diagnosis.demand_drawing import draw_demand

        return draw_demand(self.demand, width)
