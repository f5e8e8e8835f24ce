"""What every reader returns: jobs, nodes, events, and an account of how they were read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.printed import Printed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from fairlead.cluster import Cluster

__all__ = ["Trace", "TraceMeta", "no_demand", "no_events", "no_jobs", "no_nodes"]


@dataclass(frozen=True)
class TraceMeta:
    """Where a trace came from and what was changed on the way.

    Attributes
    ----------
    format : str
        Name of the reader, or ``generated``.
    path : str or None
    header : mapping of str to str
        What the file says about itself.
    read : int
        Job records found in the file, dropped ones included.
    dropped : mapping of str to int
        Records left out, by reason; each record counts once, under the first reason that applies.
    repaired : mapping of str to int
        Values changed, by what was done.
    start : pandas.Timestamp or None
        Wall-clock time of second 0, where the file tells it.
    options : mapping
        What the reader was asked.
    """

    format: str
    path: str | None = None
    header: Mapping[str, str] = field(default_factory=dict)
    read: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    repaired: Mapping[str, int] = field(default_factory=dict)
    start: pd.Timestamp | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def no_nodes() -> pd.DataFrame:
    """A nodes table without rows."""
    return pd.DataFrame({"node_id": pd.Series(dtype="str")})


def no_events() -> pd.DataFrame:
    """An events table without rows."""
    text = pd.Series(dtype="str")
    return pd.DataFrame({"time": pd.Series(dtype="float64"), "kind": text, "node": text})


def no_jobs() -> pd.DataFrame:
    """A jobs table without rows."""
    return pd.DataFrame(
        {"job_id": pd.Series(dtype="int64"), "submit_time": pd.Series(dtype="float64")}
    )


def no_demand() -> pd.DataFrame:
    """A demand frame without rows."""
    text, number = pd.Series(dtype="str"), pd.Series(dtype="float64")
    return pd.DataFrame({"unique_id": text, "ds": number, "y": number})


@dataclass(frozen=True, eq=False)
class Trace(Printed):
    """A workload: what was submitted, the machine, what happened to it, and how it was read.

    Attributes
    ----------
    jobs : pandas.DataFrame
        A jobs table: ``job_id``, ``submit_time``, ``duration_s``, requests, labels.
    nodes : pandas.DataFrame
        A nodes table; no rows where the format knows nothing of the machine.
    events : pandas.DataFrame
        An events table (``time``, ``kind``, ``node``, ...); often without rows.
    meta : TraceMeta
    demand : pandas.DataFrame
        What logs of requests and metrics hold: series in the long form of `demand_series`
        (``unique_id``, ``ds``, ``y``; the unit in ``attrs["resource"]``); else no rows.
    """

    jobs: pd.DataFrame
    nodes: pd.DataFrame
    events: pd.DataFrame
    meta: TraceMeta
    demand: pd.DataFrame = field(default_factory=no_demand)

    def __len__(self) -> int:
        return len(self.jobs)

    def __repr__(self) -> str:
        return f"Trace({self._headline()})"

    def cluster(self) -> Cluster:
        """The cluster that the trace implies: its nodes, else an estimate from peak use.

        Raises
        ------
        InvalidInputError
            The trace has neither nodes nor jobs with a run time and a request.

        Notes
        -----
        The estimate: every job is taken to run from its submission (plus ``recorded_wait_s``,
        where the reader kept it) for its ``duration_s``, at most ``limit_s``; the peak of what then
        runs at once is the capacity. Nodes are equal and as large as the largest task, devices
        rounded up to a power of two; there are enough for the peak and for the largest gang, so
        every job fits. Jobs that ask a ``pool`` or ``gpu_type`` get nodes of their own. Without
        devices everything is one node, unless ``tasks_per_node`` asks for more. The real machine
        was smaller where jobs waited and the log does not say how long.

        Examples
        --------
        >>> import fairlead
        >>> len(fairlead.traces.generate(100, nodes=4, seed=1).cluster())
        4
        >>> jobs = pd.DataFrame(
        ...     {"submit_time": [0, 10, 99], "duration_s": 60, "tasks": [1, 4, 1], "gpus": 2}
        ... )
        >>> Trace(jobs, no_nodes(), no_events(), TraceMeta("mine")).cluster().capacity
        {'gpus': 10.0}
        """
        from fairlead.cluster import Cluster
        from fairlead.traces.implied import implied_nodes

        if len(self.nodes):
            return Cluster.from_frame(self.nodes)
        return Cluster.from_frame(implied_nodes(self.jobs, self.meta.format))

    def to_csv(
        self,
        path: str | PathLike[str],
        *,
        nodes: str | PathLike[str] | None = None,
        events: str | PathLike[str] | None = None,
    ) -> None:
        """Write the jobs as CSV that `read_csv` reads back equal; gzip if the name ends in .gz.

        Parameters
        ----------
        path : path
        nodes, events : path, optional
            Files for the other two tables; `read_csv` takes them back by the same names.

        Raises
        ------
        InvalidInputError
            A file cannot be written.

        Notes
        -----
        CSV has no types: text that looks like a number or like ``NA`` is read as such, and a named
        time zone as its offset. `to_parquet` keeps both.

        Examples
        --------
        >>> import fairlead, tempfile, pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> trace = fairlead.traces.generate(10, nodes=2, seed=1)
        >>> trace.to_csv(folder / "jobs.csv", nodes=folder / "nodes.csv")
        >>> again = fairlead.traces.load(folder / "jobs.csv", nodes=folder / "nodes.csv")
        >>> len(again), len(again.cluster())
        (10, 2)
        """
        from fairlead.traces.write import write_csv

        write_csv(self, path, nodes, events)

    def to_parquet(
        self,
        path: str | PathLike[str],
        *,
        nodes: str | PathLike[str] | None = None,
        events: str | PathLike[str] | None = None,
    ) -> None:
        """Write the jobs as Parquet that `read_parquet` reads back equal, types and zones too.

        Parameters
        ----------
        path : path
        nodes, events : path, optional
            Files for the other two tables; `read_parquet` takes them back by the same names.

        Raises
        ------
        BackendUnavailableError
            PyArrow is not installed.
        InvalidInputError
            A file cannot be written, or a column mixes types.

        Examples
        --------
        >>> import fairlead, tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.parquet"
        >>> trace = fairlead.traces.generate(10, nodes=2, seed=1)
        >>> trace.to_parquet(file)
        >>> fairlead.traces.load(file).jobs.equals(trace.jobs)
        True
        """
        from fairlead.traces.write import write_parquet

        write_parquet(self, path, nodes, events)

    def to_swf(self, path: str | PathLike[str], *, resource: str = "cpus") -> None:
        """Write the jobs in the Standard Workload Format; gzip if the name ends in .gz.

        What `read_swf` read is read back equal. Other traces lose what the format cannot say: it
        knows one kind of processor, whole seconds or fractions since the start, and numbers for
        users, groups and queues (queue names go into the header).

        Parameters
        ----------
        path : path
        resource : str
            Column that stands for the processors; those of a job are its tasks times this.

        Raises
        ------
        InvalidInputError
            A request that is not whole, a submission before second 0, or an unwritable file.

        Examples
        --------
        >>> import fairlead, tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.swf"
        >>> fairlead.traces.generate(10, nodes=2, seed=1).to_swf(file, resource="gpus")
        >>> fairlead.traces.load(file).cluster().capacity
        {'cpus': 16.0}
        """
        from fairlead.traces.write_swf import write_swf

        write_swf(self, path, resource)

    def summary(self) -> str:
        """A few lines for people: size, span, machine, and what was dropped or repaired.

        Examples
        --------
        >>> import fairlead
        >>> print(fairlead.traces.generate(1000, nodes=4, seed=1).summary())  # doctest: +ELLIPSIS
        generated: 1,000 jobs over ... days
        nodes: 4; events: ...
        """
        lines = [self._headline(), f"nodes: {len(self.nodes):,}; events: {len(self.events):,}"]
        if len(self.demand):
            series = self.demand["unique_id"].nunique()
            unit = self.demand.attrs.get("resource", "values")
            lines.append(f"demand: {series:,} series, {len(self.demand):,} values of {unit}")
        for what, counts in (("dropped", self.meta.dropped), ("repaired", self.meta.repaired)):
            if counts:
                items = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
                lines.append(f"{what}: {items} (of {self.meta.read:,} records)")
        return "\n".join(lines)

    def _headline(self) -> str:
        name = (
            self.meta.format if self.meta.path is None else f"{self.meta.path} ({self.meta.format})"
        )
        text = f"{name}: {len(self.jobs):,} jobs"
        if len(self.jobs) == 0:
            return text
        times = self.jobs["submit_time"]
        span = times.max() - times.min()
        days = span.total_seconds() / 86400 if hasattr(span, "total_seconds") else span / 86400
        return f"{text} over {days:.1f} days"

    def _repr_html_(self) -> str:
        head: str = self.jobs.head().to_html(index=False)
        return super()._repr_html_() + head
