"""The jobs table as the engine takes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fairlead.errors import InvalidInputError
from fairlead.tables.frames import Codes, Floats, Ints, Table
from fairlead.tables.ids import TextIds
from fairlead.tables.nodes import NodeColumns
from fairlead.tables.quantities import MAX_UNITS, bytes_of_gib, request_units, whole_numbers
from fairlead.tables.schema import JOB_COLUMNS, JOB_LABELS, JOB_LATER, RESOURCES, near_miss
from fairlead.tables.times import MAX_SECONDS, TimeKind, durations_ns, read_times, seconds_to_ns

__all__ = ["JobColumns", "job_columns"]

_MAX_TASKS = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class JobColumns:
    """Contiguous columns of a jobs table, one row a job, in input order; None = column absent.

    Attributes
    ----------
    n : int
    submit_ns : int64 array
        Submission, ns.
    duration_ns, limit_ns : int64 array or None
        True run time and declared wall time, ns; -1 = missing.
    estimate_ns : int64 array
        What plans are made with, ns; -1 = none.
    tasks, tasks_per_node : int32 array or None
        Gang size (default 1); tasks on each node, 0 = any.
    requests : dict of str to int64 array
        Per task, in integer units (`fairlead.tables.UNITS`); only resources that some job asks.
    gpu_memory : int64 array or None
        Bytes per device; -1 = any.
    pool : int32 array or None
        Index into ``pool_names``; -1 = any.
    gpu_type : int32 array or None
        Index into ``gpu_type_sets``, the sets of allowed types; -1 = any.
    priority, urgency : float64 array or None
        Higher goes first; missing is 0.
    job_id : int64 array or TextIds
        The identifiers; row numbers where the table has none.
    time : TimeKind
        Turns nanoseconds back into the kind of time that came.
    clairvoyant : bool
        The estimates are the true run times.
    unused : tuple of str
        Columns that are neither honoured nor labels: carried along, without effect.
    """

    n: int
    submit_ns: Ints
    duration_ns: Ints | None
    limit_ns: Ints | None
    estimate_ns: Ints
    tasks: Codes | None
    tasks_per_node: Codes | None
    requests: dict[str, Ints]
    gpu_memory: Ints | None
    pool: Codes | None
    pool_names: tuple[str, ...]
    gpu_type: Codes | None
    gpu_type_sets: tuple[tuple[str, ...], ...]
    priority: Floats | None
    urgency: Floats | None
    job_id: Ints | TextIds
    time: TimeKind
    clairvoyant: bool
    unused: tuple[str, ...]

    @cached_property
    def id_set(self) -> frozenset[Any]:
        """The identifiers as Python objects, for looking some up."""
        return frozenset(self.job_id.tolist())


def job_columns(
    jobs: Any,
    cluster: Any = None,
    *,
    run_times: Any = "limit",
    default_limit_s: float | None = None,
    ignore: Iterable[str] = (),
    need_duration: bool = True,
) -> JobColumns:
    """Check a jobs table and turn it into the engine's columns.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
        ``submit_time`` (datetime, ISO text or s) is required; the other columns are those of the
        jobs table: ``duration_s``, ``limit_s``, ``tasks``, ``cpus``, ``memory_gib``, ``gpus``, ...
    cluster : Cluster or NodeColumns, optional
        Its node columns declare the further resources that jobs may ask.
    run_times : {"limit", "actual"}, column name, array of s, or object with ``run_time_s``
        What plans are made with.
    default_limit_s : float, optional
        Estimate (s) of jobs without a limit, with ``run_times="limit"``; it kills no job.
    ignore : iterable of str
        Columns to leave out although they are filled and not honoured yet; ``"*"`` for all.
    need_duration : bool
        Require a ``duration_s`` in every row, as a simulation does.

    Returns
    -------
    JobColumns

    Raises
    ------
    InvalidInputError
        A column is missing, has the wrong type, or a value is out of range; names the row.

    Notes
    -----
    O(n_jobs): a few passes over each column; only columns of Python objects are looped over.

    Examples
    --------
    >>> import pandas as pd
    >>> jobs = pd.DataFrame({"submit_time": [0, 5], "duration_s": [9.5, 1], "gpus": [0.5, 2]})
    >>> columns = job_columns(jobs)
    >>> columns.requests["gpus"].tolist(), columns.duration_ns.tolist()
    ([500, 2000], [9500000000, 1000000000])
    """
    table = Table(jobs, "jobs", "job_id")
    ignored = frozenset([ignore] if isinstance(ignore, str) else ignore)
    nodes = cluster if isinstance(cluster, NodeColumns) else getattr(cluster, "node_columns", None)
    declared = RESOURCES if nodes is None else (*RESOURCES, *nodes.resources)
    unused = _check_names(table, declared, ignored, run_times)

    has = {name for name in table.columns if name not in ignored}
    submit_ns, missing, kind = read_times(table, "submit_time")
    if missing is not None:
        raise table.bad("submit_time", missing, "present", "drop the row or mend the cell")
    if nodes is not None and nodes.time is not None and nodes.time.name != kind.name:
        raise InvalidInputError(
            f"jobs['submit_time'] and the nodes' available_from/available_to must be of one kind, "
            f"got {kind.name} and {nodes.time.name}; convert one of them"
        )
    duration_ns = _durations(table, "duration_s", need_duration) if "duration_s" in has else None
    if duration_ns is None and need_duration:
        raise InvalidInputError(
            f"jobs needs a column 'duration_s'; it has {', '.join(table.columns)}"
        )
    limit_ns = _durations(table, "limit_s", False) if "limit_s" in has else None
    tasks = _counts(table, "tasks", 1, 1) if "tasks" in has else None
    requests = _requests(table, [name for name in dict.fromkeys(declared) if name in has], tasks)
    pool, pool_names = table.codes("pool") if "pool" in has else (None, ())
    gpu_type, gpu_type_sets = _gpu_types(table) if "gpu_type" in has else (None, ())
    return JobColumns(
        n=table.n,
        submit_ns=submit_ns,
        duration_ns=duration_ns,
        limit_ns=limit_ns,
        estimate_ns=_estimates(table, run_times, default_limit_s, duration_ns, limit_ns),
        tasks=tasks,
        tasks_per_node=_tasks_per_node(table, tasks) if "tasks_per_node" in has else None,
        requests=requests,
        gpu_memory=bytes_of_gib(table, "gpu_memory_gib", up=True)
        if "gpu_memory_gib" in has
        else None,
        pool=pool,
        pool_names=pool_names,
        gpu_type=gpu_type,
        gpu_type_sets=gpu_type_sets,
        priority=_weights(table, "priority") if "priority" in has else None,
        urgency=_weights(table, "urgency") if "urgency" in has else None,
        job_id=table.ids("job_id") if "job_id" in has else np.arange(table.n),
        time=kind,
        clairvoyant=isinstance(run_times, str) and run_times == "actual",
        unused=unused,
    )


def _check_names(
    table: Table, declared: Iterable[str], ignored: frozenset[str], run_times: Any
) -> tuple[str, ...]:
    """Refuse misspelt and not yet honoured columns; return those without effect."""
    known = {*JOB_COLUMNS, *JOB_LABELS, *declared}
    unused = []
    for name in table.columns:
        if name in known or name in ignored or (isinstance(run_times, str) and name == run_times):
            continue
        if "*" not in ignored and name not in JOB_LATER:
            _refuse_near_miss(table, name, known)
        elif "*" not in ignored and table.is_filled(name):
            raise InvalidInputError(
                f"jobs[{name!r}] is not honoured yet and has values; drop the column or name it in "
                f"ignore=({name!r},)"
            )
        unused.append(name)
    return tuple(unused)


def _refuse_near_miss(table: Table, name: str, known: set[str]) -> None:
    # Where the right word is there too, the other column is only carried along.
    meant = near_miss(name, {*known, *JOB_LATER} - set(JOB_LABELS))
    if meant is not None and meant not in table:
        raise InvalidInputError(
            f"jobs has a column {name!r}, which means nothing here; rename it to {meant!r} (mind "
            f"the unit) or name it in ignore=({name!r},)"
        )


def _durations(table: Table, column: str, required: bool) -> Ints:
    numbers = table.numbers(column)
    if required and numbers.missing is not None:
        raise table.bad(column, numbers.missing, "present to simulate", "drop the row or fill it")
    return durations_ns(table, column, numbers)


def _counts(table: Table, column: str, least: int, default: int) -> Codes:
    return whole_numbers(table, column, least=least, most=_MAX_TASKS, default=default).astype(
        np.int32
    )


def _tasks_per_node(table: Table, tasks: Codes | None) -> Codes:
    per_node = _counts(table, "tasks_per_node", 0, 0)
    gang = np.ones(table.n, dtype=np.int32) if tasks is None else tasks
    table.require(
        gang % np.maximum(per_node, 1) == 0,
        "tasks_per_node",
        "a divisor of tasks",
        "change tasks or tasks_per_node",
    )
    return per_node


def _requests(table: Table, names: Iterable[str], tasks: Codes | None) -> dict[str, Ints]:
    asked = {name: request_units(table, name) for name in names}
    requests = {name: units for name, units in asked.items() if units is not None}
    if tasks is not None:
        for name, units in requests.items():
            fits = tasks.astype(np.float64) * units <= MAX_UNITS
            table.require(fits, name, f"at most {MAX_UNITS:.0e} units over all tasks", "mend it")
    return requests


def _gpu_types(table: Table) -> tuple[Codes, tuple[tuple[str, ...], ...]]:
    """Codes of the sets of allowed types; ``a100|h100`` and ``h100|a100`` are one set."""
    codes, texts = table.codes("gpu_type")
    sets: dict[tuple[str, ...], int] = {}
    lookup = np.full(len(texts) + 1, -1, dtype=np.int32)
    for i, text in enumerate(texts):
        allowed = tuple(sorted({part.strip() for part in text.split("|")} - {""}))
        if allowed:
            lookup[i] = sets.setdefault(allowed, len(sets))
    return lookup[codes], tuple(sets)


def _weights(table: Table, column: str) -> Floats:
    values = table.numbers(column).filled(0).astype(np.float64)
    table.require(np.isfinite(values), column, "a finite number", "mend the value")
    return values


def _estimates(
    table: Table,
    run_times: Any,
    default_limit_s: float | None,
    duration_ns: Ints | None,
    limit_ns: Ints | None,
) -> Ints:
    if not isinstance(run_times, str):
        return _given_estimates(table, run_times)
    if run_times == "actual":
        if duration_ns is None:
            raise InvalidInputError("run_times='actual' needs a column 'duration_s' in jobs")
        return duration_ns
    if run_times != "limit":
        if run_times not in table:
            raise InvalidInputError(
                "run_times must be 'limit', 'predicted', 'actual', an estimator, a column of "
                "jobs, or an array of seconds; "
                f"got {run_times!r}, and jobs has {', '.join(table.columns)}"
            )
        return durations_ns(table, run_times)
    if default_limit_s is None:
        return np.full(table.n, -1, dtype=np.int64) if limit_ns is None else limit_ns
    if not 0 <= default_limit_s <= MAX_SECONDS:
        raise InvalidInputError(
            f"default_limit_s must be 0 or more seconds, got {default_limit_s!r}"
        )
    default_ns = seconds_to_ns(np.array([default_limit_s], dtype=np.float64))
    if limit_ns is None:
        return np.full(table.n, default_ns[0], dtype=np.int64)
    return np.where(limit_ns < 0, default_ns, limit_ns)


def _given_estimates(table: Table, run_times: Any) -> Ints:
    import pandas as pd

    values = np.asarray(getattr(run_times, "run_time_s", run_times))
    if values.shape != (table.n,):
        raise InvalidInputError(
            f"run_times must have one value a job, shape ({table.n},); got shape {values.shape}"
        )
    return durations_ns(Table(pd.DataFrame({"run_times": values}), "estimates"), "run_times")
