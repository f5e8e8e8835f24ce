"""Predicted run times: what is known when, what comes out at the edges, and how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fairlead.errors import InvalidInputError
from fairlead.prediction import (
    BoostedRunTimes,
    LastTwo,
    RunTimeEstimator,
    RunTimeHistogram,
    RunTimeMixture,
    RunTimeQuantile,
    RunTimeRidge,
    UserHistory,
    UserLimit,
    predict_run_times,
    run_time_accuracy,
)
from fairlead.traces import load

ESTIMATORS = (
    UserLimit,
    LastTwo,
    UserHistory,
    RunTimeMixture,
    RunTimeHistogram,
    RunTimeRidge,
    RunTimeQuantile,
)
KTH = "KTH-SP2-1996-2.1-cln.swf.gz"


def some_jobs(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """A log of a few users whose jobs are alike by user and name."""
    print("seed", seed)
    draw = np.random.default_rng(seed)
    user, name = draw.integers(0, 5, n), draw.integers(0, 3, n)
    limit = draw.choice([600.0, 3600.0, 36000.0], n)
    run = np.minimum(np.exp(draw.normal(4 + user / 2 + name, 0.6)), limit)
    return pd.DataFrame(
        {
            "submit_time": np.sort(draw.uniform(0, 2e5, n)).round(),
            "duration_s": run.round(3) + 0.001,
            "limit_s": limit + 1,
            "cpus": draw.choice([1, 4, 16], n),
            "user": [f"u{u}" for u in user],
            "name": [f"n{k}" for k in name],
        }
    )


@pytest.mark.parametrize("make", ESTIMATORS)
def test_what_comes_later_changes_no_prediction(make: type[RunTimeEstimator]) -> None:
    """Shuffled and changed rows after a time leave all predictions up to it as they were."""
    jobs = some_jobs(seed=1)
    before = predict_run_times(jobs, make())
    draw = np.random.default_rng(2)
    at = 1e5
    later = jobs["submit_time"].to_numpy() > at
    changed = jobs.copy()
    order = draw.permutation(np.flatnonzero(later))
    for column in ("duration_s", "limit_s", "cpus", "user", "name"):
        changed.loc[later, column] = jobs[column].to_numpy()[order]
    # The end of a job that runs at that time is not known then either.
    runs = ~later & ((jobs["submit_time"] + jobs["duration_s"]).to_numpy() > at)
    changed.loc[runs, "duration_s"] = jobs["limit_s"][runs]
    after = predict_run_times(changed, make())
    assert runs.any()
    assert (before.run_time_s[~later] == after.run_time_s[~later]).all()
    assert (before.bounds_s[~later] == after.bounds_s[~later]).all()


@pytest.mark.parametrize("make", ESTIMATORS)
def test_rows_in_any_order_give_the_same_predictions(make: type[RunTimeEstimator]) -> None:
    """Jobs are taken in order of submission, whatever the order of rows."""
    jobs = some_jobs(200, seed=3)
    jobs["submit_time"] = np.arange(200) * 40.0
    order = np.random.default_rng(4).permutation(200)
    straight = predict_run_times(jobs, make()).run_time_s
    mixed = predict_run_times(jobs.iloc[order], make()).run_time_s
    assert (mixed == straight[order]).all()


@pytest.mark.parametrize("make", ESTIMATORS)
@pytest.mark.parametrize("drop", ["user", "name", "limit_s", "cpus", "user name limit_s cpus"])
def test_absent_columns_leave_finite_predictions(make: type[RunTimeEstimator], drop: str) -> None:
    """Without users, names, limits or requests every job still gets a prediction and bounds."""
    forecast = predict_run_times(some_jobs(150, seed=5).drop(columns=drop.split()), make())
    assert np.isfinite(forecast.run_time_s).all()
    assert (forecast.run_time_s > 0).all()
    assert np.isfinite(forecast.bounds_s).all()
    assert (np.diff(forecast.bounds_s, axis=1) >= 0).all()


@pytest.mark.parametrize("make", ESTIMATORS)
def test_predictions_keep_to_the_limit(make: type[RunTimeEstimator]) -> None:
    """Neither a prediction nor a bound exceeds the limit."""
    jobs = some_jobs(seed=6)
    forecast = predict_run_times(jobs, make())
    limit = jobs["limit_s"].to_numpy()
    assert (forecast.run_time_s <= limit).all()
    assert (forecast.bounds_s <= limit[:, None] * (1 + 1e-6)).all()


@pytest.mark.parametrize("make", ESTIMATORS)
def test_edges(make: type[RunTimeEstimator]) -> None:
    """No job, one job, jobs of length zero, jobs that have not ended, and limits of zero."""
    one = pd.DataFrame({"submit_time": [5.0], "duration_s": [7.0], "limit_s": [60.0]})
    assert predict_run_times(one.iloc[:0], make()).run_time_s.shape == (0,)
    assert predict_run_times(one, make()).run_time_s.shape == (1,)
    many = pd.DataFrame({"submit_time": np.arange(50.0), "user": "ada"})
    zero = predict_run_times(many.assign(duration_s=0.0, limit_s=0.0), make())
    assert np.isfinite(zero.run_time_s).all()
    assert (zero.run_time_s <= 1e-3).all()
    open_jobs = predict_run_times(many.assign(duration_s=np.nan, limit_s=90.0), make())
    assert np.isfinite(open_jobs.run_time_s).all()


@pytest.mark.parametrize("make", [each for each in ESTIMATORS if each is not UserLimit])
def test_without_limits_history_says_how_long(make: type[RunTimeEstimator]) -> None:
    """An hour before anything is known; then up to what jobs ran, also above an hour."""
    jobs = pd.DataFrame(
        {"submit_time": np.arange(400) * 3e4, "duration_s": 18_000.0, "user": "ada", "cpus": 1}
    )
    expected = predict_run_times(jobs, make()).run_time_s
    assert expected[0] == pytest.approx(3600)
    # To the next edge of the histogram's cells, which grow by 1.22.
    assert expected[-100:].max() == pytest.approx(18_000, rel=0.22)


def test_a_level_of_nothing_is_the_least_that_was_seen() -> None:
    """Where every bound holds the levels sink to 0; the bound stays that of the jobs there are."""
    jobs = pd.DataFrame(
        {"submit_time": np.arange(600) * 3e4, "duration_s": 18_000.0, "limit_s": 36_000.0}
    )
    forecast = predict_run_times(jobs, RunTimeHistogram())
    assert forecast.run_time_s[100:].tolist() == [18_000.0] * 500
    assert (forecast.bounds_s[100:] == 18_000.0).all()


def test_equal_jobs_are_predicted_exactly() -> None:
    """What always ran 100 s is expected to run 100 s, also for a user who is not known."""
    jobs = pd.DataFrame(
        {"submit_time": np.arange(100) * 200.0, "duration_s": 100.0, "limit_s": 3600.0, "user": "a"}
    )
    model = RunTimeMixture().fit(jobs)
    assert model.predict(jobs.tail(1)).tolist() == [100.0]
    assert model.predict(jobs.tail(1).assign(user="new")).tolist() == [100.0]
    assert model.n_jobs_seen_ == 100


def test_last_two_is_the_mean_of_what_had_finished() -> None:
    """The second job is not known at the third's submission, the first is."""
    jobs = pd.DataFrame(
        {
            "submit_time": [0.0, 10.0, 50.0, 200.0],
            "duration_s": [20.0, 100.0, 10.0, 5.0],
            "limit_s": 600.0,
            "user": "ada",
        }
    )
    assert predict_run_times(jobs, "last_two").run_time_s.tolist() == [600.0, 600.0, 20.0, 55.0]


