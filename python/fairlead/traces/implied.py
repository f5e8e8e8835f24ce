"""The nodes that jobs imply when a trace names none: an estimate from peak use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import DEVICES, JobColumns, job_columns, unit_of
from fairlead.tables.frames import Table
from fairlead.tables.quantities import MAX_UNITS
from fairlead.tables.times import durations_ns

__all__ = ["implied_nodes"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_WAIT = "recorded_wait_s"
_LAST_NS = int(np.iinfo(np.int64).max)


def implied_nodes(jobs: pd.DataFrame, format_name: str) -> pd.DataFrame:
    """A nodes table with room for the peak of what the jobs use; `Trace.cluster` states the rule.

    Raises
    ------
    InvalidInputError
        No job has a run time or asks anything, or a job has neither run time nor limit.
    """
    way_out = "give the reader nodes= where it has it, or use Cluster.homogeneous(...)"
    has_time = {"duration_s", "limit_s"} & set(jobs.columns)
    if len(jobs) == 0 or not has_time:
        why = "no run times (throughputs= or tables= of some readers)" if len(jobs) else "no jobs"
        raise InvalidInputError(
            f"the {format_name} trace names no nodes and has {why} to estimate them from; {way_out}"
        )
    columns = job_columns(jobs, ignore="*", need_duration=False)
    if not columns.requests:
        raise InvalidInputError(
            f"the {format_name} trace names no nodes and its jobs ask no resource; {way_out}"
        )
    start_ns = columns.submit_ns + _recorded_wait_ns(jobs)
    # Nanoseconds end in 2262: what would run beyond runs to there.
    end_ns = start_ns + np.minimum(_run_ns(jobs, columns), _LAST_NS - np.maximum(start_ns, 0))
    groups = [
        _nodes_of(columns, rows, start_ns, end_ns, labels) for labels, rows in _groups(columns)
    ]
    nodes = pd.concat(groups, ignore_index=True)
    width = len(str(len(nodes) - 1))
    nodes.insert(0, "node_id", [f"node-{i:0{width}d}" for i in range(len(nodes))])
    return nodes


def _recorded_wait_ns(jobs: pd.DataFrame) -> Ints:
    """How long each job is known to have waited; unknown counts as not at all."""
    if _WAIT not in jobs:
        return np.zeros(len(jobs), dtype=np.int64)
    return np.maximum(durations_ns(Table(jobs, "jobs", "job_id"), _WAIT), 0)


def _run_ns(jobs: pd.DataFrame, columns: JobColumns) -> Ints:
    """Run time, at most the limit; the limit where the run time is missing."""
    none = np.full(columns.n, -1, dtype=np.int64)
    duration = none if columns.duration_ns is None else columns.duration_ns
    limit = none if columns.limit_ns is None else columns.limit_ns
    run: Ints = np.where(duration < 0, limit, duration)
    run = np.where((limit >= 0) & (run > limit), limit, run)
    if (run < 0).any():
        raise Table(jobs, "jobs", "job_id").bad(
            "duration_s" if columns.duration_ns is not None else "limit_s",
            run < 0,
            "present to estimate the nodes",
            "drop the row, fill it, or use Cluster.homogeneous(...)",
        )
    return run


def _groups(columns: JobColumns) -> Iterator[tuple[dict[str, Any], Bools]]:
    """Jobs that ask one pool and GPU type (the first of several allowed), and what to name it."""
    none = np.full(columns.n, -1, dtype=np.int32)
    pool = none if columns.pool is None else columns.pool
    kind = none if columns.gpu_type is None else columns.gpu_type
    for p, k in sorted(set(zip(pool.tolist(), kind.tolist(), strict=True))):
        labels: dict[str, Any] = {} if p < 0 else {"pool": columns.pool_names[p]}
        if k >= 0:
            labels["gpu_type"] = columns.gpu_type_sets[k][0]
        yield labels, (pool == p) & (kind == k)


def _nodes_of(
    columns: JobColumns, rows: Bools, start_ns: Ints, end_ns: Ints, labels: dict[str, Any]
) -> pd.DataFrame:
    """Equal nodes for a group of jobs."""
    # Tasks that must share a node count as one larger task, and each of these has its own node.
    per_node = _filled(columns.tasks_per_node, columns.n, 0)[rows]
    block = np.maximum(per_node, 1)
    blocks = _filled(columns.tasks, columns.n, 1)[rows] // block
    asked = {
        name: _of_a_block(name, units[rows], block) for name, units in columns.requests.items()
    }
    asked = {name: units for name, units in asked.items() if units.any()}
    peak = {
        name: _peak(name, start_ns[rows], end_ns[rows], units * blocks, units)
        for name, units in asked.items()
    }
    size = {name: _device_size(units) for name, units in asked.items() if name in DEVICES}
    count = int(blocks[per_node > 0].max(initial=1))
    for name, of_a_node in size.items():
        most = np.where(asked[name] > 0, _fitting(asked[name], of_a_node), blocks)
        gang = int((-(-blocks // most)).max())
        count = max(count, gang, -(-peak[name] // of_a_node))
    # The largest gang must fit in every resource: so many of its blocks come to each node.
    on_each = np.where(per_node > 0, 1, -(-blocks // count))
    made: dict[str, Any] = {}
    for name, units in asked.items():
        least = max(int((units * on_each).max()), -(-peak[name] // count))
        made[name] = size.get(name, least) / unit_of(name)
    if columns.gpu_memory is not None and (columns.gpu_memory[rows] > 0).any():
        made["gpu_memory_gib"] = columns.gpu_memory[rows].max() / 2**30
    return pd.DataFrame({**made, **labels}, index=range(count))


def _filled(values: Any, n: int, default: int) -> Ints:
    return np.full(n, default, dtype=np.int64) if values is None else values.astype(np.int64)


def _of_a_block(name: str, units: Ints, block: Ints) -> Ints:
    """What tasks on one node ask together; shares of a device never span two."""
    together: Ints = units * block
    if name not in DEVICES:
        return together
    shared = (units > 0) & (units < 1000) & (block > 1)
    of_a_device = 1000 // np.maximum(units, 1)
    return np.where(shared, 1000 * -(-block // np.maximum(of_a_device, 1)), together)


def _device_size(units: Ints) -> int:
    """Devices of a node, in units: the largest task's, up to a power of two."""
    devices = -(-int(units.max()) // 1000)
    return int(1000 * 2 ** (devices - 1).bit_length())


def _fitting(units: Ints, size: int) -> Ints:
    """How many tasks fit a node; a share of a device never spans two."""
    asked = np.maximum(units, 1)
    return np.where(asked < 1000, 1000 // asked * (size // 1000), size // asked)


def _peak(name: str, start_ns: Ints, end_ns: Ints, units: Ints, least: Ints) -> int:
    """Most units in use at once; what ends at an instant is gone before what starts there."""
    change = np.concatenate((-units, units))
    order = np.argsort(np.concatenate((end_ns, start_ns)), kind="stable")
    if np.cumsum(change[order], dtype=np.float64).max() > MAX_UNITS:
        raise InvalidInputError(
            f"the jobs together ask more {name} at once than a cluster can have; check the unit"
        )
    return int(max(np.cumsum(change[order]).max(), least.max()))
