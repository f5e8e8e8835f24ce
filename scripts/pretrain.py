"""Train the network of the demand model ``pretrained`` and write its weights as C++.

    python scripts/pretrain.py TRACES    # a folder with swf-pwa and itp-2021; a minute

It learns from six HPC logs (Parallel Workloads Archive: Feitelson, Tsafrir, Krakov, JPDC 2014) and
six ITP clusters (Gu et al., ASPLOS 2023): what their jobs, and those of parts of them, were in need
of from submission to end; and from drawn loads that repeat by day and week. It does so at several
lengths of step and from pasts of several lengths. Nothing that tests/benchmarks/bench_demand.py
scores is among them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import fairlead
from fairlead import _core

WEIGHTS = Path(__file__).parents[1] / "cpp/prediction/pretrained/weights.hpp"

Weights = dict[str, np.ndarray]

FILES = (
    "swf-pwa/KTH-SP2-1996-2.1-cln.swf.gz",
    "swf-pwa/CTC-SP2-1996-3.1-cln.swf.gz",
    "swf-pwa/SDSC-SP2-1998-4.2-cln.swf.gz",
    "swf-pwa/HPC2N-2002-2.2-cln.swf.gz",
    "swf-pwa/NASA-iPSC-1993-3.1-cln.swf.gz",
    "swf-pwa/CEA-Curie-2011-2.1-cln.swf.gz",
    *(f"itp-2021/raw_cluster{cluster}.csv.gz" for cluster in ("01", "02", "03", "04", "05", "10")),
)

# What is drawn from them.
DAY = 144  # of the series' own ten minutes
STEPS = (1, 3, 6, 12, 18)  # of ten minutes
STEP_SHARES = (0.1, 0.15, 0.45, 0.15, 0.15)
HORIZONS = (1, 2)  # days
HORIZON_SHARES = (0.75, 0.25)
LENGTHS = (12, 60)  # of a past, in days
PASTS = 3000  # of each source
ORIGINS = 8  # of each past
TARGETS = 6  # of each origin
DRAWN_SOURCES = 3  # of drawn loads, beside the logs and clusters
FEWEST_JOBS = 300  # of a part of a log
LEAST_IN_USE = 0.2  # of the time, else the part is left out
FAR = 200.0  # units from the last value: nothing to learn from
LEAST_USUAL = 0.2  # units; a series that stays nearer to its last values counts no more than this

# The network and its training; a unit is the mean change over a season.
USUAL = 25  # place of the usual change among the inputs
HIDDEN = 32
TAILS = 0.02  # of each input at either end, which its centre and deviation leave out
REACH = 8.0  # deviations
EPOCHS = 20
BATCH = 1024
RATE = 4e-3
SMOOTH = 0.05  # units: smaller errors count by their squares


def parts_of(jobs: pd.DataFrame, resource: str, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """The whole log, and such parts as virtual clusters are: users, sizes, lengths, any jobs."""
    yield jobs
    if "user" in jobs:
        users = jobs["user"].astype("category").cat.codes.to_numpy()
        for groups in (4, 12):
            drawn = rng.integers(groups, size=users.max() + 2)[users]
            yield from (jobs[drawn == group] for group in range(min(groups, 6)))
    for groups in (4, 16):
        drawn = rng.integers(groups, size=len(jobs))
        yield from (jobs[drawn == group] for group in range(3))
    size = jobs[resource] * jobs.get("tasks", 1)
    yield jobs[size >= size.quantile(0.9)]
    yield jobs[size <= size.median()]
    yield jobs[jobs["duration_s"] >= jobs["duration_s"].quantile(0.8)]


def jobs_of(path: Path) -> pd.DataFrame:
    """Jobs in need of their resource for `duration_s` from when they were submitted."""
    if path.name.endswith(".swf.gz"):
        jobs = fairlead.traces.read_swf(path, missing_limit="keep", keep=["recorded_wait_s"]).jobs
        jobs["duration_s"] += jobs["recorded_wait_s"].fillna(0).clip(lower=0)
        jobs = jobs.drop(columns="limit_s")  # would cut what has waited
    else:
        jobs = fairlead.traces.read_itp(path).jobs
    return jobs.dropna(subset=["duration_s"])


def demand_of(path: Path, rng: np.random.Generator) -> list[np.ndarray]:
    """Units in demand every ten minutes, of the log and of each part that is busy enough."""
    jobs = jobs_of(path)
    resource = "gpus" if "gpus" in jobs else "cpus"
    made = []
    for part in parts_of(jobs, resource, rng):
        if len(part) < FEWEST_JOBS:
            continue
        last = part["submit_time"].max()
        values = fairlead.demand_series(part, "10min", resource=resource)
        values = values.loc[values["ds"] < last, "y"].to_numpy()
        if (values > 0).mean() > LEAST_IN_USE:
            made.append(values)
    return made


def drawn_load(rng: np.random.Generator) -> np.ndarray:
    """A load with a day and a week, around a level that wanders."""
    days = int(rng.integers(10, 60))
    time = np.arange(days * DAY) / DAY
    shape = sum(
        rng.normal(0, 1 / k) * np.cos(2 * np.pi * (k * time + rng.random())) for k in range(1, 6)
    )
    week = np.repeat(np.where(np.arange(days) % 7 < 5, 0, rng.normal(-0.3, 0.3)), DAY)
    steps = rng.normal(0, 1, len(time))
    slow = np.cumsum(steps) * rng.choice([0, 0.003, 0.01])
    noise = pd.Series(rng.normal(0, 1, len(time))).ewm(alpha=rng.uniform(0.02, 1)).mean().to_numpy()
    noise = noise / noise.std() * rng.choice([0.02, 0.1, 0.3])
    return np.exp(rng.uniform(0.1, 0.7) * shape + week + slow + noise)


def sources(
    traces: Path, without: tuple[str, ...], rng: np.random.Generator
) -> Iterator[list[np.ndarray]]:
    """The series of each file whose name begins with none of `without`, and drawn ones."""
    for file in FILES:
        path = traces / file
        if not path.name.startswith(without):
            yield demand_of(path, rng)
    for _ in range(DRAWN_SOURCES):
        yield [drawn_load(rng) for _ in range(40)]


def samples(values: np.ndarray, pasts: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows of inputs and target (units from the last value) from pasts of the series."""
    rows = []
    for _ in range(pasts):
        step = int(rng.choice(STEPS, p=STEP_SHARES))
        season = DAY // step
        coarse = values[: len(values) // step * step].reshape(-1, step).mean(axis=1)
        length = min(int(season * rng.uniform(*LENGTHS)), len(coarse))
        if length < 3 * season:
            continue
        begin = int(rng.integers(len(coarse) - length + 1))
        past = np.ascontiguousarray(coarse[begin : begin + length])
        horizon = min(int(rng.choice(HORIZONS, p=HORIZON_SHARES)) * season, length - season - 1)
        origins = rng.integers(season + 1, length - horizon + 1, size=ORIGINS)
        known = _core.network_inputs(past, [season, 7 * season], origins, horizon)
        inputs = known["inputs"].reshape(ORIGINS, horizon, -1)
        for i in np.flatnonzero(known["unit"] > 0):
            steps = rng.integers(horizon, size=TARGETS)
            target = (past[origins[i] + steps] - known["last"][i]) / known["unit"][i]
            if np.abs(target).max() < FAR:
                rows.append(np.column_stack([inputs[i, steps], target]).astype(np.float32))
    return rows


def training_set(
    traces: Path, seed: int, without: tuple[str, ...] = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs (rows x inputs), targets (units from the last value), weights by series."""
    rng = np.random.default_rng(seed)
    inputs, targets, weights = [], [], []
    for source in filter(None, sources(traces, without, rng)):
        for values in source:
            rows = samples(values, PASTS // len(source), rng)
            if not rows:
                continue
            table = np.concatenate(rows)
            inputs.append(table[:, :-1])
            targets.append(table[:, -1])
            usual = max(np.abs(targets[-1]).mean(), LEAST_USUAL)
            weights.append(np.full(len(table), 1 / usual, np.float32))
        print(f"{sum(map(len, targets))} rows", flush=True)
    return np.concatenate(inputs), np.concatenate(targets), np.concatenate(weights)


def spread(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and deviation of each input without its outermost values."""
    low, high = np.quantile(inputs, [TAILS, 1 - TAILS], axis=0)
    inner = np.clip(inputs, low, high)
    return inner.mean(axis=0, dtype=float), inner.std(axis=0, dtype=float)


def standard(inputs: np.ndarray, centre: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Inputs in deviations from their centre, as far as the network looks."""
    return np.clip((inputs - centre) / deviation, -REACH, REACH).astype(np.float32)


def share(output: np.ndarray) -> np.ndarray:
    """From 0 to 1."""
    return 0.5 + 0.5 * output / (1 + np.abs(output))


def outputs(p: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hidden units (rows x units) and both outputs (rows x 2)."""
    hidden = np.maximum(x @ p["to_hidden"] + p["hidden_bias"], 0)
    return hidden, hidden @ p["from_hidden"] + x @ p["direct"] + p["bias"]


def answers(p: Weights, x: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Units from the last value: a share of the usual change, and what else is to be expected."""
    out = outputs(p, x)[1]
    return usual * share(out[:, 0]) + out[:, 1]


def gradients(
    p: Weights, x: np.ndarray, usual: np.ndarray, y: np.ndarray, w: np.ndarray
) -> Weights:
    """Of the mean absolute error weighted by `w`, with respect to each of the weights."""
    hidden, out = outputs(p, x)
    error = usual * share(out[:, 0]) + out[:, 1] - y
    slope = np.clip(error / SMOOTH, -1, 1) * w / len(y)
    slopes = np.column_stack([slope * usual * 0.5 / (1 + np.abs(out[:, 0])) ** 2, slope])
    back = (slopes @ p["from_hidden"].T) * (hidden > 0)
    return {
        "to_hidden": x.T @ back,
        "hidden_bias": back.sum(0),
        "from_hidden": hidden.T @ slopes,
        "direct": x.T @ slopes,
        "bias": slopes.sum(0),
    }


def train(x: np.ndarray, usual: np.ndarray, y: np.ndarray, w: np.ndarray, seed: int) -> Weights:
    """Least absolute error by Adam (Kingma and Ba, ICLR 2015), the rate falling as a cosine."""
    rng = np.random.default_rng(seed)
    n = x.shape[1]
    p = {
        "to_hidden": rng.normal(0, np.sqrt(2 / n), (n, HIDDEN)),
        "hidden_bias": np.zeros(HIDDEN),
        "from_hidden": rng.normal(0, 0.3 / np.sqrt(HIDDEN), (HIDDEN, 2)),
        "direct": np.zeros((n, 2)),
        "bias": np.zeros(2),
    }
    p = {name: values.astype(np.float32) for name, values in p.items()}
    mean = {name: np.zeros_like(values) for name, values in p.items()}
    square = {name: np.zeros_like(values) for name, values in p.items()}
    w = w / w.mean()
    total, done = EPOCHS * (len(y) // BATCH), 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(y))[: len(y) // BATCH * BATCH].reshape(-1, BATCH)
        for rows in order:
            done += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * done / total))
            for name, slope in gradients(p, x[rows], usual[rows], y[rows], w[rows]).items():
                mean[name] += 0.1 * (slope - mean[name])
                square[name] += 0.001 * (slope * slope - square[name])
                fresh = mean[name] / (1 - 0.9**done)
                size = np.sqrt(square[name] / (1 - 0.999**done))
                p[name] = p[name] - rate * fresh / (size + 1e-8)
        if epoch % 5 == 4:
            loss = np.abs(answers(p, x[::20], usual[::20]) - y[::20]).mean()
            print(f"epoch {epoch + 1}: {loss:.4f} units off", flush=True)
    return p


def trained(
    traces: Path, seed: int = 0, without: tuple[str, ...] = ()
) -> tuple[Weights, np.ndarray, np.ndarray]:
    """The network's weights, and the centre and deviation of its inputs."""
    inputs, y, w = training_set(traces, seed, without)
    centre, deviation = spread(inputs)
    return (
        train(standard(inputs, centre, deviation), inputs[:, USUAL], y, w, seed),
        centre,
        deviation,
    )


def as_cpp(p: Weights, centre: np.ndarray, deviation: np.ndarray) -> str:
    """The text of the header that the core is built with."""

    def row(values: np.ndarray) -> str:
        return "{" + ", ".join(f"{value:.5e}F" for value in values) + "}"

    def array(name: str, values: np.ndarray, size: str) -> str:
        return f"inline constexpr std::array<float, {size}> {name}{row(values)};"

    def both(name: str, values: np.ndarray, size: str) -> str:
        rows = ",\n".join("{" + row(of_one) + "}" for of_one in values.T)
        return f"inline constexpr std::array<std::array<float, {size}>, 2> {name}{{{{\n{rows}}}}};"

    units = ",\n".join("{" + row(of_input) + "}" for of_input in p["to_hidden"])
    return f"""// The weights of the model `pretrained`, written by scripts/pretrain.py.
#pragma once

#include <array>
#include <cstddef>

// clang-format off
namespace fairlead::network {{

inline constexpr std::size_t kInputs = {len(centre)};
inline constexpr std::size_t kHiddenUnits = {HIDDEN};
inline constexpr float kReach = {REACH:.1f}F;
{array("kCentre", centre, "kInputs")}
{array("kPerDeviation", 1 / deviation, "kInputs")}
inline constexpr std::array<std::array<float, kHiddenUnits>, kInputs> kToHidden{{{{
{units}}}}};
{array("kHiddenBias", p["hidden_bias"], "kHiddenUnits")}
{both("kFromHidden", p["from_hidden"], "kHiddenUnits")}
{both("kDirect", p["direct"], "kInputs")}
{array("kBias", p["bias"], "2")}

}}  // namespace fairlead::network
"""


def main() -> None:
    """Train on the folder given and write the header."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("traces", type=Path)
    WEIGHTS.write_text(as_cpp(*trained(parser.parse_args().traces)))


if __name__ == "__main__":
    main()
