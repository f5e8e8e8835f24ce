"""How good demand forecasts are: `python tests/benchmarks/bench_demand.py [shared folder]`.

Each figure beside its aim and what others reach on the same data (statsforecast, LightGBM, the
naive rules of `baseline_check.csv`), and one with `--bands` (minutes) and `--venus`. With
statsforecast installed its SeasonalNaive and AutoTheta run in turn with us on some of the series.
CPU times are of one thread and move with the load of the machine; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from reference.demand_figures import (
    band_figures,
    cluster_figures,
    cluster_means,
    end_figures,
    m4_figures,
    m4_series,
    venus_figures,
    venus_tree_figures,
)

_SHARED = Path(__file__).parents[3] / "shared"
_AIMS = {
    "mase": "0.80, stretch 0.75; best library model 0.901, best weighted libraries 0.794",
    "owa": "0.43, stretch 0.41; best entry of the competition 0.410",
    "smape": "-",
    "cpu_ms": "10",
    "mase_of_seven": "0.54, stretch 0.51; last value 0.579, best library 0.527",
    "pinball_of_seven": "4.5, stretch 4.2; last value 4.81, best library 4.56",
    "sum_mae": "43, stretch 36; best rule 51.2",
    "sum_pinball": "17, stretch 15; best rule 21.0",
    "servegen_mae": "305, stretch 285; best rule 305",
    "servegen_pinball": "118, stretch 115; best rule 115.5",
    "series_above_their_best_row": "0",
    "mean_of_clusters": "0.88 to 0.92; library conformal bands 0.64 to 0.85",
    "lowest": "0.82",
    "highest": "0.96",
    "pinball_over_last_value": "1",
    "jobs, 1 h old": "4.2; published 4.13, median of 3 h 4.18",
    "gpus, 1 h old": "43; published 52.9, median of 3 h 42.7",
    "jobs, 10 min old": "3.45; last value 3.68, median of 30 min 3.41",
    "gpus, 10 min old": "39; last value 36.3, median of 30 min 40.5",
}
_AIMS_OF_TREES = {
    "jobs, 1 h old": "3.9; LightGBM of others 3.86",
    "gpus, 1 h old": "41.5; LightGBM of others 41.3",
    "jobs, 10 min old": "3.2; LightGBM of others 3.13",
    "gpus, 10 min old": "35; LightGBM of others 34.9",
}


def show(title: str, figures: dict[str, float], aims: dict[str, str] = _AIMS) -> None:
    """A block of figures with their aims."""
    print(title)
    for name, value in figures.items():
        print(f"  {name:<28} {value:8.3f}   aim: {aims.get(name, '-')}")


def peers(shared: Path, count: int) -> None:
    """Two models of statsforecast and ours in turn, on the same few series."""
    try:
        from statsforecast.models import AutoTheta, SeasonalNaive
    except ImportError:
        print("statsforecast is not installed; no peer is run (pip install fairlead[stats])")
        return
    every = max(414 // count, 1)
    train, test = m4_series(shared, "train")[::every], m4_series(shared, "test")[::every]
    ours = m4_figures(shared, every=every)
    print(f"{len(train)} series of M4 hourly: auto {ours['mase']:.3f}, {ours['cpu_ms']:.1f} ms")
    for model in (SeasonalNaive(24), AutoTheta(24)):
        started = time.process_time()
        made = [model.forecast(y=y, h=48)["mean"] for y in train]
        cpu_ms = 1e3 * (time.process_time() - started) / len(train)
        errors = [
            np.abs(y[:48] - f).mean() / np.abs(x[24:] - x[:-24]).mean()
            for x, y, f in zip(train, test, made, strict=True)
        ]
        print(f"  {model.alias}: {np.mean(errors):.3f}, {cpu_ms:.1f} ms")


def bands(shared: Path, step: int) -> None:
    """Coverage and pinball loss from origins `step` hours apart, against the last value."""
    table = band_figures(shared, step=step)
    last_value = band_figures(shared, "rolling_mean", step, window=1)
    print(table.round(3).to_string())
    clusters = table.index.str.startswith("vc")
    show(
        "90 % bands, origins of the last 14 days",
        {
            "mean_of_clusters": table.loc[clusters, "coverage_90"].mean(),
            "lowest": table["coverage_90"].min(),
            "highest": table["coverage_90"].max(),
            "pinball_over_last_value": (table["pinball"] / last_value["pinball"]).mean(),
        },
    )


def venus(shared: Path, model: str) -> None:
    """Jobs and GPUs submitted in ten minutes: a native model, then trees."""
    show(f"Venus, September, 10 minutes: {model}", venus_figures(shared, model))
    if importlib.util.find_spec("lightgbm"):
        trees = venus_tree_figures(shared)
        show("... trees (LightGBM), fitted once before September", trees, _AIMS_OF_TREES)
    else:
        print("LightGBM is not installed; no trees are trained (pip install fairlead[gbm])")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", nargs="?", type=Path, default=_SHARED)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--bands", action="store_true")
    parser.add_argument("--venus", action="store_true")
    parser.add_argument("--step", type=int, default=1, help="hours between origins of the bands")
    given = parser.parse_args()
    pd.set_option("display.width", 120)
    show("M4 hourly, 414 series", m4_figures(given.shared, given.model))
    table = cluster_figures(given.shared, given.model)
    print(table.round(3).to_string())
    show("cluster demand, day ahead", cluster_means(table))
    with_ends = cluster_means(cluster_figures(given.shared, given.model, at_end=True))
    show("... with the values at the ends of the hours", with_ends)
    if given.model == "auto":
        gains = end_figures(given.shared)
        print("MAE with the ends over that without, on demand that is not scored")
        print(gains.round(3).to_string())
        print(f"means: {gains.mean().round(3).to_dict()}")
    peers(given.shared, 20)
    if given.bands:
        bands(given.shared, given.step)
    if given.venus:
        venus(given.shared, given.model)


if __name__ == "__main__":
    main()
