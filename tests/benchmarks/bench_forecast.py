"""Speed of the smoothing models beside statsforecast: `python tests/benchmarks/bench_forecast.py`.

Both fit the same hourly series (n values, season of 24) and forecast 24 steps, in turn, one thread;
CPU time per series, best of several turns. The sums of squared errors that the fits reach stand
next to the times: ours over theirs, 1 or less is as good; of relative errors, what the likelihood
makes of them. The automatic choices are compared with the same candidates, the six additive forms
and all fifteen stable ones, by the criterion of the form that each chooses. With `--shared FOLDER`
that also on series of M4 hourly and ETTh1. Without statsforecast ours alone.

With `--many 1000000` only this: so many series of two values each, from frame to frame.

With `--device cuda` instead: forecasts with bands of many series, fitted on the GPU and on all
cores, in turn; wall-clock time, copies and kernels timed apart, and the answers are compared.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import fairlead
from fairlead import _core
from fairlead.matching.devices import cuda_driver
from fairlead.prediction.options import thread_count

_SEASON, _HORIZON = 24, 24
# Name here, name there.
_MODELS = {
    "ses": "SimpleExponentialSmoothingOptimized",
    "theta": "Theta",
    "optimized_theta": "DynamicOptimizedTheta",
    "seasonal_smoothing": "SeasonalExponentialSmoothingOptimized",
    "full_ets": "AutoETS",
}
# Error, trend (d: damped) and season; statsforecast takes the d apart.
_ADDITIVE = ["ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA"]
_RELATIVE = ["MNN", "MAN", "MAdN", "MNA", "MAA", "MAdA", "MNM", "MAM", "MAdM"]
_CHOICES = {"ets": _ADDITIVE, "full_ets": _ADDITIVE + _RELATIVE}


def demand(n: int, seed: int) -> np.ndarray:
    """A level that wanders, a day with a second harmonic, and noise; never below 1."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) * 2 * np.pi / _SEASON
    level = 100 + np.cumsum(rng.normal(0, 1, n))
    y = level + 20 * np.sin(t) + 8 * np.sin(2 * t + seed) + rng.normal(0, 4, n)
    made: np.ndarray = np.maximum(y, 1)
    return made


