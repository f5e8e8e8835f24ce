"""Waits, slowdowns, utilisation and cost of a schedule, as whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairlead.tables import NAT, JobColumns, NodeColumns, clock, spans_s, unit_of

if TYPE_CHECKING:
    from fairlead.scheduling.result import Schedule

__all__ = ["Capacity", "JobTimes", "bounded_slowdowns"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Run times below this count as this long, so that tiny jobs do not rule the mean (Feitelson 2001).
SLOWDOWN_BOUND_S = 10.0

_NS_PER_HOUR = 3.6e12

#: What happens to a job: the core's outcomes of an attempt by their codes, then the rest.
EVENT_KINDS = ("completed", "timeout", "failed", "cancelled", "requeued", "submit", "start")
_RUNNING, _REQUEUED, _SUBMIT, _START = -1, 4, 5, 6


@dataclass(frozen=True, eq=False)
class JobTimes:
    """Times of every job in ns; `NAT` where there is none.

    Attributes
    ----------
    submit_ns, start_ns, end_ns : int64 array
    now_ns : int
        The instant the schedule was taken at.
    infeasible : bool array
        Jobs that could never run: they wait for nothing.
    """

    submit_ns: Ints
    start_ns: Ints
    end_ns: Ints
    now_ns: int
    infeasible: NDArray[np.bool_]

    def window(self) -> tuple[int, int]:
        """First submission and last end (now, while jobs run), ns."""
        begin = int(self.submit_ns.min(initial=np.iinfo(np.int64).max))
        ended = self.end_ns != NAT
        running = (self.start_ns != NAT) & ~ended
        end = int(self.end_ns.max(initial=NAT))
        end = max(end, self.now_ns) if running.any() else end
        return (begin, end) if end > begin else (begin, begin)


@dataclass(frozen=True, eq=False)
class Capacity:
    """Capacity in service as a step function.

    Attributes
    ----------
    time_ns : int64 array
        When each step begins.
    online : dict of str to int64 array
        Integer units of each resource.
    paid_nodes, usd_per_hour : float64 array
    """

    time_ns: Ints
    online: dict[str, Ints]
    paid_nodes: Floats
    usd_per_hour: Floats

    @classmethod
    def of(cls, raw: dict[str, Any], nodes: NodeColumns) -> Capacity:
        """From the samples of the core, whose counted resources come before the devices."""
        counted = [
            r for r, kind in zip(nodes.resources, nodes.kinds, strict=True) if kind == "counted"
        ]
        devices = [r for r in nodes.resources if r not in counted]
        table = raw["online"].reshape(-1, len(nodes.resources))
        columns = {name: table[:, i] for i, name in enumerate([*counted, *devices])}
        online = {name: columns[name] for name in nodes.resources}
        return cls(raw["time_ns"], online, raw["paid_nodes"], raw["usd_per_hour"])

    def integral(self, values: Any, window: tuple[int, int]) -> float:
        """Of a step function over a window, in value times ns."""
        edges = np.clip(np.append(self.time_ns, window[1]), *window)
        return float(np.asarray(values, dtype=np.float64) @ np.diff(edges).astype(np.float64))


def waits_s(times: JobTimes) -> Floats:
    """From submission to (last) start, s."""
    return spans_s(times.start_ns, times.submit_ns)


def turnarounds_s(times: JobTimes) -> Floats:
    """From submission to end, s; missing for jobs that never started."""
    spans = spans_s(times.end_ns, times.submit_ns)
    spans[times.start_ns == NAT] = np.nan
    return spans


def bounded_slowdowns(times: JobTimes) -> Floats:
    """max(1, turnaround / max(run time, 10 s)) of the jobs that ended.

    References
    ----------
    .. [1] D. G. Feitelson, "Metrics for parallel job scheduling and their convergence", JSSPP 2001.
    """
    turnaround = turnarounds_s(times)
    run = spans_s(times.end_ns, times.start_ns)
    slowdown: Floats = np.maximum(1.0, turnaround / np.maximum(run, SLOWDOWN_BOUND_S))
    return slowdown


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def wait_metrics(times: JobTimes) -> dict[str, float]:
    """The scalar metrics over jobs that started (waits) or ended (the rest)."""
    waits = waits_s(times)
    waits = waits[~np.isnan(waits)]
    turnarounds = turnarounds_s(times)
    slowdowns = bounded_slowdowns(times)
    begin, end = times.window()
    median, p95 = np.percentile(waits, [50, 95]) if len(waits) else (np.nan, np.nan)
    return {
        "mean_wait_s": _mean(waits),
        "median_wait_s": float(median),
        "p95_wait_s": float(p95),
        "mean_turnaround_s": _mean(turnarounds[~np.isnan(turnarounds)]),
        "mean_bounded_slowdown": _mean(slowdowns[~np.isnan(slowdowns)]),
        "makespan_s": (end - begin) / 1e9,
    }


def usage_of(parts: tuple[JobColumns, ...]) -> dict[str, Ints]:
    """Integer units of each resource that a job holds while it runs, one row a job."""
    names = dict.fromkeys(name for part in parts for name in part.requests)
    usage = {}
    for name in names:
        columns = []
        for part in parts:
            units = part.requests.get(name, np.zeros(part.n, dtype=np.int64))
            columns.append(units if part.tasks is None else units * part.tasks)
        usage[name] = columns[0] if len(columns) == 1 else np.concatenate(columns)
    return usage


def _started(runs: dict[str, Any], times: JobTimes) -> tuple[Ints, Ints, Ints]:
    """Jobs, starts and ends (now, where one still runs) of every attempt that started."""
    started = runs["start_ns"] != NAT
    ends = np.where(runs["outcome"] == _RUNNING, times.now_ns, runs["end_ns"])
    if started.all():
        return runs["job"], runs["start_ns"], ends
    return runs["job"][started], runs["start_ns"][started], ends[started]


def mean_utilisation(
    usage: dict[str, Ints], runs: dict[str, Any], times: JobTimes, capacity: Capacity
) -> dict[str, float]:
    """Resource-time that jobs held over resource-time in service, first submission to last end."""
    window = times.window()
    jobs, starts, ends = _started(runs, times)
    spans = (ends - starts).astype(np.float64)
    shares = {}
    for name, online in capacity.online.items():
        offered = capacity.integral(online, window)
        held = float(usage[name][jobs].astype(np.float64) @ spans) if name in usage else 0.0
        shares[name] = held / offered if offered > 0 else 0.0
    return shares


def cost_metrics(
    capacity: Capacity, times: JobTimes, nodes: NodeColumns
) -> dict[str, float | None]:
    """Node-hours paid for from first submission to last end, and their price (USD)."""
    window = times.window()
    priced = nodes.price_usd_per_hour is not None
    usd = capacity.integral(capacity.usd_per_hour, window) / _NS_PER_HOUR
    return {
        "node_hours": capacity.integral(capacity.paid_nodes, window) / _NS_PER_HOUR,
        "cost_usd": usd if priced else None,
    }


def event_columns(runs: dict[str, Any], times: JobTimes) -> dict[str, Any]:
    """Submissions, starts and ends in order of time; at one instant ends, submissions, starts."""
    ended = np.flatnonzero(runs["outcome"] != _RUNNING)
    submitted = np.flatnonzero(times.submit_ns <= times.now_ns)
    started = np.flatnonzero(runs["start_ns"] != NAT)
    kind = np.repeat(
        np.array([0, _SUBMIT, _START], np.int8), [len(ended), len(submitted), len(started)]
    )
    kind[: len(ended)] = runs["outcome"][ended]
    attempt = np.zeros(len(kind), np.int32)
    attempt[: len(ended)] = runs["attempt"][ended]
    attempt[len(kind) - len(started) :] = runs["attempt"][started]
    time_ns = np.concatenate(
        [runs["end_ns"][ended], times.submit_ns[submitted], runs["start_ns"][started]]
    )
    # Each of the three is all but sorted, which a merge sort makes use of; ties keep their order.
    order = np.argsort(time_ns, kind="stable")
    job = np.concatenate([runs["job"][ended], submitted, runs["job"][started]])
    return {
        "time_ns": time_ns[order],
        "kind": kind[order],
        "job": job[order],
        "attempt": attempt[order],
    }


def utilisation_steps(
    usage: dict[str, Ints], runs: dict[str, Any], times: JobTimes, capacity: Capacity
) -> dict[str, Any]:
    """Running, waiting, used and available amounts at every instant at which one changes."""
    changes = _Changes(runs, times, capacity)
    sample = np.searchsorted(capacity.time_ns, changes.edges, side="right") - 1
    columns: dict[str, Any] = {
        "time_ns": changes.edges,
        "running": changes.steps_of_running(None),
        "waiting": changes.steps_of_waiting(),
    }
    for name, online in capacity.online.items():
        held = usage.get(name)
        used = np.zeros(len(sample)) if held is None else changes.steps_of_running(held)
        columns[f"used_{name}"] = used / unit_of(name)
        columns[f"capacity_{name}"] = np.where(sample >= 0, online[sample], 0) / unit_of(name)
    return columns


class _Changes:
    """What changes when: all instants in one sort, and sums over them.

    ``edges`` are the distinct instants, ns.
    """

    def __init__(self, runs: dict[str, Any], times: JobTimes, capacity: Capacity) -> None:
        started, finished = runs["start_ns"] != NAT, runs["outcome"] != _RUNNING
        over = started & finished
        self._taken, self._freed = runs["job"][started], runs["job"][over]
        never = (times.start_ns == NAT) & (times.end_ns == NAT)
        groups = {
            "submitted": times.submit_ns[
                (times.submit_ns <= times.now_ns) & ~(never & times.infeasible)
            ],
            "requeued": runs["end_ns"][runs["outcome"] == _REQUEUED],
            "gone": runs["end_ns"][finished & ~started],
            "freed": runs["end_ns"][over],
            "started": runs["start_ns"][started],
            "capacity": capacity.time_ns,
        }
        self._sizes = {name: len(at) for name, at in groups.items()}
        time_ns = np.concatenate(list(groups.values()))
        # Every group is all but sorted, which a merge sort makes use of.
        self._order = np.argsort(time_ns, kind="stable")
        time_ns = time_ns[self._order]
        last = np.ones(len(time_ns), dtype=bool)
        np.not_equal(time_ns[1:], time_ns[:-1], out=last[:-1])
        self._last = np.flatnonzero(last)
        self.edges: Ints = time_ns[self._last]

    def steps_of_waiting(self) -> Ints:
        return self._steps({"submitted": 1, "requeued": 1, "gone": -1, "started": -1})

    def steps_of_running(self, held: Ints | None) -> Ints:
        """The sum over running jobs of what each holds; their number for None."""
        if held is None:
            return self._steps({"started": 1, "freed": -1})
        return self._steps({"started": held[self._taken], "freed": -held[self._freed]})

    def _steps(self, by: dict[str, Any]) -> Ints:
        parts = [np.broadcast_to(by.get(name, 0), size) for name, size in self._sizes.items()]
        total: Ints = np.concatenate(parts, dtype=np.int64)[self._order].cumsum()
        return total[self._last]


def summary_text(schedule: Schedule) -> str:
    """What `Schedule.summary` prints."""
    metrics, policy = schedule.metrics, schedule.policy
    jobs = len(schedule.job_id)
    counts = ", ".join(f"{count:,} {status}" for status, count in metrics["counts"].items())
    shares = ", ".join(
        f"{name} {share:.1%}".replace("%", " %") for name, share in metrics["utilisation"].items()
    )
    backfill = (
        f"{policy.backfill} by {policy.backfill_order}" if policy.backfill != "none" else "none"
    )
    median, p95 = clock(metrics["median_wait_s"]), clock(metrics["p95_wait_s"])
    lines = [
        f"{policy.name} (order {policy.order_name}, backfill {backfill}, "
        f"placement {policy.placement})",
        f"  {jobs:,} job{'s'[: jobs != 1]}: {counts or 'none'}",
        f"  wait: mean {clock(metrics['mean_wait_s'])}, median {median}, 95 % {p95}; "
        f"bounded slowdown: mean {metrics['mean_bounded_slowdown']:,.2f}",
        f"  makespan {clock(metrics['makespan_s'])}; utilisation: {shares or '-'}",
    ]
    if metrics["cost_usd"] is not None:
        lines.append(f"  {metrics['node_hours']:,.1f} node-hours, {metrics['cost_usd']:,.2f} USD")
    return "\n".join(lines)
