"""`demand_series` against sums made interval by interval, and what it may know."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import fairlead
from fairlead import InvalidInputError
from fairlead.prediction import demand_series

JOBS = pd.DataFrame(
    {
        "submit_time": [0, 1800, 7200],
        "duration_s": [5400, 3600, 600],
        "gpus": [2, 4, 1],
        "queue": ["a", "b", "a"],
    }
)


def brute_force(jobs: pd.DataFrame, step: int) -> list[Fraction]:
    """Mean GPUs per interval by adding up every overlap, in exact fractions."""
    ends = jobs["submit_time"] + jobs["duration_s"]
    first = int(jobs["submit_time"].min()) // step
    last = max(-(-int(ends.max()) // step), int(jobs["submit_time"].max()) // step + 1)
    means = []
    for i in range(first, last):
        area = Fraction(0)
        for start, end, gpus, tasks in zip(
            jobs["submit_time"], ends, jobs["gpus"], jobs["tasks"], strict=True
        ):
            overlap = min(end, (i + 1) * step) - max(start, i * step)
            area += max(overlap, 0) * Fraction(gpus) * tasks
        means.append(area / step)
    return means


@st.composite
def job_tables(draw: st.DrawFn) -> pd.DataFrame:
    """A few jobs on a coarse clock, so that starts and ends meet interval borders."""
    n = draw(st.integers(1, 12))
    column = lambda values: [draw(values) for _ in range(n)]  # noqa: E731
    return pd.DataFrame(
        {
            "submit_time": column(st.integers(-30, 60)),
            "duration_s": column(st.integers(0, 50)),
            "limit_s": column(st.one_of(st.none(), st.integers(0, 60))),
            "tasks": column(st.integers(1, 3)),
            "gpus": column(st.sampled_from([0, 0.25, 0.5, 1, 2, 8])),
            "queue": column(st.sampled_from(["a", "b", None])),
        }
    ).astype({"limit_s": float})


@given(jobs=job_tables(), step=st.integers(1, 40))
def test_demand_equals_the_sum_of_overlaps(jobs: pd.DataFrame, step: int) -> None:
    """Every interval holds the mean of what the jobs use in it."""
    run = np.fmin(jobs["duration_s"], jobs["limit_s"]).astype(int)  # a job ends at its limit
    expected = brute_force(jobs.assign(duration_s=run), step)
    made = demand_series(jobs, freq=step)
    note(made.to_string())
    # The sums are exact; the one division at the end rounds.
    np.testing.assert_allclose(made["y"], [float(mean) for mean in expected], rtol=2.0**-52)


@given(jobs=job_tables(), step=st.integers(1, 40))
def test_the_end_of_an_interval_has_the_jobs_that_run_across_it(
    jobs: pd.DataFrame, step: int
) -> None:
    """Submitted before it and not over by it."""
    made = demand_series(jobs, freq=step, at_end=True)
    run = np.fmin(jobs["duration_s"], jobs["limit_s"])
    ends = made["ds"].to_numpy()[:, None] + step
    across = (jobs["submit_time"].to_numpy() < ends) & (
        ends < (jobs["submit_time"] + run).to_numpy()
    )
    np.testing.assert_array_equal(made["y_end"], across @ (jobs["gpus"] * jobs["tasks"]))
    pd.testing.assert_frame_equal(made.drop(columns="y_end"), demand_series(jobs, freq=step))


@given(jobs=job_tables(), step=st.integers(1, 40))
def test_series_by_a_column_add_up_to_the_whole(jobs: pd.DataFrame, step: int) -> None:
    """Dividing the jobs into series loses nothing, jobs without a label included."""
    parts = demand_series(jobs, freq=step, by="queue")
    whole = demand_series(jobs, freq=step)
    summed = parts.groupby("ds")["y"].sum()
    np.testing.assert_allclose(summed, whole["y"], rtol=1e-12)
    assert set(parts["unique_id"]) == set(jobs["queue"].fillna("(none)"))


@given(jobs=job_tables(), step=st.integers(1, 40), until=st.integers(-40, 120))
def test_nothing_after_until_is_seen(jobs: pd.DataFrame, step: int, until: int) -> None:
    """Later jobs, and the run times of jobs that have not ended, change nothing."""
    run = np.fmin(jobs["duration_s"], jobs["limit_s"])
    unfinished = jobs["submit_time"] + run > until
    # Any longer run time: as long as the limit allows, the job is still unfinished.
    hidden = jobs.assign(duration_s=jobs["duration_s"].where(~unfinished, 10_000))
    known = hidden[hidden["submit_time"] < until]
    asked = {"freq": step, "until": until, "by": "queue", "at_end": True}
    made = demand_series(jobs, **asked)
    pd.testing.assert_frame_equal(made, demand_series(hidden, **asked))
    if len(known):
        pd.testing.assert_frame_equal(made, demand_series(known, **asked))
    else:
        assert len(made) == 0


@given(jobs=job_tables(), step=st.integers(1, 40))
def test_until_the_end_gives_the_whole_series(jobs: pd.DataFrame, step: int) -> None:
    """With everything over, knowing it is the same as being told."""
    whole = demand_series(jobs, freq=step)
    end = whole["ds"].iloc[-1] + step
    pd.testing.assert_frame_equal(demand_series(jobs, freq=step, until=end), whole)


def test_until_keeps_whole_intervals_only() -> None:
    """The interval that is still going on would look too small."""
    made = demand_series(JOBS, "1h", until=7199)
    assert made["ds"].tolist() == [0.0]
    assert demand_series(JOBS, "1h", until=7200)["ds"].tolist() == [0.0, 3600.0]


def test_a_job_that_has_not_ended_runs_for_its_limit() -> None:
    """The estimate stands in for a run time that is not known: here the limit of half an hour."""
    jobs = pd.DataFrame(
        {"submit_time": [0], "duration_s": [np.nan], "limit_s": [1800], "gpus": [2]}
    )
    assert demand_series(jobs, "1h", until=7200)["y"].tolist() == [1.0, 0.0]
    assert demand_series(jobs, "1h")["y"].tolist() == [1.0]


def test_a_job_without_an_estimate_counts_until_now() -> None:
    """Neither run time nor limit: it is in use as long as anything is known."""
    jobs = pd.DataFrame({"submit_time": [1800], "gpus": [2], "limit_s": [np.nan]})
    assert demand_series(jobs, "1h", until=7200)["y"].tolist() == [1.0, 2.0]
    with pytest.raises(InvalidInputError, match=r"row 0 has .*give until="):
        demand_series(jobs, "1h")


def test_a_job_known_to_run_on_is_in_use_beyond_a_too_short_estimate() -> None:
    """An estimate that has run out does not end a job that has not."""
    jobs = pd.DataFrame({"submit_time": [0], "duration_s": [9000], "guess": [600], "gpus": [1]})
    made = demand_series(jobs, "1h", until=7200, run_times="guess", at_end=True)
    assert made["y"].tolist() == made["y_end"].tolist() == [1.0, 1.0]


def test_an_endless_limit_does_not_overflow() -> None:
    """Sites write 'no limit' as a huge number."""
    jobs = pd.DataFrame(
        {"submit_time": [1.7e9], "duration_s": [np.nan], "limit_s": [9.2e9], "gpus": [1]}
    )
    assert demand_series(jobs, "1h", until=1.7e9 + 7200)["y"].iloc[-1] == 1.0
    with pytest.raises(InvalidInputError, match="longer than 1s"):
        demand_series(jobs, "1s")


def test_datetimes_come_back_as_datetimes() -> None:
    """Intervals start at whole hours, whatever the first submission."""
    jobs = JOBS.assign(submit_time=pd.Timestamp("2026-03-01 10:30") + pd.to_timedelta([0, 0, 0]))
    made = demand_series(jobs, "1h")
    assert made["ds"].tolist()[:2] == [
        pd.Timestamp("2026-03-01 10:00"),
        pd.Timestamp("2026-03-01 11:00"),
    ]
    assert made["y"].iloc[0] == pytest.approx(0.5 * 6 + 1 / 6)


def test_zoned_datetimes_keep_their_zone() -> None:
    """Also across a change to summer time: an hour is 3,600 s."""
    start = pd.Timestamp("2026-03-29 00:30", tz="Europe/Berlin")
    jobs = pd.DataFrame({"submit_time": [start], "duration_s": [7200], "gpus": [1]})
    made = demand_series(jobs, "1h")
    assert made["y"].tolist() == [0.5, 1.0, 0.5]
    assert [t.hour for t in made["ds"]] == [0, 1, 3]


@pytest.mark.parametrize("kind", [pl.DataFrame, pa.Table])
def test_frames_come_back_in_the_library_they_came_from(kind: type) -> None:
    """Polars and Arrow in, Polars and Arrow out, with the same numbers."""
    data = {name: JOBS[name].tolist() for name in JOBS}
    jobs = pl.DataFrame(data) if kind is pl.DataFrame else pa.table(data)
    made = demand_series(jobs, "1h", by="queue")
    assert isinstance(made, kind)
    expected = demand_series(JOBS, "1h", by="queue")
    columns = made.to_dict(as_series=False) if kind is pl.DataFrame else made.to_pydict()
    assert columns == expected.to_dict(orient="list")


def test_series_are_named_by_text_and_come_in_order() -> None:
    """Numbers as numbers: 9 before 10; a float column of whole numbers reads as whole."""
    jobs = JOBS.assign(user=[10.0, 9.0, np.nan])
    made = demand_series(jobs, "1h", by="user")
    assert list(made["unique_id"].unique()) == ["9", "10", "(none)"]


def test_series_of_later_jobs_are_not_there_yet() -> None:
    """A queue that nobody had used by `until` is not known."""
    assert set(demand_series(JOBS, "1h", by="queue", until=1800)["unique_id"]) == set()
    assert set(demand_series(JOBS, "1h", by="queue", until=3600)["unique_id"]) == {"a", "b"}


def test_any_column_of_amounts_is_a_resource() -> None:
    """One that only nodes declare is counted in its own units."""
    jobs = JOBS.assign(ssd_slots=[1, 0, 2])
    assert demand_series(jobs, "1h", resource="ssd_slots")["y"].iloc[0] == 1.0


def test_a_resource_nobody_asks_is_zero_if_its_column_is_there() -> None:
    """The column says that it is known; only a missing column is an error."""
    made = demand_series(JOBS.assign(gpus=0), "1h")
    assert (made["y"] == 0).all()
    assert len(made) == 3


def test_a_missing_resource_names_those_there() -> None:
    """The default is GPUs; a log of a CPU machine has none."""
    jobs = JOBS.drop(columns="gpus").assign(cpus=4)
    with pytest.raises(InvalidInputError, match="no column 'gpus'; its jobs ask cpus; choose"):
        demand_series(jobs)


def test_a_missing_by_column_names_those_there() -> None:
    """A typing error in `by` is no series."""
    with pytest.raises(InvalidInputError, match="needs a column 'team'; it has submit_time"):
        demand_series(JOBS, by="team")


@pytest.mark.parametrize("freq", ["1 fortnight", 0, -5, "MS", "h1", None, True, "m"])
def test_a_bad_freq_says_what_is_one(freq: object) -> None:
    """Months and negative lengths are not intervals of one length."""
    with pytest.raises(InvalidInputError, match="freq must be a fixed length of time"):
        demand_series(JOBS, freq)


def test_no_jobs_give_no_rows() -> None:
    """An empty log is a frame with the usual columns."""
    made = demand_series(JOBS.iloc[:0], "1h")
    assert list(made.columns) == ["unique_id", "ds", "y"]
    assert len(made) == 0


def test_the_frame_knows_what_it_is_demand_of() -> None:
    """So that a forecast of CPUs is not taken for one of GPUs."""
    made = demand_series(JOBS.rename(columns={"gpus": "cpus"}), "1h", resource="cpus")
    assert made.attrs == {"resource": "cpus"}
    assert fairlead.predict(made, 2).resource == "cpus"
