"""Simulations of one list of jobs on clusters of many sizes, and what each measures."""

from __future__ import annotations

import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairlead.cluster import as_cluster
from fairlead.errors import InvalidInputError
from fairlead.prediction.capacity.search import Counts, Kinds
from fairlead.tables import job_columns, to_pandas

__all__ = ["Target", "Trials", "read_target"]

_MEASURES = ("mean_wait_s", "mean_bounded_slowdown", "loss_frac")
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)_wait_s")
# Sizes simulated at once: the same on every machine, so that the same are tried everywhere.
_AT_ONCE = 4


@dataclass(frozen=True)
class Target:
    """What is measured, and the most it may be."""

    name: str
    bound: float


def read_target(target: Mapping[str, float]) -> Target:
    """Check a target for jobs.

    Raises
    ------
    InvalidInputError
        An unknown measure, or a bound below 0.
    """
    [(name, bound)] = target.items()
    if name not in _MEASURES and not _PERCENTILE.fullmatch(name):
        raise InvalidInputError(
            f"unknown target {name!r}; of jobs known are p95_wait_s (any percentile), "
            f"{', '.join(_MEASURES)}"
        )
    if not 0 <= bound < np.inf:
        raise InvalidInputError(f"target {name!r} must be finite and at least 0, got {bound!r}")
    return Target(name, float(bound))


