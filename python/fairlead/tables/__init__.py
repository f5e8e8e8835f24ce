"""The only place where frames become columns and columns become frames.

`job_columns`, `node_columns` and `event_columns` check a frame of pandas, Polars or Arrow and give
the engine contiguous arrays in exact integer units; `to_native_like` and `TimeKind` lead back.
"""

from __future__ import annotations

from fairlead.tables.events import EVENT_KINDS, EventColumns, event_columns
from fairlead.tables.frames import CellError, Table
from fairlead.tables.hashing import trace_hash
from fairlead.tables.jobs import JobColumns, job_columns
from fairlead.tables.nodes import DEFAULT_POOL, NodeColumns, node_columns
from fairlead.tables.output import to_native_like, to_pandas
from fairlead.tables.schema import (
    DEVICES,
    JOB_COLUMNS,
    JOB_LABELS,
    JOB_LATER,
    RESOURCES,
    UNITS,
    unit_of,
)
from fairlead.tables.times import MAX_SECONDS, NAT, TimeKind, ns_to_seconds, seconds_to_ns

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
    "EventColumns",
    "JobColumns",
    "NodeColumns",
    "Table",
    "TimeKind",
    "event_columns",
    "job_columns",
    "node_columns",
    "ns_to_seconds",
    "seconds_to_ns",
    "to_native_like",
    "to_pandas",
    "trace_hash",
    "unit_of",
]
