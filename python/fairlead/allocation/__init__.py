"""Allocation: how much capacity each pool gets over time, and models that divide what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.allocation.models import Knapsack, headroom, knapsack, weighted_priority
from fairlead.allocation.plan import CapacityPlan, to_ns
from fairlead.allocation.pools import Pool, pools_with, range_of, share_out
from fairlead.allocation.programs import AllocationMatrix, CostPlan, allocation_matrix, cost_plan
from fairlead.allocation.strategies import STRATEGIES, Need, Steps
from fairlead.cluster import as_cluster
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.tables import TimeKind, to_pandas
from fairlead.tables.frames import Table
from fairlead.tables.times import read_times

if TYPE_CHECKING:
    from fairlead.prediction import DemandForecast

__all__ = [
    "AllocationMatrix",
    "CapacityPlan",
    "CostPlan",
    "Knapsack",
    "Pool",
    "allocate",
    "allocation_matrix",
    "cost_plan",
    "headroom",
    "knapsack",
    "weighted_priority",
]

_NS = 1_000_000_000


def allocate(
    forecast: DemandForecast,
    cluster: Any,
    strategy: str = "static",
    *,
    quantile: float = 0.9,
    startup_s: float = 0.0,
    cooldown_s: float = 0.0,
    floor: float | Mapping[str, float] = 0.0,
    ceiling: float | Mapping[str, float] | None = None,
    pool: str | None = None,
    backlog: float | Mapping[str, float] = 0.0,
    previous: CapacityPlan | None = None,
) -> CapacityPlan:
    """Decide how much of each pool there is over the horizon of a forecast.

    Parameters
    ----------
    forecast : DemandForecast
        Of units in use (``fairlead.predict``). Series named as pools are those pools' demand; one
        series of another name is shared out over the pools, the cheapest per unit first.
    cluster : Cluster or nodes frame
        The nodes there are; a plan never asks for more.
    strategy : {"static", "dynamic"}
        ``static``: one level, the largest of the horizon. ``dynamic``: follows the forecast.
    quantile : float, default 0.9
        The quantile of the forecast to cover in every interval. In ``static`` the level is the
        largest of these quantiles over the horizon, not a quantile of the horizon's largest value.
    startup_s : float, default 0
        From ordering a node to its being ready (s). Increases are ordered that much ahead.
    cooldown_s : float, default 0
        How long the need has to be lower before the amount follows (s); ``dynamic`` only.
    floor, ceiling : float or dict of pool to float
        Least and most units of the resource per pool (floor rounded up and ceiling down to whole
        nodes). By default 0 and all of the pool.
    pool : str, optional
        The pool that the forecast's one series is for.
    backlog : float or dict of pool to float, default 0
        Units that running and waiting jobs ask for already; the first interval covers at least
        these. A forecast of demand with unlimited capacity knows nothing of jobs that had to wait.
    previous : CapacityPlan, optional
        The plan in force until now; its needs of the last `cooldown_s` still hold capacity.

    Returns
    -------
    CapacityPlan
        Whole nodes of each pool, or whole units where the pool is one node without devices.

    Raises
    ------
    InvalidInputError
        Unknown strategy or pool, an option out of range, a resource that no node has, or a pool of
        nodes with unlike amounts of it.

    Notes
    -----
    Dynamic: the amount ordered at t is the largest need of ``[t - cooldown_s, t + startup_s]``, so
    each interval finds its capacity ready and brief dips change nothing. Nothing can be ordered
    before the plan begins: the first `startup_s` of a plan may fall short. O(intervals) per pool.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> demand = pd.DataFrame(
    ...     {"unique_id": "default", "ds": pd.date_range("2024-01-01", periods=96, freq="1h"),
    ...      "y": ([10.0] * 8 + [40.0] * 8 + [20.0] * 8) * 4})
    >>> forecast = fairlead.predict(demand, horizon=24, model="seasonal_naive", level=(80,))
    >>> cluster = fairlead.Cluster.homogeneous(nodes=8, gpus=8, price_usd_per_hour=16.0)
    >>> plan = fairlead.allocate(forecast, cluster, strategy="dynamic", startup_s=600)
    >>> plan.rows["amount"].tolist()
    [16.0, 40.0, 24.0]
    >>> plan.cost_usd, fairlead.allocate(forecast, cluster).cost_usd
    (1288.0, 1920.0)
    """
    if strategy not in STRATEGIES:
        raise InvalidInputError(f"unknown strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    startup_ns, cooldown_ns = _delay("startup_s", startup_s), _delay("cooldown_s", cooldown_s)
    series, start, kind = _series_of(forecast, quantile)
    end = np.append(start[1:], start[-1] + freq_ns(forecast.freq))
    pools = pools_with(as_cluster(cluster), forecast.resource)
    needs = share_out(series, pools, pool)
    planned = [p for p in pools if p.name in needs]
    waiting = _by_pool("backlog", backlog, planned)
    rows, wanted = [], []
    for p in planned:
        need = _need(needs[p.name], start, end, waiting[p.name], p, previous, cooldown_ns)
        wanted.append(_frame(kind, need.start, pool=p.name, need=need.amount))
        limits = range_of(p, floor, ceiling)
        amount = np.clip(p.round_up(need.amount), limits.least, limits.most)
        within = Need(need.start, need.end, amount, need.begin)
        steps: Steps = STRATEGIES[strategy](within, startup_ns, cooldown_ns)
        rows.append(
            _frame(kind, steps.time, pool=p.name, resource=forecast.resource, amount=steps.amount)
        )
    return CapacityPlan(
        rows=pd.concat(rows, ignore_index=True).sort_values(
            "time", kind="stable", ignore_index=True
        ),
        startup_s=float(startup_s),
        strategy=strategy,
        resource=forecast.resource,
        pools=tuple(planned),
        begin=kind.to_scalar(int(start[0])),
        end=kind.to_scalar(int(end[-1])),
        quantile=quantile,
        cooldown_s=float(cooldown_s),
        needs=pd.concat(wanted, ignore_index=True),
        forecast=forecast,
    )


def _series_of(
    forecast: DemandForecast, quantile: float
) -> tuple[dict[str, Any], np.ndarray[Any, np.dtype[np.int64]], TimeKind]:
    """The quantile of each series by id, and the interval starts they share."""
    frame = to_pandas(forecast.quantile(quantile), "forecast")
    ns, _, kind = read_times(Table(frame, "forecast"), "ds")
    start = np.unique(ns)
    series = {}
    for name, rows in frame.groupby("unique_id", sort=False, observed=True).indices.items():
        values = frame["y"].to_numpy(float)[rows]
        if not np.array_equal(ns[rows], start) or np.isnan(values).any():
            raise InvalidInputError(
                f"every series of the forecast must have a value in every interval, in time order; "
                f"{name!r} has not"
            )
        series[str(name)] = np.maximum(values, 0.0)
    return series, start, kind


def _need(
    units: Any,
    start: np.ndarray[Any, np.dtype[np.int64]],
    end: np.ndarray[Any, np.dtype[np.int64]],
    backlog: float,
    pool: Pool,
    previous: CapacityPlan | None,
    cooldown_ns: int,
) -> Need:
    """The need of a pool, after the part of the previous plan's that the cool-down still holds."""
    amount = np.array(units, dtype=np.float64)
    amount[0] = max(amount[0], backlog)
    begin = int(start[0])
    if previous is None:
        return Need(start, end, amount, begin)
    old = previous.needs[previous.needs["pool"] == pool.name]
    if old.empty:
        return Need(start, end, amount, begin)
    times = to_ns(old["time"])
    ends = np.minimum(np.append(times[1:], to_ns(pd.Series([previous.end]))), begin)
    held = (times < begin) & (ends + cooldown_ns > begin)
    return Need(
        np.concatenate([times[held], start]),
        np.concatenate([ends[held], end]),
        np.concatenate([old["need"].to_numpy(float)[held], amount]),
        begin,
    )


def _frame(kind: TimeKind, ns: Any, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"time": kind.to_frame_times(ns), **columns})


def _delay(name: str, seconds: float) -> int:
    if not 0 <= seconds < 9.2e9:
        raise InvalidInputError(f"{name} must be seconds of at least 0; got {seconds!r}")
    return round(seconds * _NS)


def _by_pool(name: str, value: float | Mapping[str, float], pools: list[Pool]) -> dict[str, float]:
    """One value a pool; a single number is shared out, the cheapest pool per unit first."""
    if isinstance(value, Mapping):
        amounts = {p.name: float(value.get(p.name, 0.0)) for p in pools}
    else:
        shared = share_out({"": np.array([float(value)])}, pools, None)
        amounts = {p.name: float(shared.get(p.name, np.zeros(1))[0]) for p in pools}
    if not all(0 <= a < np.inf for a in amounts.values()):
        raise InvalidInputError(f"{name} must be finite and at least 0; got {value!r}")
    return amounts
