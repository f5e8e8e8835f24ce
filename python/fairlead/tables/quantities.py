"""Amounts of resources to exact integers: requests round up, capacities down."""

from __future__ import annotations

import math

import numpy as np

from fairlead.tables.blocks import blocks
from fairlead.tables.frames import Bools, Floats, Ints, Numbers, Table
from fairlead.tables.schema import DEVICES, unit_of

__all__ = ["MAX_UNITS", "bytes_of_gib", "capacity_units", "request_units", "whole_numbers"]

#: Largest amount in integer units; below the int64 end, so that one sum of two cannot wrap.
MAX_UNITS = 9_000_000_000_000_000_000

_GIB = 2**30


def request_units(table: Table, column: str) -> Ints | None:
    """Requests in integer units, rounded up; None where no row asks anything.

    Devices are 0, a share below 1, or whole. A missing request asks nothing.

    Raises
    ------
    InvalidInputError
        Negative, infinite, too large, or a fraction of devices above 1; names the row.
    """
    numbers = table.numbers(column)
    values = numbers.filled(0)
    if not values.any():
        return None
    unit = unit_of(column)
    if column in DEVICES:
        whole = values == np.trunc(values)
        table.require(
            (values >= 0) & (whole | (values < 1)) & (values <= MAX_UNITS // unit),
            column,
            "0, a share below 1, or whole",
            "round it up or give tasks=2",
        )
    else:
        _require_amount(table, column, values, unit)
    return _scaled(values, unit, numbers.eps, up=True)


def capacity_units(table: Table, column: str) -> Ints:
    """Capacities in integer units, rounded down; devices are whole and missing is none.

    Raises
    ------
    InvalidInputError
        Negative, infinite, too large, or a fraction of a device; names the row.
    """
    numbers = table.numbers(column)
    values = numbers.filled(0)
    unit = unit_of(column)
    _require_amount(table, column, values, unit)
    if column in DEVICES:
        whole = values == np.trunc(values)
        table.require(whole, column, "a whole number of devices", "round it down")
    return _scaled(values, unit, numbers.eps, up=False)


def bytes_of_gib(table: Table, column: str, *, up: bool) -> Ints:
    """GiB as bytes, rounded up for requests and down for capacities; missing is -1.

    Raises
    ------
    InvalidInputError
        Negative, infinite or too large; names the row.
    """
    numbers = table.numbers(column)
    values = numbers.filled(0)
    _require_amount(table, column, values, _GIB)
    made = _scaled(values, _GIB, numbers.eps, up=up)
    if numbers.missing is not None:
        made[numbers.missing] = -1
    return made


def whole_numbers(
    table: Table,
    column: str,
    *,
    least: int,
    most: int,
    default: int,
    numbers: Numbers | None = None,
) -> Ints:
    """Whole numbers in a range; missing rows take the default.

    Raises
    ------
    InvalidInputError
        Not whole or out of range; names the row.
    """
    numbers = table.numbers(column) if numbers is None else numbers
    values = numbers.filled(default)
    ok: Bools = (values >= least) & (values <= most) & (values == np.trunc(values))
    table.require(
        ok, column, f"a whole number from {least} to {most}", "mend the value", numbers.missing
    )
    return values.astype(np.int64)


def _require_amount(table: Table, column: str, values: Ints | Floats, unit: int) -> None:
    most = MAX_UNITS // unit
    table.require_range(
        values,
        0,
        most,
        column,
        f"a finite amount from 0 to {most:.3g}",
        "mend the value, or leave it missing for none",
    )


def _scaled(values: Ints | Floats, unit: int, eps: float, *, up: bool) -> Ints:
    """Amounts times unit as integers; the caller has checked the range."""
    made = np.empty(len(values), dtype=np.int64)
    # 0.1 cores are 100 millicores, although 0.1 * 1000 > 100 in binary: a product within rounding
    # error of a whole number is that number.
    tolerance = 0.0 if math.log2(unit).is_integer() else 4 * eps
    for block in blocks(len(values)):
        given = values[block]
        if given.dtype.kind == "i":
            np.multiply(given, unit, out=made[block])
            continue
        scaled = given * float(unit)
        nearest = np.rint(scaled)
        off = scaled != nearest
        if off.any():
            really = off & (np.abs(scaled - nearest) > tolerance * np.abs(scaled))
            rounded = np.ceil(scaled) if up else np.floor(scaled)
            nearest = np.where(really, rounded, nearest)
        made[block] = nearest
    return made
