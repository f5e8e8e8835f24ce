"""Speed of features beside their peers: `python tests/benchmarks/bench_features.py`.

The 24 features of many series (5 lags; means over 6, 24 and 168; deviation, minimum and maximum
over 24 and 168; three quantiles over 24; two exponential means; seasonal mean, deviation and
maximum over 24 x 4; expanding mean and deviation) by fairlead's core, coreforecast and, on fewer
series, pandas; and rolling medians of one series by bottleneck. All take their turns in one run on
one thread, and answers are compared. How fast 21 columns can be written at all is seen from as many
lags. CPU time, best of several turns, in ns a value; the ratio is theirs to ours. Memory that is
freed is kept for both (the benchmark starts itself anew with malloc told so): else page faults,
which cost more than the work, come and go. A peer that is not installed is named and left out.

With `--device cuda` instead: the features of many series by the GPU and by all cores, in turn;
wall-clock time, copies and kernels timed apart, and the answers are compared.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.matching.devices import cuda_driver
from fairlead.prediction import demand_features
from fairlead.prediction.features import FeatureStream, ValueFeature, ewm, expanding, lags, rolling
from fairlead.prediction.options import device_made, thread_count


def features(quantiles: bool) -> list[ValueFeature]:
    """The set of 24, or 21 without the quantiles."""
    return [
        *lags(1, 2, 3, 24, 168),
        *(rolling("mean", w) for w in (6, 24, 168)),
        *(rolling(s, w) for w in (24, 168) for s in ("std", "min", "max")),
        *((rolling(p, 24) for p in (0.1, 0.5, 0.9)) if quantiles else ()),
        *(ewm("mean", a) for a in (0.1, 0.5)),
        *(rolling(s, 4, lag=1, season_length=24) for s in ("mean", "std", "max")),
        *(expanding(s) for s in ("mean", "std")),
    ]


def ours(asked: list[ValueFeature], values: np.ndarray, n: int, single: bool) -> list[np.ndarray]:
    """The columns by the core."""
    return _core.feature_columns(
        values,
        np.arange(0, len(values) + 1, n),
        [feature.spec(1) for feature in asked],
        first_origin=0,
        more=0,
        threads=1,
        single=single,
    )


def of_coreforecast(
    asked: list[ValueFeature], values: np.ndarray, n: int, update: bool = False
) -> Callable[[], Any]:
    """The same columns by coreforecast, or only their next rows."""
    transforms = import_module("coreforecast.lag_transforms")
    grouped = import_module("coreforecast.grouped_array").GroupedArray
    group = grouped(values, np.arange(0, len(values) + 1, n, dtype=np.int32))
    words = {"mean": "Mean", "std": "Std", "min": "Min", "max": "Max", "quantile": "Quantile"}

    def transform(f: ValueFeature) -> Any:
        word = words.get(f.statistic, "")
        if f.statistic == "value":
            return transforms.Lag(f.lag)
        if f.memory == "exponential":
            return transforms.ExponentiallyWeightedMean(f.lag, f.parameter)
        if f.memory == "everything":
            return getattr(transforms, f"Expanding{word}")(f.lag)
        if f.statistic == "quantile":
            return transforms.RollingQuantile(f.lag, p=f.parameter, window_size=f.window)
        if f.season_length > 1:
            kind = getattr(transforms, f"SeasonalRolling{word}")
            return kind(f.lag, season_length=f.season_length, window_size=f.window)
        return getattr(transforms, f"Rolling{word}")(f.lag, window_size=f.window)

    made = [transform(feature) for feature in asked]
    if update:
        for one in made:
            one.transform(group)  # some keep what their update goes on from
        return lambda: [one.update(group) for one in made]
    return lambda: [one.transform(group) for one in made]


def of_pandas(asked: list[ValueFeature], values: np.ndarray, n: int) -> Callable[[], Any]:
    """The same columns by pandas, as one writes them; seasonal ones by shifts."""
    frame = pd.Series(values).groupby(np.arange(len(values)) // n)

    def column(f: ValueFeature) -> Any:
        past = frame.shift(f.lag)
        groups = past.groupby(np.arange(len(values)) // n)
        if f.statistic == "value":
            return past
        if f.memory == "exponential":
            return groups.ewm(alpha=f.parameter, adjust=False).mean()
        if f.season_length > 1:
            shifted = [frame.shift(f.lag + k * f.season_length) for k in range(f.window)]
            return getattr(pd.concat(shifted, axis=1), f.statistic)(axis=1)
        window = groups.expanding() if f.memory == "everything" else groups.rolling(f.window)
        if f.statistic == "quantile":
            return window.quantile(f.parameter)
        return getattr(window, f.statistic)()

    return lambda: [column(feature) for feature in asked]


def best_of(turns: int, works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Least CPU seconds of each over several turns, one after the other in each turn."""
    least = dict.fromkeys(works, float("inf"))
    for _ in range(turns):
        for name, work in works.items():
            begin = time.process_time()
            work()
            least[name] = min(least[name], time.process_time() - begin)
    return least


def has(package: str) -> bool:
    """Whether a peer is there; says so if not."""
    try:
        import_module(package)
    except ImportError:
        print(f"{package} is not installed: left out")
        return False
    return True


