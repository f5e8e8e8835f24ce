"""What is known of jobs when they are submitted, as the core's predictors of run times take it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import JobColumns, Table, job_columns, unit_of
from fairlead.tables.times import read_times

__all__ = ["JobLog", "known_traits", "read_log"]

_Floats = NDArray[np.float64]
_LABELS = ("user", "name", "group")


@dataclass(frozen=True, eq=False)
class JobLog:
    """A jobs table as predictors see it.

    Attributes
    ----------
    traits : dict of str to array
        What is known at submission: hashes of labels and requests, seconds and amounts.
    run_s, end_s : float64 array, shape (n_jobs,)
        How long each job ran, at most its limit, and when it ended; NaN in both where the run time
        is not known.
    columns : JobColumns
    """

    traits: dict[str, Any]
    run_s: _Floats
    end_s: _Floats
    columns: JobColumns


def read_log(jobs: Any, end_time: Any = None, run_s: Any = None) -> JobLog:
    """The jobs table as predictors take it.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
    end_time : str or array, optional
        When each job ended: a column, or values of the kind of ``submit_time``. Without it the
        column ``end_time``, else submission plus ``recorded_wait_s`` plus ``duration_s``.
    run_s : array of s, optional
        Run times in the place of ``duration_s``.

    Raises
    ------
    InvalidInputError
        As of a jobs table; or an end of another kind or shape, or before the submission; or run
        times of another shape.
    """
    table = Table(jobs, "jobs", "job_id")
    columns = job_columns(jobs, need_duration=False, ignore="*")
    run_s = _run_times(columns, run_s)
    limit_s = _seconds(columns.limit_ns, columns.n)
    run_s = np.where(limit_s < run_s, limit_s, run_s)
    ends = np.where(np.isnan(run_s), np.nan, _ends(table, columns, run_s, end_time))
    return JobLog(known_traits(table, columns), run_s, ends, columns)


def _run_times(columns: JobColumns, given: Any) -> _Floats:
    if given is None:
        return _seconds(columns.duration_ns, columns.n)
    run_s = np.asarray(given, dtype=np.float64)
    if run_s.shape != (columns.n,):
        raise InvalidInputError(f"y must have one value a job; got shape {run_s.shape}")
    return run_s


def known_traits(table: Table, columns: JobColumns) -> dict[str, Any]:
    """The traits of jobs whose columns have been read."""
    tasks = 1.0 if columns.tasks is None else columns.tasks.astype(np.float64)
    limit_s = _seconds(columns.limit_ns, columns.n)
    amounts = {name: units * tasks for name, units in columns.requests.items()}
    traits: dict[str, Any] = {
        "submit_s": columns.submit_ns / 1e9,
        "limit_s": np.where(np.isnan(limit_s), np.inf, limit_s),
        "size": _size_hash(amounts, columns.n),
        "cpus": None,
        "gpus": None,
    }
    for name in ("cpus", "gpus"):
        if name in amounts:
            traits[name] = np.ascontiguousarray(amounts[name] / unit_of(name))
    for name in _LABELS:
        traits[name] = _label_hash(table, name) if name in table else None
    return traits


def _seconds(ns: NDArray[np.int64] | None, n: int) -> _Floats:
    return np.full(n, np.nan) if ns is None else np.where(ns < 0, np.nan, ns / 1e9)


def _label_hash(table: Table, name: str) -> NDArray[np.uint64]:
    """A hash of each text, the same in every table; 0 where it is missing."""
    codes, texts = table.codes(name)
    hashes = [int.from_bytes(hashlib.blake2b(t.encode(), digest_size=8).digest()) for t in texts]
    return np.array([*(h or 1 for h in hashes), 0], dtype=np.uint64)[codes]


def _size_hash(amounts: dict[str, Any], n: int) -> NDArray[np.uint64]:
    """A hash of what all tasks ask: resources that a job does not ask do not count."""
    size = np.ones(n, dtype=np.uint64)
    for name, amount in amounts.items():
        salt = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) | 1
        with np.errstate(over="ignore"):
            mixed = np.rint(amount).astype(np.uint64) * np.uint64(salt)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
            size += mixed ^ (mixed >> np.uint64(32))
    return np.where(size == 0, np.uint64(1), size)


def _ends(table: Table, columns: JobColumns, run_s: _Floats, end_time: Any) -> _Floats:
    submit_s = columns.submit_ns / 1e9
    if end_time is None and "end_time" not in table:
        waited = np.zeros(columns.n)
        if "recorded_wait_s" in table:
            waited = np.maximum(table.numbers("recorded_wait_s").filled(0), 0).astype(np.float64)
        return submit_s + waited + run_s
    name = end_time if isinstance(end_time, str) else "end_time"
    if end_time is None or isinstance(end_time, str):
        ends, missing, kind = read_times(table, name)
    else:
        ends, missing, kind = _given_ends(end_time, columns.n)
    if kind.name != columns.time.name:
        raise InvalidInputError(
            f"jobs[{name!r}] must be {columns.time.describe()}, as submit_time is; convert it"
        )
    end_s = np.where(False if missing is None else missing, np.nan, ends / 1e9)
    table.require(
        ~(end_s < submit_s), "submit_time", "at or before the end of the job", "mend either time"
    )
    return end_s


def _given_ends(end_time: Any, n: int) -> Any:
    import pandas as pd

    values = pd.Series(np.asarray(end_time))
    if values.shape != (n,):
        raise InvalidInputError(
            f"end_time must have one value a job, shape ({n},); got shape {values.shape}"
        )
    return read_times(Table(values.to_frame("end_time"), "jobs"), "end_time")
