"""What is known of the Helios clusters themselves: nodes, their changes, demand by the minute."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.gangs import NODE_GPUS, check_node_gpus
from fairlead.traces.records import Records, read_records
from fairlead.traces.trace import Trace, TraceMeta, no_events, no_jobs, no_nodes
from fairlead.traces.wall_clock import check_zone

__all__ = [
    "HELIOS_DEMAND_HEADERS",
    "helios_nodes",
    "read_helios_demand",
    "read_helios_nodes",
    "sniff_helios_nodes",
]

_OnError = Literal["raise", "drop"]
# What the two kinds of demand file are known by, and the columns that are demand.
_MINUTES = ("time", "running_gpu_num", "pending_gpu_num")
_WINDOWS = ("time", "submit_gpu_num")
HELIOS_DEMAND_HEADERS = (_MINUTES, _WINDOWS)
_MOST_NODES = 1_000_000
_MOST_COUNT = 1e9


def read_helios_nodes(
    path: str | PathLike[str],
    *,
    node_gpus: int = NODE_GPUS,
    node_cpus: float | None = None,
    time_zone: str = "Asia/Shanghai",
    on_error: _OnError = "raise",
) -> Trace:
    """Read a Helios cluster: ``cluster_gpu_number.csv``, or a ``vc_config.csv`` of nodes.

    Parameters
    ----------
    path : path
        GPUs of each virtual cluster on each day, or nodes of each virtual cluster.
    node_gpus : int
        GPUs of a node.
    node_cpus : float, optional
        Cores of a node, which the trace does not say.
    time_zone : str
        IANA name of the zone whose midnight begins a day; the publisher does not state it.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted; the machine without it is
        another one.

    Returns
    -------
    Trace
        ``nodes``: the most that each virtual cluster (``pool``) ever had; ``events``: a node is
        drained on the day that its virtual cluster shrinks and resumed when it grows. No jobs.

    Raises
    ------
    InvalidInputError
        A malformed file, GPUs that do not divide into nodes, a total that is not the sum.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster_gpu_number.csv"
    >>> _ = file.write_text("date,vcA,vcB,total\\n2020-04-01,8,16,24\\n2020-04-02,16,8,24\\n")
    >>> trace = read_helios_nodes(file)
    >>> len(trace.nodes), trace.events["kind"].tolist()
    (4, ['node_drain', 'node_resume', 'node_drain'])
    """
    nodes, events, meta = helios_nodes(path, node_gpus, node_cpus, time_zone, on_error)
    return Trace(no_jobs(), nodes, events, meta)


def read_helios_demand(
    path: str | PathLike[str],
    *,
    series: Iterable[str] = (),
    time_zone: str = "Asia/Shanghai",
    on_error: _OnError = "raise",
) -> Trace:
    """Read counts over time: ``cluster_sequence_vc.csv`` or ``cluster_throughput.csv``.

    ``Venus_throughput_pred.csv``, which has a published forecast beside the counts, is read too.

    Parameters
    ----------
    path : path
    series : iterable of str
        Columns of the file; else GPUs running and pending, or GPUs submitted.
    time_zone : str
        IANA name of the zone of the wall-clock times, which the publisher does not state.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: ``unique_id`` (the column), ``ds`` (UTC), ``y`` (GPUs or jobs); no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster_sequence_vc.csv"
    >>> _ = file.write_text("time,running_gpu_num,pending_gpu_num\\n2020-05-01 00:00:00,59,8\\n")
    >>> read_helios_demand(file).demand["y"].tolist()
    [59.0, 8.0]
    """
    check_zone(time_zone)
    records = read_records(path, on_error=on_error)
    wanted = (series,) if isinstance(series, str) else tuple(series)
    if not wanted:
        wanted = _WINDOWS[1:] if _WINDOWS[1] in records else _MINUTES[1:]
    records.need("time", *wanted)
    times = records.wall_times("time", time_zone)
    records.require_distinct("time", times)
    # The published forecast goes below 0 in places; a count cannot.
    lowest = {column: -_MOST_COUNT if column.startswith("pred_") else 0.0 for column in wanted}
    values = {column: records.numbers(column, least=least) for column, least in lowest.items()}
    frames = [
        pd.DataFrame({"unique_id": column, "ds": times[records.alive], "y": y[records.alive]})
        for column, y in values.items()
    ]
    demand = pd.concat(frames, ignore_index=True)
    demand.attrs["resource"] = "gpus" if all("gpu_num" in column for column in wanted) else "jobs"
    meta = records.meta("helios_demand", options={"series": wanted, "time_zone": time_zone})
    return Trace(no_jobs(), no_nodes(), no_events(), meta, demand)


def helios_nodes(
    path: str | PathLike[str],
    node_gpus: int,
    node_cpus: float | None,
    time_zone: str,
    on_error: _OnError = "raise",
) -> tuple[pd.DataFrame, pd.DataFrame, TraceMeta]:
    """Nodes, events and account of a file as `read_helios_nodes` takes it."""
    check_zone(time_zone)
    check_node_gpus(node_gpus)
    records = read_records(path, on_error=on_error, nameless="vc")
    records.need(*(("vc", "num") if "num" in records else ("date", "total")))
    if "num" in records:
        names, counts = _clusters(records)
        events = no_events()
    else:
        names, counts, days = _days(records, node_gpus, time_zone)
        events = _events(names, counts, days)
    most = counts.max(axis=0, initial=0)
    nodes = pd.DataFrame(
        {
            "node_id": [f"{n}-{k}" for n, m in zip(names, most, strict=True) for k in range(m)],
            "gpus": node_gpus,
            "pool": pd.Series(np.repeat(np.array(names, dtype=object), most), dtype="str"),
        }
    )
    if node_cpus is not None:
        nodes.insert(1, "cpus", node_cpus)
    return nodes, events, records.meta("helios_nodes", options={"node_gpus": node_gpus})


def sniff_helios_nodes(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be nodes of a Helios cluster; None if they can.

    Examples
    --------
    >>> sniff_helios_nodes("vc_config.csv", b",num\\nvcA,3\\n") is None
    True
    """
    first = head.lstrip().split(b"\n", 1)[0].strip().decode("utf-8", "replace").split(",")
    if first in (["", "num"], ["vc", "num"]) or (first[0] == "date" and first[-1] == "total"):
        return None
    return "the first line is neither 'date,...,total' nor ',num'"


