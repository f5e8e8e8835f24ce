"""Fit a workload model to a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.cluster import Cluster, as_cluster
from fairlead.errors import InvalidInputError
from fairlead.traces.diagnosis.view import View
from fairlead.traces.fitting_moments import matched
from fairlead.traces.fitting_time import day_correlation, week_profile
from fairlead.traces.generator_model import LEVELS, Estimates, SizeClass, WorkloadModel
from fairlead.traces.trace import Trace

__all__ = ["fit"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST = 100
# Jobs of one user and size belong together if no longer pause lies between them.
_PAUSE_S = 900.0
# Classes double in size, and are told apart by the jobs of a submission; small ones join the next.
_LENGTHS = (3, 30)
_FEWEST_OF_CLASS = 0.01
_MOST_SIZES = 24
_FEWEST_WITH_LIMIT = 0.5
_MOST_LIMITS, _RARE_LIMIT = 200, 0.0005
_FIFTHS = 5
_DEFAULT_LOAD = 0.7
_GPUS_OF_A_NODE = 8.0


def fit(
    trace: Trace, cluster: Cluster | pd.DataFrame | None = None, *, name: str = "fitted"
) -> WorkloadModel:
    """Fit a generator that makes more jobs like those of a trace.

    Parameters
    ----------
    trace : Trace
        At least 100 jobs with submission, run time above 0 and a request of the scarce resource:
        GPUs if any job asks them, else CPUs. Jobs without are left out.
    cluster : Cluster or nodes frame, optional
        The machine; else the trace's nodes, else the one it implies (`Trace.cluster`).
    name : str
        Of the model.

    Returns
    -------
    WorkloadModel
        Its ``generate(n, seed)`` makes jobs; ``to_json()`` saves it.

    Raises
    ------
    InvalidInputError
        Too few jobs that can be used.

    Notes
    -----
    Fitted are: the rate by hour of the week; submissions of several jobs by one user; sizes; run
    times by size and by how many jobs come together; limits by run time; how jobs ended (a column
    ``recorded_status``); activity of users.
    The load is fitted too, so the span follows from the number of jobs. Three figures are found by
    trial, so that the work of six hours, of a day and of three days varies as in the trace: what
    the run times of a submission have in common, how rates wander from day to day, and how far
    users hold back after much work was submitted. Not fitted are
    memory, pools and types, dependencies, trends over months, and what one user does again on
    another day.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(3000, nodes=4, seed=1)
    >>> model = fit(trace)
    >>> model.resource, model.capacity, round(model.load, 1)
    ('gpus', 32.0, 0.7)
    >>> len(model.generate(10_000, seed=7))
    10000
    """
    jobs = _Jobs.of(trace, cluster)
    batches = _batches(jobs)
    week = week_profile(jobs.local_s[batches.first])
    work = jobs.size * np.fmin(jobs.run_s, jobs.limit_s)
    known = jobs.user[jobs.user >= 0]
    model = WorkloadModel(
        name=name,
        source=f"fitted to {jobs.n:,} jobs of {trace.meta.path or trace.meta.format}",
        resource=jobs.resource,
        capacity=jobs.capacity,
        node_units=jobs.node_units,
        load=jobs.load,
        week=_rounded(week, 3),
        day_sigma=0.0,
        day_phi=round(day_correlation(jobs.local_s, work, week), 3),
        run_batch=0.0,
        restraint=0.0,
        gap_s=_levels(batches.gap_s) if batches.gap_s.size else (1.0,) * len(LEVELS),
        users=int(np.unique(known).size),
        user_exponent=_exponent(jobs.user[batches.first]),
        classes=_classes(jobs, batches),
        estimates=_estimates(jobs),
        outcomes=_outcomes(jobs),
    )
    return matched(model, jobs.submit_s, work)


@dataclass(frozen=True)
class _Jobs:
    """The jobs that can be used, by submission."""

    submit_s: Floats
    local_s: Floats
    run_s: Floats
    limit_s: Floats
    size: Floats
    user: Ints
    outcome: Any
    resource: str
    capacity: float
    node_units: float
    load: float

    @property
    def n(self) -> int:
        """How many."""
        return self.submit_s.size

    @classmethod
    def of(cls, trace: Trace, cluster: Any) -> _Jobs:
        """What can be used of a trace, and its machine."""
        if not isinstance(trace, Trace):
            raise InvalidInputError(f"trace must be a Trace, got {type(trace).__name__}")
        view = View(trace, None)
        main = view.main
        usable = np.isfinite(view.submit_s) & (view.run_s > 0)
        if main is not None:
            usable &= view.amount(main) > 0
        if main is None or usable.sum() < _FEWEST:
            raise InvalidInputError(
                f"a fit needs at least {_FEWEST} jobs with submission, run time and a request; "
                f"got {0 if main is None else int(usable.sum())}"
            )
        machine = View(trace, trace.cluster() if cluster is None else as_cluster(cluster))
        units = machine.cluster.nodes[main] if machine.cluster is not None else pd.Series([1.0])
        order = view.order[usable[view.order]]
        local = view.submit_s if view.local_s is None else view.local_s
        told = "recorded_status" in trace.jobs
        return cls(
            submit_s=view.submit_s[order],
            local_s=local[order],
            run_s=view.run_s[order],
            limit_s=view.limit_s[order],
            size=view.amount(main)[order],
            user=view.names("user")[0][order],
            outcome=trace.jobs["recorded_status"].iloc[order].astype("str") if told else None,
            resource=main,
            capacity=float(machine.capacity),
            node_units=float(units.max()),
            load=round(machine.load, 4) if machine.load > 0 else _DEFAULT_LOAD,
        )


@dataclass(frozen=True)
class _Batches:
    """Submissions: jobs of one user and size that come one after another."""

    of: Ints
    first: Ints
    jobs: Ints
    gap_s: Floats


def _batches(jobs: _Jobs) -> _Batches:
    order = np.lexsort((jobs.submit_s, jobs.size, jobs.user))
    user, size, time = jobs.user[order], jobs.size[order], jobs.submit_s[order]
    pause = np.diff(time)
    new = (np.diff(user) != 0) | (np.diff(size) != 0) | (pause > _PAUSE_S)
    begins = np.concatenate(([True], new))
    of = np.empty(jobs.n, dtype=np.int64)
    of[order] = np.cumsum(begins) - 1
    return _Batches(of, order[begins], np.bincount(of), pause[~new])


def _levels(values: Floats, digits: int = 4) -> tuple[float, ...]:
    """Quantiles at `LEVELS`, with so many digits that say something."""
    return tuple(float(f"{v:.{digits}g}") for v in np.quantile(values, LEVELS))


def _rounded(values: Floats, decimals: int) -> tuple[float, ...]:
    return tuple(np.round(values, decimals).tolist())


def _classes(jobs: _Jobs, batches: _Batches) -> tuple[SizeClass, ...]:
    """Classes of size and length."""
    doubled = np.ceil(np.log2(np.maximum(jobs.size, 1e-3))).astype(np.int64)
    # Large submissions are of short jobs: mixed with single ones they would make too much work.
    many = np.searchsorted(_LENGTHS, batches.jobs[batches.of])
    klass = _merged(doubled * (len(_LENGTHS) + 1) + many, jobs.n)
    of_batch = klass[batches.first]
    made = []
    for i in range(int(klass.max()) + 1):
        rows, first = klass == i, batches.first[of_batch == i]
        sizes, counts = _frequent(jobs.size[first])
        made.append(
            SizeClass(
                share=round(first.size / of_batch.size, 5),
                sizes=tuple(sizes.tolist()),
                size_shares=_rounded(counts / counts.sum(), 5),
                jobs=_levels(batches.jobs[of_batch == i].astype(np.float64)),
                run_s=_levels(jobs.run_s[rows]),
            )
        )
    return tuple(made)


def _merged(klass: Ints, n: int) -> Ints:
    """Classes from 0 without gaps; one with too few jobs joins the next larger, or the last."""
    values, counts = np.unique(klass, return_counts=True)
    fewest = max(_FEWEST // 2, _FEWEST_OF_CLASS * n)
    new, number, have = {}, 0, 0
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        new[value] = number
        have += count
        if have >= fewest:
            number, have = number + 1, 0
    if have and number:
        new = {value: min(i, number - 1) for value, i in new.items()}
    return np.array([new[value] for value in values.tolist()])[np.searchsorted(values, klass)]


def _frequent(sizes: Floats) -> tuple[Floats, Ints]:
    """The sizes that occur most; each other one counts as the next of them."""
    values, counts = np.unique(sizes, return_counts=True)
    if values.size > _MOST_SIZES:
        kept = np.sort(values[np.argsort(-counts, kind="stable")[:_MOST_SIZES]])
        nearest = np.abs(values[:, None] - kept[None, :]).argmin(axis=1)
        counts = np.bincount(nearest, weights=counts, minlength=kept.size).astype(np.int64)
        values = kept
    return values, counts


def _exponent(users: Ints) -> float:
    """Slope of activity over rank, both as logarithms, over the users with ten submissions."""
    counts = np.sort(np.bincount(users[users >= 0]))[::-1] if (users >= 0).any() else np.empty(0)
    counts = counts[counts >= 10]
    if counts.size < 3:
        return 0.0
    rank = np.log(np.arange(1, counts.size + 1))
    return round(float(-np.polyfit(rank, np.log(counts), 1)[0]), 3)


def _fifths(run_s: Floats) -> Ints:
    bounds = np.quantile(run_s, np.arange(1, _FIFTHS) / _FIFTHS)
    return np.searchsorted(bounds, run_s, side="right").astype(np.int64)


def _estimates(jobs: _Jobs) -> Estimates | None:
    """Frequent limits, and what is used of them by fifth of run time."""
    has = np.isfinite(jobs.limit_s)
    if has.mean() < _FEWEST_WITH_LIMIT:
        return None
    values, counts = np.unique(jobs.limit_s[has], return_counts=True)
    common = counts >= max(2, _RARE_LIMIT * has.sum())
    most = np.argsort(-np.where(common, counts, 0), kind="stable")[:_MOST_LIMITS]
    kept = np.unique(np.append(values[most][common[most]], values[-1]))
    used = np.minimum(jobs.run_s[has] / jobs.limit_s[has], 10.0)
    fifth = _fifths(jobs.run_s)[has]
    levels = [used[fifth == i] if (fifth == i).any() else used for i in range(_FIFTHS)]
    return Estimates(tuple(kept.tolist()), tuple(_levels(one) for one in levels))


def _outcomes(jobs: _Jobs) -> dict[str, tuple[float, ...]]:
    """Share of each outcome in each fifth of the jobs by run time."""
    if jobs.outcome is None:
        return {}
    codes, names = pd.factorize(jobs.outcome)
    counts = np.zeros((_FIFTHS, len(names)))
    known = codes >= 0
    np.add.at(counts, (_fifths(jobs.run_s)[known], codes[known]), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {str(name): _rounded(shares[:, i], 4) for i, name in enumerate(names)}
