"""Capacity for a forecast of demand: what a quantile is worth, and how many nodes cover it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.prediction.capacity.search import Kinds
from fairlead.prediction.capacity.size import ClusterSize
from fairlead.prediction.forecasting import DemandForecast
from fairlead.tables.frames import Floats

__all__ = ["newsvendor_quantile", "size_for_forecast"]

_PATHS = 1000
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


def size_for_forecast(
    forecast: DemandForecast, kinds: Kinds, target: dict[str, float]
) -> ClusterSize:
    """The fewest nodes of the kind with the cheapest units that hold a target of a forecast.

    Raises
    ------
    InvalidInputError
        An unknown target, a resource that no kind has, or too few nodes allowed.
    """
    [(name, bound)] = target.items()
    if name not in _FORECAST_TARGETS:
        raise InvalidInputError(
            f"unknown target {name!r}; of a forecast known are {', '.join(_FORECAST_TARGETS)}"
        )
    kind, per_node = kinds.cheapest_per_unit(forecast.resource)
    price = kinds.prices[kind]
    if name == "missing_usd_per_unit_hour":
        if not 0 <= bound < np.inf:
            raise InvalidInputError(f"target {name!r} must be finite and at least 0, got {bound!r}")
        if np.isnan(price):
            raise InvalidInputError(
                f"target {name!r} weighs two prices; give the kinds a price_usd_per_hour"
            )
    elif not 0 <= bound <= 1:
        raise InvalidInputError(f"target {name!r} must be from 0 to 1, got {bound!r}")
    paths = forecast.sample_paths(_PATHS)
    demand = np.sort(paths.y.sum(axis=1).ravel())
    # The paths end with the largest demand expected: nothing is gained above it.
    least, most = kinds.ranges[kind]
    largest = min(most, int(np.ceil(demand[-1] / per_node - 1e-9)))
    nodes = np.arange(least, max(least, largest) + 1)
    missing, idle = _missing_and_idle(demand, np.asarray(nodes * per_node, dtype=np.float64))
    table = pd.DataFrame(
        {
            f"nodes_{kinds.names[kind]}": nodes,
            "nodes": nodes,
            "cost_usd_per_hour": nodes * price,
            "missing_units": missing,
            "idle_units": idle,
            "loss_frac": missing / max(float(demand.mean()), 1e-300),
        }
    )
    if name == "quantile":
        peak = paths.quantile(bound, of="max", together=True)
        holds = nodes * per_node >= peak - 1e-9
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


def _missing_and_idle(demand: Floats, capacity: Floats) -> tuple[Floats, Floats]:
    """Means of what is missing and idle at each capacity, of equally likely demands in order."""
    below = np.searchsorted(demand, capacity)
    sums = np.concatenate([[0.0], np.cumsum(demand)])
    missing = sums[-1] - sums[below] - capacity * (len(demand) - below)
    idle = capacity * below - sums[below]
    return np.maximum(missing, 0.0) / len(demand), np.maximum(idle, 0.0) / len(demand)
