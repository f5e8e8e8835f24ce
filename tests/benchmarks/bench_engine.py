"""The engine at any load, on any cluster: `python tests/benchmarks/bench_engine.py [SECTION ...]`.

Sections: replay, curie, overload, deep, nodes, forks, threads, live (all by default). Where there
is a yardstick, a plain C++ replay with arrays, it is compiled here and run in turn with the engine.
CPU time, one core, best of several turns (threads: wall time). `bench_memory.py` measures memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench_replay import _SHARED, build_yardstick, copies_of, load_log, yardstick_rate

import fairlead
from fairlead import Cluster, Simulation, run_all, schedule
from fairlead.scheduling import PolicySpec
from fairlead.scheduling.boundary import engine_options
from fairlead.tables import core_jobs, core_nodes, job_columns

_LOG = _SHARED / "traces" / "swf-pwa" / "CEA-Curie-2011-2.1-cln.swf.gz"
_CURIE_PROCESSORS = 93_312


def cpu_rate(work: Callable[[], Any], amount: int) -> float:
    """Units of work a CPU second."""
    begin = time.process_time()
    work()
    return amount / (time.process_time() - begin)


def replay(jobs: Any, cluster: Any, **options: Any) -> float:
    """Jobs a CPU second of the engine alone."""
    simulation = Simulation(jobs, cluster, **options)
    return cpu_rate(simulation.run_until, len(jobs))


def best_in_turn(turns: int, measures: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The best rate of each, all run in turn."""
    best = dict.fromkeys(measures, 0.0)
    for _ in range(turns):
        for name, measure in measures.items():
            best[name] = max(best[name], measure())
    return best


def show(best: dict[str, float], base: str | None = None) -> None:
    """Print rates, and ratios to one of them."""
    for name, rate in best.items():
        ratio = f"   {rate / best[base]:6.2f} of {base}" if base in best else ""
        print(f"  {name:34s} {rate:14,.0f} /s{ratio}", flush=True)


