"""Standard Workload Format: the logs of the Parallel Workloads Archive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import MAX_SECONDS
from fairlead.traces.source import check_on_error, fail, read_bytes, require_text
from fairlead.traces.swf_header import (
    leading_number,
    numbered_names,
    split_header,
    start_of,
)
from fairlead.traces.swf_parse import FIELDS, N_FIELDS, Records, parse
from fairlead.traces.trace import Trace, TraceMeta, no_events

__all__ = ["KEEPABLE", "read_swf", "sniff_swf"]

# Field numbers, from 1 as the format counts them.
_JOB, _SUBMIT, _WAIT, _RUN, _ALLOCATED, _CPU_TIME, _MEMORY, _REQUESTED = range(1, 9)
_LIMIT, _ASKED_MEMORY, _STATUS, _USER, _GROUP, _EXECUTABLE, _QUEUE, _PARTITION = range(9, 17)
_PRECEDING, _THINK = 17, 18

#: What ``keep=`` may name, and its field.
KEEPABLE = {
    "recorded_wait_s": _WAIT,
    "recorded_cpu_time_s": _CPU_TIME,
    "recorded_memory_kib": _MEMORY,
    "recorded_status": _STATUS,
    "asked_memory_kib": _ASKED_MEMORY,
    "allocated_processors": _ALLOCATED,
    "requested_processors": _REQUESTED,
    "executable": _EXECUTABLE,
    "partition": _PARTITION,
    "preceding_job": _PRECEDING,
    "think_time_s": _THINK,
}

# Status of a line that is one burst of a job which another line sums up.
_PARTIAL = (2, 3, 4)
_MAX_PROCESSORS = 9_000_000_000_000_000
_MAX_NODES = 10_000_000


def read_swf(
    path: str | PathLike[str],
    *,
    processors: Literal["cpus", "tasks"] = "cpus",
    max_processors: int | None = None,
    missing_limit: Literal["drop", "run", "keep"] = "drop",
    datetimes: bool = False,
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read a log in the Standard Workload Format, plain or gzip.

    Parameters
    ----------
    path : path
    processors : {"cpus", "tasks"}
        ``cpus``: interchangeable processors, one node with as many ``cpus``, a job asks ``cpus``.
        ``tasks``: nodes of one cpu each, a job of p processors is a gang of p ``tasks``.
    max_processors : int, optional
        Size of the machine; else the header's MaxProcs or MaxNodes, else the largest job.
    missing_limit : {"drop", "run", "keep"}
        A job without requested time is dropped, gets its run time as limit, or keeps a missing one.
        Where no job of the log has one, ``drop`` keeps them all, without limits.
    datetimes : bool
        Submission as datetimes in the log's zone (the header must have UnixStartTime) instead of
        seconds from the start of the log.
    keep : iterable of str
        Further fields as columns: ``recorded_wait_s`` (s), ``recorded_cpu_time_s`` (s),
        ``recorded_memory_kib`` and ``asked_memory_kib`` (KiB per processor), ``recorded_status``,
        ``allocated_processors``, ``requested_processors``, ``executable``, ``partition``,
        ``preceding_job``, ``think_time_s`` (s). Unknown values are missing.
    on_error : {"raise", "drop"}
        A malformed line, or a job number that came before, is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time``, ``duration_s``, ``limit_s``, ``cpus`` (``tasks``),
        ``user``, ``group``, ``queue``; ``nodes`` as above; no events.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    The filter is the one most studies use, so that replays compare: processors are field 5
    (allocated), else field 8 (requested); jobs larger than the machine, with a run time or a
    requested time of 0 or less are dropped; a run time above the requested time is cut to it.
    ``meta.dropped`` and ``meta.repaired`` hold the counts.

    References
    ----------
    .. [1] Feitelson, Tsafrir, Krakov, "Experience with using the Parallel Workloads Archive",
       J. Parallel and Distributed Computing 74(10), 2014.
    .. [2] Gaussier, Glesser, Reis, Trystram, "Improving backfilling by using machine learning to
       predict running times", SC 2015 (the filter).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> log = pathlib.Path(tempfile.mkdtemp()) / "tiny.swf"
    >>> _ = log.write_text("; MaxProcs: 4\\n1 0 5 60 2 -1 -1 2 90 -1 1 7 1 -1 1 -1 -1 -1\\n")
    >>> trace = read_swf(log)
    >>> trace.jobs[["submit_time", "duration_s", "limit_s", "cpus"]].values.tolist()
    [[0, 60, 90, 2]]
    """
    options = _check_options(processors, missing_limit, keep, on_error)
    name, data = read_bytes(path)
    require_text(name, data)
    header, body = split_header(data)
    records = parse(name, body, data.count(b"\n", 0, len(data) - len(body)), on_error)
    log = _Log(name, header, records)
    machine = log.machine(max_processors)
    keep_rows, dropped = log.filter(machine, missing_limit, on_error)
    jobs, repaired = log.jobs(keep_rows, options["keep"], missing_limit)
    start, zone = start_of(header)
    if datetimes:
        jobs["submit_time"] = _wall_clock(name, jobs["submit_time"], start)
    meta = TraceMeta(
        format="swf",
        path=name,
        header=header,
        read=records.read,
        dropped=dropped,
        repaired=repaired,
        start=start,
        options={**options, "max_processors": machine, "time_zone": zone},
    )
    nodes = _nodes(name, machine, processors)
    if processors == "tasks":
        jobs.insert(4, "tasks", jobs["cpus"])
        jobs["cpus"] = 1
    return Trace(jobs, nodes, no_events(), meta)


