"""The parts of a diagnosis's page that tell of demand series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.report.markup import Html
from fairlead.report.page import card, drawing
from fairlead.report.words import amount, clock, share
from fairlead.traces.diagnosis.demand_diagnosis import DemandDiagnosis

if TYPE_CHECKING:
    from fairlead.report.style import Picture

__all__ = ["demand_cards", "demand_figures"]


def demand_cards(diagnosis: DemandDiagnosis) -> list[Html]:
    """The main figures."""
    m = diagnosis.measures
    step = clock(m["step_s"]) if m["step_s"] == m["step_s"] else "unknown"
    return [
        card("Series", amount(m["series"]), f"{amount(m['values'])} values"),
        card("Span", f"{amount(m['span_days'])} d", f"a step of {step}"),
        card("Mean", amount(m["mean"]), diagnosis.resource),
        card("Highest", amount(m["max"]), f"{share(m['zero_frac'])} of the values are 0"),
    ]


def demand_figures(diagnosis: DemandDiagnosis) -> list[Html]:
    """Over time, by the hour, by size."""
    demand = diagnosis.demand

    def over_time(picture: Picture) -> None:
        from fairlead.traces.diagnosis.demand_drawing import draw_over_time

        draw_over_time(demand, picture.subplots(1, 1))

    def shapes(picture: Picture) -> None:
        from fairlead.traces.diagnosis.demand_drawing import draw_shapes

        day, sizes = picture.subplots(*((2, 1) if picture.narrow else (1, 2)))
        draw_shapes(demand, day, sizes)

    return [
        drawing(
            "over-time", 3.4, over_time,
            alt="The demand series over time.",
            caption="Of each stretch that is too narrow to be seen, the highest value.",
        ),
        drawing(
            "shapes", 2.8, shapes,
            alt="Means by the hour of the day; shares of values up to each size.",
            caption="Over all series together.",
        ),
    ]  # fmt: skip
