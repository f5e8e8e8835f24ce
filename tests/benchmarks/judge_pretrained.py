"""Judges a network that never saw its like: `python tests/benchmarks/judge_pretrained.py [shared]`.

The network of `pretrained` is trained again without a family of demand (of HPC logs: without that
log) and forecasts a day of it, from origins five hours apart. Shown are its MAE and that of `auto`
as it is shipped over the last value's. The shipped network has seen the logs and ITP clusters, so
there `auto` flatters; it has not seen Earth and m-small. Takes five minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import fairlead
import pretrain
from fairlead import _core
from reference.demand_figures import unscored_demand

_SHARED = Path(__file__).parents[3] / "shared"
_STEP, _DAY, _WEEK = 5, 24, 168
_FAMILIES = ("raw_cluster", "CTC-SP2", "HPC2N", "KTH-SP2", "SDSC-SP2")


def network_errors(network: tuple, y: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """|actual - forecast|, origins x 24 hours."""
    weights, centre, deviation = network
    known = _core.network_inputs(y, [_DAY, _WEEK], origins, _DAY)
    inputs = known["inputs"].reshape(len(origins) * _DAY, -1)
    standard = pretrain.standard(inputs, centre, deviation)
    answers = pretrain.answers(weights, standard, inputs[:, pretrain.USUAL]).reshape(-1, _DAY)
    unit = known["unit"][:, None]
    moved = np.where(unit > 0, unit * answers, 0)  # what never changed stays
    made = known["last"][:, None] + moved
    return np.abs(y[origins[:, None] + np.arange(_DAY)] - np.maximum(made, 0))


def judged(network: tuple, demand: pd.DataFrame, hours: int) -> pd.DataFrame:
    """Per series the MAE of the network and of `auto` over the last value's."""
    windows = hours // _STEP
    tested = fairlead.backtest(
        demand, _DAY, model=["auto", "naive"], n_windows=windows, step_size=_STEP
    ).metrics.set_index(["model", "unique_id"])["mae"]
    rows = {}
    for name, series in demand.groupby("unique_id", sort=False):
        y = series["y"].to_numpy()
        origins = len(y) - _DAY - _STEP * np.arange(windows)[::-1]
        rows[name] = network_errors(network, y, origins).mean()
    table = pd.DataFrame({"network": pd.Series(rows), "auto": tested.loc["auto"]})
    return table.div(tested.loc["naive"], axis=0)


def main() -> None:
    """Print a row for each series, and means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", nargs="?", type=Path, default=_SHARED)
    shared = parser.parse_args().shared
    parts = []
    for demand, hours in unscored_demand(shared):
        family = [
            next((f for f in _FAMILIES if name.startswith(f)), "") for name in demand["unique_id"]
        ]
        for kept_out, part in demand.groupby(np.array(family), sort=False):
            network = pretrain.trained(shared / "traces", without=(kept_out,) if kept_out else ())
            parts.append(judged(network, part.drop(columns="y_end"), hours))
            print(parts[-1].round(3).to_string(header=len(parts) == 1), flush=True)
    table = pd.concat(parts)
    print("mean of all:", table.mean().round(3).to_dict())


if __name__ == "__main__":
    main()
