"""Watching a schedule: exact samples, alert life, waste and advice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import InvalidInputError
from fairlead.management import Rule, default_rules, manage

HOUR = 3600.0


@dataclass
class Seen:
    """A schedule of the shape `manage` reads."""

    jobs: pd.DataFrame
    utilisation: pd.DataFrame
    header: dict = field(default_factory=lambda: {"backfill": "none"})


def jobs_of(*rows: tuple[float, float, float, str]) -> pd.DataFrame:
    """Jobs as (submit, start, end, status) in hours."""
    frame = pd.DataFrame(rows, columns=["submit_time", "start_time", "end_time", "status"])
    frame[["submit_time", "start_time", "end_time"]] *= HOUR
    return frame


def steps_of(*rows: tuple[float, int, int, float, float]) -> pd.DataFrame:
    """Step function as (hour, running, waiting, used, capacity)."""
    names = ["time", "running", "waiting", "used_gpus", "capacity_gpus"]
    frame = pd.DataFrame(rows, columns=names)
    frame["time"] *= HOUR
    return frame


def queue_of_two() -> Seen:
    """Job 0 runs 0-4 h on all 8 GPUs, job 1 waits for it from 1 h on and runs 4-6 h on 4."""
    return Seen(
        jobs_of((0, 0, 4, "completed"), (1, 4, 6, "timeout")),
        steps_of((0, 1, 0, 8, 8), (1, 1, 1, 8, 8), (4, 1, 0, 4, 8), (6, 0, 0, 0, 8)),
    )


def alerts(seen: Seen, *rules: Rule, every_s: float = HOUR) -> list[tuple]:
    """(rule, pending, fired, resolved, value) in hours; None for not resolved."""
    table = manage(seen, rules, every_s=every_s).alerts
    return [
        (
            a.rule,
            a.pending_time / HOUR,
            a.time / HOUR,
            None if np.isnan(a.resolved_time) else a.resolved_time / HOUR,
            a.value,
        )
        for a in table.itertuples()
    ]


def test_samples_are_time_weighted_means_of_the_interval_that_ends_there() -> None:
    """Half of the samples of 2 h cover a change."""
    frame = manage(queue_of_two(), [], every_s=2 * HOUR).utilisation
    assert frame["time"].tolist() == [2 * HOUR, 4 * HOUR, 6 * HOUR]
    assert frame["waiting"].tolist() == [0.5, 1.0, 0.0]
    assert frame["utilisation_gpus"].tolist() == frame["utilisation"].tolist() == [1.0, 1.0, 0.5]
    assert frame["idle_gpus"].tolist() == [0, 0, 4]
    assert frame["oldest_wait_s"].tolist() == [HOUR, 0, 0]
    assert frame["lost_frac"].tolist()[1:] == [0.0, 1.0]


def test_a_value_alert_is_pending_then_firing_then_resolved() -> None:
    """Breach seen at 2 h, fires an hour later, job 1 starts at 4 h."""
    rule = Rule("old", "oldest_wait_s", 0.5 * HOUR, for_s=HOUR)
    assert alerts(queue_of_two(), rule) == [("old", 2, 3, 4, 2 * HOUR)]


def test_a_flicker_is_one_alert_while_calm_is_shorter_than_clear() -> None:
    """Two queues of an hour with an hour between."""
    seen = Seen(
        jobs_of((0, 0, 6, "completed")),
        steps_of(
            (0, 1, 1, 8, 8), (1, 1, 0, 8, 8), (2, 1, 1, 8, 8), (3, 1, 0, 8, 8), (6, 0, 0, 0, 8)
        ),
    )
    rule = Rule("queue", "waiting", 0.5)
    assert [a[2:4] for a in alerts(seen, rule)] == [(1, 2), (3, 4)]
    patient = Rule("queue", "waiting", 0.5, clear_s=HOUR)
    assert [a[2:4] for a in alerts(seen, patient)] == [(1, 5)]


def test_mean_and_variance_thresholds_raise_alerts() -> None:
    """Utilisation 1, 1, 1, 1, 0.5, 0.5: the mean of 2 h falls, the variance peaks at the change."""
    low = Rule("low", "utilisation", 0.6, "mean", above=False, window_s=2 * HOUR)
    unsteady = Rule("unsteady", "utilisation_gpus", 0.1, "variance", window_s=2 * HOUR)
    assert alerts(queue_of_two(), low, unsteady) == [
        ("unsteady", 5, 5, 6, 0.125),
        ("low", 6, 6, None, 0.5),
    ]


def test_no_alert_is_an_empty_table_with_all_columns() -> None:
    """Code that reads alerts needs no special case."""
    report = manage(queue_of_two(), [])
    assert report.alerts.empty
    assert list(report.alerts.columns) == [
        "time",
        "rule",
        "severity",
        "metric",
        "value",
        "worst",
        "message",
        "pending_time",
        "resolved_time",
    ]
    assert "alerts: 0, 0 still firing" in report.summary()


def test_datetimes_come_back_as_datetimes() -> None:
    """Alert times can be compared with the schedule's."""
    seen = queue_of_two()
    epoch = pd.Timestamp("2024-05-01", tz="UTC")
    for frame in (seen.jobs, seen.utilisation):
        for column in frame.columns.intersection(["time", "submit_time", "start_time", "end_time"]):
            frame[column] = epoch + pd.to_timedelta(frame[column], unit="s")
    report = manage(seen, [Rule("old", "oldest_wait_s", 0.5 * HOUR)], every_s=HOUR)
    assert report.alerts["time"].tolist() == [epoch + pd.Timedelta(hours=2)]
    assert report.alerts["resolved_time"].tolist() == [epoch + pd.Timedelta(hours=4)]
    assert report.waste["lost_job_h"] == 2.0


