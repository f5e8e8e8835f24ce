"""What dynamic plans gain by what runs now: `python tests/benchmarks/bench_pipeline.py [shared]`.

Three weeks of two ITP clusters under `Pipeline`, with forecasts that start from the value at the
end of each interval (`y_end`) and with forecasts that know the means alone: the error an hour
ahead, the GPU hours held, and the mean wait. Jobs of more than eight GPUs are gangs; limits are
twice the run times, for want of any in the log. Two minutes; nothing is asserted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import fairlead
from fairlead.management.observing import Observer

_SHARED = Path(__file__).parents[3] / "shared"
_NODES = {"02": 24, "04": 120}  # of eight GPUs
_DAYS = 21
_SHOWN = ["forecast_mae_next", "capacity_gpus_h", "mean_wait_s"]


def jobs_of(shared: Path, cluster: str) -> pd.DataFrame:
    """The first weeks of a log as a jobs table."""
    log = pd.read_csv(shared / "traces" / "itp-2021" / f"raw_cluster{cluster}.csv.gz")
    submit = log["submission_time"].astype(float)
    log, submit = (each[submit < submit.min() + _DAYS * 86_400] for each in (log, submit))
    return pd.DataFrame(
        {
            "submit_time": submit,
            "duration_s": log["duration"].astype(float),
            "limit_s": 2.0 * log["duration"],
            "tasks": np.maximum(log["num_gpu"] // 8, 1),
            "gpus": np.minimum(log["num_gpu"], 8),
        }
    )


@contextmanager
def means_alone() -> Iterator[None]:
    """Observers that do not see the ends of intervals."""
    whole = Observer.demand

    def demand(self: Observer, *args: Any, **options: Any) -> pd.DataFrame:
        return whole(self, *args, **options).assign(y_end=np.nan)

    Observer.demand = demand  # type: ignore[method-assign]
    try:
        yield
    finally:
        Observer.demand = whole  # type: ignore[method-assign]


def figures(jobs: pd.DataFrame, nodes: int) -> pd.Series:
    """Of one run in rolling steps of an hour."""
    cluster = fairlead.Cluster.homogeneous(nodes=nodes, gpus=8, cpus=96)
    metrics = fairlead.Pipeline(startup_s=600).run(jobs, cluster).metrics
    return pd.Series({key: metrics[key] for key in _SHOWN})


def main() -> None:
    """Print both runs of each cluster, and their ratio."""
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else _SHARED
    for cluster, nodes in _NODES.items():
        jobs = jobs_of(shared, cluster)
        with_ends = figures(jobs, nodes)
        with means_alone():
            without = figures(jobs, nodes)
        table = pd.DataFrame(
            {"y_end": with_ends, "means alone": without, "ratio": with_ends / without}
        )
        print(f"ITP {cluster}, {len(jobs):,} jobs, {_DAYS} days\n{table.round(3).to_string()}")


if __name__ == "__main__":
    main()
