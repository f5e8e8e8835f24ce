"""Speed of batch scoring beside NumPy: `python tests/benchmarks/bench_score.py`.

Both compute the same scores of the same pairs in one run, and their answers are compared. NumPy
works on chunks of 64 requests, which is its fastest way (larger chunks leave the cache). With a GPU
its figures come too, copies timed apart, and its answers are compared with the CPU's. CPU times
are of one core, best of several turns.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import fairlead
from fairlead import Cluster, _core
from fairlead.matching.columns import read_inputs
from fairlead.matching.devices import cuda_driver

_RESOURCES = (
    "cpus",
    "memory_gib",
    "gpus",
    "storage_gib",
    "network_gbps",
    "slot_a",
    "slot_b",
    "slot_c",
)
_CHUNK = 64
_TERMS = {"best_fit": 1.0}


def nodes_frame(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Nodes of eight resources, all of one pool."""
    columns = {name: rng.integers(1, 9, n) * 16 for name in _RESOURCES}
    return pd.DataFrame({"node_id": np.arange(n).astype(str), **columns})


def jobs_frame(n: int, rng: np.random.Generator, distinct: int | None = None) -> pd.DataFrame:
    """Requests that nearly all differ, or ``distinct`` of them in turn."""
    frame = pd.DataFrame({name: rng.integers(0, 64, distinct or n) for name in _RESOURCES})
    return frame.iloc[rng.integers(0, distinct, n)].reset_index(drop=True) if distinct else frame


def numpy_best(request: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Best-fit rows (-1: none) with whole-array operations, 64 requests at a time."""
    scale = np.float32(2**20) / free
    best = np.empty(len(request), dtype=np.int64)
    for at in range(0, len(request), _CHUNK):
        asked = request[at : at + _CHUNK]
        largest = np.zeros((len(asked), free.shape[1]), dtype=np.float32)
        fits = np.ones(largest.shape, dtype=bool)
        left = np.empty_like(largest)
        for r in range(free.shape[0]):
            np.subtract(free[r], asked[:, r, None], out=left)
            fits &= left >= 0
            np.multiply(left, scale[r], out=left)
            np.maximum(largest, left, out=largest)
        part = np.where(fits, np.rint(largest).astype(np.int32), np.iinfo(np.int32).max)
        rows = part.argmin(axis=1)
        best[at : at + _CHUNK] = np.where(fits.any(axis=1), rows, -1)
    return best


def best_of(turns: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """Least CPU seconds of several turns, and what came out."""
    least, result = float("inf"), None
    for _ in range(turns):
        begin = time.process_time()
        result = work()
        least = min(least, time.process_time() - begin)
    return least, result


def batch_of(jobs: pd.DataFrame, nodes: pd.DataFrame) -> _core.ScoreBatch:
    inputs = read_inputs(jobs, nodes, ())
    return _core.ScoreBatch(inputs.nodes, inputs.core_jobs, _TERMS)


def compare_cpu(n_jobs: int, nodes: pd.DataFrame, turns: int, rng: np.random.Generator) -> None:
    jobs = jobs_frame(n_jobs, rng)
    batch = batch_of(jobs, nodes)
    pairs = n_jobs * len(nodes)
    request = jobs.to_numpy(dtype=np.float32)
    free = np.ascontiguousarray(nodes[list(_RESOURCES)].to_numpy(dtype=np.float32).T)
    ours, found = best_of(turns, lambda: batch.score(top_k=1, driver=None))
    numpy_s, expected = best_of(max(1, turns // 3), lambda: numpy_best(request, free))
    assert (found["node"] == expected).all(), "fairlead and NumPy disagree"
    print(f"CPU, {n_jobs:,} distinct requests x {len(nodes):,} nodes x 8 resources, one core")
    print(f"  fairlead  {ours:8.3f} s  {ours / pairs * 1e9:7.3f} ns a pair")
    print(f"  NumPy     {numpy_s:8.3f} s  {numpy_s / pairs * 1e9:7.3f} ns a pair")
    print(f"  ratio     {numpy_s / ours:8.1f} x; the answers are equal")


def whole_call(n_jobs: int, nodes: pd.DataFrame, turns: int, rng: np.random.Generator) -> None:
    """From frame to frame, as users have it: many jobs, few distinct requests."""
    jobs, cluster = jobs_frame(n_jobs, rng, distinct=1000), Cluster.from_frame(nodes)
    spent, result = best_of(turns, lambda: fairlead.score(jobs, cluster, device="cpu").jobs)
    assert len(result) == n_jobs
    print(f"score() from frame to frame, {n_jobs:,} jobs of 1,000 distinct requests")
    print(f"  fairlead  {spent:8.3f} s  {spent / n_jobs * 1e6:7.3f} us a job")


def compare_gpu(n_jobs: int, nodes: pd.DataFrame, turns: int, rng: np.random.Generator) -> None:
    driver, reason = cuda_driver()
    if driver is None:
        print(f"GPU: none ({reason})")
        return
    jobs = jobs_frame(n_jobs, rng)
    batch = batch_of(jobs, nodes)
    pairs = batch.pairs
    begin = time.perf_counter()
    found = batch.score(top_k=1, driver=driver)
    first = time.perf_counter() - begin
    runs = [batch.score(top_k=1, driver=driver)["times_s"] for _ in range(turns)]
    least = {part: min(run[part] for run in runs) for part in ("copy_in", "score", "copy_out")}
    begin = time.process_time()
    cpu = batch.score(top_k=1, driver=None)
    cpu_s = time.process_time() - begin
    for part in ("node", "score", "feasible"):
        np.testing.assert_array_equal(found[part], cpu[part])
    print(f"GPU, {batch.requests:,} distinct requests x {len(nodes):,} nodes x 8 resources")
    print(f"  first call, starting CUDA  {first * 1e3:10.2f} ms")
    print(f"  copy in                    {least['copy_in'] * 1e3:10.3f} ms")
    print(
        f"  kernel                     {least['score'] * 1e3:10.3f} ms  "
        f"{pairs / least['score'] / 1e12:.3f} T pairs/s"
    )
    print(f"  copy out                   {least['copy_out'] * 1e3:10.3f} ms")
    print(f"  one CPU core               {cpu_s * 1e3:10.1f} ms")
    print(
        f"  ratio                      {cpu_s / least['score']:10.0f} x the kernel, "
        f"{cpu_s / sum(least.values()):.0f} x with copies; the answers are equal"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=4_000, help="distinct, on the CPU")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="of the whole call")
    parser.add_argument("--gpu-requests", type=int, default=1_000_000, help="distinct, on the GPU")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    nodes = nodes_frame(options.nodes, rng)
    print(
        f"fairlead {fairlead.__version__}, numpy {np.__version__}, Python "
        f"{platform.python_version()}, {platform.machine()}; seed {options.seed}"
    )
    compare_cpu(options.requests, nodes, options.turns, rng)
    whole_call(options.jobs, nodes, options.turns, rng)
    compare_gpu(options.gpu_requests, nodes, options.turns, rng)


if __name__ == "__main__":
    main()
