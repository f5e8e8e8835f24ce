"""Slurm accounting: the text of ``sacct -P``, with any fields in any order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.traces.gangs import UNEVEN, spread
from fairlead.traces.plain_lines import split_plain
from fairlead.traces.records import Records, check_choice, recorded_times
from fairlead.traces.slurm_arrays import expanded_arrays
from fairlead.traces.slurm_nodes import slurm_nodes
from fairlead.traces.slurm_requests import Requests
from fairlead.traces.slurm_times import Times
from fairlead.traces.slurm_values import duration_s, floats_of, memory_gib
from fairlead.traces.source import fail, read_bytes, require_text
from fairlead.traces.trace import Trace, no_events, no_nodes
from fairlead.traces.wall_clock import check_zone

__all__ = ["read_slurm", "sniff_slurm"]

_JOB_ID = re.compile(r"\d{1,18}(_\d{1,9}|_\[[0-9,%:.\-]+\]|\+\d{1,9})?")
_FIELDS = (
    "jobid jobidraw submit start end elapsed elapsedraw timelimit timelimitraw state user uid "
    "group account partition nodelist alloctres reqtres alloccpus ncpus reqcpus allocnodes nnodes "
    "reqnodes allocgres reqgres reqmem maxrss"
)
_PEAK = "recorded_max_rss_gib"


def read_slurm(
    path: str | PathLike[str],
    *,
    nodes: str | PathLike[str] | None = None,
    time_zone: str = "UTC",
    separator: str = "|",
    resources: Literal["allocated", "requested"] = "allocated",
    requeues: Literal["last", "each"] = "last",
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read what ``sacct -P`` (or ``-p``) prints, plain or gzip.

    Parameters
    ----------
    path : path
        Needed fields: ``JobID``, ``Submit``, and ``Elapsed``, ``ElapsedRaw`` or ``Start`` with
        ``End``. Best: ``sacct -P --noconvert --duplicates -o JobID,User,Account,Partition,State,
        Submit,Start,End,Elapsed,Timelimit,NNodes,ReqTRES,AllocTRES,MaxRSS``.
    nodes : path, optional
        Text of ``scontrol show node`` or ``sinfo``, for the machine: see `read_slurm_nodes`.
    time_zone : str
        IANA name of the zone that sacct wrote wall-clock times in.
    separator : str
        As given to ``sacct --delimiter``.
    resources : {"allocated", "requested"}
        What a job asks is what it was given or what it asked for; where one is not in the file, the
        other stands in.
    requeues : {"last", "each"}
        Of the runs of a requeued job, the last one is the job, submitted when the first was; or
        each run is a job, the second as ``<id>#2``.
    unfinished : {"drop", "keep"}
        Jobs that never started, or had not ended, are dropped and counted, or have no
        ``duration_s``; then a pending array becomes one job for each of its tasks.
    keep : iterable of str
        Further columns: ``recorded_start_time``, ``recorded_end_time``, ``recorded_wait_s`` (s),
        ``recorded_state``, ``recorded_max_rss_gib`` (GiB, the most any step's task used), and any
        field of the file, as ``source_<field>``.
    on_error : {"raise", "drop"}
        A line that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time`` (UTC), ``duration_s`` (without suspended time),
        ``limit_s``, ``tasks`` (one a node), and for each task ``cpus``, ``memory_gib``, ``gpus``;
        ``gpu_type`` (asked for), ``user``, ``group``, ``tenant`` (the account), ``queue`` (the
        partition), ``array_id``. Steps are folded into their jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    Tasks of a gang are alike here: GPUs that do not divide by the nodes become one task each, and a
    component of a heterogeneous job is a job of its own; ``meta.repaired`` has the counts.

    References
    ----------
    .. [1] Slurm, manual page of sacct, https://slurm.schedmd.com/sacct.html

    Examples
    --------
    >>> import tempfile, pathlib
    >>> log = pathlib.Path(tempfile.mkdtemp()) / "jobs.sacct"
    >>> _ = log.write_text(
    ...     "JobID|Submit|Start|End|Elapsed|Timelimit|AllocTRES\\n"
    ...     "7|2026-01-05T09:00:00|2026-01-05T09:01:00|2026-01-05T10:01:00|01:00:00|1-00:00:00|"
    ...     "cpu=64,mem=512G,node=2,gres/gpu=8\\n"
    ... )
    >>> trace = read_slurm(log)
    >>> trace.jobs[["duration_s", "limit_s", "tasks", "cpus", "gpus"]].values.tolist()
    [[3600.0, 86400.0, 2.0, 32.0, 4.0]]
    """
    check_choice("resources", resources, ("allocated", "requested"))
    check_choice("requeues", requeues, ("last", "each"))
    check_choice("unfinished", unfinished, ("drop", "keep"))
    check_zone(time_zone)
    keep = (keep,) if isinstance(keep, str) else tuple(keep)
    log = _Sacct.open(path, separator, on_error, keep)
    times = Times.of(log, time_zone)
    if unfinished == "drop":
        times.drop_unfinished()
    submit = log.fold_requeues(times, requeues)
    columns: dict[str, Any] = {
        "job_id": log.job_ids(),
        "submit_time": submit,
        "duration_s": times.duration_s,
        **log.limits(),
        **log.requests(resources),
        **log.labels(),
    }
    columns.update(log.kept(keep, times, submit))
    jobs = log.records.jobs(columns) if unfinished == "drop" else expanded_arrays(log, columns)
    machine = no_nodes() if nodes is None else slurm_nodes(nodes)[0]
    options = {"time_zone": time_zone, "resources": resources, "requeues": requeues}
    meta = log.records.meta(
        "slurm", header=log.header, options={**options, "unfinished": unfinished}
    )
    return Trace(jobs, machine, no_events(), meta)


