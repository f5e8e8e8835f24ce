"""The only place where frames become columns and columns become frames.

`job_columns`, `node_columns` and `event_columns` check a frame of pandas, Polars or Arrow and give
the engine contiguous arrays in exact integer units; `to_native_like` and `TimeKind` lead back.
"""

from __future__ import annotations

from fairlead.tables.core import core_jobs, core_nodes, device_names, recoded
from fairlead.tables.events import EVENT_KINDS, EventColumns, event_columns
from fairlead.tables.frames import CellError, Table
from fairlead.tables.hashing import trace_hash
from fairlead.tables.ids import TextIds
from fairlead.tables.jobs import JobColumns, job_columns
from fairlead.tables.nodes import DEFAULT_POOL, NodeColumns, node_columns
from fairlead.tables.output import Coded, to_native_like, to_pandas, without_columns
from fairlead.tables.schema import (
    DEVICES,
    JOB_COLUMNS,
    JOB_LABELS,
    JOB_LATER,
    RESOURCES,
    UNITS,
    unit_of,
)
from fairlead.tables.times import (
    MAX_SECONDS,
    NAT,
    TimeKind,
    clock,
    ns_to_seconds,
    seconds_to_ns,
    spans_s,
)

__all__ = [
    "DEFAULT_POOL",
    "DEVICES",
    "EVENT_KINDS",
    "JOB_COLUMNS",
    "JOB_LABELS",
    "JOB_LATER",
    "MAX_SECONDS",
    "NAT",
    "RESOURCES",
    "UNITS",
    "CellError",
    "Coded",
    "EventColumns",
    "JobColumns",
    "NodeColumns",
    "Table",
    "TextIds",
    "TimeKind",
    "clock",
    "core_jobs",
    "core_nodes",
    "device_names",
    "event_columns",
    "job_columns",
    "node_columns",
    "ns_to_seconds",
    "recoded",
    "seconds_to_ns",
    "spans_s",
    "to_native_like",
    "to_pandas",
    "trace_hash",
    "unit_of",
    "without_columns",
]
