"""Recommenders of requests from usage, against the rules written out in plain Python."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction import CostRecommender, UsageRecommender, WindowRecommender

DAY = 86_400
GIB = float(1 << 30)
CORES, BYTES = (0.01, 1000.0, 1.05), (1e7, 1e12, 1.05)


class PlainHistogram:
    """The Vertical Pod Autoscaler's decaying histogram, one bucket at a time."""

    def __init__(self, first: float, most: float, ratio: float) -> None:
        self.first, self.ratio = first, ratio
        self.count = math.ceil(self.log(most * (ratio - 1) / first + 1)) + 1
        self.weight = [0.0] * self.count
        self.total, self.reference = 0.0, -math.inf
        self.low, self.high = self.count - 1, 0

    def log(self, x: float) -> float:
        return math.log(x) / math.log(self.ratio)

    def start(self, b: int) -> float:
        return self.first * (self.ratio**b - 1) / (self.ratio - 1) if b else 0.0

    def find(self, value: float) -> int:
        if value < self.first:
            return 0
        return min(int(self.log(value * (self.ratio - 1) / self.first + 1)), self.count - 1)

    def decay(self, t: float) -> float:
        if t - self.reference > 100 * DAY:
            moved = math.floor(t / DAY + 0.5) * DAY
            factor = 2.0 ** round((self.reference - moved) / DAY) if self.total else 1.0
            self.weight = [w * factor for w in self.weight]
            self.total *= factor
            self.reference = moved
            self.tighten()
        return 2.0 ** ((t - self.reference) / DAY)

    def tighten(self) -> None:
        while self.weight[self.low] < 1e-4 and self.low < self.count - 1:
            self.low += 1
        while self.weight[self.high] < 1e-4 and self.high > 0:
            self.high -= 1

    def add(self, value: float, weight: float, t: float) -> None:
        weight *= self.decay(t)
        b = self.find(value)
        self.weight[b] += weight
        self.total += weight
        if self.weight[b] >= 1e-4:
            self.low, self.high = min(self.low, b), max(self.high, b)

    def subtract(self, value: float, weight: float, t: float) -> None:
        weight *= self.decay(t)
        b = self.find(value)
        if weight > self.weight[b] - 1e-4:
            weight = self.weight[b]
        self.weight[b] -= weight
        self.total -= weight
        self.tighten()

    def percentile(self, p: float) -> float:
        running, b = 0.0, self.low
        while b < self.high:
            running += self.weight[b]
            if running >= p * self.total:
                break
            b += 1
        return self.start(b + 1 if b < self.count - 1 else b)


class PlainContainer:
    """One container's samples on their way to the histogram: each of CPU, memory's daily peaks."""

    def __init__(self, histogram: PlainHistogram, memory: bool) -> None:
        self.histogram, self.memory = histogram, memory
        self.last = self.end = -math.inf
        self.peak = self.oom_peak = 0.0
        self.times: list[float] = []

    def sample(self, t: float, value: float) -> None:
        if self.memory and t >= self.last:
            self.add_peak(t, value, False)
        elif not self.memory and t > self.last:
            self.histogram.add(value, 0.1, t)
        else:
            return
        self.last = t
        self.times.append(t)

    def add_peak(self, t: float, value: float, oom: bool) -> None:
        if self.end == -math.inf:
            self.end = t
        if t < self.end:
            highest = max(self.peak, self.oom_peak)
            if highest == 0 or value <= highest:
                return
            self.histogram.subtract(highest, 1.0, self.end)
        else:
            self.end += (math.floor((t - self.end) / DAY) + 1) * DAY
            self.peak = self.oom_peak = 0.0
        self.histogram.add(value, 1.0, self.end)
        if oom:
            self.oom_peak = value
        else:
            self.peak = value

    def kill(self, t: float, asked: float) -> None:
        if t < self.end - DAY:
            return
        used = max(asked, self.peak)
        self.add_peak(t, max(used + 100 * 2**20, used * 1.2), True)
        self.last = t

    def advice(self, least: float) -> list[float]:
        known = min((self.times[-1] - self.times[0]) / DAY, len(self.times) / 1440)
        target, lower, upper = (self.histogram.percentile(p) * 1.15 for p in (0.9, 0.5, 0.95))
        widened = upper * (1 + 1 / known) if known else math.inf
        narrowed = lower * (1 + 0.001 / known) ** -2 if known else 0.0
        return [max(value, least) for value in (target, narrowed, widened)]