def columns(series: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, offsets and phases as the core takes them."""
    offsets = np.concatenate([[0], np.cumsum([len(y) for y in series])]).astype(np.int64)
    return np.concatenate(series), offsets, np.zeros(len(series), dtype=np.int64)


def cpu_ms(work: Callable[[], Any], turns: int) -> float:
    """CPU milliseconds of the fastest of several turns."""
    took = []
    for _ in range(turns):
        begin = time.process_time()
        work()
        took.append(time.process_time() - begin)
    return 1e3 * min(took)


def ours(model: str, series: list[np.ndarray]) -> np.ndarray:
    """Forecasts of every series, one row each."""
    made = _core.point_forecasts(
        *columns(series), model=model, seasons=[_SEASON], window=_SEASON, horizon=_HORIZON
    )
    return made.reshape(len(series), _HORIZON)


def peer(name: str) -> Any | None:
    """A model of statsforecast; none without it."""
    try:
        from statsforecast import models
    except ImportError:
        return None
    if name.startswith("Simple"):
        return models.SimpleExponentialSmoothingOptimized()
    if name == "AutoETS":
        return models.AutoETS(season_length=_SEASON, model="ZZZ")
    return getattr(models, name)(season_length=_SEASON)


def print_times(series: list[np.ndarray], peers: int, turns: int) -> None:
    """One line per model: CPU time a series here and there, and the ratio."""
    for model, name in _MODELS.items():
        here = cpu_ms(lambda model=model: ours(model, series), turns) / len(series)
        there_model = peer(name)
        if there_model is None:
            print(f"{model:20s} {here:9.3f} ms")
            continue

        def there_all(there_model: Any = there_model) -> None:
            for y in series[:peers]:
                there_model.forecast(y=y, h=_HORIZON)

        there = cpu_ms(there_all, max(turns // 2, 1)) / peers
        print(f"{model:20s} {here:9.3f} ms {there:9.3f} ms {there / here:7.0f} x   {name}")


def squares(form: str, series: list[np.ndarray]) -> np.ndarray:
    """What the fits of a form to every series reach."""
    made: np.ndarray = _core.smoothing_fits(
        *columns(series),
        trend="A" in form[1:-1],
        damped="d" in form,
        seasons=[] if form[-1] == "N" else [_SEASON],
        error_factors=form[0] == "M",
        season_factors=form[-1] == "M",
    )["squares"]
    return made


def print_squares(series: list[np.ndarray], peers: int) -> None:
    """Per form: time and squares of the fit over those of statsforecast."""
    try:
        from statsforecast.ets import ets_f
    except ImportError:
        return
    print("\nform       ours ms  theirs ms   squares, ours / theirs: best  mean  worst")
    for form in _ADDITIVE + _RELATIVE:
        begin = time.process_time()
        found = squares(form, series)
        here = 1e3 * (time.process_time() - begin) / len(series)
        begin = time.process_time()
        theirs = [
            ets_f(y, _SEASON, model=form.replace("d", ""), damped="d" in form)["loglik"]
            for y in series[:peers]
        ]
        there = 1e3 * (time.process_time() - begin) / peers
        ratio = found[:peers] / np.exp(-2 * np.array(theirs) / len(series[0]))
        print(
            f"{form:8s} {here:9.3f} {there:10.2f} {ratio.min():31.4f} {ratio.mean():.4f} "
            f"{ratio.max():.4f}"
        )


def with_bands(
    model: str, columns: tuple[np.ndarray, np.ndarray, np.ndarray], driver: Any
) -> tuple[float, dict[str, Any]]:
    """Wall-clock seconds of forecasts with an 80 % band on all cores, and what came out."""
    values, offsets, phase = columns
    begin = time.perf_counter()
    made = _core.forecast(
        values,
        offsets,
        phase,
        np.empty(0),
        np.arange(len(phase), dtype=np.int32),
        np.diff(offsets),
        model=model,
        seasons=[_SEASON],
        window=_SEASON,
        horizon=_HORIZON,
        probabilities=np.array([0.1, 0.9]),
        threads=thread_count(None),
        driver=driver,
    )
    return time.perf_counter() - begin, made


def compare_gpu(n: int, count: int, turns: int) -> None:
    """One line per model that a GPU can fit: both times, their ratio, and where the GPU's went."""
    driver, reason = cuda_driver("fit_driver")
    if driver is None:
        print(f"GPU: none ({reason})")
        return
    table = columns([demand(n, seed) for seed in range(count)])
    print(f"GPU and {thread_count(None)} threads, {count:,} series of {n:,} values, with bands")
    print(
        f"{'model':26s} {'threads s':>10s} {'GPU s':>9s} {'ratio':>7s}   "
        f"{'copy in':>9s} {'kernels':>9s} {'copy out':>9s}   largest relative difference"
    )
    for model in _core.device_forecasters():
        with_bands(model, columns([demand(n, 0)]), driver)
        cpu = [with_bands(model, table, None) for _ in range(turns)]
        gpu = [with_bands(model, table, driver) for _ in range(turns)]
        cpu_s, gpu_s = min(took for took, _ in cpu), min(took for took, _ in gpu)
        expected, found = cpu[0][1]["quantiles"], gpu[0][1]["quantiles"]
        apart = float((np.abs(found - expected) / np.maximum(np.abs(expected), 1e-9)).max())
        copy_in, kernels, copy_out = min(gpu, key=lambda run: run[0])[1]["device_s"]
        print(
            f"{model:26s} {cpu_s:10.3f} {gpu_s:9.3f} {cpu_s / gpu_s:7.1f}   "
            f"{copy_in:9.3f} {kernels:9.3f} {copy_out:9.3f}   {apart:.1e}"
        )


def criterion(reached: np.ndarray, n: int, form: str) -> np.ndarray:
    """AICc of a fit; both libraries count weights, states but for one season, and the variance."""
    k = 3 + 2 * ("A" in form[1:-1]) + ("d" in form) + (_SEASON if form[-1] != "N" else 0)
    made: np.ndarray = n * np.log(reached) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    return made


def print_choice(
    what: str, model: str, series: list[np.ndarray], peers: list[np.ndarray], turns: int
) -> None:
    """Time and criterion of an automatic choice, here for all series and there for `peers`."""
    try:
        from statsforecast.ets import ets_f
    except ImportError:
        return
    additive = model == "ets"
    here, there, theirs = float("inf"), float("inf"), np.zeros(0)
    for _ in range(turns):
        here = min(here, cpu_ms(lambda: ours(model, series), 1) / len(series))
        begin = time.process_time()
        fits = [ets_f(y, _SEASON, model="ZZZ", additive_only=additive) for y in peers]
        there = min(there, 1e3 * (time.process_time() - begin) / len(peers))
        theirs = np.array([fit["aicc"] for fit in fits])
    lengths = [len(y) for y in peers]
    least = [
        min(criterion(squares(form, [y]), len(y), form)[0] for form in _CHOICES[model])
        for y in peers
    ]
    # The likelihood is all that the criterion leaves open: what 0.1 % of the squares are worth.
    over = np.exp((least - theirs) / lengths)
    print(
        f"{what}: {model} {here:.3f} ms, statsforecast {there:.3f} ms, {there / here:.0f} x; "
        f"exp(AICc / n), ours / theirs: best {over.min():.4f} mean {over.mean():.4f} "
        f"worst {over.max():.4f}"
    )


def real_series(shared: Path, count: int) -> dict[str, list[np.ndarray]]:
    """Some of M4 hourly and of ETTh1, moved so that all its values are 1 or more."""
    folder = shared / "traces"
    m4 = pd.read_csv(folder / "m4-hourly" / "Hourly-train.csv.gz").iloc[:, 1:].to_numpy(float)
    ett = pd.read_csv(folder / "ett-hourly" / "ETTh1.csv.gz").iloc[:, 1:].to_numpy(float)
    every = max(len(m4) // count, 1)
    return {
        "M4 hourly": [y[np.isfinite(y)] for y in m4[::every]],
        "ETTh1": [y[3000:4000] - y.min() + 1 for y in ett.T],
    }


def print_many(count: int, horizon: int) -> None:
    """CPU time and peak memory of a forecast of very many, very short series."""
    rng = np.random.default_rng(1)
    demand = pd.DataFrame(
        {
            "unique_id": np.char.add("s", np.repeat(np.arange(count), 2).astype(str)),
            "ds": np.tile([0.0, 3600.0], count),
            "y": rng.poisson(5, 2 * count).astype(float),
        }
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    forecast = fairlead.predict(demand, horizon=horizon, threads=1)
    took = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{count:,} series of 2 values, {horizon} ahead: {took:.1f} s CPU, "
        f"{1e6 * took / count:.1f} us a series; at most {peak / 1024:.0f} MiB, "
        f"{before / 1024:.0f} before; {len(forecast.frame):,} rows"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="values per series")
    parser.add_argument("--series", type=int, default=64)
    parser.add_argument("--peers", type=int, default=4, help="series for statsforecast")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--shared", type=Path, help="folder with traces: real series, too")
    parser.add_argument("--real", type=int, default=18, help="of M4 hourly, with --shared")
    parser.add_argument("--gpu-series", type=int, default=20_000, help="with --device cuda")
    parser.add_argument("--many", type=int, default=0, help="series of two values, and only those")
    parser.add_argument("--ahead", type=int, default=1, help="steps that these are forecast")
    args = parser.parse_args()
    if args.device == "cuda":
        compare_gpu(args.n, args.gpu_series, args.turns)
        return
    if args.many:
        print_many(args.many, args.ahead)
        return
    warnings.simplefilter("ignore")
    series = [demand(args.n, seed) for seed in range(args.series)]
    found = "with statsforecast" if peer("Theta") else "statsforecast is not installed: ours alone"
    print(f"{platform.processor() or platform.machine()}, n = {args.n}, season {_SEASON}, {found}")
    print_times(series, args.peers, args.turns)
    print_squares(series, args.peers)
    for model in _CHOICES:
        print_choice("demand", model, series, series[: args.peers], max(args.turns // 2, 1))
    for what, real in real_series(args.shared, args.real).items() if args.shared else ():
        for model in _CHOICES:
            print_choice(what, model, real, real, 1)


if __name__ == "__main__":
    main()
