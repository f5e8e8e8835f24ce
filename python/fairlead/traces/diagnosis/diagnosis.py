"""What looking at a trace found: findings, figures, pictures and a page."""

from __future__ import annotations

import html
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.printed import Printed
from fairlead.report.words import amount, clock, share, unit_of_resource
from fairlead.traces.diagnosis.finding import SEVERITIES, Finding
from fairlead.traces.diagnosis.view import View
from fairlead.traces.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Diagnosis"]

_EXAMPLES = 5
_WORDS = {"critical": "critical", "warning": "warning", "info": "note"}


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
    def table(self) -> pd.DataFrame:
        """What was looked at: the jobs table."""
        return self.trace.jobs

    @property
    def findings(self) -> pd.DataFrame:
        """One row a finding: ``finding``, ``severity``, ``count``, ``message``, ``consequence``,
        ``remedy`` (a call; blank where nothing can be mended), ``examples`` (rows of `table`).
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
            Rows of `table`, with their index.

        Raises
        ------
        InvalidInputError
            No such finding.

        Examples
        --------
        >>> import fairlead
        >>> trace = fairlead.traces.generate(2000, nodes=4, seed=1)
        >>> late = fairlead.traces.doctor(trace).examples("over_limit", 2)
        >>> bool((late["duration_s"] > late["limit_s"]).all())
        True
        """
        for one in self.found:
            if one.name == finding:
                return self.table.iloc[one.rows[:n]]
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
        return f"{self._name()}: {self.view.n:,} jobs over {self.measures['span_days']:,.1f} days"

    def _name(self) -> str:
        meta = self.trace.meta
        return meta.format if meta.path is None else f"{meta.path} ({meta.format})"

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
        >>> print(fairlead.traces.doctor(trace).summary())  # doctest: +ELLIPSIS
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
        >>> figure = fairlead.traces.doctor(fairlead.traces.generate(500, nodes=4, seed=1)).plot()
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
        >>> fairlead.traces.doctor(trace).report(Path(tempfile.mkdtemp()) / "doctor.html").name
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
        >>> told = fairlead.traces.doctor(fairlead.traces.generate(500, nodes=4, seed=1)).plain()
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
