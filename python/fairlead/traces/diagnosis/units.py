"""Checks of units: seconds against milliseconds and minutes, GiB against MiB."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fairlead.report.words import clock, count, share
from fairlead.tables import MAX_SECONDS
from fairlead.traces.diagnosis.finding import Finding, remedy_call, rows_where
from fairlead.traces.diagnosis.view import DAY_S, View

__all__ = ["check_units"]

_ENOUGH = 20
_YEAR_S = 365 * DAY_S
# No log runs longer, no median job lasts so long, no machine is asked for so much.
_LONGEST_SPAN_S = 30 * _YEAR_S
_LONGEST_MEDIAN_S = 14 * DAY_S
_LONGEST_MEDIAN_LIMIT_S = 60 * DAY_S
_GREATEST_LOAD = 30.0
# Limits in these units, in seconds, and the part of jobs that must then be within theirs.
_LIMIT_UNITS = {60: "minutes", 3600: "hours"}
_WITHIN = 0.9
# Memory read as GiB that was MiB, KiB or bytes; and what no median task asks (GiB).
_MEMORY_FACTORS = (2**-10, 2**-20, 2**-30)
_GREATEST_MEDIAN_GIB = 4096.0


def check_units(view: View) -> Iterator[Finding]:
    """All findings about units."""
    yield from _submissions(view)
    yield from _run_times(view)
    yield from _limits(view)
    yield from _memory(view)


def _submissions(view: View) -> Iterator[Finding]:
    if view.kind.name != "seconds" or not view.order.size:
        return
    largest = float(np.abs(view.submit_s[view.order]).max())
    if largest <= MAX_SECONDS and view.span_s <= _LONGEST_SPAN_S:
        return
    # Unix time now is 1.8e9 s: the magnitude tells the unit.
    factor = next(f for bound, f in ((1e14, 1e-3), (1e17, 1e-6), (np.inf, 1e-9)) if largest < bound)
    unit = {1e-3: "milliseconds", 1e-6: "microseconds", 1e-9: "nanoseconds"}[factor]
    yield Finding(
        "submit_unit",
        "critical",
        view.order.size,
        f"submissions as seconds span {view.span_s / _YEAR_S:,.3g} years and reach {largest:.3g}: "
        f"they look like {unit}",
        "a simulation refuses times beyond 9.2e9 s, and below that the machine seems idle",
        remedy_call("scale", column="submit_time", factor=factor),
        view.order[:5],
    )


def _run_times(view: View) -> Iterator[Finding]:
    run = view.run_s[view.run_s > 0]
    if run.size < _ENOUGH:
        return
    median = float(np.median(run))
    signs = []
    if bool((run % 1000 == 0).all()) and run.max() > DAY_S:
        signs.append("all are whole thousands")
    if median > _LONGEST_MEDIAN_S:
        signs.append(f"half of them are longer than {clock(median)}")
    if view.load > _GREATEST_LOAD:
        signs.append(f"they ask for {view.load:,.0f} times what the machine has")
    if _within_limits(view, 1) < 0.5 and _within_limits(view, 60) < _WITHIN <= _within_limits(
        view, 1000
    ):
        signs.append("most are within their limits only if they are")
    if signs:
        yield Finding(
            "run_time_unit",
            "critical",
            run.size,
            f"run times look like milliseconds: {'; '.join(signs)}",
            "work is a thousand times too much: no queue ever drains",
            remedy_call("scale", column="duration_s", factor=0.001),
            np.argsort(-np.nan_to_num(view.run_s, nan=-1), kind="stable")[:5].astype(np.int64),
        )


def _within_limits(view: View, factor: float) -> float:
    """Share of jobs within their limit if limits were so many times as long; NaN for few jobs."""
    both = np.isfinite(view.limit_s) & (view.run_s > 0)
    if both.sum() < _ENOUGH:
        return float("nan")
    return float((view.run_s[both] <= factor * view.limit_s[both]).mean())


def _limits(view: View) -> Iterator[Finding]:
    within = _within_limits(view, 1)
    limit = view.limit_s[np.isfinite(view.limit_s)]
    if within < 0.5:
        factor = next((f for f in _LIMIT_UNITS if _within_limits(view, f) >= _WITHIN), None)
        over = rows_where(view.run_s > view.limit_s)
        told = f"values in {_LIMIT_UNITS[factor]}" if factor else "values of something else"
        yield Finding(
            "limit_unit",
            "critical",
            over.size,
            f"{share(1 - within)} of jobs ran longer than their limit: limits look like {told}",
            "a simulation kills most jobs long before their end",
            remedy_call("scale", column="limit_s", factor=factor)
            if factor
            else remedy_call("drop_limits"),
            over,
        )
    elif limit.size >= _ENOUGH and np.median(limit) > _LONGEST_MEDIAN_LIMIT_S:
        yield Finding(
            "limit_unit",
            "critical",
            limit.size,
            f"half of the limits are longer than {clock(float(np.median(limit)))}: they look like "
            f"milliseconds",
            "plans are made with estimates that never end, so backfilling finds no holes",
            remedy_call("scale", column="limit_s", factor=0.001),
            rows_where(np.isfinite(view.limit_s)),
        )


def _memory(view: View) -> Iterator[Finding]:
    if "memory_gib" not in view.requests:
        return
    asked = view.requests["memory_gib"]
    some = asked > 0
    largest = _largest_node_gib(view)
    most = _GREATEST_MEDIAN_GIB if largest is None else largest
    if some.sum() < _ENOUGH or (asked[some] > most).mean() <= 0.5:
        return
    factor = next((f for f in _MEMORY_FACTORS if _fits(asked[some] * f, most)), _MEMORY_FACTORS[-1])
    unit = dict(zip(_MEMORY_FACTORS, ("MiB", "KiB", "bytes"), strict=True))[factor]
    number = int((asked > most).sum())
    yield Finding(
        "memory_unit",
        "critical",
        number,
        f"{count(number, 'job')} ask more memory than {most:,.0f} GiB: requests look like {unit}",
        "most jobs never fit a node",
        remedy_call("scale", column="memory_gib", factor=factor),
        rows_where(asked > most),
    )


def _largest_node_gib(view: View) -> float | None:
    if view.cluster is None or "memory_gib" not in view.cluster.nodes:
        return None
    return float(view.cluster.nodes["memory_gib"].max())


def _fits(asked: NDArray[np.float64], most: float) -> bool:
    return bool((asked <= most).mean() >= _WITHIN)
