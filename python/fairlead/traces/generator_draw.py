"""Draw jobs from a workload model: submissions, then their jobs, then limits and outcomes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.traces.generator_clock import Clock
from fairlead.traces.generator_model import LEVELS, Estimates
from fairlead.traces.trace import Trace, TraceMeta, no_events

if TYPE_CHECKING:
    from fairlead.traces.generator_model import WorkloadModel

__all__ = ["draw"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HOUR_S, _DAY_S, _WEEK_H = 3600.0, 86_400.0, 168
_MAX_JOBS = 100_000_000
_LEVELS = np.array(LEVELS)
_FIFTHS = 5
_DEFAULT_JOBS, _SAMPLE = 10_000, 20_000


def draw(
    model: WorkloadModel,
    n: int | None,
    days: float | None,
    seed: int,
    load: float | None,
    nodes: int | None,
    start: Any,
) -> Trace:
    """See `WorkloadModel.generate`."""
    _check(n, days, seed, load, nodes)
    nodes = max(1, round(model.capacity / model.node_units)) if nodes is None else nodes
    per_s = (model.load if load is None else load) * nodes * model.node_units
    work = _work(model, n, days, per_s, nodes * model.node_units, seed)
    span_s = max(work.unit_seconds() / per_s, 1.0) if days is None else days * _DAY_S
    clock = Clock(start, span_s)
    submit_s = work.arrivals(span_s, clock.week_second)
    order = np.argsort(submit_s, kind="stable")
    columns: dict[str, Any] = {
        "job_id": np.arange(order.size),
        "submit_time": clock.times(submit_s[order]),
        "duration_s": work.run_s[order],
    }
    if work.limit_s is not None:
        columns["limit_s"] = work.limit_s[order]
    columns |= _requests(model, work.size[order])
    columns |= work.labels(order)
    made = work.unit_seconds() / (nodes * model.node_units * span_s)
    options = {"mode": model.name, "seed": seed, "days": span_s / _DAY_S, "load": made}
    meta = TraceMeta("generated", read=order.size, start=clock.start, options=options)
    return Trace(pd.DataFrame(columns), _machine(model, nodes), no_events(), meta)


def _work(
    model: WorkloadModel,
    n: int | None,
    days: float | None,
    per_s: float,
    capacity: float,
    seed: int,
) -> _Work:
    """So many jobs; or as many as have the work of so many days."""
    if days is None:
        return _Work(model, _DEFAULT_JOBS if n is None else n, capacity, seed)
    wanted, count = per_s * days * _DAY_S, _SAMPLE
    while True:
        work = _Work(model, count, capacity, seed)
        have = work.unit_seconds()
        if have >= wanted:
            work.cut(wanted)
            return work
        needed = 1.2 * count * wanted / have
        if needed > _MAX_JOBS:
            raise InvalidInputError(f"this load needs {needed:.3g} jobs; give fewer days or nodes")
        count = max(2 * count, round(needed))


def _check(
    n: int | None, days: float | None, seed: int, load: float | None, nodes: int | None
) -> None:
    if n is not None and days is not None:
        raise InvalidInputError("give the number of jobs or days, not both: the load joins them")
    for name, value, least in (("n", n, 1), ("seed", seed, 0), ("nodes", nodes, 1)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (whole and least <= value <= _MAX_JOBS):
            raise InvalidInputError(
                f"{name} must be a whole number of {least} or more and at most 1e8, got {value!r}"
            )
    for name, amount in (("load", load), ("days", days)):
        if amount is not None and not 0 < amount < 1e5:
            raise InvalidInputError(f"{name} must be above 0 and below 1e5, got {amount!r}")


class _Work:
    """The jobs in the order of their submissions; times come last, because the span follows."""

    def __init__(self, model: WorkloadModel, n: int, capacity: float, seed: int) -> None:
        self._model, self._n = model, n
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(6)]
        self._arriving, self._labelling = streams[3:5]
        self._batch_class, lengths = _batches(model, n, streams[0])
        self._batch = np.repeat(np.arange(lengths.size), lengths)[:n]
        self._class = self._batch_class[self._batch]
        self.size = np.minimum(self._sizes(streams[1])[self._batch], capacity)
        self.run_s = self._run_times(streams[2])
        self._fifth = _fifths(self.run_s)
        self.limit_s: Floats | None = None
        if model.estimates is not None:
            self._estimate(model.estimates, streams[5])

    def unit_seconds(self) -> float:
        """Work of all jobs, killed at their limits."""
        return float(self._each().sum())

    def _each(self) -> Floats:
        served = self.run_s if self.limit_s is None else np.minimum(self.run_s, self.limit_s)
        return np.asarray(self.size * served)

    def cut(self, unit_seconds: float) -> None:
        """Leave out the jobs beyond so much work, as nearly as whole jobs allow."""
        done = np.cumsum(self._each())
        # A single job can be large: the one that crosses the bound stays if that comes closer.
        self._n = max(1, int(np.abs(done - unit_seconds).argmin()) + 1)
        self._batch, self._fifth = self._batch[: self._n], self._fifth[: self._n]
        self._batch_class = self._batch_class[: self._batch[-1] + 1]
        self.size, self.run_s = self.size[: self._n], self.run_s[: self._n]
        self.limit_s = None if self.limit_s is None else self.limit_s[: self._n]

    def arrivals(self, span_s: float, week_second: float) -> Floats:
        """Submissions (s), one after another within a batch."""
        model, rng = self._model, self._arriving
        days = int((span_s + week_second % _DAY_S) // _DAY_S) + 2
        factor = np.exp(model.day_sigma * _ar1(days, model.day_phi, rng))
        drawn = self._positions(rng)
        begin = _batch_times(model, drawn, span_s, week_second, factor)
        gap = _quantile(model.gap_s, rng.random(self._n))
        first = np.concatenate(([True], np.diff(self._batch) > 0))
        gap[first] = 0.0
        passed = np.cumsum(gap)
        return np.floor(begin[self._batch] + passed - passed[first][self._batch])

    def _positions(self, rng: np.random.Generator) -> Floats:
        """Where in the span each submission comes, from 0 to 1 where rates are even.

        Users who hold back come later the more work was submitted before: so far as they do, a
        submission stands at its part of the work, and not at a random place.
        """
        random = np.sort(rng.random(self._batch_class.size))
        work = np.bincount(self._batch, weights=self._each())
        before = np.cumsum(work) - work
        part = self._model.restraint
        return np.asarray((1 - part) * random + part * before / max(float(work.sum()), 1e-9))

    def _sizes(self, rng: np.random.Generator) -> Floats:
        size = np.empty(self._batch_class.size)
        for i, one in enumerate(self._model.classes):
            rows = np.flatnonzero(self._batch_class == i)
            shares = np.array(one.size_shares)
            size[rows] = rng.choice(np.array(one.sizes), size=rows.size, p=shares / shares.sum())
        return size

    def _run_times(self, rng: np.random.Generator) -> Floats:
        """Normal scores, with a part of the submission and one of the job, as run times."""
        from scipy.special import ndtr

        model, batches = self._model, self._batch_class.size
        common = math.sqrt(model.run_batch) * rng.standard_normal(batches)
        own = math.sqrt(1 - model.run_batch) * rng.standard_normal(self._n)
        level = ndtr(common[self._batch] + own)
        run = np.empty(self._n)
        for i, one in enumerate(model.classes):
            rows = self._class == i
            run[rows] = _quantile(one.run_s, level[rows])
        return np.maximum(1.0, np.rint(run))

    def _estimate(self, known: Estimates, rng: np.random.Generator) -> None:
        """Limits above the run time that occur; a run that its limit ended takes as long as it."""
        level, used = rng.random(self._n), np.empty(self._n)
        for i, levels in enumerate(known.used):
            rows = self._fifth == i
            used[rows] = np.interp(level[rows], _LEVELS, levels)
        values = np.array(known.values)
        wish = self.run_s / np.maximum(used, 1e-6)
        above = values[np.minimum(np.searchsorted(values, wish), values.size - 1)]
        nearest = values[np.maximum(np.searchsorted(values, self.run_s, side="right") - 1, 0)]
        ended = used >= 1
        self.limit_s = np.where(ended, nearest, np.maximum(above, self.run_s))
        # Logs cut to the limit, as SWF ones are on reading, know no run beyond it.
        self.run_s = np.where(used == 1, nearest, self.run_s)

    def labels(self, order: Ints) -> dict[str, Any]:
        """Users, and how jobs ended."""
        model, rng = self._model, self._labelling
        columns: dict[str, Any] = {}
        if model.users:
            weights = np.arange(1, model.users + 1) ** -model.user_exponent
            user = rng.choice(model.users, size=self._batch_class.size, p=weights / weights.sum())
            width = len(str(model.users - 1))
            names = pd.Index([f"user-{i:0{width}d}" for i in range(model.users)], dtype="str")
            columns["user"] = pd.Categorical.from_codes(user[self._batch][order], names)
        if model.outcomes:
            shares = np.array(list(model.outcomes.values())).T
            bounds = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
            level = rng.random(self._n)[:, None]
            code = (level > bounds[self._fifth, :-1]).sum(axis=1)
            names = pd.Index(list(model.outcomes), dtype="str")
            columns["recorded_status"] = pd.Categorical.from_codes(code[order], names)
        return columns


def _batches(model: WorkloadModel, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Class and length of as many submissions as n jobs need; the last is cut."""
    shares = np.array([one.share for one in model.classes])
    classes, lengths, have = [], [], 0
    while have < n:
        count = max(64, (n - have) // 2)
        chosen = rng.choice(shares.size, size=count, p=shares / shares.sum())
        jobs = np.empty(count, dtype=np.int64)
        for i, one in enumerate(model.classes):
            rows = np.flatnonzero(chosen == i)
            jobs[rows] = np.maximum(1, np.floor(_quantile(one.jobs, rng.random(rows.size))))
        classes.append(chosen)
        lengths.append(jobs)
        have += int(jobs.sum())
    which, length = np.concatenate(classes), np.concatenate(lengths)
    last = int(np.searchsorted(np.cumsum(length), n)) + 1
    return which[:last].astype(np.int64), length[:last]


def _batch_times(
    model: WorkloadModel, position: Floats, span_s: float, week_second: float, factor: Floats
) -> Floats:
    """Begins of submissions (s), from their positions among all at the rate over the span."""
    first_hour = int(week_second // _HOUR_S)
    hours = np.arange(first_hour, int((week_second + span_s) // _HOUR_S) + 2)
    day = hours[:-1] // 24 - first_hour // 24
    rate = np.array(model.week)[hours[:-1] % _WEEK_H] * factor[np.minimum(day, factor.size - 1)]
    edges = hours * _HOUR_S - week_second
    mass = np.concatenate(([0.0], np.cumsum(np.maximum(rate, 1e-9))))
    low, high = np.interp([0.0, span_s], edges, mass)
    return np.asarray(np.interp(low + (high - low) * position, mass, edges))


def _ar1(n: int, phi: float, rng: np.random.Generator) -> Floats:
    """Normal values, each correlated with the one before."""
    from scipy.signal import lfilter

    noise = rng.standard_normal(n)
    noise[1:] *= math.sqrt(1 - phi**2)
    return np.asarray(lfilter([1.0], [1.0, -phi], noise))


def _quantile(levels: tuple[float, ...], at: Floats) -> Floats:
    """Values at these probabilities, in between by their logarithm."""
    return np.exp(np.interp(at, _LEVELS, np.log(np.maximum(levels, 1e-3))))


def _fifths(values: Floats) -> Ints:
    """Which fifth of the values each is in."""
    bounds = np.quantile(values, np.arange(1, _FIFTHS) / _FIFTHS)
    return np.searchsorted(bounds, values, side="right").astype(np.int64)


def _requests(model: WorkloadModel, size: Floats) -> dict[str, Any]:
    """Per task; a job larger than a node is a gang of equal tasks that fit."""
    per_node = round(model.node_units)
    whole = np.where(size >= 1, np.rint(size), size)
    if not (whole > per_node).any():
        return {model.resource: whole if (whole < 1).any() else whole.astype(np.int64)}
    large = np.maximum(whole, 1).astype(np.int64)
    task = np.where(whole > per_node, np.gcd(large, per_node), whole)
    tasks = np.where(whole > per_node, large // np.gcd(large, per_node), 1)
    return {"tasks": tasks, model.resource: task if (task < 1).any() else task.astype(np.int64)}


def _machine(model: WorkloadModel, nodes: int) -> pd.DataFrame:
    width = len(str(nodes - 1))
    names = [f"node-{i:0{width}d}" for i in range(nodes)]
    units = round(model.node_units)
    return pd.DataFrame({"node_id": names, model.resource: units})
