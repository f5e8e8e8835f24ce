"""Workloads: one reader for each public format, and a generator.

`load` reads a file, `generate` makes a workload up; both return a `Trace`.
"""

from __future__ import annotations

from fairlead.traces.generator import generate
from fairlead.traces.registry import formats, load
from fairlead.traces.swf import read_swf
from fairlead.traces.tabular import read_csv, read_parquet
from fairlead.traces.trace import Trace, TraceMeta

__all__ = [
    "Trace",
    "TraceMeta",
    "formats",
    "generate",
    "load",
    "read_csv",
    "read_parquet",
    "read_swf",
]
