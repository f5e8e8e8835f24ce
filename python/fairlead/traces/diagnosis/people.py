"""Checks of who submits: users, queues and kinds of jobs that dominate, and flurries."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.report.words import count, share
from fairlead.traces.diagnosis.finding import Finding, remedy_call, rows_where
from fairlead.traces.diagnosis.view import DAY_S, View

__all__ = ["check_people", "flurry_rows"]

# One of many users has so much of the work or of the jobs, and is thinned down to.
_DOMINANT, _THINNED = 0.4, 0.2
_FEWEST_USERS = 5
_DOMINANT_QUEUE = 0.9
# A kind of jobs has so much of the work, and so many times its share of the jobs.
_DOMINANT_KIND, _TIMES_ITS_JOBS = 0.4, 5.0
_FEWEST_KINDS, _MOST_KINDS = 3, 50
# A flurry: one user and day with so many jobs, times the median day of all users.
_FEWEST_FLURRY, _FLURRY_FACTOR = 100, 5.0


def check_people(view: View) -> Iterator[Finding]:
    """All findings about users and queues."""
    codes, names = view.names("user")
    if len(names) >= _FEWEST_USERS:
        jobs = np.ones(view.n)
        for of, weights in (("work", view.work), ("jobs", jobs)):
            finding = _dominant(view, codes, names, of, weights)
            if finding is not None:
                yield finding
                break
        yield from _flurries(view)
    yield from _queue(view)
    yield from _kind(view)


def _shares(codes: NDArray[np.int64], weights: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    known = codes >= 0
    sums = np.bincount(codes[known], weights=weights[known], minlength=n)
    total = weights.sum()
    return sums / total if total > 0 else np.zeros(n)


def _dominant(
    view: View,
    codes: NDArray[np.int64],
    names: list[str],
    of: str,
    weights: NDArray[np.float64],
) -> Finding | None:
    shares = _shares(codes, weights, len(names))
    top = int(shares.argmax())
    if shares[top] < _DOMINANT:
        return None
    rows = rows_where(codes == top)
    return Finding(
        "dominant_user",
        "warning",
        int(rows.size),
        f"user {names[top]} has {share(float(shares[top]))} of the {of}, with "
        f"{count(int(rows.size), 'job')}, among {len(names)} users",
        "means tell how this user fares; what others see, and any fairness measure, drowns",
        remedy_call("thin_user", user=names[top], share=_THINNED, of=of),
        rows[np.argsort(-weights[rows], kind="stable")],
    )


def flurry_rows(view: View) -> NDArray[np.bool_]:
    """Jobs of a user on a day when that user alone submitted far more than all users usually do."""
    codes, names = view.names("user")
    flurry = np.zeros(view.n, dtype=bool)
    valid = np.isfinite(view.submit_s) & (codes >= 0)
    if not valid.any():
        return flurry
    clock_s = view.submit_s if view.local_s is None else view.local_s
    day = np.floor(clock_s[valid] / DAY_S)
    day = (day - day.min()).astype(np.int64)
    usual = float(np.median(np.unique(day, return_counts=True)[1]))
    key = day * len(names) + codes[valid]
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    flurry[valid] = counts[inverse] >= max(_FEWEST_FLURRY, _FLURRY_FACTOR * usual)
    return flurry


def _flurries(view: View) -> Iterator[Finding]:
    flurry = flurry_rows(view)
    # A log that is one burst has no usual day to tell a flurry by.
    if not flurry.any() or flurry.mean() > 0.5 or view.span_s < 7 * DAY_S:
        return
    codes, _ = view.names("user")
    users = np.unique(codes[flurry])
    n = int(flurry.sum())
    yield Finding(
        "flurries",
        "warning",
        n,
        f"{count(n, 'job')} ({share(n / view.n)}) came in flurries of "
        f"{count(int(users.size), 'user')}: days on which one user submitted at least "
        f"{_FLURRY_FACTOR:g} times what all users together usually do",
        "one such day can decide the mean wait of a year, and which policy looks best",
        remedy_call("drop_flurries"),
        rows_where(flurry),
    )


def _queue(view: View) -> Iterator[Finding]:
    codes, names = view.names("queue")
    if len(names) < 2:
        return
    shares = _shares(codes, view.work, len(names))
    top = int(shares.argmax())
    if shares[top] > _DOMINANT_QUEUE:
        yield Finding(
            "dominant_queue",
            "info",
            int((codes == top).sum()),
            f"queue {names[top]} has {share(float(shares[top]))} of the work, of {len(names)} "
            f"queues",
            "forecasts and plans by queue tell little of the others",
            "",
            rows_where(codes == top),
        )


def _kinds(view: View) -> tuple[NDArray[np.int64], list[str]]:
    """Codes and names of models; without them, of job ids up to their numbers."""
    codes, names = view.names("model")
    ids = view.jobs.get("job_id")
    if names or ids is None or pd.api.types.is_numeric_dtype(ids):
        return codes, names
    stems = ids.astype("str").str.rstrip("0123456789").str.rstrip("-_.#/ ")
    kinds, uniques = pd.factorize(stems)
    return kinds.astype(np.int64), [str(stem) for stem in uniques[: _MOST_KINDS + 1]]


def _kind(view: View) -> Iterator[Finding]:
    codes, names = _kinds(view)
    if not _FEWEST_KINDS <= len(names) <= _MOST_KINDS:
        return
    work = _shares(codes, view.work, len(names))
    jobs = _shares(codes, np.ones(view.n), len(names))
    top = int(work.argmax())
    if work[top] < _DOMINANT_KIND or work[top] < _TIMES_ITS_JOBS * jobs[top]:
        return
    rows = rows_where(codes == top)
    yield Finding(
        "dominant_kind",
        "info",
        int(rows.size),
        f"{names[top]} has {share(float(work[top]))} of the work with "
        f"{count(int(rows.size), 'job')} of {view.n:,}",
        "a handful of jobs decides load, makespan and most waits: draw several workloads, or say "
        "what happens to them apart",
        "",
        rows[np.argsort(-view.work[rows], kind="stable")],
    )
