"""The report: one file that says what a run did, for people who were not there."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.pipeline import PipelineResult
    from fairlead.scheduling import Schedule
    from fairlead.traces import Trace

__all__ = ["html_report", "write_report"]


def html_report(
    result: PipelineResult | Schedule,
    *,
    trace: Trace | None = None,
    title: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """A pipeline run or a schedule as one HTML page with nothing to load.

    Parameters
    ----------
    result : PipelineResult or Schedule
    trace : Trace, optional
        Where the jobs came from; with it the report says so, and who waited by queue or user.
    title : str, optional
    settings : mapping, optional
        Further lines for the account of how the run was made: name and value.

    Returns
    -------
    str
        HTML with inline SVG figures; it follows the reader's light or dark theme.

    Raises
    ------
    InvalidInputError
        Nothing was submitted.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(50, nodes=2, seed=1)
    >>> text = html_report(fairlead.schedule(trace.jobs, trace.cluster()), trace=trace)
    >>> text.startswith("<!doctype html>"), "<script" in text
    (True, False)
    """
    from fairlead.report.pipeline_page import PipelinePage
    from fairlead.report.schedule_page import SchedulePage
    from fairlead.scheduling import Schedule

    given = {} if settings is None else dict(settings)
    if isinstance(result, Schedule):
        return SchedulePage(result, trace, given).text(title)
    return PipelinePage(result, trace, given).text(title)


def write_report(
    result: PipelineResult | Schedule,
    path: str | PathLike[str],
    *,
    trace: Trace | None = None,
    title: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Write `html_report` to a file.

    Parameters
    ----------
    result, trace, title, settings
        As for `html_report`.
    path : path

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InvalidInputError
        Nothing was submitted.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import fairlead, tempfile
    >>> trace = fairlead.traces.generate(50, nodes=2, seed=1)
    >>> sched = fairlead.schedule(trace.jobs, trace.cluster())
    >>> write_report(sched, Path(tempfile.mkdtemp()) / "report.html").name
    'report.html'
    """
    file = Path(path)
    text = html_report(result, trace=trace, title=title, settings=settings)
    file.write_text(text, encoding="utf-8")
    return file
