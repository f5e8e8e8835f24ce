"""One run of the pipeline: the simulation, and what is carried from step to step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.allocation import CapacityPlan, allocate
from fairlead.allocation.pools import Pool, pools_with, range_of
from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.management import Rule, default_rules, manage
from fairlead.management.observing import Observation, Observer
from fairlead.management.rules import find_alerts, firing_now
from fairlead.management.watching import Samples, main_resource
from fairlead.pipeline.result import PipelineResult
from fairlead.prediction import DemandForecast, predict
from fairlead.scheduling import Schedule, Simulation
from fairlead.tables import JobColumns, TimeKind, job_columns, to_pandas, unit_of

__all__ = ["Loop", "Settings"]

# What an alert on the queue adds to the quantile per step, and how far it may go.
_QUANTILE_STEP, _QUANTILE_MOST = 0.05, 0.99
# Metrics whose alerts mean that there is too little capacity.
_QUEUE_METRICS = ("waiting", "oldest_wait_s")
# Steps without any job running after which, all being submitted, the last plan is left to itself.
_STALLED = 48


@dataclass(frozen=True)
class Settings:
    """The options of `Pipeline`, under the same names."""

    step_ns: int
    horizon: int
    model: str
    strategy: str
    quantile: float
    startup_s: float
    cooldown_s: float
    floor: float | Mapping[str, float]
    ceiling: float | Mapping[str, float] | None
    resource: str | None
    warmup: int
    history: int
    rules: tuple[Rule, ...] | None
    feedback: bool


@dataclass
class _Records:
    """What the loop keeps of each step."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    forecasts: list[pd.DataFrame] = field(default_factory=list)
    applied: list[pd.DataFrame] = field(default_factory=list)


class _SampleBuffer:
    """Samples appended one by one to columns that double, so that a view costs no copy."""

    def __init__(self, kind: TimeKind) -> None:
        self._kind = kind
        self._time_ns = np.empty(64, dtype=np.int64)
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._count = 0

    def append(self, time_ns: int, sample: dict[str, float]) -> None:
        if not self._columns:
            self._columns = {name: np.empty(self._time_ns.size) for name in sample}
        if self._count == self._time_ns.size:
            self._time_ns = np.resize(self._time_ns, 2 * self._count)
            self._columns = {n: np.resize(c, 2 * self._count) for n, c in self._columns.items()}
        self._time_ns[self._count] = time_ns
        for name, column in self._columns.items():
            column[self._count] = sample[name]
        self._count += 1

    def view(self) -> Samples:
        series = {name: column[: self._count] for name, column in self._columns.items()}
        return Samples(self._time_ns[: self._count], series, self._kind)

    def last(self) -> dict[str, float]:
        return {name: float(column[self._count - 1]) for name, column in self._columns.items()}