def compare_sets(series: int, n: int, turns: int) -> None:
    """The set with and without quantiles, in both precisions."""
    values = np.random.default_rng(1).normal(50, 9, series * n)
    core = has("coreforecast")
    for quantiles in (True, False):
        asked = features(quantiles)
        for single in (True, False):
            works: dict[str, Callable[[], Any]] = {
                "fairlead": lambda asked=asked, single=single: ours(asked, values, n, single)
            }
            if core:
                typed = values.astype(np.float32) if single else values
                works["coreforecast"] = of_coreforecast(asked, typed, n)
                if not single:
                    check(asked, works["fairlead"](), works["coreforecast"]())
            report(
                f"{len(asked)} features, f{32 if single else 64}",
                works,
                turns,
                len(asked) * len(values),
            )
    copies = lags(*range(1, 22))
    works = {"fairlead": lambda: ours(copies, values, n, True)}
    report("21 lags, f32: writing alone", works, turns, len(copies) * len(values))
    some = values[: 50 * n]
    asked = features(True)
    works = {"fairlead": lambda: ours(asked, some, n, False), "pandas": of_pandas(asked, some, n)}
    report("24 features, 50 series", works, 1, len(asked) * len(some))
    ds = np.tile(np.arange(n) * 3600.0, series)
    demand = pd.DataFrame(
        {"unique_id": np.repeat(np.arange(series), n), "ds": ds, "y": abs(values)}
    )
    works = {"demand_features": lambda: demand_features(demand, asked, threads=1)}
    report("24 features, frame to frame", works, turns, len(asked) * len(values))


def check(asked: list[ValueFeature], made: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """Both know the same rows; seasonal rows that coreforecast fills early are left out."""
    for feature, a, b in zip(asked, made, theirs, strict=True):
        both = ~np.isnan(a) & ~np.isnan(b)
        np.testing.assert_allclose(a[both], b[both], rtol=1e-6, atol=1e-8, err_msg=feature.name)


def compare_medians(n: int, turns: int) -> None:
    """Rolling medians of one series: smooth and noise."""
    if not has("bottleneck"):
        return
    move_median = import_module("bottleneck").move_median
    rng = np.random.default_rng(2)
    smooth = 10 * np.sin(np.arange(n) / 50)
    for word, values in (("smooth", smooth), ("noise", rng.normal(0, 1, n))):
        for window in (24, 168):
            asked = [rolling("median", window)]
            works = {
                "fairlead": lambda asked=asked, values=values: ours(asked, values, n, False),
                "bottleneck": lambda window=window, values=values: move_median(values, window),
            }
            np.testing.assert_allclose(
                works["fairlead"]()[0][window:], works["bottleneck"]()[window - 1 : -1]
            )
            report(f"median over {window}, {word}", works, turns, n)


def compare_updates(series: int, turns: int) -> None:
    """The newest row after a tick; coreforecast's from the series as they stand."""
    asked = features(True)
    values = np.random.default_rng(3).normal(50, 9, (1000, series))
    stream = FeatureStream(asked, series)
    for tick in values[:400]:
        stream.observe(tick)

    def observe() -> None:
        for tick in values[400:]:
            stream.observe(tick)

    # All 600 ticks, so that the ticks that sum a window anew take their share.
    report("24 features, a tick", {"fairlead": observe}, turns, 600 * len(asked) * series)
    if has("coreforecast"):
        flat = np.ascontiguousarray(values.T).ravel()
        update = of_coreforecast(asked, flat, 1000, update=True)
        report("24 features, a tick", {"coreforecast": update}, turns, len(asked) * series)


def compare_gpu(series: int, n: int, turns: int) -> None:
    """One line a set: both times, their ratio, and where the GPU's went."""
    driver, reason = cuda_driver("feature_driver")
    if driver is None:
        print(f"GPU: none ({reason})")
        return
    values = np.random.default_rng(1).normal(50, 9, series * n)
    sets = {"24 features": features(True), "21 features": features(False)}
    sets["median over 168"] = [rolling("median", 168)]
    print(f"GPU and {thread_count(None)} threads, {series:,} series of {n:,} values; s")
    print("set                    threads       GPU   ratio    copies in   kernels  copies out")
    for what, asked in sets.items():
        for single in (True, False):
            given = values, np.arange(0, len(values) + 1, n), [f.spec(1) for f in asked]
            rows = {"first_origin": 0, "more": 0, "threads": thread_count(None), "single": single}
            cpu, gpu = [], []
            for _ in range(turns + 1):  # the first one makes room on the device
                begin = time.perf_counter()
                expected = _core.feature_columns(*given, **rows)
                cpu.append(time.perf_counter() - begin)
                begin = time.perf_counter()
                made = device_made(_core.device_feature_columns(*given, **rows, driver=driver))
                gpu.append((time.perf_counter() - begin, *made["device_s"]))
            for a, b in zip(expected, made["columns"], strict=True):
                np.testing.assert_array_equal(b, a)
            best = min(gpu[1:])
            print(
                f"{what}, f{32 if single else 64}".ljust(20),
                f"{min(cpu[1:]):9.4f} {best[0]:9.4f} {min(cpu[1:]) / best[0]:7.1f}   ",
                " ".join(f"{s:10.4f}" for s in best[1:]),
            )


def report(what: str, works: dict[str, Callable[[], Any]], turns: int, values: int) -> None:
    """One line: ns a value of each, and the ratio to the first."""
    took = {name: 1e9 * s / values for name, s in best_of(turns, works).items()}
    first = next(iter(took.values()))
    parts = [f"{name} {ns:.2f}" for name, ns in took.items()]
    parts += [f"{ns / first:.1f} x" for ns in list(took.values())[1:]]
    print(f"{what:32} {', '.join(parts)}")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--length", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--gpu-series", type=int, default=20_000, help="with --device cuda")
    args = parser.parse_args()
    kept = {"MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_MMAP_THRESHOLD_": str(2**30)}
    if not kept.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | kept)
    if args.device == "cuda":
        compare_gpu(args.gpu_series, args.length, args.turns)
        return
    print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}; ns a value")
    compare_sets(args.series, args.length, args.turns)
    compare_medians(args.series * args.length, args.turns)
    compare_updates(args.series, args.turns)


if __name__ == "__main__":
    main()
