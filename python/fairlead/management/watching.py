"""A schedule seen as time series: what a monitor would have sampled while it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import DEVICES, TimeKind, ns_to_seconds, to_pandas
from fairlead.tables.frames import Table
from fairlead.tables.times import read_times

__all__ = ["Samples", "Watch", "main_resource", "watch"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NS = 1_000_000_000
# Sampling intervals to choose from (s), and the samples that are enough for a picture and a rule.
_INTERVALS_S = (60, 300, 900, 3600, 4 * 3600, 86400)
_ENOUGH = 5000


@dataclass(frozen=True, eq=False)
class Samples:
    """Metrics sampled at increasing times; what alert rules are judged on.

    Attributes
    ----------
    time_ns : int64 array
        When each sample was complete: the end of its interval.
    series : dict of str to array
        Metric -> value per sample; NaN where there is nothing to measure.
    kind : TimeKind
        What the times are to the user.
    """

    time_ns: Ints
    series: dict[str, Floats]
    kind: TimeKind

    def frame(self) -> pd.DataFrame:
        """All series, one row a sample."""
        return pd.DataFrame({"time": self.kind.to_frame_times(self.time_ns), **self.series})


@dataclass(frozen=True, eq=False)
class Watch(Samples):
    """A schedule's metrics at regular times, and the exact step function they were taken from.

    Attributes
    ----------
    time_ns, series, kind
        As in `Samples`.
    resources : tuple of str
    main : str
        The resource that plain ``utilisation`` is of.
    step_s : array
        Length of each row of the step function (s).
    steps : DataFrame
        The schedule's step function: ``running``, ``waiting``, ``used_*``, ``capacity_*``.
    """

    resources: tuple[str, ...]
    main: str
    step_s: Floats
    steps: pd.DataFrame


def watch(schedule: Any, every_s: float | None = None) -> Watch:
    """Sample a schedule: time-weighted means per interval, from its exact step function."""
    steps = to_pandas(schedule.utilisation, "utilisation")
    if steps.empty:
        raise InvalidInputError("the schedule has no utilisation rows: nothing was submitted")
    times, _, kind = read_times(Table(steps, "utilisation"), "time")
    resources = tuple(c.removeprefix("used_") for c in steps.columns if c.startswith("used_"))
    edges = _edges(times, every_s)
    means = {
        column: _means(times, steps[column].to_numpy(float), edges)
        for column in steps.columns
        if column != "time"
    }
    main = main_resource(resources)
    series = {"running": means["running"], "waiting": means["waiting"]}
    for r in resources:
        series[f"utilisation_{r}"] = _ratio(means[f"used_{r}"], means[f"capacity_{r}"])
        series[f"idle_{r}"] = np.maximum(means[f"capacity_{r}"] - means[f"used_{r}"], 0.0)
    if main:
        series["utilisation"] = series[f"utilisation_{main}"]
    jobs = to_pandas(schedule.jobs, "jobs")
    series["oldest_wait_s"] = _oldest_wait(jobs, edges[1:])
    series["lost_frac"] = _lost_frac(jobs, edges)
    step_s = ns_to_seconds(np.diff(times, append=times[-1]))
    return Watch(edges[1:], series, kind, resources, main, step_s, steps)


def main_resource(resources: tuple[str, ...]) -> str:
    """Devices before processors before anything else; empty if there are none.

    Examples
    --------
    >>> main_resource(("cpus", "memory_gib", "gpus"))
    'gpus'
    """
    preferred = [r for r in (*DEVICES, "cpus") if r in resources]
    return next(iter((*preferred, *resources)), "")


def _edges(times: Ints, every_s: float | None) -> Ints:
    """Interval ends, the first entry being where the first interval starts."""
    span = int(times[-1] - times[0])
    if every_s is None:
        every_s = next((s for s in _INTERVALS_S if span <= s * _NS * _ENOUGH), _INTERVALS_S[-1])
    every = round(every_s * _NS)
    if every <= 0:
        raise InvalidInputError(f"every_s must be seconds above 0; got {every_s!r}")
    edges = np.arange(times[0], times[-1] + 1, every, dtype=np.int64)
    return np.append(edges, times[-1]) if edges[-1] < times[-1] or edges.size == 1 else edges


def _means(times: Ints, values: Floats, edges: Ints) -> Floats:
    """Time-weighted means of a step function between edges; its last value in an empty interval."""
    at = ns_to_seconds(times - times[0])
    area = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(at))])
    bounds = ns_to_seconds(edges - times[0])
    width = np.diff(bounds)
    total = np.diff(np.interp(bounds, at, area))
    filled: Floats = np.where(width > 0, total / np.where(width > 0, width, 1.0), values[-1])
    return filled


def _ratio(top: Floats, bottom: Floats) -> Floats:
    ratio: Floats = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
    return ratio


def _column_ns(jobs: pd.DataFrame, column: str) -> tuple[Ints, NDArray[np.bool_]]:
    ns, missing, _ = read_times(Table(jobs, "jobs"), column)
    return ns, np.zeros(len(jobs), dtype=bool) if missing is None else missing


def _oldest_wait(jobs: pd.DataFrame, at: Ints) -> Floats:
    """Age of the oldest waiting job at each time (s); 0 with nobody waiting.

    With jobs in order of submission and M the running maximum of when they stop waiting, the oldest
    that waits at t is the first with M > t: all before it have stopped.
    """
    counted = (jobs["status"] != "infeasible").to_numpy(bool)
    if not counted.any():
        return np.zeros(at.size)
    own = jobs[counted]
    submit, _ = _column_ns(own, "submit_time")
    start, unstarted = _column_ns(own, "start_time")
    end, unended = _column_ns(own, "end_time")
    never = np.iinfo(np.int64).max
    until = np.where(unstarted, np.where(unended, never, end), start)
    order = np.argsort(submit, kind="stable")
    submit, until = submit[order], np.maximum.accumulate(until[order])
    oldest = np.searchsorted(until, at, side="right")
    known = oldest < submit.size
    since = submit[np.minimum(oldest, submit.size - 1)]
    age = np.where(known & (since <= at), at - since, 0)
    return np.asarray(age / _NS, dtype=np.float64)


def _lost_frac(jobs: pd.DataFrame, edges: Ints) -> Floats:
    """Of the jobs that ended in each interval, the part that failed or ran into its limit."""
    end, unended = _column_ns(jobs, "end_time")
    ran = ~unended & jobs["status"].isin(["completed", "timeout", "failed"]).to_numpy(bool)
    lost = ran & (jobs["status"] != "completed").to_numpy(bool)
    # An end exactly at an edge belongs to the interval that ends there.
    ended, gone = (
        np.diff(np.searchsorted(np.sort(end[rows]), edges, side="right")) for rows in (ran, lost)
    )
    return _ratio(gone.astype(float), ended.astype(float))
