"""Microsoft's ITP training jobs of 2021, raw or with the columns that ElasticFlow added."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Literal

from fairlead.traces.gangs import NODE_GPUS, UNEVEN, check_node_gpus, split_by_size
from fairlead.traces.records import read_records
from fairlead.traces.trace import Trace, no_events, no_nodes

__all__ = ["ITP_HEADER", "read_itp"]

ITP_HEADER = ("job_id", "submission_time", "duration", "num_gpu")


def read_itp(
    path: str | PathLike[str],
    *,
    node_gpus: int = NODE_GPUS,
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a cluster of the ITP trace (``clusterNN.csv``, either form), plain or gzip.

    Parameters
    ----------
    path : path
    node_gpus : int
        GPUs of a node, which the trace does not say: a job of more becomes a gang of so many tasks.
    keep : iterable of str
        Columns of the file to keep, as ``source_<name>``. Those that ElasticFlow's authors drew at
        random: ``deadline`` (s, absolute), ``model_name``, ``batch_size``, ``num_iteration``.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time`` (s since the start of collection on 2021-03-04, zone
        not stated), ``duration_s``, ``tasks``, ``gpus`` of each. No user, limit, wait or state: the
        publisher removed them. No nodes: their number is not published.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Gu et al., "ElasticFlow: An Elastic Serverless Training Platform for Distributed Deep
       Learning", ASPLOS 2023.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster01.csv"
    >>> _ = file.write_text("job_id,submission_time,duration,num_gpu\\na,1932025,2429,64\\n")
    >>> read_itp(file).jobs[["submit_time", "duration_s", "tasks", "gpus"]].values.tolist()
    [[1932025.0, 2429.0, 8.0, 8.0]]
    """
    check_node_gpus(node_gpus)
    records = read_records(path, on_error=on_error)
    records.need(*ITP_HEADER)
    records.require(records.text("job_id").notna(), "job_id", "an id")
    records.require_distinct("job_id", records.text("job_id"))
    tasks, gpus, uneven = split_by_size(records.numbers("num_gpu", least=1, whole=True), node_gpus)
    records.repair(uneven, UNEVEN)
    columns = {
        "job_id": records.frame["job_id"],
        "submit_time": records.seconds("submission_time"),
        "duration_s": records.seconds("duration"),
        "tasks": tasks,
        "gpus": gpus,
    }
    jobs = records.jobs({**columns, **records.kept(keep, {})})
    meta = records.meta("itp", options={"node_gpus": node_gpus})
    return Trace(jobs, no_nodes(), no_events(), meta)
