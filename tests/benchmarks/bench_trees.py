"""Speed of the tree evaluator beside LightGBM: `python tests/benchmarks/bench_trees.py`.

Both predict the same rows with the same trained models (200 trees of 31 leaves, 20 features;
numbers only, and with a column of 40 categories) in one run, in turn, on one thread; answers are
compared. CPU time, best of several turns, in rows a second.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fairlead.prediction.trees import TreeEnsemble


def least_time(work: Callable[[], Any], turns: int) -> float:
    """Least CPU seconds."""
    least = float("inf")
    for _ in range(turns):
        begin = time.process_time()
        work()
        least = min(least, time.process_time() - begin)
    return least


def rows_of(n: int, categories: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows with gaps and what to learn from them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 20))
    if categories:
        x[:, 3] = rng.integers(0, 40, n)
    y = 2 * x[:, 0] + np.sin(x[:, 3]) + x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=n)
    x[rng.random(x.shape) < 0.02] = np.nan
    return x, y


def compare(lightgbm: Any, n: int, turns: int, categories: bool) -> None:
    """Train one model, predict with both."""
    x, y = rows_of(n, categories)
    data = lightgbm.Dataset(x[:50_000], y[:50_000], categorical_feature=[3] if categories else [])
    parameters = {"objective": "regression", "num_leaves": 31, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, data, 200)
    model = TreeEnsemble.from_lightgbm(booster)
    np.testing.assert_allclose(model.predict(x), booster.predict(x, num_threads=1), rtol=1e-12)
    ours = theirs = float("inf")
    for _ in range(turns):
        ours = min(ours, least_time(lambda: model.predict(x), 1))
        theirs = min(theirs, least_time(lambda: booster.predict(x, num_threads=1), 1))
    what = "with categories" if categories else "numbers only"
    print(
        f"{what:16} fairlead {n / ours:12,.0f} rows/s, LightGBM {n / theirs:10,.0f}: "
        f"{theirs / ours:.1f} x"
    )


def main() -> None:
    """Run both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    try:
        import lightgbm
    except ImportError:
        sys.exit("lightgbm is not installed: nothing to compare with")
    print(f"{platform.processor() or platform.machine()}, LightGBM {lightgbm.__version__}")
    for categories in (False, True):
        compare(lightgbm, args.rows, args.turns, categories)


if __name__ == "__main__":
    main()
