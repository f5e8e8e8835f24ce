"""Shockwave (NSDI 2023): job lists with run times, twelve fields between tabs, no header."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Literal

import numpy as np

from fairlead.traces.gavel import headerless, models_and_batches, sniff_fields
from fairlead.traces.trace import Trace, no_events, no_nodes

__all__ = ["read_shockwave", "sniff_shockwave"]

_FIELDS = (
    "job_type",
    "command",
    "working_directory",
    "num_steps_arg",
    "needs_data_dir",
    "total_steps",
    "scale_factor",
    "mode",
    "priority_weight",
    "SLO",
    "duration",
    "arrival_time",
)
_NUMERIC = (4, 5, 6, 8, 9, 10, 11)


def read_shockwave(
    path: str | PathLike[str],
    *,
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a job list of Shockwave, plain or gzip.

    Parameters
    ----------
    path : path
    keep : iterable of str
        Further columns: ``model``, ``batch_size`` (where training starts), or a field of the file
        as ``source_<field>`` (``mode``: static, accordion or gns; ``total_steps``, ``SLO``, ...).
        ``model`` is a column that `schedule` wants named in ``ignore=``.
    on_error : {"raise", "drop"}
        A malformed line is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id`` (record from 0), ``submit_time`` (s), ``duration_s`` (at the
        publisher's reference speed), ``tasks`` (the scale factor), ``gpus`` (1 each); no nodes.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Zheng et al., "Shockwave: fair and efficient cluster scheduling for dynamic adaptation in
       machine learning", NSDI 2023.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.trace"
    >>> _ = file.write_text(
    ...     "LM (batch size 9)\\tmain.py\\ta\\t--steps\\t1\\t1345\\t2\\tgns\\t1\\t-1\\t1418\\t55\\n"
    ... )
    >>> read_shockwave(file).jobs[["submit_time", "duration_s", "tasks"]].values.tolist()
    [[55.0, 1418.0, 2.0]]
    """
    records = headerless(path, _FIELDS, on_error)
    for field, least in (("total_steps", 0), ("priority_weight", 0), ("SLO", -1)):
        records.numbers(field, least=least)
    modes = records.text("mode")
    records.require(modes.isin(["static", "accordion", "gns"]), "mode", "static, accordion or gns")
    gpus = records.numbers("scale_factor", least=1, most=10**6, whole=True)
    model, batch = models_and_batches(records)
    columns = {
        "job_id": np.arange(len(records)),
        "submit_time": records.seconds("arrival_time"),
        "duration_s": records.seconds("duration"),
        "tasks": np.nan_to_num(gpus, nan=1).astype(np.int64),
        "gpus": np.ones(len(records), dtype=np.int64),
    }
    kept = records.kept(keep, {"model": model, "batch_size": batch})
    jobs = records.jobs({**columns, **kept})
    return Trace(jobs, no_nodes(), no_events(), records.meta("shockwave"))


def sniff_shockwave(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be a job list of Shockwave; None if they can.

    Examples
    --------
    >>> sniff_shockwave("jobs.trace", b"1 2 3")
    'the first line does not have 12 fields between tabs'
    """
    return sniff_fields(head, len(_FIELDS), _NUMERIC)