def advice_of(recommender: Any, resource: str) -> list[float]:
    """Target, lower and upper of the only key."""
    frame = recommender.recommend()
    row = frame[frame["resource"] == resource].iloc[0]
    return [float(row[name]) for name in ("target", "lower", "upper")]


@pytest.mark.parametrize(("buckets", "count"), [(CORES, 176), (BYTES, 176)])
def test_buckets_are_the_vpas(buckets: tuple[float, float, float], count: int) -> None:
    """176 buckets, whose starts are first * (ratio^b - 1) / (ratio - 1)."""
    starts, plain = _core.bucket_starts(buckets), PlainHistogram(*buckets)
    assert len(starts) == count == plain.count
    np.testing.assert_allclose(starts, [plain.start(b) for b in range(count)], rtol=1e-14)


@pytest.mark.parametrize("buckets", [CORES, BYTES, (1.0, 1e6, 1.5), (0.5, 1e4, 1.01)])
def test_bucket_index_is_the_logarithms(buckets: tuple[float, float, float]) -> None:
    """The table gives what the logarithm gives, at and around every boundary and between."""
    plain = PlainHistogram(*buckets)
    starts = np.array([plain.start(b) for b in range(plain.count)])
    near = [starts, np.nextafter(starts, np.inf), np.nextafter(starts, 0), starts * (1 + 1e-12)]
    random = np.exp(np.random.default_rng(1).uniform(-12, np.log(buckets[1]) + 2, 20_000))
    values = np.concatenate([*near, random])
    values = values[values >= 0]
    found = _core.bucket_of(buckets, values)
    assert found.tolist() == [plain.find(value) for value in values.tolist()]


STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(-100, 5_000), st.integers(-DAY, 20 * DAY), st.just(130 * DAY)),
        st.one_of(st.just(0.0), st.floats(1e-3, 1e3)),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150)
@given(STEPS)
def test_cpu_conforms_bucket_for_bucket(steps: list[tuple[int, float, int]]) -> None:
    """Weights and recommendations equal the plain rules', over gaps, repeats and renormalising."""
    recommender = UsageRecommender()
    plain = PlainContainer(PlainHistogram(*CORES), memory=False)
    now = 1_700_000_000
    for step, value, _ in steps:
        now += step
        recommender.partial_fit(pd.DataFrame({"job_id": ["a"], "time": [now], "cpus": [value]}))
        plain.sample(now, value)
    weights = recommender.banks_["cpus"].weights(0)
    np.testing.assert_allclose(weights, plain.histogram.weight, rtol=1e-12, atol=1e-30)
    np.testing.assert_allclose(advice_of(recommender, "cpus"), plain.advice(0.025), rtol=1e-12)


@settings(max_examples=150)
@given(STEPS)
def test_memory_conforms_bucket_for_bucket(steps: list[tuple[int, float, int]]) -> None:
    """So do daily peaks of memory, with jobs killed for want of it in between."""
    recommender = UsageRecommender()
    plain = PlainContainer(PlainHistogram(*BYTES), memory=True)
    now = 1_700_000_000
    for i, (step, value, kind) in enumerate(steps):
        now += step
        row = pd.DataFrame({"job_id": ["a"], "time": [now], "memory_gib": [value]})
        if kind == 0 and i:
            recommender.record_oom(row)
            plain.kill(now, value * GIB)
        else:
            recommender.partial_fit(row)
            plain.sample(now, value * GIB)
    weights = recommender.banks_["memory_gib"].weights(0)
    np.testing.assert_allclose(weights, plain.histogram.weight, rtol=1e-9, atol=1e-30)
    expected = [value / GIB for value in plain.advice(250 * 2**20)]
    np.testing.assert_allclose(advice_of(recommender, "memory_gib"), expected, rtol=1e-12)