def sniff_swf(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be a log in this format; None if they can.

    Examples
    --------
    >>> sniff_swf("jobs.txt", b"a,b\\n1,2\\n")
    'the first data line has 1 field, not 18'
    """
    for line in head.splitlines():
        fields = line.split()
        if not fields or line.startswith(b";"):
            continue
        if len(fields) != N_FIELDS:
            return f"the first data line has {len(fields)} field{'s'[: len(fields) != 1]}, not 18"
        return None
    return None if head.lstrip().startswith(b";") else "it has no data line"


def _as_before(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Of the type they were of, unless that would lose fractions of a second."""
    cast = values.astype(dtype)
    return cast if (cast == values).all() else values


def _check_options(
    processors: str, missing_limit: str, keep: Iterable[str], on_error: str
) -> dict[str, Any]:
    check_on_error(on_error)
    kept = (keep,) if isinstance(keep, str) else tuple(keep)
    for option, value, allowed in (
        ("processors", processors, ("cpus", "tasks")),
        ("missing_limit", missing_limit, ("drop", "run", "keep")),
        *(("keep", name, tuple(KEEPABLE)) for name in kept),
    ):
        if value not in allowed:
            raise InvalidInputError(f"{option} must be of {', '.join(allowed)}; got {value!r}")
    return {"processors": processors, "missing_limit": missing_limit, "keep": kept}


def _wall_clock(name: str, submit: pd.Series[Any], start: pd.Timestamp | None) -> pd.DatetimeIndex:
    if start is None:
        raise InvalidInputError(
            f"{name}: datetimes=True needs UnixStartTime in the header; read it in seconds"
        )
    latest = submit.max() if len(submit) else 0
    if start.timestamp() + latest > MAX_SECONDS:
        raise InvalidInputError(f"{name}: datetimes=True would go beyond the year 2261")
    ns = np.rint(submit.to_numpy() * 1e9).astype(np.int64) + start.value
    return pd.DatetimeIndex(ns, tz="UTC").tz_convert(start.tz)


def _nodes(name: str, machine: int, processors: str) -> pd.DataFrame:
    if processors == "cpus":
        return pd.DataFrame({"node_id": ["machine"], "cpus": [machine]})
    if machine > _MAX_NODES:
        raise InvalidInputError(
            f"{name}: processors='tasks' would make {machine:,} nodes; use processors='cpus'"
        )
    return pd.DataFrame({"node_id": [f"node-{i}" for i in range(machine)], "cpus": 1})


@dataclass(frozen=True)
class _Log:
    """A parsed log: its header, its fields as columns, and the rules that pick the jobs."""

    name: str
    header: Mapping[str, str]
    records: Records

    def field(self, number: int) -> NDArray[Any]:
        """One field (from 1) of all records."""
        return self.records.fields[number - 1]

    @property
    def processors(self) -> NDArray[Any]:
        """Allocated, else requested processors; 0 or less = unknown."""
        allocated = self.field(_ALLOCATED)
        return np.where(allocated > 0, allocated, self.field(_REQUESTED))

    def machine(self, max_processors: int | None) -> int:
        """Processors of the machine."""
        if max_processors is not None:
            if not 1 <= max_processors <= _MAX_PROCESSORS or max_processors != int(max_processors):
                raise InvalidInputError(
                    f"max_processors must be a whole number of 1 or more, got {max_processors!r}"
                )
            return int(max_processors)
        stated = leading_number(self.header.get("MaxProcs")) or leading_number(
            self.header.get("MaxNodes")
        )
        processors = self.processors
        size = stated or int(max(1, processors.max(initial=1)))
        if size > _MAX_PROCESSORS:
            line = 1 if stated else self.records.line_of(int(processors.argmax()))
            column = "MaxProcs" if stated else FIELDS[_ALLOCATED - 1]
            raise fail(
                self.name, line, column, f"{size} processors are too many; give max_processors="
            )
        return size

    def filter(
        self, machine: int, missing_limit: str, on_error: str
    ) -> tuple[NDArray[np.bool_], dict[str, int]]:
        """Rows to keep, and how many fell to each rule."""
        repeated = self._repeated(on_error)
        processors, limit = self.processors, self.field(_LIMIT)
        no_limit = (limit <= 0) & (missing_limit == "drop") & (limit > 0).any()
        rules = {
            "partial executions": np.isin(self.field(_STATUS), _PARTIAL),
            "job number repeated": repeated,
            "submit time missing": self.field(_SUBMIT) < 0,
            "more processors than the machine": processors > machine,
            "processors missing": processors <= 0,
            "run time missing or 0": self.field(_RUN) <= 0,
            "requested time missing or 0": no_limit,
        }
        keep = np.ones(len(processors), dtype=bool)
        dropped = {"malformed": self.records.malformed} if self.records.malformed else {}
        for reason, applies in rules.items():
            count = int((keep & applies).sum())
            keep &= ~applies
            if count:
                dropped[reason] = count
        return keep, dropped

    def _repeated(self, on_error: str) -> NDArray[np.bool_]:
        ids = pd.Index(self.field(_JOB))
        whole = ~np.isin(self.field(_STATUS), _PARTIAL)
        repeated = np.zeros(len(ids), dtype=bool)
        repeated[whole] = ids[whole].duplicated()
        if repeated.any() and on_error == "raise":
            row = int(repeated.argmax())
            first = self.records.line_of(int((ids == ids[row]).argmax()))
            raise fail(
                self.name,
                self.records.line_of(row),
                FIELDS[_JOB - 1],
                f"must be distinct; {ids[row]} stands in line {first} already; mend the line or "
                f"pass on_error='drop'",
            )
        return repeated

    def jobs(
        self, rows: NDArray[np.bool_], keep: Iterable[str], missing_limit: str
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """The jobs table of the rows, and what was changed in it."""
        run, limit = self.field(_RUN)[rows], self.field(_LIMIT)[rows]
        missing = limit <= 0
        repaired: dict[str, int] = {}
        if missing.any():
            if missing_limit == "run":
                limit = np.where(missing, run, limit)
                repaired["requested time taken from the run time"] = int(missing.sum())
            else:
                limit = np.where(missing, np.nan, limit)
        over = run > limit
        if over.any():
            run = _as_before(np.where(over, limit, run), run.dtype)
            repaired["run time cut to the requested time"] = int(over.sum())
        columns: dict[str, Any] = {
            "job_id": self.field(_JOB)[rows].astype(np.int64),
            "submit_time": self.field(_SUBMIT)[rows],
            "duration_s": run,
            "limit_s": limit,
            "cpus": self.processors[rows].astype(np.int64),
            "user": _labels(self.field(_USER)[rows]),
            "group": _labels(self.field(_GROUP)[rows]),
            "queue": _labels(self.field(_QUEUE)[rows], numbered_names(self.header.get("Queue"))),
        }
        for name in keep:
            columns[name] = _known(self.field(KEEPABLE[name])[rows])
        return pd.DataFrame(columns), repaired


def _known(values: NDArray[Any]) -> NDArray[Any]:
    """The values with -1 as NaN, if there is any."""
    unknown = values < 0
    return np.where(unknown, np.nan, values) if unknown.any() else values


def _labels(values: NDArray[Any], names: Mapping[str, str] | None = None) -> pd.Categorical:
    """Numbers as text labels, by name where the header names them; negative is missing."""
    names = names or {}
    codes, numbers = pd.factorize(values, sort=True)
    texts = [f"{number:g}" if number % 1 else str(int(number)) for number in numbers]
    named = [names.get(text, text) for text in texts]
    texts = named if len(set(named)) == len(named) else texts
    known = numbers >= 0
    code_of = np.where(known, np.cumsum(known) - 1, -1)
    categories = [text for text, is_known in zip(texts, known, strict=True) if is_known]
    return pd.Categorical.from_codes(code_of[codes], categories=pd.Index(categories, dtype="str"))