def _clusters(records: Records) -> tuple[list[str], Any]:
    """Names of the virtual clusters, and nodes of each as the one row of a table."""
    names = records.text("vc")
    records.require(names.notna(), "vc", "present")
    records.require_distinct("vc", names)
    counts = records.numbers("num", most=_MOST_NODES, whole=True)[records.alive]
    return names[records.alive].tolist(), counts.astype(np.int64)[None, :]


def _days(records: Records, node_gpus: int, time_zone: str) -> tuple[list[str], Any, Any]:
    """Names of the virtual clusters, nodes of each on each day, and the midnights in UTC."""
    days = records.wall_times("date", time_zone)
    records.require_distinct("date", days)
    latest = np.maximum.accumulate(days.asi8)
    records.require(days.asi8 == latest, "date", "after the days of the lines above")
    names = [str(column) for column in records.frame.columns if column not in ("date", "total")]
    gpus = []
    for name in names:
        held = records.numbers(name, most=_MOST_NODES, whole=True)
        records.require(held % node_gpus == 0, name, f"a multiple of node_gpus={node_gpus}")
        gpus.append(held)
    table = np.array(gpus).reshape(len(names), len(records)).T
    total = records.numbers("total", whole=True)
    records.require(table.sum(axis=1) == total, "total", "the sum of the virtual clusters")
    alive = records.alive
    return names, (table[alive] // node_gpus).astype(np.int64), days[alive]


def _events(names: list[str], counts: Any, days: pd.DatetimeIndex) -> pd.DataFrame:
    """A drain for each node that leaves service on a day, a resume for each that comes back."""
    rows: list[tuple[Any, str, str]] = []
    before = counts.max(axis=0, initial=0)
    for day, now in zip(days, counts, strict=True):
        for at in np.flatnonzero(now != before):
            kind = "node_drain" if now[at] < before[at] else "node_resume"
            low, high = sorted((int(now[at]), int(before[at])))
            rows += [(day, kind, f"{names[at]}-{k}") for k in range(low, high)]
        before = now
    if not rows:
        return no_events()
    return pd.DataFrame(rows, columns=["time", "kind", "node"])
