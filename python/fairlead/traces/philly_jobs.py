"""Jobs and attempts of the Philly log, from nested JSON to flat columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.traces.json_values import Json
from fairlead.traces.records import Records
from fairlead.traces.wall_clock import CLOCK_CHANGE, utc_times

__all__ = ["Attempts", "job_rows"]

_MEMBERS = ("jobid", "submitted_time", "status", "user", "vc")
_ATTEMPT = ("job", "start", "end", "gpus", "servers", "even")


def job_rows(document: Json) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[Any]]:
    """One row a job, one row an attempt, and what is wrong with each job, as ``place: what``.

    Examples
    --------
    >>> job_rows(Json("log.json", "", [{"jobid": 7}]))[2][0]
    "jobid: must be text; got 7; mend it or pass on_error='drop'"
    """
    jobs, attempts, problems = [], [], []
    for row, element in enumerate(document.elements()):
        members: list[str | None] = [None] * len(_MEMBERS)
        problem = None
        try:
            members = [element.text(member) for member in _MEMBERS]
            attempts += [_attempt(row, attempt) for attempt in element.each("attempts")]
            if members[0] is None:
                raise element["jobid"].error("text")
        except InvalidInputError as error:
            place = f"{document.file}, at [{row}]"
            told = str(error).removeprefix(place)
            problem = told[1:] if told.startswith(".") else f"job{told}"
        jobs.append(members)
        problems.append(problem)
    rows = pd.DataFrame(jobs, columns=list(_MEMBERS), dtype=object)
    table = pd.DataFrame(attempts, columns=list(_ATTEMPT))
    return rows, table, pd.Series(problems, dtype=object)


def _attempt(row: int, attempt: Json) -> tuple[Any, ...]:
    """One row of attempts: servers that gave no GPU do not count."""
    counts = [len(server.each("gpus")) for server in attempt.each("detail")]
    counts = [count for count in counts if count]
    begins, ends = (_time(attempt, f"{name}_time") for name in ("start", "end"))
    return row, begins, ends, sum(counts), len(counts), len(set(counts)) <= 1


def _time(attempt: Json, member: str) -> str | None:
    text = attempt.text(member)
    return None if text == "None" else text


@dataclass(frozen=True)
class Attempts:
    """What the attempts of each job come to.

    Attributes
    ----------
    count : int array
    started, finished : bool array
        Any attempt has a start; the last one has an end.
    start : DatetimeIndex
        Of the first attempt, UTC.
    duration_s : float array
        All attempts together; NaN where the job did not start or end.
    gpus : float array
        Of the attempt that ran longest; NaN where there is no attempt.
    servers : float array
        Its servers.
    even : bool array
        Each of them gave as many GPUs.
    """

    count: NDArray[Any]
    started: NDArray[np.bool_]
    finished: NDArray[np.bool_]
    start: pd.DatetimeIndex
    duration_s: NDArray[np.float64]
    gpus: NDArray[np.float64]
    servers: NDArray[np.float64]
    even: NDArray[np.bool_]

    @classmethod
    def of(cls, records: Records, attempts: pd.DataFrame, zone: str) -> Attempts:
        """Put the attempts of each job together; one that ends before it starts is a bad cell."""
        n = len(records)
        every = _timed(records, attempts, zone)
        table = every[every["begins"].notna()]
        last = ~table["job"].duplicated(keep="last")
        ended = table["ran"].notna()
        left_out = [every.loc[every["begins"].isna(), "job"], table.loc[~ended & ~last, "job"]]
        records.repair(_mask(n, pd.concat(left_out)), "attempt without start or end left out")
        by_job = table.groupby("job")
        started = _mask(n, table["job"])
        finished = _mask(n, table.loc[last & ended, "job"])
        ran = by_job["ran"].sum().reindex(range(n)).to_numpy(dtype=np.float64)
        longest = table.sort_values("ran", kind="stable", na_position="first")
        longest = longest.drop_duplicates("job", keep="last").set_index("job").reindex(range(n))
        differ = by_job["gpus"].nunique().reindex(range(n), fill_value=0).to_numpy() > 1
        records.repair(differ, "GPUs differ between attempts, those of the longest taken")
        return cls(
            count=every.groupby("job").size().reindex(range(n), fill_value=0).to_numpy(),
            started=started,
            finished=finished,
            start=pd.DatetimeIndex(by_job["begins"].min().reindex(range(n))),
            duration_s=np.where(finished, ran, np.nan),
            gpus=longest["gpus"].to_numpy(dtype=np.float64),
            servers=longest["servers"].to_numpy(dtype=np.float64),
            even=~longest["even"].eq(False).to_numpy(),
        )


def _timed(records: Records, attempts: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The attempts with their start in UTC and run time in s; missing where either is."""
    n = len(records)
    jobs = attempts["job"].astype("int64")
    times = {}
    for name in ("start", "end"):
        texts = attempts[name].astype("str").where(attempts[name].notna())
        told = utc_times(texts, zone)
        records.require(~_mask(n, jobs[~told.good & texts.notna()]), f"{name}_time", "a time")
        records.repair(_mask(n, jobs[told.changed]), CLOCK_CHANGE)
        times[name] = told.utc
    ran = (times["end"] - times["start"]).total_seconds().to_numpy()
    records.require(~_mask(n, jobs[ran < 0]), "end_time", "not before start_time")
    return attempts.assign(job=jobs, begins=times["start"], ran=ran)


def _mask(n: int, rows: Any) -> NDArray[np.bool_]:
    """The rows as a mask."""
    mask = np.zeros(n, dtype=bool)
    mask[np.asarray(rows, dtype=np.int64)] = True
    return mask
