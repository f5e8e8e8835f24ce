"""Many simulations at once: each ends as it would alone."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest

from fairlead import Cluster, Simulation, policy_key, run_all, schedule, traces
from fairlead.errors import InvalidInputError


@pytest.fixture(scope="module")
def busy():
    """A simulation of 2,000 jobs on ten nodes, halfway, with jobs that run and wait."""
    trace = traces.generate(n_jobs=2000, nodes=10, load=2, seed=3, mtbf_days=None)
    sim = Simulation(trace.jobs, trace.nodes, policy="easy", placement="best_fit")
    sim.run_until(trace.jobs["submit_time"].iloc[1000])
    assert sim.waiting > 10
    assert sim.running > 10
    return sim


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_forks_on_threads_end_where_sequential_ones_end(busy, threads):
    """Twenty forks, each to a time of its own first: digests and starts equal the sequential."""
    hours = pd.to_timedelta(np.arange(20), unit="h")
    forks = [busy.fork() for _ in hours]
    alone = [busy.fork() for _ in hours]
    before = busy.digest()
    for one, other, more in zip(forks, alone, hours, strict=True):
        one.run_until(busy.now + more)
        other.run_until(busy.now + more)
        other.run_until()
    run_all(forks, threads=threads)
    assert busy.digest() == before
    for one, other in zip(forks, alone, strict=True):
        assert one.digest() == other.digest()
        pd.testing.assert_frame_equal(one.result().jobs, other.result().jobs)


def test_a_time_stops_all(busy):
    """Up to and including the time given, in the kind of the jobs' times."""
    forks = [busy.fork(), busy.fork()]
    run_all(forks, busy.now + pd.Timedelta(hours=5))
    assert {fork.now for fork in forks} == {busy.now + pd.Timedelta(hours=5)}


def test_orders_in_python_may_run_on_threads(busy):
    """They hold the GIL while they are asked; the result is the same."""
    jobs = traces.generate(n_jobs=300, nodes=2, load=1.2, seed=4, mtbf_days=None).jobs
    cluster = Cluster.homogeneous(nodes=2, gpus=8, cpus=96, memory_gib=1024)

    @policy_key(keys="per_pass")
    def longest_wait(columns):
        return -columns["waited_s"]

    sims = [Simulation(jobs, cluster, order=longest_wait, backfill="easy") for _ in range(4)]
    run_all(sims, threads=3)
    expected = schedule(jobs, cluster, order=longest_wait, backfill="easy").jobs["start_time"]
    for sim in sims:
        pd.testing.assert_series_equal(sim.result().jobs["start_time"], expected)


def test_an_error_of_one_reaches_the_caller():
    """An order that fails in a thread raises here."""
    jobs = pd.DataFrame({"submit_time": [0, 1], "duration_s": 9, "limit_s": 9, "cpus": 1})

    @policy_key(keys="per_pass")
    def fails(columns):
        raise ZeroDivisionError("on purpose")

    good = Simulation(jobs, Cluster.homogeneous(nodes=1, cpus=1))
    bad = Simulation(jobs, Cluster.homogeneous(nodes=1, cpus=1), order=fails)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        run_all([good, bad], threads=2)


def test_ctrl_c_leaves_all_usable():
    """An interrupt stops the threads between two instants; running on gives the usual end."""
    jobs = pd.DataFrame({"submit_time": np.arange(400_000.0), "duration_s": 5.0, "limit_s": 9.0})
    jobs["cpus"] = 1
    cluster = Cluster.homogeneous(nodes=1, cpus=8)
    sims = [Simulation(jobs, cluster) for _ in range(12)]

    def interrupt():
        time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_all(sims, threads=2)
    thread.join()
    run_all(sims)
    expected = schedule(jobs, cluster).jobs["start_time"].to_numpy()
    for sim in sims:
        np.testing.assert_array_equal(sim.result().jobs["start_time"].to_numpy(), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda sim: {"simulations": [sim, sim]}, "must not hold one twice"),
        (lambda sim: {"simulations": [sim], "threads": 0}, "threads must be at least 1, got 0"),
    ],
)
def test_bad_calls_are_refused(busy, make, message):
    """A simulation given twice would be run by two threads."""
    with pytest.raises(InvalidInputError, match=message):
        run_all(**make(busy))


def test_nothing_to_run_is_no_error():
    """An empty sweep ends at once."""
    run_all([])


def test_a_fork_without_arrivals_ends_what_is_there(busy):
    """Jobs not submitted yet stay waiting; those that are start no later than with the others."""
    fork = busy.fork(arrivals=False)
    before = busy.digest()
    fork.run_until()
    assert busy.digest() == before
    assert (fork.waiting, fork.running) == (0, 0)
    jobs = fork.result().jobs
    known = jobs["submit_time"] <= busy.now
    assert jobs.loc[known, "start_time"].notna().all()
    assert jobs.loc[~known, "start_time"].isna().all()
    assert set(jobs.loc[~known, "status"]) == {"waiting"}
