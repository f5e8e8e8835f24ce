"""Pictures and pages: what is drawn, that it is safe, and that it costs no more with more jobs."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairlead
from fairlead.errors import InvalidInputError
from fairlead.report import facts, html_report, plot_gantt, plot_pipeline, plot_schedule
from fairlead.report.plain import json_text
from fairlead.report.steps import thinned

# Elements of HTML that have no end tag.
VOID = {"meta", "link", "br", "hr", "img", "input"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def trace() -> fairlead.traces.Trace:
    """Two days on four nodes."""
    return fairlead.traces.generate(days=2, nodes=4, seed=3)


@pytest.fixture(scope="module")
def sched(trace: fairlead.traces.Trace) -> fairlead.Schedule:
    """The trace under EASY."""
    return fairlead.schedule(trace.jobs, trace.cluster())


@pytest.fixture(scope="module")
def result(trace: fairlead.traces.Trace) -> fairlead.pipeline.PipelineResult:
    """The trace through the pipeline."""
    return fairlead.Pipeline(warmup=12, horizon=6).run(trace)


def titles(figure) -> list[str]:
    """What the panels of a figure are called."""
    return [axes.get_title(loc="left") for axes in figure.axes]


def artists(figure) -> int:
    """How many lines, collections and images a figure has."""
    return sum(len(axes.get_children()) for axes in figure.axes)


# ---- step functions -----------------------------------------------------------------------------


STEPS = st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 1e6)), min_size=2, max_size=200).map(
    lambda rows: (
        np.cumsum([gap for gap, _ in rows]).astype(np.int64),
        np.array([value for _, value in rows]),
    )
)


@given(STEPS, st.integers(1, 50))
def test_thinning_keeps_the_area(steps: tuple[np.ndarray, np.ndarray], bins: int) -> None:
    """A resource drawn as means has the unit-hours it had."""
    ns, values = steps
    at, means = thinned(ns, values, "mean", bins)
    area = values[:-1] @ np.diff(ns)
    assert means[:-1] @ np.diff(at) == pytest.approx(area, rel=1e-9, abs=1e-6)


@given(STEPS, st.integers(1, 50))
def test_thinning_by_maximum_loses_no_peak(steps: tuple[np.ndarray, np.ndarray], bins: int) -> None:
    """What is drawn is nowhere below the queue, and nowhere above its largest value."""
    ns, values = steps
    at, largest = thinned(ns, values, "max", bins)
    middles = (ns[:-1] + ns[1:]) / 2
    drawn = largest[np.searchsorted(at, middles, side="right") - 1]
    assert (drawn >= values[:-1]).all()
    assert largest[:-1].max() == values[:-1].max()


def test_thinning_has_few_steps() -> None:
    """A million changes are drawn as a few hundred."""
    ns = np.arange(1_000_000, dtype=np.int64)
    at, means = thinned(ns, np.ones(len(ns)), "mean", 360)
    assert len(at) == len(means) == 361


# ---- pictures -----------------------------------------------------------------------------------


def test_nothing_is_drawn_on_import() -> None:
    """The report room loads matplotlib only to draw."""
    code = "import fairlead.report, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_leaves_matplotlib_as_it_was(sched: fairlead.Schedule) -> None:
    """No picture changes the user's settings or opens a pyplot figure."""
    import matplotlib

    before = dict(matplotlib.rcParams)
    plot_schedule(sched).canvas.draw()
    assert dict(matplotlib.rcParams) == before


def test_schedule_shows_gpus_first(sched: fairlead.Schedule) -> None:
    """The most telling resource is on top, then the queue, then waits."""
    assert titles(plot_schedule(sched)) == [
        "GPUs in use",
        "CPUs in use",
        "GiB of memory in use",
        "Jobs waiting",
        "Jobs that waited longer than",
    ]


def test_schedule_without_gpus_shows_cpus() -> None:
    """A log of processors has a panel of CPUs alone."""
    jobs = pd.DataFrame({"submit_time": [0, 0], "duration_s": 60, "limit_s": 60, "cpus": 4})
    done = fairlead.schedule(jobs, fairlead.Cluster.homogeneous(nodes=1, cpus=4))
    assert titles(done.plot())[0] == "CPUs in use"


