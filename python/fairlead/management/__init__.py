"""Management: watch a schedule, raise alerts, find waste, suggest what to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlead.errors import InvalidInputError
from fairlead.management.report import ManagementReport
from fairlead.management.rules import Rule, default_rules, find_alerts
from fairlead.management.wasting import advise, waste
from fairlead.management.watching import Watch, watch

if TYPE_CHECKING:
    from fairlead.scheduling import Schedule

__all__ = ["ManagementReport", "Rule", "default_rules", "manage"]


def manage(
    schedule: Schedule,
    rules: Iterable[Rule] | None = None,
    *,
    jobs: Any | None = None,
    every_s: float | None = None,
) -> ManagementReport:
    """Watch a schedule as a monitor would have: utilisation, queue, waste, alerts.

    Parameters
    ----------
    schedule : Schedule
        Of ``fairlead.schedule`` or ``Simulation.result()``; it may be unfinished.
    rules : iterable of Rule, optional
        What to raise alerts for; `default_rules` if not given.
    jobs : DataFrame, optional
        The table that was scheduled; with it the report also says what was asked for and not used.
    every_s : float, optional
        Sampling interval (s). By default the shortest of 1, 5, 15 min, 1, 4, 24 h that needs at
        most 5,000 samples.

    Returns
    -------
    ManagementReport

    Raises
    ------
    InvalidInputError
        A rule names an unknown metric, two rules have one name, `jobs` is not the table that was
        scheduled, or the schedule is empty.

    Notes
    -----
    Samples are exact time-weighted means of the schedule's step function; a sample is judged at
    the end of its interval, so no alert knows anything later than its own time. The mean and
    variance of a window are those of its samples, by merged Welford sums [1]_.
    O(events + samples * rules).

    References
    ----------
    .. [1] Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample
       variances, COMPSTAT 1982.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> jobs = pd.DataFrame({"submit_time": [0, 0, 0], "duration_s": 3600.0, "gpus": 8})
    >>> cluster = fairlead.Cluster.homogeneous(nodes=1, gpus=8)
    >>> sched = fairlead.schedule(jobs, cluster, policy="fcfs")
    >>> report = fairlead.manage(sched, [fairlead.management.Rule("queue", "oldest_wait_s", 5400)])
    >>> report.alerts[["time", "rule", "value", "resolved_time"]].values.tolist()
    [[5460.0, 'queue', 5460.0, 7200.0]]
    >>> report.metrics["waiting_mean"], report.waste["idle_gpus_h"]
    (1.0, 0.0)
    """
    chosen = default_rules() if rules is None else tuple(rules)
    names = [rule.name for rule in chosen]
    if len(set(names)) < len(names):
        raise InvalidInputError(f"every rule needs a name of its own; got {', '.join(names)}")
    seen = watch(schedule, every_s)
    if rules is None:
        chosen = tuple(rule for rule in chosen if rule.metric in seen.series)
    alerts = find_alerts(seen, chosen)
    wasted = waste(schedule, seen, jobs)
    return ManagementReport(
        alerts=alerts,
        utilisation=seen.frame(),
        metrics=_metrics(seen) | wasted | {"alerts": float(len(alerts))},
        waste=wasted,
        advice=advise(schedule, seen, wasted),
        rules=chosen,
        watch=seen,
    )


def _metrics(seen: Watch) -> dict[str, float]:
    """Time-weighted means over the whole schedule, and extremes."""
    weight = seen.step_s if seen.step_s.any() else np.ones(len(seen.steps))
    waiting = seen.steps["waiting"].to_numpy(float)
    out = {
        "waiting_mean": float(np.average(waiting, weights=weight)),
        "waiting_max": float(waiting.max()),
        "oldest_wait_max_s": float(seen.series["oldest_wait_s"].max()),
    }
    for r in seen.resources:
        used, capacity = (
            seen.steps[f"{w}_{r}"].to_numpy(float) @ weight for w in ("used", "capacity")
        )
        samples = seen.series[f"utilisation_{r}"]
        out[f"utilisation_{r}_mean"] = float(used / capacity) if capacity else 0.0
        out[f"utilisation_{r}_variance"] = float(np.nanvar(samples)) if len(samples) else 0.0
    return out
