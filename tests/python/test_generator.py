"""The generator: same seed same trace, load as asked, shapes as documented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.tables import event_columns, job_columns


def offered_load(trace, days):
    """GPU time up to the limits over capacity times span."""
    jobs = trace.jobs
    served = np.minimum(jobs["duration_s"], jobs["limit_s"]) * jobs["tasks"] * jobs["gpus"]
    return served.sum() / (trace.nodes["gpus"].sum() * days * 86400)


@pytest.fixture(scope="module")
def trace():
    """A workload large enough for its shares to be close to the model's."""
    return traces.generate(40_000, nodes=32, seed=7)


def test_the_same_arguments_make_the_same_trace():
    """And another seed another."""
    one, two, other = (traces.generate(500, nodes=4, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one.jobs, two.jobs)
    pd.testing.assert_frame_equal(one.events, two.events)
    assert not one.jobs.equals(other.jobs)


@pytest.mark.parametrize(
    ("n_jobs", "days", "load"),
    [(2000, None, 0.7), (2000, None, 1.3), (None, 30, 0.5), (3000, 20, 0.9)],
)
def test_the_offered_load_is_the_one_asked(n_jobs, days, load):
    """To rounding where the span follows, within half a per cent where run times are scaled."""
    made = traces.generate(n_jobs, days=days, load=load, nodes=8, seed=3)
    assert offered_load(made, made.meta.options["days"]) == pytest.approx(load, rel=0.005)
    assert made.meta.options["load"] == pytest.approx(load, rel=0.005)
    if n_jobs is not None:
        assert len(made) == n_jobs
    if days is not None:
        assert made.meta.options["days"] == days


def test_every_job_can_run_on_the_machine(trace):
    """Requests fit a node, gangs at most half the machine, limits are round and at most a week."""
    jobs = trace.jobs
    node = trace.nodes.iloc[0]
    for resource in ("gpus", "cpus", "memory_gib"):
        assert (jobs[resource] <= node[resource]).all()
    assert (jobs["tasks"] * jobs["gpus"] <= trace.nodes["gpus"].sum() // 2).all()
    assert set(np.unique(jobs["gpus"])) <= {1, 2, 4, 8}
    assert (jobs["limit_s"] % 60 == 0).all()
    assert jobs["limit_s"].between(60, 7 * 86400).all()
    columns = job_columns(jobs, trace.cluster())
    assert (np.diff(columns.submit_ns) >= 0).all()


def test_run_times_have_the_median_and_mean_of_the_source(trace):
    """Median 206 s, mean 6,652 s at Helios; the cap of a week and chance cost some of the mean."""
    run = trace.jobs["duration_s"]
    assert run.median() == pytest.approx(206, rel=0.5)
    assert run.mean() == pytest.approx(6652, rel=0.3)


def test_most_jobs_take_one_gpu_and_some_outrun_their_limit(trace):
    """Three in four; between 1 and 10 per cent."""
    size = trace.jobs["tasks"] * trace.jobs["gpus"]
    assert (size == 1).mean() == pytest.approx(0.767, abs=0.02)
    assert set(np.unique(size)) == {1, 2, 4, 8, 16, 32, 64}
    assert 0.01 < (trace.jobs["duration_s"] > trace.jobs["limit_s"]).mean() < 0.1


def test_few_limits_cover_most_jobs_and_users_differ(trace):
    """Twenty values for nine jobs in ten; the busiest user has a multiple of the average."""
    limits = trace.jobs["limit_s"].value_counts(normalize=True)
    assert limits.head(20).sum() > 0.9
    users = trace.jobs["user"].value_counts()
    assert users.iloc[0] > 5 * users.mean()


def test_arrivals_follow_the_day_and_the_week(trace):
    """More in the afternoon than at night, fewer on weekends."""
    times = trace.jobs["submit_time"].dt
    hours = times.hour.value_counts()
    assert hours[14] > 2 * hours[2]
    weekend = (times.day_of_week >= 5).mean() / 2
    assert weekend == pytest.approx(0.55 * (1 - 2 * weekend) / 5, rel=0.1)


def test_the_week_is_that_of_the_calendar():
    """A start on a Saturday noon begins with a quiet day and a half."""
    made = traces.generate(20_000, days=7, start="2026-01-10 12:00", nodes=64, seed=5)
    times = made.jobs["submit_time"]
    assert times.min() >= pd.Timestamp("2026-01-10 12:00")
    assert (times < "2026-01-12").mean() < 1.5 / 7


def test_times_can_be_plain_seconds_or_zoned():
    """``start=None`` begins a Monday at second 0."""
    plain = traces.generate(100, nodes=2, start=None, seed=1).jobs["submit_time"]
    assert plain.dtype == np.float64
    assert plain.min() >= 0
    zoned = traces.generate(100, nodes=2, start=pd.Timestamp("2026-01-05", tz="UTC"), seed=1)
    assert (zoned.jobs["submit_time"].dt.tz_localize(None) - pd.Timestamp("2026-01-05")).equals(
        pd.to_timedelta(plain, unit="s").astype("timedelta64[ns]").rename("submit_time")
    )


def test_failures_alternate_at_the_rate_asked():
    """Each node fails, then comes back; one failure a node and ten days on average."""
    made = traces.generate(2000, days=300, nodes=20, mtbf_days=10, seed=11)
    events = made.events
    assert events["time"].is_monotonic_increasing
    for _, kinds in events.groupby("node")["kind"]:
        assert kinds.tolist() == ["node_fail", "node_resume"] * (len(kinds) // 2)
    expected = 20 * 300 / (10 + 4 / 24)
    assert len(events) / 2 == pytest.approx(expected, rel=0.15)
    nodes, jobs = made.cluster().node_columns, job_columns(made.jobs)
    assert event_columns(events, nodes, jobs).n == len(events)
    assert len(traces.generate(100, nodes=2, mtbf_days=None, seed=1).events) == 0


@pytest.mark.parametrize("gpus_per_node", [1, 3, 6, 8])
def test_gangs_are_cut_to_the_nodes(gpus_per_node):
    """Odd node sizes get the next power of two below."""
    made = traces.generate(500, nodes=9, gpus_per_node=gpus_per_node, seed=2)
    assert (made.jobs["gpus"] <= gpus_per_node).all()
    job_columns(made.jobs, made.cluster())


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_jobs": 0},
        {"n_jobs": 1.5},
        {"nodes": -1},
        {"gpus_per_node": 0},
        {"users": 0},
        {"load": 0},
        {"load": float("nan")},
        {"days": float("inf")},
        {"mtbf_days": -1},
        {"memory_gib_per_node": -1},
        {"seed": -1},
        {"start": "some day"},
        {"start": "2900-01-01"},
        {"n_jobs": 2, "days": 1000},
        {"days": 90000, "nodes": 10**6},
    ],
)
def test_arguments_out_of_range_are_refused(wrong):
    """Among them a load that so few jobs cannot make."""
    with pytest.raises(InvalidInputError):
        traces.generate(**wrong)


def test_one_job_is_a_trace():
    """The smallest workload, with summary and notebook view."""
    made = traces.generate(1, nodes=1, gpus_per_node=1, users=1, seed=0)
    assert len(made) == 1
    assert "1 jobs" in made.summary()
    assert "<pre>" in made._repr_html_()
