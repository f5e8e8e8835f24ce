"""Judges a choice inside `auto`: `python tests/benchmarks/judge_auto.py [shared] [options]`.

Forecasts demand that no aim is on: Earth and m-small before their scored days, parts of HPC logs
and ITP clusters, ETTh1, Venus before September, and the training part of M4 hourly without its last
two days. Shown are MAE and pinball loss over those of the last value, as geometric means of each
family. `--save before.csv` keeps them by series; after a change `--against before.csv` shows by how
many per cent each family moved. `--model` judges one by itself. Constants of the models and of
`auto` are chosen by this, and bench_demand.py is looked at afterwards. Takes a minute. (The network
in `auto` was trained on the logs and ITP clusters: judge_pretrained.py judges it.)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))

import fairlead
from reference.demand_figures import (
    log_demand,
    long_frame,
    m4_series,
    unscored_clusters,
    unscored_venus,
)

_SHARED = Path(__file__).parents[3] / "shared"
_PLACES = (0.3, 0.55, 0.8)  # of a log's hours
_SCORES = ["mae", "pinball"]
_SERIES = ["family", "unique_id"]

# Demand, steps ahead, how many origins, and how many steps lie between two.
Case = tuple[pd.DataFrame, int, int, int]


def ett_demand(shared: Path) -> pd.DataFrame:
    """The columns of ETTh1, none below 0, up to the end of its first twelve months."""
    table = pd.read_csv(shared / "traces" / "ett-hourly" / "ETTh1.csv.gz").drop(columns="date")
    year = table.iloc[: 12 * 30 * 24]
    return long_frame({name: (y - min(0, y.min())).to_numpy()[-1500:] for name, y in year.items()})


def cases(shared: Path) -> dict[str, Case]:
    """All that is judged, by family."""
    earth, small = unscored_clusters(shared, at_end=False)
    itp = sorted((shared / "traces" / "itp-2021").glob("raw_cluster*.csv.gz"))
    hpc = sorted((shared / "traces" / "swf-pwa").glob("*.swf.gz"))
    train = m4_series(shared, "train")[::4]
    return {
        "Earth": (earth, 24, 340, 1),
        "m-small": (small, 24, 90, 1),
        "ITP": (log_demand(itp, _PLACES), 24, 100, 3),
        "HPC": (log_demand(hpc, _PLACES), 24, 100, 3),
        "ETTh1": (ett_demand(shared), 24, 150, 2),
        "Venus, hours": (unscored_venus(shared, 6), 24, 240, 1),
        "Venus, 10 min": (unscored_venus(shared, 1), 6, 800, 2),
        "M4": (long_frame({f"H{4 * i:03d}": y for i, y in enumerate(train)}), 48, 1, 1),
    }


def judged(shared: Path, model: str) -> pd.DataFrame:
    """MAE and pinball loss by family and series, of the model and over those of the last value."""
    parts = []
    for family, (demand, ahead, windows, step) in tqdm(cases(shared).items()):
        tested = fairlead.backtest(
            demand, ahead, model=[model, "naive"], n_windows=windows, step_size=step
        ).metrics.set_index(["model", "unique_id"])[_SCORES]
        over_last = tested.loc[model].div(tested.loc["naive"]).add_suffix("_over_last")
        parts.append(tested.loc[model].join(over_last).assign(family=family))
    return pd.concat(parts).reset_index().set_index(_SERIES)


def by_family(ratios: pd.DataFrame) -> pd.DataFrame:
    """Geometric means of each family, and of all series but M4's."""
    logs = np.log(ratios)
    means = logs.groupby(level="family", sort=False).mean()
    means.loc["all but M4"] = logs.drop(index="M4", level="family").mean()
    return np.exp(means)


def main() -> None:
    """Print the table, keep it, and compare it with one kept before."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", nargs="?", type=Path, default=_SHARED)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--save", type=Path, help="where to keep the figures by series")
    parser.add_argument("--against", type=Path, help="figures kept before")
    given = parser.parse_args()
    before = pd.read_csv(given.against, index_col=_SERIES) if given.against else None
    table = judged(given.shared, given.model)
    print(by_family(table[[f"{name}_over_last" for name in _SCORES]]).round(3).to_string())
    if given.save:
        table.to_csv(given.save)
    if before is not None:
        if not table.index.equals(before.index):
            parser.error(f"{given.against} is of other series; keep the figures again")
        change = by_family(table[_SCORES] / before[_SCORES]) - 1
        print("per cent from before")
        print((100 * change).round(2).to_string())


if __name__ == "__main__":
    main()
