"""Hypothesis strategies: small, contended clusters and job lists full of ties.

A case is plain data in the integer units of the reference simulator (see reference/simulator.py),
so that a failing one prints as the few lines that reproduce it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from random import Random

from hypothesis import strategies as st

SECOND, GIB = 10**9, 2**30
ORDERS = ("fcfs", "sjf", "ljf", "saf", "priority", "weighted")
BACKFILLS = ("easy", "none", "first_fit")
PLACEMENTS = ("first_fit", "best_fit", "worst_fit", "balanced", "consolidated")
GPU_TYPES = ("a", "b")
POOLS = ("default", "other")
ASKED_TYPES = ((), ("a",), ("b",), ("a", "b"), ("c",))
SHARES = (250, 400, 500, 600, 1000, 1000, 2000, 3000)


@dataclass
class Case:
    """One cluster, its jobs and events, and the options both simulators get."""

    nodes: list[dict]
    jobs: list[dict]
    events: list[tuple]
    options: dict = field(default_factory=dict)


@cache
def between(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@cache
def one_of(*values: object) -> st.SearchStrategy:
    return st.sampled_from(values)


@cache
def seconds(low: int, high: int) -> st.SearchStrategy[int]:
    return between(low, high).map(lambda value: value * SECOND)


@dataclass(frozen=True)
class Shape:
    """What the nodes of a case have, so that jobs ask for what exists, mostly."""

    memory: bool
    gpus: bool
    gpu_memory: bool
    gpu_types: bool
    pools: bool
    speeds: bool
    fpgas: bool
    slots: bool  # a resource without a name of its own
    windows: bool  # available_from, available_to


PLAIN = Shape(*[False] * 9)


@st.composite
def shapes(draw) -> Shape:
    """Every second shape has GPUs; the rarer features come now and then."""
    gpus = draw(between(0, 1)) == 1
    rare = [draw(between(0, 3)) == 3 for _ in range(5)]
    memory, gpu_types, pools, speeds, windows = rare
    gpu_memory = gpus and draw(between(0, 2)) == 2
    fpgas, slots = draw(between(0, 9)) == 9, draw(between(0, 9)) == 9
    return Shape(memory, gpus, gpu_memory, gpus and gpu_types, pools, speeds, fpgas, slots, windows)


@st.composite
def node(draw, shape: Shape) -> dict:
    """One small node of the shape."""
    capacity = {"cpus": draw(between(1, 6)) * 1000}
    made: dict = {"capacity": capacity}
    if shape.memory:
        capacity["memory_gib"] = draw(between(0, 4)) * GIB
    if shape.gpus:
        capacity["gpus"] = draw(between(0, 4)) * 1000
    if shape.fpgas:
        capacity["fpgas"] = draw(between(0, 2)) * 1000
    if shape.slots:
        capacity["slots"] = draw(between(0, 3)) * 1000
    if shape.gpu_memory and capacity["gpus"]:
        made["gpu_memory"] = draw(one_of(4, 8, 2, 0)) * GIB
    if shape.gpu_types and capacity["gpus"]:
        made["gpu_type"] = draw(one_of(*GPU_TYPES))
    if shape.pools:
        made["pool"] = draw(one_of(*POOLS))
    if shape.speeds:
        made["speed"] = draw(one_of(1, 2.0, 0.5, 1.5, 0.7))
    if shape.windows and draw(between(0, 1)):
        made["available_from"] = draw(seconds(0, 9))
    if shape.windows and draw(between(0, 1)):
        made["available_to"] = made.get("available_from", 0) + draw(seconds(1, 16))
    return made


@st.composite
def clusters(draw) -> tuple[list[dict], Shape]:
    """One divisible node, some identical nodes, or some unlike ones."""
    kind = draw(one_of("unlike", "identical", "divisible", "unlike", "identical", "many"))
    if kind == "divisible":
        return [{"capacity": {"cpus": draw(between(2, 12)) * 1000}}], PLAIN
    shape = draw(shapes())
    count = draw(between(6, 12) if kind == "many" else between(1, 5))
    if kind in ("identical", "many"):
        return [draw(node(shape))] * count, shape
    return [draw(node(shape)) for _ in range(count)], shape


@st.composite
def job(draw, nodes: list[dict], shape: Shape) -> dict:
    """One job; sized so that a few of them fill the cluster, and seldom more than there is."""
    most = max(node["capacity"]["cpus"] for node in nodes) // 1000
    gpus = max(node["capacity"].get("gpus", 0) for node in nodes)
    gang = draw(between(0, 1 if len(nodes) > 1 else 3)) == 1
    made: dict = {
        "submit": draw(seconds(0, 7)),
        "duration": draw(seconds(0, 14)),
        "request": {"cpus": draw(between(1, max(1, most // 2) if gang else most)) * 1000},
    }
    request = made["request"]
    if shape.gpus and draw(between(0, 2)):
        if draw(between(0, 1)):
            del request["cpus"]
        request["gpus"] = draw(one_of(*(s for s in SHARES if s <= max(gpus, 1000))))
        if shape.gpu_memory and draw(between(0, 1)):
            made["gpu_memory"] = draw(between(1, 5)) * GIB
        if shape.gpu_types and draw(between(0, 1)):
            made["gpu_type"] = draw(one_of(*ASKED_TYPES))
    if shape.memory and draw(between(0, 1)):
        request["memory_gib"] = draw(between(1, 2)) * GIB
    if shape.fpgas and draw(between(0, 1)):
        request["fpgas"] = draw(one_of(500, 1000, 2000))
    if shape.slots and draw(between(0, 1)):
        request["slots"] = draw(between(1, 2)) * 1000
        if draw(between(0, 1)):
            request.pop("cpus", None)
    if draw(between(0, 39)) == 39:
        request["tpus"] = 1000  # which no node has
    if gang:
        made["per_node"] = draw(one_of(0, 0, 1, 2))
        made["tasks"] = draw(between(1, max(2, len(nodes)))) * max(made["per_node"], 1)
    if shape.pools and draw(between(0, 2)) == 2:
        made["pool"] = draw(one_of(*POOLS, *POOLS, "nowhere"))
    return made


@st.composite
def limits_and_estimates(draw, jobs: list[dict], options: dict) -> None:
    """Fill in limits and estimates by one of the ways `run_times=` offers."""
    plans = needs_estimates(options)
    run_times = options["run_times"] = draw(one_of("limit", "guess_s", "actual"))
    if run_times == "limit" and (plans or draw(between(0, 1))):
        options["default_limit"] = draw(seconds(1, 20))
    for made in jobs:
        if draw(between(0, 2)):
            made["limit"] = max(0, made["duration"] + draw(seconds(-2, 6)))
        if run_times == "guess_s":
            made["estimate"] = draw(seconds(0, 12))
        elif run_times == "actual":
            made["estimate"] = made["duration"]
        elif "limit" in made or "default_limit" in options:
            made["estimate"] = made.get("limit", options.get("default_limit"))


def needs_estimates(options: dict) -> bool:
    """Whether the order or the backfill plans with estimates."""
    return (
        options["order"] in ("sjf", "ljf", "saf", "weighted")
        or options["backfill"] == "easy"
        or options["backfill_order"] == "shortest"
    )


@st.composite
def story(draw, nodes: list[dict], jobs: list[dict]) -> list[tuple]:
    """One event on a node or a job of the case; a node that goes often comes back."""
    kind = draw(one_of("cancel", "estimate", "node_drain", "node_fail", "capacity", "tick"))
    time = draw(seconds(0, 16))
    if kind == "cancel":
        return [(time, kind, draw(between(0, len(jobs) - 1)))]
    if kind == "estimate":
        return [(time, kind, draw(between(0, len(jobs) - 1)), draw(seconds(0, 20)))]
    if kind == "tick":
        return [(time, kind)]
    row = draw(between(0, len(nodes) - 1))
    if kind == "capacity":
        counted = sorted(nodes[row]["capacity"].keys() - {"gpus", "fpgas"})
        resource = draw(one_of(*counted))
        unit = GIB if resource == "memory_gib" else 1000
        return [(time, kind, row, resource, draw(between(0, 8)) * unit)]
    if not draw(between(0, 3)):
        return [(time, kind, row)]
    return [(time, kind, row), (time + draw(seconds(0, 6)), "node_resume", row)]


@st.composite
def policies(draw) -> dict:
    """Every order with every backfill, candidate order and placement."""
    options = {
        "order": draw(one_of(*ORDERS)),
        "backfill": draw(one_of(*BACKFILLS)),
        "backfill_order": draw(one_of("queue", "shortest")),
        "correction": draw(one_of("doubling", "limit", "stepwise")),
        "placement": draw(one_of(*PLACEMENTS)),
    }
    if options["order"] == "weighted":
        options["alpha"] = draw(one_of(-1.0, 0.5, 1.0))
        options["beta"] = draw(one_of(0.0, 0.5, 0.001))
    return options


@st.composite
def cases(draw) -> Case:
    """A whole case: cluster, jobs, events, options."""
    options = draw(policies())
    nodes, shape = draw(clusters())
    jobs = draw(st.lists(job(nodes, shape), min_size=draw(one_of(1, 5, 10)), max_size=14))
    draw(limits_and_estimates(jobs, options))
    if options["order"] in ("priority", "weighted"):
        for made in jobs:
            made["priority"] = float(draw(between(0, 2)))
            made["urgency"] = float(draw(between(0, 2)))
    events: list[tuple] = []
    if draw(between(0, 1)):
        stories = draw(st.lists(story(nodes, jobs), min_size=1, max_size=6))
        events = [event for told in stories for event in told]
        options["requeue"] = draw(between(0, 2)) < 2
    if draw(between(0, 9)) == 9:
        options["until"] = draw(seconds(0, 20))
    return Case(nodes, jobs, events, options)


def long_case(seed: int) -> Case:
    """A week in small: some 150 jobs on a dozen GPU nodes, with failures; one case a seed."""
    rng = Random(seed)
    big = {"cpus": 16_000, "memory_gib": 64 * GIB, "gpus": 8000}
    small = {"cpus": 8000, "memory_gib": 64 * GIB, "gpus": 2000}
    nodes = [
        {"capacity": dict(big), "gpu_type": "a", "gpu_memory": 8 * GIB, "pool": "default"}
        if rng.random() < 0.6
        else {"capacity": dict(small), "gpu_type": "b", "gpu_memory": 4 * GIB, "pool": "other"}
        for _ in range(rng.randint(6, 14))
    ]
    options: dict = {
        "order": rng.choice(ORDERS),
        "backfill": rng.choice(BACKFILLS),
        "backfill_order": rng.choice(("queue", "shortest")),
        "placement": rng.choice(PLACEMENTS),
        "run_times": "guess_s",
        "requeue": rng.random() < 0.7,
    }
    jobs = [_long_job(rng) for _ in range(150)]
    events = []
    for _ in range(12):
        time, row = rng.randrange(300) * SECOND, rng.randrange(len(nodes))
        events.append((time, rng.choice(("node_fail", "node_drain")), row))
        events.append((time + rng.randrange(40) * SECOND, "node_resume", row))
        events.append((rng.randrange(300) * SECOND, "cancel", rng.randrange(len(jobs))))
        events.append((rng.randrange(300) * SECOND, "estimate", rng.randrange(len(jobs)), 9**9))
    return Case(nodes, jobs, events, options)


def _long_job(rng: Random) -> dict:
    duration = int(rng.choice((5, 20, 60)) * rng.random() * 2) * SECOND
    made: dict = {
        "submit": rng.randrange(250) * SECOND,
        "duration": duration,
        "estimate": int(duration * rng.choice((0.3, 1, 1, 3))) // SECOND * SECOND,
        "request": {"gpus": rng.choice((250, 500, 700, 1000, 1000, 2000, 2000, 4000, 8000))},
        "priority": float(rng.randrange(3)),
        "urgency": float(rng.randrange(3)),
    }
    if rng.random() < 0.5:
        made["request"] |= {"cpus": rng.randint(1, 6) * 1000, "memory_gib": rng.randint(1, 9) * GIB}
    if rng.random() < 0.4:
        made["tasks"], made["per_node"] = rng.choice(((2, 0), (4, 0), (6, 0), (4, 2), (3, 1)))
    if rng.random() < 0.3:
        made["gpu_type"] = rng.choice(ASKED_TYPES[:4])
    if rng.random() < 0.2:
        made["pool"] = rng.choice(POOLS)
    if rng.random() < 0.3:
        made["gpu_memory"] = rng.randint(1, 4) * GIB
    if rng.random() < 0.5:
        made["limit"] = made["duration"] + rng.randrange(-5, 30) * SECOND
        made["limit"] = max(0, made["limit"])
    return made
