"""The events table as the engine takes it: failures, drains, cancellations, capacity changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairlead.tables.frames import Codes, Ints, Table
from fairlead.tables.ids import TextIds
from fairlead.tables.jobs import JobColumns
from fairlead.tables.nodes import NodeColumns
from fairlead.tables.quantities import capacity_units
from fairlead.tables.times import durations_ns, read_times

__all__ = ["EVENT_KINDS", "EventColumns", "event_columns"]

#: Kinds of events a table may hold; a node that joins later has ``available_from`` instead.
EVENT_KINDS = ("cancel", "estimate", "node_drain", "node_resume", "node_fail", "capacity", "tick")

_JOB_KINDS = ("cancel", "estimate")
_NODE_KINDS = ("node_drain", "node_resume", "node_fail")


@dataclass(frozen=True, eq=False)
class EventColumns:
    """Contiguous columns of an events table, in input order.

    Attributes
    ----------
    n : int
    time_ns : int64 array
    kind : int32 array
        Index into `EVENT_KINDS`.
    target : int32 array
        Row of the job (``cancel``, ``estimate``) or node; -1 = none.
    pool : int32 array
        Index into the nodes' ``pool_names`` for ``capacity`` of a pool; -1 = none.
    resource : int32 array
        Index into the nodes' ``resources`` for ``capacity``; -1 = none.
    value : int64 array
        New estimate in ns, or capacity in integer units; 0 where there is none.
    """

    n: int
    time_ns: Ints
    kind: Codes
    target: Codes
    pool: Codes
    resource: Codes
    value: Ints


def event_columns(events: Any, nodes: NodeColumns, jobs: JobColumns) -> EventColumns:
    """Check an events table and turn it into the engine's columns.

    Parameters
    ----------
    events : frame or None
        ``time`` (as the jobs' ``submit_time``), ``kind`` (one of `EVENT_KINDS`), and by kind:
        ``job_id`` (cancel, estimate), ``node`` (node kinds, capacity), ``pool`` (capacity of a
        pool), ``resource`` (capacity), ``value`` (estimate: s from start; capacity: user units).
    nodes : NodeColumns
    jobs : JobColumns

    Returns
    -------
    EventColumns

    Raises
    ------
    InvalidInputError
        An unknown kind, job, node, pool or resource, or a bad time or value; names the row.

    Examples
    --------
    >>> from fairlead.tables import job_columns, node_columns
    >>> nodes = node_columns(pd.DataFrame({"node_id": ["a", "b"], "cpus": [4, 4]}))
    >>> jobs = job_columns(pd.DataFrame({"submit_time": [0], "duration_s": [1], "cpus": [1]}))
    >>> events = pd.DataFrame({"time": [60.0], "kind": ["node_fail"], "node": ["b"]})
    >>> event_columns(events, nodes, jobs).target.tolist()
    [1]
    """
    if events is None:
        events = pd.DataFrame({"time": np.empty(0), "kind": np.empty(0, dtype=object)})
    table = Table(events, "events")
    if table.n == 0:
        nothing = np.empty(0, dtype=np.int32)
        none = np.empty(0, dtype=np.int64)
        return EventColumns(0, none, nothing, nothing, nothing, nothing, none)
    time_ns = _times(table, jobs)
    kind = _lookup(table, "kind", EVENT_KINDS, np.ones(table.n, dtype=bool))
    names = np.array(EVENT_KINDS)[kind]
    of_job = np.isin(names, _JOB_KINDS)
    of_capacity = names == "capacity"
    pool = _pools(table, nodes, of_capacity)
    target = np.full(table.n, -1, dtype=np.int32)
    _fill(target, _lookup(table, "job_id", jobs.job_id, of_job), of_job)
    of_node = np.isin(names, _NODE_KINDS) | (of_capacity & (pool < 0))
    _fill(target, _lookup(table, "node", nodes.node_id, of_node), of_node)
    resource = _lookup(table, "resource", nodes.resources, of_capacity)
    value = np.zeros(table.n, dtype=np.int64)
    estimates = names == "estimate"
    if estimates.any():
        value[estimates] = _estimates(table, estimates)
    for code in np.unique(resource[of_capacity]):
        rows = of_capacity & (resource == code)
        value[rows] = _amounts(table, nodes.resources[code], rows)
    return EventColumns(table.n, time_ns, kind, target, pool, resource, value)


def _times(table: Table, jobs: JobColumns) -> Ints:
    time_ns, missing, kind = read_times(table, "time")
    if missing is not None:
        raise table.bad("time", missing, "present", "drop the row")
    if kind.name != jobs.time.name:
        raise table.bad(
            "time", np.ones(table.n, dtype=bool), jobs.time.describe(), "convert the column"
        )
    return time_ns


def _lookup(table: Table, column: str, known: Any, rows: Any) -> Codes:
    """Positions of a column's values among the known ones, in the given rows; -1 elsewhere."""
    found = np.full(table.n, -1, dtype=np.int32)
    if not rows.any():
        return found
    codes = _positions(table.series(column).to_numpy()[rows], known)
    found[rows] = codes
    if (codes < 0).any():
        unknown = rows & (found < 0)
        some = ", ".join(str(name) for name in known[:8]) + (", ..." if len(known) > 8 else "")
        raise table.bad(column, unknown, f"one of {some}", "mend the name or drop the row")
    return found


def _positions(values: Any, known: Any) -> Ints:
    if isinstance(known, TextIds):
        wanted = [str(value) for value in values]
        row_of = known.rows_of(dict.fromkeys(wanted))
        return np.array([row_of.get(text, -1) for text in wanted], dtype=np.int64)
    index = pd.Index(known)
    names: Any = pd.Series(values)
    if index.dtype == object or pd.api.types.is_string_dtype(index.dtype):
        index, names = pd.Index(index.astype(str)), names.astype(str)
    positions: Ints = index.get_indexer(pd.Index(names))
    return positions


def _pools(table: Table, nodes: NodeColumns, rows: Any) -> Codes:
    if "pool" not in table:
        return np.full(table.n, -1, dtype=np.int32)
    named = rows & ~pd.isna(table.series("pool").to_numpy()).astype(bool)
    return _lookup(table, "pool", nodes.pool_names, named)


def _fill(target: Codes, found: Codes, rows: Any) -> None:
    target[rows] = found[rows]


def _of_rows(table: Table, rows: Any, name: str) -> Table:
    """The ``value`` column of some rows alone, under the name that a message should give."""
    numbers = table.numbers("value")
    missing = rows & (numbers.missing if numbers.missing is not None else False)
    if missing.any():
        raise table.bad("value", missing, "present", "give the new value")
    return Table(pd.DataFrame({name: numbers.data[rows]}), "events of one kind")


def _estimates(table: Table, rows: Any) -> Ints:
    return durations_ns(_of_rows(table, rows, "value"), "value")


def _amounts(table: Table, resource: str, rows: Any) -> Ints:
    return capacity_units(_of_rows(table, rows, resource), resource)