def test_the_end_in_the_log_says_when_a_job_is_known() -> None:
    """A column of ends, given or named, takes the place of submission plus duration."""
    jobs = pd.DataFrame(
        {
            "submit_time": [0.0, 100.0],
            "duration_s": [20.0, 20.0],
            "limit_s": 600.0,
            "user": "ada",
            "done": [150.0, 300.0],
        }
    )
    assert predict_run_times(jobs, "last_two").run_time_s.tolist() == [600.0, 20.0]
    for end_time in ("done", jobs["done"].to_numpy()):
        late = predict_run_times(jobs, "last_two", end_time=end_time)
        assert late.run_time_s.tolist() == [600.0, 600.0]
    with pytest.raises(InvalidInputError, match="at or before the end"):
        predict_run_times(jobs.assign(done=-1.0), end_time="done")
    with pytest.raises(InvalidInputError, match="one value a job"):
        predict_run_times(jobs, end_time=[1.0])


@pytest.mark.parametrize("make", ESTIMATORS)
def test_estimators_follow_the_conventions_of_scikit_learn(make: type[Any]) -> None:
    """get_params makes an equal one; set_params takes known names; nothing works unfitted."""
    model = make()
    twin = make(**model.get_params())
    assert twin.get_params() == model.get_params()
    assert model.set_params(quantiles=(0.8,)) is model
    assert model.quantiles == (0.8,)
    with pytest.raises(InvalidInputError, match="takes"):
        model.set_params(magic=1)
    jobs = some_jobs(80, seed=7)
    with pytest.raises(InvalidInputError, match="is not fitted yet"):
        model.predict(jobs)
    assert model.fit(jobs) is model
    assert model.predict_quantiles(jobs).shape == (80, 1)
    again = make(**model.get_params()).fit(jobs)
    assert (again.predict(jobs) == model.predict(jobs)).all()


