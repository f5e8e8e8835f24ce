"""Features of jobs against a plain look at all earlier jobs, and that nothing later counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlead
from fairlead import InvalidInputError
from fairlead.prediction import job_features

TIMES = st.integers(0, 12)  # few, so that instants coincide
JOB = st.tuples(TIMES, TIMES, st.none() | TIMES, st.sampled_from(["a", "b", None]))
LAST, WINDOW, WEIGHT, PROBABILITIES = 3, 4, 0.25, (0.0, 0.4)


def table(jobs: list[tuple[int, int, int | None, str | None]]) -> pd.DataFrame:
    """Jobs of (submission, wait, run time, user)."""
    frame = pd.DataFrame(jobs, columns=["submit_time", "wait", "duration_s", "user"])
    frame["start_time"] = (frame["submit_time"] + frame.pop("wait")).astype(float)
    frame["duration_s"] = frame["duration_s"].astype(float)
    return frame


def made(frame: Any, **options: Any) -> Any:
    """The features with the options of the plain version."""
    return job_features(
        frame, last=LAST, window=WINDOW, weight=WEIGHT, quantiles=PROBABILITIES, **options
    )


def plain(jobs: pd.DataFrame, now: float) -> dict[str, float]:
    """The features at a submission, read off their definitions."""
    jobs = jobs.assign(end=jobs["start_time"] + jobs["duration_s"])
    done = jobs[(jobs["end"] <= now) & (jobs["start_time"] < now)]
    done = done.sort_values(["end", "start_time"], kind="stable")
    before = jobs[jobs["submit_time"] < now]
    started = jobs[jobs["start_time"] < now]
    runs = done["duration_s"].to_numpy()
    features = {
        "ended": len(done),
        "running": len(started) - len(done),
        "waiting": len(before) - len(started),
        "since_end_s": now - done["end"].max() if len(done) else np.nan,
        "since_submit_s": now - before["submit_time"].max() if len(before) else np.nan,
    }
    logs = np.log(np.maximum(runs, 1))
    mean = pd.Series(logs).ewm(alpha=WEIGHT, adjust=False).mean()
    features["geometric_mean_s"] = np.exp(mean.iloc[-1]) if len(done) else np.nan
    for k in range(LAST):
        features[f"last{k + 1}_s"] = runs[-1 - k] if len(runs) > k else np.nan
    for p in PROBABILITIES:
        features[f"p{100 * p:g}_s"] = np.quantile(runs[-WINDOW:], p) if len(runs) else np.nan
    return features


@settings(max_examples=30)
@given(jobs=st.lists(JOB, min_size=1, max_size=25))
def test_features_equal_their_definitions(jobs: list[Any]) -> None:
    """For all jobs and for each user, with jobs of no length and of no user."""
    frame = table(jobs)
    features = made(frame)
    for row, job in frame.iterrows():
        for key in ("all", "user"):
            own = frame if key == "all" else frame[frame["user"] == job["user"]]
            nobody = key == "user" and pd.isna(job["user"])
            for name, value in plain(own, job["submit_time"]).items():
                expected = np.nan if nobody else value
                np.testing.assert_allclose(features.loc[row, f"{key}_{name}"], expected, rtol=1e-12)


@settings(max_examples=30)
@given(jobs=st.lists(JOB, min_size=1, max_size=25), now=TIMES, shift=st.integers(1, 9))
def test_what_comes_later_changes_no_feature(jobs: list[Any], now: int, shift: int) -> None:
    """Later submissions, and starts and ends after a time, may be anything."""
    changed = [
        (s, w, None if r is None else r + (shift if s + w + r > now else 0), u)
        for s, w, r, u in jobs
        if s <= now
    ]
    changed += [(now + shift, 0, 1, "a")]
    seen = [i for i, job in enumerate(jobs) if job[0] <= now]
    before = made(table(jobs)).iloc[seen].reset_index(drop=True)
    after = made(table(changed)).iloc[: len(seen)]
    pd.testing.assert_frame_equal(before, after, rtol=0, atol=0)


@settings(max_examples=30)
@given(jobs=st.lists(JOB, min_size=2, max_size=20), seed=st.integers(0, 99))
def test_counts_do_not_depend_on_the_order_of_the_rows(jobs: list[Any], seed: int) -> None:
    """Nor does the index of the frame matter, which is kept."""
    frame = table(jobs)
    shuffled = frame.sample(frac=1, random_state=seed)
    names = ["all_ended", "all_running", "all_waiting", "all_since_end_s", "user_since_submit_s"]
    pd.testing.assert_frame_equal(made(shuffled).sort_index()[names], made(frame)[names])


def test_starts_come_from_the_recorded_wait_and_limits_end_jobs() -> None:
    """A job whose wait is missing has not started; one beyond its limit ends there."""
    frame = pd.DataFrame(
        {
            "submit_time": [0, 0, 100],
            "recorded_wait_s": [10, np.nan, 0],
            "duration_s": [500.0, 5.0, 5.0],
            "limit_s": [60.0, 60.0, 60.0],
            "queue": ["q", "q", "q"],
        }
    )
    last = job_features(frame, by="queue").iloc[2]
    assert last["queue_last1_s"] == 60
    assert last["queue_since_end_s"] == 30
    assert (last["queue_waiting"], last["queue_running"]) == (1, 0)


def test_polars_frames_come_back_as_such() -> None:
    """With nulls for what is not known."""
    features = job_features(pl.DataFrame({"submit_time": [0.0, 9.0], "duration_s": [4, 4]}), by=[])
    assert features["all_last1_s"].to_list() == [None, 4.0]


def test_a_real_log_has_the_history_of_its_users(shared_dir: Path) -> None:
    """How many jobs of a user of KTH-SP2 had ended, and when, by a plain look at all of them."""
    path = shared_dir / "traces" / "swf-pwa" / "KTH-SP2-1996-2.1-cln.swf.gz"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    jobs = fairlead.traces.load(path, keep=["recorded_wait_s"]).jobs
    features = job_features(jobs)
    user = jobs["user"].value_counts().index[0]
    own = jobs[jobs["user"] == user]
    run = np.minimum(own["duration_s"], own["limit_s"].fillna(np.inf))
    submit_s = own["submit_time"].astype(float)
    end = (submit_s + own["recorded_wait_s"] + run).to_numpy()
    for at in range(1, len(own), 37):
        done = np.flatnonzero(end <= submit_s.iloc[at])
        row = features.loc[own.index[at]]
        assert row["user_ended"] == len(done)
        if len(done):
            assert row["user_since_end_s"] == pytest.approx(submit_s.iloc[at] - end[done].max())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": ["user", "user"]}, "two histories would be named 'user'"),
        ({"by": "all"}, "named 'all'"),
        ({"by": "team"}, "needs a column 'team'"),
        ({"last": -1}, "last must be a whole number from 0"),
        ({"window": 0}, "window must be a whole number from 1"),
        ({"quantiles": [2]}, "quantiles must lie between 0 and 1"),
        ({"weight": 0}, "weight must be above 0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    """With what is expected and what came."""
    with pytest.raises(InvalidInputError, match=message):
        job_features(table([(0, 0, 1, "a")]), **options)


def test_a_start_before_its_submission_is_refused() -> None:
    """The row is named."""
    frame = table([(0, 0, 1, "a"), (5, -1, 1, "a")])
    with pytest.raises(InvalidInputError, match="at or after submit_time; row 1"):
        job_features(frame)
