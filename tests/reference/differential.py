"""The engine against the reference simulator, on drawn cases.

    python -m reference.differential --draws 100000 --seed 7

(from tests/, or with it on PYTHONPATH) draws in batches, prints each batch's seed, and stops at
the first disagreement with a case made as small as Hypothesis can make it.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
import traceback
from unittest.mock import patch

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded

import fairlead
from fairlead.scheduling.boundary import engine_options
from python.strategies import Case, cases
from reference.fitting import DEVICES
from reference.simulator import simulate

UNITS = {"memory_gib": 2**30}  # units per 1.0; 1000 for all others
BATCH = 2000
MAKES_OPTIONS = "fairlead.scheduling.simulation.engine_options"


def jobs_frame(case: Case) -> pd.DataFrame:
    """The jobs of a case as a user would write them: seconds, cores, devices, GiB."""
    jobs = case.jobs
    columns: dict[str, list] = {
        "job_id": [f"job-{row}" for row in range(len(jobs))],
        "submit_time": [job["submit"] / 1e9 for job in jobs],
        "duration_s": [job["duration"] / 1e9 for job in jobs],
    }
    for name, key, unit in (
        ("limit_s", "limit", 1e9),
        ("guess_s", "estimate", 1e9),
        ("tasks", "tasks", 1),
        ("tasks_per_node", "per_node", 1),
        ("gpu_memory_gib", "gpu_memory", 2**30),
        ("priority", "priority", 1),
        ("urgency", "urgency", 1),
    ):
        if name == "guess_s" and case.options["run_times"] != "guess_s":
            continue
        values = [job.get(key) or None if key == "per_node" else job.get(key) for job in jobs]
        if any(value is not None for value in values):
            columns[name] = [None if value is None else value / unit for value in values]
    for r in sorted({r for job in jobs for r in job["request"]}):
        columns[r] = [job["request"].get(r, 0) / UNITS.get(r, 1000) for job in jobs]
    if any("pool" in job for job in jobs):
        columns["pool"] = [job.get("pool") for job in jobs]
    if any(job.get("gpu_type") for job in jobs):
        columns["gpu_type"] = ["|".join(job.get("gpu_type", ())) or None for job in jobs]
    return pd.DataFrame(columns)


def nodes_frame(case: Case) -> pd.DataFrame:
    """The nodes of a case in the same words."""
    nodes = case.nodes
    columns: dict[str, list] = {"node_id": [f"node-{row}" for row in range(len(nodes))]}
    for r in sorted({r for node in nodes for r in node["capacity"]}):
        columns[r] = [node["capacity"][r] / UNITS.get(r, 1000) for node in nodes]
    for name, key, unit in (
        ("gpu_memory_gib", "gpu_memory", 2**30),
        ("speed", "speed", 1),
        ("available_from", "available_from", 1e9),
        ("available_to", "available_to", 1e9),
    ):
        values = [node.get(key) for node in nodes]
        if any(value is not None for value in values):
            columns[name] = [None if value is None else value / unit for value in values]
    if any("speed" in node for node in nodes):
        columns["speed"] = [node.get("speed", 1) for node in nodes]
    for name in ("gpu_type", "pool"):
        if any(name in node for node in nodes):
            columns[name] = [node.get(name) for node in nodes]
    return pd.DataFrame(columns)


def events_frame(case: Case) -> pd.DataFrame | None:
    """The events of a case; None if there are none."""
    rows = []
    for at, kind, *values in case.events:
        row = {"time": at / 1e9, "kind": kind, "node": None, "job_id": None, "resource": None}
        if kind in ("cancel", "estimate"):
            row["job_id"] = f"job-{values[0]}"
        elif kind != "tick":
            row["node"] = f"node-{values[0]}"
        if kind == "capacity":
            row["resource"] = values[1]
        if kind in ("estimate", "capacity"):
            row["value"] = values[-1] / (1e9 if kind == "estimate" else UNITS.get(values[1], 1000))
        rows.append(row)
    return pd.DataFrame(rows) if rows else None


def of_the_engine(case: Case) -> list[tuple]:
    """What fairlead.schedule makes of a case, a tuple a job."""
    options = dict(case.options)
    if "default_limit" in options:
        options["default_limit_s"] = options.pop("default_limit") / 1e9
    if "until" in options:
        options["until"] = options["until"] / 1e9
    jobs, nodes = jobs_frame(case), nodes_frame(case)
    # Queues as short as these are arrays; in every other case the index of long ones does the work.
    index_from = 128 * (len(jobs) % 2)
    with patch(MAKES_OPTIONS, lambda *args: engine_options(*args) | {"index_from": index_from}):
        done = fairlead.schedule(jobs, nodes, events=events_frame(case), **options)
    out = {name: column.tolist() for name, column in done.jobs.items()}
    tasks: dict[str, list[tuple]] = {name: [] for name in jobs["job_id"]}
    placed = (done.placements[name].tolist() for name in ("job_id", "attempt", "node", "devices"))
    for name, attempt, node, devices in zip(*placed, strict=True):
        tasks[name].append((attempt, node, devices))
    return list(
        zip(
            map(nanoseconds, out["start_time"]),
            map(nanoseconds, out["end_time"]),
            out["status"],
            out["attempts"],
            out["reason"],
            tasks.values(),
            strict=True,
        )
    )


def of_the_reference(case: Case) -> list[tuple]:
    """What the reference makes of it."""
    given_to_both = {"order", "backfill", "backfill_order", "placement", "correction", "requeue"}
    given_to_both |= {"until", "alpha", "beta"}
    options = {k: v for k, v in case.options.items() if k in given_to_both}
    return [
        (job.start, job.end, job.status, job.attempts, job.reason, tasks_of(job))
        for job in simulate(case.jobs, case.nodes, case.events, **options)
    ]


def tasks_of(job) -> list[tuple]:
    """Attempt, node and devices of each task, as the placements table writes them."""
    return [
        (attempt, f"node-{node}", ",".join(f"{r}:{d}" for r, d, _ in taken if r in DEVICES))
        for attempt, placed in enumerate(job.history, 1)
        for node, taken in placed
    ]


def nanoseconds(seconds: float) -> int | None:
    return None if pd.isna(seconds) else round(seconds * 1e9)


def disagreement(case: Case) -> str | None:
    """The first job on which the two differ, in words; None if there is none."""
    expected, got = of_the_reference(case), of_the_engine(case)
    names = ("start", "end", "status", "attempts", "reason", "placed")
    for row, (want, have) in enumerate(zip(expected, got, strict=True)):
        for name, a, b in zip(names, want, have, strict=True):
            if a != b:
                return f"job {row}: {name} is {b} by the engine, {a} by the reference"
    return None


def compare(draws: int, seed: int) -> None:
    """Draw cases; AssertionError with the smallest case found on which the two differ."""

    @seeded(seed)
    @settings(
        max_examples=draws,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def agree(case: Case) -> None:
        difference = disagreement(case)
        assert difference is None, f"seed {seed}: {difference}\n{show(case)}"

    agree()


def show(case: Case) -> str:
    """The case as Python, to be pasted into a scenario test."""
    lines = [f"nodes = {case.nodes!r}", "jobs = ["]
    lines += [f"    {job!r}," for job in case.jobs]
    lines += ["]", f"events = {case.events!r}", f"options = {case.options!r}"]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 if all draws agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="default: a random one, printed")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    print(f"{options.draws} draws, seed {seed}", flush=True)
    began = time.monotonic()
    for done in range(0, options.draws, BATCH):
        batch_seed = seed * 10**6 + done // BATCH
        count = min(BATCH, options.draws - done)
        try:
            compare(count, batch_seed)
        except AssertionError as difference:
            print(f"disagreement, the smallest case found:\n{difference}")
            return 1
        except Exception:  # an error of one of the two: the notes show the case
            traceback.print_exc(file=sys.stdout)
            return 1
        seconds = time.monotonic() - began
        print(f"{done + count:>8} agree, batch seed {batch_seed}, {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
