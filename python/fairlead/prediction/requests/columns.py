"""Asked and used amounts of finished jobs as arrays, under whatever names readers give them."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairlead.errors import InvalidInputError
from fairlead.tables.frames import Bools, Floats, Table

__all__ = ["RESOURCES", "Amounts", "Asked", "read_asked"]

#: Resources that can be asked for and used; of devices and memory per task.
RESOURCES = ("gpus", "cpus", "memory_gib", "gpu_memory_gib")
# Ends that leave nothing, as Slurm, the readers and `schedule` write them.
_LOST = {"failed", "timeout", "node_fail", "out_of_memory", "boot_fail", "preempted"}
_STATES = ("status", "recorded_state")
_KIB_IN_GIB = float(1 << 20)


@dataclass(frozen=True, eq=False)
class Amounts:
    """One resource of every job: asked and used per task (NaN: not known), USD a unit and hour."""

    asked: Floats
    used: Floats
    price: Floats


@dataclass(frozen=True, eq=False)
class Asked:
    """What jobs asked for and used.

    Attributes
    ----------
    hours : float64 array
        Run time; NaN where it is not known.
    limit_h : float64 array
        NaN without a limit.
    tasks : float64 array
    lost : bool array
        Jobs that ended in failure, at their limit, or with their node.
    resources : dict of str to Amounts
    """

    hours: Floats
    limit_h: Floats
    tasks: Floats
    lost: Bools
    resources: dict[str, Amounts]


def read_asked(table: Table, prices: Mapping[str, Any] | None) -> Asked:
    """Check the columns and find used amounts under all names that readers give them.

    Raises
    ------
    InvalidInputError
        A column is missing, negative or infinite, no resource is asked for, or a price is unknown.
    """
    hours = _column(table, "duration_s") / 3600
    given = dict(prices or {})
    unknown = sorted(set(given) - set(RESOURCES))
    if unknown:
        raise InvalidInputError(f"prices are of {', '.join(RESOURCES)}; got {', '.join(unknown)}")
    resources = {}
    for name in RESOURCES:
        asked = _asked(table, name)
        if asked is not None:
            price = _price(table, name, given.get(name, 0.0), asked)
            resources[name] = Amounts(asked, _used(table, name, hours), price)
    if not resources:
        raise InvalidInputError(
            f"jobs need a column of what they asked ({', '.join(RESOURCES)}); they have "
            f"{', '.join(table.columns)}"
        )
    return Asked(
        hours=hours,
        limit_h=_optional(table, "limit_s", np.nan) / 3600,
        tasks=_optional(table, "tasks", 1.0),
        lost=_lost(table),
        resources=resources,
    )


def _column(table: Table, name: str) -> Floats:
    numbers = table.numbers(name)
    values = np.asarray(numbers.filled(np.nan), dtype=np.float64)
    table.require_range(
        np.nan_to_num(values), 0.0, 1e15, name, "from 0 to 1e15", "mend the cell", numbers.missing
    )
    return values


def _optional(table: Table, name: str, missing: float) -> Floats:
    if name not in table:
        return np.full(table.n, missing)
    values = _column(table, name)
    return np.where(np.isnan(values), missing, values)


def _asked(table: Table, resource: str) -> Floats | None:
    if resource in table:
        return _column(table, resource)
    if resource == "memory_gib" and "asked_memory_kib" in table:  # SWF: of each processor
        return _column(table, "asked_memory_kib") / _KIB_IN_GIB * _optional(table, "cpus", 1.0)
    return None


def _used(table: Table, resource: str, hours: Floats) -> Floats:
    """Used per task, NaN where it was not measured."""
    processors = _optional(table, "cpus", 1.0)
    if f"used_{resource}" in table:
        return _column(table, f"used_{resource}")
    if resource == "cpus" and "recorded_cpu_time_s" in table:  # SWF: of each processor
        spent = _column(table, "recorded_cpu_time_s") / 3600
        known = np.full(table.n, np.nan)
        np.divide(spent * processors, hours, out=known, where=hours > 0)
        return known
    if resource == "memory_gib" and "recorded_memory_kib" in table:
        return _column(table, "recorded_memory_kib") / _KIB_IN_GIB * processors
    if resource == "memory_gib" and "recorded_max_rss_gib" in table:
        return _column(table, "recorded_max_rss_gib")
    return np.full(table.n, np.nan)


def _price(table: Table, resource: str, price: Any, asked: Floats) -> Floats:
    if not isinstance(price, Mapping):
        return np.full(table.n, _usd(f"prices[{resource!r}]", price))
    codes, types = table.codes("gpu_type")
    needed = np.nan_to_num(asked) > 0
    known = np.array([*(name in price for name in types), False])
    table.require(
        known[codes], "gpu_type", f"one with a price ({', '.join(price)})", "add it", ~needed
    )
    usd = {name: _usd(f"prices[{resource!r}][{name!r}]", each) for name, each in price.items()}
    return np.array([*(usd.get(name, 0.0) for name in types), 0.0])[codes]


def _usd(name: str, price: Any) -> float:
    if not (isinstance(price, numbers.Real) and 0 <= float(price) < np.inf):
        raise InvalidInputError(f"{name} must be a number of at least 0, got {price!r}")
    return float(price)


def _lost(table: Table) -> Bools:
    column = next((name for name in _STATES if name in table), None)
    if column is None:
        return np.zeros(table.n, dtype=bool)
    codes, states = table.codes(column)
    failed = np.array([*(state.lower() in _LOST for state in states), False])
    return failed[codes]
