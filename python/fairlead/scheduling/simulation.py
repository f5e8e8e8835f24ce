"""A trace driven through the engine, in one go or step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.cluster import as_cluster
from fairlead.errors import InvalidInputError
from fairlead.prediction.jobs import OnlineRunTimes
from fairlead.prediction.jobs.traits import known_traits
from fairlead.scheduling.boundary import (
    changes_of_plan,
    core_events,
    engine_options,
    estimator_of,
)
from fairlead.scheduling.policy import KeyFunction, OrderColumns, PolicySpec, checked_keys
from fairlead.scheduling.result import Schedule
from fairlead.tables import (
    JobColumns,
    Table,
    core_jobs,
    core_nodes,
    event_columns,
    job_columns,
    without_columns,
)

__all__ = ["Simulation", "schedule"]

_FOREVER = int(np.iinfo(np.int64).max)


class Simulation:
    """A cluster with its queue at one instant, to be moved on, changed, copied and asked.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
        The jobs table; ``submit_time`` and ``duration_s`` are required.
    cluster : Cluster or nodes frame
    policy, order, backfill, backfill_order, placement, run_times, default_limit_s, allocation, \
events, correction, requeue, ignore, seed, **params
        As in `schedule`.

    Raises
    ------
    InvalidInputError
        As in `schedule`.

    Notes
    -----
    A fork shares the jobs and all that has ended; it costs O(running + waiting).

    Examples
    --------
    >>> import pandas as pd
    >>> from fairlead import Cluster
    >>> jobs = pd.DataFrame({"submit_time": [0, 0], "duration_s": [60, 60], "gpus": [8, 8]})
    >>> sim = Simulation(jobs.assign(limit_s=90), Cluster.homogeneous(nodes=1, gpus=8))
    >>> sim.run_until(10)
    >>> what_if = sim.fork()
    >>> what_if.run_until()
    >>> sim.result().jobs["status"].tolist(), what_if.result().jobs["status"].tolist()
    (['running', 'waiting'], ['completed', 'completed'])
    """

    def __init__(
        self,
        jobs: Any,
        cluster: Any,
        *,
        policy: str = "easy",
        order: str | KeyFunction | None = None,
        backfill: str | None = None,
        backfill_order: str | None = None,
        placement: str = "first_fit",
        run_times: Any = "limit",
        default_limit_s: float | None = None,
        allocation: Any = None,
        events: Any = None,
        correction: str | None = None,
        requeue: bool = True,
        ignore: Iterable[str] = (),
        seed: int = 0,
        **params: float,
    ) -> None:
        self._spec = PolicySpec.resolve(policy, order, backfill, backfill_order, placement, params)
        self._cluster = as_cluster(cluster)
        self._nodes = self._cluster.node_columns
        self._estimator = estimator_of(run_times)
        self._read: dict[str, Any] = {
            "run_times": "limit" if self._estimator is not None else run_times,
            "default_limit_s": default_limit_s,
            "ignore": tuple([ignore] if isinstance(ignore, str) else ignore),
        }
        self._seed = seed
        self._columns = [self._read_jobs(jobs)]
        self._like = without_columns(jobs)
        self._order_columns = OrderColumns(self._nodes) if callable(self._spec.order) else None
        if correction is None:
            correction = "doubling" if self._estimator is None else "limit"
        options = self._options(correction, requeue)
        self._core = _core.Simulation(_core.Nodes(core_nodes(self._nodes)), options)
        self._planned = {"run_times": self._planned_with(run_times), "correction": correction}
        if isinstance(self._estimator, OnlineRunTimes):
            self._core.predict_with(self._estimator.learner())
        self._add(jobs, self._columns[0])
        if events is not None:
            known = event_columns(events, self._nodes, self._columns[0])
            self._core.add_events(core_events(known, self._nodes))
        if allocation is not None:
            self.set_plan(allocation)

    def _planned_with(self, run_times: Any) -> str:
        """For the header; what an array or a forecast holds is in the hash of the jobs."""
        if self._estimator is not None:
            return str(self._estimator)
        return run_times if isinstance(run_times, str) else type(run_times).__name__

    def _read_jobs(self, jobs: Any) -> JobColumns:
        if self._estimator is None or isinstance(self._estimator, OnlineRunTimes):
            return job_columns(jobs, self._nodes, **self._read)
        read = {**self._read, "run_times": self._estimator.predict(jobs)}
        return job_columns(jobs, self._nodes, **read)

    def _options(self, correction: str, requeue: bool) -> dict[str, Any]:
        options = engine_options(self._spec, self._nodes, correction, requeue)
        if self._spec.key_use == "static":
            options["order"] = "given"
        elif self._spec.key_use == "per_pass":
            options["order"] = self._keys_of_pass
        return options

    def _keys_of_pass(self, now_ns: int, rows: Any, estimate_ns: Any) -> Any:
        assert self._order_columns is not None
        assert callable(self._spec.order)
        return checked_keys(
            self._spec.order, self._order_columns.at(now_ns, rows, estimate_ns), len(rows)
        )

    def _add(self, frame: Any, jobs: JobColumns) -> None:
        online = isinstance(self._estimator, OnlineRunTimes)
        unknown = jobs.estimate_ns < 0
        if self._spec.plans and not online and unknown.any():
            row = int(np.flatnonzero(unknown)[0])
            job = f"gives none for row {row} (job {jobs.job_id.tolist()[row]!r})"
            raise InvalidInputError(
                f"{self._spec.planner} plans with estimates, and jobs['limit_s'] "
                f"{'has none for any job' if unknown.all() else job}; fill it, or give "
                f"default_limit_s= (s), run_times= ('predicted', a column, or 'actual' for study), "
                f"or a policy that plans nothing, such as policy='fcfs'"
            )
        key = None
        if self._order_columns is not None:
            columns = self._order_columns.add(jobs)
            if self._spec.key_use == "static":
                assert callable(self._spec.order)
                key = checked_keys(self._spec.order, columns, jobs.n)
        traits = known_traits(Table(frame, "jobs", "job_id"), jobs) if online else None
        self._core.add_jobs(core_jobs(jobs, self._nodes, key), traits)

    @property
    def now(self) -> Any:
        """The present instant, in the kind of the jobs' times; NaN or NaT before the first."""
        return self._columns[0].time.to_scalar(self._core.now_ns)

    @property
    def waiting(self) -> int:
        """Jobs submitted and not started."""
        return int(self._core.waiting)

    @property
    def running(self) -> int:
        """Jobs running now."""
        return int(self._core.running)

    def run_until(self, time: Any = None, *, progress: bool = False) -> None:
        """Handle every instant up to and including ``time``; to the end without it.

        Parameters
        ----------
        time : datetime or float, optional
            In the kind of the jobs' ``submit_time``.
        progress : bool
            Show a progress bar.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C; the simulation stays usable, between two instants.
        """
        until = _FOREVER if time is None else self._columns[0].time.to_ns(time)
        if not progress:
            self._core.run_until(until)
            return
        from tqdm.auto import tqdm

        with tqdm(total=1.0, desc="schedule", bar_format="{l_bar}{bar}| {elapsed}") as bar:
            self._core.run_until(until, lambda share: bar.update(share - bar.n))
            bar.update(1.0 - bar.n)

    def submit(self, jobs: Any) -> None:
        """Add jobs that will be submitted later than now.

        Parameters
        ----------
        jobs : frame
            As the jobs the simulation began with; the same kind of times.

        Raises
        ------
        InvalidInputError
            A submission in the past, a ``job_id`` that is known, or anything `schedule` refuses.
        """
        columns = self._read_jobs(jobs)
        if columns.time.name != self._columns[0].time.name:
            raise InvalidInputError(
                f"jobs['submit_time'] must be {self._columns[0].time.describe()}; convert it"
            )
        if "job_id" not in Table(jobs, "jobs") or "job_id" in self._read["ignore"]:
            numbers = [p.job_id for p in self._columns if isinstance(p.job_id, np.ndarray)]
            first = 1 + max((int(ids.max(initial=-1)) for ids in numbers), default=-1)
            columns = replace(columns, job_id=np.arange(first, first + columns.n))
        again = set().union(*(part.id_set & columns.id_set for part in self._columns))
        if again:
            raise InvalidInputError(
                f"jobs['job_id'] must be new to the simulation, got {min(again, key=str)!r} again"
            )
        self._add(jobs, columns)
        self._columns.append(columns)

    def set_plan(self, plan: Any) -> None:
        """Follow a capacity plan from now on; it replaces what is left of an earlier one.

        Parameters
        ----------
        plan : CapacityPlan

        Raises
        ------
        InvalidInputError
            An unknown pool or resource, unlike nodes in a pool, or times of another kind.
        """
        changes, startup_ns = changes_of_plan(plan, self._nodes, self._columns[0].time)
        self._core.set_plan(changes, startup_ns)

    def fork(self, *, arrivals: bool = True) -> Simulation:
        """An independent copy; nothing done to it disturbs this one.

        Parameters
        ----------
        arrivals : bool
            Whether the copy knows the jobs that have not been submitted yet. Without them it asks
            what becomes of those that wait and run now; the others stay ``waiting``.
        """
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._columns = list(self._columns)
        copy._core = self._core.fork(arrivals)
        return copy

    def digest(self) -> int:
        """A 64-bit hash of the whole state, to prove that two simulations are in the same one."""
        return int(self._core.digest())

    def result(self) -> Schedule:
        """What happened up to now; a snapshot that later steps do not change."""
        return Schedule(
            cluster=self._cluster,
            policy=self._spec,
            seed=self._seed,
            planned=self._planned,
            _core=self._core.fork(),
            _like=self._like,
            _columns=tuple(self._columns),
        )


