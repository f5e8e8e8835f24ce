"""Results in a few lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairlead.report import facts

if TYPE_CHECKING:
    from fairlead.pipeline import PipelineResult
    from fairlead.traces import Trace

__all__ = ["run_text"]

_LABEL, _WIDTH = 10, 88


def run_text(result: PipelineResult, trace: Trace) -> str:
    """A pipeline run: where it ran, forecasts, capacity and waits beside all nodes on, alerts."""
    schedule = result.schedule
    lines = [
        *_labelled("trace", [*trace.summary().splitlines(), facts.status_line(schedule)]),
        *_labelled("cluster", [facts.cluster_line(schedule)]),
        *_labelled("policy", [facts.policy_line(schedule)]),
        *_labelled("forecast", [facts.forecast_line(result)]),
        *_labelled("plan", _columns(facts.comparison(result), whole=result.baseline is not None)),
        *_labelled("alerts", _alerts(result)),
        *_labelled("advice", result.report.advice),
        *_labelled("in short", facts.verdict(result)),
    ]
    return "\n".join(lines)


def _labelled(label: str, lines: Sequence[str]) -> list[str]:
    """Lines beside a label, folded where they are long."""
    folded = [part for line in lines for part in _folded(line)]
    return [f"{label if i == 0 else '':<{_LABEL}}{line}".rstrip() for i, line in enumerate(folded)]


def _folded(line: str) -> list[str]:
    return [line] if len(line) <= _WIDTH else textwrap.wrap(line, _WIDTH, subsequent_indent="  ")


def _columns(rows: Sequence[facts.Fact], *, whole: bool) -> list[str]:
    """The comparison as aligned columns."""
    cells = [(row.name, row.planned, row.whole, row.change) for row in rows]
    if whole:
        cells.insert(0, ("", "as planned", "all nodes on", "change"))
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    return [
        f"{row[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], widths[1:], strict=True))
        for row in cells
    ]


def _alerts(result: PipelineResult) -> list[str]:
    found = facts.alert_counts(result.alerts)
    if not found:
        return ["none"]
    return [
        f"{number:>3} x {rule.replace('_', ' ')} ({severity}): {message}"
        for rule, severity, number, message in found
    ]
