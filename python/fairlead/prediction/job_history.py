"""Features of jobs at their submission, from jobs that had finished by then."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.series import MAX_VALUES
from fairlead.tables import to_native_like
from fairlead.tables.frames import Codes, Ints, Table
from fairlead.tables.times import durations_ns, read_times

__all__ = ["job_features"]

_STATE = ("ended", "running", "waiting", "since_end_s", "since_submit_s", "geometric_mean_s")


def job_features(
    jobs: Any,
    *,
    by: str | Iterable[str] = ("user",),
    last: int = 2,
    quantiles: Iterable[float] = (0.5, 0.9),
    window: int = 20,
    weight: float = 0.3,
) -> Any:
    """What was known of earlier jobs when each job was submitted.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame
        ``submit_time`` (datetime or s), ``duration_s`` (s; missing: has not ended), and the columns
        of `by`. A job starts at ``start_time`` (missing: has not started), else
        ``recorded_wait_s`` after its submission, else at once; ``limit_s`` ends it.
    by : str or list of str, default ("user",)
        Columns whose histories to keep: ``user``, ``queue``, ``name``, ... The history of all jobs
        together, ``all``, is always there.
    last : int, default 2
        How many of the latest run times to give.
    quantiles : list of float, default (0.5, 0.9)
        Of the run times of the latest `window` jobs, with linear interpolation.
    window : int, default 20
    weight : float, default 0.3
        Of the newest run time in the exponentially weighted geometric mean.

    Returns
    -------
    DataFrame of the library of `jobs`
        One row a job, in input order, and for each history ``<by>_ended``, ``<by>_running``,
        ``<by>_waiting`` (jobs), ``<by>_since_end_s``, ``<by>_since_submit_s`` (s),
        ``<by>_geometric_mean_s`` (run times below 1 s count as 1 s), ``<by>_last1_s``, ... (the job
        that ended last first) and ``<by>_p50_s``, ... Missing where there is no such job yet, and
        where a job has no value in the column.

    Raises
    ------
    InvalidInputError
        A missing column, a job that starts before its submission, or a bad option.

    Notes
    -----
    A job sees the ends at or before its submission, and submissions and starts before it, neither
    its own nor those of the same instant. So the order of the rows does not matter, and nothing
    that ends, starts or is submitted later changes its features. The last two run times are those
    of Tsafrir's predictor [1]_. O(n log n) for each history.

    References
    ----------
    .. [1] Tsafrir, Etsion and Feitelson, "Backfilling using system-generated predictions rather
       than user runtime estimates", IEEE TPDS 18(6), 2007.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> jobs = pd.DataFrame(
    ...     {"submit_time": [0, 50, 100], "duration_s": [100, 100, 10], "user": ["a", "b", "a"]}
    ... )
    >>> made = fairlead.prediction.job_features(jobs)
    >>> made[["user_last1_s", "all_running", "all_since_submit_s"]]
       user_last1_s  all_running  all_since_submit_s
    0           NaN          0.0                 NaN
    1           NaN          1.0                50.0
    2         100.0          1.0                50.0
    """
    keys = [by] if isinstance(by, str) else list(by)
    probabilities = [float(p) for p in quantiles]
    _check(keys, last, probabilities, window, weight)
    table = Table(jobs, "jobs", "job_id")
    submit_ns, start_ns, end_ns = _times(table)
    columns: dict[str, Any] = {}
    for key in ["all", *keys]:
        group, groups = _groups(table, key)
        made = _core.job_history(
            submit_ns,
            start_ns,
            end_ns,
            group,
            groups=groups,
            last=last,
            weight=weight,
            window=window,
            probabilities=probabilities,
        )
        names = [*_STATE, *(f"last{k + 1}_s" for k in range(last))]
        names += [f"p{100 * p:g}_s" for p in probabilities]
        columns |= {f"{key}_{name}": values for name, values in zip(names, made, strict=True)}
    return to_native_like(columns, jobs, same_rows=True)


def _check(
    keys: list[str], last: Any, probabilities: list[float], window: Any, weight: Any
) -> None:
    for name, value, least in (("last", last, 0), ("window", window, 1)):
        if not isinstance(value, numbers.Integral) or not least <= int(value) <= MAX_VALUES:
            raise InvalidInputError(f"{name} must be a whole number from {least}, got {value!r}")
    if not all(0 <= p <= 1 for p in probabilities):
        raise InvalidInputError(f"quantiles must lie between 0 and 1, got {probabilities!r}")
    if not isinstance(weight, numbers.Real) or not 0 < float(weight) <= 1:
        raise InvalidInputError(f"weight must be above 0 and at most 1, got {weight!r}")
    for key in keys:
        if keys.count(key) > 1 or key == "all":
            raise InvalidInputError(f"two histories would be named {key!r}; drop or rename one")


def _times(table: Table) -> tuple[Ints, Ints, Ints]:
    """Submission, start and end of each job, ns; what has not come is the end of time."""
    submit_ns, missing, _ = read_times(table, "submit_time")
    if missing is not None:
        raise table.bad("submit_time", missing, "present", "drop the row or mend the cell")
    start_ns = submit_ns
    started = np.ones(table.n, dtype=bool)
    if "start_time" in table:
        start_ns, missing, _ = read_times(table, "start_time")
        started = started if missing is None else ~missing
        table.require(
            ~started | (start_ns >= submit_ns), "start_time", "at or after submit_time", "mend it"
        )
    elif "recorded_wait_s" in table:
        wait_ns = durations_ns(table, "recorded_wait_s")
        started = wait_ns >= 0
        start_ns = submit_ns + wait_ns
    run_ns = durations_ns(table, "duration_s")
    if "limit_s" in table:
        limit_ns = durations_ns(table, "limit_s")
        run_ns = np.where(limit_ns < 0, run_ns, np.minimum(run_ns, limit_ns))
    ended = started & (run_ns >= 0)
    later = np.full(table.n, _core.NOT_YET)
    return submit_ns, np.where(started, start_ns, later), np.where(ended, start_ns + run_ns, later)


def _groups(table: Table, key: str) -> tuple[Codes, int]:
    """The group of each job, -1 = none, and how many there are."""
    if key == "all":
        return np.zeros(table.n, dtype=np.int32), 1
    codes, names = table.codes(key)
    return codes, len(names)
