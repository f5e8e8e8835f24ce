"""Pollux (OSDI 2021): elastic training jobs, and how long they run at fixed size."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.pollux_tables import POLLUX_GPU, Tables, read_tables, run_times
from fairlead.traces.records import read_records
from fairlead.traces.trace import Trace, no_events

__all__ = ["POLLUX_HEADER", "read_job_list", "read_pollux"]

POLLUX_HEADER = ("name", "time", "application", "num_replicas", "batch_size")
_GPUS_PER_NODE = 4
_NODES = 16


def read_pollux(
    path: str | PathLike[str],
    *,
    tables: str | PathLike[str] | None = None,
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a workload of Pollux, plain or gzip.

    Parameters
    ----------
    path : path
        ``name``, ``time`` (s), ``application``, ``num_replicas`` (GPUs), ``batch_size``.
    tables : path, optional
        The publisher's folder ``traces`` (`read_goodputs`). With it a job has the run time of its
        whole training with these GPUs, packed on nodes of 4, and this batch size; without it jobs
        have none.
    keep : iterable of str
        Further columns: ``model``, ``batch_size``, or a column of the file as ``source_<name>``.
        ``model`` is a column that `schedule` wants named in ``ignore=``.
    on_error : {"raise", "drop"}
        A malformed record is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id`` (the name), ``submit_time`` (s), ``duration_s``, ``tasks`` (its GPUs),
        ``gpus`` (1 each); ``nodes``: the cluster the publisher simulates, 16 of 4 T4. Jobs that
        the tables do not cover are dropped and counted.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    The publisher's jobs are elastic, and stop at a target metric; a rigid replay runs each to the
    end of its validation table.

    References
    ----------
    .. [1] Qiao et al., "Pollux: co-adaptive cluster scheduling for goodput-optimized deep
       learning", OSDI 2021.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "workload-1.csv"
    >>> _ = file.write_text(
    ...     "name,time,application,num_replicas,batch_size\\ncifar10-0,107,cifar10,6,2048\\n"
    ... )
    >>> trace = read_pollux(file)
    >>> trace.jobs["tasks"].tolist(), trace.cluster().capacity
    ([6], {'gpus': 64.0})
    """
    nodes = pd.DataFrame(
        {
            "node_id": [f"node-{i:02d}" for i in range(_NODES)],
            "gpus": _GPUS_PER_NODE,
            "gpu_type": POLLUX_GPU,
        }
    )
    measured = None if tables is None else read_tables(tables, POLLUX_GPU, None)
    return read_job_list("pollux", path, measured, nodes, _GPUS_PER_NODE, keep, on_error)


def read_job_list(
    format_name: str,
    path: str | PathLike[str],
    tables: Tables | None,
    nodes: pd.DataFrame,
    gpus_per_node: int,
    keep: Iterable[str],
    on_error: str,
) -> Trace:
    """Jobs of the form that Pollux and Sia share, with run times where there are tables.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.
    """
    records = read_records(path, on_error=on_error)
    records.need(*POLLUX_HEADER)
    names, model = records.text("name"), records.text("application")
    for column, texts in (("name", names), ("application", model)):
        records.require(texts.notna(), column, "a name")
    records.require_distinct("name", names)
    gpus = records.numbers("num_replicas", least=1, most=10**6, whole=True)
    batch = records.numbers("batch_size", least=1, whole=True)
    columns: dict[str, Any] = {"job_id": names, "submit_time": records.seconds("time")}
    if tables is not None:
        run_s = run_times(tables, model, batch, gpus, gpus_per_node)
        records.drop(np.isnan(run_s), "GPUs and batch size not in the tables of the model")
        columns["duration_s"] = run_s
    columns["tasks"] = np.nan_to_num(gpus, nan=1).astype(np.int64)
    columns["gpus"] = np.ones(len(records), dtype=np.int64)
    jobs = records.jobs(columns | records.kept(keep, {"model": model, "batch_size": batch}))
    return Trace(jobs, nodes, no_events(), records.meta(format_name))
