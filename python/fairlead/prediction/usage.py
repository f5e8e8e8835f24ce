"""What to ask for, from what was used: recommenders of requests for many jobs at once."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.prediction.usage_frames import RESOURCES, Keys, Usage, Use, read_usage
from fairlead.tables import to_native_like, without_columns

__all__ = ["CostRecommender", "UsageRecommender", "WindowRecommender"]

_MIB = float(1 << 20)
_GIB = float(1 << 30)
# Requests below these are not made: of a Kubernetes pod 25 millicores and 250 MiB.
_MINIMUM = {"cpus": 0.025, "memory_gib": 250 / 1024}


class _Recommender(ABC):
    """Reading usage, telling keys apart and answering as a frame; the rule is the subclass's."""

    by: str
    minimum: Mapping[str, float] | None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters as they were given, by name; for scikit-learn's tools."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Other parameters; they take effect with the next `fit`."""
        for name, value in params.items():
            if name not in self.get_params():
                raise InvalidInputError(
                    f"{type(self).__name__} has no parameter {name!r}; it has "
                    f"{', '.join(self.get_params())}"
                )
            setattr(self, name, value)
        return self

    def fit(self, usage: Any) -> Self:
        """Learn from a usage frame, forgetting everything before.

        Parameters
        ----------
        usage : pandas, Polars or Arrow frame
            The key column `by`, ``time`` (datetime or s), and in any of ``cpus`` (cores),
            ``memory_gib``, ``gpus`` (busy devices) and ``gpu_memory_gib`` (GiB) what was in use
            then; missing: not sampled. Rows in any order.

        Returns
        -------
        self

        Raises
        ------
        InvalidInputError
            A column is missing, or a value is missing, negative or infinite; names the row.
        """
        self._forget()
        return self.partial_fit(usage)

    def partial_fit(self, usage: Any) -> Self:
        """Learn from more usage, later than what is known of each key; as `fit`."""
        if not hasattr(self, "keys_"):
            self._forget()
        read = read_usage(usage, self.by, self._member(), self.keys_)
        self._like = without_columns(usage)
        self._observe(read)
        return self

    def recommend(self) -> Any:
        """What to ask for.

        Returns
        -------
        DataFrame of the library of the usage
            One row a key and resource that was sampled: the key column, ``resource``, ``target``,
            ``lower``, ``upper`` (in the unit of the resource), ``samples``.

        Raises
        ------
        InvalidInputError
            Nothing was learnt yet.
        """
        if not getattr(self, "banks_", None):
            raise InvalidInputError("there is no usage yet; call fit first")
        names = self.keys_.names()
        parts: dict[str, list[Any]] = {
            name: [] for name in (self.by, "resource", "target", "lower", "upper", "samples")
        }
        for resource, bank in self.banks_.items():
            made = bank.recommend()
            seen = np.flatnonzero(made["samples"] > 0)
            parts[self.by].append(names[seen])
            parts["resource"].append(np.full(len(seen), resource, dtype=object))
            for column in ("target", "lower", "upper"):
                parts[column].append(made[column][seen] / RESOURCES[resource].unit)
            parts["samples"].append(made["samples"][seen])
        columns = {name: np.concatenate(values) for name, values in parts.items()}
        return to_native_like(columns, self._like)

    def _forget(self) -> None:
        self.keys_ = Keys()
        self.banks_: dict[str, Any] = {}

    def _least(self, resource: str) -> float:
        given = _MINIMUM if self.minimum is None else self.minimum
        return float(given.get(resource, 0.0)) * RESOURCES[resource].unit

    def _member(self) -> str | None:
        return None

    def _observe(self, read: Usage) -> None:
        for resource, use in read.used.items():
            if resource not in self.banks_:
                self.banks_[resource] = self._bank(resource)
            self._take(self.banks_[resource], read, use)

    @abstractmethod
    def _bank(self, resource: str) -> Any:
        """A recommender of the core for one resource."""

    @abstractmethod
    def _take(self, bank: Any, read: Usage, use: Use) -> None:
        """Give the samples of one resource to its bank."""


