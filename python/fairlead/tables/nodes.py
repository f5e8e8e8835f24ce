"""The nodes table as the engine takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables.frames import Codes, Floats, Ints, Table
from fairlead.tables.quantities import MAX_UNITS, bytes_of_gib, capacity_units
from fairlead.tables.schema import (
    DEVICES,
    JOB_COLUMNS,
    NODE_COLUMNS,
    RESOURCES,
    near_miss,
    unit_of,
)
from fairlead.tables.times import NAT, TimeKind, read_times

__all__ = ["NodeColumns", "node_columns"]

DEFAULT_POOL = "default"


@dataclass(frozen=True, eq=False)
class NodeColumns:
    """Contiguous columns of a nodes table, one row a node, in input order; None = column absent.

    Attributes
    ----------
    n : int
    node_id : array of str
    resources : tuple of str
        `RESOURCES` first, then others by name.
    kinds : tuple of {"counted", "device"}
        One for each resource.
    capacity : int64 array, shape (n, n_resources)
        Integer units (`fairlead.tables.UNITS`); devices are whole, so multiples of 1000.
    gpu_memory : int64 array or None
        Bytes per device; -1 = unknown.
    gpu_type : int32 array or None
        Index into ``gpu_type_names``; -1 = none.
    pool : int32 array
        Index into ``pool_names``.
    speed : float64 array or None
        Work done per second of wall time; missing is 1.
    price_usd_per_hour : float64 array or None
        Given for every node, or for none.
    available_from_ns, available_to_ns : int64 array or None
        In service from and to; missing = always (`NAT`).
    time : TimeKind or None
        Kind of the available times.
    """

    n: int
    node_id: NDArray[Any]
    resources: tuple[str, ...]
    kinds: tuple[str, ...]
    capacity: Ints
    gpu_memory: Ints | None
    gpu_type: Codes | None
    gpu_type_names: tuple[str, ...]
    pool: Codes
    pool_names: tuple[str, ...]
    speed: Floats | None
    price_usd_per_hour: Floats | None
    available_from_ns: Ints | None
    available_to_ns: Ints | None
    time: TimeKind | None

    def total(self) -> dict[str, float]:
        """Capacity of all nodes together, in user units."""
        sums = self.capacity.sum(axis=0)
        return {r: float(sums[i]) / unit_of(r) for i, r in enumerate(self.resources)}


def node_columns(nodes: Any) -> NodeColumns:
    """Check a nodes table and turn it into the engine's columns.

    Parameters
    ----------
    nodes : pandas, Polars or Arrow frame, shape (n_nodes, ...)
        ``node_id`` is required. ``cpus``, ``memory_gib``, ``gpus``, ... and any further numeric
        column are capacities; ``pool``, ``gpu_type``, ``gpu_memory_gib`` (per device), ``speed``,
        ``price_usd_per_hour`` (USD/h), ``available_from``, ``available_to`` describe the node.

    Returns
    -------
    NodeColumns

    Raises
    ------
    InvalidInputError
        A column is missing, has the wrong type, or a value is out of range; names the row.

    Examples
    --------
    >>> import pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "gpus": [8, 4], "cpus": [96, 64]})
    >>> columns = node_columns(nodes)
    >>> columns.resources, columns.capacity.tolist()
    (('cpus', 'gpus'), [[96000, 8000], [64000, 4000]])
    """
    table = Table(nodes, "nodes", "node_id")
    resources = _resources(table)
    capacity = np.zeros((table.n, len(resources)), dtype=np.int64)
    for i, resource in enumerate(resources):
        capacity[:, i] = capacity_units(table, resource)
    _check_totals(resources, capacity)
    node_id = np.array([str(name) for name in table.ids("node_id")], dtype=object)
    gpu_type, gpu_type_names = table.codes("gpu_type") if "gpu_type" in table else (None, ())
    pool, pool_names = _pools(table)
    from_ns, to_ns, time = _availability(table)
    return NodeColumns(
        n=table.n,
        node_id=node_id,
        resources=resources,
        kinds=tuple("device" if r in DEVICES else "counted" for r in resources),
        capacity=capacity,
        gpu_memory=(
            bytes_of_gib(table, "gpu_memory_gib", up=False) if "gpu_memory_gib" in table else None
        ),
        gpu_type=gpu_type,
        gpu_type_names=gpu_type_names,
        pool=pool,
        pool_names=pool_names,
        speed=_positive(table, "speed", 1.0, zero=False),
        price_usd_per_hour=_prices(table),
        available_from_ns=from_ns,
        available_to_ns=to_ns,
        time=time,
    )


def _resources(table: Table) -> tuple[str, ...]:
    """Known resources in their order, then further numeric columns by name."""
    others = []
    for name in table.columns:
        if name in RESOURCES or name in NODE_COLUMNS or name in JOB_COLUMNS:
            continue
        meant = near_miss(name, (*RESOURCES, *NODE_COLUMNS))
        if meant is not None and meant not in table:
            raise InvalidInputError(
                f"nodes has a column {name!r}, which means nothing here; rename it to {meant!r} "
                f"(mind the unit)"
            )
        if table.series(name).dtype.is_numeric():
            others.append(name)
    return (*(r for r in RESOURCES if r in table), *sorted(others))


def _check_totals(resources: tuple[str, ...], capacity: Ints) -> None:
    for resource, total in zip(resources, capacity.sum(axis=0, dtype=np.float64), strict=True):
        if total > MAX_UNITS:
            raise InvalidInputError(
                f"nodes[{resource!r}] must add up to at most {MAX_UNITS / unit_of(resource):.3g}, "
                f"got {total / unit_of(resource):.3g}; check the unit"
            )


def _pools(table: Table) -> tuple[Codes, tuple[str, ...]]:
    if "pool" not in table:
        return np.zeros(table.n, dtype=np.int32), (DEFAULT_POOL,)
    codes, names = table.codes("pool")
    if (codes < 0).any():
        if DEFAULT_POOL not in names:
            names = (*names, DEFAULT_POOL)
        codes[codes < 0] = names.index(DEFAULT_POOL)
    return codes, names


def _prices(table: Table) -> Floats | None:
    """None where no node has a price; a node without one among others would pass for free."""
    if "price_usd_per_hour" not in table or not table.is_filled("price_usd_per_hour"):
        return None
    missing = table.numbers("price_usd_per_hour").missing
    if missing is not None:
        raise table.bad(
            "price_usd_per_hour", missing, "present in every row or in none", "fill it (0 is free)"
        )
    return _positive(table, "price_usd_per_hour", 0.0, zero=True)


def _positive(table: Table, column: str, default: float, *, zero: bool) -> Floats | None:
    if column not in table:
        return None
    values = table.numbers(column).filled(default).astype(np.float64)
    ok = np.isfinite(values) & ((values >= 0) if zero else (values > 0))
    table.require(
        ok, column, "finite and not negative" if zero else "finite and above 0", "mend it"
    )
    return values


def _availability(table: Table) -> tuple[Ints | None, Ints | None, TimeKind | None]:
    from_ns: Ints | None = None
    to_ns: Ints | None = None
    kinds: list[TimeKind] = []
    if "available_from" in table and table.is_filled("available_from"):
        from_ns, _, kind = read_times(table, "available_from")
        kinds.append(kind)
    if "available_to" in table and table.is_filled("available_to"):
        to_ns, _, kind = read_times(table, "available_to")
        kinds.append(kind)
    if len({kind.name for kind in kinds}) > 1:
        raise InvalidInputError(
            "nodes['available_from'] and nodes['available_to'] must be of one kind, datetimes or "
            "seconds; convert one of them"
        )
    if from_ns is not None and to_ns is not None:
        table.require(
            (from_ns < to_ns) | (from_ns == NAT) | (to_ns == NAT),
            "available_to",
            "after available_from",
            "mend the times",
        )
    return from_ns, to_ns, kinds[0] if kinds else None
