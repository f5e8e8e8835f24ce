"""Speed of the usage recommender beside NumPy: `python tests/benchmarks/bench_usage.py`.

Both put the same samples into decaying histograms with the Vertical Pod Autoscaler's buckets and
read three percentiles of every target; the weights are compared. NumPy computes all bucket numbers
and weights with whole-array operations and sums them with ``bincount``. CPU time of one thread,
the best of several turns, peers in turn.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fairlead import _core

_BUCKETS, _COUNT = (0.01, 1000.0, 1.05), 176
_HALF_LIFE_S = 86_400.0


def samples(targets: int, each: int) -> tuple[Any, Any, Any]:
    """A sample a minute of every target, target by target; lognormal CPU use."""
    rng = np.random.default_rng(0)
    target = np.repeat(np.arange(targets, dtype=np.int32), each)
    time_ns = np.tile(np.arange(each, dtype=np.int64) * 60_000_000_000, targets)
    return target, time_ns, rng.lognormal(0, 1, targets * each)


def recommender(targets: int) -> Any:
    """An empty recommender of CPUs with the default constants."""
    bank = _core.UsageRecommender(
        buckets=_BUCKETS,
        half_life_ns=int(_HALF_LIFE_S * 1e9),
        sample_weight=0.1,
        peak_window_ns=0,
        percentiles=(0.9, 0.5, 0.95),
        margin=0.15,
        least=0.025,
        bump_ratio=1.2,
        bump_amount=0.0,
    )
    bank.resize(targets, targets)
    return bank


def numpy_weights(target: Any, time_ns: Any, value: Any, targets: int) -> Any:
    """The histograms with whole-array operations."""
    bucket = np.log(value * 5.0 + 1.0) / np.log(1.05)
    bucket = np.where(value < 0.01, 0, np.minimum(bucket.astype(np.int64), _COUNT - 1))
    weight = 0.1 * np.exp2(time_ns / (_HALF_LIFE_S * 1e9))
    sums = np.bincount(target * np.int64(_COUNT) + bucket, weight, targets * _COUNT)
    return sums.reshape(targets, _COUNT)


def numpy_percentiles(weights: Any, starts: Any) -> list[Any]:
    """Ends of the buckets in which each percentile is reached."""
    sums = weights.cumsum(axis=1)
    shares = (p * sums[:, -1:] for p in (0.9, 0.5, 0.95))
    return [starts[np.minimum((sums < share).sum(axis=1) + 1, _COUNT - 1)] for share in shares]


def best(turns: int, *work: Callable[[], Any]) -> list[float]:
    """CPU seconds of each, the best of several turns, in turn."""
    times = [float("inf")] * len(work)
    for _ in range(turns):
        for i, run in enumerate(work):
            begin = time.process_time()
            run()
            times[i] = min(times[i], time.process_time() - begin)
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--samples", type=int, default=2_000_000)
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}")
    starts = _core.bucket_starts(_BUCKETS)
    for targets in (10, 1_000, 20_000):
        each = options.samples // targets
        target, time_ns, value = samples(targets, each)
        banks: list[Any] = []

        def ours(rows: Any = (target, time_ns, value), banks: list[Any] = banks) -> None:
            banks[:] = [recommender(rows[0][-1] + 1)]
            banks[0].observe(rows[0], rows[0], rows[1], rows[2], rows[0][-1] + 1)

        def theirs(rows: Any = (target, time_ns, value)) -> Any:
            return numpy_weights(*rows, int(rows[0][-1]) + 1)

        mine, peer = best(options.turns, ours, theirs)
        weights = theirs()
        # Beyond 100 half lives the recommender scales its weights, so shares are compared.
        held = banks[0].weights(0)
        same = np.allclose(held / held.sum(), weights[0] / weights[0].sum(), rtol=1e-9)
        read, peer_read = best(
            options.turns,
            banks[0].recommend,
            lambda weights=weights: numpy_percentiles(weights, starts),
        )
        n = len(value)
        print(
            f"{targets:6} targets: {1e9 * mine / n:5.1f} ns a sample ({n / mine / 1e6:.0f} M/s), "
            f"NumPy {1e9 * peer / n:5.1f} ns, {peer / mine:.1f} times; percentiles "
            f"{1e9 * read / targets:5.0f} ns a target, NumPy {1e9 * peer_read / targets:6.0f} ns, "
            f"{peer_read / read:.1f} times; weights equal: {same}"
        )


if __name__ == "__main__":
    main()