class UsageRecommender(_Recommender):
    r"""Requests by the rules and constants of the Kubernetes Vertical Pod Autoscaler.

    Each key and resource has a histogram with buckets 5 % wider than the one before, in which a
    sample loses half of its weight with every half life. Of CPUs and GPUs every sample counts; of
    memory the peak of each day. Target, lower and upper are percentiles (the upper end of the
    bucket) with a margin; with c = min(days seen, samples / 1,440) the bounds open up,

    .. math:: upper \cdot (1 + 1/c), \qquad lower \cdot (1 + 0.001/c)^{-2}.

    Parameters
    ----------
    by : str, default "job_id"
        The key column: the job, its name, its user, a container.
    member : str, optional
        Column that tells apart runs (containers) of one key that are sampled at the same time; each
        has its own daily peaks. By default a key is one run.
    half_life, peak_window : str, timedelta or s, default "24h"
    target_percentile, lower_percentile, upper_percentile : float, default 0.9, 0.5, 0.95
    safety_margin : float, default 0.15
        Added to all three, as a share.
    minimum : dict of resource to float, optional
        Least recommendation; by default 0.025 ``cpus`` and 250 MiB of ``memory_gib``.
    bump_ratio, bump_gib : float, default 1.2 and 100 MiB
        After running out of memory the larger of the two is assumed to have been needed.

    Attributes
    ----------
    keys_ : Keys
        The keys seen.
    banks_ : dict of str to core recommender
        By resource.
    discarded_ : int
        Samples that did not count: not newer than the last of their run.

    Notes
    -----
    A sample is O(1), a recommendation O(buckets), a histogram 1.4 kB. The VPA counts CPU samples
    only for c; here each resource counts its own. The VPA computes in whole millicores and bytes,
    this in floating point, so a recommendation may differ by less than one of these.

    References
    ----------
    .. [1] Kubernetes autoscaler, vertical-pod-autoscaler/pkg/recommender.

    Examples
    --------
    >>> day = pd.DataFrame({"job_id": "etl", "time": range(0, 86400, 60), "cpus": 0.5})
    >>> advice = UsageRecommender().fit(day.assign(memory_gib=2.0)).recommend()
    >>> advice.round(3)[["resource", "target", "lower", "upper"]].to_numpy().tolist()
    [['cpus', 0.588, 0.587, 1.176], ['memory_gib', 2.365, 2.36, 4.732]]
    """

    def __init__(
        self,
        *,
        by: str = "job_id",
        member: str | None = None,
        half_life: Any = "24h",
        peak_window: Any = "24h",
        target_percentile: float = 0.9,
        lower_percentile: float = 0.5,
        upper_percentile: float = 0.95,
        safety_margin: float = 0.15,
        minimum: Mapping[str, float] | None = None,
        bump_ratio: float = 1.2,
        bump_gib: float = 100 * _MIB / _GIB,
    ) -> None:
        self.by = by
        self.member = member
        self.half_life = half_life
        self.peak_window = peak_window
        self.target_percentile = target_percentile
        self.lower_percentile = lower_percentile
        self.upper_percentile = upper_percentile
        self.safety_margin = safety_margin
        self.minimum = minimum
        self.bump_ratio = bump_ratio
        self.bump_gib = bump_gib

    def record_oom(self, events: Any) -> Self:
        """Learn that runs were killed for want of memory.

        Parameters
        ----------
        events : pandas, Polars or Arrow frame
            The key column (and the member's), ``time``, and what they had asked for in
            ``memory_gib`` or ``gpu_memory_gib`` (GiB; missing: unknown).

        Returns
        -------
        self

        Notes
        -----
        The larger of the request and the day's peak, increased by the larger of 20 % and 100 MiB,
        counts as that day's peak. Events older than the run's present day are discarded.

        Examples
        --------
        >>> usage = pd.DataFrame({"job_id": ["a"], "time": [0], "memory_gib": [4.0]})
        >>> recommender = UsageRecommender(safety_margin=0.0).fit(usage)
        >>> killed = pd.DataFrame({"job_id": ["a"], "time": [60], "memory_gib": [8.0]})
        >>> recommender.record_oom(killed).recommend()["target"].round(2).tolist()
        [9.99]
        """
        if not hasattr(self, "keys_"):
            self._forget()
        read = read_usage(events, self.by, self.member, self.keys_, also_missing=True)
        self._like = without_columns(events)
        for resource, use in read.used.items():
            if not RESOURCES[resource].peaks:
                raise InvalidInputError(f"a job does not run out of {resource!r}; drop the column")
            if resource not in self.banks_:
                self.banks_[resource] = self._bank(resource)
            bank = self.banks_[resource]
            bank.resize(len(self.keys_), self.keys_.members)
            counted = bank.out_of_memory(
                use.key, use.member, use.time_ns, use.value, self.keys_.members
            )
            self.discarded_ += len(use.key) - counted
        return self

    def checkpoint(self) -> dict[Any, dict[str, Any]]:
        """What is known, by key, in the form of the VPA's checkpoints (its ``status``).

        Returns
        -------
        dict of key to dict
            ``cpuHistogram``, ``memoryHistogram`` and, beyond the VPA, ``gpusHistogram`` and
            ``gpuMemoryHistogram``: ``referenceTimestamp``, ``bucketWeights`` (whole numbers, the
            largest 10,000), ``totalWeight``; ``firstSampleStart``, ``lastSampleStart``,
            ``totalSamplesCount``, ``version``. Peaks of the days that are not over are left out.

        Examples
        --------
        >>> usage = pd.DataFrame({"job_id": ["a"] * 3, "time": [0, 60, 120], "cpus": [1, 1, 2.0]})
        >>> saved = UsageRecommender().fit(usage).checkpoint()
        >>> saved["a"]["cpuHistogram"]["bucketWeights"], saved["a"]["totalSamplesCount"]
        ({'36': 10000, '49': 5004}, 3)
        """
        saved: dict[Any, dict[str, Any]] = {name: {"version": "v3"} for name in self.keys_.names()}
        for resource, bank in self.banks_.items():
            for name, row in zip(self.keys_.names(), bank.save(self._latest_ns), strict=True):
                reference, total, buckets, weights, first, last, samples = row
                if samples == 0:
                    continue
                saved[name][RESOURCES[resource].checkpoint] = {
                    "referenceTimestamp": _iso(reference),
                    "bucketWeights": {
                        str(b): int(w) for b, w in zip(buckets, weights, strict=True)
                    },
                    "totalWeight": total,
                }
                saved[name].setdefault("firstSampleStart", _iso(first))
                saved[name].setdefault("lastSampleStart", _iso(last))
                saved[name].setdefault("totalSamplesCount", samples)
        return saved

    def restore(self, checkpoints: Mapping[Any, Mapping[str, Any]]) -> Self:
        """Begin from checkpoints, as `checkpoint` makes them or a VPA keeps them.

        Raises
        ------
        InvalidInputError
            A checkpoint has a bucket that the histograms have not, or lacks a field.

        Examples
        --------
        >>> usage = pd.DataFrame({"job_id": ["a"] * 3, "time": [0, 60, 120], "cpus": [1, 1, 2.0]})
        >>> first = UsageRecommender().fit(usage)
        >>> again = UsageRecommender().restore(first.checkpoint())
        >>> again.recommend()["target"].tolist() == first.recommend()["target"].tolist()
        True
        """
        self._forget()
        self._like = pd.DataFrame()
        self.keys_.add(np.array(list(checkpoints), dtype=object), None)
        forms = {entry.checkpoint: name for name, entry in RESOURCES.items()}
        for target, (name, saved) in enumerate(checkpoints.items()):
            for form, resource in forms.items():
                if form not in saved:
                    continue
                if resource not in self.banks_:
                    self.banks_[resource] = self._bank(resource)
                    self.banks_[resource].resize(len(self.keys_), self.keys_.members)
                try:
                    self.banks_[resource].load(target, *_from_checkpoint(saved, form))
                except (KeyError, TypeError, ValueError) as error:
                    raise InvalidInputError(f"checkpoint of {name!r}, {form}: {error}") from error
        return self

    def _forget(self) -> None:
        super()._forget()
        self.discarded_ = 0
        self._latest_ns = int(np.iinfo(np.int64).min)

    def _member(self) -> str | None:
        return self.member

    def _bank(self, resource: str) -> Any:
        entry = RESOURCES[resource]
        lower, upper = self.lower_percentile, self.upper_percentile
        for share in (self.target_percentile, lower, upper):
            if not 0 < share <= 1:
                raise InvalidInputError(f"a percentile must be above 0 and at most 1; got {share}")
        return _core.UsageRecommender(
            buckets=entry.buckets,
            half_life_ns=freq_ns(self.half_life),
            sample_weight=entry.sample_weight,
            peak_window_ns=freq_ns(self.peak_window) if entry.peaks else 0,
            percentiles=(self.target_percentile, lower, upper),
            margin=self.safety_margin,
            least=self._least(resource),
            bump_ratio=self.bump_ratio,
            bump_amount=self.bump_gib * _GIB,
        )

    def _take(self, bank: Any, read: Usage, use: Use) -> None:
        members = self.keys_.members
        bank.resize(len(self.keys_), members)
        counted = bank.observe(use.key, use.member, use.time_ns, use.value, members)
        self._latest_ns = max(self._latest_ns, int(use.time_ns.max(initial=self._latest_ns)))
        self.discarded_ += len(use.key) - counted


