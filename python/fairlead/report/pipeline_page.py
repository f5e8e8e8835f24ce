"""The page of a pipeline run: what was forecast, what was ordered, who waited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from fairlead.report import facts
from fairlead.report.loop_panels import LoopView
from fairlead.report.markup import Html, element, table
from fairlead.report.page import card, drawing, section
from fairlead.report.schedule_page import SchedulePage
from fairlead.report.style import Picture, TimeScale, share_time
from fairlead.report.words import amount, count, hours_of, moment, share, unbroken

if TYPE_CHECKING:
    from fairlead.pipeline import PipelineResult
    from fairlead.traces import Trace

__all__ = ["PipelinePage"]

_MOST_ALERTS = 40


class PipelinePage(SchedulePage):
    """The parts of the page, in order of `sections`."""

    def __init__(
        self, result: PipelineResult, trace: Trace | None, settings: dict[str, Any]
    ) -> None:
        super().__init__(result.schedule, trace, settings)
        self.result, self.resource = result, result.resource
        self.view = LoopView.of(result)

    def title(self) -> str:
        """What was run, where."""
        return f"Capacity planned by forecast, on {count(len(self.schedule.cluster), 'node')}"

    def sections(self) -> list[Html]:
        """All between the header and the account of how it was made."""
        return [
            element("p", unbroken(" ".join(facts.verdict(self.result))), class_="lead"),
            element("ul", *self._cards(), class_="cards"),
            section("Demand and forecast", self._demand(), *self._outlook()),
            section("Capacity plan", self._capacity(), self._comparison()),
            section("Queue and use", self._queue()),
            section("Alerts", self._alerts(), *self._advice()),
            self.waits_section(),
            *self.nodes_section(),
        ]

    def scale(self) -> TimeScale:
        """The time axis of all figures."""
        return self.view.scale

    # ---- figures that stand out -------------------------------------------------------------

    def _cards(self) -> list[Html]:
        compared = {fact.name: fact for fact in facts.comparison(self.result)}
        first = next(iter(compared.values()))
        beside = f"{first.planned} of {first.whole} while jobs came" if first.whole else ""
        cards = [
            card(f"{hours_of(self.resource)} in service", first.change or first.planned, beside)
        ]
        names = {
            "cost (USD)": "USD to the last end",
            "mean wait": "Mean wait",
            "95 % wait less than": "95 % wait less than",
            f"{self.unit} used": f"{self.unit} used",
        }
        for name, title in names.items():
            if name in compared:
                whole = compared[name].whole
                note = f"{whole} with all nodes on" if whole else ""
                cards.append(card(title, compared[name].planned, note))
        severe = int((self.result.alerts["severity"] == "critical").sum())
        alerts = card("Alerts", f"{len(self.result.alerts):,}", f"{severe:,} critical")
        return [*cards, *self._error_card(), alerts]

    def _error_card(self) -> list[Html]:
        m = self.result.metrics
        if "forecast_mae_next" not in m or not m["demand_mean"]:
            return []
        error = share(m["forecast_mae_next"] / m["demand_mean"], 0)
        note = f"of {amount(m['demand_mean'])} {self.unit} on average"
        return [card("Forecast error, one step", error, note)]

    # ---- figures ----------------------------------------------------------------------------

    def _one_panel(self, draw: Callable[[Axes], None]) -> Callable[[Picture], None]:
        def draw_all(picture: Picture) -> None:
            axes = picture.subplots()
            draw(axes)
            share_time(self.view.scale, [axes])

        return draw_all

    def _demand(self) -> Html:
        told = facts.forecast_line(self.result)
        return drawing(
            "demand",
            2.9,
            self._one_panel(self.view.draw_demand),
            alt=f"Demand for {self.unit} over time and its forecast: {told}.",
            caption=(
                "What jobs ask for if none had to wait, and what was forecast for each interval as "
                "it began, knowing only what had happened by then. Jobs that had not ended counted "
                "with their estimates, so forecasts run high where limits do."
            ),
        )

    def _outlook(self) -> list[Html]:
        if self.result.forecasts.empty:
            return []
        cutoff = moment(self.view.outlook_time())
        figure = drawing(
            "outlook",
            2.5,
            self._one_panel(self.view.draw_outlook),
            alt=f"The forecast made at {cutoff} over its whole horizon, with the demand that came.",
            caption="One forecast as it was made, three quarters into the run, and what came.",
        )
        return [figure]

    def _capacity(self) -> Html:
        first = facts.comparison(self.result)[0]
        beside = f", {first.whole} with all nodes on" if first.whole else ""
        return drawing(
            "capacity",
            2.9,
            self._one_panel(self.view.draw_capacity),
            alt=f"{self.unit} in service and in use: {first.planned} {first.name}{beside}.",
            caption=(
                "Ordered step by step to cover the forecast. Until the first plan all nodes are "
                "on; nodes that still run jobs stay on until these end."
            ),
        )

    def _comparison(self) -> Html:
        rows = [(f.name, f.planned, f.whole, f.change) for f in facts.comparison(self.result)]
        numbers = ("as planned", "all nodes on", "change")
        caption = "The plan beside all nodes on all the time"
        return table(["", *numbers], rows, numbers=numbers, caption=caption)

    def _queue(self) -> Html:
        lanes = self.view.rules
        heights = [1.7, 1.7, *([0.5 + 0.36 * lanes] if lanes else [])]

        def draw(picture: Picture) -> None:
            use, queue, *fired = picture.subplots(len(heights), 1, height_ratios=heights)
            self.view.draw_use(use)
            self.view.draw_queue(queue)
            share_time(self.view.scale, [use, queue, *fired])
            for axes in fired:
                self.view.draw_alerts(axes)

        most = self.steps.frame["waiting"].max()
        alt = (
            f"Share of {self.unit} in service that is used, jobs waiting (at most {amount(most)}) "
            f"and alerts over time."
        )
        return drawing("queue", 0.5 + sum(heights), draw, alt=alt, caption=self.thinning())

    def draw_waits(self, picture: Picture) -> None:
        """The curve of waits beside the baseline's."""
        self.view.draw_waits(picture.subplots())

    # ---- alerts -----------------------------------------------------------------------------

    def _alerts(self) -> Html:
        alerts = self.result.alerts
        if alerts.empty:
            return element("p", "No rule fired.")
        shown = alerts.head(_MOST_ALERTS)
        rows = [
            (
                str(row.rule).replace("_", " "),
                element("span", row.severity, class_=f"severity {row.severity}"),
                element("span", moment(row.time), class_="time"),
                element("span", _until(row.resolved_time), class_="time"),
                row.message,
            )
            for row in shown.itertuples()
        ]
        rest = len(alerts) - len(shown)
        caption = "As the steps went by" + (f"; {rest:,} later ones left out" if rest else "")
        return table(["rule", "severity", "fired", "resolved", "why"], rows, caption=caption)

    def _advice(self) -> list[Html]:
        lines = [element("li", line) for line in self.result.report.advice]
        return [element("ul", *lines, class_="advice")] if lines else []


def _until(time: Any) -> str:
    return "still firing" if pd.isna(time) else moment(time)
