"""Totals over a job as a gang: so many tasks, so much for each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError

__all__ = ["NODE_GPUS", "UNEVEN", "check_node_gpus", "split_by_size", "spread"]

_MOST_GPUS = 1024

#: What readers count under ``meta.repaired`` for the gangs that `spread` could not keep by node.
UNEVEN = "GPUs uneven over the nodes, so one task a GPU"
#: GPUs of a node where a log says nothing of nodes: those of the usual training server.
NODE_GPUS = 8


def check_node_gpus(node_gpus: int) -> None:
    """Refuse GPUs of a node that no node has.

    Raises
    ------
    InvalidInputError
        Not whole, or not from 1 to 1024.

    Examples
    --------
    >>> check_node_gpus(8)
    """
    if node_gpus != int(node_gpus) or not 1 <= node_gpus <= _MOST_GPUS:
        raise InvalidInputError(f"node_gpus must be whole, from 1 to 1024; got {node_gpus!r}")


def spread(
    gpus: Any, nodes: Any, even: Any = True
) -> tuple[NDArray[np.int64], Any, NDArray[np.bool_]]:
    """Tasks, GPUs of each, and where the GPUs were uneven, for jobs of so many GPUs on nodes.

    One task a node where the GPUs divide evenly (or there are none) and are not known to lie
    unevenly, else one task a GPU, because the tasks of a gang are alike.

    Examples
    --------
    >>> tasks, each, uneven = spread(np.array([16.0, 6.0, 0.0]), np.array([2, 4, 3]))
    >>> tasks.tolist(), each.tolist(), uneven.tolist()
    ([2, 6, 3], [8.0, 1.0, 0.0], [False, True, False])
    """
    gpus = np.nan_to_num(np.asarray(gpus, dtype=np.float64))
    nodes = np.maximum(np.nan_to_num(np.asarray(nodes, dtype=np.float64), nan=1.0), 1.0)
    uneven = (gpus % nodes != 0) | (~np.asarray(even, dtype=bool) & (gpus > 0))
    tasks = np.where(uneven, gpus, nodes)
    return tasks.astype(np.int64), np.where(uneven, 1.0, gpus / tasks), uneven


def split_by_size(gpus: Any, node_gpus: int) -> tuple[NDArray[np.int64], Any, NDArray[np.bool_]]:
    """As `spread`, for a log that does not say the nodes: as few of ``node_gpus`` GPUs as do.

    Examples
    --------
    >>> tasks, each, _ = split_by_size(np.array([4.0, 32.0, 12.0]), 8)
    >>> tasks.tolist(), each.tolist()
    ([1, 4, 2], [4.0, 8.0, 6.0])
    """
    gpus = np.asarray(gpus, dtype=np.float64)
    return spread(gpus, np.ceil(np.nan_to_num(gpus) / node_gpus))
