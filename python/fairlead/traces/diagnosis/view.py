"""A trace as arrays that tolerate what is wrong with it: bad cells are missing, nothing raises."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.cluster import Cluster
from fairlead.tables import RESOURCES, TimeKind
from fairlead.tables.times import text_to_times
from fairlead.traces.trace import Trace

__all__ = ["DAY_S", "View"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAY_S = 86_400.0
# What is scarce decides what the load is measured in: accelerators first.
_MAIN_FIRST = ("gpus", "tpus", "fpgas", "cpus")


@dataclass(frozen=True, eq=False)
class View:
    """Columns of the jobs table as float arrays, NaN where there is no usable value.

    Attributes
    ----------
    trace : Trace
    cluster : Cluster or None
        What capacity is judged by; None where neither the caller nor the trace names nodes.
    given : bool
        The cluster is the caller's, not made of the trace's nodes.
    """

    trace: Trace
    cluster: Cluster | None
    given: bool = False

    @property
    def jobs(self) -> pd.DataFrame:
        """The jobs table as it is."""
        return self.trace.jobs

    @property
    def n(self) -> int:
        """Rows of the jobs table."""
        return len(self.trace.jobs)

    def numbers(self, column: str) -> Floats:
        """A column as numbers; NaN where it is absent, missing or no number."""
        if column not in self.jobs:
            return np.full(self.n, np.nan)
        values = pd.to_numeric(self.jobs[column], errors="coerce")
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))

    def names(self, column: str) -> tuple[Ints, list[str]]:
        """Codes into the distinct names of a column; -1 where there is none."""
        if column not in self.jobs:
            return np.full(self.n, -1), []
        codes, uniques = pd.factorize(self.jobs[column])
        texts = [str(unique) for unique in uniques]
        blank = np.array([not text.strip() for text in texts] + [True])
        return np.where(blank[codes], -1, codes).astype(np.int64), texts

    @cached_property
    def submit_s(self) -> Floats:
        """Submissions in seconds, since 1970 where they are dates."""
        if "submit_time" not in self.jobs:
            return np.full(self.n, np.nan)
        column = self.jobs["submit_time"]
        if pd.api.types.is_numeric_dtype(column):
            return self.numbers("submit_time")
        if not pd.api.types.is_datetime64_any_dtype(column):
            numbers = pd.to_numeric(column, errors="coerce")
            if numbers.notna().any():
                return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
            column = text_to_times(column.astype("str"))
        if column.dt.tz is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        ns = column.dt.as_unit("ns").to_numpy().view(np.int64)
        return np.where(column.isna(), np.nan, ns / 1e9)

    @cached_property
    def kind(self) -> TimeKind:
        """Whether submissions are dates, and in which zone."""
        column = self.jobs["submit_time"] if "submit_time" in self.jobs else pd.Series(dtype=float)
        if pd.api.types.is_datetime64_any_dtype(column):
            return TimeKind("datetime", column.dt.tz)
        return TimeKind("seconds")

    @cached_property
    def local_s(self) -> Floats | None:
        """Seconds of a clock whose days begin at local midnight; None where no date is known."""
        if self.kind.name == "datetime":
            column = self.jobs["submit_time"]
            local = column.dt.tz_localize(None) if column.dt.tz is not None else column
            ns = local.dt.as_unit("ns").to_numpy().view(np.int64)
            return np.where(column.isna(), np.nan, ns / 1e9)
        start = self.trace.meta.start
        if start is None:
            return None
        naive = start.tz_localize(None) if start.tz is not None else start
        return self.submit_s + naive.timestamp()

    @cached_property
    def order(self) -> Ints:
        """Rows with a submission, by submission."""
        order = np.argsort(self.submit_s, kind="stable")
        return order[: int(np.isfinite(self.submit_s).sum())]

    @cached_property
    def span_s(self) -> float:
        """From the first submission to the last."""
        if not self.order.size:
            return 0.0
        return float(self.submit_s[self.order[-1]] - self.submit_s[self.order[0]])

    @cached_property
    def run_s(self) -> Floats:
        """Run times; an infinite one counts as missing."""
        run = self.numbers("duration_s")
        return np.where(np.isfinite(run), run, np.nan)

    @cached_property
    def limit_s(self) -> Floats:
        """Limits; a limit of 0 or less counts as none."""
        limits = self.numbers("limit_s")
        return np.where((limits > 0) & np.isfinite(limits), limits, np.nan)

    @cached_property
    def served_s(self) -> Floats:
        """Run time up to the limit, as a simulation lets it run; 0 where it is not known."""
        served = np.fmin(self.run_s, self.limit_s)
        served = np.where(np.isfinite(self.run_s), served, 0.0)
        return np.maximum(served, 0.0)

    @cached_property
    def tasks(self) -> Floats:
        """Gang sizes."""
        tasks = self.numbers("tasks")
        return np.where(tasks >= 1, tasks, 1.0)

    @cached_property
    def requests(self) -> dict[str, Floats]:
        """What each task asks, by resource that some job asks; missing is 0."""
        declared = RESOURCES if self.cluster is None else self.cluster.node_columns.resources
        asked = {}
        for name in dict.fromkeys((*RESOURCES, *declared)):
            amounts = np.nan_to_num(self.numbers(name), nan=0.0, posinf=0.0, neginf=0.0)
            if (amounts > 0).any():
                asked[name] = np.maximum(amounts, 0.0)
        return asked

    @cached_property
    def main(self) -> str | None:
        """The resource that load is measured in; None where nothing is asked."""
        names = [name for name in _MAIN_FIRST if name in self.requests]
        return next(iter([*names, *self.requests]), None)

    def amount(self, resource: str) -> Floats:
        """What all tasks of each job ask of a resource."""
        return self.requests[resource] * self.tasks

    @cached_property
    def work(self) -> Floats:
        """Units of the main resource times seconds; seconds where nothing is asked."""
        return self.served_s * (1.0 if self.main is None else self.amount(self.main))

    @cached_property
    def capacity(self) -> float:
        """Units of the main resource on all nodes; NaN where it is not known."""
        if self.cluster is None or self.main is None:
            return float("nan")
        return self.cluster.capacity.get(self.main, float("nan"))

    @cached_property
    def load(self) -> float:
        """Work over what the capacity could do in the span; NaN where either is not known."""
        if not (self.capacity > 0 and self.span_s > 0 and np.isfinite(self.run_s).any()):
            return float("nan")
        return float(self.work.sum() / (self.capacity * self.span_s))

    def usage(self, bins: int) -> tuple[Floats, Floats]:
        """Edges of equal intervals (s), and the mean units in use if no job had to wait."""
        begin = self.submit_s[self.order]
        end = begin + self.served_s[self.order]
        edges = np.linspace(begin[0], max(begin[-1], begin[0] + 1.0), bins + 1)
        weight = self.work[self.order] / np.maximum(self.served_s[self.order], 1e-9)
        area = _area(edges, begin, weight) - _area(edges, end, weight)
        return edges, np.diff(area) / np.diff(edges)


def _area(edges: Floats, at: Floats, weight: Floats) -> Floats:
    """Sum over steps of weight times how long ago the step was, at each edge."""
    order = np.argsort(at, kind="stable")
    at, weight = at[order], weight[order]
    total = np.concatenate(([0.0], np.cumsum(weight)))
    moment = np.concatenate(([0.0], np.cumsum(weight * (at - edges[0]))))
    k = np.searchsorted(at, edges, side="right")
    area: Floats = (edges - edges[0]) * total[k] - moment[k]
    return area
