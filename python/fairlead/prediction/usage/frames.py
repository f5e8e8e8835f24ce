"""Usage frames as the core takes them: keys as codes, times in ns, amounts in base units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables.frames import Codes, Floats, Ints, Table
from fairlead.tables.times import read_times

__all__ = ["RESOURCES", "Keys", "Resource", "Use", "read_usage"]

_GIB = float(1 << 30)
# First bucket, largest value and growth of the VPA's histograms.
_CORES = (0.01, 1000.0, 1.05)
_BYTES = (1e7, 1e12, 1.05)


@dataclass(frozen=True)
class Resource:
    """How a resource is sampled.

    Attributes
    ----------
    unit : float
        Base units (cores, devices, bytes) of one unit of the column.
    buckets : tuple of float
        First, largest and growth of the buckets, in base units.
    peaks : bool
        What counts of a window is its peak.
    sample_weight : float
    checkpoint : str
        Name of its histogram in a checkpoint.
    """

    unit: float
    buckets: tuple[float, float, float]
    peaks: bool
    sample_weight: float
    checkpoint: str


RESOURCES = {
    "cpus": Resource(1.0, _CORES, False, 0.1, "cpuHistogram"),
    "memory_gib": Resource(_GIB, _BYTES, True, 1.0, "memoryHistogram"),
    "gpus": Resource(1.0, _CORES, False, 0.1, "gpusHistogram"),
    "gpu_memory_gib": Resource(_GIB, _BYTES, True, 1.0, "gpuMemoryHistogram"),
}


class Keys:
    """Keys and their members, numbered in order of appearance."""

    def __init__(self) -> None:
        self._key: dict[Any, int] = {}
        self._member: dict[tuple[int, Any], int] = {}

    def __len__(self) -> int:
        return len(self._key)

    @property
    def members(self) -> int:
        """Members of all keys together."""
        return len(self._member)

    def names(self) -> NDArray[Any]:
        """The keys by number: whole numbers, or else objects."""
        names = list(self._key)
        if names and all(isinstance(name, int) for name in names):
            return np.array(names, dtype=np.int64)
        array = np.empty(len(names), dtype=object)
        array[:] = names
        return array

    def add(self, keys: NDArray[Any], members: NDArray[Any] | None) -> tuple[Codes, Codes]:
        """Numbers of the rows' keys and members; new ones are added."""
        codes, names = pd.factorize(keys)
        numbers = [self._key.setdefault(_plain(name), len(self._key)) for name in names]
        key = np.array(numbers, dtype=np.int32)[codes] if len(codes) else codes.astype(np.int32)
        if members is None:
            return key, self._members_of(key, np.zeros(len(key), dtype=np.int64), [None])
        local, labels = pd.factorize(members)
        return key, self._members_of(key, local, [_plain(label) for label in labels])

    def _members_of(self, key: Codes, local: NDArray[Any], labels: list[Any]) -> Codes:
        pairs = key.astype(np.int64) * len(labels) + local if labels else key.astype(np.int64)
        codes, distinct = pd.factorize(pairs)
        numbers = []
        for pair in distinct.tolist():
            of_key, label = divmod(pair, len(labels))
            member = (of_key, labels[label])
            numbers.append(self._member.setdefault(member, len(self._member)))
        return np.array(numbers, dtype=np.int32)[codes] if len(codes) else codes.astype(np.int32)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True, eq=False)
class Use:
    """Samples of one resource: numbers of key and member, ns, base units."""

    key: Codes
    member: Codes
    time_ns: Ints
    value: Floats


def read_usage(
    usage: Any, by: str, member: str | None, keys: Keys, *, also_missing: bool = False
) -> dict[str, Use]:
    """The samples by resource, in order of time within each key; new keys are added to `keys`.

    Parameters
    ----------
    usage : frame
    by, member : str
        Columns of the keys and of their members (None: each key is one).
    keys : Keys
    also_missing : bool
        Keep the rows in which a resource is missing.

    Raises
    ------
    InvalidInputError
        A column is missing, a key or time is missing, a value is negative or infinite, or there is
        no column of a resource.
    """
    table = Table(usage, "usage", by)
    time_ns, missing, _ = read_times(table, "time")
    if missing is not None:
        raise table.bad("time", missing, "present", "drop the row or mend the cell")
    labels = [_labels(table, column) for column in (by, member) if column is not None]
    present = [name for name in RESOURCES if name in table]
    if not present:
        raise InvalidInputError(
            f"usage needs a column of a resource ({', '.join(RESOURCES)}); it has "
            f"{', '.join(table.columns)}"
        )
    values = {name: _amounts(table, name) for name in present}
    key, members = keys.add(labels[0], labels[1] if member is not None else None)
    order = _order(key, time_ns)
    used = {}
    for name, value in values.items():
        rows = np.arange(table.n) if order is None else order
        if not also_missing:
            rows = rows[~np.isnan(value[rows])]
        if order is None and len(rows) == table.n:
            used[name] = Use(key, members, time_ns, value)
        elif len(rows):
            used[name] = Use(key[rows], members[rows], time_ns[rows], value[rows])
    return used


def _labels(table: Table, column: str) -> NDArray[Any]:
    values = table.series(column).to_numpy()
    missing = np.asarray(pd.isna(values), dtype=bool)
    if missing.any():
        raise table.bad(column, missing, "present", "drop the row or mend the cell")
    return values


def _amounts(table: Table, resource: str) -> Floats:
    numbers = table.numbers(resource)
    value = numbers.filled(np.nan).astype(np.float64)
    table.require_range(
        value, 0.0, 1e15, resource, "from 0 to 1e15", "mend the cell", numbers.missing
    )
    return value * RESOURCES[resource].unit


def _order(key: Codes, time_ns: Ints) -> NDArray[np.intp] | None:
    """Rows by key, then time; None where each key's rows are in order of time already."""
    if len(key) < 2:
        return None
    later = time_ns[1:] >= time_ns[:-1]
    if later.all() or ((key[1:] > key[:-1]) | ((key[1:] == key[:-1]) & later)).all():
        return None
    return np.lexsort((time_ns, key))
