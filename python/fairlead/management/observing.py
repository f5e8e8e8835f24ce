"""What can be known of a running cluster at one instant, and nothing of what comes after.

The true run time of a job enters only once the job has ended; until then its estimate stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead import _core
from fairlead.allocation.pools import Pool
from fairlead.cluster import Cluster
from fairlead.tables import DEVICES, NAT, JobColumns, unit_of

if TYPE_CHECKING:
    from fairlead.scheduling import Schedule

__all__ = ["Footprint", "Observation", "Observer", "footprint"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NS = 1_000_000_000
_DEVICE = 1000  # units of one whole device


@dataclass(frozen=True, eq=False)
class Footprint:
    """What jobs take of their pool, in units of the planned resource.

    Attributes
    ----------
    pool : int array
        Index into the planned pools; -1: no node there has room for one task.
    share : float array
        The largest part of a node that the job's tasks need of any resource, in units of the
        planned one: a job that fills the processors of a node takes all of its GPUs.
    least : float array
        Units of the fewest whole nodes that the job can ever start on.
    """

    pool: NDArray[np.intp]
    share: Floats
    least: Floats

    def widest(self, within: Any) -> Floats:
        """Units of the largest `least` per pool, leaving out jobs above what is given per pool."""
        limits = np.atleast_1d(np.asarray(within, dtype=float))
        widest = np.zeros(limits.size)
        counted = (self.pool >= 0) & (self.least <= limits[self.pool])
        np.maximum.at(widest, self.pool[counted], self.least[counted])
        return widest


def footprint(columns: JobColumns, cluster: Cluster, pools: tuple[Pool, ...]) -> Footprint:
    """What each job takes; a job that names no pool is measured on the largest one."""
    nodes = cluster.node_columns
    names = [pool.name for pool in pools]
    largest = int(np.argmax([pool.capacity for pool in pools]))
    wanted = np.full(columns.n, largest, dtype=np.intp)
    if columns.pool is not None:
        place = [names.index(name) if name in names else -1 for name in columns.pool_names]
        wanted = np.array([*place, largest], dtype=np.intp)[columns.pool]
    tasks = np.ones(columns.n) if columns.tasks is None else columns.tasks.astype(float)
    share, least = np.zeros(columns.n), np.zeros(columns.n)
    for p, pool in enumerate(pools):
        row = int(np.flatnonzero(nodes.pool == nodes.pool_names.index(pool.name))[0])
        node = dict(zip(nodes.resources, nodes.capacity[row], strict=True))
        rows = np.flatnonzero(wanted == p)
        part, per_node = _of_node(columns, node, rows)
        if columns.tasks_per_node is not None:
            spread = columns.tasks_per_node[rows]
            per_node = np.where(spread > 0, np.minimum(per_node, spread), per_node)
        fits = per_node >= 1
        share[rows] = tasks[rows] * part * pool.per_node
        whole = np.ceil(tasks[rows] / np.maximum(per_node, 1)) * pool.per_node
        least[rows] = share[rows] if pool.divisible else whole
        wanted[rows[~fits]] = -1
    return Footprint(wanted, share, least)


def _of_node(columns: JobColumns, node: dict[str, Any], rows: Any) -> tuple[Floats, Floats]:
    """The dominant part of a node that a task of each row takes, and how many tasks fit one."""
    part, fit = np.zeros(rows.size), np.full(rows.size, np.inf)
    for resource, requests in columns.requests.items():
        asked, have = requests[rows].astype(float), float(node.get(resource, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            taken = np.where(asked > 0, asked / have, 0.0)
            room = np.floor(have / asked)
            if resource in DEVICES:
                # Shares do not reach from one device to the next.
                shared = np.floor(_DEVICE / asked) * (have / _DEVICE)
                room = np.where(asked < _DEVICE, shared, room)
        part = np.maximum(part, taken)
        fit = np.minimum(fit, np.where(asked > 0, room, np.inf))
    return part, fit


@dataclass(frozen=True, eq=False)
class Observation:
    """The cluster at one instant.

    Attributes
    ----------
    time_ns : int
    demand : DataFrame
        ``unique_id``, ``ds``, ``y``, ``y_end``: units that would have been in use with unlimited
        capacity, per interval up to now and at its end.
    backlog : dict of pool to float
        Units that running and waiting jobs take together, where any waits; else 0.
    sample : dict of str to float
        Metrics for alert rules: ``running``, ``waiting``, ``oldest_wait_s`` now; ``used_<r>`` and
        ``lost_frac`` over the interval since the last observation.
    """

    time_ns: int
    demand: pd.DataFrame
    backlog: dict[str, float]
    sample: dict[str, float]


class Observer:
    """Makes observations of a schedule in the making, each from what has happened by then.

    Parameters
    ----------
    columns : JobColumns
        The jobs, also those to come; only what is known at the time of an observation is used.
    cluster : Cluster
    pools : tuple of Pool
        The pools to be planned.
    resource : str
        The resource to be planned.
    by_pool : bool
        Demand as one series a pool; else one series ``all``.
    step_ns, keep : int
        Length of a demand interval (ns), and how many to keep at the most.
    """

    def __init__(
        self,
        columns: JobColumns,
        cluster: Cluster,
        pools: tuple[Pool, ...],
        resource: str,
        *,
        by_pool: bool,
        step_ns: int,
        keep: int,
    ) -> None:
        self._columns, self._pools, self._resource = columns, pools, resource
        self._names = [pool.name for pool in pools] if by_pool else ["all"]
        self._foot = footprint(columns, cluster, pools)
        tasks = 1 if columns.tasks is None else columns.tasks.astype(np.int64)
        self._use = {r: units * tasks for r, units in columns.requests.items()}
        self._amount = self._use.get(resource, np.zeros(columns.n, dtype=np.int64))
        group = self._foot.pool if by_pool else np.minimum(self._foot.pool, 0)
        self._group = group.astype(np.int32)
        self._step_ns, self._keep = step_ns, keep
        self._first_ns = int(columns.submit_ns.min()) // step_ns * step_ns

    def look(self, schedule: Schedule, now_ns: int) -> Observation:
        """Observe a schedule that has run until `now_ns`."""
        submit, start, end = (
            schedule.times.submit_ns,
            schedule.times.start_ns,
            schedule.times.end_ns,
        )
        status = schedule.jobs["status"]
        here = (submit <= now_ns) & (self._foot.pool >= 0)
        here &= (status != "infeasible").to_numpy(bool)
        started, ended = start != NAT, end != NAT
        waiting, running = here & ~started & ~ended, here & started & ~ended
        since = now_ns - self._step_ns
        recent = ended & (end > since)
        lost = recent & status.isin(["timeout", "failed"]).to_numpy(bool)
        done = lost | (recent & (status == "completed").to_numpy(bool))
        sample = {
            "running": float(running.sum()),
            "waiting": float(waiting.sum()),
            "oldest_wait_s": (now_ns - int(submit[waiting].min(initial=now_ns))) / _NS,
            "lost_frac": float(lost.sum() / done.sum()) if done.any() else float("nan"),
        }
        held = np.zeros(start.size)
        live = running | (recent & started)
        until = np.where(ended[live], end[live], now_ns)
        held[live] = np.minimum(until, now_ns) - np.maximum(start[live], since)
        for r, units in self._use.items():
            sample[f"used_{r}"] = float(units @ held) / unit_of(r) / self._step_ns
        return Observation(
            time_ns=now_ns,
            demand=self.demand(schedule, now_ns, self._keep),
            backlog=self._backlog(running, waiting),
            sample=sample,
        )

    def _backlog(self, running: Bools, waiting: Bools) -> dict[str, float]:
        """Per pool the volume of all work at hand, at least what its widest waiting job needs."""
        backlog = {}
        for p, pool in enumerate(self._pools):
            queued = waiting & (self._foot.pool == p)
            volume = float(self._foot.share[queued | (running & (self._foot.pool == p))].sum())
            widest = float(self._foot.least[queued].max(initial=0.0))
            backlog[pool.name] = max(volume, widest) if queued.any() else 0.0
        return backlog

    def demand(self, schedule: Schedule, now_ns: int, keep: int | None = None) -> pd.DataFrame:
        """Demand up to now, each job from its submission for as long as is known of it.

        ``unique_id``, ``ds``, ``y``, ``y_end``; of the last `keep` intervals only.
        """
        submit, start, end = (
            schedule.times.submit_ns,
            schedule.times.start_ns,
            schedule.times.end_ns,
        )
        started, ended = start != NAT, end != NAT
        counted = (submit <= now_ns) & (self._foot.pool >= 0) & (started | ~ended)
        counted &= (schedule.jobs["status"] != "infeasible").to_numpy(bool)
        run = np.where(started & ended, end - start, 0)
        known = run[started & ended]
        typical = int(np.median(known)) if known.size else self._step_ns
        estimate = np.where(self._columns.estimate_ns >= 0, self._columns.estimate_ns, typical)
        so_far = np.where(started, now_ns - start, 0)
        run = np.where(started & ended, run, np.maximum(estimate, so_far))
        whole = (now_ns - self._first_ns) // self._step_ns
        intervals = whole if keep is None else min(whole, keep)
        origin = self._first_ns + (whole - intervals) * self._step_ns
        # Later than now does not matter, and an estimate may be longer than int64 has room for.
        over = (run < now_ns - submit) | (ended & (run == now_ns - submit))
        until = np.where(over, submit + np.maximum(run, 0), now_ns + 1)
        rows = np.flatnonzero(counted & (until > origin))
        used = _core.use_by_interval(
            submit[rows],
            until[rows],
            self._amount[rows],
            np.ascontiguousarray(self._group[rows]),
            groups=len(self._names),
            origin_ns=origin,
            step_ns=self._step_ns,
            intervals=intervals,
            unit=unit_of(self._resource),
        )
        ds = self._columns.time.to_frame_times(
            origin + self._step_ns * np.arange(intervals, dtype=np.int64)
        )
        frame = pd.DataFrame(
            {
                "unique_id": np.repeat(np.array(self._names, dtype=object), intervals),
                "ds": np.tile(ds, len(self._names)) if len(self._names) > 1 else ds,
                "y": used["mean"],
                "y_end": used["at_end"],
            }
        )
        frame.attrs["resource"] = self._resource
        return frame