def test_resources_can_be_chosen(sched: fairlead.Schedule) -> None:
    """Panels are those asked for; an unknown resource is named with what there is."""
    assert titles(plot_schedule(sched, resources=["memory_gib"]))[0] == "GiB of memory in use"
    with pytest.raises(InvalidInputError, match="gpus, cpus, memory_gib; got 'gpu'"):
        plot_schedule(sched, resources=["gpu"])


def test_more_jobs_are_not_more_artists() -> None:
    """Pictures of 4,000 jobs have as many artists as pictures of 100."""
    few, many = (fairlead.traces.generate(n, nodes=4, seed=1) for n in (100, 4000))
    for plot in (plot_schedule, plot_gantt):
        counts = [
            artists(plot(fairlead.schedule(t.jobs, t.cluster(), policy="fcfs")))
            for t in (few, many)
        ]
        assert counts[1] <= counts[0]


def test_a_notebook_shows_pictures_without_pyplot(sched: fairlead.Schedule) -> None:
    """A figure is a PNG to whoever displays it."""
    assert plot_schedule(sched)._repr_png_().startswith(PNG)


@pytest.mark.parametrize("width", [9.0, 4.4])
@pytest.mark.parametrize("kind", ["seconds", "dates", "zoned", "polars"])
def test_times_of_every_kind_are_drawn(kind: str, width: float) -> None:
    """Seconds, dates, zoned dates and Polars frames, on paper and on a phone."""
    trace = fairlead.traces.generate(
        200, nodes=2, seed=5, start=None if kind == "seconds" else "2026-03-28"
    )
    jobs = trace.jobs
    if kind == "zoned":
        jobs = jobs.assign(
            submit_time=jobs["submit_time"].dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        )
    if kind == "polars":
        jobs = pl.from_pandas(jobs.astype({"user": "str", "queue": "str"}))
    done = fairlead.schedule(jobs, trace.cluster())
    for figure in (plot_schedule(done, width=width), plot_gantt(done, width=width)):
        assert figure._repr_png_().startswith(PNG)
        label = {"seconds": "time (", "zoned": "time (Europe/Paris)"}.get(kind, "")
        assert any(axes.get_xlabel().startswith(label) for axes in figure.axes)


@pytest.mark.parametrize("width", [9.0, 4.4])
def test_spans_of_every_length_have_ticks(width: float) -> None:
    """From seconds to years, dates on the axis neither crowd nor warn."""
    for seconds in np.geomspace(1, 3e8, 60):
        jobs = pd.DataFrame(
            {"submit_time": pd.to_datetime(["2026-01-05"]), "duration_s": seconds, "cpus": 1}
        )
        done = fairlead.schedule(jobs, fairlead.Cluster.homogeneous(1, cpus=1), policy="fcfs")
        figure = plot_gantt(done, width=width)
        figure.canvas.draw()
        assert 1 <= len(figure.axes[0].get_xticks()) <= 12


def test_bars_of_a_gantt_lie_on_their_devices() -> None:
    """One job on GPUs 0-1 and one on 2-3 of a node are two bars that do not touch."""
    jobs = pd.DataFrame({"submit_time": 0, "duration_s": [60, 90], "limit_s": 90, "gpus": [2, 2]})
    done = fairlead.schedule(jobs, fairlead.Cluster.homogeneous(nodes=1, gpus=4))
    bars = [
        path.get_extents().bounds
        for bars in plot_gantt(done).axes[0].collections
        for path in bars.get_paths()
        if path.get_extents().height > 0
    ]
    (_, low, _, height), (_, high, _, _) = sorted(bars, key=lambda bar: bar[1])
    assert 0 < low < 0.1
    assert low + height < 0.5 < high


def test_shades_of_a_gantt_add_up_to_utilisation(sched: fairlead.Schedule) -> None:
    """The mean shade of all nodes is the utilisation of the schedule."""
    [image] = plot_gantt(sched, max_jobs=0).axes[0].get_images()
    assert image.get_array().mean() == pytest.approx(sched.metrics["utilisation"]["gpus"], rel=1e-6)