class Bench:
    """The sections; each prints what it measured."""

    def __init__(self, turns: int, live_jobs: int, folder: Path) -> None:
        self.turns = turns
        self.live_jobs = live_jobs
        self.log, self.processors, self.name = load_log(_SHARED)
        has_yardstick = (_SHARED / "tools" / "yardstick.cpp").is_file()
        self.program = build_yardstick(_SHARED, folder) if has_yardstick else None
        self.cluster = Cluster.homogeneous(nodes=1, cpus=self.processors)

    def against_yardstick(
        self, jobs: pd.DataFrame, processors: int, measures: dict[str, Callable[[], float]]
    ) -> None:
        if self.program is None:
            show(best_in_turn(self.turns, measures))
            return
        program = self.program
        yard = {"yardstick EASY": lambda: yardstick_rate(program, jobs, processors)}
        show(best_in_turn(self.turns, yard | measures), "yardstick EASY")

    def replay(self) -> None:
        """EASY and FCFS on copies of a log back to back; the engine, and frame to frame."""
        jobs = copies_of(self.log, 35, 1.0)
        print(f"replay: 35 copies of {self.name}, {len(jobs):,} jobs, {self.processors} processors")
        cluster = self.cluster
        measures: dict[str, Callable[[], float]] = {}
        for policy in ("easy", "fcfs", "easy_sjbf"):
            measures[f"engine {policy}"] = partial(replay, jobs, cluster, policy=policy)
        measures["schedule() easy, to .jobs"] = lambda: cpu_rate(
            lambda: schedule(jobs, cluster, policy="easy").jobs, len(jobs)
        )
        self.against_yardstick(jobs, self.processors, measures)

    def curie(self) -> None:
        """EASY on a log of a large machine with long queues."""
        if not _LOG.is_file():
            print(f"curie: skipped, {_LOG.name} is not there")
            return
        trace = fairlead.traces.load(_LOG, max_processors=_CURIE_PROCESSORS, missing_limit="drop")
        jobs = trace.jobs[["submit_time", "duration_s", "cpus", "limit_s"]]
        start = jobs["submit_time"].iloc[0]
        if not isinstance(start, int | float | np.number):
            seconds = (jobs["submit_time"] - start) / pd.Timedelta(seconds=1)
            jobs = jobs.assign(submit_time=seconds)
        # At its limit a job is killed; the yardstick is given the shorter run.
        runs = jobs[["duration_s", "limit_s"]].min(axis=1)
        jobs = jobs.assign(duration_s=runs).astype("int64")
        print(f"curie: CEA-Curie, {len(jobs):,} jobs, {_CURIE_PROCESSORS:,} processors")
        cluster = Cluster.homogeneous(nodes=1, cpus=_CURIE_PROCESSORS)
        measures = {"engine easy": lambda: replay(jobs, cluster, policy="easy")}
        self.against_yardstick(jobs, _CURIE_PROCESSORS, measures)

    def overload(self) -> None:
        """A queue that never empties: submit times multiplied by 0.66."""
        usual, crowded = copies_of(self.log, 35, 1.0), copies_of(self.log, 35, 0.66)
        print(f"overload: 35 copies of {self.name}, submit times x 0.66")
        for policy in ("easy", "easy_sjbf"):
            measures = {
                f"engine {policy}, x 1": partial(replay, usual, self.cluster, policy=policy),
                f"engine {policy}, x 0.66": partial(replay, crowded, self.cluster, policy=policy),
            }
            show(best_in_turn(self.turns, measures), f"engine {policy}, x 1")
        if self.program is not None:
            few = copies_of(self.log, 6, 0.66)
            rate = yardstick_rate(self.program, few, self.processors)
            show({"yardstick EASY, 6 copies, x 0.66": rate})

    def deep(self) -> None:
        """All jobs wait from the first second on: a short queue against a long one."""
        one = Cluster.homogeneous(nodes=1, cpus=1000, memory_gib=4000)
        hundred = Cluster.homogeneous(nodes=100, gpus=8, cpus=96, memory_gib=1024)
        mixes: dict[str, tuple[Cluster, Callable[[Any, int], dict[str, Any]]]] = {
            "counts, 6 shapes": (one, few_shapes),
            "counts, no two alike": (one, no_two_alike),
            "nodes, 60 shapes, gangs": (hundred, gangs),
            "nodes, no two alike, GPUs shared": (hundred, shared),
        }
        print("deep: 1,000 and 100,000 jobs submitted within a second")
        for name, (cluster, draw) in mixes.items():
            for policy in ("easy", "easy_sjbf"):
                measures = {
                    f"{name}, {policy}, {n:,}": partial(
                        replay, waiting_jobs(n, draw), cluster, policy=policy, placement="best_fit"
                    )
                    for n in (1_000, 100_000)
                }
                show(best_in_turn(1, measures), f"{name}, {policy}, 1,000")

    def nodes(self) -> None:
        """Placement on nodes with GPUs, from the generator."""
        for nodes in (1_000, 10_000):
            trace = fairlead.traces.generate(
                n_jobs=500_000, nodes=nodes, load=0.9, seed=0, mtbf_days=None
            )
            gpus = trace.jobs["gpus"] * trace.jobs["tasks"]
            print(
                f"nodes: {nodes:,} x 8 GPUs, traces.generate(n_jobs=500_000, nodes={nodes:_}, "
                f"load=0.9, seed=0, mtbf_days=None): {(gpus == 1).mean():.0%} single GPU, gangs "
                f"to {gpus.max():.0f}"
            )
            measures = {
                f"engine {policy}, {placement}": partial(
                    replay, trace.jobs, trace.nodes, policy=policy, placement=placement
                )
                for policy, placement in (
                    ("fcfs", "best_fit"),
                    ("easy", "best_fit"),
                    ("easy", "consolidated"),
                )
            }
            show(best_in_turn(max(1, self.turns // 3), measures))

    def forks(self) -> None:
        """What becomes of the queue: forks of the middle of a log, run until nobody waits."""
        simulation = self.middle()
        count = 1000
        forks: list[Simulation] = []

        def fork_all() -> None:
            forks[:] = [simulation.fork(arrivals=False) for _ in range(count)]

        def run_each() -> None:
            for fork in forks:
                fork.run_until()

        print(
            f"forks: {count:,} of {self.name} in the middle, {simulation.running} running and "
            f"{simulation.waiting} waiting, each run until all have ended"
        )
        best = {"forks": 0.0, "forks run to their end": 0.0}
        for _ in range(self.turns):
            best["forks"] = max(best["forks"], cpu_rate(fork_all, count))
            best["forks run to their end"] = max(
                best["forks run to their end"], cpu_rate(run_each, count)
            )
        show(best)
        thousand = self.thousand()
        print(f"forks of {thousand.running:,} running and {thousand.waiting:,} waiting")
        measures = {
            "one at a time": lambda: cpu_rate(lambda: drop_each(thousand), count),
            "all kept": lambda: cpu_rate(lambda: keep_all(thousand), count),
        }
        show(best_in_turn(self.turns, measures))

    def middle(self) -> Simulation:
        """The log in its middle, at the longest queue of some moments there."""
        simulation = Simulation(self.log, self.cluster, policy="easy")
        half = len(self.log) // 2
        best = simulation
        for row in range(half, half + 2000, 50):
            simulation.run_until(float(self.log["submit_time"].iloc[row]))
            if simulation.waiting > best.waiting or best is simulation:
                best = simulation.fork()
        return best

    def thousand(self) -> Simulation:
        """1,000 jobs that run and 1,000 that wait."""
        rows = np.arange(2000)
        jobs = pd.DataFrame({"submit_time": 0.0, "duration_s": 1e5 + rows, "limit_s": 2e5})
        simulation = Simulation(jobs.assign(cpus=1), Cluster.homogeneous(nodes=1, cpus=1000))
        simulation.run_until(1.0)
        return simulation

    def threads(self) -> None:
        """Independent replays on a pool; wall time, so on an idle machine."""
        simulation = Simulation(self.log, self.cluster, policy="easy")
        print(f"threads: 32 replays of {self.name}, run_all")

        def wall_rate(threads: int) -> float:
            sweep = [simulation.fork() for _ in range(32)]
            begin = time.perf_counter()
            run_all(sweep, threads=threads)
            return len(sweep) / (time.perf_counter() - begin)

        measures = {f"replays, {n} threads": partial(wall_rate, n) for n in (1, 2, 4)}
        show(best_in_turn(self.turns, measures), "replays, 1 threads")

    def live(self) -> None:
        """Submissions and finishes without end: the memory of a live engine."""
        cluster = Cluster.homogeneous(nodes=8, gpus=8, cpus=96)
        spec = PolicySpec.resolve("fcfs", None, None, None, "first_fit", {})
        options = engine_options(spec, cluster.node_columns, "doubling", True) | {"counts": False}
        engine = fairlead._core.Engine(
            fairlead._core.Nodes(core_nodes(cluster.node_columns)), options
        )
        batch = 500
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"submit_time": np.zeros(batch), "limit_s": 60.0})
        running: list[int] = []
        print(f"live: {2 * self.live_jobs:,} submissions and finishes, never the same requests")
        begin, early = time.process_time(), 0.0
        for k in range(self.live_jobs // batch):
            asked = frame.assign(
                cpus=rng.integers(1, 4000, batch) / 1000, gpus=rng.integers(0, 2, batch)
            )
            columns = job_columns(asked, cluster.node_columns, need_duration=False)
            engine.submit(core_jobs(columns, cluster.node_columns), k)
            running += [job for kind, job, _, _ in engine.decide(k) if kind == "start"]
            while engine.waiting:
                for job in running:
                    engine.finish(job, "completed", k)
                running = [job for kind, job, _, _ in engine.decide(k) if kind == "start"]
            if k == self.live_jobs // batch // 10:
                early = resident_mib()
        seconds = time.process_time() - begin
        print(
            f"  {2 * self.live_jobs / seconds:,.0f} events/s with their Python frames; resident "
            f"{early:,.1f} MiB after a tenth, {resident_mib():,.1f} MiB at the end"
        )


def waiting_jobs(n: int, draw: Callable[[Any, int], dict[str, Any]]) -> pd.DataFrame:
    """Jobs of one second with drawn requests and heavy-tailed run times."""
    rng = np.random.default_rng(0)
    duration_s = np.exp(rng.normal(6, 1.5, n)).clip(1)
    return pd.DataFrame(
        {
            "submit_time": np.sort(rng.uniform(0, 1, n)),
            "duration_s": duration_s,
            "limit_s": duration_s * rng.uniform(1, 4, n),
            **draw(rng, n),
        }
    )


def few_shapes(rng: Any, n: int) -> dict[str, Any]:
    """Cores in powers of two."""
    return {"cpus": rng.choice([1, 2, 4, 8, 16, 32], n)}


def no_two_alike(rng: Any, n: int) -> dict[str, Any]:
    """Cores and memory, each to the thousandth."""
    return {
        "cpus": rng.uniform(0.1, 64, n).round(3),
        "memory_gib": rng.uniform(0.1, 256, n).round(3),
    }


def gangs(rng: Any, n: int) -> dict[str, Any]:
    """Whole GPUs, one to four tasks."""
    return {
        "gpus": rng.choice([1, 2, 4, 8], n, p=[0.7, 0.1, 0.1, 0.1]),
        "tasks": rng.choice([1, 1, 1, 2, 4], n),
        "cpus": 8,
    }


def shared(rng: Any, n: int) -> dict[str, Any]:
    """Shares of a GPU or whole ones, cores and memory to the thousandth."""
    return {
        "gpus": rng.choice([0.25, 0.5, 1, 2, 4, 8], n),
        "cpus": rng.uniform(0.1, 12, n).round(3),
        "memory_gib": rng.uniform(0.1, 64, n).round(3),
    }


def drop_each(simulation: Simulation) -> None:
    """A thousand forks, each gone before the next."""
    for _ in range(1000):
        simulation.fork()


def keep_all(simulation: Simulation) -> None:
    """A thousand forks at once."""
    forks = [simulation.fork() for _ in range(1000)]
    assert len(forks) == 1000


def resident_mib() -> float:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    """Run the sections asked for."""
    sections = ("replay", "curie", "overload", "deep", "nodes", "forks", "threads", "live")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(sections))
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--live-jobs", type=int, default=1_000_000)
    options = parser.parse_args()
    unknown = set(options.sections) - set(sections)
    if unknown:
        parser.error(f"sections are {', '.join(sections)}; got {', '.join(sorted(unknown))}")
    print(
        f"fairlead {fairlead.__version__}, Python {sys.version.split()[0]}, best of {options.turns}"
    )
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.turns, options.live_jobs, Path(folder))
        for section in options.sections or sections:
            getattr(bench, section)()


if __name__ == "__main__":
    main()
