"""Numbers as people say them."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from fairlead.tables import clock

__all__ = [
    "amount",
    "clock",
    "count",
    "hours_of",
    "moment",
    "share",
    "unbroken",
    "unit_of_resource",
]

_NAMES = {
    "cpus": "CPUs",
    "gpus": "GPUs",
    "tpus": "TPUs",
    "fpgas": "FPGAs",
    "memory_gib": "GiB of memory",
    "storage_gib": "GiB of storage",
    "network_gbps": "Gb/s of network",
}
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|h|d|%)(?!\w))")
_SINGLE = {"memory_gib": "GiB", "storage_gib": "GiB", "network_gbps": "Gb/s"}


def unit_of_resource(resource: str) -> str:
    """What the units of a resource are called.

    Examples
    --------
    >>> unit_of_resource("gpus"), unit_of_resource("memory_gib")
    ('GPUs', 'GiB of memory')
    """
    return _NAMES.get(resource, resource)


def hours_of(resource: str) -> str:
    """What an hour of one unit is called.

    Examples
    --------
    >>> hours_of("gpus"), hours_of("memory_gib"), hours_of("licences")
    ('GPU-hours', 'GiB-hours', 'licence-hours')
    """
    single = _SINGLE.get(resource, unit_of_resource(resource).removesuffix("s"))
    return f"{single}-hours"


def share(fraction: float, digits: int = 1) -> str:
    """A part of one in per cent.

    Examples
    --------
    >>> share(0.7312), share(0.7312, 0), share(math.nan)
    ('73.1 %', '73 %', '–')
    """
    return f"{fraction * 100:.{digits}f} %" if math.isfinite(fraction) else "–"


def amount(value: float) -> str:
    """A quantity with as many digits as say something.

    Examples
    --------
    >>> amount(41099.6), amount(128.0), amount(12.37), amount(0.123), amount(math.nan)
    ('41,100', '128', '12.4', '0.12', '–')
    """
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def count(number: int, noun: str) -> str:
    """A number of things.

    Examples
    --------
    >>> count(1, "job"), count(12000, "job")
    ('1 job', '12,000 jobs')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def moment(time: Any) -> str:
    """A point in time: a date to the minute, or seconds as a duration from zero.

    Examples
    --------
    >>> moment(pd.Timestamp("2026-01-05 09:00")), moment(90_000.0), moment(pd.NaT)
    ('2026-01-05 09:00', '25 h', '–')
    """
    if pd.isna(time):
        return "–"
    return f"{time:%Y-%m-%d %H:%M}" if isinstance(time, pd.Timestamp) else clock(float(time))


def unbroken(text: str) -> str:
    """Text whose numbers keep to their units at the end of a line.

    Examples
    --------
    >>> unbroken("1 h 5 min of 20 %").split(" ")
    ['1\\xa0h', '5\\xa0min', 'of', '20\\xa0%']
    """
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)
