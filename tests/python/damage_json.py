"""Damage to JSON values, for tests that a reader neither crashes nor reads half in silence."""

from __future__ import annotations

import copy
import random
from typing import Any

JUNK = (
    None,
    "",
    "x",
    "-1",
    -1,
    1e30,
    float("inf"),
    float("nan"),
    "1e300",
    [],
    {},
    [None],
    {"a": 1},
    True,
    "2026-13-40",
    "9" * 80,
)


def mutated(value: Any, rng: random.Random) -> Any:
    """A copy of the value with one member, at random depth, replaced by junk or lost."""
    made = copy.deepcopy(value)
    return _mutate(made, rng)


def _mutate(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            del value[key]
        else:
            value[key] = _mutate(value[key], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        value[at] = _mutate(value[at], rng)
        return value
    return copy.deepcopy(rng.choice(JUNK))
