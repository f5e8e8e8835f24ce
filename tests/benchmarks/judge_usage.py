"""Judges the recommenders on real usage: `python tests/benchmarks/judge_usage.py FOLDER`.

FOLDER holds the CPU series of the Numenta Anomaly Benchmark (``*cpu_utilization*.csv.gz``: a time
and per cent of CPU every five minutes). Every six hours, after two days, each recommender says what
to ask for from the past alone; the next six hours show how often that was too little and how much
of it stood idle. All settings are the defaults; nothing is fitted to these series.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fairlead.prediction import CostRecommender, UsageRecommender, WindowRecommender

_STEP, _WARM_UP = "6h", 8
_NONE: dict[str, float] = {}
_RECOMMENDERS: dict[str, Callable[[], Any]] = {
    "histogram (VPA)": lambda: UsageRecommender(minimum=_NONE),
    "window p95": lambda: WindowRecommender(minimum=_NONE),
    "window max": lambda: WindowRecommender(statistic={"cpus": "max"}, minimum=_NONE),
    "window mean": lambda: WindowRecommender(statistic={"cpus": "mean"}, minimum=_NONE),
    "cost, 9 to 1": lambda: CostRecommender(minimum=_NONE),
    "cost, 99 to 1": lambda: CostRecommender(overrun=99.0, minimum=_NONE),
}


def usage_of(path: Path) -> pd.DataFrame:
    """One series as a usage frame, per cent of one core."""
    frame = pd.read_csv(path).set_axis(["time", "cpus"], axis=1)
    frame["time"] = pd.to_datetime(frame["time"])
    return frame.sort_values("time").assign(job_id=path.name, cpus=frame["cpus"].clip(0) / 100)


def judged(make: Callable[[], Any], usage: pd.DataFrame) -> tuple[float, float]:
    """Share of samples above the advice, and share of the advice that stood idle."""
    recommender = make()
    over, used, asked, samples = 0, 0.0, 0.0, 0
    for i, (_, part) in enumerate(usage.groupby(usage["time"].dt.floor(_STEP))):
        if i >= _WARM_UP:
            limit = float(recommender.recommend()["target"].iloc[0])
            over += int((part["cpus"] > limit).sum())
            used += float(np.minimum(part["cpus"], limit).sum())
            asked += limit * len(part)
            samples += len(part)
        recommender.partial_fit(part)
    return over / samples, 1 - used / asked


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    paths = sorted(parser.parse_args().folder.glob("*cpu_utilization*.csv.gz"))
    series = [usage_of(path) for path in paths]
    print(f"{len(series)} series; means over them: too little, idle")
    for name, make in _RECOMMENDERS.items():
        figures = np.array([judged(make, usage) for usage in series])
        over, idle = figures.mean(axis=0)
        print(f"  {name:16} {over:7.2%} {idle:7.1%}")


if __name__ == "__main__":
    main()