@pytest.mark.parametrize("make", [*ESTIMATORS, BoostedRunTimes])
def test_run_times_may_come_beside_the_table(make: type[Any]) -> None:
    """fit(jobs, y) without or against a column of run times is fit of jobs with that column."""
    if make is BoostedRunTimes:
        pytest.importorskip("lightgbm")
    jobs = some_jobs(120, seed=14)
    y = jobs["duration_s"]
    want = make().fit(jobs).predict(jobs)
    for other in (jobs.drop(columns="duration_s"), jobs.assign(duration_s=1e9)):
        made = make().fit(other, y).predict(jobs)
        np.testing.assert_allclose(made, want, rtol=1e-9)  # a column is rounded to nanoseconds
    with pytest.raises(InvalidInputError, match=r"one value a job; got shape \(119,\)"):
        make().fit(jobs, y[1:])


def test_learning_in_parts_is_learning_at_once() -> None:
    """fit on a log equals fit on its first part and partial_fit on the rest, once all has ended."""
    jobs = some_jobs(200, seed=8)
    jobs["submit_time"] = np.arange(200) * 40_000.0
    whole = RunTimeMixture().fit(jobs)
    parts = RunTimeMixture().fit(jobs.head(120)).partial_fit(jobs.tail(80))
    assert (whole.predict(jobs) == parts.predict(jobs)).all()


def test_a_fit_that_fails_leaves_what_was_learnt() -> None:
    """A table without submissions cannot be read."""
    jobs = some_jobs(50, seed=3)
    model = RunTimeMixture().fit(jobs)
    expected = model.predict(jobs)
    with pytest.raises(InvalidInputError, match="submit_time"):
        model.fit(jobs.drop(columns="submit_time"))
    assert model.n_jobs_seen_ == 50
    np.testing.assert_array_equal(model.predict(jobs), expected)


def test_a_fitted_estimator_goes_on_and_is_not_changed() -> None:
    """predict_run_times begins with what a fitted estimator knows and leaves it alone."""
    jobs = some_jobs(200, seed=9)
    jobs["submit_time"] = np.arange(200) * 40_000.0
    model = RunTimeMixture().fit(jobs.head(100))
    known = model.predict(jobs.tail(100))
    forecast = predict_run_times(jobs.tail(100), model)
    assert forecast.run_time_s[0] == known[0]
    assert (model.predict(jobs.tail(100)) == known).all()
    assert (forecast.run_time_s == predict_run_times(jobs).run_time_s[100:]).all()


def test_frames_come_back_in_the_library_of_the_input() -> None:
    """pandas keeps its index; Polars stays Polars; users are the same in both."""
    jobs = some_jobs(60, seed=10)
    jobs.index = pd.RangeIndex(100, 160)
    out = predict_run_times(jobs).frame
    assert out.index.equals(jobs.index)
    assert out.columns.tolist() == ["job_id", "run_time_s", "q0.5_s", "q0.9_s"]
    polars = predict_run_times(pl.from_pandas(jobs)).frame
    assert isinstance(polars, pl.DataFrame)
    assert polars["run_time_s"].to_list() == out["run_time_s"].tolist()


def test_accuracy_is_that_of_the_definition() -> None:
    """The measures of three jobs by hand."""
    report = run_time_accuracy(
        [100.0, 100.0, 10.0],
        [50.0, 100.0, 40.0],
        limit_s=[200.0, 200.0, 200.0],
        bounds_s=[[90.0], [100.0], [60.0]],
        quantiles=[0.9],
        block=2,
    )
    assert report.accuracy == pytest.approx((0.5 + 1 + 0.25) / 3)
    assert report.mae_s == pytest.approx(80 / 3)
    assert report.within_2x == pytest.approx(2 / 3)
    assert report.underpredicted == pytest.approx(1 / 3)
    row = report.bounds.iloc[0]
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["worst_coverage"] == 0.5
    assert row["pinball_s"] == pytest.approx((0.9 * 10 + 0 + 0.1 * 50) / 3)
    assert row["limit_pinball_s"] == pytest.approx((10 + 10 + 19) / 3)
    assert "covers 66.7%" in report.summary()


