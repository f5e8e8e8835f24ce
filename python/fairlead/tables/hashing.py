"""A 64-bit name for the content of a table, to tell two inputs apart in a result's header."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from fairlead.tables.ids import TextIds
from fairlead.tables.times import TimeKind

__all__ = ["trace_hash"]


def trace_hash(columns: Any) -> str:
    """Hex digits of a 64-bit hash of the content: names, types and values, row order included.

    Parameters
    ----------
    columns : JobColumns, NodeColumns, EventColumns, or dict of str to array

    Returns
    -------
    str
        16 hex digits; the same on every machine of one byte order.

    Examples
    --------
    >>> import numpy as np
    >>> trace_hash({"cpus": np.array([1, 2])}) == trace_hash({"cpus": np.array([2, 1])})
    False
    """
    digest = hashlib.blake2b(digest_size=8)
    for name, value in _items(columns):
        digest.update(f"{name}:".encode())
        if isinstance(value, TimeKind) and value.tz is not None:
            value = replace(value, tz=str(value.tz))  # libraries name one zone by text or by object
        if isinstance(value, np.ndarray) and value.dtype != object:
            digest.update(f"{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).view(np.uint8).data)
        else:
            listed = value.tolist() if isinstance(value, np.ndarray | TextIds) else value
            digest.update(repr(listed).encode())
    return digest.hexdigest()


def _items(columns: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(columns):
        pairs = [(field.name, getattr(columns, field.name)) for field in fields(columns)]
    else:
        pairs = list(columns.items())
    for name, value in pairs:
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value
