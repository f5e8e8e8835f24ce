"""Checks of limits as estimates of run times: few values, far too long, met exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fairlead.report.words import clock, count, share
from fairlead.traces.diagnosis.finding import Finding, remedy_call, rows_where
from fairlead.traces.diagnosis.view import View

__all__ = ["PREDICTED", "check_estimates"]

#: Column that the remedy for loose limits adds.
PREDICTED = "predicted_s"

_ENOUGH = 50
_MODES, _MODAL = 5, 0.5
_LOOSE = 0.25
# Run times from here on, as parts of the limit, ended because of it.
_AT_LIMIT, _MANY_AT_LIMIT = 0.99, 0.02


def check_estimates(view: View) -> Iterator[Finding]:
    """All findings about limits as estimates."""
    both = np.isfinite(view.limit_s) & (view.run_s > 0)
    if both.sum() < _ENOUGH:
        return
    yield from _modal(view)
    used = np.full(view.n, np.nan)
    used[both] = view.run_s[both] / view.limit_s[both]
    yield from _loose(view, used)
    yield from _at_limit(used)


def _modal(view: View) -> Iterator[Finding]:
    limits = view.limit_s[np.isfinite(view.limit_s)]
    values, counts = np.unique(limits, return_counts=True)
    top = np.argsort(-counts, kind="stable")[:_MODES]
    part = counts[top].sum() / limits.size
    if values.size <= _MODES or part < _MODAL:
        return
    told = ", ".join(
        f"{clock(float(v))} ({share(c / limits.size, 0)})"
        for v, c in zip(values[top], counts[top], strict=True)
    )
    yield Finding(
        "modal_limits",
        "info",
        int(counts[top].sum()),
        f"{_MODES} values make {share(float(part), 0)} of the limits: {told}",
        "jobs look alike to a policy that orders by estimate, and many planned ends coincide",
        "",
        rows_where(np.isin(view.limit_s, values[top])),
    )


def _loose(view: View, used: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Iterator[Finding]:
    median = float(np.nanmedian(used))
    if median >= _LOOSE or PREDICTED in view.jobs:
        return
    n = int(np.nansum(used < _LOOSE))
    yield Finding(
        "loose_limits",
        "warning",
        n,
        f"half of the jobs use less than {share(median)} of their limit; "
        f"{count(n, 'job')} less than a quarter",
        "plans made with limits see far longer jobs than there are: backfilling is timid, and the "
        "order by estimate is close to chance",
        # Then: schedule(..., run_times="predicted_s").
        remedy_call("predict_run_times"),
        np.argsort(np.where(np.isfinite(used), used, np.inf), kind="stable")[:n].astype(np.int64),
    )


def _at_limit(used: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Iterator[Finding]:
    ended = np.nan_to_num(used, nan=0.0) >= _AT_LIMIT
    if ended.mean() < _MANY_AT_LIMIT:
        return
    n = int(ended.sum())
    yield Finding(
        "ended_at_limit",
        "info",
        n,
        f"{count(n, 'job')} ({share(float(ended.mean()))}) ended at their limit or within "
        f"{share(1 - _AT_LIMIT)} of it",
        "how long they would have run is not known: longer limits in a what-if change nothing for "
        "them",
        "",
        rows_where(ended),
    )