def sniff_slurm(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be text of ``sacct -P``; None if they can.

    Examples
    --------
    >>> sniff_slurm("jobs.csv", b"submit_time,gpus\\n")
    'the first line does not name JobID between bars'
    """
    first = head.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    names = [part.strip().lower() for part in first.split("|")]
    if len(names) > 1 and ("jobid" in names or "jobidraw" in names):
        return None
    return "the first line does not name JobID between bars"


@dataclass
class _Sacct:
    """The lines of a file, and which are jobs."""

    records: Records
    names: dict[str, str]
    ids: NDArray[Any]
    header: dict[str, str]
    peaks: Any

    @classmethod
    def open(
        cls, path: str | PathLike[str], separator: str, on_error: str, keep: tuple[str, ...]
    ) -> _Sacct:
        """Read the fields that are used, and those to keep."""
        if len(separator) != 1 or ord(separator) > 127 or separator in "\r\n":
            raise InvalidInputError(f"separator must be one ASCII character, got {separator!r}")
        name, data = read_bytes(path)
        require_text(name, data)
        wanted = {*_FIELDS.split(), *(field.lower() for field in keep)}
        if _PEAK not in keep:
            wanted -= {"maxrss"} - {field.lower() for field in keep}
        frame, lines, malformed = split_plain(name, data, separator, on_error, wanted=wanted)
        records = Records(name, frame, lines, malformed, on_error)
        names = {str(column).lower(): str(column) for column in frame.columns}
        if "jobid" not in names and "jobidraw" in names:
            names["jobid"] = names["jobidraw"]
        for needed in ("JobID", "Submit"):
            if needed.lower() not in names:
                raise fail(name, 1, needed, f"no such field; sacct -o must name {needed}")
        log = cls(records, names, np.empty(0), {"fields": "|".join(frame.columns)}, None)
        if _PEAK in keep:
            log.peaks = log.peaks_of_jobs()
        log.drop_lines_without_jobs()
        return log

    def has(self, field: str) -> bool:
        """Whether the file has the field."""
        return field in self.names

    def cells(self, field: str) -> pd.Series[Any]:
        """The cells of a field, as text."""
        cells: pd.Series[Any] = self.records.frame[self.names[field]]
        return cells

    def drop_lines_without_jobs(self) -> None:
        """Headers of files that were joined, and job steps; what is left must have a job id."""
        column = self.names["jobid"]
        ids = self.records.frame[column].tolist()
        self.records.drop([text == column for text in ids], "header lines repeated")
        steps = ["." in text and "[" not in text for text in ids]
        self.records.drop(steps, "job steps, folded into their jobs")
        ids = [text for text, alive in zip(ids, self.records.alive, strict=True) if alive]
        self.records.compact()
        ok = [bool(_JOB_ID.fullmatch(text)) for text in ids]
        self.records.require(ok, column, "a job id such as 123, 123_4 or 123+0")
        self.records.repair(
            ["+" in t for t in ids], "component of a heterogeneous job, read as a job"
        )
        self.ids = np.array(ids, dtype=object)

    def number(self, field: str) -> Any:
        """A field of whole numbers, missing as NaN; None where the file has it not."""
        if not self.has(field):
            return None
        return self.records.numbers(self.names[field], whole=True, required=False)

    def parsed(self, field: str, parse: Any, expected: str) -> Any:
        """A field whose cells are parsed to floats."""
        values, fine = floats_of(self.cells(field), parse)
        self.records.require(fine, self.names[field], expected)
        return values

    def limits(self) -> dict[str, Any]:
        """Declared wall time, s."""
        if self.has("timelimitraw"):
            # A bare number is minutes, so that the same words for no limit hold.
            expected = "a limit in minutes or UNLIMITED"
            return {"limit_s": self.parsed("timelimitraw", duration_s, expected)}
        if self.has("timelimit"):
            expected = "a limit such as 1-12:00:00 or UNLIMITED"
            return {"limit_s": self.parsed("timelimit", duration_s, expected)}
        return {}

    def requests(self, resources: str) -> dict[str, Any]:
        """Tasks, and what each asks."""
        asked = Requests.of(self, resources)
        tasks, gpus, uneven = spread(asked.gpus, asked.nodes)
        self.records.repair(uneven, UNEVEN)
        if asked.ignored:
            self.header["TRES without a column"] = ", ".join(sorted(asked.ignored))
        columns: dict[str, Any] = {"tasks": tasks}
        if asked.cpus is not None:
            columns["cpus"] = asked.cpus / tasks
        if asked.memory_gib is not None:
            columns["memory_gib"] = asked.memory_gib / tasks
        columns["gpus"] = gpus
        if asked.gpu_type is not None:
            columns["gpu_type"] = asked.gpu_type
        return columns

    def labels(self) -> dict[str, Any]:
        """Whose the job is, where it waited, and the array it is of."""
        labels: dict[str, Any] = {}
        user = "user" if self.has("user") else "uid"
        fields = {"user": user, "group": "group", "tenant": "account", "queue": "partition"}
        for ours, field in fields.items():
            if self.has(field):
                cells = self.cells(field)
                labels[ours] = pd.Categorical(cells.where(cells != ""))
        of_array = [text.partition("_")[0] if "_" in text else None for text in self.ids]
        if any(of_array):
            labels["array_id"] = pd.Series(of_array)
        return labels

    def job_ids(self) -> Any:
        """The ids; whole numbers where all are."""
        left = self.ids[self.records.alive]
        if len(left) and all(text.isdigit() for text in left):
            numbers = np.zeros(len(self.ids), dtype=np.int64)
            numbers[self.records.alive] = left.astype(np.int64)
            return numbers
        return self.ids

    def fold_requeues(self, times: Times, requeues: str) -> pd.DatetimeIndex:
        """Runs of one job to one, or to jobs of their own; gives the submission times."""
        rows = np.flatnonzero(self.records.alive)
        rows = rows[pd.Index(self.ids[rows]).duplicated(keep=False)]
        submit = times.submit.asi8.copy()
        runs = pd.DataFrame({"id": self.ids[rows], "submit": submit[rows], "row": rows})
        runs["end"] = times.ends(rows)
        repeated = runs.duplicated(["id", "submit", "end"])
        self._drop_rows(runs.loc[repeated, "row"], "lines repeated")
        runs = runs[~repeated].sort_values(["id", "submit", "end"], kind="stable")
        if requeues == "each":
            self._name_runs(runs)
        else:
            earlier = runs["id"].duplicated(keep="last")
            self._drop_rows(runs.loc[earlier, "row"], "earlier runs of requeued jobs")
            submit[runs["row"]] = runs.groupby("id")["submit"].transform("min")
        return pd.DatetimeIndex(submit, tz="UTC")

    def _name_runs(self, runs: pd.DataFrame) -> None:
        number = runs.groupby("id").cumcount().to_numpy() + 1
        later = runs[number > 1]
        self.ids[later["row"]] = later["id"] + "#" + number[number > 1].astype(str).astype(object)
        marked = np.isin(np.arange(len(self.ids)), later["row"])
        self.records.repair(marked, "run of a requeued job, read as a job")

    def _drop_rows(self, rows: pd.Series[Any], reason: str) -> None:
        self.records.drop(np.isin(np.arange(len(self.ids)), rows), reason)

    def kept(self, keep: tuple[str, ...], times: Times, submit: pd.DatetimeIndex) -> dict[str, Any]:
        """What ``keep=`` names; a wait is counted from the submission that is in the table."""
        recorded = recorded_times(submit, times.start, times.state)
        recorded.update({"recorded_end_time": times.end, _PEAK: None})
        if _PEAK in keep:
            jobs = [text.partition("#")[0] for text in self.ids]
            recorded[_PEAK] = self.peaks.reindex(jobs).to_numpy()
        return self.records.kept(keep, recorded)

    def peaks_of_jobs(self) -> pd.Series[Any]:
        """The largest MaxRSS of the lines of each job, GiB; it stands on the steps only."""
        if not self.has("maxrss"):
            raise fail(self.records.path, 1, "MaxRSS", "no such field; sacct -o must name MaxRSS")
        used = self.parsed("maxrss", lambda text: memory_gib(text, "B"), "an amount such as 2048K")
        jobs = self.cells("jobid").str.split(".", n=1).str[0]
        return pd.Series(used).groupby(jobs.to_numpy()).max()
