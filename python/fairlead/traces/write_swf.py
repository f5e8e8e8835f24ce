"""Traces to files in the Standard Workload Format."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import job_columns, ns_to_seconds
from fairlead.tables.frames import Table
from fairlead.traces.swf import KEEPABLE
from fairlead.traces.swf_header import leading_number, numbered_names
from fairlead.traces.swf_parse import N_FIELDS

if TYPE_CHECKING:
    from fairlead.traces.trace import Trace

__all__ = ["write_swf"]

_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
_NS = 1_000_000_000
# Fields (from 0) that the jobs table fills; the others come from columns that `read_swf` kept.
_JOB, _SUBMIT, _RUN, _ALLOCATED, _REQUESTED, _LIMIT = 0, 1, 3, 4, 7, 8
_USER, _GROUP, _QUEUE = 11, 12, 14
# How words for the end of a job begin, and the number that the format has for it.
_STATUS = "recorded_status"
_STATUSES = {"complet": 1, "succe": 1, "pass": 1, "fail": 0, "timeout": 0, "cancel": 5, "kill": 5}


def write_swf(trace: Trace, path: str | PathLike[str], resource: str) -> None:
    """The jobs as a log; `Trace.to_swf` says what is lost.

    Raises
    ------
    InvalidInputError
        A request that is not whole, a submission before second 0, or an unwritable file.
    """
    jobs = trace.jobs
    table = Table(jobs, "jobs", "job_id")
    header = dict(trace.meta.header) if trace.meta.format == "swf" else {"Version": "2.2"}
    submit, start = _submits(trace, table)
    if start is not None:
        header.setdefault("UnixStartTime", str(start // _NS))
        header.setdefault("TimeZoneString", _zone(jobs["submit_time"]))
    machine = int(trace.nodes[resource].sum()) if resource in trace.nodes else 0
    if machine and leading_number(header.get("MaxProcs") or header.get("MaxNodes")) != machine:
        header["MaxProcs"] = str(machine)
    queues, header["Queue"] = _queue_numbers(jobs, header.get("Queue", ""))
    processors = _processors(table, resource)
    fields: list[Any] = [np.full(len(jobs), -1)] * N_FIELDS
    fields[_JOB] = _job_numbers(jobs)
    fields[_SUBMIT] = submit
    fields[_RUN] = _seconds(jobs, "duration_s")
    fields[_ALLOCATED] = fields[_REQUESTED] = processors
    fields[_LIMIT] = _seconds(jobs, "limit_s")
    fields[_USER], fields[_GROUP] = _numbered(jobs, "user"), _numbered(jobs, "group")
    fields[_QUEUE] = queues
    for name, field in KEEPABLE.items():
        if name in jobs:
            fields[field - 1] = _statuses(jobs[name]) if name == _STATUS else _seconds(jobs, name)
    _write(path, header, fields)


def _write(path: str | PathLike[str], header: Mapping[str, str], fields: list[Any]) -> None:
    comments = [f"; {key}: {line}" for key, text in header.items() for line in text.splitlines()]
    columns = {i: pd.Series(np.asarray(field)) for i, field in enumerate(fields)}
    lines = pd.DataFrame(columns).to_csv(sep=" ", header=False, index=False, na_rep="-1")
    data = ("".join(f"{comment}\n" for comment in comments) + lines).encode()
    try:
        packed = gzip.compress(data) if fspath(path).endswith(".gz") else data
        Path(path).write_bytes(packed)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{fspath(path)!r} cannot be written: {error}") from error


def _submits(trace: Trace, table: Table) -> tuple[Any, int | None]:
    """Seconds since the start of the log, and the start (ns since 1970) where it is known."""
    columns = job_columns(trace.jobs, ignore="*", need_duration=False)  # checks the whole table
    start = None if trace.meta.start is None else int(trace.meta.start.as_unit("ns").value)
    submit: Any = trace.jobs["submit_time"].to_numpy()
    if columns.time.name == "datetime":
        if start is None:
            start = int(columns.submit_ns.min()) if columns.n else 0
        start = start // _NS * _NS  # the header has whole seconds
        submit = ns_to_seconds(columns.submit_ns - start)
        if (submit == np.trunc(submit)).all():
            submit = submit.astype(np.int64)
    table.require(
        submit >= 0,
        "submit_time",
        "at or after the start of the log",
        "shift the times: the format counts from second 0",
    )
    return submit, start


def _zone(submit: pd.Series[Any]) -> str:
    zone = getattr(submit.dtype, "tz", None)
    return "UTC" if zone is None else str(zone)


def _job_numbers(jobs: pd.DataFrame) -> NDArray[Any]:
    """The ids where they are whole numbers, else row numbers from 1."""
    if "job_id" in jobs and pd.api.types.is_integer_dtype(jobs["job_id"]):
        return jobs["job_id"].to_numpy()
    return np.arange(1, len(jobs) + 1)


def _processors(table: Table, resource: str) -> NDArray[Any]:
    if resource not in table:
        has = ", ".join(table.columns)
        raise InvalidInputError(
            f"jobs has no column {resource!r} to stand for processors; choose one of {has} with "
            f"resource="
        )
    asked = table.numbers(resource).filled(0)
    table.require(
        asked == np.trunc(asked),
        resource,
        "whole, as the format counts processors",
        "round it up first",
    )
    tasks = table.numbers("tasks").filled(1) if "tasks" in table else 1
    return (asked * tasks).astype(np.int64)


def _seconds(jobs: pd.DataFrame, column: str) -> NDArray[Any]:
    """A column as it stands; -1 for what is missing or is no number."""
    if column not in jobs or not pd.api.types.is_numeric_dtype(jobs[column]):
        return np.full(len(jobs), -1)
    values = jobs[column].to_numpy()
    return np.where(pd.isna(values), -1, values) if pd.isna(values).any() else values


def _statuses(labels: pd.Series[Any]) -> NDArray[Any]:
    """How jobs ended as the format numbers it; -1 where the word is not known."""
    if pd.api.types.is_numeric_dtype(labels):
        return labels.fillna(-1).to_numpy()
    codes, uniques = pd.factorize(labels)
    words = [str(label).lower() for label in uniques]
    known = [next((n for stem, n in _STATUSES.items() if w.startswith(stem)), -1) for w in words]
    return np.array([*known, -1])[codes]


def _numbered(jobs: pd.DataFrame, column: str) -> NDArray[Any]:
    """Labels as numbers: those that are numbers stay, others are counted from the next free one."""
    if column not in jobs:
        return np.full(len(jobs), -1)
    return _as_numbers(jobs[column], {})[0]


def _queue_numbers(jobs: pd.DataFrame, header: str) -> tuple[NDArray[Any], str]:
    """Numbers of the queues, and the header lines that name them, one each."""
    if "queue" not in jobs:
        return np.full(len(jobs), -1), header
    known = {name: number for number, name in numbered_names(header).items()}
    numbers, new = _as_numbers(jobs["queue"], known)
    lines = [header, *(f"{number} {' '.join(name.split())}" for name, number in new.items())]
    return numbers, "\n".join(line for line in lines if line)


def _as_numbers(
    labels: pd.Series[Any], known: Mapping[str, str]
) -> tuple[NDArray[Any], dict[str, str]]:
    """A number (as text) for each label, -1 where missing, and those that were newly given."""
    codes, uniques = pd.factorize(labels)
    texts = [str(label) for label in uniques]
    number_of = {text: known.get(text, text) for text in texts if text in known or _is_number(text)}
    taken = {int(float(number)) for number in (*number_of.values(), *known.values())}
    free = max(taken, default=0)
    new: dict[str, str] = {}
    for text in texts:
        if text not in number_of:
            free += 1
            new[text] = str(free)
    number_of |= new
    numbers: list[Any] = [*(number_of[text] for text in texts), "-1"]
    if all(text.lstrip("-").isdecimal() and len(text) < 19 for text in numbers):
        numbers = [int(text) for text in numbers]  # written five times as fast as text
    kind = np.int64 if isinstance(numbers[0], int) else object
    return np.array(numbers, dtype=kind)[codes], new


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None
