"""When Slurm's jobs were submitted, started and ended, and how long they ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairlead.traces.records import Records
from fairlead.traces.slurm_requests import Log
from fairlead.traces.slurm_values import duration_s
from fairlead.traces.source import fail

__all__ = ["Times"]

_ACTIVE = ("PENDING", "RUNNING", "SUSPENDED", "CONFIGURING", "COMPLETING", "RESIZING", "STOPPED")


@dataclass
class Times:
    """When each job was submitted, started and ended (UTC), and how long it ran."""

    records: Records
    submit: pd.DatetimeIndex
    start: pd.DatetimeIndex
    end: pd.DatetimeIndex
    duration_s: Any
    state: Any
    started: Any
    finished: Any

    @classmethod
    def of(cls, log: Log, zone: str) -> Times:
        """The times of all lines; a run time that is not 0 or more is a bad cell."""
        records = log.records
        submit = records.wall_times(log.names["submit"], zone)
        start, end = (_event(log, field, zone) for field in ("start", "end"))
        state = _states(log)
        field, ran = _elapsed(log, start, end)
        started = np.asarray(start.notna() if log.has("start") else ran > 0)
        started = started & ~(_nothing_given(log) & ~(ran > 0))
        active = np.zeros(len(ran), dtype=bool) if state is None else state.isin(_ACTIVE).to_numpy()
        finished = np.asarray(end.notna() if log.has("end") else ~active)
        ran = np.where(started & finished, ran, np.nan)
        sound = ~(started & finished) | (ran >= 0)
        records.require(sound, log.names[field], "such that the run time is 0 or more")
        return cls(records, submit, start, end, ran, state, started, finished)

    def drop_unfinished(self) -> None:
        """Leave out what never ran or still runs."""
        self.records.drop(~self.started, "never started")
        self.records.drop(~self.finished, "not finished")

    def ends(self, rows: Any) -> Any:
        """What tells runs of one job apart: when they ended (ns), else how long they ran (s)."""
        return (self.end.asi8 if self.end.notna().any() else self.duration_s)[rows]


def _nothing_given(log: Log) -> Any:
    """Jobs without nodes: cancelled while they waited, they may have a start all the same."""
    if log.has("nodelist"):
        return (log.cells("nodelist") == "None assigned").to_numpy()
    if log.has("alloctres"):
        return (log.cells("alloctres") == "").to_numpy()
    return np.zeros(len(log.records), dtype=bool)


def _elapsed(log: Log, start: pd.DatetimeIndex, end: pd.DatetimeIndex) -> tuple[str, Any]:
    """The field that tells the run time, and the run times in s."""
    if log.has("elapsedraw"):
        return "elapsedraw", log.records.seconds(log.names["elapsedraw"], required=False)
    if log.has("elapsed"):
        expected = "a duration such as 1-12:30:00"
        return "elapsed", log.parsed("elapsed", duration_s, expected)
    if log.has("start") and log.has("end"):
        return "end", (end - start).total_seconds().to_numpy()
    raise fail(log.records.path, 1, "Elapsed", "no such field; sacct -o must name Elapsed")


def _event(log: Log, field: str, zone: str) -> pd.DatetimeIndex:
    """The times of a field, missing where the job has not come so far."""
    if not log.has(field):
        nothing = np.full(len(log.records), "NaT", dtype="datetime64[ns]")
        return pd.DatetimeIndex(nothing, tz="UTC")
    column = log.names[field]
    return log.records.wall_times(column, zone, required=False, nothing=("Unknown", "None"))


def _states(log: Log) -> Any:
    """The first word, as in ``CANCELLED by 1001``."""
    if not log.has("state"):
        return None
    codes, uniques = pd.factorize(log.cells("state"))
    words = [str(text).split(" ")[0].rstrip("+").upper() for text in uniques]
    return pd.Series(np.array([*words, ""], dtype=object)[codes]).astype("category")