def test_waste_counts_idle_capacity_and_lost_work() -> None:
    """4 GPUs idle for 2 h; job 1 hit its limit after 2 h; job 0 had asked for 10 h."""
    jobs = pd.DataFrame({"gpus": [4, 4], "tasks": [2, 1], "limit_s": [10 * HOUR, 2 * HOUR]})
    waste = manage(queue_of_two(), [], jobs=jobs).waste
    assert waste == {
        "idle_gpus_h": pytest.approx(8),
        "idle_gpus_frac": pytest.approx(8 / 48),
        "idle_while_waiting_h": 0,
        "lost_job_h": pytest.approx(2),
        "lost_gpus_h": pytest.approx(8),
        "unused_limit_gpus_h": pytest.approx(48),
        "limit_used_frac": pytest.approx(0.4),
    }


def test_advice_comes_with_the_figures_it_rests_on() -> None:
    """Limits used to 40 % with a queue, and a timeout; nothing about an unused cluster."""
    jobs = pd.DataFrame({"gpus": [8, 4], "limit_s": [10 * HOUR, 2 * HOUR]})
    advice = manage(queue_of_two(), [], jobs=jobs).advice
    assert len(advice) == 2
    assert advice[0].startswith(
        "1 of 2 jobs ran into their limit; with those that failed they ran 2.0"
    )
    assert advice[1].startswith("Half of the jobs used less than 40% of their limit")


def test_advice_names_backfill_only_where_a_blocked_queue_left_half_idle() -> None:
    """Not where the schedule was backfilled already."""
    seen = Seen(
        jobs_of((0, 0, 6, "completed"), (0, 6, 8, "completed")),
        steps_of((0, 1, 1, 2, 8), (6, 1, 0, 8, 8), (8, 0, 0, 0, 8)),
    )
    (advice,) = manage(seen, []).advice
    assert advice.startswith("Jobs waited for 6.0 h (75% of the time)")
    seen.header = {"backfill": "easy"}
    assert manage(seen, []).advice == []


def test_advice_says_what_was_never_used_only_if_nobody_waited() -> None:
    """Peak 4 of 8 and no queue."""
    idle = Seen(jobs_of((0, 0, 2, "completed")), steps_of((0, 1, 0, 4, 8), (2, 0, 0, 0, 8)))
    (advice,) = manage(idle, []).advice
    assert "at most 4 of 8 gpus were in use at once" in advice


