"""Memory of a schedule of a million jobs: `python tests/benchmarks/bench_memory.py`.

Every line is a process of its own: it imports, builds the input, gives free memory back, and then
watches how far its resident memory rises during `schedule()` (lazy tables untouched) and, after
that, during `.jobs`. What the arrays of Python hold of it is counted by tracemalloc in a second
run; the rest is the core's. The jobs are those of bench_replay. Linux only.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench_replay import _SHARED, copies_of, load_log

import fairlead
from fairlead import Cluster, schedule

_KINDS = (
    "pandas",
    "pandas number ids",
    "pandas text ids",
    "pandas object ids",
    "polars text ids",
    "arrow text ids",
    "arrow drawn ids",
)


def ids_of(kind: str, jobs: int) -> Any:
    """Identifiers as the kind of input names them; None for none."""
    rng = np.random.default_rng(0)
    if "number" in kind:
        return rng.permutation(jobs)
    if "drawn" in kind:
        return [f"{number:016x}" for number in rng.integers(0, 2**63, jobs)]
    if "text" in kind or "object" in kind:
        texts = [f"job-{row}" for row in range(jobs)]
        return texts if "text" in kind else pd.Series(texts, dtype=object)
    return None


def build_input(kind: str, jobs: int) -> tuple[Any, Cluster]:
    """A jobs table of one library, and its cluster."""
    log, processors, _ = load_log(_SHARED)
    frame = copies_of(log, -(-jobs // len(log)), 1.0).head(jobs)
    frame = frame.reset_index(drop=True)
    ids = ids_of(kind, jobs)
    if ids is not None:
        frame["job_id"] = ids
        del ids
    cluster = Cluster.homogeneous(nodes=1, cpus=processors)
    if kind.startswith("polars"):
        import polars as pl

        return pl.DataFrame({name: frame[name].to_list() for name in frame}), cluster
    if kind.startswith("arrow"):
        import pyarrow as pa

        return pa.table({name: frame[name].to_list() for name in frame}), cluster
    return frame, cluster


def resident(field: str) -> int:
    """Bytes in memory: now (VmRSS) or at the highest (VmHWM) since `forget_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def forget_peak() -> None:
    """Give free memory back and let the highest start from here."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def rise(work: Callable[[], Any]) -> tuple[Any, int, int]:
    """The result, and by how many bytes memory rose at the highest and for good."""
    forget_peak()
    before = resident("VmRSS")
    result = work()
    highest = resident("VmHWM") - before
    forget_peak()
    return result, highest, resident("VmRSS") - before


def measure(kind: str, jobs: int) -> None:
    """One line of the table."""
    warm, cluster = build_input(kind, 1000)
    assert len(schedule(warm, cluster).jobs) == len(warm)  # imports and caches are not counted
    frame, cluster = build_input(kind, jobs)
    made, peak, kept = rise(lambda: schedule(frame, cluster))
    _, peak_of_jobs, kept_of_jobs = rise(lambda: made.jobs)
    tracemalloc.start()
    made = schedule(frame, cluster)
    held, highest = tracemalloc.get_traced_memory()
    cells = (peak, kept, highest, held, peak_of_jobs, kept_of_jobs)
    print(f"{kind:18s}" + "".join(f"{cell / jobs:11.1f}" for cell in cells), flush=True)


def main() -> None:
    """A process for every kind of input, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=_KINDS, help="measure this one, in this very process")
    options = parser.parse_args()
    if options.kind is not None:
        measure(options.kind, options.jobs)
        return
    print(
        f"bytes a job beyond the input, {options.jobs:,} jobs, EASY; fairlead "
        f"{fairlead.__version__}, NumPy {np.__version__}, pandas {pd.__version__}"
    )
    print(" " * 18 + "  schedule()            of it in Python         .jobs")
    print(" " * 18 + "".join(f"{head:>11s}" for head in ("highest", "kept") * 3))
    for kind in _KINDS:
        command = [sys.executable, __file__, "--jobs", str(options.jobs), "--kind", kind]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
