"""The four functions of the first document, as a thin layer over the verbs.

Names and parameters are as written there, so that its main program runs as it is::

    history_data = pd.read_csv("history_data.csv")
    predicted_demand = resource_demand_prediction(history_data, forecast_horizon)
    allocated_resources = resource_allocation_strategy(predicted_demand, "dynamic")
    scheduled_resources = resource_scheduling_strategy(allocated_resources, "SJF")
    managed_resources = resource_management_strategy(scheduled_resources)

Each result carries the history and the cluster on to the next function, and prints as a summary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from fairlead.allocation import CapacityPlan, allocate
from fairlead.allocation.plan import to_ns
from fairlead.allocation.pools import pools_with
from fairlead.allocation.strategies import STRATEGIES
from fairlead.cluster import Cluster, as_cluster
from fairlead.errors import InvalidInputError
from fairlead.history import DEFAULT_NODE, Window, last_jobs, read_history, unit_jobs
from fairlead.management import ManagementReport, manage
from fairlead.management.observing import footprint
from fairlead.prediction import DemandForecast, predict
from fairlead.prediction.intervals import freq_ns
from fairlead.printed import Printed
from fairlead.scheduling import Schedule, schedule
from fairlead.tables import job_columns, to_pandas

__all__ = [
    "AllocatedResources",
    "PredictedDemand",
    "ScheduledResources",
    "resource_allocation_strategy",
    "resource_demand_prediction",
    "resource_management_strategy",
    "resource_scheduling_strategy",
]

_POLICIES = {"fcfs": "fcfs", "sjf": "sjf"}
_NS = 1_000_000_000


@dataclass(frozen=True, eq=False, repr=False)
class PredictedDemand(Printed):
    """What `resource_demand_prediction` found.

    Attributes
    ----------
    forecast : DemandForecast
    history : DataFrame
        As given, or with times read from text.
    cluster : Cluster
        As given, or default nodes for the peak of the history.
    forecast_horizon : int
        Intervals ahead.
    notes : tuple of str
        What was assumed.
    """

    forecast: DemandForecast
    history: pd.DataFrame
    cluster: Cluster
    forecast_horizon: int
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """A few lines for people."""
        return _lines(self.forecast.summary(), self.cluster.summary(), *self.notes)


@dataclass(frozen=True, eq=False, repr=False)
class AllocatedResources(Printed):
    """What `resource_allocation_strategy` decided.

    Attributes
    ----------
    plan : CapacityPlan
    demand : PredictedDemand
        What it was made from, with history and cluster.
    """

    plan: CapacityPlan
    demand: PredictedDemand

    def summary(self) -> str:
        """A few lines for people."""
        return self.plan.summary()


@dataclass(frozen=True, eq=False, repr=False)
class ScheduledResources(Printed):
    """What `resource_scheduling_strategy` made of the last part of the history.

    Attributes
    ----------
    schedule : Schedule
    jobs : DataFrame
        The jobs that were replayed.
    allocated : AllocatedResources
        What they were replayed under.
    notes : tuple of str
        What was assumed.
    """

    schedule: Schedule
    jobs: pd.DataFrame
    allocated: AllocatedResources
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """A few lines for people."""
        return _lines(self.schedule.summary(), *self.notes)


def resource_demand_prediction(
    history_data: Any,
    forecast_horizon: int,
    *,
    cluster: Any = None,
    freq: Any = "1h",
    resource: str | None = None,
    model: str = "auto",
) -> PredictedDemand:
    """Forecast the demand that follows a history.

    Parameters
    ----------
    history_data : DataFrame
        A jobs table (``submit_time`` as ISO text, datetime or s; ``duration_s``, ``gpus``, ...), or
        a demand table (``ds`` as ISO text, datetime or s; ``y``, units in use).
    forecast_horizon : int
        Intervals ahead.
    cluster : Cluster or nodes frame, optional
        By default as many nodes with 8 GPUs, 96 CPUs and 1,024 GiB as the peak demand needs, and
        the widest job.
    freq : str, timedelta or s, default "1h"
        Length of an interval of a jobs table; a demand table has its own.
    resource : str, optional
        What is forecast; by default GPUs if any job asks some, else other devices, else CPUs.
    model : str, default "auto"
        Of `predict`.

    Returns
    -------
    PredictedDemand

    Raises
    ------
    InvalidInputError
        Neither kind of table, or a bad one.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> history = pd.DataFrame({"ds": range(0, 172800, 3600), "y": [3.0, 3.0, 9.0, 12.0] * 12})
    >>> predicted = fairlead.resource_demand_prediction(history, 4)
    >>> predicted.forecast.frame["auto"].round().tolist()
    [3.0, 3.0, 9.0, 12.0]
    >>> predicted.cluster.capacity["gpus"]
    16.0
    """
    seen = read_history(to_pandas(history_data, "history_data"), resource, freq)
    notes: tuple[str, ...] = ()
    if cluster is None:
        cluster = Cluster.homogeneous(nodes=seen.nodes, **DEFAULT_NODE)
        notes = (f"no cluster given: {seen.nodes} default nodes, as the peak demand needs",)
    forecast = predict(
        seen.demand, forecast_horizon, model=model, freq=seen.freq, resource=seen.resource
    )
    return PredictedDemand(forecast, seen.table, as_cluster(cluster), forecast_horizon, notes)


def resource_allocation_strategy(
    predicted_demand: PredictedDemand, allocation_type: str, **options: Any
) -> AllocatedResources:
    """Decide how much capacity there is, once (static) or per interval (dynamic).

    Parameters
    ----------
    predicted_demand : PredictedDemand
        Of `resource_demand_prediction`.
    allocation_type : {"static", "dynamic"}
        In any case of letters.
    **options
        Of `allocate`: ``quantile``, ``startup_s``, ``cooldown_s``, ``floor``, ... By default the
        floor is what the widest job of the history needs, so that all of them can run.

    Returns
    -------
    AllocatedResources

    Raises
    ------
    InvalidInputError
        An unknown type, or an option out of range.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> history = pd.DataFrame({"ds": range(0, 172800, 3600), "y": [3.0, 3.0, 9.0, 12.0] * 12})
    >>> predicted = fairlead.resource_demand_prediction(history, 4)
    >>> for kind in ("static", "dynamic"):
    ...     allocated = fairlead.resource_allocation_strategy(predicted, kind)
    ...     print(kind, allocated.plan.rows["amount"].tolist())
    static [16.0]
    dynamic [8.0, 16.0]
    """
    _check(predicted_demand, PredictedDemand, "predicted_demand", "resource_demand_prediction")
    strategy = _known(allocation_type, "allocation_type", {name: name for name in STRATEGIES})
    if "floor" not in options and "submit_time" in predicted_demand.history:
        options["floor"] = _widest_jobs(predicted_demand)
    plan = allocate(predicted_demand.forecast, predicted_demand.cluster, strategy, **options)
    return AllocatedResources(plan, predicted_demand)


def resource_scheduling_strategy(
    allocated_resources: AllocatedResources, scheduling_type: str, **options: Any
) -> ScheduledResources:
    """Replay the last part of the history, as long as the forecast horizon, under the plan.

    Parameters
    ----------
    allocated_resources : AllocatedResources
        Of `resource_allocation_strategy`.
    scheduling_type : {"FCFS", "SJF"}
        In any case of letters.
    **options
        Of `schedule`: ``placement``, ``backfill``, ``run_times``, ... Where jobs have no limit, the
        true run time is the estimate, and the result says so.

    Returns
    -------
    ScheduledResources

    Raises
    ------
    InvalidInputError
        An unknown type, an option out of range, or no job in that part of the history.

    Notes
    -----
    The plan for the next `forecast_horizon` intervals is moved back by as many, onto the last ones
    of the history. Jobs that were submitted earlier are left out. A history of demand only becomes
    unit jobs: in each interval as many jobs of one unit and one interval as the demand rounds to.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> history = pd.DataFrame({"ds": range(0, 172800, 3600), "y": [3.0, 3.0, 9.0, 12.0] * 12})
    >>> predicted = fairlead.resource_demand_prediction(history, 4)
    >>> allocated = fairlead.resource_allocation_strategy(predicted, "dynamic")
    >>> scheduled = fairlead.resource_scheduling_strategy(allocated, "FCFS")
    >>> len(scheduled.jobs), scheduled.schedule.metrics["mean_wait_s"]
    (27, 0.0)
    """
    _check(
        allocated_resources,
        AllocatedResources,
        "allocated_resources",
        "resource_allocation_strategy",
    )
    policy = _known(scheduling_type, "scheduling_type", _POLICIES)
    demand, plan = allocated_resources.demand, allocated_resources.plan
    notes = list(demand.notes)
    if "submit_time" in demand.history:
        jobs = last_jobs(demand.history, demand.cluster, _window(demand))
    else:
        jobs = unit_jobs(demand.history, demand.cluster, _window(demand), demand.forecast.resource)
        notes.append("the history has no jobs: unit jobs stand in for its demand")
    unlimited = "limit_s" not in jobs or bool(jobs["limit_s"].isna().any())
    if unlimited and not {"run_times", "default_limit_s"} & set(options):
        options["run_times"] = "actual"
        notes.append("not all jobs have a limit: the true run times stand in as estimates")
    done = schedule(
        jobs, demand.cluster, policy=policy, allocation=_moved_back(plan, demand), **options
    )
    return ScheduledResources(done, jobs, allocated_resources, tuple(notes))


def resource_management_strategy(scheduled_resources: ScheduledResources) -> ManagementReport:
    """Watch the schedule: utilisation, queue, waste, alerts and advice.

    Parameters
    ----------
    scheduled_resources : ScheduledResources
        Of `resource_scheduling_strategy`.

    Returns
    -------
    ManagementReport

    Raises
    ------
    InvalidInputError
        Not such a result.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> history = pd.DataFrame({"ds": range(0, 172800, 3600), "y": [3.0, 3.0, 9.0, 12.0] * 12})
    >>> predicted = fairlead.resource_demand_prediction(history, 4)
    >>> allocated = fairlead.resource_allocation_strategy(predicted, "dynamic")
    >>> scheduled = fairlead.resource_scheduling_strategy(allocated, "FCFS")
    >>> managed = fairlead.resource_management_strategy(scheduled)
    >>> managed.metrics["waiting_max"], round(managed.metrics["utilisation_gpus_mean"], 3)
    (0.0, 0.562)
    """
    _check(
        scheduled_resources,
        ScheduledResources,
        "scheduled_resources",
        "resource_scheduling_strategy",
    )
    return manage(scheduled_resources.schedule, jobs=scheduled_resources.jobs)


def _widest_jobs(demand: PredictedDemand) -> dict[str, float]:
    """Units per pool that the widest job of the history needs to start at all."""
    columns = job_columns(demand.history, demand.cluster, need_duration=False)
    pools = tuple(pools_with(demand.cluster, demand.forecast.resource))
    widest = footprint(columns, demand.cluster, pools).widest([p.capacity for p in pools])
    return {pool.name: float(units) for pool, units in zip(pools, widest, strict=True)}


def _window(demand: PredictedDemand) -> Window:
    """The last intervals of the history, as many as the forecast has ahead."""
    end_ns = int(to_ns(to_pandas(demand.forecast.frame)["ds"].iloc[:1])[0])
    return Window(end_ns, freq_ns(demand.forecast.freq), demand.forecast_horizon)


def _moved_back(plan: CapacityPlan, demand: PredictedDemand) -> CapacityPlan:
    """The plan for the intervals ahead, over the last ones of the history instead."""
    window = _window(demand)
    seconds = (window.end_ns - window.begin_ns) / _NS
    back: Any = pd.Timedelta(seconds=seconds) if isinstance(plan.begin, pd.Timestamp) else seconds
    return replace(
        plan,
        rows=plan.rows.assign(time=plan.rows["time"] - back),
        needs=plan.needs.assign(time=plan.needs["time"] - back),
        begin=plan.begin - back,
        end=plan.end - back,
        forecast=None,
    )


def _known(name: str, what: str, known: dict[str, str]) -> str:
    found = known.get(name.lower()) if isinstance(name, str) else None
    if found is None:
        shown = ", ".join(n if what == "allocation_type" else n.upper() for n in known)
        raise InvalidInputError(f"unknown {what} {name!r}; known are {shown}")
    return found


def _check(value: Any, kind: type, what: str, maker: str) -> None:
    if not isinstance(value, kind):
        raise InvalidInputError(
            f"{what} must be the result of {maker}(...); got {type(value).__name__}"
        )


def _lines(*texts: str) -> str:
    return "\n".join(texts)
