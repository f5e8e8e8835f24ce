"""How much of each pool is there over time, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.allocation.pools import Pool
from fairlead.printed import Printed
from fairlead.tables.frames import Table
from fairlead.tables.times import read_times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fairlead.prediction import DemandForecast

__all__ = ["CapacityPlan"]

_NS_PER_HOUR = 3_600_000_000_000


@dataclass(frozen=True, eq=False, repr=False)
class CapacityPlan(Printed):
    """Amounts of one resource per pool over time; ``schedule(allocation=plan)`` applies it.

    Attributes
    ----------
    rows : DataFrame
        ``time``, ``pool``, ``resource``, ``amount`` (units of the resource): the amount ordered
        from that time on. What an increase adds is in service `startup_s` later.
    startup_s : float
        From ordering a node to its being ready (s).
    strategy : str
        What made the plan: ``static`` or ``dynamic``.
    resource : str
    pools : tuple of Pool
        The pools planned for: nodes, units and price of each.
    begin, end : Timestamp or float
        The horizon, in the kind of the forecast's times. After it the last amounts stay.
    quantile : float
        Of the forecast, that the plan covers.
    cooldown_s : float
        How long a need has to be lower before the amount follows (s).
    needs : DataFrame
        ``time``, ``pool``, ``need``: units wanted from the pool in each interval, before floor,
        ceiling and whole nodes. Rows before `begin` come from the plan this one follows.
    forecast : DemandForecast or None
        What the plan was made from.
    """

    rows: pd.DataFrame
    startup_s: float
    strategy: str
    resource: str
    pools: tuple[Pool, ...]
    begin: Any
    end: Any
    quantile: float
    cooldown_s: float
    needs: pd.DataFrame
    forecast: DemandForecast | None = None

    @property
    def node_hours(self) -> float:
        """Nodes times hours ordered over the horizon; nodes that start count, as they are paid."""
        return sum(self._node_hours(pool) for pool in self.pools)

    @property
    def cost_usd(self) -> float | None:
        """Node-hours times price (USD); None if the nodes table has no prices."""
        costs = [
            None
            if pool.price_usd_per_hour is None
            else pool.price_usd_per_hour * self._node_hours(pool)
            for pool in self.pools
        ]
        return None if None in costs else float(sum(c for c in costs if c is not None))

    @property
    def full_node_hours(self) -> float:
        """Nodes times hours if all pools planned for were whole all the time."""
        return sum(pool.nodes for pool in self.pools) * self._hours()

    def mean_amount(self, pool: Pool, begin_ns: int, end_ns: int) -> float:
        """Units ordered of a pool, the mean over ``[begin_ns, end_ns)``."""
        times, amounts = self._steps[pool.name]
        edges = np.clip(np.append(times, end_ns), begin_ns, end_ns)
        return float(amounts @ (np.diff(edges) / (end_ns - begin_ns)))

    @cached_property
    def _steps(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Times (ns) and amounts of the rows of each pool."""
        times, amounts = to_ns(self.rows["time"]), self.rows["amount"].to_numpy(float)
        own = {pool.name: (self.rows["pool"] == pool.name).to_numpy() for pool in self.pools}
        return {name: (times[rows], amounts[rows]) for name, rows in own.items()}

    @cached_property
    def horizon_ns(self) -> tuple[int, int]:
        """Begin and end of the horizon (ns)."""
        begin, end = to_ns(pd.Series([self.begin, self.end]))
        return int(begin), int(end)

    def _hours(self) -> float:
        begin, end = self.horizon_ns
        return (end - begin) / _NS_PER_HOUR

    def _node_hours(self, pool: Pool) -> float:
        return self.mean_amount(pool, *self.horizon_ns) / pool.per_node * self._hours()

    def summary(self) -> str:
        """A few lines for people: range, changes and cost of the plan."""
        lines = [
            f"{self.strategy} plan for {self.resource}, {_show(self.begin)} to {_show(self.end)}, "
            f"covering the {self.quantile:.0%} quantile of demand"
        ]
        lines += [self._pool_line(pool) for pool in self.pools]
        full = self.full_node_hours
        used = f" ({self.node_hours / full:.0%})" if full else ""
        cost = "" if self.cost_usd is None else f", {self.cost_usd:,.2f} USD"
        lines.append(f"  {self.node_hours:,.1f} of {full:,.1f} node-hours{used}{cost}")
        return "\n".join(lines)

    def _pool_line(self, pool: Pool) -> str:
        amounts = self.rows.loc[self.rows["pool"] == pool.name, "amount"]
        needs = self.needs[self.needs["pool"] == pool.name]
        ahead = needs.loc[(needs["time"] >= self.begin).to_numpy(), "need"]
        short = int((ahead > pool.capacity).sum())
        line = (
            f"  {pool.name}: {amounts.min():g} to {amounts.max():g} of {pool.capacity:g} "
            f"{self.resource}, {len(amounts) - 1} changes"
        )
        return line + (f"; {short} of {len(ahead)} intervals need more than that" if short else "")

    def plot(self) -> Figure:
        """The amounts as a step line against the forecast and its band; one panel a pool.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.allocation.drawing import draw_plan

        return draw_plan(self)


def to_ns(times: pd.Series[Any]) -> NDArray[np.int64]:
    """Times in seconds or datetimes as int64 nanoseconds."""
    ns, _, _ = read_times(Table(times.to_frame("time"), "plan"), "time")
    return ns


def _show(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if isinstance(time, pd.Timestamp) else f"{time:,g} s"
