"""Allocation models by formula: headroom, weighted priority, knapsack.

The first two come with worked numbers in the documents this package follows, and with one number
each that their own formula contradicts; the docstrings say which, and the tests hold the formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from fairlead.allocation._checks import refuse_negative, vector, whole
from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Knapsack", "headroom", "knapsack", "weighted_priority"]

# Cells (items times states) the knapsack table may have: one byte each.
_KNAPSACK_CELLS = 100_000_000


@overload
def headroom(
    requested: float, maximum: float, allocated: float, *, overcommit: bool = False
) -> float: ...
@overload
def headroom(
    requested: ArrayLike, maximum: ArrayLike, allocated: ArrayLike, *, overcommit: bool = False
) -> Floats: ...
def headroom(
    requested: ArrayLike, maximum: ArrayLike, allocated: ArrayLike, *, overcommit: bool = False
) -> Floats | float:
    r"""Capacity to set aside: the larger of what is requested and what is free.

    .. math:: \max(R_{req},\; R_{max} - R_{alloc})

    Parameters
    ----------
    requested, maximum, allocated : float or array
        Units of one resource: asked for in advance, in existence, in use.
    overcommit : bool, default False
        Allow to set aside more than is free.

    Returns
    -------
    float or array
        Units set aside: all that is free, unless more is requested and `overcommit` is given.

    Raises
    ------
    InvalidInputError
        A request exceeds what is free and `overcommit` is not given, or an amount is negative.

    Notes
    -----
    Without `overcommit` the formula sets aside everything that is free, so no default of this
    package uses it. The documents' example gives 30, 60 and 55; the third is 50 by the formula they
    print above it, and 50 here.

    Examples
    --------
    With 100 units of each of three resources:

    >>> from fairlead.allocation import headroom
    >>> headroom([20, 50, 40], [100, 100, 100], [70, 40, 50]).tolist()
    [30.0, 60.0, 50.0]
    >>> headroom(40, 100, 70, overcommit=True)
    40.0
    """
    req, top, used = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (requested, maximum, allocated))
    )
    for name, amount in (("requested", req), ("maximum", top), ("allocated", used)):
        refuse_negative(name, amount)
    free = top - used
    too_much = np.flatnonzero(req.ravel() > free.ravel())
    if too_much.size and not overcommit:
        i = int(too_much[0])
        raise InvalidInputError(
            f"requested must be at most what is free, maximum - allocated; row {i} asks "
            f"{req.ravel()[i]:g} of {free.ravel()[i]:g}; ask for less or give overcommit=True"
        )
    result = np.maximum(req, free)
    return float(result) if result.ndim == 0 else result


@overload
def weighted_priority(
    time_h: float, urgency: float, *, alpha: float = 0.5, beta: float = 0.5
) -> float: ...
@overload
def weighted_priority(
    time_h: ArrayLike, urgency: ArrayLike, *, alpha: float = 0.5, beta: float = 0.5
) -> Floats: ...
def weighted_priority(
    time_h: ArrayLike, urgency: ArrayLike, *, alpha: float = 0.5, beta: float = 0.5
) -> Floats | float:
    r"""Priority of jobs from their length and urgency; higher goes first.

    .. math:: P = \alpha T + \beta E

    Parameters
    ----------
    time_h : float or array
        Estimated run time T (h).
    urgency : float or array
        Urgency E, in a unit of the user's choice.
    alpha, beta : float, default 0.5
        Weights of time (per hour) and urgency.

    Returns
    -------
    float or array
        The priority P.

    Notes
    -----
    A positive alpha favours long jobs; shortest job first is a negative alpha with ``beta=0``. The
    same formula orders a queue as ``schedule(policy="weighted", alpha=..., beta=...)``. The
    documents' example with 0.5 and 0.5 gives 6, 4 and 9; the third is 8 by their formula, and here.

    Examples
    --------
    >>> from fairlead.allocation import weighted_priority
    >>> weighted_priority([4, 2, 6], [8, 6, 10]).tolist()
    [6.0, 4.0, 8.0]
    """
    result = alpha * np.asarray(time_h, float) + beta * np.asarray(urgency, float)
    return float(result) if np.ndim(result) == 0 else np.asarray(result)


@dataclass(frozen=True, eq=False)
class Knapsack:
    """The most valuable set of items that fits.

    Attributes
    ----------
    chosen : array of int
        Rows of the items taken, ascending.
    value : float
        Their total value.
    """

    chosen: NDArray[np.intp]
    value: float


def knapsack(values: ArrayLike, weights: ArrayLike, capacity: ArrayLike) -> Knapsack:
    """Most valuable set of items within every capacity, exactly, by dynamic programming.

    Parameters
    ----------
    values : array, shape (items,)
        What each item is worth; at least 0.
    weights : array, shape (items,) or (items, resources)
        Whole units of each resource an item needs.
    capacity : int or array, shape (resources,)
        Whole units of each resource there are.

    Returns
    -------
    Knapsack
        The items taken and their value. Of sets of equal value, one that leaves later items out.

    Raises
    ------
    InvalidInputError
        A shape is wrong, a number negative, a weight not whole, or the table would exceed
        100 million cells, ``items * prod(capacity + 1)`` after each resource is divided by the
        greatest common divisor of its weights.

    Notes
    -----
    ``best[c] = max(best[c], best[c - weight] + value)`` over every capacity vector c, item by item:
    O(items * prod(capacity + 1)) time and as many bytes.

    References
    ----------
    .. [1] Kellerer, Pferschy and Pisinger, Knapsack Problems, Springer 2004, chapter 9.

    Examples
    --------
    Jobs that need (GPUs, 64 GiB blocks of memory) on one node with 8 and 16:

    >>> from fairlead.allocation import knapsack
    >>> best = knapsack([10, 7, 6, 4], [[8, 4], [4, 8], [4, 4], [2, 8]], [8, 16])
    >>> best.chosen.tolist(), best.value
    ([1, 2], 13.0)
    """
    worth = vector("values", values)
    room = np.atleast_1d(whole("capacity", capacity))
    size = whole("weights", weights)
    size = size.reshape(-1, 1) if size.ndim == 1 and room.size == 1 else size
    if size.shape != (worth.size, room.size):
        raise InvalidInputError(
            f"weights must have shape {(worth.size, room.size)}, items by resources; "
            f"got {size.shape}"
        )
    fits = np.flatnonzero((size <= room).all(axis=1))
    size, room = _shrink(size[fits], room)
    taken = _knapsack_table(worth[fits], size, room)
    chosen: list[int] = []
    at = room.copy()
    for i in range(fits.size - 1, -1, -1):
        if taken[(i, *at)]:
            chosen.append(int(fits[i]))
            at = at - size[i]
    rows = np.array(chosen[::-1], dtype=np.intp)
    return Knapsack(rows, float(worth[rows].sum()))


def _shrink(
    size: NDArray[np.int64], room: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same choice in a smaller table: resources divided by their weights' common divisor."""
    divisor = np.maximum(np.gcd.reduce(size, axis=0), 1)
    # Room beyond the sum of all weights is never used either.
    return size // divisor, np.minimum(room // divisor, (size // divisor).sum(axis=0))


def _knapsack_table(
    worth: Floats, size: NDArray[np.int64], room: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each item is taken in the best set of it and earlier ones, for every capacity."""
    states = float(np.prod(room.astype(float) + 1))
    if worth.size * states > _KNAPSACK_CELLS:
        raise InvalidInputError(
            f"the knapsack table would have {worth.size} items x {states:.3g} states, more than "
            f"{_KNAPSACK_CELLS:.0e} cells; use coarser units or fewer items, or "
            "allocation_matrix(), which does not enumerate states"
        )
    best = np.zeros(room + 1)
    taken = np.zeros((worth.size, *(room + 1)), dtype=bool)
    for i in range(worth.size):
        to = tuple(slice(int(w), None) for w in size[i])
        origin = tuple(slice(0, int(c - w + 1)) for w, c in zip(size[i], room, strict=True))
        with_item = best[origin] + worth[i]
        taken[i][to] = with_item > best[to]
        best[to] = np.maximum(best[to], with_item)
    return taken
