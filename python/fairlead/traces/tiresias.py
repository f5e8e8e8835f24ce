"""Tiresias (NSDI 2019): job lists and cluster descriptions of its simulator."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.records import Records, read_records
from fairlead.traces.source import fail
from fairlead.traces.trace import Trace, no_events, no_jobs, no_nodes

__all__ = ["TIRESIAS_HEADER", "TIRESIAS_NODES_HEADER", "read_tiresias", "read_tiresias_nodes"]

TIRESIAS_HEADER = ("job_id", "num_gpu", "submit_time", "duration", "model_name")
TIRESIAS_NODES_HEADER = (
    "num_switch",
    "num_node_p_switch",
    "num_gpu_p_node",
    "num_cpu_p_node",
    "mem_p_node",
)
_MAX_NODES = 1_000_000

_OnError = Literal["raise", "drop"]


def read_tiresias(
    path: str | PathLike[str],
    *,
    nodes: str | PathLike[str] | None = None,
    keep: Iterable[str] = (),
    on_error: _OnError = "raise",
) -> Trace:
    """Read a job list of Tiresias, plain or gzip.

    Parameters
    ----------
    path : path
        ``job_id``, ``num_gpu``, ``submit_time`` (s), ``duration`` (s), ``model_name``, and more.
    nodes : path, optional
        A description of the cluster, as `read_tiresias_nodes` reads.
    keep : iterable of str
        Further columns: ``model``, or a column of the file as ``source_<name>``. ``model`` is a
        column that `schedule` wants named in ``ignore=``.
    on_error : {"raise", "drop"}
        A malformed record is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time`` (s), ``duration_s``, ``tasks`` (its GPUs, which may
        be on several nodes), ``gpus`` (1 each); ``nodes`` as described.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Gu et al., "Tiresias: a GPU cluster manager for distributed deep learning", NSDI 2019.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> jobs, machine = folder / "jobs.csv", folder / "n4g8.csv"
    >>> _ = jobs.write_text(
    ...     "job_id,num_gpu,submit_time,iterations,model_name,duration,interval\\n"
    ...     "0,8,30,133,vgg11,147,23\\n"
    ... )
    >>> _ = machine.write_text(",".join(TIRESIAS_NODES_HEADER) + "\\n2,2,8,128,256\\n")
    >>> trace = read_tiresias(jobs, nodes=machine)
    >>> trace.jobs["tasks"].tolist(), trace.cluster().capacity["gpus"]
    ([8], 32.0)
    """
    records = read_records(path, on_error=on_error)
    records.need(*TIRESIAS_HEADER)
    ids = records.text("job_id")
    records.require(ids.notna(), "job_id", "present")
    records.require_distinct("job_id", ids)
    gpus = records.numbers("num_gpu", least=1, most=10**6, whole=True)
    columns: dict[str, Any] = {
        "job_id": _whole_or_text(ids),
        "submit_time": records.seconds("submit_time"),
        "duration_s": records.seconds("duration"),
        "tasks": np.nan_to_num(gpus, nan=1).astype(np.int64),
        "gpus": np.ones(len(records), dtype=np.int64),
    }
    kept = records.kept(keep, {"model": records.text("model_name")})
    jobs = records.jobs({**columns, **kept})
    machine = no_nodes() if nodes is None else read_tiresias_nodes(nodes).nodes
    return Trace(jobs, machine, no_events(), records.meta("tiresias"))


def read_tiresias_nodes(path: str | PathLike[str], *, on_error: _OnError = "raise") -> Trace:
    """Read the description of a cluster of Tiresias, plain or gzip.

    Parameters
    ----------
    path : path
        ``num_switch``, ``num_node_p_switch``, ``num_gpu_p_node``, ``num_cpu_p_node``,
        ``mem_p_node`` (GB, taken as GiB: they are sizes such as 256).
    on_error : {"raise", "drop"}
        A line that cannot be used is an error or is dropped and counted; the machine without it is
        another one.

    Returns
    -------
    Trace
        ``nodes``: ``node_id``, ``rack`` (the switch), ``cpus``, ``memory_gib``, ``gpus``; no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "n2g4.csv"
    >>> _ = file.write_text(",".join(TIRESIAS_NODES_HEADER) + "\\n1,2,4,40,256\\n")
    >>> read_tiresias_nodes(file).nodes["gpus"].tolist()
    [4, 4]
    """
    records = read_records(path, on_error=on_error)
    nodes = _nodes(records)
    meta = records.meta("tiresias_nodes")
    return Trace(no_jobs(), nodes, no_events(), meta)


def _whole_or_text(ids: pd.Series[Any]) -> pd.Series[Any]:
    """Identifiers as numbers where all of them are."""
    numbers = pd.to_numeric(ids, errors="coerce")
    whole = numbers.notna().all() and bool((numbers % 1 == 0).all() & (numbers.abs() < 2**53).all())
    return numbers.astype("int64") if whole else ids


def _nodes(records: Records) -> pd.DataFrame:
    """The nodes that the lines of a description add up to."""
    records.need(*TIRESIAS_NODES_HEADER)
    counts = {column: records.numbers(column, whole=True) for column in TIRESIAS_NODES_HEADER}
    described = (counts["num_switch"] * counts["num_node_p_switch"])[records.alive]
    total = float(described.sum())
    if not 1 <= total <= _MAX_NODES:
        complaint = f"must be from 1 to {_MAX_NODES:,} nodes in all; got {total:g}; mend the file"
        raise fail(records.path, 2, TIRESIAS_NODES_HEADER[1], complaint)
    parts: list[pd.DataFrame] = []
    for row in np.flatnonzero(records.alive):
        switches, per_switch, gpus, cpus, memory = (int(n[row]) for n in counts.values())
        rack = np.repeat(np.arange(switches), per_switch)
        part = {"rack": [f"switch-{len(parts)}-{i}" for i in rack], "cpus": cpus}
        parts.append(pd.DataFrame({**part, "memory_gib": memory, "gpus": gpus}))
    nodes = pd.concat(parts, ignore_index=True)
    width = len(str(len(nodes) - 1))
    nodes.insert(0, "node_id", [f"node-{i:0{width}d}" for i in range(len(nodes))])
    return nodes
