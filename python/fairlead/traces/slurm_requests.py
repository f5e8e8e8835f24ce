"""What Slurm jobs asked or were given, put together from the fields that say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.traces.records import Records
from fairlead.traces.slurm_values import Tres, floats_of, gres, map_cells, memory_gib, tres

__all__ = ["Log", "Requests"]

# For each kind: the TRES list, and the fields of older versions.
_KINDS = {
    "allocated": ("alloctres", ("alloccpus", "ncpus"), ("allocnodes", "nnodes"), "allocgres"),
    "requested": ("reqtres", ("reqcpus",), ("reqnodes",), "reqgres"),
}


class Log(Protocol):
    """What is asked of a log: fields by their lower-case names."""

    records: Records
    names: dict[str, str]
    ids: NDArray[Any]

    def has(self, field: str) -> bool: ...
    def cells(self, field: str) -> pd.Series[Any]: ...
    def number(self, field: str) -> Any: ...
    def parsed(self, field: str, parse: Any, expected: str) -> Any: ...


@dataclass(frozen=True)
class Requests:
    """Totals over each job; NaN or None = the file does not say.

    Attributes
    ----------
    cpus, memory_gib, nodes, gpus : float array or None
        Cores, GiB, nodes and GPUs of the whole job.
    gpu_type : Series or None
        Type of GPU that the job asked for.
    ignored : set of str
        TRES that no column of a jobs table holds.
    """

    cpus: Any
    memory_gib: Any
    nodes: Any
    gpus: Any
    gpu_type: Any
    ignored: set[str]

    @classmethod
    def of(cls, log: Log, resources: str) -> Requests:
        """Put the totals together, the wanted kind first."""
        other = "requested" if resources == "allocated" else "allocated"
        kinds = [_KINDS[resources], _KINDS[other]]
        lists = {kind[0]: _tres_lists(log, kind[0]) for kind in kinds}
        cpus, nodes, gpus, memory = [], [], [], []
        for field, cpu_fields, node_fields, gres_field in kinds:
            listed = lists[field]
            own_nodes = [_positive(log, name) for name in node_fields]
            cpus += [_part(listed, "cpus"), *(_positive(log, name) for name in cpu_fields)]
            nodes += [_part(listed, "nodes"), *own_nodes]
            memory.append(_part(listed, "memory_gib"))
            gpus += [_part(listed, "gpus"), _gres_gpus(log, gres_field)]
        total_cpus, total_nodes = _first(cpus), _first(nodes)
        memory.append(_req_mem(log, total_cpus, total_nodes))
        types = [_types(lists["reqtres"]), _types(lists["alloctres"])]
        return cls(
            cpus=total_cpus,
            memory_gib=_first(memory),
            nodes=np.ones(len(log.records)) if total_nodes is None else total_nodes,
            gpus=_per_job(_first(gpus), len(log.records)),
            gpu_type=next((found for found in types if found is not None), None),
            ignored={
                name for listed in lists.values() if listed for t in listed[0] for name in t.others
            },
        )


def _tres_lists(log: Log, field: str) -> tuple[list[Tres], Any] | None:
    """The distinct lists of a field, parsed, and which one each row has."""
    if not log.has(field):
        return None
    parsed, codes, fine = map_cells(log.cells(field), tres)
    log.records.require(fine, log.names[field], "a TRES list such as cpu=4,mem=16G,gres/gpu=2")
    return parsed, codes


def _part(listed: tuple[list[Tres], Any] | None, name: str) -> Any:
    if listed is None:
        return None
    return np.array([getattr(entry, name) for entry in listed[0]], dtype=np.float64)[listed[1]]


def _types(listed: tuple[list[Tres], Any] | None) -> Any:
    if listed is None or not any(entry.gpu_type for entry in listed[0]):
        return None
    texts = np.array([entry.gpu_type or None for entry in listed[0]], dtype=object)
    return pd.Series(texts[listed[1]]).astype("category")


def _positive(log: Log, field: str) -> Any:
    """A count; 0 is what Slurm writes for jobs that have none yet."""
    values = log.number(field)
    return None if values is None else np.where(values > 0, values, np.nan)


def _gres_gpus(log: Log, field: str) -> Any:
    """GPUs of the older field, which holds them for each node."""
    if not log.has(field):
        return None
    values, fine = floats_of(log.cells(field), lambda text: gres(text)[0] if text else np.nan)
    log.records.require(fine, log.names[field], "a list such as gpu:a100:2")
    counts = [_positive(log, name) for kind in _KINDS.values() for name in kind[2]]
    nodes = _first(counts)
    return values if nodes is None else values * np.nan_to_num(nodes, nan=1.0)


def _req_mem(log: Log, cpus: Any, nodes: Any) -> Any:
    """Memory asked; older versions end it in ``n`` (for each node) or ``c`` (for each CPU)."""
    if not log.has("reqmem"):
        return None
    cells = log.cells("reqmem")
    last = cells.str[-1:].str.lower()
    plain = cells.where(~last.isin(["n", "c"]), cells.str[:-1])
    values, fine = floats_of(plain, memory_gib)
    log.records.require(fine, log.names["reqmem"], "an amount such as 16G, 4000Mc or 16Gn")
    times = np.ones(len(values))
    times = np.where(last == "n", _per_job(nodes, len(values), 1.0), times)
    times = np.where(last == "c", _per_job(cpus, len(values), 1.0), times)
    # 0 stands for all memory of the node, which is not an amount.
    return np.where(values > 0, values * times, np.nan)


def _first(candidates: list[Any]) -> Any:
    """The first of each row that is known; None where no field says anything."""
    found = None
    for values in candidates:
        if values is not None:
            found = values if found is None else np.where(np.isnan(found), values, found)
    return found


def _per_job(values: Any, n: int, default: float = 0.0) -> Any:
    return np.full(n, default) if values is None else np.nan_to_num(values, nan=default)
