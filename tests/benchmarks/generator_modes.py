"""Fit the generator's modes: `python tests/benchmarks/generator_modes.py` rewrites their numbers.

Needs the shared logs. What lands in python/fairlead/traces/modes/ are quantiles, rates and shares,
and no job. Modes without a public job list here are solved from published figures.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import norm

from fairlead import Cluster, traces
from fairlead.traces.fitting_moments import variation
from fairlead.traces.fitting_time import week_profile
from fairlead.traces.generator_model import LEVELS, SizeClass, WorkloadModel
from fairlead.traces.trace import no_events, no_nodes

SHARED = Path(os.environ.get("FAIRLEAD_SHARED", Path(__file__).parents[3] / "shared"))
MODES = Path(__file__).parents[2] / "python" / "fairlead" / "traces" / "modes"
STATES = {0: "failed", 1: "completed", 5: "cancelled"}
ITP_GPUS, GENAI_GPUS = 624, 2
# 135 nodes of 8, and the GPU time of its summary, over 181 days.
VENUS_GPUS, VENUS_GPU_S = 1080.0, 12_345_612_608.0
# 582 GPUs were in use on average over 137 days; a machine on which that is 70 % is an assumption.
PHILLY_GPUS = 832.0
# Both clusters of Acme have 4,704 GPUs; that Kalos has half, and its load, are assumptions.
KALOS_GPUS = 2352.0
Floats = NDArray[np.float64]


# ---- from logs ----------------------------------------------------------------------------------


def swf(name: str) -> tuple[traces.Trace, Cluster]:
    """A log of the Parallel Workloads Archive on its machine."""
    folder = SHARED / "traces" / "swf-pwa"
    trace = traces.load(folder / f"{name}-cln.swf.gz", keep=["recorded_status"])
    status = trace.jobs["recorded_status"].map(STATES)
    return replace(trace, jobs=trace.jobs.assign(recorded_status=status)), trace.cluster()


def itp(cluster: str, gpus: int) -> tuple[traces.Trace, Cluster]:
    """A Microsoft ITP cluster on the pool of 80 per cent load that its README replays it on."""
    rows = pd.read_csv(SHARED / "traces" / "itp-2021" / f"raw_cluster{cluster}.csv.gz")
    jobs = pd.DataFrame(
        {
            "submit_time": rows["submission_time"],
            "duration_s": rows["duration"],
            "tasks": np.maximum(1, rows["num_gpu"] // 8),
            "gpus": np.minimum(rows["num_gpu"], 8),
        }
    )
    trace = traces.Trace(jobs, no_nodes(), no_events(), traces.TraceMeta(f"ITP cluster {cluster}"))
    return trace, Cluster.homogeneous(gpus // 8, gpus=8)


def genai() -> tuple[traces.Trace, Cluster]:
    """Image requests of Alibaba from the day on which the log is whole; one GPU each."""
    folder = SHARED / "traces" / "alibaba-genai-2026"
    rows = pd.read_csv(folder / "lora_request_trace_until_20241201.csv.gz")
    rows = rows[(rows["exec_time_seconds"] > 0) & (rows["gmt_create"] >= "2024-11-19")]
    rows = rows.sort_values("gmt_create", kind="stable")
    jobs = pd.DataFrame(
        {
            "submit_time": pd.to_datetime(rows["gmt_create"]).astype("datetime64[ns]"),
            "duration_s": rows["exec_time_seconds"],
            "gpus": 1,
            "user": rows["groupId"].astype("str"),
            "recorded_status": rows["predict_status"].str.lower(),
        }
    ).reset_index(drop=True)
    trace = traces.Trace(jobs, no_nodes(), no_events(), traces.TraceMeta("Alibaba GenAI 2026"))
    return trace, Cluster.homogeneous(GENAI_GPUS, gpus=1)


# ---- from published figures ---------------------------------------------------------------------


def venus_arrivals() -> tuple[Floats, Floats, Floats]:
    """Helios Venus by ten minutes: begins, GPU jobs, and sizes of jobs that came alone.

    Its publisher allows no commercial use of the file; only these aggregates leave it.
    """
    folder = SHARED / "traces" / "helios-venus-throughput-2020"
    rows = pd.read_csv(folder / "cluster_throughput.csv.gz")
    at = pd.to_datetime(rows["time"]).astype("datetime64[s]").astype("int64").to_numpy(float)
    jobs, gpus = (rows[c].to_numpy(float) for c in ("submit_gpu_job", "submit_gpu_num"))
    return at, jobs, gpus[jobs == 1]


def sizes_with_mean(sizes: Floats, one: float, mean: float) -> Floats:
    """Shares of sizes: `one` of the first, the others falling geometrically, to give the mean."""

    def shares(ratio: float) -> Floats:
        rest = ratio ** np.arange(sizes.size - 1)
        return np.concatenate(([one], (1 - one) * rest / rest.sum()))

    grid = np.linspace(0.05, 1.5, 2000)
    means = np.array([shares(r) @ sizes for r in grid])
    return shares(float(np.interp(mean, means, grid)))


def run_levels(
    sizes: Floats, shares: Floats, median: float, mean: float, product: float, most: float
) -> list[Floats]:
    """Run-time quantiles by size that have these means: of run times, and of run times by size.

    A mixture of two log-normals. Share and deviation of the long part are those of the default
    generator; the long median grows with a power of the size.
    """
    share, long_sigma, short_sigma = 0.35, 1.23, 2.0
    grid = np.linspace(-6, 6, 4001)
    weight = norm.pdf(grid) / norm.pdf(grid).sum()

    def means(log_long: float, power: float) -> Floats:
        scale = np.exp(log_long) * sizes**power
        return np.array([np.minimum(s * np.exp(long_sigma * grid), most) @ weight for s in scale])

    def misses(p: Floats) -> list[float]:
        log_short, log_long, power = p
        short = np.minimum(np.exp(log_short + short_sigma * grid), most) @ weight
        each = share * means(log_long, power) + (1 - share) * short
        below = share * norm.cdf((np.log(median) - log_long - power * np.log(sizes)) / long_sigma)
        below += (1 - share) * norm.cdf((np.log(median) - log_short) / short_sigma)
        return [
            10 * (shares @ below - 0.5),
            np.log(shares @ each / mean),
            np.log((shares * sizes) @ each / product),
        ]

    solved = least_squares(misses, [np.log(median) - 1, np.log(mean * 2), 0.3])
    log_short, log_long, power = solved.x
    print(f"    misses {np.round(solved.fun, 3)}, power of size {power:.2f}")
    x = np.linspace(-8, np.log(most) + 1, 6000)
    made = []
    for size in sizes:
        cdf = share * norm.cdf((x - log_long - power * np.log(size)) / long_sigma)
        cdf += (1 - share) * norm.cdf((x - log_short) / short_sigma)
        inner = np.clip(LEVELS, 1e-4, 1 - 1e-5)
        made.append(np.clip(np.exp(np.interp(inner, cdf, x)), 1, most))
    return made


def published(
    name: str,
    source: str,
    like: WorkloadModel,
    sizes: Floats,
    shares: Floats,
    figures: tuple[float, float, float, float],
    outcomes: tuple[float, float, float],
    gpus: float,
    load: float,
) -> WorkloadModel:
    """A model with these sizes and run times, whose submissions come as those of another."""
    runs = run_levels(sizes, shares, *figures)
    jobs = sum(c.share * np.array(c.jobs) for c in like.classes)
    classes = tuple(
        SizeClass(
            round(float(share), 5),
            (float(size),),
            (1.0,),
            tuple(float(f"{v:.4g}") for v in jobs),
            tuple(float(f"{v:.4g}") for v in run),
        )
        for size, share, run in zip(sizes, shares, runs, strict=True)
    )
    states = dict(zip(("completed", "cancelled", "failed"), outcomes, strict=True))
    return replace(
        like,
        name=name,
        source=source,
        resource="gpus",
        capacity=gpus,
        node_units=8.0,
        load=load,
        users=100,
        user_exponent=0.9,
        classes=classes,
        estimates=None,
        outcomes={state: (part,) * 5 for state, part in states.items()},
    )


def venus(like: WorkloadModel) -> WorkloadModel:
    """Helios Venus: week and bursts from its counts, sizes of lone jobs, published run times."""
    at, jobs, alone = venus_arrivals()
    week = week_profile(np.repeat(at, jobs.astype(int)))
    # Submissions are Poisson in ten minutes, at most: quiet windows tell how many there are.
    rate = -np.log((jobs == 0).mean())
    per_submission = jobs.mean() / rate
    lengths = np.maximum(1, np.rint(jobs[jobs > 0] * per_submission / jobs[jobs > 0].mean()))
    length = tuple(float(f"{v:.4g}") for v in np.quantile(lengths, LEVELS))
    values, counts = np.unique(2 ** np.round(np.log2(np.maximum(alone, 1))), return_counts=True)
    kept = counts >= 5
    sizes, shares = values[kept], counts[kept] / counts[kept].sum()
    # Jobs that come alone are smaller than most: tilt towards the published mean.
    tilt = np.linspace(-0.5, 1.5, 2000)
    tilted = shares * sizes ** tilt[:, None]
    tilted /= tilted.sum(axis=1, keepdims=True)
    shares = tilted[int(np.abs(tilted @ sizes - 6.736).argmin())]
    base = replace(
        like,
        week=tuple(np.round(week, 3).tolist()),
        day_phi=0.3,
        run_batch=0.6,
        gap_s=(1.0,) * 10 + (10.0,) * 10 + (60.0,) * 9,
        classes=tuple(replace(c, jobs=length) for c in like.classes),
    )
    made = published(
        "helios_like",
        "Helios Venus 2020: counts by ten minutes, sizes of jobs that came alone, and the "
        "published means and median of GPU jobs (SC 2021)",
        base,
        sizes,
        shares,
        (204.0, 13_040.6, VENUS_GPU_S / 125_303, 4_320_009.0),
        (0.526, 0.272, 0.202),
        VENUS_GPUS,
        round(VENUS_GPU_S / (VENUS_GPUS * 181 * 86_400), 3),
    )
    times = np.repeat(at, jobs.astype(int))
    target = variation(times, np.ones(times.size), 86_400.0)
    sigmas = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
    found = []
    for sigma in sigmas:
        submit = replace(made, day_sigma=sigma).generate(100_000, 1, start=None).jobs["submit_time"]
        found.append(variation(submit.to_numpy(), np.ones(submit.size), 86_400.0))
    sigma = float(np.interp(target, np.maximum.accumulate(found), sigmas))
    return replace(made, day_sigma=round(sigma, 3))


def main() -> None:
    """Write all modes."""
    trace, machine = swf("SDSC-SP2-1998-4.2")
    hpc = traces.fit(trace, machine, name="hpc")
    hpc = replace(hpc, source="SDSC-SP2 1998-2000, Parallel Workloads Archive, cleaned log 4.2")
    itp_like = traces.fit(*itp("04", ITP_GPUS), name="itp_like")
    itp_like = replace(itp_like, source="Microsoft ITP cluster 04, 2021 (ElasticFlow, ASPLOS 2023)")
    inference = traces.fit(*genai(), name="inference")
    inference = replace(
        inference, source="Alibaba image-generation requests (GenTD26), 19 November to 1 December"
    )
    helios = venus(itp_like)
    powers = 2.0 ** np.arange(11)
    philly = published(
        "philly_like",
        "Microsoft Philly 2017: published means, median and maximum of GPU jobs (summary table of "
        "AcmeTrace, NSDI 2024), 93 % on one GPU; submissions as in helios_like",
        helios,
        powers[:8],
        sizes_with_mean(powers[:8], 0.93, 1.928),
        (874.0, 18_006.1, 6.8946e9 / 112_956, 4_240_676.0),
        (0.604, 0.090, 0.305),
        PHILLY_GPUS,
        0.7,
    )
    llm = published(
        "llm_training",
        "Acme Kalos 2023, development of large language models: published means, median and "
        "maximum of GPU jobs (AcmeTrace, NSDI 2024); submissions as in helios_like",
        helios,
        powers,
        sizes_with_mean(powers, 0.6, 26.77),
        (124.0, 1259.7, 5.3332e9 / 19_907, 625_740.0),
        (0.541, 0.062, 0.397),
        KALOS_GPUS,
        0.7,
    )
    for model in (hpc, itp_like, helios, philly, llm, inference):
        (MODES / f"{model.name}.json").write_text(model.to_json() + "\n")
        print(
            f"{model.name}: day {model.day_sigma}, together {model.run_batch}, "
            f"{len(model.classes)} classes"
        )


if __name__ == "__main__":
    main()