class Trials:
    """Sizes tried so far; each is simulated once."""

    def __init__(
        self,
        jobs: Any,
        kinds: Kinds,
        target: Target,
        existing: Any,
        patience_s: float,
        budget: Any,
        options: dict[str, Any],
    ) -> None:
        self._jobs, self._kinds, self._target = jobs, kinds, target
        self._existing = None if existing is None else as_cluster(existing)
        if not isinstance(budget, numbers.Integral) or budget < 1:
            raise InvalidInputError(
                f"budget must be a whole number of sizes, 1 or more, got {budget!r}"
            )
        self._patience_s, self._budget, self._options = patience_s, int(budget), options
        self._rows: dict[Counts, dict[str, float]] = {}
        self._idle: set[Counts] = set()
        self._offered = _offered_units(jobs, options)
        extra = () if target.name in ("mean_bounded_slowdown", "loss_frac") else (target.name,)
        self.measures = (
            *extra,
            "mean_bounded_slowdown",
            "loss_frac",
            "utilisation_frac",
        )
        self.at_once = _AT_ONCE

    @property
    def spent(self) -> bool:
        """Whether the budget of simulations is used up."""
        return len(self._rows) >= self._budget

    def cluster(self, counts: Counts) -> Any:
        """The cluster of a size."""
        return self._kinds.cluster(counts, self._existing)

    def holds_all(self, sizes: Sequence[Counts]) -> list[bool]:
        """Whether each size was tried and holds; new ones are tried as far as the budget goes."""
        new = [counts for counts in dict.fromkeys(sizes) if counts not in self._rows]
        new = new[: self._budget - len(self._rows)]
        for begin in range(0, len(new), self.at_once):
            self._run(new[begin : begin + self.at_once])
        return [counts in self._rows and self._holds(self._rows[counts]) for counts in sizes]

    def nothing_waits(self, counts: Counts) -> bool:
        """Whether all jobs that fit on its nodes start at once, so that more nodes do not help."""
        return counts in self._idle

    def offered_nodes(self, kind: int) -> int:
        """Nodes of a kind that the jobs would keep busy on average, by the scarcest resource."""
        columns = self._kinds.cluster(
            [int(k == kind) for k in range(len(self._kinds.names))], None
        ).node_columns
        have = dict(zip(columns.resources, columns.capacity[0].tolist(), strict=True))
        needs = [units / have[name] for name, units in self._offered.items() if have.get(name)]
        return int(np.ceil(max(needs, default=1.0)))

    def table(self) -> pd.DataFrame:
        """A row a size, the cheapest first."""
        rows = []
        for counts, measured in self._rows.items():
            nodes = {f"nodes_{k}": n for k, n in zip(self._kinds.names, counts, strict=True)}
            cost = self._kinds.cost(counts)
            price = np.nan if cost is None else cost
            rows.append(
                {
                    **nodes,
                    "nodes": sum(counts),
                    "cost_usd_per_hour": price,
                    **measured,
                    "holds": self._holds(measured),
                }
            )
        return pd.DataFrame(rows).sort_values(
            ["cost_usd_per_hour", "nodes"], kind="stable", ignore_index=True
        )

    def anomalous(self, choice: Counts) -> bool:
        """Whether a size that has at least as many nodes of each kind failed, or one with fewer
        held."""
        for counts, measured in self._rows.items():
            more = all(a >= b for a, b in zip(counts, choice, strict=True))
            fewer = all(a <= b for a, b in zip(counts, choice, strict=True))
            if counts != choice and (more or fewer) and self._holds(measured) == fewer:
                return True
        return False

    def nothing_holds(self) -> InvalidInputError:
        """The error of a search that found nothing, with the best it saw."""
        name, bound = self._target.name, self._target.bound
        best = min(self._rows.items(), key=lambda item: item[1][name])
        nodes = ", ".join(
            f"{n} x {kind}" for kind, n in zip(self._kinds.names, best[0], strict=True)
        )
        stuck = best[1]["infeasible_frac"]
        why = f"; {stuck:.1%} of the jobs fit on no such node" if stuck else ""
        return InvalidInputError(
            f"no size tried holds {name} <= {bound:g}; the best was {best[1][name]:,.4g} with "
            f"{nodes}{why}; add a kind, or raise the bound, 'most' or budget="
        )

    def _holds(self, measured: Mapping[str, float]) -> bool:
        return measured[self._target.name] <= self._target.bound

    def _run(self, sizes: list[Counts]) -> None:
        # The rooms beside each other load on use: scheduling needs prediction for its estimates.
        from fairlead.scheduling import Simulation, run_all

        simulations = [
            Simulation(self._jobs, self.cluster(counts), **self._options) for counts in sizes
        ]
        run_all(simulations)
        for counts, simulation in zip(sizes, simulations, strict=True):
            schedule = simulation.result()
            waits = to_pandas(schedule.jobs, "jobs")["wait_s"].to_numpy(float)
            self._rows[counts] = self._measured(waits, schedule.metrics)
            if not (waits > 0).any():
                self._idle.add(counts)

    def _measured(self, waits: Any, metrics: Mapping[str, Any]) -> dict[str, float]:
        stuck = np.isnan(waits)  # can never run
        waits = np.where(stuck, np.inf, waits)
        found = _PERCENTILE.fullmatch(self._target.name)
        return {
            "mean_wait_s": float(waits.mean()) if len(waits) else 0.0,
            "median_wait_s": _percentile(waits, 50.0),
            **({found[0]: _percentile(waits, float(found[1]))} if found else {}),
            "mean_bounded_slowdown": (
                np.inf if stuck.any() else float(metrics["mean_bounded_slowdown"])
            ),
            "loss_frac": float((waits > self._patience_s).mean()) if len(waits) else 0.0,
            "infeasible_frac": float(stuck.mean()) if len(waits) else 0.0,
            "utilisation_frac": max(metrics["utilisation"].values(), default=0.0),
        }


def _percentile(waits: Any, p: float) -> float:
    """The smallest wait that at least p per cent of the jobs do not exceed."""
    if not len(waits):
        return 0.0
    rank = max(int(np.ceil(p / 100 * len(waits))) - 1, 0)
    return float(np.partition(waits, rank)[rank])


def _offered_units(jobs: Any, options: Mapping[str, Any]) -> dict[str, float]:
    """Mean units of each resource in use if capacity were unlimited."""
    columns = job_columns(
        jobs, **{name: options[name] for name in ("ignore", "default_limit_s") if name in options}
    )
    run = np.asarray(columns.duration_ns, dtype=np.float64)
    if not columns.n:
        raise InvalidInputError("jobs has no rows; there is nothing to size for")
    if columns.limit_ns is not None:
        run = np.where(columns.limit_ns >= 0, np.minimum(run, columns.limit_ns), run)
    end = columns.submit_ns + run
    span = max(float(end.max() - columns.submit_ns.min()), 1.0)
    tasks = 1 if columns.tasks is None else columns.tasks
    return {name: float((asked * tasks) @ run) / span for name, asked in columns.requests.items()}
