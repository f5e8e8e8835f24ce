"""The load balance of the documents."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairlead.errors import InvalidInputError

__all__ = ["least_loaded"]


def least_loaded(loads: ArrayLike, capacities: ArrayLike) -> int:
    r"""The resource with the smallest load for its capacity.

    .. math:: \operatorname{argmin}_i \; C_i / T_i

    Parameters
    ----------
    loads, capacities : array, shape (n,)
        Load in use and capacity of each resource, in one unit; capacities above 0. A load above its
        capacity is allowed.

    Returns
    -------
    int
        Position of the resource; ties go to the first.

    Raises
    ------
    InvalidInputError
        Not one-dimensional, of unlike lengths, empty, or a value out of range.

    Notes
    -----
    The documents' example has loads 20, 40, 30 on capacities 50, 100, 80, and picks the first with
    0.4. Its own formula gives 0.4, 0.4 and 0.375: the third. `match` and `schedule` have the rule
    over several resources as ``balanced``.

    Examples
    --------
    >>> least_loaded([20, 40, 30], [50, 100, 80])
    2
    """
    load, capacity = np.asarray(loads, dtype=np.float64), np.asarray(capacities, dtype=np.float64)
    if load.ndim != 1 or load.shape != capacity.shape or load.size == 0:
        raise InvalidInputError(
            f"loads and capacities must be of one dimension and equally long, at least 1; got "
            f"shapes {load.shape} and {capacity.shape}"
        )
    for name, values, ok in (
        ("loads", load, np.isfinite(load) & (load >= 0)),
        ("capacities", capacity, np.isfinite(capacity) & (capacity > 0)),
    ):
        if not ok.all():
            i = int(np.argmin(ok))
            least = "at least 0" if name == "loads" else "above 0"
            raise InvalidInputError(f"{name} must be finite and {least}; entry {i} is {values[i]}")
    return int(np.argmin(load / capacity))
