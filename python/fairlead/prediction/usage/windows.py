"""What to ask for, from what was used, by moving windows and by least cost, after Autopilot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.prediction.usage.base import Recommender
from fairlead.prediction.usage.frames import RESOURCES

__all__ = ["CostRecommender", "WindowRecommender"]


class WindowRecommender(Recommender):
    """Requests by moving windows, as Google's Autopilot makes them.

    Usage is gathered in windows of five minutes, whose weights halve with age. From these come the
    maximum, the weighted mean, and percentiles of the load-adjusted histogram, in which a bucket
    weighs what its samples used. The statistic with a margin is the limit; the largest limit of the
    last hour is the target. ``lower`` is the mean with the margin, ``upper`` the maximum with it,
    where these are below and above the target.

    Parameters
    ----------
    by : str, default "job_id"
    statistic : dict of resource to str, optional
        ``mean``, ``max``, ``p95`` (any percentile), or ``tolerant``: the larger of ``p60`` and
        half of the maximum. By default ``p95`` for ``cpus`` and ``gpus``, ``max`` for memory; the
        paper has ``mean`` for CPUs of batch jobs, ``p90`` for tolerant services, ``p98`` for memory
        of jobs that must not run out of it, ``tolerant`` for those that may.
    window : str, timedelta or s, default "5min"
    half_life : str, timedelta or s, optional
        By default 12 h for ``cpus`` and ``gpus``, 48 h for memory.
    maximum_over : str, timedelta or s, default "7d"
        What the maximum looks back over; the paper leaves it open.
    safety_margin : float, default 0.1
        The paper has 10 to 15 %.
    hold : str, timedelta or s, default "1h"
    minimum : dict of resource to float, optional
        As for `UsageRecommender`.

    References
    ----------
    .. [1] Rzadca et al., "Autopilot: workload autoscaling at Google", EuroSys 2020, section 3.2.

    Examples
    --------
    >>> import pandas as pd
    >>> usage = pd.DataFrame({"job_id": "a", "time": range(0, 1200, 300), "cpus": [2, 2, 2, 4.0]})
    >>> WindowRecommender(statistic={"cpus": "max"}).fit(usage).recommend()["target"].round(6)
    0    4.4
    Name: target, dtype: float64
    """

    def __init__(
        self,
        *,
        by: str = "job_id",
        statistic: Mapping[str, str] | None = None,
        window: Any = "5min",
        half_life: Any = None,
        maximum_over: Any = "7d",
        safety_margin: float = 0.1,
        hold: Any = "1h",
        minimum: Mapping[str, float] | None = None,
    ) -> None:
        self.by = by
        self.statistic = statistic
        self.window = window
        self.half_life = half_life
        self.maximum_over = maximum_over
        self.safety_margin = safety_margin
        self.hold = hold
        self.minimum = minimum

    def _bank(self, resource: str) -> Any:
        entry = RESOURCES[resource]
        window_ns = freq_ns(self.window)
        half_life = ("48h" if entry.peaks else "12h") if self.half_life is None else self.half_life
        given = (self.statistic or {}).get(resource, "max" if entry.peaks else "p95")
        return _core.WindowRecommender(
            buckets=entry.buckets,
            window_ns=window_ns,
            half_life_ns=freq_ns(half_life),
            windows=max(1, freq_ns(self.maximum_over) // window_ns),
            peaks=entry.peaks,
            statistic=_statistic(given),
            margin=self.safety_margin,
            hold=max(1, freq_ns(self.hold) // window_ns),
            least=self._least(resource),
        )


def _statistic(name: str) -> tuple[float, float, float]:
    """Percentile (below 0: none), share of the maximum, share of the mean."""
    fixed = {"mean": (-1.0, 0.0, 1.0), "max": (-1.0, 1.0, 0.0), "tolerant": (0.6, 0.5, 0.0)}
    if name in fixed:
        return fixed[name]
    number = name.removeprefix("p")
    if name.startswith("p") and number.replace(".", "", 1).isdigit() and float(number) <= 100:
        return (float(number) / 100, 0.0, 0.0)
    raise InvalidInputError(
        f"a statistic must be mean, max, tolerant or a percentile such as p95; got {name!r}"
    )


class CostRecommender(Recommender):
    r"""Requests by least cost over a bank of models, after Autopilot's learning recommender.

    Each model has a half life and a margin. At the end of a window its limit becomes the bucket end
    L with the least cost

    .. math:: \sum_k h_k \left( w_o \max(0, b_k - L) + w_u \max(0, L - b_k) \right) / \sum_k h_k
        + w_c [L \ne L_{before}]

    over its decaying histogram h of usage b, plus the margin. Each model keeps the decayed cost of
    its limits for the usage that came; the cheapest model, with a price on changing the model or
    the limit, decides. ``lower`` and ``upper`` are the least and the largest limit of all models.

    Parameters
    ----------
    by : str, default "job_id"
    overrun, underrun : float, default 9 and 1
        Prices of a unit in use above the limit, and of a unit of room below it. With 9 and 1 a
        model without margin follows the 90th percentile of its histogram.
    change, switch : float, default 0.1
        Prices of changing the limit and the model, in units of mean use.
    half_lives : sequence of str, timedelta or s, default ("6h", "24h", "7d")
    margins : sequence of float, default (0.0, 0.1, 0.25)
    window : str, timedelta or s, default "5min"
    cost_half_life : str, timedelta or s, default "24h"
    minimum : dict of resource to float, optional
        As for `UsageRecommender`.

    Notes
    -----
    The paper counts samples above and below the limit. With any overrun price above the underrun
    price that count is least at the maximum, so here both sides are weighed by their distance. The
    paper does not publish its prices, half lives and margins; the defaults are ours.

    References
    ----------
    .. [1] Rzadca et al., "Autopilot: workload autoscaling at Google", EuroSys 2020, section 3.3.

    Examples
    --------
    >>> import pandas as pd
    >>> usage = pd.DataFrame({"job_id": "a", "time": range(0, 86400, 300), "cpus": 2.0})
    >>> CostRecommender().fit(usage).recommend()["target"].round(2).tolist()
    [2.09]
    """

    def __init__(
        self,
        *,
        by: str = "job_id",
        overrun: float = 9.0,
        underrun: float = 1.0,
        change: float = 0.1,
        switch: float = 0.1,
        half_lives: Sequence[Any] = ("6h", "24h", "7d"),
        margins: Sequence[float] = (0.0, 0.1, 0.25),
        window: Any = "5min",
        cost_half_life: Any = "24h",
        minimum: Mapping[str, float] | None = None,
    ) -> None:
        self.by = by
        self.overrun = overrun
        self.underrun = underrun
        self.change = change
        self.switch = switch
        self.half_lives = half_lives
        self.margins = margins
        self.window = window
        self.cost_half_life = cost_half_life
        self.minimum = minimum

    def _bank(self, resource: str) -> Any:
        entry = RESOURCES[resource]
        prices = (self.overrun, self.underrun, self.change, self.switch)
        if not all(0 <= price < np.inf for price in prices):
            raise InvalidInputError(f"prices must be finite and at least 0; got {prices}")
        return _core.CostRecommender(
            buckets=entry.buckets,
            window_ns=freq_ns(self.window),
            peaks=entry.peaks,
            half_lives_ns=[freq_ns(length) for length in self.half_lives],
            margins=list(self.margins),
            cost_half_life_ns=freq_ns(self.cost_half_life),
            prices=prices,
            least=self._least(resource),
        )