class Loop:
    """The simulation, and what is carried from step to step."""

    def __init__(
        self, settings: Settings, jobs: pd.DataFrame, cluster: Cluster, options: dict[str, Any]
    ) -> None:
        self.settings, self.cluster = settings, cluster
        self.simulation = Simulation(jobs, cluster, **options)
        read = {k: options[k] for k in ("run_times", "default_limit_s", "ignore") if k in options}
        self.columns = job_columns(jobs, cluster, **read)
        self.kind = self.columns.time
        self.resource = settings.resource or _resource_of(self.columns, cluster)
        self.pools = tuple(pools_with(cluster, self.resource))
        self.most = {p.name: range_of(p, settings.floor, settings.ceiling).most for p in self.pools}
        self.observer = Observer(
            self.columns,
            cluster,
            self.pools,
            self.resource,
            by_pool=_by_pool(self.columns, self.pools),
            step_ns=settings.step_ns,
            keep=settings.history,
        )
        self.plan: CapacityPlan | None = None
        self.boost = 0.0
        self.samples = _SampleBuffer(self.kind)
        self.records = _Records()

    def run(self, *, progress: bool) -> None:
        """Step until all jobs have been submitted and have ended, or nothing moves any more."""
        step = self.settings.step_ns
        submit = self.columns.submit_ns
        first, last = (int(submit.min()) // step + 1) * step, (int(submit.max()) // step + 1) * step
        times: Iterable[int] = self._times(first, last)
        if progress:
            from tqdm.auto import tqdm

            times = tqdm(times, total=(last - first) // step + 1, desc="pipeline")
        for now in times:
            self.step(now)
        if self._live():
            self.simulation.run_until()
        self._note_applied(now + step)

    def _times(self, first: int, last: int) -> Iterator[int]:
        """The times of steps (ns), each asked for after the step before has been taken."""
        now, idle = first, 0
        while now <= last or (self._live() and idle < _STALLED):
            yield now
            idle = 0 if self.simulation.running else idle + 1
            now += self.settings.step_ns

    def _live(self) -> bool:
        return self.simulation.running + self.simulation.waiting > 0

    def step(self, now_ns: int) -> None:
        """One turn: move on to `now_ns`, observe, monitor, forecast, allocate, put in force."""
        self.simulation.run_until(self.kind.to_scalar(now_ns))
        seen = self.observer.look(self.simulation.result(), now_ns)
        firing = self._monitor(seen)
        quantile, everything = self._feed_back(firing)
        ready = len(seen.demand) >= self.settings.warmup * seen.demand["unique_id"].nunique()
        forecast = self._forecast(seen, quantile) if ready else None
        if forecast is not None:
            self._put_in_force(self._allocate(forecast, seen, quantile, everything), now_ns)
        self._note_step(seen, forecast, quantile, firing)

    def _monitor(self, seen: Observation) -> list[Rule]:
        """Sample the metrics and judge the rules on all samples so far; those that fire now."""
        sample = dict(seen.sample)
        main = main_resource(self.cluster.node_columns.resources)
        for r, capacity in self._in_service(seen.time_ns).items():
            used = sample.pop(f"used_{r}", 0.0)
            # A draining node is in service as far as it is in use.
            capacity = max(capacity, used)
            sample[f"utilisation_{r}"] = used / capacity if capacity > 0 else float("nan")
        sample["utilisation"] = sample.get(f"utilisation_{main}", float("nan"))
        self.samples.append(seen.time_ns, sample)
        samples = self.samples.view()
        return firing_now(samples, self._rules(samples))

    def _rules(self, samples: Samples) -> tuple[Rule, ...]:
        if self.settings.rules is not None:
            return self.settings.rules
        return tuple(rule for rule in default_rules() if rule.metric in samples.series)

    def _in_service(self, now_ns: int) -> dict[str, float]:
        """Capacity ordered over the last step, user units: all of it where nothing is planned."""
        capacity = dict(self.cluster.capacity)
        if self.plan is None:
            return capacity
        columns = self.cluster.node_columns
        begin, end = now_ns - self.settings.step_ns, now_ns
        for pool in self.plan.pools:
            rows = columns.pool == columns.pool_names.index(pool.name)
            off = 1 - self.plan.mean_amount(pool, begin, end) / pool.capacity
            for r, units in zip(columns.resources, columns.capacity[rows].sum(axis=0), strict=True):
                if not pool.divisible or r == self.resource:
                    capacity[r] -= off * float(units) / unit_of(r)
        return capacity

    def _feed_back(self, firing: list[Rule]) -> tuple[float, bool]:
        """The quantile to cover, and whether to order everything."""
        queue = [rule for rule in firing if rule.metric in _QUEUE_METRICS and rule.above]
        if not self.settings.feedback:
            return self.settings.quantile, False
        room = max(_QUANTILE_MOST - self.settings.quantile, 0.0)
        change = _QUANTILE_STEP if queue else -_QUANTILE_STEP
        self.boost = min(max(self.boost + change, 0.0), room)
        critical = any(rule.severity == "critical" for rule in queue)
        return self.settings.quantile + self.boost, critical

    def _forecast(self, seen: Observation, quantile: float) -> DemandForecast:
        forecast = predict(
            seen.demand,
            self.settings.horizon,
            model=self.settings.model,
            freq=self.settings.step_ns / 1e9,
            resource=self.resource,
        )
        made = to_pandas(forecast.frame)
        made.insert(0, "cutoff", self.kind.to_scalar(seen.time_ns))
        made = made.rename(columns={forecast.model: "forecast"})
        made.columns = [c.replace(f"{forecast.model}-", "") for c in made.columns]
        made["needed"] = to_pandas(forecast.quantile(quantile))["y"]
        self.records.forecasts.append(made)
        return forecast

    def _allocate(
        self, forecast: DemandForecast, seen: Observation, quantile: float, everything: bool
    ) -> CapacityPlan:
        p = self.settings
        return allocate(
            forecast,
            self.cluster,
            p.strategy,
            quantile=quantile,
            startup_s=p.startup_s,
            cooldown_s=p.cooldown_s,
            floor=p.floor,
            ceiling=p.ceiling,
            backlog=self.most if everything else seen.backlog,
            previous=self.plan,
        )

    def _put_in_force(self, plan: CapacityPlan, now_ns: int) -> None:
        self._note_applied(now_ns)
        beyond = pd.DataFrame(
            {
                "time": [plan.end] * len(plan.pools),
                "pool": [pool.name for pool in plan.pools],
                "resource": plan.resource,
                "amount": [self.most[pool.name] for pool in plan.pools],
            }
        )
        whole = pd.concat([plan.rows, beyond], ignore_index=True)
        self.plan = plan
        self.simulation.set_plan(replace(plan, rows=whole))

    def _note_applied(self, until_ns: int) -> None:
        """Keep what took effect of the plan in force before `until_ns`."""
        if self.plan is not None:
            rows = self.plan.rows
            before = rows["time"] < self.kind.to_scalar(until_ns)
            self.records.applied.append(rows[before.to_numpy()])

    def _note_step(
        self,
        seen: Observation,
        forecast: DemandForecast | None,
        quantile: float,
        firing: list[Rule],
    ) -> None:
        ordered = sum(pool.capacity for pool in self.pools)
        if self.plan is not None:
            ordered = sum(
                self.plan.mean_amount(pool, seen.time_ns, seen.time_ns + 1)
                for pool in self.plan.pools
            )
        self.records.steps.append(
            {
                "time": self.kind.to_scalar(seen.time_ns),
                **self.samples.last(),
                "backlog": sum(seen.backlog.values()),
                "quantile": quantile if forecast is not None else float("nan"),
                "ordered": ordered,
                "firing": ", ".join(rule.name for rule in firing),
            }
        )

    def result(self, jobs: pd.DataFrame, baseline: Schedule | None) -> PipelineResult:
        """Everything the run kept, with what came true beside what was forecast."""
        done = self.simulation.result()
        samples = self.samples.view()
        end_ns = int(np.append(done.times.end_ns, samples.time_ns[-1]).max())
        demand = self.observer.demand(done, end_ns + self.settings.step_ns)
        return PipelineResult.of(
            schedule=done,
            baseline=baseline,
            demand=demand.drop(columns="y_end"),
            forecasts=self.records.forecasts,
            applied=self.records.applied,
            steps=pd.DataFrame(self.records.steps),
            alerts=find_alerts(samples, self._rules(samples)),
            report=manage(done, self.settings.rules, jobs=jobs),
            resource=self.resource,
            pools=self.pools,
        )


def _resource_of(columns: JobColumns, cluster: Cluster) -> str:
    """The main resource that both the nodes have and the jobs ask."""
    shared = tuple(r for r in cluster.node_columns.resources if columns.requests.get(r) is not None)
    resource = main_resource(shared)
    if not resource:
        raise InvalidInputError(
            f"no resource is both on the nodes ({', '.join(cluster.capacity) or 'none'}) and "
            f"asked by the jobs ({', '.join(columns.requests) or 'none'})"
        )
    return resource


def _by_pool(columns: JobColumns, pools: tuple[Pool, ...]) -> bool:
    """One series a pool where every job names one; else the total is shared out."""
    return len(pools) > 1 and columns.pool is not None and bool((columns.pool >= 0).all())
