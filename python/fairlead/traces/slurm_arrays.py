"""Pending job arrays of Slurm, which stand in one line for all their tasks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from fairlead.traces.slurm_requests import Log
from fairlead.traces.slurm_values import array_indices

__all__ = ["expanded_arrays"]


def expanded_arrays(log: Log, columns: dict[str, Any]) -> pd.DataFrame:
    """The jobs table of a log, a pending array as a job for each of its tasks.

    Raises
    ------
    InvalidInputError
        Slurm cut the list of tasks short, or another line has one of them too; names the line.
    """
    tasks = [_tasks(text) for text in log.ids]
    told = [some is not None for some in tasks]
    log.records.require(told, log.names["jobid"], "array tasks written out, as in 123_[5-9,12%2]")
    alive = log.records.alive
    counts = Counter(t for some, left in zip(tasks, alive, strict=True) if left for t in some or ())
    alone = [some is None or all(counts[task] == 1 for task in some) for some in tasks]
    log.records.require(alone, log.names["jobid"], "array tasks that no other line has")
    jobs = log.records.jobs(columns)
    of_row = [some for some, left in zip(tasks, log.records.alive, strict=True) if left and some]
    wide = jobs.loc[jobs.index.repeat([len(some) for some in of_row])].reset_index(drop=True)
    if len(wide) == len(jobs):
        return jobs
    return wide.assign(job_id=[task for some in of_row for task in some])


def _tasks(text: str) -> list[str] | None:
    """The ids that an id stands for; None where Slurm cut them short."""
    array, bracket, rest = text.partition("_[")
    if not bracket:
        return [text]
    try:
        return [f"{array}_{index}" for index in array_indices(rest.rstrip("]"))]
    except ValueError:
        return None
