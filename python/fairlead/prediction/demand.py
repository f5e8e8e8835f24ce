"""Demand over time from a jobs table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_name, freq_ns
from fairlead.prediction.series import MAX_VALUES
from fairlead.tables import JobColumns, job_columns, to_native_like, unit_of
from fairlead.tables.frames import Bools, Codes, Ints, Table
from fairlead.tables.quantities import request_units

__all__ = ["demand_series"]

_LATEST_NS = int(np.iinfo(np.int64).max)
_UNLABELLED = "(none)"


def demand_series(
    jobs: Any,
    freq: Any = "1h",
    *,
    by: str | None = None,
    resource: str = "gpus",
    until: Any = None,
    run_times: Any = "limit",
    default_limit_s: float | None = None,
    ignore: Iterable[str] = (),
    at_end: bool = False,
) -> Any:
    """Mean units of a resource in use per interval, if capacity were unlimited.

    Every job is taken to start when it is submitted, and to run for its ``duration_s``, at most
    its ``limit_s``.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame
        ``submit_time`` (datetime or s), ``duration_s`` and ``limit_s`` (s, may be missing),
        ``tasks``, and the resource per task.
    freq : str, timedelta or s, default "1h"
        Length of the intervals. They start at whole multiples of it, counted from the epoch (UTC
        for zoned times) or from 0 s.
    by : str, optional
        Column that divides the jobs into series: ``pool``, ``queue``, ``user``, ... Jobs without a
        value there form the series ``(none)``. By default all jobs are one series, ``all``.
    resource : str, default "gpus"
        Column of the resource.
    until : datetime or s, optional
        What is known: jobs submitted then or later are left out, and a job that is not known to
        have ended by then is taken to run for its estimate, not its ``duration_s``. The series
        ends with the last whole interval before. By default the series runs to the last end; mind
        that after the last submission a log only empties.
    run_times : {"limit", "actual"}, column name, array of s, or object with ``run_time_s``
        The estimate of jobs that have not ended, as for ``schedule``.
    default_limit_s : float, optional
        Estimate (s) of jobs without a limit, with ``run_times="limit"``. Without an estimate a job
        that has not ended counts up to `until`.
    ignore : iterable of str
        Columns to leave out although they are filled and not honoured yet.
    at_end : bool, default False
        Add ``y_end``, the units in use at the end of each interval. With it `predict` starts from
        where demand stands, not from the mean of the last interval.

    Returns
    -------
    DataFrame of the library of `jobs`
        ``unique_id`` (text), ``ds`` (start of the interval, in the kind of ``submit_time``), ``y``
        (units), and with `at_end` ``y_end`` (units). All series cover the same intervals; no rows
        if no job was submitted by `until`. A pandas frame carries the resource along in ``attrs``.

    Raises
    ------
    InvalidInputError
        The resource or `by` column is missing, a job has neither duration nor estimate, or there
        would be more than 200 million values.

    Notes
    -----
    Areas are summed in integers (unit-nanoseconds, 128 bit); only the division at the end rounds.
    O(n_jobs + intervals * series).

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> jobs = pd.DataFrame({"submit_time": [0, 1800], "duration_s": [5400, 3600], "gpus": [2, 4]})
    >>> fairlead.demand_series(jobs, freq="1h")
      unique_id      ds    y
    0       all     0.0  4.0
    1       all  3600.0  3.0
    >>> fairlead.demand_series(jobs, freq="1h", at_end=True)["y_end"].tolist()
    [6.0, 0.0]
    """
    table = Table(jobs, "jobs", "job_id")
    ignored = [ignore] if isinstance(ignore, str) else list(ignore)
    columns = job_columns(
        jobs,
        run_times=run_times,
        default_limit_s=default_limit_s,
        ignore=[*ignored, by] if by is not None and by in table else ignored,
        need_duration=False,
    )
    units = _units(table, columns, resource)
    step_ns = freq_ns(freq)
    until_ns = None if until is None else columns.time.to_ns(until, "until")
    known = columns.submit_ns < (_LATEST_NS if until_ns is None else until_ns)
    start_ns, end_ns = columns.submit_ns[known], _ends(table, columns, until_ns)[known]
    group, names = _groups(table, by, known)
    origin_ns, intervals = _grid(start_ns, end_ns, step_ns, until_ns)
    if intervals * len(names) > MAX_VALUES:
        raise InvalidInputError(
            f"{len(names)} series of {intervals:,} intervals are too many; give a freq longer than "
            f"{freq_name(step_ns)}, or until="
        )
    used = _core.use_by_interval(
        start_ns,
        end_ns,
        units[known],
        group,
        groups=len(names),
        origin_ns=origin_ns,
        step_ns=step_ns,
        intervals=intervals,
        unit=unit_of(resource),
    )
    ds = columns.time.to_frame_times(origin_ns + step_ns * np.arange(intervals, dtype=np.int64))
    tiled = ds[np.tile(np.arange(intervals), len(names))]
    made = {
        "unique_id": np.repeat(np.array(names, dtype=object), intervals),
        "ds": tiled,
        "y": used["mean"],
    }
    if at_end:
        made["y_end"] = used["at_end"]
    frame = to_native_like(made, jobs)
    if isinstance(frame, pd.DataFrame):
        frame.attrs["resource"] = resource
    return frame


def _units(table: Table, columns: JobColumns, resource: str) -> Ints:
    """What each job asks over all its tasks, in integer units."""
    if resource not in table:
        asked = ", ".join(columns.requests) or "nothing"
        raise InvalidInputError(
            f"jobs has no column {resource!r}; its jobs ask {asked}; choose with resource="
        )
    units = columns.requests.get(resource)
    if units is None:  # all zero, or a resource that only nodes declare
        units = request_units(table, resource)
    if units is None:
        return np.zeros(columns.n, dtype=np.int64)
    whole: Ints = units if columns.tasks is None else units * columns.tasks
    return whole


def _ends(table: Table, columns: JobColumns, until_ns: int | None) -> Ints:
    """When each job ends as far as is known at `until_ns`; at the latest the end of time."""
    missing = np.full(columns.n, -1, dtype=np.int64)
    duration = missing if columns.duration_ns is None else columns.duration_ns
    limit = missing if columns.limit_ns is None else columns.limit_ns
    run = np.where(limit < 0, duration, np.minimum(duration, limit))
    room = _LATEST_NS - np.maximum(columns.submit_ns, 0)
    ends: Ints = columns.submit_ns + np.minimum(run, room)
    ended = (run >= 0) & (ends <= (_LATEST_NS if until_ns is None else until_ns))
    if ended.all():
        return ends

    estimate = columns.estimate_ns
    if until_ns is None:
        needed = "present, or a limit_s or other estimate in its place"
        table.require(ended | (estimate >= 0), _duration(table), needed, "fill it or give until=")
        until_ns = -_LATEST_NS
    expected = columns.submit_ns + np.minimum(np.maximum(estimate, 0), room)
    # A job that is known to run beyond `until` uses the resource at least until then, and then.
    runs_on = (run >= 0) | (estimate < 0)
    expected = np.where(runs_on, np.maximum(expected, until_ns + 1), expected)
    ends = np.where(ended, ends, np.maximum(expected, columns.submit_ns))
    return ends


def _duration(table: Table) -> str:
    return "duration_s" if "duration_s" in table else "submit_time"


def _groups(table: Table, by: str | None, known: Bools) -> tuple[Codes, list[str]]:
    """The series of each known job, and the names of the series in ascending order."""
    if by is None:
        return np.zeros(int(known.sum()), dtype=np.int32), ["all"] if known.any() else []
    codes, texts = table.codes(by)
    names = list(texts)
    present = [code for code in np.unique(codes[known]).tolist() if code >= 0]
    if table.series(by).dtype.is_numeric():
        names = [f"{float(text):.15g}" for text in texts]
        present.sort(key=lambda code: float(texts[code]))
    else:
        present.sort(key=lambda code: texts[code])
    place = np.full(len(texts) + 1, len(present), dtype=np.int32)  # the last place: no label
    place[present] = np.arange(len(present))
    group = place[codes[known]]
    unlabelled = [_UNLABELLED] if (group == len(present)).any() else []
    return group, [names[code] for code in present] + unlabelled


def _grid(start_ns: Ints, end_ns: Ints, step_ns: int, until_ns: int | None) -> tuple[int, int]:
    """Start of the first interval, and how many there are."""
    if len(start_ns) == 0:
        return 0, 0
    first = int(start_ns.min()) // step_ns
    if until_ns is not None:
        return first * step_ns, until_ns // step_ns - first
    # An end on a boundary opens no interval, but the one with the last submission is there.
    last = max((int(end_ns.max()) - 1) // step_ns, int(start_ns.max()) // step_ns)
    return first * step_ns, last + 1 - first
