"""What a run comes to, in figures and sentences: the same ones on a terminal and in a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.report.steps import StepTable
from fairlead.report.words import amount, clock, count, hours_of, share, unit_of_resource
from fairlead.tables import to_pandas, unit_of

if TYPE_CHECKING:
    from fairlead.pipeline import PipelineResult
    from fairlead.scheduling import Schedule

__all__ = [
    "Fact",
    "alert_counts",
    "cluster_line",
    "comparison",
    "forecast_line",
    "group_waits",
    "longest_waits",
    "policy_line",
    "status_line",
    "verdict",
]

# Columns that say whose a job is, the most telling first.
_GROUPS = ("queue", "pool", "tenant", "user")
_SAME = 0.005


@dataclass(frozen=True)
class Fact:
    """A figure as planned, and with all nodes on (empty: not known)."""

    name: str
    planned: str
    whole: str = ""
    change: str = ""


def comparison(result: PipelineResult) -> list[Fact]:
    """Capacity, cost, use and waits as planned, beside all nodes on."""
    m, r = result.metrics, result.resource
    while_jobs_came = {name: _hours_to_last_submission(s, r) for name, s in _runs(result).items()}
    facts = [
        _beside(f"{hours_of(r)} until the last submission", while_jobs_came, "hours", amount),
        _beside(f"{hours_of(r)} until the last end", m, f"capacity_{r}_h", amount),
    ]
    if "node_hours" in m:
        facts.append(_beside("node-hours until the last end", m, "node_hours", amount))
    if "cost_usd" in m:
        facts.append(_beside("cost (USD)", m, "cost_usd", amount))
    used = result.schedule.metrics["utilisation"].get(r, math.nan)
    whole = result.baseline.metrics["utilisation"].get(r, math.nan) if result.baseline else None
    facts.append(Fact(f"{unit_of_resource(r)} used", share(used), _or_empty(whole, share)))
    facts += [
        _beside("mean wait", m, "mean_wait_s", clock),
        _beside("median wait", m, "median_wait_s", clock),
        _beside("95 % wait less than", m, "p95_wait_s", clock),
        _beside("mean bounded slowdown", m, "mean_bounded_slowdown", amount),
    ]
    return facts


def _runs(result: PipelineResult) -> dict[str, Schedule]:
    whole = {} if result.baseline is None else {"full_hours": result.baseline}
    return {"hours": result.schedule} | whole


def _hours_to_last_submission(schedule: Schedule, resource: str) -> float:
    """Unit-hours in service while jobs came.

    After the last submission a trace only empties, and any plan looks good beside a whole cluster
    that stands idle.
    """
    steps = StepTable.of(schedule.utilisation)
    last = int(schedule.times.submit_ns.max())
    edges = np.minimum(np.append(steps.ns, max(last, int(steps.ns[-1]))), last)
    capacity = steps.frame[f"capacity_{resource}"].to_numpy(float)
    return float(capacity @ np.diff(edges)) / 3.6e12


def _or_empty(value: float | None, say: Any) -> str:
    return "" if value is None else str(say(value))


def _beside(name: str, metrics: dict[str, float], metric: str, say: Any) -> Fact:
    planned, whole = metrics[metric], metrics.get(f"full_{metric}")
    if whole is None:
        return Fact(name, say(planned))
    return Fact(name, say(planned), say(whole), _change(planned, whole))


def _change(planned: float, whole: float) -> str:
    """The relative change, signed; nothing where a percentage says nothing."""
    if not (whole > 0 and math.isfinite(planned)):
        return ""
    change = planned / whole - 1
    if abs(change) < _SAME:
        return "same"
    return f"{change:+.0%}".replace("%", " %").replace("-", "−") if abs(change) < 10 else ""


def verdict(result: PipelineResult) -> list[str]:
    """The run in a few sentences, good or bad."""
    m, r = result.metrics, result.resource
    hours = {name: _hours_to_last_submission(s, r) for name, s in _runs(result).items()}
    kept = f"While jobs came, the plan kept {amount(hours['hours'])} {hours_of(r)} in service"
    waited = f"Jobs waited {clock(m['mean_wait_s'])} on average"
    if result.baseline is None:
        said = [f"{kept}.", f"{waited}."]
    else:
        less = 1 - hours["hours"] / hours["full_hours"] if hours["full_hours"] else 0.0
        side = "less" if less > 0 else "more"
        than = f"{share(abs(less), 0)} {side} than" if abs(less) >= _SAME else "as much as"
        whole = clock(m["full_mean_wait_s"])
        against = "the same as" if whole == clock(m["mean_wait_s"]) else f"against {whole}"
        said = [
            f"{kept}, {than} with all nodes on all the time.",
            f"{waited}, {against} with all nodes on.",
        ]
    if "forecast_coverage_next" in m:
        within = share(m["forecast_coverage_next"], 0)
        said.append(f"Demand stayed within what was planned for in {within} of the steps.")
    return said


def forecast_line(result: PipelineResult) -> str:
    """How good the forecasts were."""
    m = result.metrics
    if "forecast_mae_next" not in m:
        return "no forecast was made: the run is shorter than its warm-up"
    unit = unit_of_resource(result.resource)
    return (
        f"off by {amount(m['forecast_mae_next'])} of {amount(m['demand_mean'])} {unit} on average "
        f"one step ahead, by {amount(m['forecast_mae'])} over the horizon; demand within plan in "
        f"{share(m['forecast_coverage_next'], 0)} of the steps"
    )


def alert_counts(alerts: pd.DataFrame) -> list[tuple[str, str, int, str]]:
    """Rule, severity, how often, and its first message; the severest first."""
    rank = {"critical": 0, "warning": 1, "info": 2}
    found = [
        (str(rule), str(rows["severity"].iloc[0]), len(rows), str(rows["message"].iloc[0]))
        for rule, rows in alerts.groupby("rule", sort=False)
    ]
    return sorted(found, key=lambda row: rank.get(row[1], len(rank)))


def policy_line(schedule: Schedule) -> str:
    """The policy taken apart."""
    h = schedule.header
    backfill = f"{h['backfill']} by {h['backfill_order']}" if h["backfill"] != "none" else "none"
    given = "".join(f", {name} {value:g}" for name, value in h["params"].items())
    seeing = "; run times known in advance, for study" if h["clairvoyant"] else ""
    return (
        f"{h['policy']} (order {h['order']}{given}; backfill {backfill}; "
        f"placement {h['placement']}{seeing})"
    )


def status_line(schedule: Schedule) -> str:
    """Jobs by what became of them."""
    counts = schedule.metrics["counts"]
    each = ", ".join(f"{number:,} {status}" for status, number in counts.items())
    return f"{count(len(schedule.job_id), 'job')}: {each or 'none'}"


def cluster_line(schedule: Schedule) -> str:
    """Nodes and their capacity."""
    cluster = schedule.cluster
    total = ", ".join(f"{amount(v)} {unit_of_resource(r)}" for r, v in cluster.capacity.items())
    return f"{count(len(cluster), 'node')}: {total or 'no resources'}"


def group_waits(schedule: Schedule, jobs: Any | None, resource: str) -> pd.DataFrame:
    """Jobs, unit-hours and waits by queue (or pool, tenant, user), the largest first.

    No rows where `jobs` says nothing of the kind.
    """
    done = to_pandas(schedule.jobs, "jobs")
    frame = pd.DataFrame() if jobs is None else to_pandas(jobs, "jobs")
    column = next((c for c in _GROUPS if c in frame and len(frame[c].unique()) > 1), None)
    if column is None or len(frame) != len(done):
        return pd.DataFrame(columns=["jobs", "hours", "mean_wait_s", "p95_wait_s"])
    ran_h = (done["turnaround_s"] - done["wait_s"]).fillna(0.0).to_numpy() / 3600
    units = schedule.usage.get(resource, np.zeros(len(done))) / unit_of(resource)
    labels = frame[column].astype("object").where(frame[column].notna(), "(none)").astype(str)
    grouped = pd.DataFrame(
        {"group": labels, "wait_s": done["wait_s"].to_numpy(), "hours": units * ran_h}
    ).groupby("group")
    found = pd.DataFrame(
        {
            "jobs": grouped.size(),
            "hours": grouped["hours"].sum(),
            "mean_wait_s": grouped["wait_s"].mean(),
            "p95_wait_s": grouped["wait_s"].quantile(0.95),
        }
    ).sort_values("hours", ascending=False, kind="stable")
    found.index.name = column
    return found


def longest_waits(schedule: Schedule, most: int = 8) -> pd.DataFrame:
    """The jobs that waited longest before they started."""
    done = to_pandas(schedule.jobs, "jobs")
    waited = done[(done["wait_s"] > 0).to_numpy()]
    return waited.sort_values("wait_s", ascending=False, kind="stable").head(most)
