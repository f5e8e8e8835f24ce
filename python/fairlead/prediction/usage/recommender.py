"""What to ask for, from what was used, by the rules of the Vertical Pod Autoscaler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.prediction.usage.base import Recommender
from fairlead.prediction.usage.frames import RESOURCES, Use, read_usage
from fairlead.tables import without_columns

__all__ = ["UsageRecommender"]

_MIB = float(1 << 20)
_GIB = float(1 << 30)


class UsageRecommender(Recommender):
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
        used = read_usage(events, self.by, self.member, self.keys_, also_missing=True)
        self._like = without_columns(events)
        for resource, use in used.items():
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
            # Keys that came after a resource's last sample are not in its bank.
            for name, row in zip(self.keys_.names(), bank.save(self._latest_ns), strict=False):
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

    def _take(self, bank: Any, use: Use) -> None:
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
