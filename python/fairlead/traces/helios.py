"""The job logs of SenseTime's Helios clusters, 2020."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.gangs import NODE_GPUS, UNEVEN, spread
from fairlead.traces.helios_nodes import helios_nodes
from fairlead.traces.records import Records, check_choice, read_records, recorded_times
from fairlead.traces.trace import Trace, no_events, no_nodes
from fairlead.traces.wall_clock import check_zone

__all__ = ["HELIOS_HEADER", "read_helios"]

HELIOS_HEADER = (
    "job_id",
    "user",
    "vc",
    "gpu_num",
    "cpu_num",
    "node_num",
    "state",
    "submit_time",
    "start_time",
    "end_time",
)
_NOTHING = ("None", "NaT", "Unknown")


def read_helios(
    path: str | PathLike[str],
    *,
    nodes: str | PathLike[str] | None = None,
    node_gpus: int = NODE_GPUS,
    node_cpus: float | None = None,
    time_zone: str = "Asia/Shanghai",
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a ``cluster_log.csv`` of the Helios trace, plain or gzip.

    Parameters
    ----------
    path : path
    nodes : path, optional
        The cluster's ``cluster_gpu_number.csv`` (or a ``vc_config.csv``): gives nodes, the pool
        that each job must use (its virtual cluster), and the changes of capacity as events.
    node_gpus : int
        GPUs of a node.
    node_cpus : float, optional
        Cores of a node, which the trace does not say; else the most that a job used on one node.
    time_zone : str
        IANA name of the zone of the wall-clock times, which the publisher does not state.
    unfinished : {"drop", "keep"}
        Jobs without a start or an end are dropped and counted, or have no ``duration_s``.
    keep : iterable of str
        Further columns: ``recorded_start_time``, ``recorded_wait_s`` (s), ``recorded_state``, and
        any column of the file, as ``source_<name>``.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time`` (UTC), ``duration_s``, ``tasks`` (one a node), and for
        each task ``cpus`` and ``gpus``; ``user``, ``queue`` (the virtual cluster), and ``pool``
        with ``nodes=``. Two in three jobs ask no GPU.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Hu et al., "Characterization and Prediction of Deep Learning Workloads in Large-Scale GPU
       Datacenters", SC 2021.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster_log.csv"
    >>> _ = file.write_text(
    ...     "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time\\n"
    ...     "1,u1,vcA,16,32,2,COMPLETED,2020-04-01 08:00:00,2020-04-01 08:00:09,"
    ...     "2020-04-01 08:01:09\\n"
    ... )
    >>> read_helios(file).jobs[["duration_s", "tasks", "cpus", "gpus"]].values.tolist()
    [[60.0, 2.0, 16.0, 8.0]]
    """
    check_choice("unfinished", unfinished, ("drop", "keep"))
    check_zone(time_zone)
    records = read_records(path, on_error=on_error)
    records.need(*HELIOS_HEADER)
    submit = records.wall_times("submit_time", time_zone)
    start = records.wall_times("start_time", time_zone, required=False, nothing=_NOTHING)
    end = records.wall_times("end_time", time_zone, required=False, nothing=_NOTHING)
    ran = records.run_times(start, end, unfinished, "end_time")
    records.require_distinct("job_id", records.text("job_id"))
    held_nodes, cores = records.numbers("node_num", whole=True), records.numbers("cpu_num")
    tasks, gpus, uneven = spread(records.numbers("gpu_num", whole=True), held_nodes)
    records.repair(uneven, UNEVEN)
    cluster = pd.Categorical(records.text("vc"))
    columns: dict[str, Any] = {
        "job_id": records.frame["job_id"],
        "submit_time": submit,
        "duration_s": ran,
        "tasks": tasks,
        "cpus": cores / tasks,
        "gpus": gpus,
        "user": pd.Categorical(records.text("user")),
        "queue": cluster,
    }
    if nodes is not None:
        columns["pool"] = cluster
    recorded = recorded_times(submit, start, pd.Categorical(records.text("state")))
    jobs = records.jobs({**columns, **records.kept(keep, recorded)})
    machine, events = no_nodes(), no_events()
    if nodes is not None:
        node_cpus = _most_cores(records, cores, held_nodes) if node_cpus is None else node_cpus
        machine, events, _ = helios_nodes(nodes, node_gpus, node_cpus, time_zone)
    options = {"time_zone": time_zone, "unfinished": unfinished, "node_cpus": node_cpus}
    return Trace(jobs, machine, events, records.meta("helios", options=options))


def _most_cores(records: Records, cores: Any, nodes: Any) -> float:
    """The most cores that a job used on one node."""
    on_a_node = np.ceil(cores / np.maximum(nodes, 1))
    return float(on_a_node[records.alive].max(initial=1))
