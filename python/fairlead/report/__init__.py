"""Reports: pictures of schedules and pipeline runs, and a page that holds them all.

Importing this loads no matplotlib; drawing does.
"""

from __future__ import annotations

from fairlead.report.document import html_report, write_report
from fairlead.report.plots import plot_gantt, plot_pipeline, plot_schedule

__all__ = ["html_report", "plot_gantt", "plot_pipeline", "plot_schedule", "write_report"]
