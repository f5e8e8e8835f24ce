"""The page of a schedule; that of a pipeline run builds on it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.report import facts
from fairlead.report.markup import Html, element, table
from fairlead.report.page import card, definition_list, drawing, page, section
from fairlead.report.steps import BINS, StepTable
from fairlead.report.words import (
    amount,
    clock,
    count,
    hours_of,
    moment,
    share,
    unit_of_resource,
)

if TYPE_CHECKING:
    from fairlead.report.style import Picture, TimeScale
    from fairlead.scheduling import Schedule
    from fairlead.traces import Trace

__all__ = ["SchedulePage"]

_MOST_GROUPS, _MOST_NODES = 12, 5000


class SchedulePage:
    """The parts of the page, in order of `sections`.

    Parameters
    ----------
    schedule : Schedule
    trace : Trace or None
    settings : dict
        Lines for the account of how it was made.
    """

    def __init__(self, schedule: Schedule, trace: Trace | None, settings: dict[str, Any]) -> None:
        self.schedule, self.trace, self.settings = schedule, trace, settings
        self.steps = StepTable.of(schedule.utilisation)
        used = [r for r in self.steps.resources if self.steps.frame[f"used_{r}"].max() > 0]
        self.resource = (used or self.steps.resources or [""])[0]

    def text(self, title: str | None) -> str:
        """The whole page as HTML."""
        heading = title or self.title()
        header = element(
            "header",
            element("p", "Fairlead report", class_="kicker"),
            element("h1", heading),
            element("p", facts.cluster_line(self.schedule)),
            element("p", facts.status_line(self.schedule)),
        )
        account = section("How this was made", self.provenance())
        return page(heading, header, *self.sections(), account)

    def title(self) -> str:
        """What was run, where."""
        return f"{self.schedule.policy.name} on {count(len(self.schedule.cluster), 'node')}"

    def sections(self) -> list[Html]:
        """All between the header and the account of how it was made."""
        m = self.schedule.metrics
        used = m["utilisation"].get(self.resource, float("nan"))
        cards = [
            card("Mean wait", clock(m["mean_wait_s"]), f"median {clock(m['median_wait_s'])}"),
            card("95 % wait less than", clock(m["p95_wait_s"])),
            card("Bounded slowdown", amount(m["mean_bounded_slowdown"]), "mean"),
            card(f"{self.unit} used", share(used), f"over {clock(m['makespan_s'])}"),
        ]
        return [
            element("ul", *cards, class_="cards"),
            section("Use and queue", self._use_figure()),
            self.waits_section(),
            *self.nodes_section(),
        ]

    @property
    def unit(self) -> str:
        """What the units of the main resource are called."""
        return unit_of_resource(self.resource)

    def scale(self) -> TimeScale:
        """The time axis of all figures."""
        from fairlead.report.style import TimeScale

        return TimeScale.of(self.steps.kind, float(self.steps.ns[-1] - self.steps.ns[0]))

    # ---- use --------------------------------------------------------------------------------

    def _use_figure(self) -> Html:
        def draw(picture: Picture) -> None:
            from fairlead.report import panels
            from fairlead.report.style import share_time

            use, queue = picture.subplots(2, 1)
            panels.draw_capacity(use, self.scale(), self.steps, self.resource)
            panels.draw_queue(queue, self.scale(), self.steps)
            share_time(self.scale(), [use, queue])

        most = self.steps.frame["waiting"].max()
        alt = (
            f"{self.unit} in use over time under what is in service, and jobs waiting: at most "
            f"{amount(most)}."
        )
        return drawing("use", 4.6, draw, alt=alt, caption=self.thinning())

    def thinning(self) -> str:
        """What is drawn where there are more changes than a picture can show."""
        if len(self.steps.ns) <= BINS:
            return "Every change is drawn."
        return "Use as means over equal intervals, the queue as the largest value of each."

    # ---- waits ------------------------------------------------------------------------------

    def waits_section(self) -> Html:
        """How long jobs waited, and whose."""
        m = self.schedule.metrics
        alt = (
            f"Share of jobs that waited longer than a given time. Mean {clock(m['mean_wait_s'])}, "
            f"median {clock(m['median_wait_s'])}, one in twenty longer than "
            f"{clock(m['p95_wait_s'])}."
        )
        caption = (
            "Of the jobs that started. The curve begins with those that waited a second or more."
        )
        figure = drawing("waits", 2.7, self.draw_waits, alt=alt, caption=caption)
        return section("Who waited", figure, *self._group_table(), *self._longest_table())

    def draw_waits(self, picture: Picture) -> None:
        """The curve of waits."""
        from fairlead.report import panels

        panels.draw_waits(picture.subplots(), {"waits": panels.started_waits(self.schedule)})

    def _group_table(self) -> list[Html]:
        jobs = None if self.trace is None else self.trace.jobs
        groups = facts.group_waits(self.schedule, jobs, self.resource)
        if groups.empty:
            return []
        name, hours = str(groups.index.name), hours_of(self.resource)
        shown = groups.head(_MOST_GROUPS)
        numbers = ("jobs", hours, "mean wait", "95 % less than")
        says: tuple[Callable[[Any], str], ...] = ("{:,.0f}".format, amount, clock, clock)
        rows = [
            (label, *(say(value) for say, value in zip(says, row, strict=True)))
            for label, *row in shown.itertuples()
        ]
        rest = len(groups) - len(shown)
        caption = f"By {name}, most {hours} first" + (f"; {rest:,} more" if rest else "")
        return [table([name, *numbers], rows, numbers=numbers, caption=caption)]

    def _longest_table(self) -> list[Html]:
        longest = facts.longest_waits(self.schedule)
        if longest.empty:
            return []
        rows = [
            (
                row["job_id"],
                element("span", moment(row["submit_time"]), class_="time"),
                element("span", moment(row["start_time"]), class_="time"),
                row["status"],
                clock(row["wait_s"]),
            )
            for row in longest.to_dict("records")
        ]
        columns = ["job", "submitted", "started", "status", "waited"]
        return [table(columns, rows, numbers=("waited",), caption="The longest waits")]

    # ---- nodes ------------------------------------------------------------------------------

    def nodes_section(self) -> list[Html]:
        """Which node was busy when."""
        nodes = len(self.schedule.cluster)
        if not 1 < nodes <= _MOST_NODES or not self.resource:
            return []
        from fairlead.report import gantt

        stays = gantt.stays_of(self.schedule)

        def draw(picture: Picture) -> None:
            axes = picture.subplots()
            gantt.draw_shades(axes, self.scale(), stays, self.schedule, self.resource)
            self.scale().dress(axes)

        rule = self.schedule.policy.placement.replace("_", " ")
        figure = drawing(
            "nodes",
            0.9 + min(max(0.14 * nodes, 1.0), 5.0),
            draw,
            alt=f"Share of the {self.unit} of each of {nodes:,} nodes in use over time.",
            caption=f"The stronger the colour, the fuller the node. Jobs are placed by {rule}.",
        )
        return [section("Where it ran", figure)]

    # ---- account ----------------------------------------------------------------------------

    def provenance(self) -> Html:
        """Everything that is needed to make the run again."""
        header = self.schedule.header
        shapes = self.schedule.cluster.summary().splitlines()[1:]
        items: list[tuple[str, object]] = [("Policy", facts.policy_line(self.schedule))]
        items += list(self.settings.items())
        items += [("Seed", header["seed"]), ("Ties", header["tie_rule"])]
        if self.trace is not None:
            items.append(("Trace", self.trace.summary().replace("\n", "; ")))
        items += [
            ("Trace hash", element("code", header["trace_hash"])),
            ("Cluster", "; ".join(line.strip() for line in shapes)),
            ("Versions", _versions(header["version"])),
        ]
        return definition_list(items)


def _versions(engine: str) -> str:
    return ", ".join(
        (
            f"fairlead {engine}",
            f"Python {platform.python_version()}",
            f"NumPy {np.__version__}",
            f"pandas {pd.__version__}",
            platform.machine(),
        )
    )