def test_a_requeued_job_is_drawn_at_both_attempts() -> None:
    """A node that fails leaves a bar up to the failure and one on the node after."""
    jobs = pd.DataFrame({"submit_time": [0.0], "duration_s": 100.0, "limit_s": 100.0, "gpus": 1})
    events = pd.DataFrame({"time": [40.0], "kind": "node_fail", "node": "node-0"})
    cluster = fairlead.Cluster.homogeneous(nodes=2, gpus=1)
    done = fairlead.schedule(jobs, cluster, events=events)
    [image] = plot_gantt(done, max_jobs=0).axes[0].get_images()
    first, second = image.get_array().mean(axis=1)
    assert first == pytest.approx(40 / 140, abs=0.01)
    assert second == pytest.approx(100 / 140, abs=0.01)


def test_an_empty_schedule_is_an_error_that_says_so() -> None:
    """There is no picture of nothing."""
    jobs = pd.DataFrame(
        {"submit_time": [], "duration_s": [], "limit_s": [], "cpus": []}, dtype=float
    )
    done = fairlead.schedule(jobs, fairlead.Cluster.homogeneous(nodes=1, cpus=4))
    for draw in (plot_schedule, plot_gantt, html_report):
        with pytest.raises(InvalidInputError, match="no job was submitted"):
            draw(done)


def test_pipeline_shows_the_loop(result: fairlead.pipeline.PipelineResult) -> None:
    """Demand, capacity, queue, alerts where there are any, waits."""
    shown = titles(plot_pipeline(result))
    assert shown[:3] == [
        "Demand for GPUs and its forecast",
        "GPUs in service and in use",
        "Jobs waiting",
    ]
    assert shown[-1] == "Jobs that waited longer than"
    assert ("Alerts while they fire" in shown) == (len(result.alerts) > 0)


# ---- pages --------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a test asks of a page: balanced tags, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it, and that it is open."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it; it is closed already."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It closes the last that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is read, not what is style."""
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words of the page."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(result: fairlead.pipeline.PipelineResult, trace: fairlead.traces.Trace) -> str:
    """The report of the pipeline."""
    return html_report(result, trace=trace, settings={"Command": "fairlead run"})


def test_page_is_well_formed(page: str) -> None:
    """Every tag is closed in order, every id is there once, every table head has a scope."""
    parsed = Page(page)
    assert parsed.open == []
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all(attrs.get("scope") for tag, attrs in parsed.tags if tag == "th")


def test_page_loads_nothing(page: str) -> None:
    """No script, no style sheet, font or picture from elsewhere."""
    for tag, attrs in Page(page).tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "xlink:href"):
            value = attrs.get(name) or "#"
            assert value.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"@import|url\((?!#)", page)


def test_page_says_what_it_has_to(page: str, result: fairlead.pipeline.PipelineResult) -> None:
    """Forecast, plan, queue, waits, alerts, and how to make it again."""
    text = Page(page).text
    for heading in (
        "Demand and forecast", "Capacity plan", "Queue and use", "Alerts", "Who waited",
        "Where it ran", "How this was made", "fairlead run",
        result.schedule.header["trace_hash"], result.schedule.header["version"],
    ):  # fmt: skip
        assert heading in text


def test_figures_have_words_for_those_who_do_not_see(page: str) -> None:
    """Each figure is an image with a label, drawn for wide pages and for phones."""
    figures = [attrs for tag, attrs in Page(page).tags if tag == "svg"]
    assert len(figures) == 2 * page.count("<figure")
    assert all(f["role"] == "img" and len(f["aria-label"] or "") > 20 for f in figures)


def test_figures_follow_the_theme(page: str) -> None:
    """Colours in figures are variables, each with a light and a dark value."""
    from fairlead.report.svg import theme_colors

    body = page.partition("</style>")[2]
    for name, color in theme_colors().items():
        assert color not in body
        assert page.count(f"--{name}:") == 3  # light, dark, print


def test_page_is_the_same_every_time(
    page: str, result: fairlead.pipeline.PipelineResult, trace: fairlead.traces.Trace
) -> None:
    """The report holds no clock and no random ids."""
    assert html_report(result, trace=trace, settings={"Command": "fairlead run"}) == page


HOSTILE = "<script>alert('x')</script>&\"</svg>$\\frac$"


