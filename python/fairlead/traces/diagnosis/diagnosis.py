"""What looking at a trace found: findings, figures, pictures and a page."""

from __future__ import annotations

import html
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.cluster import Cluster, as_cluster
from fairlead.errors import InvalidInputError
from fairlead.printed import Printed
from fairlead.report.words import amount, clock, share, unit_of_resource
from fairlead.traces.diagnosis.capacity import check_capacity
from fairlead.traces.diagnosis.estimates import check_estimates
from fairlead.traces.diagnosis.finding import SEVERITIES, Finding
from fairlead.traces.diagnosis.made import check_made
from fairlead.traces.diagnosis.people import check_people
from fairlead.traces.diagnosis.recorded import check_recorded
from fairlead.traces.diagnosis.records import check_records
from fairlead.traces.diagnosis.shape import check_shape, measures
from fairlead.traces.diagnosis.times import check_times
from fairlead.traces.diagnosis.units import check_units
from fairlead.traces.diagnosis.view import View
from fairlead.traces.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Diagnosis", "doctor"]

_CHECKS = (
    check_units,
    check_times,
    check_records,
    check_capacity,
    check_people,
    check_estimates,
    check_shape,
    check_made,
    check_recorded,
)
_EXAMPLES = 5
_WORDS = {"critical": "critical", "warning": "warning", "info": "note"}


