"""What Slurm writes into cells: durations, memory, TRES lists, array ranges, lists of hosts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError

__all__ = [
    "Tres",
    "array_indices",
    "duration_s",
    "expand_hosts",
    "floats_of",
    "gres",
    "map_cells",
    "memory_gib",
    "tres",
]

# How Slurm says that there is no value.
_NOTHING = {"", "none", "unknown", "unlimited", "partition_limit", "n/a", "(null)", "invalid"}
_DURATION = re.compile(
    r"(?:(?P<d>\d{1,6})-)?(?P<a>\d{1,9})(?::(?P<b>\d{1,9}))?(?::(?P<c>\d{1,9}))?(?P<f>\.\d{1,9})?"
)
_MEMORY = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)([BKMGTPE]?)")
_GIB = {"B": 2.0**-30, "K": 2.0**-20, "M": 2.0**-10, "G": 1.0, "T": 2.0**10, "P": 2.0**20}
_GIB["E"] = 2.0**30
_COUNT = re.compile(r"\d{1,12}")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?")
_BRACKETS = re.compile(r"([^\[\],]*)\[([^\]]*)\]")
_MOST = 1_000_000
# TRES that say nothing a job asks of a node, or that other columns say.
_NOT_ASKED = {"billing", "energy", "vmem", "pages", "fs/disk", "fs/lustre"}


class Tres(NamedTuple):
    """A TRES list over the whole job; NaN = not in the list."""

    cpus: float = np.nan
    memory_gib: float = np.nan
    nodes: float = np.nan
    gpus: float = np.nan
    gpu_type: str = ""
    others: tuple[str, ...] = ()


def duration_s(text: str) -> float:
    """Seconds of ``[days-]hours:minutes:seconds``, ``minutes:seconds`` or ``days-hours``.

    NaN where Slurm says that there is no limit or no time.

    Raises
    ------
    ValueError
        Another form.

    Examples
    --------
    >>> duration_s("1-02:03:04"), duration_s("02:03"), duration_s("UNLIMITED")
    (93784.0, 123.0, nan)
    """
    if text.lower() in _NOTHING:
        return np.nan
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration such as 1-12:30:00")
    days, a, b, c, fraction = match.group("d", "a", "b", "c", "f")
    if days is None and b is None:  # a bare number is minutes, as in --time
        return int(a) * 60.0
    if days is None and c is None:
        hours, minutes, seconds = 0, int(a), int(b)
    else:
        hours, minutes, seconds = int(a), int(b or 0), int(c or 0)
    return int(days or 0) * 86400.0 + hours * 3600 + minutes * 60 + seconds + float(fraction or 0)


def memory_gib(text: str, plain: str = "M") -> float:
    """GiB of an amount with a unit of 1024; without one the unit is ``plain``.

    Raises
    ------
    ValueError
        Not an amount.

    Examples
    --------
    >>> memory_gib("16G"), memory_gib("512"), memory_gib("2048K", "B")
    (16.0, 0.5, 0.001953125)
    """
    if text.lower() in _NOTHING:
        return np.nan
    match = _MEMORY.fullmatch(text.upper())
    if match is None:
        raise ValueError("an amount of memory such as 16G")
    return float(match.group(1)) * _GIB[match.group(2) or plain]


def tres(text: str) -> Tres:
    """A list such as ``cpu=4,mem=16G,node=1,gres/gpu=2,gres/gpu:a100=2,billing=4``.

    Raises
    ------
    ValueError
        An entry is not ``name=amount``.

    Examples
    --------
    >>> tres("cpu=4,mem=16G,node=1,gres/gpu:a100=2").gpu_type
    'a100'
    """
    if text.lower() in _NOTHING:
        return Tres()
    amounts = dict(_entry(part) for part in text.split(",") if part)
    typed = {
        name.partition(":")[2]: _count(amount)
        for name, amount in amounts.items()
        if name.startswith("gres/gpu:")
    }
    gpus = _count(amounts["gres/gpu"]) if "gres/gpu" in amounts else sum(typed.values())
    known = {"cpu", "mem", "node", "gres/gpu", *_NOT_ASKED}
    return Tres(
        cpus=_count(amounts["cpu"]) if "cpu" in amounts else np.nan,
        memory_gib=memory_gib(amounts["mem"]) if "mem" in amounts else np.nan,
        nodes=_count(amounts["node"]) if "node" in amounts else np.nan,
        gpus=float(gpus),
        gpu_type="|".join(sorted(kind for kind, count in typed.items() if count)),
        others=tuple(n for n in amounts if n not in known and not n.startswith("gres/gpu:")),
    )


def gres(text: str) -> tuple[float, str]:
    """GPUs and their type of a generic-resource list: ``gpu:a100:4(S:0-1),shard:8``.

    Raises
    ------
    ValueError
        The count of GPUs is not a whole number.

    Examples
    --------
    >>> gres("gpu:a100:4(S:0-1),nvme:1"), gres("gpu:2"), gres("gpu"), gres("(null)")
    ((4.0, 'a100'), (2.0, ''), (1.0, ''), (0.0, ''))
    """
    text = re.sub(r"\([^)]*\)", "", text)
    total, kinds = 0.0, []
    for part in text.split(","):
        name, *rest = part.strip().split(":")
        if name.removeprefix("gres/") != "gpu":
            continue
        counted = len(rest) > 1 or (rest and _COUNT.fullmatch(rest[0]))
        count = rest.pop() if counted else "1"
        total += _count(count)
        kinds += rest[:1]
    return total, "|".join(sorted(set(kinds)))


def array_indices(text: str) -> list[int]:
    """The tasks of a pending array, as in ``123_[5-9,12%2]`` (the part in brackets).

    Raises
    ------
    ValueError
        Not a list of numbers and ranges, as when Slurm cut it short with dots.

    Examples
    --------
    >>> array_indices("5-7,12%2"), array_indices("0-6:3")
    ([5, 6, 7, 12], [0, 3, 6])
    """
    indices: list[int] = []
    for part in text.partition("%")[0].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError("array tasks such as 123_[5-9,12%2]")
        first, last, step = match.groups()
        span = range(int(first), int(last or first) + 1, int(step or 1) or 1)
        if len(span) == 0 or len(span) + len(indices) > _MOST:
            raise ValueError("array tasks such as 123_[5-9,12%2]")
        indices += span
    return indices


def expand_hosts(text: str) -> list[str]:
    """The hosts of a list such as ``node[001-003,007],login1``.

    Raises
    ------
    ValueError
        A range that is empty or not closed, or more than a million hosts.

    Examples
    --------
    >>> expand_hosts("node[08-10],login1")
    ['node08', 'node09', 'node10', 'login1']
    """
    hosts: list[str] = []
    for item in re.findall(r"(?:[^,\[]|\[[^\]]*\])+|\[", text):
        hosts += _expand_one(item)
        if len(hosts) > _MOST:
            raise ValueError("at most a million hosts")
    return hosts


def map_cells(cells: pd.Series[Any], parse: Callable[[str], Any]) -> tuple[list[Any], Any, Any]:
    """The parsed distinct cells, the position of each row among them, and the rows that parse.

    Cells repeat, so each distinct one is parsed once.
    """
    codes, uniques = pd.factorize(cells)
    parsed, fine = [], np.ones(len(uniques) + 1, dtype=bool)
    blank = parse("")
    for i, text in enumerate(uniques.tolist()):
        try:
            parsed.append(parse(text.strip()))
        except (ValueError, InvalidInputError):
            parsed.append(blank)
            fine[i] = False
    return [*parsed, blank], codes, fine[codes]


def floats_of(cells: pd.Series[Any], parse: Callable[[str], float]) -> tuple[Any, Any]:
    """The parsed cells as floats, and the rows that parse."""
    parsed, codes, fine = map_cells(cells, parse)
    values: NDArray[np.float64] = np.array(parsed, dtype=np.float64)[codes]
    return values, fine


def _entry(part: str) -> tuple[str, str]:
    name, equals, amount = part.partition("=")
    if not name or not equals:
        raise ValueError("a TRES list such as cpu=4,mem=16G")
    return name.strip().lower(), amount.strip()


def _count(text: str) -> float:
    if not _COUNT.fullmatch(text):
        raise ValueError("a TRES list with whole counts")
    return float(text)


def _expand_one(item: str) -> list[str]:
    names = [""]
    at = 0
    for match in _BRACKETS.finditer(item):
        ranges = [host for part in match.group(2).split(",") for host in _host_range(part)]
        names = [name + match.group(1) + host for name in names for host in ranges]
        if len(names) > _MOST:
            raise ValueError("at most a million hosts")
        at = match.end()
    rest = item[at:].strip()
    if "[" in rest or "]" in rest:
        raise ValueError("a list of hosts such as node[01-16]")
    return [name + rest for name in names]


def _host_range(part: str) -> list[str]:
    match = _RANGE.fullmatch(part)
    if match is None or match.group(3):
        raise ValueError("a list of hosts such as node[01-16]")
    first, last = match.group(1), match.group(2) or match.group(1)
    span = range(int(first), int(last) + 1)
    if not 0 < len(span) <= _MOST:
        raise ValueError("a list of hosts such as node[01-16]")
    return [str(number).zfill(len(first)) for number in span]
