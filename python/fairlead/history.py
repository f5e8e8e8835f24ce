"""A history table as the first document's functions take it: of jobs, or of demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairlead.allocation.pools import pools_with
from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.management.observing import footprint
from fairlead.management.watching import main_resource
from fairlead.prediction import demand_series
from fairlead.prediction.intervals import freq_ns
from fairlead.tables import job_columns
from fairlead.tables.frames import Table
from fairlead.tables.times import read_times

__all__ = ["DEFAULT_NODE", "History", "Window", "last_jobs", "read_history", "unit_jobs"]

#: One node of the cluster that stands in where none is given.
DEFAULT_NODE: dict[str, Any] = {"gpus": 8, "cpus": 96, "memory_gib": 1024}

# More unit jobs than this are a sign that the demand is not counted in devices.
_MAX_UNIT_JOBS = 1_000_000
_NS = 1_000_000_000


@dataclass(frozen=True)
class Window:
    """The last intervals of a history.

    Attributes
    ----------
    end_ns, step_ns : int
        End of the history, and length of an interval (ns).
    intervals : int
    """

    end_ns: int
    step_ns: int
    intervals: int

    @property
    def begin_ns(self) -> int:
        """Start of the first interval (ns)."""
        return self.end_ns - self.intervals * self.step_ns


@dataclass(frozen=True)
class History:
    """A history as read: itself, its demand, what that is of, and the default nodes it needs."""

    table: pd.DataFrame
    demand: pd.DataFrame
    freq: Any
    resource: str
    nodes: int


def read_history(history: pd.DataFrame, resource: str | None, freq: Any) -> History:
    """Read a jobs table (``submit_time``) or a demand table (``ds``, ``y``).

    Raises
    ------
    InvalidInputError
        Neither, or a bad one.

    Examples
    --------
    >>> history = pd.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [9, 20]})
    >>> seen = read_history(history, None, None)
    >>> seen.resource, seen.nodes, seen.table["ds"].dtype.kind
    ('gpus', 3, 'M')
    """
    if "submit_time" in history:
        return _jobs_history(history, resource, freq)
    if {"ds", "y"} <= set(history.columns):
        return _demand_history(history, resource)
    raise InvalidInputError(
        "history_data must be a jobs table (submit_time, duration_s, gpus, ...) or a demand table "
        f"(ds, y); it has {', '.join(map(str, history.columns)) or 'no columns'}"
    )


def _jobs_history(history: pd.DataFrame, resource: str | None, freq: Any) -> History:
    columns = job_columns(history, need_duration=False)
    what = resource or main_resource(tuple(columns.requests))
    if not what:
        raise InvalidInputError("history_data: no job asks any resource; fill gpus or cpus")
    table = history.assign(submit_time=columns.time.to_frame_times(columns.submit_ns))
    step_ns = freq_ns(freq)
    end = columns.time.to_scalar((int(columns.submit_ns.max()) // step_ns + 1) * step_ns)
    series = {
        r: demand_series(table, freq, resource=r, until=end, at_end=True)
        for r in dict.fromkeys([what, *columns.requests])
    }
    nodes = max(_default_nodes(r, demand["y"].max()) for r, demand in series.items())
    if what in DEFAULT_NODE:
        one = Cluster.homogeneous(nodes=1, **DEFAULT_NODE)
        widest = footprint(columns, one, tuple(pools_with(one, what))).widest(np.inf)
        nodes = max(nodes, _default_nodes(what, float(widest[0])))
    return History(table, series[what], freq, what, nodes)


def _demand_history(history: pd.DataFrame, resource: str | None) -> History:
    read = Table(history, "history_data")
    ns, _, kind = read_times(read, "ds")
    table = history.assign(ds=kind.to_frame_times(ns), y=read.numbers("y").filled(np.nan))
    what, peak = resource or "gpus", table.groupby("ds")["y"].sum().max()
    return History(table, table, None, what, _default_nodes(what, peak))


def _default_nodes(resource: str, units: float) -> int:
    """Default nodes that hold so many units; at least one."""
    return max(1, int(np.ceil(round(units / DEFAULT_NODE.get(resource, np.inf), 9))))


def last_jobs(history: pd.DataFrame, cluster: Cluster, window: Window) -> pd.DataFrame:
    """The jobs submitted in the window.

    Raises
    ------
    InvalidInputError
        There are none.
    """
    columns = job_columns(history, cluster, need_duration=False)
    recent = (columns.submit_ns >= window.begin_ns) & (columns.submit_ns < window.end_ns)
    if not recent.any():
        raise InvalidInputError(
            f"history_data: no job was submitted in its last {window.intervals} intervals, "
            "which are to be replayed; give a longer forecast_horizon"
        )
    return history[recent].reset_index(drop=True)


def unit_jobs(
    history: pd.DataFrame, cluster: Cluster, window: Window, resource: str
) -> pd.DataFrame:
    """Jobs of one unit and one interval, as many in each interval as its demand rounds to.

    Raises
    ------
    InvalidInputError
        None at all, or too many.
    """
    ns, _, kind = read_times(Table(history, "history_data"), "ds")
    recent = (ns >= window.begin_ns) & (ns < window.end_ns)
    count = np.rint(history["y"].fillna(0.0).to_numpy(float)[recent]).astype(np.int64)
    if count.sum() > _MAX_UNIT_JOBS:
        raise InvalidInputError(
            f"history_data['y'] would become {count.sum():,} unit jobs in the last "
            f"{window.intervals} intervals, more than {_MAX_UNIT_JOBS:,}; use a larger unit"
        )
    if not count.any():
        raise InvalidInputError(
            f"history_data['y'] rounds to 0 in its last {window.intervals} intervals, which "
            "are to be replayed; give a longer forecast_horizon"
        )
    length_s = window.step_ns / _NS
    jobs = pd.DataFrame(
        {
            "submit_time": kind.to_frame_times(np.repeat(ns[recent], count)),
            "duration_s": length_s,
            "limit_s": length_s,
            resource: 1,
        }
    )
    pools = cluster.node_columns.pool_names
    if "unique_id" in history and set(history["unique_id"].astype(str)) <= set(pools):
        jobs["pool"] = np.repeat(history["unique_id"].astype(str).to_numpy()[recent], count)
    return jobs