def _iso(ns: int) -> str:
    return pd.Timestamp(ns, tz="UTC").isoformat().replace("+00:00", "Z")


def _from_checkpoint(saved: Mapping[str, Any], form: str) -> tuple[Any, ...]:
    """Arguments of the core's ``load``."""
    histogram = saved[form]
    weights = {int(bucket): int(weight) for bucket, weight in histogram["bucketWeights"].items()}
    times = [
        int(pd.Timestamp(text).as_unit("ns").value)
        for text in (
            histogram["referenceTimestamp"],
            saved["firstSampleStart"],
            saved["lastSampleStart"],
        )
    ]
    return (
        times[0],
        float(histogram["totalWeight"]),
        list(weights),
        list(weights.values()),
        *times[1:],
        int(saved["totalSamplesCount"]),
    )


class WindowRecommender(_Recommender):
    """Requests by moving windows, as Google's Autopilot makes them.

    Usage is gathered in windows of five minutes, whose weights halve with age. From these come the
    maximum, the weighted mean, and percentiles of the load-adjusted histogram, in which a bucket
    weighs what its samples used. The statistic with a margin is the limit; the largest limit of the
    last hour is the target. ``lower`` is the weighted mean, ``upper`` the maximum.

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

    def _take(self, bank: Any, read: Usage, use: Use) -> None:
        bank.resize(len(self.keys_))
        bank.observe(use.key, use.time_ns, use.value)


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


class CostRecommender(_Recommender):
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

    def _take(self, bank: Any, read: Usage, use: Use) -> None:
        bank.resize(len(self.keys_))
        bank.observe(use.key, use.time_ns, use.value)
