"""Checks of demand series: steps, missing and odd values, idle and flat stretches, peaks, span."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.report.words import clock, count, share
from fairlead.traces.diagnosis.demand_view import DemandView
from fairlead.traces.diagnosis.finding import Finding, rows_where
from fairlead.traces.diagnosis.view import DAY_S

__all__ = ["check_demand", "demand_measures"]

_NO_ROWS = np.empty(0, dtype=np.int64)
# Part of the values of a series that are 0, from which on it is called idle.
_IDLE = 0.8
_FLAT_S = DAY_S
# Part of the squared deviations in the highest hundredth of the steps, of so many steps.
_PEAKS, _FEWEST_STEPS = 0.6, 200
_SHORT_S = 2 * DAY_S


def check_demand(view: DemandView) -> Iterator[Finding]:
    """All findings about demand series."""
    yield from _uneven_steps(view)
    yield from _values(view)
    yield from _idle(view)
    yield from _flat(view)
    yield from _peaks(view)
    yield from _time(view)


def _finding(
    name: str, number: int, message: str, consequence: str, rows: NDArray[np.int64] = _NO_ROWS
) -> Finding:
    return Finding(name, "info", number, message, consequence, "", rows)


def _of(view: DemandView, found: pd.DataFrame) -> str:
    """Which series, where there are several."""
    n, all_of_them = len(found), len(view.series)
    if n == all_of_them:
        return "" if n == 1 else f" in all {n:,} series"
    return f" in {n:,} of {all_of_them:,} series, first {found.index[0]}"


def _uneven_steps(view: DemandView) -> Iterator[Finding]:
    found = view.series[view.series["uneven"] > 0]
    if found.empty:
        return
    number = int(found["uneven"].sum())
    step = float(found["step_s"].iloc[0])
    rows = []
    for name in found.index[:5]:
        mine = view.rows[str(name)]
        odd = np.flatnonzero(np.diff(view.times_s[mine]) != found.loc[name, "step_s"])
        rows.append(mine[odd + 1])
    yield _finding(
        "uneven_steps",
        number,
        f"{count(number, 'step')} that {'is' if number == 1 else 'are'} not {clock(step)} long"
        f"{_of(view, found)}: values are missing, or the clock moved",
        "forecasts count steps: bring the series to even steps first, or hours and days shift",
        np.concatenate(rows),
    )


def _values(view: DemandView) -> Iterator[Finding]:
    for name, told, consequence, rows in (
        (
            "missing_values",
            "missing",
            "a missing value is no 0: fill it in before a forecast, or leave the stretch out",
            ~np.isfinite(view.amounts),
        ),
        (
            "negative_values",
            "below 0",
            "no demand is: they are readings, differences or forecasts, not units in use",
            view.amounts < 0,
        ),
    ):
        if rows.any():
            n = int(rows.sum())
            found = view.series[view.series[name.partition("_")[0]] > 0]
            message = f"{count(n, 'value')} {told} ({share(n / rows.size)}){_of(view, found)}"
            yield _finding(name, n, message, consequence, rows_where(rows))


def _idle(view: DemandView) -> Iterator[Finding]:
    parts = view.series["zero"] / view.series["values"]
    found = view.series[parts >= _IDLE]
    if len(found):
        part = float(found["zero"].sum() / found["values"].sum())
        yield _finding(
            "idle_series",
            len(found),
            f"{share(part)} of the values are 0{_of(view, found)}: almost always idle",
            "errors relative to the level mean nothing there, and a forecast of 0 looks good",
        )
    zero = view.amounts == 0
    some = view.series[(parts > 0) & (parts < _IDLE)]
    if len(some):
        n = int(some["zero"].sum())
        yield _finding(
            "zero_steps",
            n,
            f"{count(n, 'value')} of exactly 0 ({share(float(n / some['values'].sum()))})"
            f"{_of(view, some)}: idle, if the publisher does not write 0 for what is missing",
            "relative errors cannot be told for them, and a gap in collection would look like this",
            rows_where(zero),
        )


def _flat(view: DemandView) -> Iterator[Finding]:
    found = view.series[view.series["flat_s"] >= _FLAT_S]
    if found.empty:
        return
    yield _finding(
        "flat_values",
        len(found),
        f"the same value for up to {clock(float(found['flat_s'].max()))}{_of(view, found)}: a long "
        f"job, or a sensor that hangs",
        "the last value is then hard to beat as a forecast, and the end of the stretch is a jump "
        "that nothing announces",
    )


def _peaks(view: DemandView) -> Iterator[Finding]:
    known = (view.series["values"] >= _FEWEST_STEPS) & (view.series["peak_frac"] >= _PEAKS)
    found = view.series[known]
    if found.empty:
        return
    name = str(found.index[0])
    mine = view.rows[name]
    highest = mine[np.argsort(-np.nan_to_num(view.amounts[mine]), kind="stable")]
    yield _finding(
        "rare_peaks",
        len(found),
        f"one step in a hundred holds {share(float(found['peak_frac'].max()))} of the variance"
        f"{_of(view, found)}, the highest {np.nanmax(view.amounts[mine]):,.6g} where half are "
        f"below {np.nanmedian(view.amounts[mine]):,.6g}",
        "squared errors tell of these steps alone: judge forecasts by absolute ones, by "
        "quantiles, or by logarithms",
        highest[:20],
    )


def _time(view: DemandView) -> Iterator[Finding]:
    if view.kind.name == "seconds":
        yield _finding(
            "not_recorded",
            view.amounts.size,
            "no value tells the date of second 0",
            "hours and days of the week are unknown",
        )
    if view.span_s < _SHORT_S:
        yield _finding(
            "short_span",
            view.amounts.size,
            f"all values lie within {clock(view.span_s)}",
            "a forecast learns no day and no week, and nobody knows whether this day was like "
            "others",
        )


def demand_measures(view: DemandView) -> dict[str, float]:
    """The figures of the demand by name."""
    known = view.amounts[np.isfinite(view.amounts)]
    return {
        "series": float(len(view.series)),
        "values": float(view.amounts.size),
        "span_days": view.span_s / DAY_S,
        "step_s": float(view.series["step_s"].median()),
        "mean": float(known.mean()) if known.size else float("nan"),
        "max": float(known.max()) if known.size else float("nan"),
        "zero_frac": float((known == 0).mean()) if known.size else float("nan"),
    }