def test_one_sample_by_hand() -> None:
    """1 core is in bucket 36, which ends at 0.01 (1.05^37 - 1) / 0.05; no evidence, no bounds."""
    frame = pd.DataFrame({"job_id": ["a"], "time": [0], "cpus": [1.0]})
    target, lower, upper = advice_of(UsageRecommender().fit(frame), "cpus")
    assert target == pytest.approx(1.15 * 0.2 * (1.05**37 - 1))
    assert (lower, upper) == (0.025, math.inf)


def test_minimum_holds() -> None:
    """Nothing in use is advised 25 millicores and 250 MiB."""
    frame = pd.DataFrame({"job_id": ["a"], "time": [0], "cpus": [0.0], "memory_gib": [0.0]})
    made = UsageRecommender().fit(frame).recommend()
    assert made["target"].tolist() == [0.025, 250 / 1024]


def test_members_keep_peaks_of_their_own() -> None:
    """Two runs of one key count two daily peaks; as one run they count the larger."""
    usage = pd.DataFrame(
        {"job": ["a", "a"], "run": [1, 2], "time": [0, 0], "memory_gib": [1.0, 8.0]}
    )
    together = UsageRecommender(by="job").fit(usage)
    apart = UsageRecommender(by="job", member="run").fit(usage)
    assert together.banks_["memory_gib"].weights(0).sum() == pytest.approx(1.0)
    assert apart.banks_["memory_gib"].weights(0).sum() == pytest.approx(2.0)


def test_parts_equal_the_whole() -> None:
    """partial_fit on pieces in order of time learns what fit learns from all, rows in any order."""
    rng = np.random.default_rng(7)
    usage = pd.DataFrame(
        {
            "job_id": rng.integers(0, 20, 3_000),
            "time": np.sort(rng.uniform(0, 30 * DAY, 3_000)),
            "cpus": rng.gamma(2, 1, 3_000),
            "gpu_memory_gib": rng.gamma(3, 10, 3_000),
        }
    )
    for make in (UsageRecommender, WindowRecommender, CostRecommender):
        whole = make().fit(usage.sample(frac=1, random_state=1)).recommend()
        parts = make()
        for begin in range(0, 3_000, 500):
            parts.partial_fit(usage.iloc[begin : begin + 500])
        key = ["resource", "job_id"]
        pd.testing.assert_frame_equal(
            whole.sort_values(key, ignore_index=True),
            parts.recommend().sort_values(key, ignore_index=True),
        )


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_go_out_as_they_came(library: Any) -> None:
    """Polars and Arrow usage give the same numbers in a frame of theirs."""
    frame = pd.DataFrame(
        {"job_id": ["a", "b"], "time": pd.to_datetime(["2024-01-01", "2024-01-02"]), "cpus": [1, 2]}
    )
    expected = UsageRecommender().fit(frame).recommend()
    made = UsageRecommender().fit(library(frame)).recommend()
    assert type(made) is type(library(frame))
    given_back = made.to_pandas() if isinstance(made, pa.Table) else pd.DataFrame(made.to_dict())
    assert given_back["target"].tolist() == expected["target"].tolist()


def test_checkpoint_reads_back_through_json() -> None:
    """A checkpoint that went through JSON restores histograms and bounds to its precision."""
    rng = np.random.default_rng(3)
    times = np.arange(0, 5 * DAY, 300)
    usage = pd.DataFrame({"job_id": "a", "time": times, "cpus": rng.gamma(2, 1, len(times))})
    first = UsageRecommender().fit(usage)
    again = UsageRecommender().restore(json.loads(json.dumps(first.checkpoint())))
    assert advice_of(again, "cpus") == advice_of(first, "cpus")


