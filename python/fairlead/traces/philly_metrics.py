"""The measurements that go with the Philly job log: GPU, CPU and memory use of each machine."""

from __future__ import annotations

from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.plain_lines import split_plain
from fairlead.traces.records import Records
from fairlead.traces.source import check_on_error, fail, read_bytes, require_text
from fairlead.traces.trace import Trace, no_events, no_jobs, no_nodes

__all__ = ["read_philly_metric", "sniff_philly_metric"]

# The files spell the machine in two ways.
_MACHINE = ("machineId", "machine_id")
_MEMORY = ("mem_total", "mem_free")
# The clock of the data centre with and without daylight saving, as written after each time.
_OFFSETS = {" PDT": "-07:00", " PST": "-08:00"}
_KB_IN_GIB = 2.0**20
_OFFLINE = "NA"


def read_philly_metric(
    path: str | PathLike[str], *, on_error: Literal["raise", "drop"] = "raise"
) -> Trace:
    """Read ``cluster_gpu_util``, ``cluster_cpu_util`` or ``cluster_mem_util``, plain or gzip.

    Parameters
    ----------
    path : path
    on_error : {"raise", "drop"}
        A line that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: ``unique_id`` (``<machine>/<column>``), ``ds`` (UTC), ``y`` (per cent, or GiB of
        memory); no jobs. What a machine that was offline did not report is left out; lines that
        report nothing are dropped and counted.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster_gpu_util"
    >>> _ = file.write_text(
    ...     "time,machineId,gpu0_util,gpu1_util,\\n2017-10-03 00:45:00 PDT,m1,75.5,NA,\\n"
    ... )
    >>> read_philly_metric(file).demand[["unique_id", "y"]].values.tolist()
    [['m1/gpu0_util', 75.5]]
    """
    records, machine = _lines(path, on_error)
    times = records.wall_times("time", "America/Los_Angeles")
    names = records.text(machine)
    records.require(names.notna(), machine, "a machine")
    records.require_distinct("time", pd.MultiIndex.from_arrays([names, times]))
    columns = [str(name) for name in records.frame.columns if name not in ("time", machine)]
    is_memory = set(columns) == set(_MEMORY)
    most = 2.0**53 if is_memory else 100.0
    values = np.array([records.numbers(c, most=most, required=False) for c in columns])
    records.drop(np.isnan(values).all(axis=0), "machine offline")
    at, row = np.nonzero(~np.isnan(values) & records.alive)
    demand = pd.DataFrame(
        {
            "unique_id": names.to_numpy(dtype=object)[row] + "/" + np.array(columns, object)[at],
            "ds": times[row],
            "y": values[at, row] / (_KB_IN_GIB if is_memory else 1.0),
        }
    )
    demand.attrs["resource"] = "memory_gib" if is_memory else "percent"
    return Trace(no_jobs(), no_nodes(), no_events(), records.meta("philly_metric"), demand)


def sniff_philly_metric(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be one of the three tables; None if they can.

    Examples
    --------
    >>> sniff_philly_metric("a.csv", b"time,value\\n")
    'the first line does not begin with time,machineId'
    """
    first = head.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace").split(",")
    names = [part.strip() for part in first]
    if names[0] == "time" and len(names) > 2 and names[1] in _MACHINE:
        return None
    return "the first line does not begin with time,machineId"


def _lines(path: str | PathLike[str], on_error: str) -> tuple[Records, str]:
    """The lines, which may end in a comma, and the name of the column of machines."""
    check_on_error(on_error)
    name, data = read_bytes(path)
    require_text(name, data)
    frame, lines, malformed = split_plain(name, data, ",", on_error)
    frame = frame.replace(_OFFLINE, "")
    machine = next((column for column in _MACHINE if column in frame), None)
    if machine is None or "time" not in frame or len(frame.columns) < 3:
        raise fail(name, 1, 1, "the header must name time, machineId and what was measured")
    texts: Any = frame["time"].str.strip()
    for word, offset in _OFFSETS.items():
        texts = texts.str.replace(word, offset, regex=False)
    return Records(name, frame.assign(time=texts), lines, malformed, on_error), machine
