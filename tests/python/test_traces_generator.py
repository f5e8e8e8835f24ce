"""Modes and fitted generators: what they were fitted on comes out again, at the load asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.tables import job_columns
from fairlead.traces.fitting_moments import variation
from fairlead.traces.fitting_time import day_correlation, week_profile
from fairlead.traces.generator_modes import MODES, mode_model
from fairlead.traces.trace import no_events, no_nodes

HOUR, DAY = 3600, 86_400


def units(trace):
    """What all tasks of each job ask, of GPUs or else CPUs."""
    resource = "gpus" if "gpus" in trace.jobs else "cpus"
    return trace.jobs[resource] * trace.jobs.get("tasks", 1)


def offered(trace):
    """Work up to the limits over what the machine can do in the days of the options."""
    served = trace.jobs["duration_s"]
    if "limit_s" in trace.jobs:
        served = np.minimum(served, trace.jobs["limit_s"])
    (total,) = trace.cluster().capacity.values()
    return (units(trace) * served).sum() / (total * trace.meta.options["days"] * DAY)


@pytest.fixture(scope="module")
def real():
    """A log with users who submit several jobs at once, a daily cycle, limits and outcomes."""
    rng = np.random.default_rng(5)
    n_batches, days = 4000, 60
    hour = rng.choice(
        24, size=n_batches, p=(1 + 0.8 * np.cos((np.arange(24) - 14) * np.pi / 12)) / 24
    )
    begin = rng.integers(0, days, n_batches) * DAY + hour * HOUR + rng.integers(0, HOUR, n_batches)
    length = np.minimum(rng.geometric(0.5, n_batches), 20)
    user = rng.choice(
        30, size=n_batches, p=np.arange(1, 31) ** -1.0 / (np.arange(1, 31) ** -1.0).sum()
    )
    size = rng.choice([1, 2, 8], size=n_batches, p=[0.6, 0.3, 0.1])
    batch = np.repeat(np.arange(n_batches), length)
    n = batch.size
    run = np.maximum(1, np.rint(np.exp(rng.normal(6.5 + 0.3 * np.log(size[batch]), 1.2))))
    limits = np.array([1800, 3600, 4 * HOUR, DAY, 14 * DAY])
    jobs = pd.DataFrame(
        {
            "submit_time": begin[batch] + rng.integers(0, 300, n),
            "duration_s": run,
            "limit_s": limits[np.searchsorted(limits, run * rng.uniform(1, 6, n))],
            "gpus": size[batch],
            "user": [f"u{u}" for u in user[batch]],
            "recorded_status": np.where(rng.random(n) < 0.8, "completed", "failed"),
        }
    ).sort_values("submit_time", kind="stable", ignore_index=True)
    meta = traces.TraceMeta("csv", start=pd.Timestamp("2026-01-05"))
    machine = pd.DataFrame({"node_id": ["a", "b", "c", "d"], "gpus": 8})
    return traces.Trace(jobs, machine, no_events(), meta)


@pytest.fixture(scope="module")
def model(real):
    """Fitted to it."""
    return traces.fit(real)


# ---- fit ----------------------------------------------------------------------------------------


def test_a_fit_gives_back_sizes_run_times_limits_users_and_outcomes(real, model):
    """Quantiles of run time by size within a tenth, shares within a few hundredths."""
    made = model.generate(60_000, seed=3)
    for size in (1, 2, 8):
        ours, theirs = made.jobs[units(made) == size], real.jobs[real.jobs["gpus"] == size]
        assert len(ours) / len(made) == pytest.approx(len(theirs) / len(real), abs=0.04)
        for level in (0.1, 0.5, 0.9):
            expected = theirs["duration_s"].quantile(level)
            assert ours["duration_s"].quantile(level) == pytest.approx(expected, rel=0.15)
    used = [(t.jobs["duration_s"] / t.jobs["limit_s"]).median() for t in (made, real)]
    assert used[0] == pytest.approx(used[1], abs=0.08)
    assert set(made.jobs["limit_s"].unique()) <= set(real.jobs["limit_s"].unique())
    assert made.jobs["user"].nunique() == 30
    top = [t.jobs["user"].value_counts(normalize=True).iloc[0] for t in (made, real)]
    assert top[0] == pytest.approx(top[1], abs=0.06)
    assert (made.jobs["recorded_status"] == "completed").mean() == pytest.approx(0.8, abs=0.02)


def test_a_fit_gives_back_the_day_and_what_comes_together(real, model):
    """Hours of the day, pauses within submissions, and how the work of a day varies."""
    made = model.generate(60_000, seed=3, start=None)
    hours = [t.jobs["submit_time"] // HOUR % 24 for t in (made, real)]
    shares = [h.value_counts(normalize=True).sort_index() for h in hours]
    assert (shares[0] - shares[1]).abs().sum() / 2 < 0.06
    close = [(np.diff(np.sort(t.jobs["submit_time"])) < 60).mean() for t in (made, real)]
    assert close[0] == pytest.approx(close[1], abs=0.1)
    work = [
        variation(
            t.jobs["submit_time"].to_numpy(float), (units(t) * t.jobs["duration_s"]).to_numpy(), DAY
        )
        for t in (made, real)
    ]
    assert work[0] == pytest.approx(work[1], rel=0.3)


def test_a_fit_of_its_own_making_is_alike(model):
    """Fit, generate, fit again: load, machine and medians stay."""
    again = traces.fit(model.generate(20_000, seed=8))
    assert again.capacity == model.capacity
    assert again.load == pytest.approx(model.load, rel=0.05)
    assert again.week == pytest.approx(model.week, abs=0.6)
    assert len(again.classes) == len(model.classes)


def test_a_model_goes_through_a_file(model):
    """JSON and back is equal and makes the same jobs; other text is refused with what is wanted."""
    again = traces.WorkloadModel.from_json(model.to_json())
    assert again == model
    pd.testing.assert_frame_equal(again.generate(500).jobs, model.generate(500).jobs)
    raw = json.loads(model.to_json())
    for text in (
        "[]",
        "{}",
        "no",
        json.dumps(raw | {"more": 1}),
        json.dumps({**raw, "classes": [1]}),
    ):
        with pytest.raises(InvalidInputError, match="no workload model"):
            traces.WorkloadModel.from_json(text)


def test_what_cannot_be_fitted_is_refused(real):
    """No trace, too few jobs, nothing asked."""
    few = replace(real, jobs=real.jobs.head(99))
    for wrong in (real.jobs, few, replace(real, jobs=real.jobs.drop(columns="gpus"))):
        with pytest.raises(InvalidInputError, match=r"trace must be|at least 100 jobs"):
            traces.fit(wrong)


def test_jobs_without_labels_or_machine_can_be_fitted(real):
    """Neither users nor limits nor nodes: the machine is the one the trace implies."""
    bare = traces.Trace(
        real.jobs[["submit_time", "duration_s", "gpus"]], no_nodes(), no_events(),
        traces.TraceMeta("csv"),
    )  # fmt: skip
    fitted = traces.fit(bare)
    assert (fitted.users, fitted.estimates, fitted.outcomes) == (0, None, {})
    assert fitted.capacity == bare.cluster().capacity["gpus"]
    columns = fitted.generate(100).jobs.columns.tolist()
    assert columns == ["job_id", "submit_time", "duration_s", "gpus"]


@pytest.mark.parametrize(
    "columns",
    [
        {"submit_time": 0},
        {"gpus": [0.25, 0.5, 1, 1] * 75},
        {"gpus": [1, 3, 7, 8] * 75, "tasks": [1, 3, 5] * 100},
        {"duration_s": 5},
        {"submit_time": pd.date_range("2026-03-20", periods=300, freq="2h", tz="Europe/Berlin")},
    ],
    ids=["one instant", "shares", "odd gangs", "one run time", "zoned"],
)
def test_odd_logs_can_be_fitted(columns):
    """All at once, shares of a device, gangs of any size, no variety, a change of summer time."""
    rng = np.random.default_rng(1)
    plain = {"submit_time": np.arange(300) * 600, "duration_s": rng.integers(1, 99, 300), "gpus": 1}
    machine = pd.DataFrame({"node_id": ["a", "b", "c", "d", "e", "f"], "gpus": 8})
    log = traces.Trace(pd.DataFrame(plain | columns), machine, no_events(), traces.TraceMeta("csv"))
    made = traces.fit(log).generate(500, seed=2)
    done = fairlead.schedule(made.jobs, made.cluster(), policy="easy", run_times="actual")
    assert (done.jobs["status"] == "completed").all()


def test_the_week_is_that_of_the_calendar():
    """Second 0 of dates is a Thursday; submissions on Monday mornings are found there."""
    monday = pd.Timestamp("2026-01-05 09:30").timestamp()
    times = monday + np.arange(8) * 7 * DAY
    week = week_profile(np.repeat(times, 10))
    assert int(np.argmax(week)) == 9
    assert week.mean() == pytest.approx(1, rel=0.1)
    assert (week_profile(times[:1]) == 1).all()


def test_days_that_hang_together_are_seen():
    """Work that is high for a fortnight, then low, is correlated; alternating days are not."""
    day = np.arange(60)
    times, flat = np.repeat(day * DAY, 10).astype(float), np.ones(168)
    long_waves = np.repeat(1.0 + (day // 14 % 2), 10)
    assert day_correlation(times, long_waves, flat) > 0.7
    assert day_correlation(times, np.repeat(1.0 + day % 2, 10), flat) == 0


# ---- modes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_makes_jobs_the_engine_takes(mode):
    """The same for the same arguments, in order, none larger than the machine; load as asked."""
    one, two = (traces.generate(3000, mode=mode, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.jobs, two.jobs)
    assert not one.jobs.equals(traces.generate(3000, mode=mode, seed=5).jobs)
    columns = job_columns(one.jobs, one.cluster())
    assert (np.diff(columns.submit_ns) >= 0).all()
    assert (one.jobs["duration_s"] >= 1).all()
    found = traces.doctor(one).findings["finding"].tolist()
    assert not {"never_fits", "duplicate_ids", "asks_nothing", "unsorted_times"} & set(found)
    assert offered(one) == pytest.approx(mode_model(mode).load, rel=0.01)
    assert offered(traces.generate(3000, mode=mode, seed=4, load=0.4)) == pytest.approx(
        0.4, rel=0.01
    )
    assert traces.modes()[mode]


def test_more_load_leaves_the_day_as_it_is():
    """At three times the load submissions come three times as fast, at the same hours."""
    calm, busy = (traces.generate(20_000, mode="hpc", seed=2, load=load) for load in (0.4, 1.2))
    assert calm.meta.options["days"] == pytest.approx(3 * busy.meta.options["days"], rel=0.01)
    shares = [
        t.jobs["submit_time"].dt.hour.value_counts(normalize=True).sort_index()
        for t in (calm, busy)
    ]
    assert (shares[0] - shares[1]).abs().sum() / 2 < 0.06
    assert sorted(calm.jobs["duration_s"]) == sorted(busy.jobs["duration_s"])


def test_days_nodes_and_start_can_be_given():
    """So many days of jobs on so many nodes; larger jobs are cut to the machine; plain seconds."""
    made = traces.generate(mode="itp_like", days=10, nodes=4, load=0.8, start=None, seed=1)
    assert made.meta.options["days"] == 10
    assert made.jobs["submit_time"].max() < 10.2 * DAY
    assert offered(made) == pytest.approx(0.8, rel=0.1)
    assert len(made.nodes) == 4
    assert units(made).max() <= 32
    assert made.jobs["submit_time"].dtype == np.float64
    assert (traces.generate(mode="inference", seed=1).meta.read) == 10_000


def test_users_who_hold_back_leave_less_to_wait_for(model):
    """With restraint the work of three days varies less, and mean waits are shorter."""
    free, held = (
        replace(model, restraint=part, load=0.9).generate(20_000, seed=3, start=None)
        for part in (0.0, 0.7)
    )
    work = [(units(t) * t.jobs["duration_s"]).to_numpy() for t in (free, held)]
    varies = [
        variation(t.jobs["submit_time"].to_numpy(), w, 3 * DAY)
        for t, w in zip((free, held), work, strict=True)
    ]
    assert varies[1] < 0.8 * varies[0]
    waits = [
        fairlead.schedule(t.jobs, t.cluster(), policy="easy", ignore="*").metrics["mean_wait_s"]
        for t in (free, held)
    ]
    assert waits[1] < waits[0]


def test_gangs_ask_whole_nodes():
    """Jobs above a node are tasks of at most a node, and as large as before together."""
    made = traces.generate(5000, mode="llm_training", seed=6)
    assert (made.jobs["gpus"] <= 8).all()
    assert set(np.unique(units(made))) <= {2.0**k for k in range(11)}
    assert units(made).max() > 64


@pytest.mark.parametrize(
    ("mode", "median", "mean", "mean_gpus"),
    [
        ("helios_like", 204, 13_041, 6.74),
        ("philly_like", 874, 18_006, 1.93),
        ("llm_training", 124, 1260, 26.8),
    ],
)
def test_published_figures_come_out(mode, median, mean, mean_gpus):
    """Median and mean of run times and mean of GPUs, within the chance of 200,000 drawn jobs."""
    made = traces.generate(200_000, mode=mode, seed=9)
    assert made.jobs["duration_s"].median() == pytest.approx(median, rel=0.1)
    assert made.jobs["duration_s"].mean() == pytest.approx(mean, rel=0.12)
    assert units(made).mean() == pytest.approx(mean_gpus, rel=0.12)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mode": "prose"}, "mode must be one of hpc"),
        ({"mode": "hpc", "users": 5}, "leave out the others"),
        ({"mode": "hpc", "n_jobs": 5, "days": 5}, "not both"),
        ({"mode": "hpc", "days": -1}, "days must be above 0"),
        ({"mode": "hpc", "n_jobs": 0}, "n must be a whole number"),
        ({"mode": "hpc", "load": 0}, "load must be above 0"),
        ({"mode": "hpc", "nodes": 1.5}, "nodes must be a whole number"),
        ({"mode": "hpc", "seed": -1}, "seed must be a whole number"),
        ({"mode": "hpc", "start": "some day"}, "start must be a datetime"),
        ({"mode": "inference", "days": 90_000, "nodes": 10**6}, "fewer days or nodes"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong, words):
    """With what they may be."""
    with pytest.raises(InvalidInputError, match=words):
        traces.generate(**wrong)


def test_one_job_is_a_trace():
    """The smallest, of every mode."""
    for mode in MODES:
        assert len(traces.generate(1, mode=mode, seed=0)) == 1


def test_a_generated_log_waits_about_as_the_real_one(shared_dir):
    """SDSC-SP2 under EASY: the mean wait of four seeds is within two thirds to one and a half."""
    real = traces.load(shared_dir / "traces" / "swf-pwa" / "SDSC-SP2-1998-4.2-cln.swf.gz")
    waits = [
        fairlead.schedule(t.jobs, t.cluster(), policy="easy", ignore="*").metrics["mean_wait_s"]
        for t in (real, *(traces.generate(len(real), mode="hpc", seed=s) for s in range(4)))
    ]
    print("waits (s)", [round(wait) for wait in waits])
    assert 2 / 3 < np.mean(waits[1:]) / waits[0] < 3 / 2