def test_checkpoint_leaves_open_days_out() -> None:
    """The peak of a day that is not over would be counted again by its next sample."""
    usage = pd.DataFrame({"job_id": "a", "time": [0, 2 * DAY], "memory_gib": [1.0, 2.0]})
    saved = UsageRecommender().fit(usage).checkpoint()["a"]
    assert list(saved["memoryHistogram"]["bucketWeights"].values()) == [10_000]
    assert saved["totalSamplesCount"] == 2


def test_checkpoint_of_keys_that_came_without_a_resource() -> None:
    """What a later key was not sampled in is left out of its checkpoint."""
    first = pd.DataFrame({"job_id": ["a"], "time": [0], "cpus": [1.0], "memory_gib": [1.0]})
    later = pd.DataFrame({"job_id": ["b"], "time": [2 * DAY], "cpus": [1.0]})
    recommender = UsageRecommender().fit(first).partial_fit(later)
    saved = recommender.checkpoint()
    assert {"cpuHistogram", "memoryHistogram"} <= saved["a"].keys()
    assert "cpuHistogram" in saved["b"]
    assert "memoryHistogram" not in saved["b"]
    again = UsageRecommender().restore(saved).recommend()
    assert again["job_id"].tolist() == ["a", "b", "a"]


def test_broken_checkpoint_is_an_error() -> None:
    """A bucket beyond the last, or a field that is not there, names the key."""
    usage = pd.DataFrame({"job_id": ["a"], "time": [0], "cpus": [1.0]})
    saved = UsageRecommender().fit(usage).checkpoint()
    saved["a"]["cpuHistogram"]["bucketWeights"] = {"176": 1}
    with pytest.raises(InvalidInputError, match=r"'a', cpuHistogram: .*0 to 175; got 176"):
        UsageRecommender().restore(saved)
    with pytest.raises(InvalidInputError, match="'a', cpuHistogram: 'bucketWeights'"):
        UsageRecommender().restore({"a": {"cpuHistogram": {}}})


def windowed(values: list[float], resource: str = "cpus", **options: Any) -> list[float]:
    """Advice after one sample in each window of 5 minutes."""
    frame = pd.DataFrame(
        {"job_id": "a", "time": np.arange(len(values)) * 300, resource: np.array(values)}
    )
    recommender = WindowRecommender(safety_margin=0.0, minimum={}, **options)
    return advice_of(recommender.fit(frame), resource)


def test_window_mean_halves_with_age() -> None:
    """Two samples one half life apart weigh 1 and 2; the mean is the lower bound."""
    made = windowed([1.0, 4.0], half_life="5min", statistic={"cpus": "mean"}, hold="5min")
    assert made == pytest.approx([3.0, 3.0, 4.0])


def test_window_percentile_is_load_adjusted() -> None:
    """Of nine samples at 1 and one at 9 about half the load is at 9, so p60 is there."""
    made = windowed([1.0] * 9 + [9.0], half_life="1000h", statistic={"cpus": "p60"})
    assert 9.0 <= made[0] <= 9.0 * 1.06


def test_window_maximum_forgets() -> None:
    """A peak counts for `maximum_over`, and its limit holds `hold` longer."""
    options: dict[str, Any] = {"statistic": {"cpus": "max"}, "maximum_over": "15min"}
    assert windowed([8.0, 1.0, 1.0], hold="5min", **options)[0] == 8.0
    assert windowed([8.0, 1.0, 1.0, 1.0], hold="5min", **options)[0] == 1.0
    assert windowed([8.0, 1.0, 1.0, 1.0], hold="10min", **options)[0] == 8.0


def test_window_bounds_enclose_the_target() -> None:
    """Lower is at most and upper at least the target, and the minimum holds for all three."""
    rng = np.random.default_rng(4)
    for statistic in ("mean", "p50", "p99", "max"):
        made = windowed(list(rng.gamma(2, 1, 300)), statistic={"cpus": statistic})
        assert made[1] <= made[0] <= made[2]
    idle = pd.DataFrame({"job_id": ["a"], "time": [0], "cpus": [0.0]})
    assert advice_of(WindowRecommender().fit(idle), "cpus") == [0.025] * 3


