"""The job log of Microsoft's Philly clusters, 2017: one JSON array."""

from __future__ import annotations

import json
from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.traces.gangs import UNEVEN, spread
from fairlead.traces.json_values import read_json, starts_json
from fairlead.traces.philly_jobs import Attempts, job_rows
from fairlead.traces.records import Records, check_choice, read_records, recorded_times
from fairlead.traces.source import check_on_error, read_bytes
from fairlead.traces.trace import Trace, no_events, no_nodes
from fairlead.traces.wall_clock import check_zone

__all__ = ["read_philly", "sniff_philly"]


def read_philly(
    path: str | PathLike[str],
    *,
    nodes: str | PathLike[str] | None = None,
    time_zone: str = "America/Los_Angeles",
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read ``cluster_job_log`` of the Philly traces, plain or gzip.

    Parameters
    ----------
    path : path
    nodes : path, optional
        ``cluster_machine_list``: machines with their GPUs and the memory of one.
    time_zone : str
        IANA name of the zone of the wall-clock times.
    unfinished : {"drop", "keep"}
        Jobs without an attempt, or whose last attempt has no end, are dropped and counted, or have
        no ``duration_s``.
    keep : iterable of str
        Further columns: ``recorded_start_time`` (of the first attempt), ``recorded_wait_s`` (s),
        ``recorded_state`` (Pass, Killed, Failed), ``recorded_attempts``, and ``source_vc``,
        ``source_user``, ... for members of the job.
    on_error : {"raise", "drop"}
        A job that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time`` (UTC), ``duration_s`` (all attempts together),
        ``tasks`` (one a server), ``gpus`` of each, ``user``, ``queue`` (the virtual cluster).

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    GPUs may differ between attempts: those of the one that ran longest count. An attempt before the
    last that has no end is left out. GPUs that are uneven over the servers become a task each.
    ``meta.repaired`` has the counts. A repeated hour of the wall clock, as on 2017-11-05, is read
    as its first pass.

    References
    ----------
    .. [1] Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU Clusters for DNN Training
       Workloads", USENIX ATC 2019.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster_job_log"
    >>> _ = file.write_text(
    ...     '[{"status": "Pass", "vc": "v", "user": "u", "jobid": "application_1_2",'
    ...     '"submitted_time": "2017-10-05 10:00:00", "attempts": ['
    ...     '{"start_time": "2017-10-05 10:00:30", "end_time": "2017-10-05 11:00:30",'
    ...     '"detail": [{"ip": "m1", "gpus": ["gpu0", "gpu1"]}]}]}]'
    ... )
    >>> trace = read_philly(file, keep="recorded_wait_s")
    >>> trace.jobs[["duration_s", "tasks", "gpus", "recorded_wait_s"]].values.tolist()
    [[3600.0, 1.0, 2.0, 30.0]]
    """
    check_choice("unfinished", unfinished, ("drop", "keep"))
    check_on_error(on_error)
    check_zone(time_zone)
    document = read_json(path)
    rows, attempts, problems = job_rows(document)
    records = Records(fspath(path), rows, _Lines(path), 0, on_error)
    records.refuse(problems)
    submit = records.wall_times("submitted_time", time_zone)
    records.require_distinct("jobid", rows["jobid"])
    runs = Attempts.of(records, attempts, time_zone)
    if unfinished == "drop":
        records.drop(~runs.started, "never started")
        records.drop(~runs.finished, "not finished")
        records.drop(runs.gpus == 0, "GPUs not named")
    tasks, gpus, uneven = spread(runs.gpus, runs.servers, runs.even)
    records.repair(uneven, UNEVEN)
    columns: dict[str, Any] = {
        "job_id": records.text("jobid"),
        "submit_time": submit,
        "duration_s": runs.duration_s,
        "tasks": tasks,
        "gpus": np.where(runs.gpus > 0, gpus, np.nan),
        "user": pd.Categorical(records.text("user")),
        "queue": pd.Categorical(records.text("vc")),
    }
    recorded = recorded_times(submit, runs.start, pd.Categorical(records.text("status")))
    recorded["recorded_attempts"] = runs.count
    jobs = records.jobs({**columns, **records.kept(keep, recorded)})
    machine = no_nodes() if nodes is None else _machines(nodes)
    options = {"time_zone": time_zone, "unfinished": unfinished}
    return Trace(jobs, machine, no_events(), records.meta("philly", options=options))


def sniff_philly(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be the Philly job log; None if they can.

    Examples
    --------
    >>> sniff_philly("a.json", b"{}")
    'it is not a JSON array of jobs with jobid and submitted_time'
    """
    if starts_json(head, b"[", b'"jobid"', b'"submitted_time"'):
        return None
    return "it is not a JSON array of jobs with jobid and submitted_time"


def _machines(path: str | PathLike[str]) -> pd.DataFrame:
    records = read_records(path)
    records.need("machineId", "number of GPUs", "single GPU mem")
    memory = records.text("single GPU mem").str.removesuffix("GB")
    records.frame["single GPU mem"] = memory
    return records.nodes(
        {
            "node_id": records.text("machineId"),
            "gpus": records.numbers("number of GPUs", whole=True),
            "gpu_memory_gib": records.numbers("single GPU mem"),
        }
    )


class _Lines:
    """The line on which each element of a JSON array begins, looked for when one is asked."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path

    def __getitem__(self, row: int) -> int:
        text = read_bytes(self._path)[1].decode()
        decoder = json.JSONDecoder()
        at = _after_blanks(text, text.index("[") + 1)
        for _ in range(row):
            at = _after_blanks(text, decoder.raw_decode(text, at)[1])
            at = _after_blanks(text, at + 1)  # the comma
        return text.count("\n", 0, at) + 1


def _after_blanks(text: str, at: int) -> int:
    while text[at].isspace():
        at += 1
    return at
