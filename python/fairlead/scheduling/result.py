"""What a simulation decided: one row a job, and everything else when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairlead import _core
from fairlead.cluster import Cluster
from fairlead.printed import Printed
from fairlead.scheduling import measures
from fairlead.scheduling.policy import PolicySpec
from fairlead.scheduling.saving import SCHEMA, write_schedule
from fairlead.tables import (
    Coded,
    JobColumns,
    NodeColumns,
    TextIds,
    device_names,
    to_native_like,
    trace_hash,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STATUSES", "Schedule"]

#: Codes of the core's JobStatus.
STATUSES = ("waiting", "running", "infeasible", "completed", "timeout", "failed", "cancelled")


@dataclass(frozen=True, eq=False)
class Schedule(Printed):
    """All starts and placements, with metrics; a snapshot that nothing changes any more.

    Attributes
    ----------
    cluster : Cluster
    policy : PolicySpec
        The policy taken apart.
    seed : int
    planned : dict of str to str
        ``run_times`` and ``correction``: what plans were made with.
    """

    cluster: Cluster
    policy: PolicySpec
    seed: int
    planned: dict[str, str]
    _core: _core.Simulation = field(repr=False)
    _like: Any = field(repr=False)
    _columns: tuple[JobColumns, ...] = field(repr=False)

    # ---- frames -----------------------------------------------------------------------------

    @cached_property
    def jobs(self) -> Any:
        """One row a job, in input order, in the kind of frame that came.

        ``job_id``, ``submit_time``, ``start_time``, ``end_time`` (missing where there is none),
        ``wait_s``, ``turnaround_s`` (s), ``status``, ``reason`` (what keeps a job from running, or
        why it failed), ``node`` (of jobs on one node), ``attempts``.
        """
        out = self._outcomes
        kind = self._columns[0].time
        waits, turnarounds = measures.waits_s(self.times), measures.turnarounds_s(self.times)
        columns = {
            "job_id": self.job_id.copy(),
            "submit_time": kind.to_frame_times(self.times.submit_ns),
            "start_time": kind.to_frame_times(out["start_ns"]),
            "end_time": kind.to_frame_times(out["end_ns"]),
            "wait_s": waits,
            "turnaround_s": turnarounds,
            "status": Coded(out["status"], STATUSES),
            "reason": Coded(out["reason"], out["reasons"]),
            "node": Coded(out["node"], self._nodes.node_id),
            "attempts": out["attempts"].copy(),
        }
        return to_native_like(columns, self._like, same_rows=len(self._columns) == 1)

    @cached_property
    def placements(self) -> Any:
        """One row a task and attempt: ``job_id``, ``attempt``, ``task``, ``node``, ``devices``.

        ``devices`` reads ``gpus:0,gpus:1``; it is empty where the job asks none.
        """
        raw = self._core.placements()
        columns = {
            "job_id": self.job_id[raw["job"]],
            "attempt": raw["attempt"],
            "task": raw["task"],
            "node": Coded(raw["node"], self._nodes.node_id, category=False),
            "devices": device_names(raw, self._nodes),
        }
        return to_native_like(columns, self._like)

    @cached_property
    def events(self) -> Any:
        """What happened, in order of time: ``time``, ``kind``, ``job_id``, ``attempt``.

        Kinds: ``submit``, ``start``, and how an attempt ended: ``completed``, ``timeout``,
        ``failed``, ``cancelled``, ``requeued``.
        """
        columns = measures.event_columns(self._runs, self.times)
        kind = self._columns[0].time
        frame = {
            "time": kind.to_frame_times(columns["time_ns"]),
            "kind": Coded(columns["kind"], measures.EVENT_KINDS, category=False),
            "job_id": self.job_id[columns["job"]],
            "attempt": columns["attempt"],
        }
        return to_native_like(frame, self._like)

    @cached_property
    def utilisation(self) -> Any:
        """The cluster over time as a step function; one row a change, holding until the next.

        ``time``, ``running`` and ``waiting`` (jobs), and for each resource ``used_<resource>`` and
        ``capacity_<resource>`` in user units.
        """
        steps = measures.utilisation_steps(self.usage, self._runs, self.times, self._capacity)
        kind = self._columns[0].time
        frame = {"time": kind.to_frame_times(steps.pop("time_ns")), **steps}
        return to_native_like(frame, self._like)

    # ---- numbers ----------------------------------------------------------------------------

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Means over the jobs that started (waits) and ended (the rest), in seconds.

        ``mean_wait_s``, ``median_wait_s``, ``p95_wait_s``, ``mean_turnaround_s``,
        ``mean_bounded_slowdown`` (bound 10 s), ``makespan_s`` (first submission to last end),
        ``utilisation`` (resource to share of the capacity in service that jobs held), ``counts``
        (status to number of jobs), ``node_hours``, ``cost_usd`` (None without prices).
        """
        counts = np.bincount(self._outcomes["status"], minlength=len(STATUSES))
        return {
            **measures.wait_metrics(self.times),
            "utilisation": measures.mean_utilisation(
                self.usage, self._runs, self.times, self._capacity
            ),
            "counts": {name: int(counts[i]) for i, name in enumerate(STATUSES) if counts[i]},
            **measures.cost_metrics(self._capacity, self.times, self._nodes),
        }

    @cached_property
    def header(self) -> dict[str, Any]:
        """What made this schedule, so that it can be made again."""
        return {
            "policy": self.policy.name,
            "order": self.policy.order_name,
            "backfill": self.policy.backfill,
            "backfill_order": self.policy.backfill_order,
            "placement": self.policy.placement,
            "params": dict(self.policy.params),
            "tie_rule": "submission, then row",
            **self.planned,
            "seed": self.seed,
            "clairvoyant": any(part.clairvoyant for part in self._columns),
            "trace_hash": trace_hash(
                {str(i): trace_hash(part) for i, part in enumerate(self._columns)}
            ),
            "version": _core.__version__,
            "schema": SCHEMA,
        }

    # ---- for people -------------------------------------------------------------------------

    def summary(self) -> str:
        """A few lines for people.

        Examples
        --------
        >>> import pandas as pd
        >>> from fairlead import Cluster, schedule
        >>> jobs = pd.DataFrame({"submit_time": [0], "duration_s": [60], "limit_s": [60]})
        >>> print(schedule(jobs.assign(cpus=4), Cluster.homogeneous(nodes=1, cpus=8)).summary())
        easy (order fcfs, backfill easy by queue, placement first_fit)
          1 job: 1 completed
          wait: mean 0 s, median 0 s, 95 % 0 s; bounded slowdown: mean 1.00
          makespan 1 min; utilisation: cpus 50.0 %
        """
        return measures.summary_text(self)

    def plot(self) -> Figure:
        """Used and available capacity, queue and waits over time (matplotlib)."""
        from fairlead.report.plots import plot_schedule

        return plot_schedule(self)

    def to_parquet(self, path: str | PathLike[str]) -> None:
        """Write `jobs` and `header` as one Parquet file; `read_schedule` reads it back.

        Raises
        ------
        BackendUnavailableError
            PyArrow is not installed.
        """
        write_schedule(self, path)

    def __repr__(self) -> str:
        return f"Schedule({self.policy.name}, {len(self.job_id)} jobs)"

    # ---- columns below ----------------------------------------------------------------------

    @cached_property
    def job_id(self) -> NDArray[Any] | TextIds:
        """The jobs' identifiers, in input order."""
        parts = [part.job_id for part in self._columns]
        return parts[0] if len(parts) == 1 else np.concatenate([np.asarray(ids) for ids in parts])

    @cached_property
    def times(self) -> measures.JobTimes:
        """Submission, start and end of every job in ns."""
        out = self._outcomes
        parts = [part.submit_ns for part in self._columns]
        submit_ns = parts[0] if len(parts) == 1 else np.concatenate(parts)
        now_ns = self._core.now_ns
        infeasible = out["status"] == STATUSES.index("infeasible")
        return measures.JobTimes(submit_ns, out["start_ns"], out["end_ns"], now_ns, infeasible)

    @cached_property
    def usage(self) -> dict[str, NDArray[Any]]:
        """Units of each resource that every job holds while it runs."""
        return measures.usage_of(self._columns)

    @cached_property
    def _outcomes(self) -> dict[str, Any]:
        return self._core.outcomes()

    @cached_property
    def _runs(self) -> dict[str, NDArray[Any]]:
        return self._core.runs()

    @cached_property
    def _capacity(self) -> measures.Capacity:
        return measures.Capacity.of(self._core.capacity(), self._nodes)

    @property
    def _nodes(self) -> NodeColumns:
        return self.cluster.node_columns
