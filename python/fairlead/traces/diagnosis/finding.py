"""What a check says: how bad, how many, which rows, what it means, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["SEVERITIES", "Finding", "remedy_call", "rows_where"]

#: Worst first: a simulation refuses the trace or is meaningless; its results change; good to know.
SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is odd with a trace.

    Attributes
    ----------
    name : str
    severity : {"critical", "warning", "info"}
    count : int
        Jobs (or what the message counts) it concerns.
    message : str
        What was found, with figures.
    consequence : str
        What it does to a simulation.
    remedy : str
        The call that mends it, where ``trace`` is the trace and ``cluster`` the cluster; blank for
        what cannot be mended and only has to be said with a result.
    rows : int array
        Positions in the jobs table, those that show it best first.
    """

    name: str
    severity: Literal["critical", "warning", "info"]
    count: int
    message: str
    consequence: str
    remedy: str
    rows: NDArray[np.int64]


def remedy_call(name: str, **options: Any) -> str:
    """The call that applies a remedy, as Python.

    Examples
    --------
    >>> remedy_call("scale", column="limit_s", factor=60)
    "traces.remedy(trace, 'scale', column='limit_s', factor=60)"
    """
    given = "".join(
        f", {key}={'cluster' if key == 'cluster' else repr(value)}"
        for key, value in options.items()
        if value is not None
    )
    return f"traces.remedy(trace, {name!r}{given})"


def rows_where(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Positions where a mask holds.

    Examples
    --------
    >>> rows_where(np.array([False, True, True])).tolist()
    [1, 2]
    """
    return np.flatnonzero(mask).astype(np.int64)
