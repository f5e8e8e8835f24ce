"""Long columns in parts."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["blocks"]

_ROWS = 1 << 15


def blocks(n: int) -> Iterator[slice]:
    """Rows in parts that stay in the cache: what lies between two steps then needs no memory.

    Examples
    --------
    >>> list(blocks(40_000))
    [slice(0, 32768, None), slice(32768, 40000, None)]
    """
    for begin in range(0, n, _ROWS):
        yield slice(begin, min(begin + _ROWS, n))
