"""Capacity for a forecast of demand: what a quantile is worth, and how many nodes cover it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.prediction.capacity.search import Kinds
from fairlead.prediction.capacity.size import ClusterSize
from fairlead.prediction.forecasting import DemandForecast

__all__ = ["newsvendor_quantile", "size_for_forecast"]

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
        An unknown target, several series, a resource that no kind has, or too few nodes allowed.
    """
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
