"""Alibaba's image-generation service of 2026: requests as jobs, metrics as demand series."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.records import check_choice, read_records
from fairlead.traces.trace import Trace, no_events, no_jobs, no_nodes
from fairlead.traces.wall_clock import check_zone

__all__ = [
    "ALIBABA_GENAI_HEADER",
    "ALIBABA_GENAI_METRIC_HEADER",
    "read_alibaba_genai",
    "read_alibaba_genai_metric",
]

ALIBABA_GENAI_HEADER = ("gmt_create", "predict_status", "exec_time_seconds", "groupId")
ALIBABA_GENAI_METRIC_HEADER = ("value", "timestamp_anon", "container_ip")
_OPEN = ("PENDING", "PROCESSING")
#: The name of a series whose samples name no container.
_WHOLE = "all"

_OnError = Literal["raise", "drop"]


def read_alibaba_genai(
    path: str | PathLike[str],
    *,
    time_zone: str = "UTC",
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: _OnError = "raise",
) -> Trace:
    """Read ``lora_request_trace`` of Alibaba's cluster-trace-v2026-GenAI, plain or gzip.

    Parameters
    ----------
    path : path
    time_zone : str
        IANA name of the zone of the wall clock, which the publisher shifted.
    unfinished : {"drop", "keep"}
        Requests that wait or run are dropped and counted, or have no ``duration_s``.
    keep : iterable of str
        Further columns: ``recorded_state``, and any column of the file, as ``source_<name>``.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: a request is a job on one GPU: ``job_id`` (row), ``submit_time`` (UTC),
        ``duration_s`` (GPU service), ``gpus``, ``tenant``. No waits: they are not recorded.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "lora_request_trace.csv"
    >>> _ = file.write_text(
    ...     "gmt_create,predict_status,exec_time_seconds,groupId\\n"
    ...     "2024-11-15 16:57:50,SUCCEED,32,G0\\n"
    ... )
    >>> read_alibaba_genai(file).jobs[["duration_s", "gpus"]].values.tolist()
    [[32.0, 1.0]]
    """
    check_choice("unfinished", unfinished, ("drop", "keep"))
    check_zone(time_zone)
    records = read_records(path, on_error=on_error)
    records.need(*ALIBABA_GENAI_HEADER)
    submit = records.wall_times("gmt_create", time_zone)
    state = records.text("predict_status")
    waits = state.isin(_OPEN).to_numpy()
    if unfinished == "drop":
        records.drop(waits, "not finished")
    ran = records.seconds("exec_time_seconds", required=False)
    records.require(waits | ~np.isnan(ran), "exec_time_seconds", "a time, as the request ended")
    columns: dict[str, Any] = {
        "job_id": np.arange(len(records)),
        "submit_time": submit,
        "duration_s": np.where(waits, np.nan, ran),
        "gpus": np.ones(len(records), dtype=np.int64),
        "tenant": pd.Categorical(records.text("groupId")),
    }
    recorded = {"recorded_state": pd.Categorical(state)}
    jobs = records.jobs({**columns, **records.kept(keep, recorded)})
    options = {"time_zone": time_zone, "unfinished": unfinished}
    meta = records.meta("alibaba_genai", options=options)
    return Trace(jobs, no_nodes(), no_events(), meta)


def read_alibaba_genai_metric(
    path: str | PathLike[str], *, measure: str = "value", on_error: _OnError = "raise"
) -> Trace:
    """Read a metric file of Alibaba's cluster-trace-v2026-GenAI, plain or gzip.

    Parameters
    ----------
    path : path
        ``qps`` (requests per s), ``queue_size`` (tasks), ``queue_rt`` (ms) or
        ``pod_gpu_duty_cycle`` (per cent), a sample each 57 s.
    measure : str
        What the values are, for the unit of the series; the file does not say.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: ``unique_id`` (the container, or ``all``; before it the type of request, where
        the file has one), ``ds`` (UTC, of a clock that the publisher shifted), ``y``; no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    The clock is another one than that of the requests: do not join the two.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "qps.csv"
    >>> _ = file.write_text("timestamp_anon,value,container_ip\\n1662859176.0,0.09,\\n")
    >>> read_alibaba_genai_metric(file).demand[["unique_id", "y"]].values.tolist()
    [['all', 0.09]]
    """
    records = read_records(path, on_error=on_error)
    records.need(*ALIBABA_GENAI_METRIC_HEADER)
    times = records.epoch_times("timestamp_anon")
    values = records.numbers("value")
    names = records.text("container_ip").fillna(_WHOLE)
    if "request_type" in records:
        names = records.text("request_type").fillna(_WHOLE) + ": " + names
    records.require_distinct("timestamp_anon", pd.MultiIndex.from_arrays([names, times]))
    rows = records.alive
    demand = pd.DataFrame(
        {"unique_id": names[rows].to_numpy(), "ds": times[rows], "y": values[rows]}
    )
    demand = demand.sort_values(["unique_id", "ds"], ignore_index=True)
    demand.attrs["resource"] = measure
    meta = records.meta("alibaba_genai_metric", options={"measure": measure})
    return Trace(no_jobs(), no_nodes(), no_events(), meta, demand)
