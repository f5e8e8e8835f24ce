"""Which policy: presets, their parts, and orders written in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.tables import JobColumns, NodeColumns, unit_of

__all__ = ["OrderColumns", "PolicySpec", "policies", "policy_key"]

KeyFunction = Callable[[Mapping[str, NDArray[Any]]], Any]
KeyUse = Literal["static", "per_pass"]

_USE_ATTRIBUTE = "_fairlead_key_use"


def policies() -> pd.DataFrame:
    """All policies by name: presets, orders and placements, with what each does.

    Returns
    -------
    pandas.DataFrame
        ``kind`` (preset, order, placement), ``name``, ``description``.

    Examples
    --------
    >>> table = policies()
    >>> table.loc[table["kind"] == "preset", "name"].tolist()
    ['fcfs', 'sjf', 'easy', 'easy_sjbf']
    """
    rows = [("preset", p["name"], p["description"]) for p in _core.presets()]
    rows += [("order", o["name"], o["description"]) for o in _core.orders()]
    rows += [("placement", name, text) for name, text in _core.placement_rules().items()]
    return pd.DataFrame(rows, columns=["kind", "name", "description"])


def policy_key(*, keys: KeyUse) -> Callable[[KeyFunction], KeyFunction]:
    """Declare how often an order written in Python makes its keys.

    Parameters
    ----------
    keys : {"static", "per_pass"}
        ``static``: once a job, from columns that do not change (the default for a plain function);
        ``per_pass``: anew for all waiting jobs in every pass, so that a key may use ``waited_s``.

    Returns
    -------
    decorator

    Raises
    ------
    InvalidInputError
        Another word.

    Examples
    --------
    >>> @policy_key(keys="per_pass")
    ... def longest_wait_per_gpu_first(jobs):
    ...     return -jobs["waited_s"] / jobs["gpus"]
    """
    if keys not in ("static", "per_pass"):
        raise InvalidInputError(f"keys must be 'static' or 'per_pass', got {keys!r}")

    def mark(function: KeyFunction) -> KeyFunction:
        setattr(function, _USE_ATTRIBUTE, keys)
        return function

    return mark


@dataclass(frozen=True)
class PolicySpec:
    """A policy taken apart: what the engine is told.

    Attributes
    ----------
    name : str
        The preset it began with.
    order : str or function
    backfill, backfill_order, placement : str
    params : dict of str to float
        Of the order.
    """

    name: str
    order: str | KeyFunction
    backfill: str
    backfill_order: str
    placement: str
    params: dict[str, float] = field(default_factory=dict)

    @classmethod
    def resolve(
        cls,
        policy: str,
        order: str | KeyFunction | None,
        backfill: str | None,
        backfill_order: str | None,
        placement: str,
        params: Mapping[str, float],
    ) -> PolicySpec:
        """The preset with the parts that were given instead of its own.

        Raises
        ------
        InvalidInputError
            An unknown preset or order, or a parameter that the order does not take.
        """
        presets = {p["name"]: p for p in _core.presets()}
        if policy not in presets:
            names = [o["name"] for o in _core.orders()]
            hint = f"; {policy!r} is an order: give order={policy!r}" if policy in names else ""
            raise InvalidInputError(
                f"policy must be one of {', '.join(presets)}; got {policy!r}{hint}"
            )
        preset = presets[policy]
        chosen = preset["order"] if order is None else order
        if callable(chosen) and params:
            raise InvalidInputError(
                f"an order written in Python takes no parameters here; got {', '.join(params)}; "
                f"bind them with functools.partial"
            )
        return cls(
            name=policy,
            order=chosen,
            backfill=backfill or preset["backfill"],
            backfill_order=backfill_order or preset["backfill_order"],
            placement=placement,
            params={key: float(value) for key, value in params.items()},
        )

    @property
    def order_name(self) -> str:
        """The order in words, for headers."""
        if not callable(self.order):
            return self.order
        return str(getattr(self.order, "__name__", type(self.order).__name__))

    @property
    def key_use(self) -> KeyUse | None:
        """How often a Python order makes keys; None for an order of the core."""
        if not callable(self.order):
            return None
        use: KeyUse = getattr(self.order, _USE_ATTRIBUTE, "static")
        return use

    @property
    def planner(self) -> str:
        """The part that plans with estimates, in words; empty if none does."""
        if self.backfill == "easy":
            return "backfill 'easy'"
        if self.backfill == "first_fit" and self.backfill_order == "shortest":
            return "backfill_order 'shortest'"
        by_estimate = [o["name"] for o in _core.orders() if o["plans"]]
        return f"order {self.order!r}" if self.order in by_estimate else ""

    @property
    def plans(self) -> bool:
        """Whether every job needs an estimate."""
        return bool(self.planner)


class OrderColumns:
    """What an order written in Python sees of the jobs, as whole columns.

    ``submit_s``, ``estimate_s``, ``waited_s``, ``priority``, ``urgency``, ``tasks``, one column a
    requested resource (of the whole job, in user units) and ``dominant_share``.
    """

    def __init__(self, nodes: NodeColumns) -> None:
        self._capacity = nodes.total()
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._all: dict[str, NDArray[Any]] = {}

    def add(self, jobs: JobColumns) -> dict[str, NDArray[Any]]:
        """Take further jobs in; returns their columns."""
        tasks = np.ones(jobs.n) if jobs.tasks is None else jobs.tasks.astype(float)
        columns: dict[str, NDArray[Any]] = {
            "submit_s": jobs.submit_ns / 1e9,
            "estimate_s": np.where(jobs.estimate_ns < 0, np.nan, jobs.estimate_ns / 1e9),
            "waited_s": np.zeros(jobs.n),
            "priority": np.zeros(jobs.n) if jobs.priority is None else jobs.priority,
            "urgency": np.zeros(jobs.n) if jobs.urgency is None else jobs.urgency,
            "tasks": tasks,
            "dominant_share": np.zeros(jobs.n),
        }
        asked = dict.fromkeys([*self._capacity, *jobs.requests])
        for name in asked:
            units = jobs.requests.get(name)
            total = np.zeros(jobs.n) if units is None else units * tasks / unit_of(name)
            columns[name] = total
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(total > 0, total / self._capacity.get(name, 0.0), 0.0)
            columns["dominant_share"] = np.maximum(columns["dominant_share"], share)
        self._parts.append(columns)
        self._all = {
            name: np.concatenate(
                [part.get(name, np.zeros(len(part["tasks"]))) for part in self._parts]
            )
            for name in dict.fromkeys(name for part in self._parts for name in part)
        }
        return columns

    def at(
        self, now_ns: int, rows: NDArray[Any], estimate_ns: NDArray[Any]
    ) -> dict[str, NDArray[Any]]:
        """The columns of some jobs at an instant."""
        columns = {name: values[rows] for name, values in self._all.items()}
        columns["waited_s"] = now_ns / 1e9 - columns["submit_s"]
        columns["estimate_s"] = estimate_ns / 1e9
        return columns


def checked_keys(order: KeyFunction, columns: Mapping[str, NDArray[Any]], n: int) -> NDArray[Any]:
    """Keys from a function of the user, as the engine takes them.

    Raises
    ------
    InvalidInputError
        Not one finite number a job.
    """
    keys = np.ascontiguousarray(np.asarray(order(columns), dtype=np.float64))
    if keys.shape != (n,) or not np.isfinite(keys).all():
        name = getattr(order, "__name__", repr(order))
        raise InvalidInputError(
            f"the order {name} must return one finite key a job, shape ({n},); got shape "
            f"{keys.shape} with {int((~np.isfinite(keys)).sum())} keys that are not finite"
        )
    return keys