def test_accuracy_wants_run_times() -> None:
    """No job, a run time of zero and unlike shapes are errors."""
    for run, predicted in (([], []), ([0.0], [1.0]), ([1.0], [1.0, 2.0]), ([1.0], [np.nan])):
        with pytest.raises(InvalidInputError, match=r"run_s|shape"):
            run_time_accuracy(run, predicted)
    with pytest.raises(InvalidInputError, match="block must be 1 job or more, got 0"):
        run_time_accuracy([1.0], [1.0], block=0)
    with pytest.raises(InvalidInputError, match="skip must be 0 jobs or more, got -2"):
        predict_run_times(some_jobs(20, seed=15)).accuracy(skip=-2)


def test_forecast_prints_and_draws() -> None:
    """A forecast prints what it expects, and its accuracy draws."""
    pytest.importorskip("matplotlib")
    forecast = predict_run_times(some_jobs(seed=11))
    assert "run times of 600 jobs" in repr(forecast)
    assert len(forecast.plot().axes) == 2
    assert "accuracy" in forecast.accuracy(skip=100)._repr_html_()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("oracle", "model must be one of"),
        (RunTimeMixture(decay=2), "decay must be from"),
        (RunTimeMixture(quantiles=(0.9, 0.5)), "ascending"),
        (RunTimeHistogram(probability=1), "probability must be from"),
    ],
)
def test_wrong_parameters_are_errors(model: Any, message: str) -> None:
    """Names and ranges are told."""
    with pytest.raises(InvalidInputError, match=message):
        predict_run_times(some_jobs(10), model)


def kth(shared_dir: Path) -> tuple[pd.DataFrame, Any]:
    """KTH-SP2 with the ends of the log: submission, wait and run time as recorded."""
    path = shared_dir / "traces" / "swf-pwa" / KTH
    if not path.is_file():
        pytest.skip(f"{KTH} is not there")
    jobs = load(path, keep=["recorded_wait_s"]).jobs
    raw = pd.read_csv(path, sep=r"\s+", comment=";", header=None).set_index(0)
    run = raw.loc[jobs["job_id"], 3].to_numpy()
    return jobs, (jobs["submit_time"] + jobs["recorded_wait_s"] + run).to_numpy()


@pytest.mark.parametrize(
    ("model", "accuracy", "mae_s"),
    [("limit", 0.496, 5157), ("last_two", 0.555, 5580), ("mixture", 0.645, 3910)],
)
def test_kth_second_half(shared_dir: Path, model: str, accuracy: float, mae_s: float) -> None:
    """The two rules of the literature come out as published; the mixture holds what it reached."""
    jobs, ends = kth(shared_dir)
    report = predict_run_times(jobs, model, end_time=ends).accuracy(skip=len(jobs) // 2)
    if model == "mixture":
        assert report.accuracy >= accuracy
        assert report.mae_s <= mae_s
    else:
        assert report.accuracy == pytest.approx(accuracy, abs=0.001)
        assert report.mae_s == pytest.approx(mae_s, rel=0.001)


def test_kth_bounds_hold(shared_dir: Path) -> None:
    """90 % bounds cover 89 to 91 %, no 1,000 in a row below 86 %, cheaper than the limit."""
    jobs, ends = kth(shared_dir)
    model = RunTimeMixture(quantiles=(0.9,))
    row = predict_run_times(jobs, model, end_time=ends).accuracy(skip=len(jobs) // 2).bounds.iloc[0]
    assert 0.89 <= row["coverage"] <= 0.91
    assert row["worst_coverage"] >= 0.86
    assert row["pinball_s"] < row["limit_pinball_s"]


def test_boosted_trees_learn_from_what_is_known_at_submission() -> None:
    """Trained on one part of a log they are no worse on the next than the user's last two."""
    pytest.importorskip("lightgbm")
    jobs = some_jobs(3000, seed=12)
    train, test = jobs.head(2000), jobs.tail(1000)
    model = BoostedRunTimes(trees=60).fit(train)
    predicted = model.predict(test)
    assert (predicted <= test["limit_s"].to_numpy()).all()
    boosted = run_time_accuracy(test["duration_s"], predicted)
    last_two = run_time_accuracy(test["duration_s"], LastTwo().fit(train).predict(test))
    assert boosted.accuracy > last_two.accuracy
    assert (BoostedRunTimes(trees=60).fit(train).predict(test) == predicted).all()
    assert predict_run_times(test, model).quantiles == ()
    with pytest.raises(InvalidInputError, match="not fitted"):
        BoostedRunTimes().predict(jobs)
