"""Checks of what a log tells besides times and requests: what it lacks, ends, waits, changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from fairlead.report.words import count, share
from fairlead.traces.diagnosis.finding import Finding, rows_where
from fairlead.traces.diagnosis.view import View
from fairlead.traces.trace import TraceMeta

__all__ = ["check_account", "check_recorded"]

_NO_ROWS = np.empty(0, dtype=np.int64)
_STATES = ("recorded_state", "recorded_status")
# How formats name the end of a job that did what it should.
_GOOD = frozenset({"completed", "pass", "passed", "succeed", "succeeded", "success", "terminated"})
# Field 11 of the Standard Workload Format.
_SWF_STATES = {"0": "failed", "1": "completed", "5": "cancelled"}


def check_recorded(view: View) -> Iterator[Finding]:
    """All findings about what was recorded."""
    yield from _not_recorded(view)
    yield from _bad_ends(view)
    yield from _missing_waits(view)
    yield from check_account(view.trace.meta)


def check_account(meta: TraceMeta) -> Iterator[Finding]:
    """What a reader, or a remedy, changed and left out."""
    repaired, dropped = sum(meta.repaired.values()), sum(meta.dropped.values())
    if repaired:
        yield Finding(
            "repaired_records",
            "info",
            repaired,
            f"{repaired:,} values are not those of the file: {_told(meta.repaired)}",
            "results hold for the table as it is now; say it with them",
            "",
            _NO_ROWS,
        )
    if dropped and meta.read:
        yield Finding(
            "dropped_records",
            "info",
            dropped,
            f"{dropped:,} of {meta.read:,} records were left out on reading: {_told(meta.dropped)}",
            "what they asked for, or measured, is missing; say it with the result",
            "",
            _NO_ROWS,
        )


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {reason}" for reason, number in counts.items())


def _not_recorded(view: View) -> Iterator[Finding]:
    lacks = {
        "users": not (view.names("user")[1] or view.names("tenant")[1]),
        "queues": not (view.names("queue")[1] or view.names("pool")[1]),
        "limits": not np.isfinite(view.limit_s).any(),
        "the date of second 0": view.local_s is None,
    }
    effects = {
        "users": "fairness cannot be judged",
        "queues": "nor rules of queues",
        "limits": 'policies that plan need run_times="actual" or default_limit_s=',
        "the date of second 0": "hours and days of the week are unknown",
    }
    lacking = [name for name, absent in lacks.items() if absent]
    if lacking:
        yield Finding(
            "not_recorded",
            "info",
            view.n,
            f"no job tells {', '.join(lacking)}",
            "; ".join(effects[name] for name in lacking),
            "",
            _NO_ROWS,
        )


def _bad_ends(view: View) -> Iterator[Finding]:
    column = next((name for name in _STATES if name in view.jobs), None)
    if column is None:
        return
    codes, texts = view.names(column)
    texts = [text.removesuffix(".0").lower() for text in texts]
    if view.trace.meta.format == "swf":
        texts = [_SWF_STATES.get(text, "partial") for text in texts]
    number = {
        text: int((codes == code).sum()) for code, text in enumerate(texts) if text not in _GOOD
    }
    rows = rows_where(np.isin(codes, [texts.index(text) for text in number]))
    if not rows.size:
        return
    told = ", ".join(f"{n:,} {text}" for text, n in sorted(number.items(), key=lambda t: -t[1]))
    yield Finding(
        "bad_ends",
        "info",
        int(rows.size),
        f"{count(int(rows.size), 'job')} ({share(rows.size / view.n)}) did not complete: {told}",
        "their run times tell when they broke or were stopped, not how long the work takes; a "
        "simulation runs them as any other",
        "",
        rows,
    )


def _missing_waits(view: View) -> Iterator[Finding]:
    if "recorded_wait_s" not in view.jobs:
        return
    missing = ~(view.numbers("recorded_wait_s") >= 0)
    if missing.any():
        n = int(missing.sum())
        yield Finding(
            "missing_waits",
            "info",
            n,
            f"{count(n, 'job')} ({share(n / view.n)}) without a recorded wait",
            "simulated waits of these jobs have nothing to be compared with",
            "",
            rows_where(missing),
        )
