"""The engine for whoever drives it in real time: events in, decisions out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.cluster import as_cluster
from fairlead.errors import InvalidInputError
from fairlead.scheduling.boundary import appended, engine_options, named
from fairlead.scheduling.policy import KeyFunction, PolicySpec
from fairlead.tables import (
    TimeKind,
    core_jobs,
    core_nodes,
    job_columns,
    node_columns,
    to_pandas,
    unit_of,
)

__all__ = ["Decision", "Engine"]


@dataclass(frozen=True)
class Decision:
    """One change that the engine has decided on and counts as done.

    Attributes
    ----------
    kind : {"start", "reserve", "refuse"}
        ``reserve`` is information: when the head of the queue is to start at the latest.
    job_id : int or str
    time : float or Timestamp
        Of the start; for ``reserve`` the shadow time.
    tasks : tuple of (node_id, devices)
        Where each task runs; devices as ``(("gpus", 0), ("gpus", 1))``. Empty unless it starts.
    reason : str
        Why a job is refused: ``infeasible:<resource>``.
    """

    kind: str
    job_id: Any
    time: Any
    tasks: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    reason: str = ""


class Engine:
    """A deterministic state machine: `apply` events, then ask it to `decide`.

    It reads no clock and knows no true run time. What a `decide` says is done at once; what the
    world then refuses comes back as an event.

    Parameters
    ----------
    cluster : Cluster or nodes frame
    policy, order, backfill, backfill_order, placement, requeue, **params
        As in `fairlead.schedule`; an ``order`` is one of the core's.
    correction : {"doubling", "limit", "stepwise"}, default "doubling"
        As there: how a job that still runs at its planned end gets a new one, in the first `decide`
        from then on.

    Raises
    ------
    InvalidInputError
        An unknown policy, order, backfill, placement or correction.

    Examples
    --------
    >>> import pandas as pd
    >>> from fairlead import Cluster, Engine
    >>> engine = Engine(Cluster.homogeneous(nodes=1, gpus=2), policy="easy")
    >>> jobs = pd.DataFrame({"job_id": ["a", "b"], "gpus": [2, 1], "limit_s": [60, 60]})
    >>> engine.apply("submit", 0, jobs=jobs)
    >>> [(d.kind, d.job_id, d.time) for d in engine.decide(0)]
    [('start', 'a', 0.0), ('reserve', 'b', 60.0)]
    >>> engine.apply("finish", 30, job="a")
    >>> engine.decide(30)[0].tasks
    (('node-0', (('gpus', 0),)),)
    """

    def __init__(
        self,
        cluster: Any,
        *,
        policy: str = "easy",
        order: str | KeyFunction | None = None,
        backfill: str | None = None,
        backfill_order: str | None = None,
        placement: str = "first_fit",
        correction: str = "doubling",
        requeue: bool = True,
        **params: float,
    ) -> None:
        self._spec = PolicySpec.resolve(policy, order, backfill, backfill_order, placement, params)
        if callable(self._spec.order):
            raise InvalidInputError(
                "an engine takes an order of the core; add one in C++ (see the documentation)"
            )
        self._nodes = as_cluster(cluster).node_columns
        options = engine_options(self._spec, self._nodes, correction, requeue)
        # Nodes may be added, so counts would not do.
        options |= {"counts": False, "report_reservations": True}
        self._core = _core.Engine(_core.Nodes(core_nodes(self._nodes)), options)
        self._time = TimeKind()
        self._now_ns = np.iinfo(np.int64).min
        self._number: dict[Any, int] = {}
        self._name: dict[int, Any] = {}

    def apply(self, kind: str, time: Any, **fields: Any) -> None:
        """Take an event in.

        Parameters
        ----------
        kind : str
            ``submit`` (``jobs``: a jobs frame), ``finish`` (``job``, ``status``: completed, timeout
            or failed), ``cancel`` (``job``), ``estimate`` (``job``, ``value`` in s from its start),
            ``node_add`` (``nodes``: a nodes frame), ``node_drain``, ``node_resume``, ``node_fail``
            (``node``), ``capacity`` (``node``, ``resource``, ``value``), or ``tick``.
        time : float or datetime
            Not before that of an earlier event.
        **fields
            As above.

        Raises
        ------
        InvalidInputError
            An unknown kind, field, job, node or resource, or a time that goes back.
        """
        handlers: dict[str, Callable[..., None]] = {
            "submit": self._submit,
            "finish": self._finish,
            "cancel": self._cancel,
            "estimate": self._estimate,
            "node_add": self._node_add,
            "node_drain": self._node_drain,
            "node_resume": self._node_resume,
            "node_fail": self._node_fail,
            "capacity": self._capacity,
            "tick": self._tick,
        }
        if kind not in handlers:
            raise InvalidInputError(f"kind must be one of {', '.join(handlers)}; got {kind!r}")
        now_ns = self._advance(time)
        try:
            handlers[kind](now_ns, **fields)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise InvalidInputError(
                f"event {kind!r} got the wrong fields ({', '.join(fields) or 'none'}): {error}"
            ) from error

    def decide(self, time: Any) -> tuple[Decision, ...]:
        """One pass of the policy over what waits.

        Parameters
        ----------
        time : float or datetime

        Returns
        -------
        tuple of Decision
            In the order in which they were made.
        """
        now_ns = self._advance(time)
        return tuple(self._decision(row, now_ns) for row in self._core.decide(now_ns))

    def blocked_by(self, job: Any, time: Any) -> str:
        """What keeps a job from running now: ``resources``, ``reserved``, ``order``, ``nodes_down``
        or ``infeasible:<resource>``; empty if it runs or has ended.
        """
        if job not in self._number:
            return ""
        return str(self._core.blocked_by(self._number[job], self._advance(time)))

    def fork(self) -> Engine:
        """An independent copy; nothing done to it disturbs this one."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._number, copy._name = dict(self._number), dict(self._name)
        copy._core = self._core.fork()
        return copy

    def digest(self) -> int:
        """A 64-bit hash of the whole state, to prove that two engines are in the same one."""
        return int(self._core.digest())

    @property
    def waiting(self) -> int:
        """Jobs submitted and not started."""
        return int(self._core.waiting)

    @property
    def running(self) -> int:
        """Jobs running now."""
        return int(self._core.running)

    # ---- events -----------------------------------------------------------------------------

    def _advance(self, time: Any) -> int:
        kind = TimeKind("seconds" if isinstance(time, int | float | np.number) else "datetime")
        if self._now_ns != np.iinfo(np.int64).min and kind.name != self._time.name:
            raise InvalidInputError(f"time must be {self._time.describe()}, got {time!r}")
        if kind.name == "datetime":
            kind = TimeKind("datetime", pd.Timestamp(time).tz)
        now_ns = kind.to_ns(time)
        if now_ns < self._now_ns:
            raise InvalidInputError(f"time must not go back, got {time!r} after a later event")
        self._time, self._now_ns = kind, now_ns
        self._core.advance(now_ns)
        return now_ns

    def _submit(self, now_ns: int, jobs: Any) -> None:
        frame = to_pandas(jobs, "jobs").assign(submit_time=self._time.to_scalar(now_ns))
        columns = job_columns(frame, self._nodes, need_duration=False)
        if "job_id" not in frame:
            first = len(self._number)
            columns = replace(columns, job_id=np.arange(first, first + columns.n))
        names = columns.job_id.tolist()
        again = self._number.keys() & set(names)
        if again:
            raise InvalidInputError(
                f"jobs['job_id'] must be new, got {min(again, key=str)!r} again"
            )
        if self._spec.plans and (columns.estimate_ns < 0).any():
            raise InvalidInputError(
                f"{self._spec.planner} plans with estimates; fill jobs['limit_s'] in all rows"
            )
        self._nodes = named(self._nodes, columns)
        first = self._core.submit(core_jobs(columns, self._nodes), now_ns)
        for number, name in enumerate(names, first):
            self._number[name] = number
            self._name[number] = name

    def _finish(self, now_ns: int, job: Any, status: str = "completed") -> None:
        if not self._core.finish(self._number_of(job), status, now_ns):
            raise InvalidInputError(f"job {job!r} does not run, so it cannot finish")
        self._forget(job)

    def _cancel(self, now_ns: int, job: Any) -> None:
        self._core.cancel(self._number_of(job), now_ns)
        self._forget(job)

    def _estimate(self, now_ns: int, job: Any, value: float) -> None:
        if not 0 <= value < 9.2e9:
            raise InvalidInputError(f"an estimate must be 0 or more seconds, got {value!r}")
        self._core.estimate(self._number_of(job), round(value * 1e9), now_ns)

    def _node_add(self, now_ns: int, nodes: Any) -> None:
        self._nodes, added = appended(self._nodes, node_columns(nodes))
        self._core.node_add(_core.Nodes(core_nodes(added)), now_ns)

    def _node_drain(self, now_ns: int, node: str) -> None:
        self._core.node_drain(self._node(node))

    def _node_resume(self, now_ns: int, node: str) -> None:
        self._core.node_resume(self._node(node))

    def _node_fail(self, now_ns: int, node: str) -> None:
        for number in self._core.node_fail(self._node(node), now_ns):
            self._forget(self._name[number])

    def _capacity(self, now_ns: int, node: str, resource: str, value: float) -> None:
        counted = [
            r
            for r, k in zip(self._nodes.resources, self._nodes.kinds, strict=True)
            if k == "counted"
        ]
        if resource not in counted:
            raise InvalidInputError(
                f"resource must be one of {', '.join(counted)}; got {resource!r}"
            )
        units = int(np.floor(value * unit_of(resource) + 1e-6))
        self._core.capacity(self._node(node), counted.index(resource), units, now_ns)

    def _tick(self, now_ns: int) -> None:
        pass  # time has moved on; the next decide() sees it

    # ---- names ------------------------------------------------------------------------------

    def _number_of(self, job: Any) -> int:
        if job not in self._number:
            raise InvalidInputError(
                f"job must be one that has been submitted and has not ended; got {job!r}"
            )
        return self._number[job]

    def _forget(self, job: Any) -> None:
        del self._name[self._number.pop(job)]

    def _node(self, node: str) -> int:
        rows = np.flatnonzero(self._nodes.node_id == node)
        if len(rows) == 0:
            raise InvalidInputError(f"node must be one of the cluster's, got {node!r}")
        return int(rows[0])

    def _decision(self, row: Any, now_ns: int) -> Decision:
        kind, number, at_ns, tasks = row
        job = self._name[number]
        return Decision(
            kind=kind,
            job_id=job,
            time=self._time.to_scalar(at_ns),
            tasks=tuple(
                (str(self._nodes.node_id[node]), tuple(devices)) for node, devices in tasks
            ),
            reason=str(self._core.blocked_by(number, now_ns)) if kind == "refuse" else "",
        )
