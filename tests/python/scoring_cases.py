"""Random scoring instances as plain frames, and the slow NumPy answer to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

GIB = 2**30
UNITS = {"cpus": 1000, "memory_gib": GIB, "gpus": 1000}
ONE, WEIGHTS, LIMIT = 2**20, 1024, 2**24


@dataclass
class Case:
    """Columns of the two tables, in user units; None is a missing cell."""

    nodes: dict[str, list]
    jobs: dict[str, list]

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        ids = [f"n{i}" for i in range(len(self.nodes["cpus"]))]
        return pd.DataFrame(self.jobs), pd.DataFrame({"node_id": ids, **self.nodes})


def column(values: st.SearchStrategy, n: int) -> st.SearchStrategy[list]:
    return st.lists(values, min_size=n, max_size=n)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few nodes, few jobs, many ties; memory in odd bytes now and then, so that rounding shows."""
    n, m = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    odd = draw(st.booleans())
    memory = st.sampled_from(
        [0, 1, 3, 7.5, 64] + ([1 / 3, 1000.7, 2.0**20 + 2.0**-20] if odd else [])
    )
    types = st.sampled_from(["a", "b", None])
    nodes = {
        "cpus": draw(column(st.sampled_from([0, 1, 4, 7, 96]), n)),
        "memory_gib": draw(column(memory, n)),
        "gpus": draw(column(st.integers(0, 3), n)),
        "gpu_memory_gib": draw(column(st.sampled_from([None, 16, 40]), n)),
        "gpu_type": draw(column(types, n)),
        "pool": draw(column(st.sampled_from(["x", "y"]), n)),
        "speed": draw(column(st.sampled_from([0.5, 1.0, 3.0]), n)),
        "price_usd_per_hour": draw(column(st.sampled_from([0.0, 1.0, 7.0]), n)),
    }
    jobs = {
        "cpus": draw(column(st.sampled_from([0, 0.5, 1, 3, 97]), m)),
        "memory_gib": draw(column(memory, m)),
        "gpus": draw(column(st.sampled_from([0, 0.25, 1, 2, 4]), m)),
        "gpu_memory_gib": draw(column(st.sampled_from([None, 10, 40, 41]), m)),
        "gpu_type": draw(column(st.sampled_from(["a", "a|b", "c", None, None]), m)),
        "pool": draw(column(st.sampled_from(["x", "z", None, None]), m)),
    }
    return Case(nodes, jobs)


weights = st.dictionaries(
    st.sampled_from(["first_fit", "best_fit", "worst_fit", "balanced", "cost", "speed"]),
    st.sampled_from([-2.0, -1.0, 0.001, 0.3, 1.0, 5.0]),
    min_size=1,
)


def amounts(values: list, unit: int, *, up: bool) -> list[int]:
    """Integer units: exact, since every value here is a binary fraction or rounds the same way."""
    rounded = math.ceil if up else math.floor
    return [rounded(0 if v is None else v * unit) for v in values]


def feasible(case: Case) -> np.ndarray:
    """Who fits where in truth, without any rounding of ours."""
    jobs, nodes = case.jobs, case.nodes
    fits = np.ones((len(jobs["cpus"]), len(nodes["cpus"])), dtype=bool)
    for i in range(fits.shape[0]):
        for j in range(fits.shape[1]):
            fits[i, j] = all(
                amounts([jobs[r][i]], u, up=True)[0] <= amounts([nodes[r][j]], u, up=False)[0]
                for r, u in UNITS.items()
            )
            if jobs["gpus"][i] and jobs["gpu_memory_gib"][i]:
                fits[i, j] &= jobs["gpu_memory_gib"][i] <= (nodes["gpu_memory_gib"][j] or 0)
            if jobs["gpu_type"][i]:
                fits[i, j] &= nodes["gpu_type"][j] in jobs["gpu_type"][i].split("|")
            if jobs["pool"][i]:
                fits[i, j] &= nodes["pool"][j] == jobs["pool"][i]
    return fits


def rounded(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Who fits after rounding, and the largest free part in 2^-20, as `score`'s Notes have them."""
    fits = feasible(case)
    largest = np.zeros(fits.shape, dtype=np.float32)
    for resource, unit in UNITS.items():
        asked = amounts(case.jobs[resource], unit, up=True)
        have = amounts(case.nodes[resource], unit, up=False)
        quantum = max(1, math.gcd(*asked, *have))
        while max(have) // quantum >= LIMIT:
            quantum *= 2
        q = np.array([min(-(-a // quantum), LIMIT) for a in asked], dtype=np.float32)
        c = np.array([h // quantum for h in have], dtype=np.float32)
        scale = np.where(c > 0, np.float32(ONE) / np.maximum(c, np.float32(1)), np.float32(0))
        largest = np.maximum(largest, (c[None, :] - q[:, None]) * scale[None, :])
        fits &= q[:, None] <= c[None, :]
    return fits, np.rint(largest).astype(np.int32)


def integer_weights(terms: Mapping[str, float]) -> dict[str, int]:
    total = sum(abs(w) for w in terms.values())
    return {
        name: round(w / total * WEIGHTS) or int(math.copysign(1, w)) for name, w in terms.items()
    }


def integer_scores(case: Case, terms: Mapping[str, float], part: np.ndarray) -> np.ndarray:
    """Weighted sums of terms in 2^-20 / 1024, for every job and node."""
    n = len(case.nodes["cpus"])
    price, speed = np.array(case.nodes["price_usd_per_hour"]), np.array(case.nodes["speed"])
    value = {
        "first_fit": ((1 - np.arange(n) / n) * ONE).astype(np.int64),
        "best_fit": ONE - part.astype(np.int64),
        "worst_fit": part.astype(np.int64),
        "balanced": np.full(n, ONE),
        "cost": ((1 - price / (price.max() or 1)) * ONE).astype(np.int64),
        "speed": (speed / speed.max() * ONE).astype(np.int64),
    }
    scores = np.zeros(part.shape, dtype=np.int64)
    for name, weight in integer_weights(terms).items():
        scores = scores + weight * value[name]
    return scores


def best_nodes(
    case: Case, terms: Mapping[str, float], top_k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and integer scores of the best nodes, ties to the lowest row, and how many fit."""
    fits, part = rounded(case)
    scores = integer_scores(case, terms, part)
    node = np.full((len(scores), top_k), -1)
    best = np.zeros((len(scores), top_k), dtype=np.int64)
    for i, row in enumerate(scores):
        order = sorted(np.flatnonzero(fits[i]), key=lambda j: (-row[j], j))[:top_k]
        node[i, : len(order)] = order
        best[i, : len(order)] = row[order]
    return node, best, fits.sum(axis=1)