def test_names_from_a_table_are_text_in_the_page() -> None:
    """A job, queue, node, pool, rule or title named as markup stays text, in tables and figures."""
    hours = np.arange(40)
    jobs = pd.DataFrame(
        {
            "job_id": [f"{HOSTILE}{i}" for i in hours],
            "submit_time": hours * 3600.0,
            "duration_s": 10_000.0,
            "limit_s": 10_800.0,
            "gpus": 1,
            "queue": [HOSTILE, "normal"] * 20,
        }
    )
    nodes = pd.DataFrame({"node_id": [HOSTILE, "<b>"], "gpus": 1, "pool": HOSTILE})
    rules = [fairlead.management.Rule(HOSTILE, "waiting", 0.0)]
    trace = fairlead.traces.Trace(
        jobs, nodes, pd.DataFrame(), fairlead.traces.TraceMeta("csv", path=HOSTILE)
    )
    result = fairlead.Pipeline(warmup=6, horizon=4, rules=rules).run(jobs, nodes)
    assert len(result.alerts)
    settings = {HOSTILE: HOSTILE}
    text = html_report(result, trace=trace, title=HOSTILE, settings=settings)
    parsed = Page(text)
    assert parsed.open == []
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert HOSTILE in "".join(parsed.words)


def test_schedule_has_a_page_too(sched: fairlead.Schedule) -> None:
    """A schedule by itself is reported without a forecast and without a trace."""
    parsed = Page(html_report(sched))
    assert parsed.open == []
    assert "Who waited" in parsed.text
    assert "forecast" not in parsed.text


def test_infinite_and_lost_work_is_reported() -> None:
    """Jobs that cannot run, that still wait, and that nobody waited for do not break a page."""
    jobs = pd.DataFrame(
        {"submit_time": [0, 0, 9], "duration_s": 60, "limit_s": 60, "gpus": [1, 9, 1]}
    )
    done = fairlead.schedule(jobs, fairlead.Cluster.homogeneous(nodes=2, gpus=1), until=5)
    assert "1 infeasible" in Page(html_report(done)).text


# ---- figures in words ---------------------------------------------------------------------------


def test_capacity_is_compared_while_jobs_come() -> None:
    """Hours after the last submission, when any plan beats an idle cluster, do not count."""
    hours = np.arange(48)
    jobs = pd.DataFrame(
        {"submit_time": hours * 3600.0, "duration_s": 60.0, "limit_s": 3600.0, "gpus": 1}
    )
    jobs.loc[47, ["duration_s", "limit_s"]] = 360_000.0
    result = fairlead.Pipeline(warmup=12, horizon=4).run(
        jobs, fairlead.Cluster.homogeneous(4, gpus=2)
    )
    first, second, *_ = facts.comparison(result)
    assert first.whole == "376"  # 47 h of 8 GPUs
    assert float(second.whole.replace(",", "")) > 1000
    assert any("While jobs came" in line for line in facts.verdict(result))


def test_waits_by_queue_add_up() -> None:
    """Each queue has its jobs and its GPU-hours, the larger first."""
    jobs = pd.DataFrame(
        {"submit_time": [0, 0, 0], "duration_s": [3600, 7200, 3600], "limit_s": 7200, "gpus": 2,
         "queue": ["a", "b", "b"]}
    )  # fmt: skip
    done = fairlead.schedule(jobs, fairlead.Cluster.homogeneous(nodes=1, gpus=2))
    found = facts.group_waits(done, jobs, "gpus")
    assert found.index.tolist() == ["b", "a"]
    assert found["jobs"].tolist() == [2, 1]
    assert found["hours"].tolist() == [6.0, 2.0]


def test_json_knows_no_nan(sched: fairlead.Schedule) -> None:
    """What is not a number is null, whatever holds it."""
    frame = pd.DataFrame({"time": [pd.NaT, pd.Timestamp("2026-01-05")], "value": [np.inf, 1.0]})
    text = json_text({"frame": frame, "array": np.array([np.nan]), "metrics": sched.metrics})
    assert "NaN" not in text
    assert "Infinity" not in text
    assert '"time": null' in text


def test_names_with_dollars_are_no_mathematics() -> None:
    """A job or node may be called like a formula that does not parse."""
    jobs = pd.DataFrame(
        {"job_id": [r"$\frac$"], "submit_time": 0, "duration_s": 60, "limit_s": 60, "gpus": 1}
    )
    nodes = pd.DataFrame({"node_id": [r"$\sqrt$"], "gpus": 1})
    assert plot_gantt(fairlead.schedule(jobs, nodes))._repr_png_().startswith(PNG)
