"""Gavel (OSDI 2020): job lists of the physical cluster, ten fields between tabs, no header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.plain_lines import split_plain
from fairlead.traces.records import Records
from fairlead.traces.source import check_on_error, read_bytes, require_text
from fairlead.traces.throughputs import model_and_batch, throughputs_of
from fairlead.traces.trace import Trace, no_events, no_nodes

__all__ = ["headerless", "models_and_batches", "read_gavel", "sniff_fields", "sniff_gavel"]

_FIELDS = (
    "job_type",
    "command",
    "working_directory",
    "num_steps_arg",
    "needs_data_dir",
    "total_steps",
    "scale_factor",
    "priority_weight",
    "SLO",
    "arrival_time",
)
_NUMERIC = (4, 5, 6, 7, 8, 9)


def read_gavel(
    path: str | PathLike[str],
    *,
    throughputs: Any = None,
    gpu_type: str = "v100",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a job list of Gavel, plain or gzip.

    Parameters
    ----------
    path : path
    throughputs : path or frame, optional
        Gavel's table of speeds (`read_throughputs`). With it a job's run time is its steps over the
        steps per second of its job type on as many GPUs; without it jobs have none.
    gpu_type : str
        The type to take run times from (``k80``, ``p100``, ``v100``); GPUs on one node.
    keep : iterable of str
        Further columns: ``model``, ``batch_size``, or a field of the file as ``source_<field>``
        (``total_steps``, ``priority_weight``, ``SLO``, ``command``, ...). ``model`` is a column
        that `schedule` wants named in ``ignore=``.
    on_error : {"raise", "drop"}
        A malformed line is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id`` (record from 0), ``submit_time`` (s), ``duration_s``, ``tasks`` (the
        scale factor), ``gpus`` (1 each); no nodes. Jobs of a type without speed, or that do not
        fit the GPU, are dropped and counted.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Narayanan et al., "Heterogeneity-aware cluster scheduling policies for deep learning
       workloads", OSDI 2020.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.trace"
    >>> _ = file.write_text("A3C\\tmain.py\\trl\\t--steps\\t0\\t600\\t2\\t1\\t-1\\t5\\n")
    >>> row = {"model": "A3C", "batch_size": None, "gpu_type": "v100", "gpus": 2, "unit": "steps"}
    >>> speeds = pd.DataFrame([{**row, "throughput": 6.0}])
    >>> trace = read_gavel(file, throughputs=speeds)
    >>> trace.jobs[["submit_time", "duration_s", "tasks"]].values.tolist()
    [[5.0, 100.0, 2.0]]
    """
    records = headerless(path, _FIELDS, on_error)
    steps = records.numbers("total_steps", whole=True)
    gpus = records.numbers("scale_factor", least=1, most=10**6, whole=True)
    records.numbers("priority_weight")
    records.numbers("SLO", least=-1)
    submit = records.seconds("arrival_time")
    model, batch = models_and_batches(records)
    columns: dict[str, Any] = {"job_id": np.arange(len(records)), "submit_time": submit}
    if throughputs is not None:
        speed = _speeds(throughputs_of(throughputs), gpu_type, model, batch, gpus)
        records.drop(np.isnan(speed), f"no speed for the job type and GPUs on {gpu_type}")
        records.drop(speed == 0, f"does not fit {gpu_type}")
        columns["duration_s"] = steps / np.where(speed > 0, speed, 1)
    columns |= {"tasks": np.nan_to_num(gpus, nan=1).astype(np.int64), "gpus": 1}
    kept = records.kept(keep, {"model": model, "batch_size": batch})
    jobs = records.jobs({**columns, "gpus": np.ones(len(records), dtype=np.int64), **kept})
    options = {"gpu_type": gpu_type if throughputs is not None else None}
    return Trace(jobs, no_nodes(), no_events(), records.meta("gavel", options=options))


def sniff_gavel(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be a job list of Gavel; None if they can.

    Examples
    --------
    >>> sniff_gavel("jobs.trace", b"1 2 3")
    'the first line does not have 10 fields between tabs'
    """
    return sniff_fields(head, len(_FIELDS), _NUMERIC)


def sniff_fields(head: bytes, width: int, numeric: Sequence[int]) -> str | None:
    """Why the first line has not this many fields between tabs, numbers in these places.

    Examples
    --------
    >>> sniff_fields(b"a\\t1", 2, (1,))
    """
    fields = head.lstrip(b"\r\n").split(b"\n", 1)[0].split(b"\t")
    if len(fields) != width:
        return f"the first line does not have {width} fields between tabs"
    for place in numeric:
        try:
            float(fields[place])
        except ValueError:
            return f"field {place + 1} of the first line is not a number"
    return None


def headerless(path: str | PathLike[str], fields: Sequence[str], on_error: str) -> Records:
    """The records of a file without a header line, tabs between the fields.

    Raises
    ------
    InvalidInputError
        The file cannot be read, or a line has another number of fields.
    """
    check_on_error(on_error)
    name, data = read_bytes(path)
    require_text(name, data)
    return Records(name, *split_plain(name, data, "\t", on_error, fields), on_error)


def models_and_batches(records: Records) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Model and batch size (missing where not stated) of the records' job types."""
    texts = records.text("job_type")
    records.require(texts.notna(), "job_type", "a job type")
    pairs = [model_and_batch(text) for text in texts.fillna("")]
    models = pd.Series([model for model, _ in pairs], index=texts.index, dtype="str")
    return models, pd.Series([batch for _, batch in pairs], index=texts.index, dtype="float64")


def _speeds(
    table: pd.DataFrame, gpu_type: str, model: pd.Series[Any], batch: pd.Series[Any], gpus: Any
) -> Any:
    """Steps per second of each job, NaN where the table has none."""
    mine = table[(table["gpu_type"] == gpu_type) & (table["unit"] == "steps")]
    if "placement" in mine:
        mine = mine[mine["placement"] == "consolidated"]
    if "co_located_with" in mine:
        mine = mine[mine["co_located_with"].isna()]
    sizes = pd.to_numeric(mine["batch_size"]).fillna(0)
    keys = zip(mine["model"], sizes, mine["gpus"], strict=True)
    speed_of = dict(zip(keys, mine["throughput"], strict=True))
    asked = zip(model, batch.fillna(0), gpus, strict=True)
    return np.array([speed_of.get(key, np.nan) for key in asked], dtype=np.float64)
