"""How many nodes of which kind: by simulation of jobs, or by a forecast of demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.prediction.capacity_search import Kinds, cheapest, read_kinds
from fairlead.prediction.capacity_trials import Trials, read_target
from fairlead.prediction.forecasting import DemandForecast
from fairlead.printed import Printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ClusterSize", "capacity_plan", "newsvendor_quantile"]

_FORECAST_TARGETS = ("quantile", "loss_frac", "missing_usd_per_unit_hour")


def newsvendor_quantile(idle_price: float, missing_price: float) -> float:
    r"""The quantile of demand to provide for, from what idle and missing capacity cost.

    .. math:: q^* = c_{missing} / (c_{missing} + c_{idle})

    Parameters
    ----------
    idle_price, missing_price : float
        Price of a unit that stands idle, and of a unit of demand that finds none; at least 0, not
        both 0. Only their ratio counts.

    Returns
    -------
    float
        From 0 to 1; ``forecast.quantile(q)`` is the level in every interval.

    Raises
    ------
    InvalidInputError
        A price is negative or infinite, or both are 0.

    References
    ----------
    .. [1] Arrow, Harris and Marschak, "Optimal inventory policy", Econometrica 19(3), 1951.

    Examples
    --------
    >>> newsvendor_quantile(idle_price=1.0, missing_price=9.0)
    0.9
    """
    prices = (idle_price, missing_price)
    if not (all(0 <= price < np.inf for price in prices) and sum(prices) > 0):
        raise InvalidInputError(
            f"idle_price and missing_price must be finite, at least 0 and not both 0; got {prices}"
        )
    return missing_price / (missing_price + idle_price)


@dataclass(frozen=True, eq=False, repr=False)
class ClusterSize(Printed):
    """The cheapest cluster found that holds the target, and what else was tried.

    Attributes
    ----------
    choice : dict of str to int
        Nodes of each kind; of existing nodes none.
    cluster : Cluster
        The nodes of the choice, with those that exist; ready for ``schedule``.
    candidates : DataFrame
        A row a size tried, the cheapest first: ``nodes_<kind>``, ``nodes``, ``cost_usd_per_hour``
        (NaN without prices), what was measured, and ``holds``.
    target : dict of str to float
        The measure and its bound.
    cost_usd_per_hour : float or None
        Of the choice; None without prices.
    anomalies : bool
        Whether some larger size next to the choice failed where a smaller one held.
    """

    choice: dict[str, int]
    cluster: Cluster
    candidates: pd.DataFrame
    target: dict[str, float]
    cost_usd_per_hour: float | None
    anomalies: bool
    _measures: tuple[str, ...] = field(default=(), repr=False)

    @property
    def row(self) -> dict[str, Any]:
        """The choice's row of the candidates."""
        same = [self.candidates[f"nodes_{kind}"] == n for kind, n in self.choice.items()]
        return dict(self.candidates[np.logical_and.reduce(same)].iloc[0])

    def summary(self) -> str:
        """A few lines for people: the choice, what it measures, and the next smaller size."""
        chosen = self.row
        nodes = ", ".join(f"{n} x {kind}" for kind, n in self.choice.items() if n) or "no nodes"
        cost = self.cost_usd_per_hour
        price = "" if cost is None else f", {cost:,.2f} USD an hour"
        [(name, bound)] = self.target.items()
        lines = [f"{nodes}{price}: {_sentence(name, bound)}"]
        lines.append("  " + ", ".join(_value(m, float(chosen[m])) for m in self._measures))
        fewer = self.candidates[
            ~self.candidates["holds"] & (self.candidates["nodes"] < chosen["nodes"])
        ]
        if len(fewer) and name in self._measures:
            below = fewer.sort_values("nodes").iloc[-1]
            lines.append(f"  with {below['nodes']} nodes: {_value(name, float(below[name]))}")
        if self.anomalies:
            lines.append("  more nodes were not always better here; see the candidates")
        lines.append(f"  {len(self.candidates)} sizes tried")
        return "\n".join(lines)

    def plot(self) -> Figure:
        """The measure and the cost of every size tried, with the bound and the choice.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.prediction.capacity_drawing import draw_sizes

        return draw_sizes(self)


def _sentence(name: str, bound: float) -> str:
    if name == "missing_usd_per_unit_hour":
        return f"least cost with missing capacity at {bound:g} USD a unit and hour"
    sign = "covers" if name == "quantile" else "holds"
    return f"{sign} {_value(name, bound).replace(' = ', ' <= ' if sign == 'holds' else ' ')}"


def _value(name: str, value: float) -> str:
    if name.endswith("_s"):
        return f"{name.removesuffix('_s')} = {value:,.0f} s"
    if name.endswith("_frac"):
        return f"{name.removesuffix('_frac')} = {value:.2%}"
    return f"{name} = {value:,.3g}"


def capacity_plan(
    demand: Any,
    kinds: Any,
    *,
    target: Mapping[str, float],
    existing: Any = None,
    patience_s: float = 3600.0,
    budget: int = 200,
    **options: Any,
) -> ClusterSize:
    """The cheapest number of nodes of each kind that holds a target.

    Parameters
    ----------
    demand : jobs frame or DemandForecast
        Jobs, as for ``schedule``, which are simulated; or a forecast of one series of demand.
    kinds : pandas, Polars or Arrow frame
        What can be had, a row a kind: ``kind`` (name), the columns of a nodes table (``cpus``,
        ``gpus``, ``gpu_type``, ``price_usd_per_hour``, ...), and optionally ``least`` and ``most``
        (nodes; 0 and 100,000).
    target : dict with one entry
        For jobs the largest ``p95_wait_s`` (any percentile), ``mean_wait_s``,
        ``mean_bounded_slowdown`` or ``loss_frac`` (the share of jobs that wait longer than
        `patience_s` or can never run). For a forecast the ``quantile`` to cover in every interval,
        the largest ``loss_frac`` (expected share of demand that is not met), or
        ``missing_usd_per_unit_hour``, the price of demand not met, for the least expected cost.
    existing : Cluster or nodes frame, optional
        Nodes that are there anyway; they cost nothing here. For jobs only.
    patience_s : float, default 3600
    budget : int, default 200
        Sizes to simulate at most.
    **options
        Of ``schedule``: ``policy``, ``run_times``, ``default_limit_s``, ``ignore``, ...

    Returns
    -------
    ClusterSize

    Raises
    ------
    InvalidInputError
        An unknown target, a kind without a name, or no size within the limits that holds.

    Notes
    -----
    One kind: bracketed from the offered load by doubling, then narrowed down with as many
    simulations at once as there are cores. Waits need not fall with every node that is added, so
    the sizes next to the choice are simulated too, and the choice is the smallest size above which
    none tried failed. Jobs that can never run count as waiting for ever. Several kinds: the best
    single kind, or as many of all where none will do, is bettered by leaving nodes out and by
    exchanging dear nodes for cheaper ones until nothing helps; a local optimum, not a proof.

    ``schedule(jobs, size.cluster)`` gives the choice's schedule; ``allocate`` follows demand within
    it over time. Of a forecast only intervals by themselves are known: a quantile in every interval
    is less than that quantile of the horizon's peak.

    References
    ----------
    .. [1] R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17, 1969.

    Examples
    --------
    >>> jobs = pd.DataFrame({"submit_time": range(0, 36000, 60), "duration_s": 600.0, "gpus": 1})
    >>> kinds = pd.DataFrame({"kind": ["a100"], "gpus": [4], "price_usd_per_hour": [12.0]})
    >>> size = capacity_plan(jobs.assign(limit_s=600), kinds, target={"p95_wait_s": 300})
    >>> print(size)
    3 x a100, 36.00 USD an hour: holds p95_wait <= 300 s
      p95_wait = 0 s, mean_bounded_slowdown = 1, loss = 0.00%, utilisation = 82.10%
      with 2 nodes: p95_wait = 8,520 s
      6 sizes tried
    """
    offered = read_kinds(kinds)
    if len(target) != 1:
        raise InvalidInputError(f"target must have one entry, got {dict(target)!r}")
    if isinstance(demand, DemandForecast):
        if existing is not None or options:
            unknown = ", ".join([*(["existing"] if existing is not None else []), *options])
            raise InvalidInputError(f"a forecast takes no {unknown}; they are for jobs")
        return _of_forecast(demand, offered, dict(target))
    measure = read_target(target)
    trials = Trials(demand, offered, measure, existing, patience_s, budget, options)
    choice = cheapest(trials, offered)
    return ClusterSize(
        choice=dict(zip(offered.names, choice, strict=True)),
        cluster=trials.cluster(choice),
        candidates=trials.table(),
        target={measure.name: measure.bound},
        cost_usd_per_hour=offered.cost(choice),
        anomalies=trials.anomalous(choice),
        _measures=trials.measures,
    )


def _of_forecast(forecast: DemandForecast, kinds: Kinds, target: dict[str, float]) -> ClusterSize:
    [(name, bound)] = target.items()
    if name not in _FORECAST_TARGETS:
        raise InvalidInputError(
            f"unknown target {name!r}; of a forecast known are {', '.join(_FORECAST_TARGETS)}"
        )
    if name != "missing_usd_per_unit_hour" and not 0 <= bound <= 1:
        raise InvalidInputError(f"target {name!r} must be from 0 to 1, got {bound!r}")
    kind, per_node = kinds.cheapest_per_unit(forecast.resource)
    spread = _distribution(forecast)
    # The kept quantiles end with the largest demand expected: nothing is gained above it.
    least, most = kinds.ranges[kind]
    largest = min(most, int(np.ceil(spread.max() / per_node - 1e-9)))
    nodes = np.arange(least, max(least, largest) + 1)
    capacity = nodes[:, None, None] * per_node
    missing = np.maximum(spread - capacity, 0.0).mean(axis=(1, 2))
    idle = np.maximum(capacity - spread, 0.0).mean(axis=(1, 2))
    price = kinds.prices[kind]
    table = pd.DataFrame(
        {
            f"nodes_{kinds.names[kind]}": nodes,
            "nodes": nodes,
            "cost_usd_per_hour": nodes * price,
            "missing_units": missing,
            "idle_units": idle,
            "loss_frac": missing / max(float(spread.mean()), 1e-300),
        }
    )
    if name == "quantile":
        level = float(np.max(np.asarray(_column(forecast.quantile(bound)))))
        holds = nodes * per_node >= level - 1e-9
    elif name == "loss_frac":
        holds = (table["loss_frac"] <= bound).to_numpy()
    else:
        table["total_usd_per_hour"] = nodes * price + bound * missing
        best = table["total_usd_per_hour"].to_numpy().argmin()
        holds = np.arange(len(nodes)) >= best
    if not holds.any():
        raise InvalidInputError(
            f"no number of nodes up to {nodes[-1]} holds {name} = {bound:g}; raise 'most'"
        )
    n = int(nodes[np.argmax(holds)])
    choice = [n if i == kind else 0 for i in range(len(kinds.names))]
    return ClusterSize(
        choice=dict(zip(kinds.names, choice, strict=True)),
        cluster=kinds.cluster(choice, None),
        candidates=table.assign(
            holds=holds,
            **{f"nodes_{other}": 0 for i, other in enumerate(kinds.names) if i != kind},
        ),
        target=target,
        cost_usd_per_hour=kinds.cost(choice),
        anomalies=False,
        _measures=("loss_frac", "missing_units", "idle_units"),
    )


def _distribution(forecast: DemandForecast) -> Any:
    """Demand at equally likely points, intervals x points, of the one series."""
    points = (np.arange(200) + 0.5) / 200
    columns = [np.asarray(_column(forecast.quantile(float(p)))) for p in points]
    ids = forecast.keys.get("unique_id")
    if ids is not None and len(set(np.asarray(ids).tolist())) > 1:
        raise InvalidInputError(
            "the forecast must be of one series, since quantiles of several do not add up; "
            "use demand_series(by=None)"
        )
    return np.maximum(np.stack(columns, axis=1), 0.0)[None]


def _column(frame: Any) -> Any:
    return frame["y"]
