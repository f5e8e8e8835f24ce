"""What reading and making up a million jobs costs: `python tests/benchmarks/bench_traces.py`.

A log in the Standard Workload Format and the text of `sacct -P` are made up, with as many lines;
then both are read, with `pandas.read_csv` on the same file in turn, which makes columns of text and
numbers but no jobs: it checks nothing, and knows neither limits nor times nor TRES. Then a million
jobs of each mode of the generator, and a fit. CPU time of this process, best of several turns.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fairlead import traces

TURNS = 3


def write_swf(path: Path, jobs: int) -> None:
    """Eighteen fields a line, as the mode of batch machines draws them."""
    traces.generate(jobs, mode="hpc", seed=1, start=None).to_swf(path)


def write_sacct(path: Path, jobs: int) -> None:
    """Thirteen fields a line: times, limits, TRES of what was asked and what was given."""
    rng = np.random.default_rng(1)
    submit = np.sort(rng.integers(0, 90 * 86_400, jobs))
    start = submit + rng.integers(0, 7200, jobs)
    run = np.maximum(1, rng.lognormal(7, 1.5, jobs).astype(int))
    nodes = rng.choice([1, 1, 1, 2, 4], jobs)
    clock = [
        pd.Series(pd.Timestamp("2026-01-05") + pd.to_timedelta(times, unit="s"))
        .dt.strftime("%Y-%m-%dT%H:%M:%S")
        .tolist()
        for times in (submit, start, start + run)
    ]
    state = rng.choice(["COMPLETED", "FAILED", "TIMEOUT"], jobs, p=(0.8, 0.15, 0.05)).tolist()
    tres = [f"billing={8 * n},cpu={8 * n},gres/gpu={4 * n},mem={64 * n}G,node={n}" for n in nodes]
    fields = "JobID|User|Account|Partition|State|Submit|Start|End|Timelimit|NNodes|ReqTRES"
    with path.open("w") as file:
        file.write(f"{fields}|AllocTRES|ExitCode\n")
        for i in range(jobs):
            file.write(
                f"{i + 1000}|user{i % 200}|lab{i % 9}|gpu|{state[i]}|{clock[0][i]}|{clock[1][i]}|"
                f"{clock[2][i]}|1-00:00:00|{nodes[i]}|{tres[i]}|{tres[i]}|0:0\n"
            )


def best(work: Callable[[], Any], turns: int = TURNS) -> float:
    """CPU time of this process (s), the least of several turns."""
    spent = []
    for _ in range(turns):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return min(spent)


def read_both(folder: Path, jobs: int) -> None:
    """Print what reading costs, and what pandas needs for the same lines."""
    skip = {"comment": ";", "header": None, "sep": r"\s+"}
    for name, write, options in (("swf", write_swf, skip), ("slurm", write_sacct, {"sep": "|"})):
        path = folder / f"{name}.txt"
        write(path, jobs)
        ours, theirs = np.inf, np.inf
        for _ in range(TURNS):  # in turn, for other work on the machine comes and goes
            ours = min(ours, best(lambda p=path, n=name: traces.load(p, n), 1))
            theirs = min(theirs, best(lambda p=path, o=options: pd.read_csv(p, **o), 1))
        size = path.stat().st_size / 2**20
        print(f"{name}: {size:,.0f} MiB, {jobs:,} jobs: load {ours:.2f} s, "
              f"pandas.read_csv {theirs:.2f} s, ratio {ours / theirs:.2f}", flush=True)  # fmt: skip


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1_000_000)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        read_both(Path(folder), jobs)
    spent = best(lambda: traces.generate(jobs, seed=1))
    print(f"generate, default: {jobs:,} jobs: {spent:.2f} s", flush=True)
    for mode in traces.modes():
        spent = best(lambda m=mode: traces.generate(jobs, mode=m, seed=1))
        print(f"generate, {mode}: {jobs:,} jobs: {spent:.2f} s", flush=True)
    log = traces.generate(jobs // 5, mode="hpc", seed=1)
    print(f"fit: {len(log):,} jobs: {best(lambda: traces.fit(log)):.2f} s")


if __name__ == "__main__":
    main()
