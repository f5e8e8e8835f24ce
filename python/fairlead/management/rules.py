"""Alert rules: a threshold on a metric, its mean or its variance over a sliding window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.management.watching import Samples

__all__ = ["Rule", "default_rules", "find_alerts", "firing_now"]

Kind = Literal["value", "mean", "variance"]
Severity = Literal["info", "warning", "critical"]
_NS = 1_000_000_000
_MAX_S = 9.2e9
# What the core says of an alert that has not resolved.
_FIRING = -1


@dataclass(frozen=True)
class Rule:
    """When to raise an alert.

    Parameters
    ----------
    name : str
        What the alert is called.
    metric : str
        A column of ``ManagementReport.utilisation``, for example ``waiting``, ``oldest_wait_s``,
        ``utilisation_gpus``, or ``utilisation`` for the main resource.
    threshold : float
        In the unit of the metric; of its square for a variance.
    kind : {"value", "mean", "variance"}
        What is compared: each sample, or the mean or sample variance over the last `window_s`.
    above : bool, default True
        Breach above the threshold; False: below it.
    window_s : float
        Window of a mean or variance (s); it is judged once it is full.
    for_s : float, default 0
        How long the breach lasts before the alert fires (s); until then it is pending.
    clear_s : float, default 0
        How long it has to be calm before the alert resolves (s). A breach in between belongs to
        the same alert, so a value that flickers around the threshold alerts once.
    severity : {"info", "warning", "critical"}

    Raises
    ------
    InvalidInputError
        An option is out of range.

    Examples
    --------
    >>> Rule("busy", "utilisation_gpus", 0.95, kind="mean", window_s=3600).describe(0.97)
    'mean of utilisation_gpus over 1 h is 0.97, above 0.95'
    """

    name: str
    metric: str
    threshold: float
    kind: Kind = "value"
    above: bool = True
    window_s: float = 0.0
    for_s: float = 0.0
    clear_s: float = 0.0
    severity: Severity = "warning"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, get_args(Kind)),
            ("severity", self.severity, get_args(Severity)),
        ):
            if value not in known:
                raise self._error(f"{name} must be one of {', '.join(known)}; got {value!r}")
        for name, seconds in (
            ("window_s", self.window_s),
            ("for_s", self.for_s),
            ("clear_s", self.clear_s),
        ):
            if not 0 <= seconds <= _MAX_S:
                raise self._error(f"{name} must be seconds of at least 0; got {seconds!r}")
        if self.kind != "value" and self.window_s == 0:
            raise self._error(f"a {self.kind} needs window_s= above 0")
        if not np.isfinite(self.threshold):
            raise self._error(f"threshold must be finite; got {self.threshold!r}")

    def _error(self, message: str) -> InvalidInputError:
        return InvalidInputError(f"rule {self.name!r}: {message}")

    def describe(self, value: float) -> str:
        """The rule and a value that breaches it, in words."""
        what = self.metric
        if self.kind != "value":
            what = f"{self.kind} of {self.metric} over {_duration(self.window_s)}"
        side = "above" if self.above else "below"
        return f"{what} is {self._show(value)}, {side} {self._show(self.threshold)}"

    def _show(self, value: float) -> str:
        if self.metric.endswith("_s") and self.kind != "variance":
            return f"{value / 3600:,.1f} h" if abs(value) >= 3600 else f"{value:,.0f} s"
        return f"{value:,.2f}"


def default_rules() -> tuple[Rule, ...]:
    """Rules that fit most clusters; a start to copy from.

    Returns
    -------
    tuple of Rule
        ``queue_old`` and ``queue_stuck``: a job has waited 4 h (warning) or 24 h (critical).
        ``saturated``: mean utilisation of the main resource above 0.95 over 6 h while it lasts an
        hour. ``idle``: below 0.3 over 24 h. ``unsteady``: its variance over 24 h above 0.09, a
        standard deviation of 0.3. ``losing_work``: of the jobs that end, more than a fifth over 6 h
        fail or run into their limit.

    Examples
    --------
    >>> [rule.name for rule in default_rules()]
    ['queue_old', 'queue_stuck', 'saturated', 'idle', 'unsteady', 'losing_work']
    """
    hour, day = 3600.0, 86400.0
    return (
        Rule("queue_old", "oldest_wait_s", 4 * hour, clear_s=hour),
        Rule("queue_stuck", "oldest_wait_s", day, clear_s=hour, severity="critical"),
        Rule("saturated", "utilisation", 0.95, "mean", window_s=6 * hour, for_s=hour, clear_s=hour),
        Rule(
            "idle",
            "utilisation",
            0.3,
            "mean",
            above=False,
            window_s=day,
            clear_s=hour,
            severity="info",
        ),
        Rule(
            "unsteady", "utilisation", 0.09, "variance", window_s=day, clear_s=hour, severity="info"
        ),
        Rule("losing_work", "lost_frac", 0.2, "mean", window_s=6 * hour, clear_s=hour),
    )


def find_alerts(samples: Samples, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """The alerts of all rules, in the order they fired.

    Raises
    ------
    InvalidInputError
        A rule names a metric that there is not.
    """
    found = [(rule, _alerts_of(samples, rule)) for rule in rules]
    whose = [rule for rule, alerts in found for _ in alerts["firing_ns"]]

    def column(name: str, kind: type) -> Any:
        parts = [alerts[name] for _, alerts in found]
        return np.concatenate(parts) if parts else np.zeros(0, kind)

    value = column("value", np.float64)
    table = pd.DataFrame(
        {
            "time": samples.kind.to_frame_times(column("firing_ns", np.int64)),
            "rule": pd.Series([rule.name for rule in whose], dtype=object),
            "severity": pd.Series([rule.severity for rule in whose], dtype=object),
            "metric": pd.Series([rule.metric for rule in whose], dtype=object),
            "value": value,
            "worst": column("worst", np.float64),
            "message": pd.Series(
                [rule.describe(v) for rule, v in zip(whose, value, strict=True)], dtype=object
            ),
            "pending_time": samples.kind.to_frame_times(column("pending_ns", np.int64)),
            "resolved_time": samples.kind.to_frame_times(
                column("resolved_ns", np.int64), missing=_FIRING
            ),
        }
    )
    return table.sort_values("time", kind="stable", ignore_index=True)


def firing_now(samples: Samples, rules: tuple[Rule, ...]) -> list[Rule]:
    """The rules that fire at the last sample."""
    return [rule for rule in rules if (_alerts_of(samples, rule)["resolved_ns"] == _FIRING).any()]


def _alerts_of(samples: Samples, rule: Rule) -> dict[str, Any]:
    if rule.metric not in samples.series:
        raise InvalidInputError(
            f"rule {rule.name!r} watches {rule.metric!r}; known are {', '.join(samples.series)}"
        )
    alerts: dict[str, Any] = _core.find_alerts(
        samples.time_ns,
        np.ascontiguousarray(samples.series[rule.metric], dtype=np.float64),
        kind=rule.kind,
        limit=rule.threshold,
        above=rule.above,
        window_ns=round(rule.window_s * _NS),
        for_ns=round(rule.for_s * _NS),
        clear_ns=round(rule.clear_s * _NS),
    )
    return alerts


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
