"""Slurm's job table as a CSV dump: the form of the MIT Supercloud accounting records."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.gangs import UNEVEN, spread
from fairlead.traces.records import (
    Records,
    check_choice,
    numbered_apart,
    read_records,
    recorded_times,
)
from fairlead.traces.slurm_values import map_cells
from fairlead.traces.trace import Trace, no_events, no_nodes

__all__ = ["SUPERCLOUD_HEADER", "read_supercloud"]

# Numbers of the job states of Slurm.
_STATES = [
    "PENDING",
    "RUNNING",
    "SUSPENDED",
    "COMPLETED",
    "CANCELLED",
    "FAILED",
    "TIMEOUT",
    "NODE_FAIL",
    "PREEMPTED",
    "BOOT_FAIL",
    "DEADLINE",
    "OUT_OF_MEMORY",
]
# Numbers of the trackable resources; those from 1001 on are the site's own, here its GPUs.
_CPU, _MEMORY, _NODE, _FIRST_OWN = 1, 2, 4, 1001
# What Slurm stores for "no limit" and "no array".
_NO_VALUE = 4294967294
_MIB_IN_GIB = 1024.0
SUPERCLOUD_HEADER = ("id_job", "time_submit", "time_start", "time_end", "tres_alloc", "tres_req")
_TRES = {"allocated": ("tres_alloc", "tres_req"), "requested": ("tres_req", "tres_alloc")}


def read_supercloud(
    path: str | PathLike[str],
    *,
    resources: Literal["allocated", "requested"] = "allocated",
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read accounting records of the MIT Supercloud: a CSV dump of Slurm's job table.

    Parameters
    ----------
    path : path
    resources : {"allocated", "requested"}
        What a job asks is ``tres_alloc`` or ``tres_req``; an empty cell is filled from the other.
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
        ``jobs``: ``job_id``, ``submit_time`` (UTC), ``duration_s`` (without suspended time),
        ``limit_s``, ``tasks`` (one a node), and for each task ``cpus``, ``memory_gib``, ``gpus``;
        ``user``, ``queue`` (the partition), ``array_id``.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    The publisher's numbers went through floating point, so different jobs may share an id: the
    second of its name becomes ``<id>#2``, counted under ``meta.repaired``. Resources from number
    1001 on are taken for GPUs, as in this data set.

    References
    ----------
    .. [1] Samsi et al., "The MIT Supercloud Dataset", HPEC 2021.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "slurm-log.csv"
    >>> _ = file.write_text(
    ...     "id_job,time_submit,time_start,time_end,timelimit,tres_alloc,tres_req\\n"
    ...     '5,1609535912,1609535922,1609536522,60,"1=40,2=8192,4=2,1002=4",""\\n'
    ... )
    >>> read_supercloud(file).jobs[["duration_s", "limit_s", "tasks", "gpus"]].values.tolist()
    [[600.0, 3600.0, 2.0, 2.0]]
    """
    check_choice("resources", resources, ("allocated", "requested"))
    check_choice("unfinished", unfinished, ("drop", "keep"))
    records = read_records(path, on_error=on_error)
    records.need(*SUPERCLOUD_HEADER)
    submit = records.epoch_times("time_submit")
    start = records.epoch_times("time_start", required=False)
    end = records.epoch_times("time_end", required=False)
    paused = _optional(records, "time_suspended", 0.0)
    ran = records.run_times(start, end, unfinished, "time_end", paused_s=paused)
    columns: dict[str, Any] = {
        "job_id": _job_ids(records),
        "submit_time": submit,
        "duration_s": ran,
        "limit_s": _limits(records),
        **_requests(records, resources),
        **_labels(records),
    }
    recorded = recorded_times(submit, start, _states(records))
    jobs = records.jobs({**columns, **records.kept(keep, recorded)})
    meta = records.meta("supercloud", options={"resources": resources, "unfinished": unfinished})
    return Trace(jobs, no_nodes(), no_events(), meta)


def _optional(records: Records, column: str, default: float) -> Any:
    if column not in records:
        return np.full(len(records), default)
    return np.nan_to_num(records.seconds(column, required=False), nan=default)


def _job_ids(records: Records) -> Any:
    numbers = records.numbers("id_job", most=2.0**63, whole=True)
    texts = [f"{number:.0f}" for number in numbers]
    named, again = numbered_apart(texts)
    records.repair(again, "job id that repeats, numbered apart")
    return named


def _limits(records: Records) -> Any:
    if "timelimit" not in records:
        return np.full(len(records), np.nan)
    minutes = records.numbers("timelimit", required=False)
    return np.where(minutes < _NO_VALUE, minutes * 60.0, np.nan)


def _requests(records: Records, resources: str) -> dict[str, Any]:
    """Tasks, and what each asks."""
    first, second = (_amounts(records, column) for column in _TRES[resources])
    empty = np.isnan(first[:, 0])
    cpus, memory, nodes, gpus = np.where(empty[:, None], second, first).T
    tasks, each, uneven = spread(gpus, nodes)
    records.repair(uneven, UNEVEN)
    return {
        "tasks": tasks,
        "cpus": cpus / tasks,
        "memory_gib": memory / _MIB_IN_GIB / tasks,
        "gpus": each,
    }


def _amounts(records: Records, column: str) -> Any:
    """Cores, MiB, nodes and GPUs of each row; NaN where the list or the entry is not there."""
    parsed, codes, fine = map_cells(records.text(column).fillna(""), _tres)
    records.require(fine, column, "numbered resources such as '1=4,2=8500,4=1'")
    return np.array(parsed, dtype=np.float64)[codes]


def _tres(text: str) -> tuple[float, float, float, float]:
    if not text:
        return (np.nan, np.nan, np.nan, np.nan)
    entries = [entry.partition("=") for entry in text.split(",")]
    amounts = {int(number): int(amount) for number, _, amount in entries}
    if min(amounts.values()) < 0:
        raise ValueError("amounts of 0 or more")
    gpus = sum(amount for number, amount in amounts.items() if number >= _FIRST_OWN)
    cpus, memory, nodes = (float(amounts.get(n, np.nan)) for n in (_CPU, _MEMORY, _NODE))
    return cpus, memory, nodes, float(gpus)


def _states(records: Records) -> Any:
    if "state" not in records:
        return None
    codes = records.numbers("state", most=len(_STATES) - 1, whole=True, required=False)
    known = np.where(np.isnan(codes), -1, codes).astype(np.int64)
    return pd.Categorical.from_codes(known, categories=pd.Index(_STATES))


def _labels(records: Records) -> dict[str, Any]:
    """Whose the job is, where it waited, and the array it is of."""
    labels: dict[str, Any] = {}
    for ours, column in (("user", "id_user"), ("queue", "partition")):
        if column in records:
            labels[ours] = pd.Categorical(_texts(records, column))
    if "id_array_task" in records and "id_array_job" in records:
        task = records.numbers("id_array_task", required=False)
        labels["array_id"] = _texts(records, "id_array_job").where(task < _NO_VALUE)
    return labels


def _texts(records: Records, column: str) -> pd.Series[Any]:
    """A column of labels; whole numbers that the publisher made floats lose their ``.0``."""
    return records.text(column).str.removesuffix(".0")
