"""Columns as the core takes and gives them: contiguous arrays, names and codes settled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fairlead.tables.frames import Ints
from fairlead.tables.jobs import JobColumns
from fairlead.tables.nodes import NodeColumns
from fairlead.tables.output import Coded

__all__ = ["core_jobs", "core_nodes", "device_names", "recoded"]


def core_nodes(nodes: NodeColumns) -> dict[str, Any]:
    """The nodes as ``_core.Nodes`` takes them."""
    return {
        "resources": list(nodes.resources),
        "kinds": list(nodes.kinds),
        "capacity": np.ascontiguousarray(nodes.capacity).ravel(),
        "gpu_memory": nodes.gpu_memory,
        "gpu_type": nodes.gpu_type,
        "pool": nodes.pool,
        "speed": nodes.speed,
        "price": nodes.price_usd_per_hour,
    }


def core_jobs(jobs: JobColumns, nodes: NodeColumns, key: Any = None) -> dict[str, Any]:
    """The jobs as ``_core.Simulation.add_jobs`` takes them; pools and types by the nodes' codes."""
    return {
        "submit_ns": jobs.submit_ns,
        "duration_ns": jobs.duration_ns,
        "limit_ns": jobs.limit_ns,
        "estimate_ns": jobs.estimate_ns,
        "tasks": jobs.tasks,
        "tasks_per_node": jobs.tasks_per_node,
        "requests": jobs.requests,
        "gpu_memory": jobs.gpu_memory,
        "pool": recoded(jobs.pool, jobs.pool_names, nodes.pool_names),
        "gpu_type": jobs.gpu_type,
        "type_masks": [_type_mask(types, nodes.gpu_type_names) for types in jobs.gpu_type_sets],
        "priority": jobs.priority,
        "urgency": jobs.urgency,
        "key": key,
    }


def recoded(codes: Any, names: tuple[str, ...], known: tuple[str, ...]) -> Any:
    """Codes into other names; a name that is not known becomes one that no node has."""
    if codes is None:
        return None
    lookup = [known.index(name) if name in known else len(known) for name in names]
    return np.array([*lookup, -1], dtype=np.int32)[codes]


def _type_mask(types: tuple[str, ...], known: tuple[str, ...]) -> int:
    return sum(1 << known.index(name) for name in types if name in known)


def device_names(raw: dict[str, Any], nodes: NodeColumns) -> Coded:
    """The devices of every placed task as text, ``gpus:0,gpus:1``; empty where there are none.

    Parameters
    ----------
    raw : dict of str to int array
        Of the core: ``kind`` (among the resources that are devices) and ``device`` of every device
        taken, and for each task in turn ``device_end``, how many are taken up to its last.
    nodes : NodeColumns
    """
    kinds = [r for r, kind in zip(nodes.resources, nodes.kinds, strict=True) if kind == "device"]
    per_kind = int(raw["device"].max(initial=0)) + 1
    device = raw["kind"].astype(np.int64) * per_kind + raw["device"]
    ends: Ints = raw["device_end"]
    taken = np.diff(ends, prepend=0)
    names = [""]
    codes = np.zeros(len(ends), dtype=np.int64)
    for count in np.flatnonzero(np.bincount(taken)):
        if count == 0:
            continue
        tasks = np.flatnonzero(taken == count)
        begin = ends[tasks] - count
        sets, example = _distinct_sets(device, begin, int(count), per_kind * len(kinds))
        codes[tasks] = sets + len(names)
        for at in begin[example].tolist():
            pairs = (divmod(one, per_kind) for one in device[at : at + count].tolist())
            names.append(",".join(f"{kinds[kind]}:{number}" for kind, number in pairs))
    return Coded(codes, names, category=False)


def _distinct_sets(device: Ints, begin: Ints, count: int, bound: int) -> tuple[Ints, Ints]:
    """Codes of equal runs of ``count`` devices below ``bound``, and an example of each."""
    codes = np.zeros(len(begin), dtype=np.int64)
    for k in range(count):
        codes, found = pd.factorize(codes * bound + device[begin + k])
    example = np.empty(len(found), dtype=np.int64)
    example[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, example
