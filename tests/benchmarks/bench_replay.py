"""Speed of a replay beside a plain C++ yardstick: `python tests/benchmarks/bench_replay.py`.

The yardstick is an EASY replay with arrays and nothing else; it is compiled here and run in turn
with the engine, so that the ratio holds when the machine's speed drifts. CPU time, one core, best
of several turns. The jobs are copies of a log back to back: KTH-SP2 where the shared data are
there, else jobs from the generator.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import fairlead
from fairlead import Cluster, Simulation, schedule

_SHARED = Path(os.environ.get("FAIRLEAD_SHARED", Path(__file__).parents[3] / "shared"))


def load_log(shared: Path) -> tuple[pd.DataFrame, int, str]:
    """One log as a jobs table, its processors and its name."""
    golden = shared / "golden" / "kth-sp2-100.csv.gz"
    names = {
        "submit_s": "submit_time",
        "run_s": "duration_s",
        "processors": "cpus",
        "estimate_s": "limit_s",
    }
    if golden.is_file():
        return pd.read_csv(golden).rename(columns=names)[list(names.values())], 100, "KTH-SP2"
    jobs = fairlead.traces.generate(n_jobs=30_000, seed=0, load=0.75).jobs
    seconds = (jobs["submit_time"] - jobs["submit_time"].iloc[0]) / pd.Timedelta(seconds=1)
    tasks = jobs.get("tasks", 1)
    log = pd.DataFrame(
        {
            "submit_time": seconds.astype("int64"),
            "duration_s": jobs["duration_s"].clip(upper=jobs["limit_s"]).astype("int64"),
            "cpus": (jobs["gpus"] * tasks).clip(lower=1).astype("int64"),
            "limit_s": jobs["limit_s"].astype("int64"),
        }
    )
    return log, int(log["cpus"].max() * 2), "generator"


def copies_of(log: pd.DataFrame, copies: int, scale: float) -> pd.DataFrame:
    """The log repeated back to back, submit times multiplied by ``scale``."""
    span = int(log["submit_time"].iloc[-1]) + 1
    parts = [log.assign(submit_time=log["submit_time"] + k * span) for k in range(copies)]
    jobs = pd.concat(parts, ignore_index=True)
    jobs["submit_time"] = (jobs["submit_time"] * scale).astype("int64")
    return jobs


def build_yardstick(shared: Path, folder: Path) -> Path:
    """Compile the yardstick for this very machine."""
    program = folder / "yardstick"
    source = shared / "tools" / "yardstick.cpp"
    flags = ["-O3", "-march=native", "-std=c++20"]
    subprocess.run(["g++", *flags, "-o", str(program), str(source)], check=True)
    return program


def yardstick_rate(program: Path, jobs: pd.DataFrame, processors: int) -> float:
    """Jobs per second as the yardstick itself reports them (best of its 3 replays)."""
    columns = jobs[["submit_time", "duration_s", "cpus", "limit_s"]]
    text = columns.to_csv(sep=" ", header=False, index=False)
    done = subprocess.run(
        [str(program), str(processors), "1"], input=text, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def engine_rate(jobs: pd.DataFrame, cluster: Cluster, policy: str) -> float:
    """Jobs per CPU second of the engine alone: events in, decisions out."""
    simulation = Simulation(jobs, cluster, policy=policy)
    begin = time.process_time()
    simulation.run_until()
    return len(jobs) / (time.process_time() - begin)


def schedule_rate(jobs: pd.DataFrame, cluster: Cluster, policy: str) -> float:
    """Jobs per CPU second from DataFrame to DataFrame."""
    begin = time.process_time()
    frame = schedule(jobs, cluster, policy=policy).jobs
    assert len(frame) == len(jobs)
    return len(jobs) / (time.process_time() - begin)


def main() -> None:
    """Run all in turn and print rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=35)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies submit times")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--policies", nargs="+", default=["easy", "fcfs", "easy_sjbf"])
    options = parser.parse_args()
    log, processors, name = load_log(_SHARED)
    jobs = copies_of(log, options.copies, options.scale)
    cluster = Cluster.homogeneous(nodes=1, cpus=processors)
    print(
        f"{options.copies} copies of {name}, {len(jobs):,} jobs on {processors} processors, "
        f"submit times x {options.scale:g}; CPU time, one core, best of {options.turns}"
    )
    with tempfile.TemporaryDirectory() as folder:
        has_yardstick = (_SHARED / "tools" / "yardstick.cpp").is_file()
        program = build_yardstick(_SHARED, Path(folder)) if has_yardstick else None
        best: dict[str, float] = {}
        for _ in range(options.turns):
            if program is not None:
                rate = yardstick_rate(program, jobs, processors)
                best["yardstick EASY"] = max(best.get("yardstick EASY", 0), rate)
            for policy in options.policies:
                for what, measure in (("engine", engine_rate), ("schedule()", schedule_rate)):
                    key = f"{what} {policy}"
                    best[key] = max(best.get(key, 0), measure(jobs, cluster, policy))
    base = best.get("yardstick EASY")
    for key, rate in best.items():
        ratio = "" if base is None else f"   {rate / base:5.2f} of the yardstick"
        print(f"{key:22s} {rate / 1e6:6.2f} million jobs/s{ratio}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB, fairlead {fairlead.__version__}, Python {sys.version[:6]}")


if __name__ == "__main__":
    main()
