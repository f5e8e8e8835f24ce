"""Inventories of unlike nodes that Alibaba published without their jobs."""

from __future__ import annotations

from os import PathLike
from typing import Any, Literal

import pandas as pd

from fairlead.traces.records import Records, read_records
from fairlead.traces.trace import Trace, no_events, no_jobs

__all__ = ["ALIBABA_NODES_HEADERS", "alibaba_nodes", "read_alibaba_nodes"]

# The names of each inventory, by what they hold.
_PAI = {"node_id": "machine", "cpus": "cap_cpu", "memory_gib": "cap_mem", "gpus": "cap_gpu"}
_SPOT = {"node_id": "node_name", "cpus": "cpu_num", "gpus": "gpu_capacity_num"}
ALIBABA_NODES_HEADERS = (tuple(_PAI.values()), tuple(_SPOT.values()))
_TYPE = {"machine": "gpu_type", "node_name": "gpu_model"}


def read_alibaba_nodes(
    path: str | PathLike[str], *, on_error: Literal["raise", "drop"] = "raise"
) -> Trace:
    """Read ``pai_machine_spec`` (GPU 2020, with a header line) or ``node_info_df`` (spot GPU 2026).

    Parameters
    ----------
    path : path
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``nodes``: ``node_id``, ``cpus``, ``memory_gib`` (2020 only), ``gpus``, ``gpu_type``
        (missing for nodes without GPUs); no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    Memory that the publisher calls GB is taken as GiB, as sizes such as 512 are.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "node_info_df.csv"
    >>> _ = file.write_text("gpu_model,gpu_capacity_num,cpu_num,node_name\\nA10,1,128,7\\n")
    >>> read_alibaba_nodes(file).cluster().capacity
    {'cpus': 128.0, 'gpus': 1.0}
    """
    records = read_records(path, on_error=on_error)
    nodes = alibaba_nodes(records)
    return Trace(no_jobs(), nodes, no_events(), records.meta("alibaba_nodes"))


def alibaba_nodes(records: Records) -> pd.DataFrame:
    """The nodes table of either inventory."""
    names = _SPOT if "node_name" in records else _PAI
    records.need(*names.values(), _TYPE[names["node_id"]])
    node = records.text(names["node_id"])
    records.require(node.notna(), names["node_id"], "a name")
    records.require_distinct(names["node_id"], node)
    kind = records.text(_TYPE[names["node_id"]])
    columns: dict[str, Any] = {"node_id": node, "cpus": records.numbers(names["cpus"])}
    if "memory_gib" in names:
        columns["memory_gib"] = records.numbers(names["memory_gib"])
    columns["gpus"] = records.numbers(names["gpus"], whole=True)
    columns["gpu_type"] = pd.Categorical(kind.mask(kind == "CPU"))
    return records.nodes(columns)
