"""How many threads a call may use."""

from __future__ import annotations

import numbers
import os

from fairlead.errors import InvalidInputError

__all__ = ["thread_count"]


def thread_count(threads: int | None) -> int:
    """As given; by default as many as there are cores for this process."""
    if threads is None:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if not isinstance(threads, numbers.Integral) or isinstance(threads, bool) or threads < 1:
        raise InvalidInputError(f"threads must be at least 1, got {threads!r}")
    return int(threads)
