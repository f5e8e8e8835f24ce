"""What a simulation is told besides its jobs: nodes that join, events, plans, options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.scheduling.policy import PolicySpec
from fairlead.tables import (
    EVENT_KINDS,
    NAT,
    EventColumns,
    JobColumns,
    NodeColumns,
    Table,
    TimeKind,
    recoded,
    seconds_to_ns,
    unit_of,
)
from fairlead.tables.times import read_times

if TYPE_CHECKING:
    from fairlead.allocation import CapacityPlan
    from fairlead.prediction.jobs import RunTimeEstimator

__all__ = [
    "appended",
    "changes_of_plan",
    "core_events",
    "engine_options",
    "estimator_of",
    "named",
]

# Codes of the core: Change::Kind and Event::Kind.
_RESUME, _DRAIN, _NODES, _CAPACITY = 0, 1, 3, 4
_EVENT_CODE = {
    "node_drain": 0,
    "node_resume": 1,
    "node_fail": 2,
    "capacity": 3,
    "cancel": 4,
    "estimate": 5,
    "tick": 6,
}
_NONE: dict[str, Any] = {
    "time_ns": np.empty(0, np.int64),
    "kind": np.empty(0, np.int32),
    "target": np.empty(0, np.int32),
    "resource": np.empty(0, np.int32),
    "value": np.empty(0, np.int64),
}


def estimator_of(run_times: Any) -> RunTimeEstimator | None:
    """The estimator that ``run_times`` names or is; None where it says the estimates themselves."""
    from fairlead.prediction.jobs import RunTimeEstimator, RunTimeHistogram

    if isinstance(run_times, RunTimeEstimator):
        return run_times
    return RunTimeHistogram() if isinstance(run_times, str) and run_times == "predicted" else None


def named(nodes: NodeColumns, jobs: JobColumns) -> NodeColumns:
    """The nodes with codes for pools and types that only jobs name: a node may bring them yet."""
    types = (name for allowed in jobs.gpu_type_sets for name in allowed)
    return replace(
        nodes,
        pool_names=tuple(dict.fromkeys([*nodes.pool_names, *jobs.pool_names])),
        gpu_type_names=tuple(dict.fromkeys([*nodes.gpu_type_names, *types])),
    )


def appended(nodes: NodeColumns, more: NodeColumns) -> tuple[NodeColumns, NodeColumns]:
    """Known nodes with further ones behind them, and those alone, under one set of codes.

    Raises
    ------
    InvalidInputError
        A node that is known, or a resource that the known nodes do not declare.
    """
    again = set(nodes.node_id) & set(more.node_id)
    if again:
        raise InvalidInputError(f"nodes['node_id'] must be new, got {min(again)!r} again")
    extra = [name for name in more.resources if name not in nodes.resources]
    if extra:
        raise InvalidInputError(
            f"added nodes may declare {', '.join(nodes.resources)}; got {', '.join(extra)} too"
        )
    pools = tuple(dict.fromkeys([*nodes.pool_names, *more.pool_names]))
    types = tuple(dict.fromkeys([*nodes.gpu_type_names, *more.gpu_type_names]))
    capacity = np.zeros((more.n, len(nodes.resources)), dtype=np.int64)
    for i, name in enumerate(more.resources):
        capacity[:, nodes.resources.index(name)] = more.capacity[:, i]
    added = replace(
        more,
        resources=nodes.resources,
        kinds=nodes.kinds,
        capacity=capacity,
        pool=recoded(more.pool, more.pool_names, pools),
        pool_names=pools,
        gpu_type=recoded(more.gpu_type, more.gpu_type_names, types),
        gpu_type_names=types,
    )
    # A list of names only grows at its end, so the codes of the known nodes stay.
    return _joined(replace(nodes, pool_names=pools, gpu_type_names=types), added), added


def _joined(nodes: NodeColumns, added: NodeColumns) -> NodeColumns:
    """Both in one, where a column that only one of them has takes its default in the other."""
    priced = nodes.price_usd_per_hour is not None and added.price_usd_per_hour is not None
    return replace(
        nodes,
        n=nodes.n + added.n,
        node_id=np.concatenate([nodes.node_id, added.node_id]),
        capacity=np.concatenate([nodes.capacity, added.capacity]),
        pool=np.concatenate([nodes.pool, added.pool]),
        gpu_memory=_stacked(nodes, added, "gpu_memory", np.int64(-1)),
        gpu_type=_stacked(nodes, added, "gpu_type", np.int32(-1)),
        speed=_stacked(nodes, added, "speed", np.float64(1.0)),
        # A node without a price among others would pass for free.
        price_usd_per_hour=_stacked(nodes, added, "price_usd_per_hour", np.float64(0.0))
        if priced
        else None,
        available_from_ns=_stacked(nodes, added, "available_from_ns", np.int64(NAT)),
        available_to_ns=_stacked(nodes, added, "available_to_ns", np.int64(NAT)),
        time=nodes.time or added.time,
    )


def _stacked(nodes: NodeColumns, added: NodeColumns, column: str, default: np.generic) -> Any:
    parts = [getattr(table, column) for table in (nodes, added)]
    if all(part is None for part in parts):
        return None
    sizes = (nodes.n, added.n)
    return np.concatenate(
        [
            np.full(n, default) if part is None else part
            for part, n in zip(parts, sizes, strict=True)
        ]
    )


def engine_options(
    spec: PolicySpec, nodes: NodeColumns, correction: str, requeue: bool
) -> dict[str, Any]:
    """What ``_core.Simulation`` and ``_core.Engine`` are made with; the order by its name."""
    down, known = _known_changes(nodes)
    return {
        "order": spec.order,
        "params": spec.params,
        "backfill": spec.backfill,
        "backfill_order": spec.backfill_order,
        "placement": spec.placement,
        "correction": correction,
        "requeue": requeue,
        "counts": True,
        "index_from": 128,
        "report_reservations": False,
        "down": down,
        "known": known,
    }


def _known_changes(nodes: NodeColumns) -> tuple[list[int], dict[str, Any]]:
    """Nodes not in service from the start, and the changes that available_from/to announce."""
    down: list[int] = []
    rows: list[tuple[int, int, int, int, int]] = []
    for node in range(nodes.n):
        if nodes.available_from_ns is not None and nodes.available_from_ns[node] != NAT:
            down.append(node)
            rows.append((int(nodes.available_from_ns[node]), _RESUME, node, 0, 0))
        if nodes.available_to_ns is not None and nodes.available_to_ns[node] != NAT:
            rows.append((int(nodes.available_to_ns[node]), _DRAIN, node, 0, 0))
    return down, _rows(rows)


def _rows(rows: list[tuple[int, int, int, int, int]]) -> dict[str, Any]:
    if not rows:
        return _NONE
    rows = sorted(rows, key=lambda row: row[0])
    kinds = {name: column.dtype for name, column in _NONE.items()}
    return {
        name: np.array([row[i] for row in rows], dtype=dtype)
        for i, (name, dtype) in enumerate(kinds.items())
    }


def core_events(events: EventColumns, nodes: NodeColumns) -> dict[str, Any]:
    """The events as ``_core.Simulation.add_events`` takes them."""
    codes = np.array([_EVENT_CODE[kind] for kind in EVENT_KINDS], dtype=np.int32)
    target = events.target.astype(np.int64)
    resource = events.resource.copy()
    for row in np.flatnonzero(codes[events.kind] == _EVENT_CODE["capacity"]):
        if events.pool[row] >= 0:
            target[row] = _only_node(nodes, int(events.pool[row]))
        resource[row] = _counted_index(nodes, int(events.resource[row]))
    return {
        "time_ns": events.time_ns,
        "kind": codes[events.kind],
        "target": target,
        "resource": resource,
        "value": events.value,
    }


def _only_node(nodes: NodeColumns, pool: int) -> int:
    rows = np.flatnonzero(nodes.pool == pool)
    if len(rows) != 1:
        raise InvalidInputError(
            f"events: a capacity of pool {nodes.pool_names[pool]!r} needs a pool of one node, it "
            f"has {len(rows)}; name the node, or give a plan with allocation="
        )
    return int(rows[0])


def _counted_index(nodes: NodeColumns, resource: int) -> int:
    if nodes.kinds[resource] == "device":
        raise InvalidInputError(
            f"capacity of {nodes.resources[resource]!r} cannot change inside a node; drain the "
            f"node, or give a plan in nodes with allocation="
        )
    return sum(kind == "counted" for kind in nodes.kinds[:resource])


def changes_of_plan(
    plan: CapacityPlan, nodes: NodeColumns, time: TimeKind
) -> tuple[dict[str, Any], int]:
    """A capacity plan as changes known ahead, and its start-up delay in ns.

    Pools of identical nodes change by whole nodes; a pool of one node without devices is divisible
    and changes by the unit.

    Raises
    ------
    InvalidInputError
        An unknown pool or resource, unlike nodes in a pool, or times of another kind.
    """
    table = Table(plan.rows, "plan")
    times, missing, kind = read_times(table, "time")
    if missing is not None:
        raise table.bad("time", missing, "present", "drop the row")
    if kind.name != time.name:
        raise table.bad("time", np.ones(table.n, dtype=bool), time.describe(), "convert the column")
    startup_ns = int(seconds_to_ns(np.array([float(plan.startup_s)]))[0])
    frame = pd.DataFrame(
        {
            "time_ns": times,
            "pool": plan.rows["pool"].to_numpy(),
            "resource": plan.rows["resource"].to_numpy(),
            "amount": plan.rows["amount"].to_numpy(dtype=float),
        }
    )
    changes: list[tuple[int, int, int, int, int]] = []
    for name, steps in frame.groupby("pool", sort=False):
        pool = _index(nodes.pool_names, name, "pool")
        members = np.flatnonzero(nodes.pool == pool)
        divisible = len(members) == 1 and not _devices_of(nodes, members).any()
        steps = steps.sort_values("time_ns", kind="stable")
        if divisible:
            changes += _divisible(steps, nodes, int(members[0]))
        else:
            changes += _whole_nodes(steps, nodes, members, pool)
    return _rows(changes), startup_ns


def _index(known: tuple[str, ...], name: Any, what: str) -> int:
    if name not in known:
        raise InvalidInputError(f"plan[{what!r}] must be one of {', '.join(known)}; got {name!r}")
    return known.index(name)


def _devices_of(nodes: NodeColumns, members: Any) -> Any:
    is_device = np.array([kind == "device" for kind in nodes.kinds])
    return nodes.capacity[members][:, is_device]


def _whole_nodes(
    steps: pd.DataFrame, nodes: NodeColumns, members: Any, pool: int
) -> list[tuple[int, int, int, int, int]]:
    name = nodes.pool_names[pool]
    if (nodes.capacity[members] != nodes.capacity[members[0]]).any():
        raise InvalidInputError(
            f"a plan for pool {name!r} needs identical nodes; give unlike nodes pools of their own"
        )
    wanted: dict[str, int] = {}
    changes = []
    for _, rows in steps.groupby("time_ns", sort=True):
        for resource, amount in zip(rows["resource"], rows["amount"], strict=True):
            one = nodes.capacity[members[0], _index(nodes.resources, resource, "resource")]
            if one == 0:
                raise InvalidInputError(
                    f"plan: pool {name!r} has no {resource!r}; plan a resource it has"
                )
            wanted[resource] = int(_units(amount, resource) // one)
        changes.append((int(rows["time_ns"].iloc[0]), _NODES, pool, 0, max(wanted.values())))
    return changes


def _divisible(
    steps: pd.DataFrame, nodes: NodeColumns, node: int
) -> list[tuple[int, int, int, int, int]]:
    changes = []
    for row in steps.itertuples():
        resource = str(row.resource)
        code = _counted_index(nodes, _index(nodes.resources, resource, "resource"))
        units = _units(float(cast(float, row.amount)), resource)
        changes.append((int(cast(int, row.time_ns)), _CAPACITY, node, code, units))
    return changes


def _units(amount: float, resource: str) -> int:
    if not 0 <= amount < 9e18 / unit_of(resource):
        raise InvalidInputError(f"plan['amount'] must be 0 or more {resource}, got {amount!r}")
    # Capacities round down; a millionth of a unit forgives the rounding of floats such as 0.1 * 3.
    return int(np.floor(amount * unit_of(resource) + 1e-6))
