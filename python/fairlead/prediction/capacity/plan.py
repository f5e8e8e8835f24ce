"""How many nodes of which kind: by simulation of jobs, or by a forecast of demand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairlead.errors import InvalidInputError
from fairlead.prediction.capacity.forecast import size_for_forecast
from fairlead.prediction.capacity.search import cheapest, read_kinds
from fairlead.prediction.capacity.size import ClusterSize
from fairlead.prediction.capacity.trials import Trials, read_target
from fairlead.prediction.forecasting import DemandForecast

__all__ = ["capacity_plan"]


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
        Jobs, as for ``schedule``, which are simulated; or a forecast of demand, whose series share
        the nodes.
    kinds : pandas, Polars or Arrow frame
        What can be had, a row a kind: ``kind`` (name), the columns of a nodes table (``cpus``,
        ``gpus``, ``gpu_type``, ``price_usd_per_hour``, ...), and optionally ``least`` and ``most``
        (nodes; 0 and 100,000).
    target : dict with one entry
        For jobs the largest ``p95_wait_s`` (any percentile), ``mean_wait_s``,
        ``mean_bounded_slowdown`` or ``loss_frac`` (the share of jobs that wait longer than
        `patience_s` or can never run). For a forecast the ``quantile`` of the horizon's peak to
        cover, the largest ``loss_frac`` (expected share of demand that is not met), or
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
    One kind: bracketed from the offered load by doubling, then narrowed down with four simulations
    at once. Waits need not fall with every node that is added, so
    the sizes next to the choice are simulated too, and the choice is the smallest size above which
    none tried failed. Jobs that can never run count as waiting for ever. Several kinds: the best
    single kind, or as many of all where none will do, is bettered by leaving nodes out and by
    exchanging dear nodes for cheaper ones until nothing helps; a local optimum, not a proof.

    ``schedule(jobs, size.cluster)`` gives the choice's schedule; ``allocate`` follows demand within
    it over time. A forecast is asked by 1,000 sample paths, in which intervals and series go
    together as its past errors did: the quantile of a peak is more than that of any interval.

    References
    ----------
    .. [1] R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17, 1969.

    Examples
    --------
    >>> import pandas as pd
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
        return size_for_forecast(demand, offered, dict(target))
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
