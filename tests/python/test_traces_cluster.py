"""The cluster a trace implies: its nodes, or an estimate from peak use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairlead import schedule
from fairlead.errors import InvalidInputError
from fairlead.traces import Trace, TraceMeta, generate
from fairlead.traces.trace import no_events, no_nodes


def trace_of(**columns):
    """A trace of jobs without nodes."""
    return Trace(pd.DataFrame(columns), no_nodes(), no_events(), TraceMeta("mine"))


def test_nodes_of_the_trace_are_the_cluster():
    """Nothing is estimated where the nodes are known."""
    assert len(generate(20, nodes=4, seed=1).cluster()) == 4


def test_without_devices_the_peak_is_one_node():
    """What ends at an instant is gone before what starts there."""
    trace = trace_of(submit_time=[0, 5, 10], duration_s=[10, 10, 10], cpus=[3, 4, 2])
    cluster = trace.cluster()
    assert (len(cluster), cluster.capacity) == (1, {"cpus": 7.0})


def test_nodes_are_as_large_as_the_largest_task_and_hold_the_peak():
    """Devices of a node are a power of two; other resources follow the peak."""
    trace = trace_of(submit_time=[0, 0, 50], duration_s=60, gpus=[3, 3, 1], cpus=[10, 2, 1])
    cluster = trace.cluster()
    assert cluster.nodes["gpus"].tolist() == [4, 4]
    assert cluster.nodes["cpus"].tolist() == [10, 10]


def test_recorded_waits_move_the_starts():
    """Jobs that are known to have run one after the other need one node."""
    columns = {"submit_time": [0, 0], "duration_s": [60, 60], "gpus": [1, 1]}
    assert trace_of(**columns).cluster().capacity == {"gpus": 2.0}
    assert trace_of(**columns, recorded_wait_s=[0, 60]).cluster().capacity == {"gpus": 1.0}
    assert trace_of(**columns, recorded_wait_s=[np.nan, 60]).cluster().capacity == {"gpus": 1.0}


def test_run_time_is_cut_at_the_limit_which_stands_in_for_it():
    """As the simulator kills; a job with neither is an error that names it."""
    trace = trace_of(submit_time=[0, 60], duration_s=[90, np.nan], limit_s=[60, 5], cpus=[1, 1])
    assert trace.cluster().capacity == {"cpus": 1.0}
    bad = trace_of(submit_time=[0, 60], duration_s=[90, np.nan], cpus=[1, 1])
    with pytest.raises(InvalidInputError, match="row 1 has nan"):
        bad.cluster()


def test_pools_and_types_get_their_own_nodes():
    """The first of several allowed types; jobs that ask neither share the rest."""
    trace = trace_of(
        submit_time=0, duration_s=9, gpus=[1, 2, 4], gpu_type=["v100", "a100|h100", None],
        pool=["x", None, None], gpu_memory_gib=[16, 80, np.nan],
    )  # fmt: skip
    nodes = trace.cluster().nodes.fillna({"pool": "-", "gpu_type": "-"})
    assert sorted(zip(nodes["pool"], nodes["gpu_type"], nodes["gpus"], strict=True)) == [
        ("-", "-", 4),
        ("-", "a100", 2),
        ("x", "v100", 1),
    ]
    jobs = schedule(trace.jobs, trace.cluster(), policy="fcfs").jobs
    assert jobs["wait_s"].tolist() == [0, 0, 0]


def test_a_trace_that_says_too_little_is_refused_with_the_way_out():
    """No jobs, no run times, no requests."""
    for trace, why in (
        (trace_of(submit_time=[], duration_s=[]), "no jobs"),
        (trace_of(submit_time=[0], cpus=[1]), "no run times"),
        (trace_of(submit_time=[0], duration_s=[1]), "ask no resource"),
    ):
        with pytest.raises(InvalidInputError, match=f"{why}.*Cluster.homogeneous"):
            trace.cluster()


@pytest.mark.parametrize("seed", range(8))
def test_every_job_fits_the_estimate(seed):
    """Gangs, shares, tasks per node and several resources at once: nothing is infeasible."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    n = 40
    per_node = rng.choice([0, 1, 2], n)
    trace = trace_of(
        submit_time=rng.integers(0, 500, n),
        duration_s=rng.integers(1, 90, n),
        gpus=rng.choice([0, 0.25, 0.7, 1, 2, 3, 8], n),
        cpus=rng.integers(0, 9, n) / 2,
        memory_gib=rng.random(n) * 30,
        tasks=rng.integers(1, 6, n) * np.maximum(per_node, 1),
        tasks_per_node=per_node,
        pool=rng.choice(["a", "b"], n),
    )
    jobs = schedule(trace.jobs, trace.cluster(), policy="fcfs").jobs
    assert set(jobs["status"]) == {"completed"}
