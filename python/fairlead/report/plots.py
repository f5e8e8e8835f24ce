"""Pictures of schedules and pipeline runs.

matplotlib is imported when something is drawn. All functions return a `matplotlib.figure.Figure`
that any backend can draw; a notebook shows it, and ``figure.savefig("name.png")`` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fairlead.pipeline import PipelineResult
    from fairlead.scheduling import Schedule

__all__ = ["plot_gantt", "plot_pipeline", "plot_schedule"]

_MOST_RESOURCES = 3


def plot_schedule(
    schedule: Schedule, *, resources: Sequence[str] | None = None, width: float = 9.0
) -> Figure:
    """Used and available capacity, the queue, and how long jobs waited.

    Parameters
    ----------
    schedule : Schedule
    resources : sequence of str, optional
        What to draw, a panel each; by default up to three that jobs use, GPUs first.
    width : float, default 9
        Of the figure (inches); below 6 it is laid out for a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidInputError
        Nothing was submitted, or a resource is not on the nodes.

    Notes
    -----
    Above 360 changes, capacity and use are drawn as means over equal intervals, and the queue as
    the largest value of each, so a million jobs cost no more to draw than a thousand.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(100, nodes=2, seed=1)
    >>> figure = plot_schedule(fairlead.schedule(trace.jobs, trace.cluster()))
    >>> [axes.get_title(loc="left") for axes in figure.axes][:2]
    ['GPUs in use', 'CPUs in use']
    """
    from fairlead.report import panels
    from fairlead.report.steps import StepTable
    from fairlead.report.style import Picture, TimeScale, share_time

    steps = StepTable.of(schedule.utilisation)
    shown = _chosen(resources, steps)
    scale = TimeScale.of(steps.kind, float(steps.ns[-1] - steps.ns[0]))
    heights = [*[2.1, *[1.3] * len(shown)][: len(shown)], 1.5, 2.1]
    figure = Picture.of_height(0.4 + sum(heights), width)
    *rows, queue, waits = figure.subplots(len(heights), 1, height_ratios=heights)
    for axes, resource in zip(rows, shown, strict=True):
        panels.draw_capacity(axes, scale, steps, resource, legend=axes is rows[0])
    panels.draw_queue(queue, scale, steps)
    share_time(scale, [*rows, queue])
    panels.draw_waits(waits, {"waits": panels.started_waits(schedule)})
    return figure


def plot_gantt(
    schedule: Schedule, *, max_jobs: int = 1000, resource: str | None = None, width: float = 9.0
) -> Figure:
    """Which node is busy when.

    Parameters
    ----------
    schedule : Schedule
    max_jobs : int, default 1000
        Up to so many jobs are drawn as bars, a lane per device; more as the share of each node
        that is in use.
    resource : str, optional
        Whose share; by default GPUs, else other devices, else CPUs.
    width : float, default 9
        Of the figure (inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidInputError
        Nothing was submitted, or the resource is not on the nodes.

    Notes
    -----
    Eight colours tell neighbouring jobs apart and mean nothing else. One artist a colour, or one
    image: a million jobs are one image of 480 intervals.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(100, nodes=2, seed=1)
    >>> figure = plot_gantt(fairlead.schedule(trace.jobs, trace.cluster()))
    >>> figure.axes[0].get_title(loc="left")
    '100 jobs on 2 nodes'
    """
    from fairlead.report import gantt
    from fairlead.report.steps import StepTable
    from fairlead.report.style import Picture, TimeScale

    steps = StepTable.of(schedule.utilisation)
    chosen = _chosen(None if resource is None else [resource], steps)[:1] or steps.resources[:1]
    stays = gantt.stays_of(schedule)
    scale = TimeScale.of(steps.kind, float(steps.ns[-1] - steps.ns[0]))
    bars = len(schedule.job_id) <= max_jobs
    rows = (0.36 if bars else 0.22) * len(schedule.cluster)
    figure = Picture.of_height(0.9 + min(max(rows, 1.0), 6.0), width)
    axes = figure.subplots()
    if bars:
        gantt.draw_bars(axes, scale, stays, schedule)
    else:
        gantt.draw_shades(axes, scale, stays, schedule, chosen[0])
    scale.dress(axes)
    return figure


def plot_pipeline(result: PipelineResult, *, width: float = 9.0) -> Figure:
    """Demand and its forecast, the capacity that followed, the queue, alerts and waits.

    Parameters
    ----------
    result : PipelineResult
    width : float, default 9
        Of the figure (inches); below 6 it is laid out for a column.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(days=2, nodes=2, seed=1)
    >>> result = fairlead.Pipeline(warmup=12, horizon=6).run(trace)
    >>> [axes.get_title(loc="left") for axes in plot_pipeline(result).axes][:2]
    ['Demand for GPUs and its forecast', 'GPUs in service and in use']
    """
    from fairlead.report.loop_panels import LoopView
    from fairlead.report.style import Picture, share_time

    view = LoopView.of(result)
    alerts = 0.4 + 0.36 * view.rules
    heights = [2.1, 2.1, 1.5, *([alerts] if view.rules else []), 2.1]
    figure = Picture.of_height(0.4 + sum(heights), width)
    demand, capacity, queue, *fired, waits = figure.subplots(len(heights), 1, height_ratios=heights)
    view.draw_demand(demand)
    view.draw_capacity(capacity)
    view.draw_queue(queue)
    share_time(view.scale, [demand, capacity, queue, *fired])
    for axes in fired:
        view.draw_alerts(axes)
    view.draw_waits(waits)
    return figure


def _chosen(resources: Sequence[str] | None, steps: Any) -> list[str]:
    known = steps.resources
    if resources is None:
        used = [r for r in known if steps.frame[f"used_{r}"].max() > 0]
        return used[:_MOST_RESOURCES]
    for name in resources:
        if name not in known:
            raise InvalidInputError(
                f"resources must name what is on the nodes, {', '.join(known)}; got {name!r}"
            )
    return list(resources)
