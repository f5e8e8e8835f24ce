"""The page of a diagnosis: findings, examples and pictures in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.report.markup import Html, element, joined, table
from fairlead.report.page import card, definition_list, drawing, page, section
from fairlead.report.words import amount, clock, count, share, unit_of_resource
from fairlead.traces.diagnosis.demand_diagnosis import DemandDiagnosis
from fairlead.traces.diagnosis.demand_page import demand_cards, demand_figures

if TYPE_CHECKING:
    from fairlead.report.style import Picture
    from fairlead.traces.diagnosis.diagnosis import Diagnosis

__all__ = ["diagnosis_page"]

_EXAMPLES = 3
_MOST_COLUMNS = 9
_LONGEST_CELL = 40


def diagnosis_page(diagnosis: Diagnosis, title: str | None) -> str:
    """The whole page as HTML."""
    if isinstance(diagnosis, DemandDiagnosis):
        cards, figures = demand_cards(diagnosis), demand_figures(diagnosis)
    else:
        cards, figures = _cards(diagnosis), _figures(diagnosis)
    trace = diagnosis.trace
    name = trace.meta.path or f"{trace.meta.format} trace"
    heading = title or f"Doctor: {name.rsplit('/', 1)[-1]}"
    header = element(
        "header",
        element("p", "Fairlead doctor", class_="kicker"),
        element("h1", heading),
        element("p", diagnosis.headline()),
    )
    return page(
        heading,
        header,
        element("p", _lead(diagnosis), class_="lead"),
        element("ul", *cards, class_="cards"),
        section("What was found", *_findings(diagnosis)),
        section("How it looks", *figures),
        section("How to mend it", _mending(diagnosis)),
    )


def _lead(diagnosis: Diagnosis) -> str:
    counts = diagnosis.counts()
    if counts["critical"]:
        return (
            f"{diagnosis.verdict().capitalize()}. Mend what is critical before simulating: with it "
            f"a simulation refuses the trace, or its result means nothing."
        )
    if counts["warning"]:
        return (
            f"{diagnosis.verdict().capitalize()}. A simulation runs; what each warning does to its "
            f"result stands beside it."
        )
    if isinstance(diagnosis, DemandDiagnosis):
        return f"{diagnosis.verdict().capitalize()}. What each does to a forecast stands beside it."
    return f"{diagnosis.verdict().capitalize()}. The trace can be simulated as it is."


def _cards(diagnosis: Diagnosis) -> list[Html]:
    m, main = diagnosis.measures, diagnosis.view.main
    unit = "" if main is None else unit_of_resource(main)
    known = m["load"] == m["load"]
    load = share(m["load"], 0) if known else "unknown"
    of = f"of {amount(m['capacity'])} {unit}" if known else "no nodes are known"
    users = f"{amount(m['users'])} users" if m["users"] == m["users"] else "no users named"
    return [
        card("Jobs", amount(m["jobs"]), users),
        card("Span", f"{amount(m['span_days'])} d", f"{amount(m['jobs_per_hour'])} jobs an hour"),
        card("Load", load, of),
        card("Run time", clock(m["median_run_s"]), f"median; mean {clock(m['mean_run_s'])}"),
    ]


def _findings(diagnosis: Diagnosis) -> list[Html]:
    if not diagnosis.found:
        return [element("p", "Nothing. All checks passed.")]
    rows = [
        (
            element("span", f.severity, class_=f"severity {f.severity}"),
            f.name.replace("_", " "),
            f.message,
            f.consequence,
        )
        for f in diagnosis.found
    ]
    caption = "Worst first. Info cannot be mended, only said with a result."
    columns = ["severity", "finding", "what", "so"]
    return [table(columns, rows, caption=caption), *_examples(diagnosis)]


def _examples(diagnosis: Diagnosis) -> list[Html]:
    shown = []
    for finding in diagnosis.found:
        rows = diagnosis.examples(finding.name, _EXAMPLES)
        if finding.severity == "info" or rows.empty:
            continue
        frame = rows.iloc[:, :_MOST_COLUMNS]
        body = [[row, *map(_cell, cells)] for row, *cells in frame.itertuples()]
        name = finding.name.replace("_", " ")
        caption = f"{count(finding.count, 'job')}; rows of the jobs table, the clearest first"
        inner = table(["row", *map(str, frame.columns)], body, caption=caption)
        shown.append(element("details", element("summary", f"Examples of {name}"), inner))
    return shown


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "–"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = f"{value:,.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"


def _figures(diagnosis: Diagnosis) -> list[Html]:
    view = diagnosis.view

    def over_time(picture: Picture) -> None:
        from fairlead.traces.diagnosis.drawing import draw_time

        usage, arrivals = picture.subplots(2, 1, height_ratios=(3, 2))
        draw_time(view, usage, arrivals)

    def shapes(picture: Picture) -> None:
        from fairlead.traces.diagnosis import drawing as draw

        rows, columns = (4, 1) if picture.narrow else (2, 2)
        if picture.narrow:
            picture.set_figheight(2 * picture.get_figheight())
        panels = picture.subplots(rows, columns).ravel()
        for panel, one in zip(
            panels,
            (draw.draw_day, draw.draw_run_times, draw.draw_limits, draw.draw_users),
            strict=True,
        ):
            one(view, panel)

    m = diagnosis.measures
    load = f"Load {share(m['load'])}. " if m["load"] == m["load"] else ""
    return [
        drawing(
            "over-time", 4.4, over_time,
            alt=f"Use if no job waited, against capacity, and jobs submitted, over time. {load}",
            caption=f"{load}Where the area is above the line jobs have to wait. Gaps in collection "
            f"are shaded.",
        ),
        drawing(
            "shapes", 4.6, shapes,
            alt="Submissions by hour of the day; run times of jobs and work; use of limits; the "
            "share of the busiest users.",
            caption="Work is run time, up to the limit, times what the job asks.",
        ),
    ]  # fmt: skip


def _mending(diagnosis: Diagnosis) -> Html:
    calls = [(f.name.replace("_", " "), element("code", f.remedy)) for f in diagnosis.found
             if f.remedy]  # fmt: skip
    if not calls:
        return element("p", "There is nothing to mend.")
    lead = element(
        "p",
        "Each call gives another trace; look again after each, for one remedy can show what "
        "another finding hid. Here ",
        element("code", "trace"),
        " is this trace, and ",
        element("code", "traces"),
        " is fairlead.traces.",
    )
    return joined([lead, definition_list(calls)])
