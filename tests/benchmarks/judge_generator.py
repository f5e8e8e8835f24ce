"""How close the generator comes: `python tests/benchmarks/judge_generator.py --figure FILE`.

For each shared log: a model is fitted, five seeds are drawn, and both are scheduled with EASY on
the same machine; so is the log with its weeks in five other orders, which tells how much of its
waits is the chance of their order. For modes without a public job list here: drawn figures beside
published ones. Prints the tables of docs/generator.md and draws its quantile-quantile plots.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from generator_modes import ITP_GPUS, genai, itp, swf
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from fairlead import Cluster, schedule, traces
from fairlead.report.style import CAPACITY, DEMAND, Picture, dress, headline
from fairlead.traces.diagnosis.view import View

Floats = NDArray[np.float64]
Case = tuple[traces.Trace, Cluster]

SEEDS = 5
WEEK_S = 7 * 86_400.0
# Pools of about 80 per cent load, as the README of the logs gives them; cluster 10 has 260 jobs.
LOGS: dict[str, Callable[[], Case]] = {
    "KTH-SP2": lambda: swf("KTH-SP2-1996-2.1"),
    "CTC-SP2": lambda: swf("CTC-SP2-1996-3.1"),
    "SDSC-SP2 (`hpc`)": lambda: swf("SDSC-SP2-1998-4.2"),
    "HPC2N": lambda: swf("HPC2N-2002-2.2"),
    "ITP cluster 02": lambda: itp("02", 112),
    "ITP cluster 03": lambda: itp("03", 176),
    "ITP cluster 04 (`itp_like`)": lambda: itp("04", ITP_GPUS),
    "Alibaba GenAI (`inference`)": genai,
}
DRAWN = ("SDSC-SP2 (`hpc`)", "ITP cluster 04 (`itp_like`)", "Alibaba GenAI (`inference`)")
# Median and mean run time (s), mean GPUs, GPU time of a job (s), mean wait on its scheduler (s).
PUBLISHED = {
    "helios_like": (204, 13_041, 6.74, 98_526, 1253),
    "philly_like": (874, 18_006, 1.93, 61_038, 3761),
    "llm_training": (124, 1260, 26.77, 267_906, 214),
}
LEVELS = np.linspace(0.002, 0.998, 250)


def simulated(trace: traces.Trace, cluster: Cluster) -> tuple[float, float, Floats]:
    """Mean wait (s), mean bounded slowdown, and all waits under EASY."""
    times = "limit" if "limit_s" in trace.jobs else "actual"
    done = schedule(trace.jobs, cluster, policy="easy", run_times=times, ignore="*")
    waits = done.jobs["wait_s"].to_numpy(dtype=np.float64)
    return done.metrics["mean_wait_s"], done.metrics["mean_bounded_slowdown"], waits


def reordered(trace: traces.Trace, seed: int) -> traces.Trace:
    """The same jobs, with the weeks since the first submission in another order."""
    view = View(trace, None)
    passed = view.submit_s[view.order] - view.submit_s[view.order[0]]
    week = (passed // WEEK_S).astype(np.int64)
    order = np.random.default_rng(seed).permutation(int(week.max()) + 1)
    jobs = trace.jobs.iloc[view.order]
    jobs = jobs.assign(submit_time=passed + (order[week] - week) * WEEK_S)
    return replace(trace, jobs=jobs.sort_values("submit_time", kind="stable"))


def samples(trace: traces.Trace, waits: Floats) -> dict[str, Floats]:
    """What the plots compare: a name and values each."""
    view = View(trace, None)
    times = view.submit_s[view.order]
    day = ((times - times[0]) // 86_400).astype(np.int64)
    daily = np.bincount(day, weights=view.work[view.order])[:-1]
    return {
        "run time (s)": view.run_s,
        "between submissions (s)": np.diff(times),
        "units of a job": view.amount(str(view.main)),
        "work of a day (unit hours)": daily / 3600,
        "wait under EASY (s)": waits,
    }


def draw(axes: Axes, name: str, real: Floats, made: Floats, first: bool, title: str) -> None:
    """Quantiles of drawn jobs over those of the log, on logarithmic axes."""
    floor = 1.0 if not name.startswith("work") else 0.1
    x = np.maximum(np.quantile(real, LEVELS), floor)
    y = np.maximum(np.quantile(made, LEVELS), floor)
    low, high = min(x.min(), y.min()) * 0.8, max(x.max(), y.max()) * 1.25
    axes.plot([low, high], [low, high], color=CAPACITY, lw=1.0)
    axes.plot(x, y, ".", ms=3, color=DEMAND)
    dress(axes, floor=None)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("log", fontsize=8)
    if first:
        axes.set_ylabel(f"{title}\ndrawn", fontsize=9)
    headline(axes, name)


def told(values: list[float], digits: int = 0) -> str:
    """Mean and range."""
    mean, least, most = (f"{f(values):,.{digits}f}" for f in (np.mean, min, max))
    return f"{mean} ({least} to {most})"


def judge_logs() -> dict[str, tuple[dict[str, Floats], dict[str, Floats]]]:
    """Print the table of waits; give what is drawn."""
    print("| Log | jobs | load | wait, log | its weeks reordered | wait, drawn | slowdown, log | "
          "slowdown, drawn |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    shown = {}
    for name, load in LOGS.items():
        trace, cluster = load()
        model = traces.fit(trace, cluster)
        wait, slowdown, waits = simulated(trace, cluster)
        drawn = [model.generate(len(trace), seed) for seed in range(SEEDS)]
        runs = [simulated(one, cluster) for one in drawn]
        orders = [simulated(reordered(trace, seed), cluster)[0] for seed in range(SEEDS)]
        print(
            f"| {name} | {len(trace):,} | {model.load:.2f} | {wait:,.0f} | {told(orders)} | "
            f"{told([run[0] for run in runs])} | {slowdown:,.1f} | "
            f"{told([run[1] for run in runs], 1)} |",
            flush=True,
        )
        if name in DRAWN:
            shown[name] = samples(trace, waits), samples(drawn[0], runs[0][2])
    return shown


def judge_published() -> None:
    """Print the table of published figures beside 100,000 drawn jobs."""
    print("\n| Mode | | median run (s) | mean run (s) | mean GPUs | GPU time (s) | mean wait (s) |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for mode, figures in PUBLISHED.items():
        trace = traces.generate(100_000, mode=mode, seed=0)
        view, wait = View(trace, None), simulated(trace, trace.cluster())[0]
        size = view.amount("gpus")
        drawn = (np.median(view.run_s), view.run_s.mean(), size.mean(), view.work.mean(), wait)
        for which, row in (("published", figures), ("drawn", drawn)):
            print(f"| `{mode}` | {which} | {row[0]:,.0f} | {row[1]:,.0f} | {row[2]:,.2f} | "
                  f"{row[3]:,.0f} | {row[4]:,.0f} |")  # fmt: skip


def main() -> None:
    """Print both tables; draw the figure if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", help="file for the quantile-quantile plots (PNG)")
    file = parser.parse_args().figure
    shown = judge_logs()
    judge_published()
    if file:
        picture = Picture.of_height(8.4, 15.0)
        grid = picture.subplots(len(shown), 5)
        for row, (name, (real, made)) in zip(grid, shown.items(), strict=True):
            for axes, quantity in zip(row, real, strict=True):
                first = axes is row[0]
                title = name.split("`")[1]
                draw(axes, quantity, real[quantity], made[quantity], first, title)
        picture.savefig(file, dpi=90)


if __name__ == "__main__":
    main()
