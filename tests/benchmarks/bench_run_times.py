"""Predicted run times beside their aims: `python tests/benchmarks/bench_run_times.py`.

Accuracy and bounds on the second half of KTH-SP2 (a job is seen if its end in the log lies at or
before the submission), the slowdown of three logs replayed with predictions, and jobs a CPU second
of one core, best of several turns. LightGBM is trained on the first half and predicts the second,
where it is installed; its rows are timed in turn with the mixture's.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fairlead import schedule
from fairlead.prediction import BoostedRunTimes, RunTimeMixture, predict_run_times
from fairlead.prediction.jobs.traits import read_log
from fairlead.traces import load

_SHARED = Path(os.environ.get("FAIRLEAD_SHARED", Path(__file__).parents[3] / "shared"))
_LOGS = {"KTH": "KTH-SP2-1996-2.1", "CTC": "CTC-SP2-1996-3.1", "SDSC": "SDSC-SP2-1998-4.2"}


def log_path(name: str) -> Path:
    """Where a log of the archive lies."""
    return _SHARED / "traces" / "swf-pwa" / f"{_LOGS[name]}-cln.swf.gz"


def kth() -> tuple[pd.DataFrame, Any]:
    """The jobs, run times cut to the limit, and their ends as the log has them."""
    jobs = load(log_path("KTH"), keep=["recorded_wait_s"]).jobs
    raw = pd.read_csv(log_path("KTH"), sep=r"\s+", comment=";", header=None).set_index(0)
    ends = jobs["submit_time"] + jobs["recorded_wait_s"] + raw.loc[jobs["job_id"], 3].to_numpy()
    return jobs, ends.to_numpy()


def say(what: str, value: float, aim: str, form: str = ".3f") -> None:
    """One figure beside its aim."""
    print(f"  {what:<58} {value:>12,{form}}   {aim}")


def accuracy(jobs: pd.DataFrame, ends: Any) -> None:
    """Predictions and bounds of the second half."""
    half = len(jobs) // 2
    print(f"KTH-SP2, second half, {len(jobs) - half:,} jobs: mean min(p/r, r/p) and MAE in s")
    aims = {"limit": ("0.496", "5,157"), "last_two": ("0.555", "5,580")}
    for name in ("limit", "last_two", "history", "ridge", "quantile", "histogram", "mixture"):
        report = predict_run_times(jobs, name, end_time=ends).accuracy(skip=half)
        known = aims.get(name, ("", ""))
        aim = (">= 0.63, stretch 0.65", "<= 4,050") if name == "mixture" else known
        say(f"{name}: accuracy", report.accuracy, aim[0])
        say(f"{name}: MAE", report.mae_s, aim[1], ".0f")
    if importlib.util.find_spec("lightgbm"):
        model = BoostedRunTimes().fit(jobs.iloc[:half])
        report = predict_run_times(jobs.iloc[half:], model, end_time=ends[half:]).accuracy()
        say("LightGBM on the mixture's output, trained once: accuracy", report.accuracy, "")
        say("LightGBM on the mixture's output, trained once: MAE", report.mae_s, "", ".0f")
    bound = predict_run_times(jobs, RunTimeMixture(quantiles=(0.9,)), end_time=ends)
    row = bound.accuracy(skip=half).bounds.iloc[0]
    print("90 % upper bounds")
    say("coverage", row["coverage"], "0.89 to 0.91", ".4f")
    say("worst 1,000 jobs in a row", row["worst_coverage"], ">= 0.86")
    aim = f"<= 540, stretch below the limit's {row['limit_pinball_s']:.0f}"
    say("pinball loss (s)", row["pinball_s"], aim, ".0f")


def slowdowns() -> None:
    """Mean bounded slowdown of EASY with the shortest first, against EASY with limits."""
    traces = {name: load(log_path(name)) for name in _LOGS}

    def replay(**options: Any) -> np.ndarray:
        done = (schedule(t.jobs, t.nodes, **options).metrics for t in traces.values())
        return np.array([metrics["mean_bounded_slowdown"] for metrics in done])

    easy = replay(policy="easy")
    print(f"mean bounded slowdown, reduction in % against EASY with limits ({', '.join(traces)})")
    runs: dict[str, dict[str, Any]] = {"limits": {}, "predicted, limit": {"run_times": "predicted"}}
    for correction in ("doubling", "stepwise"):
        options = {"run_times": "predicted", "correction": correction}
        runs[f"predicted, {correction}"] = options
    for correction in ("limit", "doubling", "stepwise"):
        options = {"run_times": RunTimeMixture(), "correction": correction}
        runs[f"mixture, {correction}"] = options
    runs["exact run times"] = {"run_times": "actual"}
    for name, options in runs.items():
        cut = 100 * (1 - replay(policy="easy_sjbf", **options) / easy)
        each = " ".join(f"{c:5.1f}" for c in cut)
        aim = ">= 32 and 8 above limits, no log below 0, stretch 40" * (name == "predicted, limit")
        say(f"EASY-SJBF, {name:<20} {each}", float(cut.mean()), aim, ".1f")


def speeds(jobs: pd.DataFrame, turns: int) -> None:
    """Jobs a CPU second, columns in and columns out."""
    log = read_log(jobs)
    fitted = RunTimeMixture(quantiles=()).fit(jobs).learner()
    ours: dict[str, Callable[[], object]] = {
        "mixture, prediction": lambda: fitted.predict(log.traits),
        "mixture, prediction and learning": lambda: (
            RunTimeMixture(quantiles=()).learner().replay(log.traits, log.end_s, log.run_s)
        ),
        "mixture with a bound, prediction and learning": lambda: (
            RunTimeMixture(quantiles=(0.9,)).learner().replay(log.traits, log.end_s, log.run_s)
        ),
    }
    aims = {"mixture, prediction": ">= 1,000,000", "mixture, prediction and learning": ">= 300,000"}
    if importlib.util.find_spec("lightgbm"):
        booster = BoostedRunTimes().fit(jobs).booster_
        rows = np.random.default_rng(0).random((len(jobs), booster.num_feature()))
        ours["LightGBM, 200 trees, prediction"] = lambda: booster.predict(rows, num_threads=1)
    else:
        print("LightGBM is not installed and was left out")
    best = dict.fromkeys(ours, 0.0)
    for _ in range(turns):
        for name, run in ours.items():
            begin = time.process_time()
            run()
            best[name] = max(best[name], len(jobs) / (time.process_time() - begin))
    print(f"jobs a CPU second, one core, best of {turns}, in turn")
    for name, rate in best.items():
        say(name, rate, aims.get(name, ""), ".0f")


def main() -> None:
    """Print every figure beside its aim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    turns = parser.parse_args().turns
    if not all(log_path(name).is_file() for name in _LOGS):
        raise SystemExit(f"the logs are not in {_SHARED}; set FAIRLEAD_SHARED to their folder")
    jobs, ends = kth()
    accuracy(jobs, ends)
    slowdowns()
    speeds(jobs, turns)


if __name__ == "__main__":
    main()
