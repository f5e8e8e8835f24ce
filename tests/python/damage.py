"""Damage to files, for tests that a reader neither crashes nor reads half of one in silence."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fairlead.errors import FairleadError
from fairlead.traces import Trace

BAD_CELLS = (
    "",
    "-1",
    "NaN",
    "inf",
    "1e400",
    "abc",
    "0x10",
    "1.5",
    "99999999999999999999",
    "é",
    '"',
)


def damaged(data: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Copies of a file, cut short, with bytes changed, cells replaced, lines doubled or lost."""
    lines = data.split(b"\n")
    for _ in range(12):
        yield "cut", data[: rng.randrange(len(data))]
        at = rng.randrange(len(data))
        yield "byte", data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        line = rng.randrange(len(lines))
        yield "doubled", b"\n".join([*lines[: line + 1], *lines[line:]])
        yield "lost", b"\n".join([*lines[:line], *lines[line + 1 :]])
        yield "cell", b"\n".join([*lines[:line], _bad_cell(lines[line], rng), *lines[line + 1 :]])
    yield "empty", b""
    yield "binary", bytes(rng.randrange(256) for _ in range(500))
    yield "text", b"once upon a time\nthere was a line\n"


def _bad_cell(line: bytes, rng: random.Random) -> bytes:
    separator = max((b",", b"|", b" "), key=line.count)
    cells = line.split(separator)
    cells[rng.randrange(len(cells))] = rng.choice(BAD_CELLS).encode()
    return separator.join(cells)


def records_of(trace: Trace) -> int:
    """Records that came out of a file of jobs or of nodes."""
    return max(len(trace.jobs), len(trace.nodes))


def survives(
    read: Callable[..., Trace],
    path: Path,
    seed: int,
    *,
    count: Callable[[Trace], int] = records_of,
    on_errors: tuple[str, ...] = ("raise", "drop"),
    **options: Any,
) -> int:
    """Read many damaged copies of a file; gives how many of them were refused.

    A copy is either refused with an error of ours, or its account adds up: what came out and what
    was dropped is what was read.
    """
    print(f"seed {seed}")
    rng = random.Random(seed)
    refused = 0
    for what, data in damaged(path.read_bytes(), rng):
        copy = path.with_name("damaged" + path.suffix)
        copy.write_bytes(data)
        for on_error in on_errors:
            given = {"on_error": on_error, **options} if on_error else options
            complaint = _complaint(read, copy, count, **given)
            assert complaint is None or copy.name in complaint, (what, complaint)
            refused += complaint is not None
    return refused


def _complaint(
    read: Callable[..., Trace], path: Path, count: Callable[[Trace], int], **options: Any
) -> str | None:
    """What the reader complains of, or None where it read the file."""
    try:
        trace = read(path, **options)
    except FairleadError as error:
        return str(error)
    assert count(trace) + sum(trace.meta.dropped.values()) == trace.meta.read, trace.meta
    if "duration_s" in trace.jobs:
        values = trace.jobs["duration_s"].to_numpy(dtype=float)
        assert (np.isnan(values) | (values >= 0)).all()
    return None
