"""What frames cost beside the replay: `python tests/benchmarks/bench_boundary.py`.

For a million jobs from each library, with and without ids: CPU time of reading the table, of
handing it to the core, of the replay, and of making `.jobs`; all but the replay is boundary. Then
the lazy tables. The jobs are those of bench_replay. One core, best of several turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from bench_replay import _SHARED, copies_of, load_log

import fairlead
from fairlead import Cluster, Simulation
from fairlead.tables import job_columns


def inputs(log: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """The log in the kinds of frames that users have."""
    rng = np.random.default_rng(0)
    numbered = [f"job-{row}" for row in range(len(log))]
    drawn = [f"{number:016x}" for number in rng.integers(0, 2**63, len(log))]
    times = pd.to_datetime(log["submit_time"], unit="s")
    yield "pandas", log
    yield "pandas floats", log.astype(float)
    yield "pandas datetimes", log.assign(submit_time=times)
    yield "pandas numbers as ids", log.assign(job_id=rng.permutation(len(log)))
    yield "pandas numbered texts", log.assign(job_id=numbered)
    yield "pandas any texts", log.assign(job_id=drawn)
    yield "pandas objects", log.assign(job_id=pd.Series(numbered, dtype=object))
    arrays = {name: log[name].to_numpy() for name in log}
    try:
        import polars as pl

        yield "Polars", pl.DataFrame(arrays)
        yield "Polars datetimes", pl.DataFrame({**arrays, "submit_time": times.to_numpy()})
        yield "Polars numbered texts", pl.DataFrame({**arrays, "job_id": numbered})
        yield "Polars any texts", pl.DataFrame({**arrays, "job_id": drawn})
    except ImportError:
        print("(no Polars here)")
    try:
        import pyarrow as pa

        yield "Arrow", pa.table(arrays)
        yield "Arrow numbered texts", pa.table({**arrays, "job_id": numbered})
        yield "Arrow any texts", pa.table({**arrays, "job_id": drawn})
    except ImportError:
        print("(no PyArrow here)")


def spent(work: Callable[[], Any]) -> tuple[Any, float]:
    """The result and the CPU time of this process, s."""
    begin = time.process_time()
    result = work()
    return result, time.process_time() - begin


def one_turn(frame: Any, cluster: Cluster) -> list[float]:
    """CPU time of reading, of reading and handing over, of the replay, and of `.jobs`, s."""
    _, read = spent(lambda: job_columns(frame, cluster.node_columns))
    simulation, made = spent(lambda: Simulation(frame, cluster))
    _, replay = spent(simulation.run_until)
    out, back = spent(lambda: simulation.result().jobs)
    assert len(out) == len(frame)
    return [read, made, replay, back]


def main() -> None:
    """A line for every kind of frame, then one for every lazy table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    log, processors, name = load_log(_SHARED)
    copies = -(-options.jobs // len(log))
    log = copies_of(log, copies, 1.0).head(options.jobs)
    cluster = Cluster.homogeneous(nodes=1, cpus=processors)
    print(
        f"{len(log):,} jobs of {name}, EASY; CPU time in ms, best of {options.turns}; fairlead "
        f"{fairlead.__version__}, NumPy {np.__version__}, pandas {pd.__version__}"
    )
    heads = ("read", "hand over", "replay", ".jobs", "boundary", "ratio")
    print(" " * 24 + "".join(f"{head:>10s}" for head in heads))
    for kind, frame in inputs(log):
        turns = np.array([one_turn(frame, cluster) for _ in range(options.turns)])
        read, made, replay, back = turns.min(axis=0) * 1e3
        cells = (read, max(made - read, 0.0), replay, back, made + back)
        ratio = f"{(made + back) / replay:10.2f}"
        print(f"{kind:24s}" + "".join(f"{cell:10.0f}" for cell in cells) + ratio, flush=True)
    simulation = Simulation(log, cluster)
    simulation.run_until()
    for table in ("jobs", "placements", "events", "utilisation", "metrics", "header"):
        times = [spent(lambda t=table: getattr(simulation.result(), t))[1] for _ in range(3)]
        print(f".{table:23s}{min(times) * 1e3:10.0f}")


if __name__ == "__main__":
    main()
