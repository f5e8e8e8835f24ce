"""Sia (SOSP 2023): training jobs for a cluster of several GPU types."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Literal

import pandas as pd

from fairlead.traces.pollux import POLLUX_HEADER, read_job_list
from fairlead.traces.pollux_tables import read_tables
from fairlead.traces.records import check_choice
from fairlead.traces.sniffing import header_names
from fairlead.traces.trace import Trace

__all__ = ["read_sia", "sniff_sia"]

#: GPUs of a node by type, and how many nodes the publisher's simulated cluster has.
_GPUS_PER_NODE = {"aws": 4, "azure": 8, "dgx-ext": 8, "rtx": 8, "quad": 4}
_CLUSTER = {"aws": 6, "dgx-ext": 2, "rtx": 3}


def read_sia(
    path: str | PathLike[str],
    *,
    tables: str | PathLike[str] | None = None,
    validation: str | PathLike[str] | None = None,
    gpu_type: str = "aws",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a workload of Sia, plain or gzip; name it, as the form is that of Pollux.

    Parameters
    ----------
    path : path
        ``name``, ``time`` (s), ``application``, ``num_replicas`` (GPUs), ``batch_size``.
    tables : path, optional
        The publisher's folder ``traces`` (`read_goodputs`). With it a job has the run time of its
        whole training with these GPUs of one type, packed on its nodes, and this batch size.
    validation : path, optional
        The folder ``traces`` of Pollux, for the statistical efficiency that Sia's folder leaves
        out; jobs of models without it are dropped and counted.
    gpu_type : {"aws", "azure", "dgx-ext", "rtx", "quad"}
        The type to take run times from: nodes of 4 T4, 8 V100, 8 A100, 8 RTX 2080 Ti, 4 Quadro
        RTX 6000.
    keep : iterable of str
        As for `read_pollux`.
    on_error : {"raise", "drop"}
        A malformed record is an error or is dropped and counted.

    Returns
    -------
    Trace
        As `read_pollux`; ``nodes``: the publisher's default cluster, 6 aws, 2 dgx-ext and 3 rtx
        nodes with 64 GPUs. Jobs may run on any type; their run time is that of `gpu_type`.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Subramanya et al., "Sia: heterogeneity-aware, goodput-optimized ML-cluster scheduling",
       SOSP 2023.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "workload-1.csv"
    >>> _ = file.write_text(
    ...     "name,time,application,num_replicas,batch_size\\ncifar10-0,401.0,cifar10,12,4096\\n"
    ... )
    >>> read_sia(file).cluster().capacity
    {'gpus': 64.0}
    """
    check_choice("gpu_type", gpu_type, _GPUS_PER_NODE)
    nodes = pd.concat(
        [
            pd.DataFrame(
                {
                    "node_id": [f"{kind}-{i}" for i in range(count)],
                    "gpus": _GPUS_PER_NODE[kind],
                    "gpu_type": kind,
                }
            )
            for kind, count in _CLUSTER.items()
        ],
        ignore_index=True,
    )
    measured = None if tables is None else read_tables(tables, gpu_type, validation)
    return read_job_list("sia", path, measured, nodes, _GPUS_PER_NODE[gpu_type], keep, on_error)


def sniff_sia(name: str, head: bytes) -> str | None:
    """Why a file is not read as Sia's unless the format is named.

    Examples
    --------
    >>> sniff_sia("a.csv", b"name,time,application,num_replicas,batch_size\\n")
    'its form is that of pollux; name it where it is of Sia'
    """
    reason = header_names(head, POLLUX_HEADER)
    return reason or "its form is that of pollux; name it where it is of Sia"