def test_window_statistics_for_tolerant_jobs() -> None:
    """`tolerant` is at least half of the maximum; an unknown statistic is an error."""
    made = windowed([1.0] * 50 + [64.0] + [1.0] * 5_000, "memory_gib", maximum_over="30d",
                    statistic={"memory_gib": "tolerant"}, hold="5min")  # fmt: skip
    assert made[0] == 32.0
    with pytest.raises(InvalidInputError, match="mean, max, tolerant or a percentile"):
        windowed([1.0], statistic={"cpus": "p101"})


def test_cost_without_penalties_follows_the_newsvendor() -> None:
    """With one model and no price on change the limit is the bucket of the price ratio's share."""
    rng = np.random.default_rng(5)
    values = rng.gamma(2, 2, 4_000)
    frame = pd.DataFrame({"job_id": "a", "time": np.arange(4_000) * 60, "cpus": values})
    for overrun in (1.0, 3.0, 19.0):
        recommender = CostRecommender(
            overrun=overrun, change=0, switch=0, half_lives=["10000h"], margins=[0.0]
        )
        wanted = np.quantile(values, overrun / (1 + overrun))
        assert advice_of(recommender.fit(frame), "cpus")[0] == pytest.approx(wanted, rel=0.06)


def test_cost_chooses_the_model_that_fits() -> None:
    """Of a load that doubled a day ago the fast model is right, and it is chosen."""
    values = np.repeat([1.0, 2.0, 1.0, 2.0], 288)
    frame = pd.DataFrame({"job_id": "a", "time": np.arange(len(values)) * 300, "cpus": values})
    made = CostRecommender(half_lives=["1h", "30d"], margins=[0.0]).fit(frame)
    assert advice_of(made, "cpus")[0] == pytest.approx(2.0, rel=0.06)


def test_bad_usage_is_an_error() -> None:
    """Missing columns and cells, negative use and nothing learnt are named."""
    usage = pd.DataFrame({"job_id": ["a", "b"], "time": [0.0, 1.0], "cpus": [1.0, 2.0]})
    for frame, message in (
        (usage.drop(columns="job_id"), "usage needs a column 'job_id'"),
        (usage.drop(columns="cpus"), "usage needs a column of a resource"),
        (usage.assign(cpus=[1.0, -2.0]), r"row 1 \(job 'b'\) has -2.0"),
        (usage.assign(cpus=[1.0, np.inf]), "from 0 to 1e15"),
        (usage.assign(time=[0.0, np.nan]), r"usage\['time'\] must be present"),
        (usage.assign(job_id=["a", None]), r"usage\['job_id'\] must be present"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            UsageRecommender().fit(frame)
    with pytest.raises(InvalidInputError, match="call fit first"):
        UsageRecommender().recommend()
    with pytest.raises(InvalidInputError, match="has no parameter 'marge'"):
        UsageRecommender().set_params(marge=1)
    with pytest.raises(InvalidInputError, match="does not run out of 'cpus'"):
        UsageRecommender().record_oom(usage)


def test_missing_samples_are_skipped() -> None:
    """A resource that was not sampled in a row does not count as nothing in use."""
    usage = pd.DataFrame({"job_id": "a", "time": [0, 1, 2], "cpus": [2.0, np.nan, 2.0]})
    made = UsageRecommender().fit(usage).recommend()
    assert made["samples"].tolist() == [2]
    assert made["target"].iloc[0] > 2


def test_parameters_follow_scikit_learn() -> None:
    """get_params gives what the constructor took; set_params changes it."""
    recommender = UsageRecommender(by="user", safety_margin=0.3)
    assert recommender.get_params()["safety_margin"] == 0.3
    assert UsageRecommender(**recommender.get_params()).get_params() == recommender.get_params()
    assert recommender.set_params(half_life="12h").half_life == "12h"