def test_infeasible_jobs_are_advised_on_and_do_not_wait() -> None:
    """They are no queue: nothing could start them."""
    seen = Seen(
        jobs_of((0, np.nan, np.nan, "infeasible"), (1, 1, 4, "completed")),
        steps_of((0, 0, 0, 0, 8), (1, 1, 0, 8, 8), (4, 0, 0, 0, 8)),
    )
    report = manage(seen, [])
    assert report.metrics["oldest_wait_max_s"] == 0
    assert report.advice == [
        "Jobs that can never run on these nodes: 1; see `reason` in the jobs table."
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 9) | st.none(), st.integers(0, 9) | st.none()),
        min_size=1,
        max_size=12,
    )
)
def test_the_oldest_wait_equals_a_search_over_all_jobs(rows: list[tuple]) -> None:
    """At each hour the age of the oldest job that has neither started nor been cancelled."""
    made = []
    for submit, wait, run in rows:
        start = np.nan if wait is None else submit + wait
        end = np.nan if wait is None or run is None else start + run
        status = "waiting" if wait is None else "running" if run is None else "completed"
        made.append((float(submit), start, end, status))
    seen = Seen(jobs_of(*made), steps_of((0, 0, 0, 0, 8), (40, 0, 0, 0, 8)))
    frame = manage(seen, [], every_s=HOUR).utilisation
    for time, got in zip(frame["time"] / HOUR, frame["oldest_wait_s"] / HOUR, strict=True):
        ages = [time - s for s, start, _, _ in made if s <= time and not start <= time]
        assert got == pytest.approx(max(ages, default=0))


def test_default_rules_watch_what_every_schedule_has() -> None:
    """Names are distinct; without resources the utilisation rules are left out."""
    names = [rule.name for rule in default_rules()]
    assert len(set(names)) == len(names)
    assert [r.name for r in manage(queue_of_two()).rules] == names
    bare = Seen(
        queue_of_two().jobs, queue_of_two().utilisation.drop(columns=["used_gpus", "capacity_gpus"])
    )
    assert {r.name for r in manage(bare).rules} == {"queue_old", "queue_stuck", "losing_work"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "median"}, "rule 'r': kind must be one of value, mean, variance; got 'median'"),
        ({"severity": "bad"}, "severity must be one of info, warning, critical"),
        ({"kind": "mean"}, "a mean needs window_s= above 0"),
        ({"for_s": -1}, "for_s must be seconds of at least 0"),
        ({"threshold": np.nan}, "threshold must be finite"),
    ],
)
def test_rules_out_of_range_are_errors(options: dict, message: str) -> None:
    """The message names the rule and the option."""
    with pytest.raises(InvalidInputError, match=message):
        Rule(**{"name": "r", "metric": "waiting", "threshold": 1.0} | options)


def test_unknown_metrics_and_repeated_names_are_errors() -> None:
    """The message lists the metrics there are."""
    with pytest.raises(InvalidInputError, match="watches 'load'; known are running, waiting, util"):
        manage(queue_of_two(), [Rule("r", "load", 1.0)])
    with pytest.raises(InvalidInputError, match="every rule needs a name of its own"):
        manage(queue_of_two(), [Rule("r", "waiting", 1.0), Rule("r", "waiting", 2.0)])


def test_jobs_of_another_schedule_are_an_error() -> None:
    """Rows are matched by position."""
    with pytest.raises(InvalidInputError, match="the table that was scheduled, 2 rows; got 1"):
        manage(queue_of_two(), [], jobs=pd.DataFrame({"gpus": [1]}))


def test_the_picture_has_a_bar_for_every_alert() -> None:
    """Three panels; one line a rule."""
    report = manage(queue_of_two(), [Rule("old", "oldest_wait_s", 0.5 * HOUR)], every_s=HOUR)
    use, queue, bars = report.plot().axes
    assert use.get_ylabel() == "gpus in use"
    assert queue.get_ylabel() == "waiting jobs"
    assert [label.get_text() for label in bars.get_yticklabels()] == ["old"]
