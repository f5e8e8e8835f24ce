"""The pools of a cluster as an allocator sees them, and which series of a forecast is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.tables import NodeColumns, unit_of

__all__ = ["Pool", "Range", "pools_with", "range_of", "share_out"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """One pool and one resource of it.

    Attributes
    ----------
    name : str
    nodes : int
    per_node : float
        Units of the resource on each node.
    price_usd_per_hour : float or None
        Of one node; None if the nodes table has no prices.
    divisible : bool
        A single node without devices: it is allocated by the unit, others by the node.
    """

    name: str
    nodes: int
    per_node: float
    price_usd_per_hour: float | None
    divisible: bool

    @property
    def capacity(self) -> float:
        """Units of the resource on all nodes."""
        return self.nodes * self.per_node

    @property
    def step(self) -> float:
        """The units that amounts are multiples of: one, or those of one node."""
        return 1.0 if self.divisible else self.per_node

    def round_up(self, units: Floats) -> Floats:
        """Whole steps that cover so many units."""
        # A hair below the next whole step is the rounding of a division, not a need.
        steps = np.ceil(np.round(units / self.step, 9))
        rounded: Floats = steps * self.step
        return rounded


def pools_with(cluster: Cluster, resource: str) -> list[Pool]:
    """The pools that have the resource, in the order of the nodes table.

    Raises
    ------
    InvalidInputError
        No node has the resource, or a pool's nodes have unlike amounts of it.
    """
    columns = cluster.node_columns
    if resource not in columns.resources:
        raise InvalidInputError(
            f"the forecast is of {resource!r}, which no node has; the cluster has "
            f"{', '.join(columns.resources) or 'no resources'}"
        )
    r = columns.resources.index(resource)
    amounts = columns.capacity[:, r] / unit_of(resource)
    pools = []
    for code, name in enumerate(columns.pool_names):
        rows = np.flatnonzero(columns.pool == code)
        own = amounts[rows]
        if not own.any():
            continue
        _check_alike(columns, rows, name)
        prices = columns.price_usd_per_hour
        price = None if prices is None else float(prices[rows].mean())
        devices = [kind == "device" for kind in columns.kinds]
        divisible = rows.size == 1 and not columns.capacity[rows][:, devices].any()
        pools.append(Pool(name, int(rows.size), float(own[0]), price, divisible))
    if not pools:
        raise InvalidInputError(f"no node has any {resource!r}, which the forecast is of")
    return pools


def _check_alike(columns: NodeColumns, rows: NDArray[np.intp], pool: str) -> None:
    """The engine allocates a pool by the node, so its nodes must be interchangeable."""
    unlike = np.argwhere(columns.capacity[rows] != columns.capacity[rows[0]])
    if not unlike.size:
        return
    first, node, r = rows[0], rows[unlike[0, 0]], unlike[0, 1]
    resource = columns.resources[r]
    amounts = columns.capacity[[first, node], r] / unit_of(resource)
    raise InvalidInputError(
        f"nodes[{resource!r}] must be the same on all nodes of a pool to allocate by the node; "
        f"pool {pool!r} has {amounts[0]:g} on {columns.node_id[first]!r} and {amounts[1]:g} on "
        f"{columns.node_id[node]!r}; give each kind its own pool"
    )


def share_out(
    series: Mapping[str, Floats], pools: Sequence[Pool], pool: str | None
) -> dict[str, Floats]:
    """Units needed of each pool per interval, from the series of a forecast by their ids.

    Series named as pools belong to them. One series of another name belongs to the pool asked for,
    or is shared out over all of them, the cheapest per unit first; what exceeds them all stays with
    the last.

    Raises
    ------
    InvalidInputError
        An unknown pool, or several series that are not named as pools.
    """
    by_name = {p.name: p for p in pools}
    if pool is not None and pool not in by_name:
        raise InvalidInputError(f"unknown pool {pool!r}; known are {', '.join(by_name)}")
    if pool is not None and pool in series:
        return {pool: series[pool]}
    if pool is None and all(name in by_name for name in series):
        return dict(series)
    if len(series) != 1:
        raise InvalidInputError(
            f"the forecast has the series {', '.join(map(repr, series))}, the cluster the pools "
            f"{', '.join(map(repr, by_name))}; use demand_series(by='pool') or by=None"
        )
    (need,) = series.values()
    if pool is not None:
        return {pool: need}
    cheapest = sorted(pools, key=lambda p: (p.price_usd_per_hour or 0.0) / p.per_node)
    needs, rest = {}, need
    for p in cheapest[:-1]:
        needs[p.name] = np.minimum(rest, p.capacity)
        rest = rest - needs[p.name]
    return needs | {cheapest[-1].name: rest}


@dataclass(frozen=True)
class Range:
    """The least and the most that may be allocated of a pool, in units of the resource."""

    least: float
    most: float


def range_of(
    pool: Pool, floor: float | Mapping[str, float], ceiling: float | Mapping[str, float] | None
) -> Range:
    """Floor rounded up and ceiling rounded down to whole steps, within the pool.

    Raises
    ------
    InvalidInputError
        Negative, or the floor is above the ceiling or above what the pool has.
    """
    low = floor.get(pool.name, 0.0) if isinstance(floor, Mapping) else floor
    high = ceiling.get(pool.name) if isinstance(ceiling, Mapping) else ceiling
    high = pool.capacity if high is None else min(high, pool.capacity)
    if not 0 <= low <= pool.capacity:
        raise InvalidInputError(
            f"floor must be from 0 to the {pool.capacity:g} of pool {pool.name!r}; got {low!r}"
        )
    least = float(pool.round_up(np.array([low]))[0])
    most = high if high == pool.capacity else float(np.floor(high / pool.step) * pool.step)
    if not least <= most:
        raise InvalidInputError(
            f"ceiling must be at least the floor; pool {pool.name!r} has {most:g} (ceiling "
            f"{high:g}) below {least:g} (floor {low:g}), in steps of {pool.step:g}"
        )
    return Range(least, most)