def schedule(
    jobs: Any,
    cluster: Any,
    *,
    policy: str = "easy",
    order: str | KeyFunction | None = None,
    backfill: str | None = None,
    backfill_order: str | None = None,
    placement: str = "first_fit",
    run_times: Any = "limit",
    default_limit_s: float | None = None,
    allocation: Any = None,
    events: Any = None,
    correction: str | None = None,
    requeue: bool = True,
    ignore: Iterable[str] = (),
    until: Any = None,
    seed: int = 0,
    progress: bool = False,
    **params: float,
) -> Schedule:
    """Decide when and where each job runs.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
        The jobs table: ``submit_time`` (datetime or s) and ``duration_s`` (s) are required;
        ``limit_s`` (s), ``tasks``, per task ``cpus``, ``memory_gib``, ``gpus`` (0, a share below 1,
        or whole), ...
    cluster : Cluster or nodes frame
    policy : str, default "easy"
        A preset: ``fcfs``, ``sjf``, ``easy``, ``easy_sjbf``; `fairlead.policies` lists them.
    order : str or function, optional
        Instead of the preset's: ``fcfs``, ``sjf``, ``ljf``, ``saf``, ``priority``, ``weighted``
        (with ``alpha=``, ``beta=``), or a function from columns to keys (see `policy_key`).
    backfill : {"none", "first_fit", "easy"}, optional
    backfill_order : {"queue", "shortest"}, optional
        In what order candidates for backfill are tried.
    placement : str, default "first_fit"
        ``first_fit``, ``best_fit``, ``worst_fit``, ``balanced`` or ``consolidated``.
    run_times : {"limit", "predicted", "actual"}, column, array of s, forecast or estimator
        What plans are made with; default ``limit``. ``predicted`` is a fresh `RunTimeHistogram`; it
        and any other online estimator predict each job at its submission from the jobs that have
        finished by then in the schedule. Any other estimator must be fitted and predicts all jobs
        before the first starts. ``actual`` is for study and stamps the result clairvoyant.
    default_limit_s : float, optional
        Estimate (s) of jobs without a limit.
    allocation : CapacityPlan, optional
        Capacity over time.
    events : frame, optional
        What happens from outside: ``time``, ``kind``, ``node`` or ``job_id``, ``value``.
    correction : {"doubling", "limit", "stepwise"}, optional
        How a job that outruns its estimate gets a new planned end: the estimate doubles, becomes
        the limit, or grows by 1 min, then 5, 15 and 30 min, 1, 2, 5, 10, 20, 50 and 100 h. Default
        ``limit`` where an estimator predicts, else ``doubling``.
    requeue : bool, default True
        Whether a job that loses a node starts over; else it fails.
    ignore : iterable of str
        Filled columns that are not honoured yet and shall be left out.
    until : datetime or float, optional
        Stop after this instant; jobs are then ``running`` or ``waiting``.
    seed : int
        For policies that draw; kept in the header.
    progress : bool
        Show a progress bar.
    **params
        Of the order, such as ``alpha`` and ``beta`` of ``weighted``.

    Returns
    -------
    Schedule
        ``.jobs``: one row a job, input order: ``start_time``, ``end_time``, ``wait_s``, ``status``.

    Raises
    ------
    InvalidInputError
        A column is missing, has the wrong type, or a value is out of range; an unknown policy; or a
        job without an estimate under a policy that plans.
    KeyboardInterrupt
        Ctrl-C.

    Notes
    -----
    Deterministic: the same input and seed give the same schedule on every machine. The rules are in
    the semantics page of the documentation.

    References
    ----------
    .. [1] A. W. Mu'alem and D. G. Feitelson, "Utilization, predictability, workloads, and user
       runtime estimates in scheduling the IBM SP2 with backfilling", IEEE TPDS 12(6), 2001.

    Examples
    --------
    >>> import pandas as pd
    >>> from fairlead import Cluster, schedule
    >>> jobs = pd.DataFrame({
    ...     "submit_time": [0, 0, 0], "duration_s": [60, 60, 30], "limit_s": [90, 90, 30],
    ...     "gpus": [6, 8, 2],
    ... })
    >>> schedule(jobs, Cluster.homogeneous(nodes=1, gpus=8), policy="easy").jobs["wait_s"].tolist()
    [0.0, 60.0, 0.0]
    """
    simulation = Simulation(
        jobs,
        cluster,
        policy=policy,
        order=order,
        backfill=backfill,
        backfill_order=backfill_order,
        placement=placement,
        run_times=run_times,
        default_limit_s=default_limit_s,
        allocation=allocation,
        events=events,
        correction=correction,
        requeue=requeue,
        ignore=ignore,
        seed=seed,
        **params,
    )
    simulation.run_until(until, progress=progress)
    return simulation.result()
