"""`Simulation`: steps, forks, plans, submissions, Python orders; and the live `Engine`."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead import Cluster, Engine, InvalidInputError, Simulation, schedule


@pytest.fixture
def log() -> pd.DataFrame:
    """A contended log of 400 jobs."""
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "submit_time": np.sort(rng.integers(0, 4000, 400)).astype(float),
            "duration_s": rng.integers(1, 120, 400),
            "limit_s": rng.integers(60, 200, 400),
            "gpus": rng.choice([1, 2, 4, 8], 400),
        }
    )


CLUSTER = Cluster.homogeneous(nodes=3, gpus=8, price_usd_per_hour=3.6)


def test_steps_end_where_one_run_ends(log):
    """Stopping at every 37th second changes nothing."""
    sim = Simulation(log, CLUSTER)
    for t in range(0, 6000, 37):
        sim.run_until(t)
    sim.run_until()
    pd.testing.assert_frame_equal(sim.result().jobs, schedule(log, CLUSTER).jobs)


def test_a_fork_does_not_disturb_its_origin(log):
    """The digest of the origin stays, and both end alike."""
    sim = Simulation(log, CLUSTER)
    sim.run_until(2000)
    before = sim.digest()
    fork = sim.fork()
    fork.run_until()
    assert sim.digest() == before
    assert sim.now == 2000
    sim.run_until()
    pd.testing.assert_frame_equal(sim.result().jobs, fork.result().jobs)


def test_a_result_is_a_snapshot(log):
    """Going on does not change what was returned."""
    sim = Simulation(log, CLUSTER)
    sim.run_until(1000)
    early = sim.result()
    sim.run_until()
    assert (early.jobs["status"] == "completed").sum() < 400
    assert (
        early.metrics["counts"]
        == early.jobs["status"].value_counts().loc[lambda c: c > 0].to_dict()
    )
    used = early.utilisation
    assert used["time"].max() <= 1000


def test_what_is_decided_does_not_depend_on_hidden_run_times(log):
    """Changing the run times of jobs that have not ended by 2000 changes no start up to then."""
    base = schedule(log, CLUSTER).jobs
    late = base["end_time"] > 2000
    other = log.assign(duration_s=log["duration_s"].where(~late, log["limit_s"]))
    changed = schedule(other, CLUSTER).jobs
    early = base["start_time"] <= 2000
    assert early.sum() > 100
    assert (changed["start_time"] <= 2000).tolist() == early.tolist()
    assert changed.loc[early, "start_time"].tolist() == base.loc[early, "start_time"].tolist()


def test_later_submissions_equal_jobs_known_from_the_start(log):
    """Half of the log submitted at 1500 gives the schedule of the whole."""
    sim = Simulation(log[log["submit_time"] <= 1500], CLUSTER)
    sim.run_until(1500)
    sim.submit(log[log["submit_time"] > 1500])
    sim.run_until()
    whole = schedule(log, CLUSTER).jobs
    assert sim.result().jobs["start_time"].tolist() == whole["start_time"].tolist()
    with pytest.raises(InvalidInputError, match="past"):
        sim.submit(log.iloc[:1])


class Plan:
    """What the engine reads of a capacity plan."""

    def __init__(self, *rows: tuple[float, float], startup_s: float = 0.0, resource: str = "gpus"):
        self.rows = pd.DataFrame(
            [(t, "default", resource, amount) for t, amount in rows],
            columns=["time", "pool", "resource", "amount"],
        )
        self.startup_s = startup_s


def gpus_of(jobs: list[tuple[float, float, int]]) -> pd.DataFrame:
    """Jobs as (submit, duration, gpus) with exact limits."""
    frame = pd.DataFrame(jobs, columns=["submit_time", "duration_s", "gpus"])
    return frame.assign(limit_s=frame["duration_s"])


def test_a_plan_switches_nodes_on_after_the_startup_delay():
    """One node from the start; the second is ordered at 10 and ready at 15."""
    jobs = gpus_of([(0, 100, 8), (1, 100, 8)])
    plan = Plan((0, 8), (10, 16), startup_s=5)
    result = schedule(jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=plan)
    assert result.jobs["start_time"].tolist() == [0, 15]
    assert result.metrics["node_hours"] == pytest.approx((10 + 105 * 2) / 3600)


def test_a_falling_plan_takes_idle_nodes_first_and_kills_nothing():
    """Node 1 is idle and goes at once; node 0 runs on, then goes; nothing new starts there."""
    jobs = gpus_of([(0, 100, 8), (20, 10, 8)])
    plan = Plan((0, 16), (10, 8), (50, 0), (200, 8))
    result = schedule(jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=plan)
    assert result.jobs["start_time"].tolist() == [0, 200]
    assert result.jobs["status"].tolist() == ["completed", "completed"]
    assert result.metrics["node_hours"] == pytest.approx((10 * 2 + 90 + 10) / 3600)


def test_the_node_that_empties_soonest_drains_and_comes_back_first():
    """Both nodes are busy; the plan falls to one at 10 and rises again at 20."""
    jobs = gpus_of([(0, 100, 8), (0, 50, 8), (15, 5, 8)])
    plan = Plan((0, 16), (10, 8), (60, 16), startup_s=30)
    result = schedule(jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=plan)
    # Node 1 empties at 50 and goes off; ordered again at 60, it is ready at 90.
    assert result.jobs["start_time"].tolist() == [0, 0, 90]
    back = schedule(
        jobs,
        Cluster.homogeneous(nodes=2, gpus=8),
        allocation=Plan((0, 16), (10, 8), (20, 16), startup_s=30),
    )
    assert back.jobs["start_time"].tolist() == [0, 0, 50]


def test_the_shadow_sees_the_plan():
    """The head needs both nodes, the second comes at 100: a job that ends by then may go first."""
    jobs = gpus_of([(0, 10, 8), (1, 10, 8), (2, 80, 8), (3, 120, 8)])
    jobs["tasks"] = [1, 2, 1, 1]
    result = schedule(
        jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=Plan((0, 8), (100, 16))
    )
    assert result.jobs["start_time"].tolist() == [0, 100, 10, 110]


def test_a_divisible_node_follows_by_the_unit():
    """Ten CPUs, four from 5 on: nothing starts until use has fallen."""
    jobs = pd.DataFrame(
        {
            "submit_time": [0, 6, 6],
            "duration_s": [20, 5, 5],
            "limit_s": [20, 5, 5],
            "cpus": [6, 4, 5],
        }
    )
    plan = Plan((0, 10), (5, 4), (40, 10), resource="cpus", startup_s=2)
    result = schedule(jobs, Cluster.homogeneous(nodes=1, cpus=10), policy="easy", allocation=plan)
    assert result.jobs["start_time"].tolist() == [0, 20, 42]


def test_a_divisible_node_keeps_what_is_under_way_when_the_plan_is_replaced():
    """Ordered at 10 with 5 s of start-up; a new plan at 12 wants less, and gets it at 15."""
    jobs = pd.DataFrame({"submit_time": [0, 11], "duration_s": 50, "limit_s": 50, "cpus": [4, 4]})
    first = Plan((0, 4), (10, 10), resource="cpus", startup_s=5)
    sim = Simulation(jobs, Cluster.homogeneous(nodes=1, cpus=10), allocation=first)
    sim.run_until(12)
    sim.set_plan(Plan((12.5, 8), resource="cpus", startup_s=5))
    sim.run_until()
    assert sim.result().jobs["start_time"].tolist() == [0, 15]
    late = Simulation(
        jobs, Cluster.homogeneous(nodes=1, cpus=10), allocation=Plan((0, 4), resource="cpus")
    )
    late.run_until(12)
    late.set_plan(Plan((12.5, 8), resource="cpus", startup_s=5))
    late.run_until()
    assert late.result().jobs["start_time"].tolist() == [0, 17.5]


def test_jobs_beyond_the_plans_maximum_are_infeasible_until_it_grows():
    """A gang of two nodes under a plan of one; a new plan makes it run."""
    jobs = gpus_of([(0, 10, 8)]).assign(tasks=2)
    sim = Simulation(jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=Plan((0, 8)))
    sim.run_until(5)
    assert sim.result().jobs["status"].tolist() == ["infeasible"]
    sim.set_plan(Plan((6, 16)))
    sim.run_until()
    assert sim.result().jobs["start_time"].tolist() == [6]


def test_plans_that_do_not_fit_the_cluster_are_refused():
    """Unknown pools and resources, and capacity of devices inside a node."""
    jobs = gpus_of([(0, 10, 8)])
    plan = Plan((0, 8), resource="tpus")
    with pytest.raises(InvalidInputError, match="tpus"):
        schedule(jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=plan)
    plan = Plan((0, 8))
    plan.rows["pool"] = "elsewhere"
    with pytest.raises(InvalidInputError, match="elsewhere"):
        schedule(jobs, Cluster.homogeneous(nodes=2, gpus=8), allocation=plan)


def test_nodes_come_and_go_as_their_table_says():
    """Available from 10 to 30: a job of 15 s starts at 10, one submitted at 31 never."""
    nodes = pd.DataFrame(
        {"node_id": ["a"], "gpus": [8], "available_from": [10.0], "available_to": [30.0]}
    )
    out = schedule(gpus_of([(0, 15, 8), (31, 5, 8)]), nodes).jobs
    assert out["start_time"].tolist()[0] == 10
    assert out["reason"].tolist()[1] == "nodes_down"


def test_a_job_accepted_for_capacity_that_is_gone_blocks_nobody():
    """The slot it was accepted for is taken away while another job holds the CPUs."""
    jobs = pd.DataFrame(
        {"submit_time": [0, 0, 2], "duration_s": [9, 5, 20], "cpus": [1, 2, 1], "slots": [0, 1, 0]}
    )
    nodes = pd.DataFrame({"node_id": ["a"], "cpus": [2], "slots": [0]})
    events = pd.DataFrame(
        {"time": [0, 1], "kind": "capacity", "node": "a", "resource": "slots", "value": [1, 0]}
    )
    out = schedule(jobs, nodes, policy="fcfs", events=events).jobs
    assert out["start_time"].tolist()[2] == 2
    assert out["reason"].tolist()[1] == "nodes_down"


def test_python_orders_equal_the_cores_own(log):
    """Shortest first written in Python, once a job and in every pass."""
    want = schedule(log, CLUSTER, order="sjf").jobs["start_time"].tolist()

    def shortest(jobs):
        return jobs["estimate_s"]

    @fairlead.policy_key(keys="per_pass")
    def shortest_each_pass(jobs):
        return jobs["estimate_s"]

    assert schedule(log, CLUSTER, order=shortest).jobs["start_time"].tolist() == want
    assert schedule(log, CLUSTER, order=shortest_each_pass).jobs["start_time"].tolist() == want


def test_a_per_pass_order_may_use_the_wait(log):
    """Keys that change with time are whole columns of what waits."""
    seen = []

    @fairlead.policy_key(keys="per_pass")
    def expansion(jobs):
        seen.append(len(jobs["waited_s"]))
        return -(jobs["waited_s"] + jobs["estimate_s"]) / jobs["estimate_s"]

    out = schedule(log, CLUSTER, order=expansion).jobs
    assert (out["status"].isin(["completed", "timeout"])).all()
    assert max(seen) > 5


def test_orders_that_return_nonsense_are_refused(log):
    """One finite key a job."""
    with pytest.raises(InvalidInputError, match="one finite key"):
        schedule(log, CLUSTER, order=lambda jobs: jobs["estimate_s"][:3])
    with pytest.raises(InvalidInputError, match="one finite key"):
        schedule(log, CLUSTER, order=lambda jobs: jobs["estimate_s"] * np.nan)


def test_independent_simulations_run_in_threads(log):
    """The core releases the GIL and shares nothing that changes."""
    origin = Simulation(log, CLUSTER)
    origin.run_until(1000)
    forks = [origin.fork() for _ in range(8)]
    threads = [threading.Thread(target=fork.run_until) for fork in forks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({fork.digest() for fork in forks}) == 1


def test_ctrl_c_interrupts_between_two_instants():
    """The simulation stays usable and ends as if nothing had happened."""
    n = 400_000
    jobs = pd.DataFrame(
        {"submit_time": np.arange(n) * 10, "duration_s": 60, "limit_s": 60, "gpus": 1}
    )
    sim = Simulation(jobs, Cluster.homogeneous(nodes=40, gpus=8))
    timer = threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()

    def run_for_a_while():
        while time.monotonic() - started < 60:
            sim.fork().run_until()

    try:
        with pytest.raises(KeyboardInterrupt):
            run_for_a_while()
    finally:
        timer.join()
    sim.run_until(1000)
    assert sim.result().metrics["counts"]["completed"] > 0


def test_progress_does_not_change_the_result(log, capsys):
    """The bar goes to stderr."""
    quiet = schedule(log, CLUSTER).jobs
    pd.testing.assert_frame_equal(schedule(log, CLUSTER, progress=True).jobs, quiet)
    assert capsys.readouterr().out == ""


# ---- the live engine ------------------------------------------------------------------------


def two_jobs() -> pd.DataFrame:
    """A job of both GPUs, then one of one."""
    return pd.DataFrame({"job_id": ["big", "small"], "gpus": [2, 1], "limit_s": [60.0, 60.0]})


def test_events_in_decisions_out():
    """Start, reservation, refusal; what a finish frees goes to the next."""
    engine = Engine(Cluster.homogeneous(nodes=1, gpus=2))
    engine.apply("submit", 0, jobs=two_jobs())
    engine.apply(
        "submit", 0, jobs=pd.DataFrame({"job_id": ["huge"], "gpus": [3], "limit_s": [1.0]})
    )
    decisions = {d.job_id: d for d in engine.decide(0)}
    assert decisions["big"].kind == "start"
    assert decisions["big"].tasks == (("node-0", (("gpus", 0), ("gpus", 1))),)
    assert (decisions["small"].kind, decisions["small"].time) == ("reserve", 60.0)
    assert (decisions["huge"].kind, decisions["huge"].reason) == ("refuse", "infeasible:gpus")
    assert engine.blocked_by("small", 1) == "resources"
    engine.apply("finish", 30, job="big", status="failed")
    assert [(d.kind, d.job_id, d.time) for d in engine.decide(30)] == [("start", "small", 30.0)]


def test_added_nodes_make_refused_jobs_run():
    """Feasibility is judged again when a node is added."""
    engine = Engine(
        pd.DataFrame({"node_id": ["a"], "gpus": [1], "gpu_type": ["a100"]}), policy="fcfs"
    )
    engine.apply("submit", 0, jobs=pd.DataFrame({"job_id": [7], "gpus": [2], "gpu_type": ["h100"]}))
    assert engine.decide(0)[0].reason == "infeasible:gpu_type"
    engine.apply(
        "node_add", 5, nodes=pd.DataFrame({"node_id": ["b"], "gpus": [2], "gpu_type": ["h100"]})
    )
    assert engine.decide(5)[0].tasks == (("b", (("gpus", 0), ("gpus", 1))),)


def test_node_events_cancellations_and_estimates_are_followed():
    """Drain, fail, resume, cancel, estimate, capacity, tick."""
    engine = Engine(pd.DataFrame({"node_id": ["a", "b"], "cpus": [4, 4]}))
    jobs = pd.DataFrame({"job_id": [1, 2, 3], "cpus": [4, 4, 4], "limit_s": [60, 60, 60]})
    engine.apply("node_drain", 0, node="b")
    engine.apply("submit", 0, jobs=jobs)
    assert [d.job_id for d in engine.decide(0) if d.kind == "start"] == [1]
    engine.apply("node_resume", 1, node="b")
    assert [d.job_id for d in engine.decide(1) if d.kind == "start"] == [2]
    engine.apply("cancel", 2, job=3)
    engine.apply("node_fail", 2, node="a")
    assert [(d.kind, d.job_id, d.time) for d in engine.decide(2)] == [("reserve", 1, 61.0)]
    assert engine.waiting == 1
    assert engine.blocked_by(1, 2) == "resources"
    engine.apply("estimate", 3, job=2, value=30)
    assert [(d.kind, d.job_id, d.time) for d in engine.decide(3)] == [("reserve", 1, 31.0)]
    engine.apply("capacity", 4, node="b", resource="cpus", value=2)
    engine.apply("tick", 5)
    assert engine.blocked_by(1, 5) == "nodes_down"


def test_an_engine_fork_proves_by_digest_that_it_is_the_same():
    """Equal after equal events, different after different ones."""
    engine = Engine(Cluster.homogeneous(nodes=2, gpus=2))
    engine.apply("submit", 0, jobs=two_jobs())
    engine.decide(0)
    fork = engine.fork()
    assert fork.digest() == engine.digest()
    fork.apply("finish", 9, job="big")
    assert fork.digest() != engine.digest()
    engine.apply("finish", 9, job="big")
    assert fork.digest() == engine.digest()


@pytest.fixture
def outrunning() -> pd.DataFrame:
    """A contended log of jobs that mostly outrun their guess; all times are tens of seconds."""
    rng = np.random.default_rng(29)
    duration = 10 * rng.integers(2, 90, 80)
    return pd.DataFrame(
        {
            "job_id": [f"job-{row}" for row in range(80)],
            "submit_time": 10.0 * np.sort(rng.integers(0, 400, 80)),
            "duration_s": duration,
            "limit_s": duration + 10 * rng.integers(-1, 200, 80),
            "guess_s": 10 * (duration * rng.uniform(0.002, 0.09, 80)).astype(int) + 10,
            "gpus": rng.choice([1, 2, 4, 8], 80),
        }
    )


def live_starts(jobs: pd.DataFrame, correction: str) -> dict[str, tuple[float, list[str]]]:
    """When and on which nodes an engine starts the jobs, told every 10 s what has happened."""
    engine = Engine(CLUSTER, correction=correction)
    run_s = np.minimum(jobs["duration_s"], jobs["limit_s"]).set_axis(jobs["job_id"])
    come = dict(list(jobs.groupby("submit_time")))
    starts: dict[str, tuple[float, list[str]]] = {}
    ends: dict[int, list[str]] = {}
    now = 0
    while len(starts) < len(jobs):
        for job in ends.pop(now, []):
            engine.apply("finish", now, job=job)
        if now in come:
            engine.apply("submit", now, jobs=come[now])
            for job, guess in zip(come[now]["job_id"], come[now]["guess_s"], strict=True):
                engine.apply("estimate", now, job=job, value=guess)
        for decision in engine.decide(now):
            if decision.kind == "start":
                job = decision.job_id
                starts[job] = (decision.time, [node for node, _ in decision.tasks])
                ends.setdefault(now + int(run_s[job]), []).append(job)
        now += 10
    return starts


@pytest.mark.parametrize("correction", ["doubling", "limit", "stepwise"])
def test_a_live_engine_corrects_as_a_replay_does(outrunning, correction):
    """The same starts on the same nodes, by each correction."""
    replay = schedule(outrunning, CLUSTER, run_times="guess_s", correction=correction)
    nodes = replay.placements.groupby("job_id")["node"].apply(list)
    expected = {
        job: (start, nodes[job])
        for job, start in zip(replay.jobs["job_id"], replay.jobs["start_time"], strict=True)
    }
    assert live_starts(outrunning, correction) == expected


def test_corrections_lead_to_schedules_of_their_own(outrunning):
    """So the test above tells them apart."""
    starts = {
        tuple(schedule(outrunning, CLUSTER, run_times="guess_s", correction=c).jobs["start_time"])
        for c in ("doubling", "limit", "stepwise")
    }
    assert len(starts) == 3


def test_the_steps_of_a_correction_are_state():
    """Of two engines with one planned end, the one that has made a step makes a longer one next."""
    corrected = Engine(Cluster.homogeneous(nodes=1, gpus=2), correction="stepwise")
    corrected.apply("submit", 0, jobs=two_jobs().assign(limit_s=1000.0))
    corrected.apply("estimate", 0, job="big", value=10)
    corrected.decide(0)
    told = corrected.fork()
    told.apply("estimate", 10, job="big", value=70)
    for engine in (corrected, told):
        assert [decision.time for decision in engine.decide(10)] == [70.0]
    assert corrected.digest() != told.digest()
    engines = (corrected, corrected.fork(), told)
    assert [engine.decide(70)[0].time for engine in engines] == [370.0, 370.0, 130.0]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (("explode", 1, {}), "kind must be one of submit"),
        (("finish", 1, {"job": "x"}), "job must be one"),
        (("finish", 1, {"job": "small"}), "does not run"),
        (("node_fail", 1, {"node": "x"}), "node must be one"),
        (("node_fail", 1, {}), "wrong fields"),
        (("tick", -1, {}), "must not go back"),
        (("submit", 1, {"jobs": two_jobs()}), "must be new"),
        (("capacity", 1, {"node": "node-0", "resource": "gpus", "value": 1}), "resource must be"),
    ],
)
def test_bad_events_are_refused_and_change_nothing(event, message):
    """Nothing is half done."""
    engine = Engine(Cluster.homogeneous(nodes=1, gpus=2))
    engine.apply("submit", 0, jobs=two_jobs())
    engine.decide(0)
    before = engine.digest()
    kind, when, fields = event
    with pytest.raises(InvalidInputError, match=message):
        engine.apply(kind, when, **fields)
    assert engine.digest() == before
