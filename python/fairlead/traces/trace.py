"""What every reader returns: jobs, nodes, events, and an account of how they were read."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlead.cluster import Cluster

__all__ = ["Trace", "TraceMeta", "no_events", "no_nodes"]


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


@dataclass(frozen=True, eq=False)
class Trace:
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
    """

    jobs: pd.DataFrame
    nodes: pd.DataFrame
    events: pd.DataFrame
    meta: TraceMeta

    def __len__(self) -> int:
        return len(self.jobs)

    def __repr__(self) -> str:
        return f"Trace({self._headline()})"

    def cluster(self) -> Cluster:
        """The nodes as a cluster.

        Raises
        ------
        InvalidInputError
            The trace has no nodes.

        Examples
        --------
        >>> import fairlead
        >>> len(fairlead.traces.generate(100, nodes=4, seed=1).cluster())
        4
        """
        from fairlead.cluster import Cluster

        if len(self.nodes) == 0:
            raise InvalidInputError(
                f"the {self.meta.format} trace names no nodes; give the reader nodes=, or use "
                f"Cluster.homogeneous(...)"
            )
        return Cluster.from_frame(self.nodes)

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
        return f"<pre>{html.escape(self.summary())}</pre>{head}"


def no_nodes() -> pd.DataFrame:
    """A nodes table without rows."""
    return pd.DataFrame({"node_id": pd.Series(dtype="str")})


def no_events() -> pd.DataFrame:
    """An events table without rows."""
    text = pd.Series(dtype="str")
    return pd.DataFrame({"time": pd.Series(dtype="float64"), "kind": text, "node": text})
