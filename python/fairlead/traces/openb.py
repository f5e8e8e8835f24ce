"""Alibaba's openb cluster of 2023: pods that ask shares of GPUs, and unlike nodes."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.records import Records, check_choice, read_records
from fairlead.traces.trace import Trace, TraceMeta, no_events, no_jobs, no_nodes

__all__ = ["OPENB_HEADER", "OPENB_NODES_HEADER", "read_openb", "read_openb_nodes"]

OPENB_HEADER = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
_TIMES = ("creation_time", "deletion_time", "scheduled_time")
OPENB_NODES_HEADER = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
_WHOLE_GPU = 1000
_MIB_IN_GIB = 1024.0

_OnError = Literal["raise", "drop"]


def read_openb(
    path: str | PathLike[str],
    *,
    nodes: str | PathLike[str] | None = None,
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: _OnError = "raise",
) -> Trace:
    """Read a pod list of Alibaba's cluster-trace-gpu-v2023 (``openb_pod_list_*.csv``).

    Parameters
    ----------
    path : path
    nodes : path, optional
        A node list (``openb_node_list_*.csv``) for the machine.
    unfinished : {"drop", "keep"}
        Pods that were never scheduled are dropped and counted, or have no ``duration_s``.
    keep : iterable of str
        Further columns: ``recorded_start_time`` (s), ``recorded_wait_s`` (s), ``recorded_state``
        (the pod's phase), and any column of the file, as ``source_<name>``.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time`` (s, origin not stated), ``duration_s`` (from
        scheduling to deletion), ``cpus``, ``memory_gib``, ``gpus`` (a share below 1, or whole),
        ``gpu_type`` (the models allowed).

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    The ``multigpu`` lists have no times: their pods are submitted a second apart in the order of
    the file, counted under ``meta.repaired``, and there is no ``duration_s``.

    References
    ----------
    .. [1] Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with
       Fragmentation Gradient Descent", USENIX ATC 2023.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "openb_pod_list.csv"
    >>> _ = file.write_text(
    ...     "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    ...     "deletion_time,scheduled_time\\n"
    ...     "pod-0,6000,12288,1,460,V100M16|V100M32,LS,Running,10,100,20\\n"
    ... )
    >>> read_openb(file).jobs[["cpus", "memory_gib", "gpus", "duration_s"]].values.tolist()
    [[6.0, 12.0, 0.46, 80.0]]
    """
    check_choice("unfinished", unfinished, ("drop", "keep"))
    records = read_records(path, on_error=on_error)
    records.need(*OPENB_HEADER)
    columns: dict[str, Any] = {"job_id": _names(records, "name")}
    recorded: dict[str, Any] = {}
    if any(column in records for column in _TIMES):
        records.need(*_TIMES)
        times, recorded = _times(records, unfinished)
        columns.update(times)
    else:
        columns["submit_time"] = np.arange(len(records), dtype=np.float64)
        everyone = np.ones(len(records), dtype=bool)
        records.repair(everyone, "no time: submitted a second apart, in order of the file")
    columns["cpus"], columns["memory_gib"] = _cores_and_memory(records)
    columns["gpus"] = _gpus(records)
    if "gpu_spec" in records:
        columns["gpu_type"] = pd.Categorical(records.text("gpu_spec"))
    jobs = records.jobs({**columns, **records.kept(keep, recorded)})
    machine = no_nodes() if nodes is None else _node_list(nodes, "raise")[0]
    return Trace(jobs, machine, no_events(), records.meta("openb"))


def read_openb_nodes(path: str | PathLike[str], *, on_error: _OnError = "raise") -> Trace:
    """Read a node list of Alibaba's cluster-trace-gpu-v2023 (``openb_node_list_*.csv``).

    Parameters
    ----------
    path : path
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``nodes``: ``node_id``, ``cpus``, ``memory_gib``, ``gpus``, ``gpu_type``; no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "openb_node_list.csv"
    >>> _ = file.write_text("sn,cpu_milli,memory_mib,gpu,model\\nnode-0,64000,262144,2,P100\\n")
    >>> read_openb_nodes(file).cluster().capacity
    {'cpus': 64.0, 'memory_gib': 256.0, 'gpus': 2.0}
    """
    nodes, meta = _node_list(path, on_error)
    return Trace(no_jobs(), nodes, no_events(), meta)


def _node_list(path: str | PathLike[str], on_error: str) -> tuple[pd.DataFrame, TraceMeta]:
    records = read_records(path, on_error=on_error)
    records.need(*OPENB_NODES_HEADER)
    cores, memory = _cores_and_memory(records)
    columns = {
        "node_id": _names(records, "sn"),
        "cpus": cores,
        "memory_gib": memory,
        "gpus": records.numbers("gpu", whole=True),
        "gpu_type": pd.Categorical(records.text("model")),
    }
    return records.nodes(columns), records.meta("openb_nodes")


def _names(records: Records, column: str) -> pd.Series[Any]:
    names = records.text(column)
    records.require(names.notna(), column, "a name")
    records.require_distinct(column, names)
    return names


def _cores_and_memory(records: Records) -> tuple[Any, Any]:
    """Cores of thousandths, GiB of MiB."""
    cores = records.numbers("cpu_milli") / 1000.0
    return cores, records.numbers("memory_mib") / _MIB_IN_GIB


def _gpus(records: Records) -> Any:
    """GPUs: ``gpu_milli`` is of one GPU, and below 1000 only where a single one is asked."""
    count = records.numbers("num_gpu", whole=True)
    share = records.numbers("gpu_milli", most=_WHOLE_GPU, whole=True)
    sound = (count == 0) | (share == _WHOLE_GPU) | ((count == 1) & (share > 0))
    records.require(sound, "gpu_milli", "1000, or a share above 0 of a single GPU")
    return np.where(count == 1, share / _WHOLE_GPU, count)


def _times(records: Records, unfinished: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Submission and run time, and what was recorded."""
    created, deleted = records.seconds("creation_time"), records.seconds("deletion_time")
    scheduled = records.seconds("scheduled_time", required=False)
    if unfinished == "drop":
        records.drop(np.isnan(scheduled), "never scheduled")
    ran = deleted - scheduled
    records.require((ran >= 0) | np.isnan(ran), "deletion_time", "not before scheduled_time")
    recorded: dict[str, Any] = {"recorded_start_time": scheduled}
    recorded["recorded_wait_s"] = scheduled - created
    if "pod_phase" in records:
        recorded["recorded_state"] = pd.Categorical(records.text("pod_phase"))
    return {"submit_time": created, "duration_s": ran}, recorded