def doctor(trace: Trace, cluster: Cluster | pd.DataFrame | None = None) -> Diagnosis:
    """Look for what is wrong or odd with a trace, and say what it does to a simulation.

    Parameters
    ----------
    trace : Trace
        Its tables may be broken: what a simulation would refuse is a finding here.
    cluster : Cluster or nodes frame, optional
        What capacity is judged by; else the trace's nodes; without either, load and fit are not
        judged.

    Returns
    -------
    Diagnosis
        Findings, worst first, each with the call that mends it; figures; pictures; a page.

    Raises
    ------
    InvalidInputError
        The trace has no jobs, or the nodes cannot be used.

    Notes
    -----
    Looked for: load against capacity over time, jobs that can never fit, gaps in collection, cut
    ends, missing, unsorted and repeated records, run times above the limit, users and queues that
    dominate, flurries [1]_, limits as estimates [2]_, units, and what distributions leave out.
    Thresholds stand at the head of each file of ``fairlead.traces.diagnosis``.
    O(n_jobs log n_jobs).

    References
    ----------
    .. [1] Feitelson, Tsafrir, Krakov, "Experience with using the Parallel Workloads Archive", J.
       Parallel and Distributed Computing 74(10), 2014.
    .. [2] Tsafrir, Etsion, Feitelson, "Modeling user runtime estimates", JSSPP 2005.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(2000, nodes=4, load=1.4, seed=1)
    >>> found = doctor(trace)
    >>> found.findings["finding"].iloc[0], found.findings["remedy"].iloc[0]
    ('overload', "traces.remedy(trace, 'thin', keep=0.6422)")
    """
    if not isinstance(trace, Trace):
        raise InvalidInputError(f"trace must be a Trace, got {type(trace).__name__}")
    if len(trace.jobs) == 0:
        raise InvalidInputError(f"the trace has no jobs to look at{_instead_of_jobs(trace)}")
    machine = None
    if cluster is not None:
        machine = as_cluster(cluster)
    elif len(trace.nodes):
        machine = Cluster.from_frame(trace.nodes)
    view = View(trace, machine, cluster is not None)
    found = [finding for check in _CHECKS for finding in check(view)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(trace, machine, tuple(found), measures(view), view)


def _instead_of_jobs(trace: Trace) -> str:
    if len(trace.demand):
        return f" (it holds {len(trace.demand):,} rows of demand)"
    if trace.meta.dropped:
        told = ", ".join(f"{n:,} {reason}" for reason, n in trace.meta.dropped.items())
        return f": of {trace.meta.read:,} records, {told} were left out; read it with other options"
    return ""


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Printed):
    """What `doctor` found.

    Attributes
    ----------
    trace : Trace
    cluster : Cluster or None
        What capacity was judged by.
    found : tuple of Finding
        Worst first.
    measures : dict of str to float
        ``jobs``, ``span_days``, ``load`` (work over capacity times span), ``capacity`` (units),
        ``jobs_per_hour``, ``interarrival_cv``, ``mean_run_s``, ``median_run_s``, ``p99_run_s``,
        ``users``, ``busiest_user_frac`` (of the jobs), ``median_limit_used_frac``; NaN where the
        trace does not tell.
    """

    trace: Trace
    cluster: Cluster | None
    found: tuple[Finding, ...]
    measures: dict[str, float]
    view: View

    @property
    def findings(self) -> pd.DataFrame:
        """One row a finding: ``finding``, ``severity``, ``count``, ``message``, ``consequence``,
        ``remedy`` (a call; blank where nothing can be mended), ``examples`` (rows of the jobs
        table).
        """
        return pd.DataFrame(
            {
                "finding": [f.name for f in self.found],
                "severity": [f.severity for f in self.found],
                "count": [f.count for f in self.found],
                "message": [f.message for f in self.found],
                "consequence": [f.consequence for f in self.found],
                "remedy": [f.remedy for f in self.found],
                "examples": [f.rows[:_EXAMPLES].tolist() for f in self.found],
            }
        )

    def examples(self, finding: str, n: int = _EXAMPLES) -> pd.DataFrame:
        """Jobs that show a finding, those that show it best first.

        Parameters
        ----------
        finding : str
            Its name.
        n : int, default 5
            At most so many.

        Returns
        -------
        DataFrame
            Rows of the jobs table, with their index.

        Raises
        ------
        InvalidInputError
            No such finding.

        Examples
        --------
        >>> import fairlead
        >>> trace = fairlead.traces.generate(2000, nodes=4, seed=1)
        >>> late = doctor(trace).examples("over_limit", 2)
        >>> bool((late["duration_s"] > late["limit_s"]).all())
        True
        """
        for one in self.found:
            if one.name == finding:
                return self.trace.jobs.iloc[one.rows[:n]]
        names = ", ".join(f.name for f in self.found) or "none"
        raise InvalidInputError(f"finding must be one of {names}; got {finding!r}")

    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return {s: sum(f.severity == s for f in self.found) for s in SEVERITIES}

    def verdict(self) -> str:
        """How many findings of each severity, in words."""
        told = []
        for severity, number in self.counts().items():
            word = _WORDS[severity]
            plural = "s" if number != 1 and word != "critical" else ""
            if number:
                told.append(f"{number} {word}{plural}")
        return ", ".join(told) or "nothing found"

    def headline(self) -> str:
        """What the trace is, in one line; unlike that of a trace it needs no sound table."""
        meta = self.trace.meta
        name = meta.format if meta.path is None else f"{meta.path} ({meta.format})"
        return f"{name}: {self.view.n:,} jobs over {self.measures['span_days']:,.1f} days"

    def figures(self) -> str:
        """The main figures in one line."""
        m, main = self.measures, self.view.main
        told = []
        if main is not None and m["load"] == m["load"]:
            told.append(
                f"load {share(m['load'])} of {amount(m['capacity'])} {unit_of_resource(main)}"
            )
        else:
            unknown = "nodes" if self.cluster is None else "run times"
            told.append(f"load not judged, for no {unknown} are known")
        told.append(f"{amount(m['jobs_per_hour'])} jobs an hour")
        told.append(f"run time median {clock(m['median_run_s'])}, mean {clock(m['mean_run_s'])}")
        if m["users"] == m["users"]:
            told.append(f"{amount(m['users'])} users")
        if m["median_limit_used_frac"] == m["median_limit_used_frac"]:
            told.append(f"half use less than {share(m['median_limit_used_frac'])} of their limit")
        return "; ".join(told)

    def summary(self) -> str:
        """The trace, its figures, and a few lines a finding.

        Examples
        --------
        >>> import fairlead
        >>> trace = fairlead.traces.generate(2000, nodes=4, load=1.4, seed=1)
        >>> print(doctor(trace).summary())  # doctest: +ELLIPSIS
        generated: 2,000 jobs over ... days
        load 140.1 % of 32 GPUs; ...
        1 critical, ...
        critical overload: the jobs ask for 140 % of the GPUs there are (32) over the whole span
          so: the queue grows to the end ...
          do: traces.remedy(trace, 'thin', keep=0.6422)
        ...
        """
        lines = [self.headline(), self.figures(), self.verdict()]
        for finding in self.found:
            lines.append(f"{_WORDS[finding.severity]} {finding.name}: {finding.message}")
            lines.append(f"  so: {finding.consequence}")
            if finding.remedy:
                lines.append(f"  do: {finding.remedy}")
        return "\n".join(lines)

    def plot(self, width: float = 9.0) -> Figure:
        """Load and submissions over time, the day, run times, limits and users.

        Parameters
        ----------
        width : float, default 9
            Of the figure (inches).

        Returns
        -------
        matplotlib.figure.Figure

        Examples
        --------
        >>> import fairlead
        >>> figure = doctor(fairlead.traces.generate(500, nodes=4, seed=1)).plot()
        >>> figure.axes[0].get_title(loc="left")
        'GPUs that would be in use if no job waited'
        """
        from fairlead.traces.diagnosis.drawing import draw_all

        return draw_all(self, width)

    def report(self, path: str | PathLike[str], *, title: str | None = None) -> Path:
        """Write a page of its own, with pictures, that says all this to people.

        Parameters
        ----------
        path : path
        title : str, optional

        Returns
        -------
        pathlib.Path
            The file: HTML with nothing to load.

        Raises
        ------
        OSError
            The file cannot be written.

        Examples
        --------
        >>> import fairlead, tempfile
        >>> trace = fairlead.traces.generate(500, nodes=4, seed=1)
        >>> doctor(trace).report(Path(tempfile.mkdtemp()) / "doctor.html").name
        'doctor.html'
        """
        from fairlead.traces.diagnosis.page import diagnosis_page

        file = Path(path)
        file.write_text(diagnosis_page(self, title), encoding="utf-8")
        return file

    def plain(self) -> dict[str, Any]:
        """All of it as values that JSON can hold, with example rows.

        Examples
        --------
        >>> import fairlead
        >>> told = doctor(fairlead.traces.generate(500, nodes=4, seed=1)).plain()
        >>> sorted(told)
        ['counts', 'findings', 'measures', 'trace']
        """
        from fairlead.report.plain import plain

        rows = self.findings.to_dict("records")
        for row in rows:
            row["examples"] = self.examples(row["finding"]).reset_index(names="row")
        told = {
            "trace": self.headline(),
            "counts": self.counts(),
            "measures": self.measures,
            "findings": rows,
        }
        return dict(plain(told))

    def _repr_html_(self) -> str:
        shown = self.findings[["severity", "finding", "count", "message", "remedy"]]
        return f"<p>{html.escape(self.figures())}</p>{shown.to_html(index=False)}"
