"""Checks of single records: repeated ones, run times, limits, requests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fairlead.report.words import clock, count, share
from fairlead.tables import DEVICES
from fairlead.traces.diagnosis.finding import Finding, remedy_call, rows_where
from fairlead.traces.diagnosis.view import View

__all__ = ["check_records"]

_ENOUGH = 50
# Jobs of a bulk submission look alike, but seldom run equally long to the second.
_LEAST_REPEATED_RUN_S = 60.0


def check_records(view: View) -> Iterator[Finding]:
    """All findings about single records."""
    yield from _duplicate_ids(view)
    yield from _repeated_rows(view)
    yield from _run_times(view)
    yield from _limits(view)
    yield from _requests(view)


def _duplicate_ids(view: View) -> Iterator[Finding]:
    if "job_id" not in view.jobs:
        return
    repeated = view.jobs["job_id"].duplicated(keep=False).to_numpy()
    extra = int(view.jobs["job_id"].duplicated().sum())
    if extra:
        yield Finding(
            "duplicate_ids",
            "critical",
            extra,
            f"{count(extra, 'job')} with the id of an earlier job",
            "a simulation refuses the table: events and results name jobs by id",
            remedy_call("renumber"),
            rows_where(repeated),
        )


def _repeated_rows(view: View) -> Iterator[Finding]:
    columns = [c for c in view.jobs.columns if c != "job_id"]
    telling = {"submit_time", "duration_s"} <= set(columns)
    if not telling or view.n < 2:
        return
    frame = view.jobs[columns]
    long = view.run_s >= _LEAST_REPEATED_RUN_S
    repeated = frame.duplicated().to_numpy() & long
    # Without users, equal jobs of a coarse clock can be chance.
    if repeated.sum() > 0.001 * view.n:
        both = frame.duplicated(keep=False).to_numpy() & long
        yield Finding(
            "repeated_rows",
            "warning",
            int(repeated.sum()),
            f"{count(int(repeated.sum()), 'row')} equal to an earlier one in everything but the "
            f"id, run time to the second included",
            "where they are one job recorded twice, and not jobs of one array that were ended "
            "together, its work counts twice",
            remedy_call("drop_repeated_rows"),
            rows_where(both),
        )


def _run_times(view: View) -> Iterator[Finding]:
    run = view.run_s
    missing, negative, zero = ~np.isfinite(run), run < 0, run == 0
    if missing.all():
        yield Finding(
            "missing_run_times",
            "critical",
            view.n,
            "no job has a run time: the list tells what is asked, not for how long",
            "a simulation refuses the table; only placing the jobs once makes sense",
            remedy_call("fill_run_times", seconds=3600),
            rows_where(missing),
        )
    elif missing.any():
        n = int(missing.sum())
        yield Finding(
            "missing_run_times",
            "critical",
            n,
            f"{count(n, 'job')} without a run time: still running, never started, or not recorded",
            "a simulation needs the run time of every job and refuses the table",
            remedy_call("drop_missing_run_times"),
            rows_where(missing),
        )
    if negative.any():
        n = int(negative.sum())
        yield Finding(
            "negative_run_times",
            "critical",
            n,
            f"{count(n, 'job')} that end before they start: a clock that jumped, or columns mixed "
            f"up",
            "a simulation refuses the table",
            remedy_call("drop_negative_run_times"),
            rows_where(negative),
        )
    if zero.any():
        n = int(zero.sum())
        yield Finding(
            "zero_run_times",
            "warning",
            n,
            f"{count(n, 'job')} ({share(n / view.n)}) with a run time of 0: cancelled before they "
            f"started, or failed at once",
            "they wait in the queue but use nothing; many of them pull mean waits and slowdowns "
            "about",
            remedy_call("drop_zero_run_times"),
            rows_where(zero),
        )


def _limits(view: View) -> Iterator[Finding]:
    has = np.isfinite(view.limit_s)
    if 0 < has.sum() < view.n:
        n = int((~has).sum())
        yield Finding(
            "missing_limits",
            "warning",
            n,
            f"{count(n, 'job')} ({share(n / view.n)}) without a limit",
            "policies that plan, as EASY, refuse jobs without an estimate unless default_limit_s= "
            "is given",
            remedy_call("fill_limits"),
            rows_where(~has),
        )
    over = view.run_s > view.limit_s
    # More than half: the unit is wrong, which is another finding.
    if over.any() and over.sum() <= has.sum() / 2:
        n = int(over.sum())
        lost = np.where(over, view.run_s - view.limit_s, 0.0)
        yield Finding(
            "over_limit",
            "warning",
            n,
            f"{count(n, 'job')} ({share(n / view.n)}) ran longer than their limit, at most by "
            f"{clock(float(lost.max()))}",
            f"a simulation kills them at the limit: {share(lost.sum() / np.nansum(view.run_s))} of "
            f"all run time is lost, and they count as timeouts",
            remedy_call("cap_run_times"),
            np.argsort(-lost, kind="stable")[:n].astype(np.int64),
        )


def _requests(view: View) -> Iterator[Finding]:
    if not view.requests:
        yield Finding(
            "asks_nothing",
            "critical",
            view.n,
            "no job asks any resource: the columns are missing, or named otherwise",
            "all jobs start at once on any machine",
            remedy_call("add_request", resource=_some_resource(view), amount=1),
            np.arange(view.n, dtype=np.int64),
        )
        return
    nothing = ~np.logical_or.reduce([amounts > 0 for amounts in view.requests.values()])
    if nothing.any():
        n = int(nothing.sum())
        yield Finding(
            "asks_nothing",
            "warning",
            n,
            f"{count(n, 'job')} ({share(n / view.n)}) ask no resource at all",
            "they start at once and use nothing, so they lower the mean wait",
            remedy_call("drop_empty_requests"),
            rows_where(nothing),
        )


def _some_resource(view: View) -> str:
    """What the machine has, devices first."""
    known = [] if view.cluster is None else list(view.cluster.capacity)
    return next((name for name in (*DEVICES, *known) if name in known), "cpus")
