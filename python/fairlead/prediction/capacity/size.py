"""The size of cluster found, and what else was tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.cluster import Cluster
from fairlead.printed import Printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ClusterSize"]


@dataclass(frozen=True, eq=False, repr=False)
class ClusterSize(Printed):
    """The cheapest cluster found that holds the target, and what else was tried.

    Attributes
    ----------
    choice : dict of str to int
        Nodes of each kind; of existing nodes none.
    cluster : Cluster
        The nodes of the choice, with those that exist; ready for ``schedule``.
    candidates : DataFrame
        A row a size tried, the cheapest first: ``nodes_<kind>``, ``nodes``, ``cost_usd_per_hour``
        (NaN without prices), what was measured, and ``holds``.
    target : dict of str to float
        The measure and its bound.
    cost_usd_per_hour : float or None
        Of the choice; None without prices.
    anomalies : bool
        Whether some larger size next to the choice failed where a smaller one held.
    """

    choice: dict[str, int]
    cluster: Cluster
    candidates: pd.DataFrame
    target: dict[str, float]
    cost_usd_per_hour: float | None
    anomalies: bool
    _measures: tuple[str, ...] = field(default=(), repr=False)

    @property
    def row(self) -> dict[str, Any]:
        """The choice's row of the candidates."""
        same = [self.candidates[f"nodes_{kind}"] == n for kind, n in self.choice.items()]
        return dict(self.candidates[np.logical_and.reduce(same)].iloc[0])

    def summary(self) -> str:
        """A few lines for people: the choice, what it measures, and the next smaller size."""
        chosen = self.row
        nodes = ", ".join(f"{n} x {kind}" for kind, n in self.choice.items() if n) or "no nodes"
        cost = self.cost_usd_per_hour
        price = "" if cost is None else f", {cost:,.2f} USD an hour"
        [(name, bound)] = self.target.items()
        lines = [f"{nodes}{price}: {_sentence(name, bound)}"]
        lines.append("  " + ", ".join(_value(m, float(chosen[m])) for m in self._measures))
        fewer = self.candidates[
            ~self.candidates["holds"] & (self.candidates["nodes"] < chosen["nodes"])
        ]
        if len(fewer) and name in self._measures:
            below = fewer.sort_values("nodes").iloc[-1]
            lines.append(f"  with {below['nodes']} nodes: {_value(name, float(below[name]))}")
        if self.anomalies:
            lines.append("  more nodes were not always better here; see the candidates")
        lines.append(f"  {len(self.candidates)} sizes tried")
        return "\n".join(lines)

    def plot(self) -> Figure:
        """The measure and the cost of every size tried, with the bound and the choice.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.prediction.capacity.drawing import draw_sizes

        return draw_sizes(self)


def _sentence(name: str, bound: float) -> str:
    if name == "missing_usd_per_unit_hour":
        return f"least cost with missing capacity at {bound:g} USD a unit and hour"
    sign = "covers" if name == "quantile" else "holds"
    return f"{sign} {_value(name, bound).replace(' = ', ' <= ' if sign == 'holds' else ' ')}"


def _value(name: str, value: float) -> str:
    if name.endswith("_s"):
        return f"{name.removesuffix('_s')} = {value:,.0f} s"
    if name.endswith("_frac"):
        return f"{name.removesuffix('_frac')} = {value:.2%}"
    return f"{name} = {value:,.3g}"
