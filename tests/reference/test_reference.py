"""The reference simulator on cases worked by hand; each test is a sentence of the page."""

import pytest

from reference.simulator import Simulator, simulate

S = 10**9
GIB = 2**30


def job(submit, duration, cpus=1, **more):
    """A job in seconds and cores; its estimate is its duration unless given."""
    for name in ("limit", "estimate"):
        if name in more:
            more[name] *= S
    request = {"cpus": cpus * 1000} if cpus else {}
    request |= {r: more.pop(r) for r in ("gpus", "memory_gib", "tpus") if r in more}
    made = {"submit": submit * S, "duration": duration * S, "request": request}
    return made | {"estimate": duration * S} | more


def cpus(*counts, **more):
    """One node for each count of cores."""
    return [{"capacity": {"cpus": count * 1000}} | more for count in counts]


def gpu_nodes(*counts, **more):
    """One node for each count of GPUs."""
    return [{"capacity": {"gpus": count * 1000}} | more for count in counts]


def starts(jobs, nodes, events=(), **options):
    """Start times in seconds."""
    events = [(time * S, *event) for time, *event in events]
    out = simulate(jobs, nodes, events, **options)
    return [None if job.start is None else job.start / S for job in out]


def outcomes(jobs, nodes, events=(), **options):
    """(status, end in seconds) of each job."""
    events = [(time * S, *event) for time, *event in events]
    out = simulate(jobs, nodes, events, **options)
    return [(job.status, None if job.end is None else job.end / S) for job in out]


def devices(job, kind="gpus"):
    """(node, device) pairs of a job's tasks."""
    return [(n, d) for n, taken in job.placed for r, d, _ in taken if r == kind]


EASY = [job(0, 10, 6), job(1, 10, 8), job(2, 5, 4), job(3, 20, 2), job(4, 4, 4)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0, 10, 20, 20, 20]),
        ({"backfill": "easy"}, [0, 10, 2, 7, 20]),
        ({"backfill": "easy", "backfill_order": "shortest"}, [0, 10, 2, 7, 20]),
        ({"backfill": "first_fit"}, [0, 10, 2, 7, 20]),
    ],
)
def test_the_easy_example_of_the_page(options, expected):
    """The table of docs/semantics.md, Worked example: EASY."""
    assert starts(EASY, cpus(10), **options) == expected


def test_the_device_example_of_the_page():
    """The table of docs/semantics.md, Worked example: shares, gangs, devices."""
    asks = [(3000, 1), (2000, 1), (500, 1), (1000, 2), (500, 1), (1000, 1)]
    jobs = [job(0, 9, 0, gpus=share, tasks=tasks) for share, tasks in asks]
    out = simulate(jobs, gpu_nodes(4, 4), until=0)
    assert [devices(placed) for placed in out] == [
        [(0, 0), (0, 1), (0, 2)], [(1, 0), (1, 1)], [(0, 3)], [(1, 2), (1, 3)], [(0, 3)], [],
    ]  # fmt: skip


def test_a_job_at_its_limit_completes_and_beyond_it_times_out():
    """Equal is completed; the end is the limit."""
    jobs = [job(0, 5, limit=5), job(0, 6, limit=5), job(0, 1, limit=0), job(0, 0, limit=0)]
    assert outcomes(jobs, cpus(4)) == [
        ("completed", 5), ("timeout", 5), ("timeout", 0), ("completed", 0),
    ]  # fmt: skip


def test_zero_length_jobs_open_another_round_of_the_instant():
    """Three of them take turns on one core without time passing."""
    assert starts([job(4, 0), job(4, 0), job(4, 0)], cpus(1)) == [4, 4, 4]


def test_a_finish_frees_its_cores_for_a_submission_of_the_same_instant():
    """Finishes come before submissions, and one pass follows both."""
    assert starts([job(0, 5, 2), job(5, 1, 2)], cpus(2)) == [0, 5]


def test_speed_of_the_slowest_node_rounds_the_run_length_up():
    """ceil(10 s / 1.5) in nanoseconds; a limit below it is a timeout."""
    nodes = [*cpus(1, speed=2.0), *cpus(1, speed=1.5)]
    out = simulate([job(0, 10, tasks=2), job(7, 10, limit=5), job(7, 10, limit=4)], nodes)
    assert [job.end for job in out[:1]] == [6_666_666_667]
    assert [(job.status, job.end) for job in out[1:]] == [
        ("completed", 12 * S), ("timeout", 11 * S),
    ]  # fmt: skip


def test_an_outrun_estimate_doubles_up_to_the_limit():
    """Planned ends 2, 4, 8, then 11 by the limit; the head's shadow moves with them."""
    jobs = [job(0, 11, 2, estimate=2, limit=11), job(0, 1, 3), job(3, 1), job(6, 3)]
    assert starts(jobs, cpus(3), backfill="easy") == [0, 11, 3, 8]


def test_a_zero_estimate_becomes_one_second():
    """The correction is another round of the instant in which the job started."""
    [out] = simulate([job(0, 9, estimate=0)], cpus(1), until=0)
    assert out.estimate == S


def test_an_estimate_event_on_a_running_job_is_corrected_at_once():
    """At 6, an estimate of 2 doubles until it is beyond 6."""
    [out] = simulate([job(0, 9)], cpus(1), [(6 * S, "estimate", 0, 2 * S)], until=6 * S)
    assert out.estimate == 8 * S


def test_an_estimate_event_reorders_the_queue():
    """Under sjf the third job overtakes the second once it is said to be shorter."""
    jobs = [job(0, 5), job(1, 3), job(1, 9)]
    assert starts(jobs, cpus(1), [(2, "estimate", 2, S)], order="sjf") == [0, 14, 5]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("fcfs", [9, 14, 18]),
        ("sjf", [15, 11, 9]),
        ("ljf", [9, 14, 18]),
        ("saf", [11, 16, 9]),
        ("priority", [11, 16, 9]),
        ("weighted", [15, 9, 13]),
    ],
)
def test_orders(order, expected):
    """Three jobs of 5, 4 and 2 s wait until 9; their dominant shares are 5/8, 1 and 3/4."""
    memory = {"memory_gib": 5 * GIB}
    jobs = [
        job(0, 9, 1, **memory),
        job(1, 5, 1, **memory, priority=1.0),
        job(2, 4, 4, **memory, urgency=2.0),
        job(3, 2, 3, **memory, priority=2.0, urgency=1.0),
    ]
    nodes = [{"capacity": {"cpus": 4000, "memory_gib": 8 * GIB}}]
    assert starts(jobs, nodes, order=order) == [0, *expected]


@pytest.mark.parametrize(
    ("placement", "node"),
    [("first_fit", 0), ("best_fit", 1), ("worst_fit", 2), ("balanced", 0), ("consolidated", 1)],
)
def test_placements(placement, node):
    """Two of 8, 4 and 16 cores, where one of the 4 is in use."""
    nodes = [*cpus(8), *cpus(4, pool="b"), *cpus(16)]
    out = simulate([job(0, 9, 1, pool="b"), job(0, 9, 2)], nodes, placement=placement)
    assert out[1].placed[0][0] == node


def test_consolidated_takes_the_node_that_holds_most_of_the_gang():
    """Four tasks on 2, 5 and 8 cores: 5 and 8 hold all four, the lower row wins."""
    out = simulate([job(0, 9, tasks=4)], cpus(2, 5, 8), placement="consolidated")
    assert {n for n, _ in out[0].placed} == {1}


def test_balanced_takes_the_smallest_load_ratio():
    """The documents' example: 20 of 50, 40 of 100, 30 of 80; 0.375 is the smallest."""
    nodes = [*cpus(50, pool="a"), *cpus(100, pool="b"), *cpus(80, pool="c")]
    loads = [job(0, 9, n, pool=pool) for n, pool in ((20, "a"), (40, "b"), (30, "c"))]
    out = simulate([*loads, job(0, 9, 5)], nodes, placement="balanced")
    assert out[3].placed[0][0] == 2


def test_tasks_per_node_puts_one_unit_on_a_node():
    """Four tasks, two a node, take two nodes although one has room for all."""
    out = simulate([job(0, 9, tasks=4, per_node=2)], cpus(8, 8))
    assert [n for n, _ in out[0].placed] == [0, 0, 1, 1]


def test_a_gang_starts_whole_or_not_at_all():
    """Three tasks of two cores do not start on five free cores."""
    assert starts([job(0, 4, 1), job(0, 1, 2, tasks=3)], cpus(4, 2)) == [0, 4]


def test_a_share_goes_to_the_smallest_sufficient_share():
    """A quarter goes beside the half, not on an untouched device; a whole one needs all of it."""
    asks = (500, 250, 600, 1000)
    out = simulate([job(0, 9, 0, gpus=share) for share in asks], gpu_nodes(3), until=0)
    assert [devices(placed) for placed in out] == [[(0, 0)], [(0, 0)], [(0, 1)], [(0, 2)]]


def test_whole_devices_take_all_memory_and_shares_what_they_ask():
    """Two shares of 3 GiB do not fit a device of 4 GiB; a share that asks none takes none."""
    nodes = gpu_nodes(1, gpu_memory=4 * GIB)
    shares = [job(0, 9, 0, gpus=250, gpu_memory=memory * GIB) for memory in (3, 3, 0, 1)]
    assert starts(shares, nodes, until=0, backfill="first_fit") == [0, None, 0, 0]
    whole = [job(0, 9, 0, gpus=1000), job(0, 1, 0, gpus=250)]
    assert starts(whole, nodes) == [0, 9]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (job(0, 1, 9), "cpus"),
        (job(0, 1, pool="none"), "pool"),
        (job(0, 1, gpu_type=("x",)), "gpu_type"),
        (job(0, 1, tpus=1000), "tpus"),
        (job(0, 1, 4, gpus=2000, gpu_memory=9 * GIB), "gpu_memory_gib"),
        (job(0, 1, 5, gpus=2000), "cpus"),
        (job(0, 1, tasks=3, per_node=1), "nodes"),
    ],
)
def test_infeasible_names_what_fails(asked, reason):
    """Cores on one node, GPUs on the other: what alone allows the fewest units is named."""
    gpus = {"capacity": {"cpus": 4000, "gpus": 2000}, "gpu_type": "a", "gpu_memory": 8 * GIB}
    [infeasible, other] = simulate([asked, job(0, 1)], [*cpus(8), gpus])
    assert (infeasible.status, infeasible.reason) == ("infeasible", f"infeasible:{reason}")
    assert other.start == 0


def test_backfill_may_use_what_is_held_only_up_to_the_shadow():
    """Behind a head of 4 on node 0, a long job may take node 1 and a short one node 0."""
    jobs = [job(0, 10, 2), job(1, 5, 4), job(2, 20, 2), job(2, 8, 2), job(2, 20, 2)]
    out = simulate(jobs, cpus(4, 3), backfill="easy")
    assert [job.start / S for job in out] == [0, 10, 2, 2, 15]
    assert [job.placed[0][0] for job in out] == [0, 0, 1, 0, 0]


def test_a_node_that_leaves_before_the_shadow_takes_no_job_that_runs_past_it():
    """Node 1 drains at 5, the shadow is 10: the 20 s job waits, the 8 s job goes there."""
    nodes = [*cpus(2, pool="a"), *cpus(2, pool="b", available_to=5 * S)]
    jobs = [job(0, 10, 2, pool="a"), job(1, 9, 2, pool="a")]
    jobs += [job(2, 20, pool="b"), job(2, 8, pool="b")]
    assert starts(jobs, nodes, backfill="easy") == [0, 10, None, 2]


def test_a_draining_node_finishes_its_jobs_and_starts_none():
    """Drained from 1 to 6; the second job waits for the resumption."""
    events = [(1, "node_drain", 0), (6, "node_resume", 0)]
    assert starts([job(0, 3), job(2, 1)], cpus(2), events) == [0, 6]


def test_a_failed_node_sends_its_jobs_back_to_their_place_in_the_queue():
    """The job starts over on the other node, before one submitted later."""
    events = [(4, "node_fail", 0)]
    jobs = [job(0, 9, 2), job(1, 3, 2), job(2, 5, 2)]
    out = simulate(jobs, cpus(2, 2), [(4 * S, "node_fail", 0)])
    assert [(job.start / S, job.attempts) for job in out] == [(4, 2), (1, 1), (13, 1)]
    assert outcomes(jobs, cpus(2, 2), events, requeue=False)[0] == ("failed", 4)


def test_a_job_that_waits_for_nodes_out_of_service_blocks_nobody():
    """Two nodes are needed, one is down for good: the others pass by."""
    jobs = [job(1, 5, 2, tasks=2), job(2, 5)]
    for backfill in ("none", "first_fit", "easy"):
        got = starts(jobs, cpus(2, 2), [(0, "node_fail", 1)], backfill=backfill)
        assert got == [None, 2]


def test_a_node_known_to_come_is_waited_for():
    """The same with a node that is available from 9: now the head blocks, or holds."""
    jobs = [job(1, 5, 2, tasks=2), job(2, 5), job(2, 9)]
    nodes = [*cpus(2), *cpus(2, available_from=9 * S)]
    assert starts(jobs, nodes) == [9, 14, 14]
    assert starts(jobs, nodes, backfill="easy") == [9, 2, 14]


def test_a_capacity_event_below_use_stops_starts_until_use_falls():
    """4 cores in use, capacity 3 from 1 on: the next job waits until 6."""
    jobs = [job(0, 6, 2), job(0, 9, 2), job(2, 1)]
    assert starts(jobs, cpus(5), [(1, "capacity", 0, "cpus", 3000)]) == [0, 0, 6]


def test_cancel_takes_a_job_from_the_queue_or_from_its_node():
    """The running one ends at 3, the waiting one never starts, the unsubmitted one is not met."""
    jobs = [job(0, 9), job(1, 9), job(4, 2)]
    events = [(time * S, "cancel", row) for time, row in ((2, 1), (3, 0), (4, 2), (9, 2))]
    simulator = Simulator(jobs, cpus(1), events)
    out = simulator.run()
    assert [(job.status, job.start, job.end) for job in out] == [
        ("cancelled", 0, 3 * S), ("cancelled", None, 2 * S), ("completed", 4 * S, 6 * S),
    ]  # fmt: skip
    assert simulator.ignored == 2


def test_until_leaves_jobs_running_and_waiting():
    """The instant itself still happens."""
    jobs = [job(0, 5), job(1, 1), job(5, 1), job(6, 1)]
    got = outcomes(jobs, cpus(1), until=5 * S)
    assert got == [("completed", 5), ("running", None), ("waiting", None), ("waiting", None)]


@pytest.mark.parametrize(
    ("backfill", "reasons"),
    [
        ("none", ["", "resources", "order", "resources"]),
        ("easy", ["", "resources", "reserved", "resources"]),
        ("first_fit", ["", "resources", "", "resources"]),
    ],
)
def test_reasons(backfill, reasons):
    """A head of 4 behind 3 of 4 cores; one that fits but is long; one that does not fit."""
    jobs = [job(0, 5, 3), job(1, 5, 4), job(1, 9, 1), job(1, 9, 2)]
    out = simulate(jobs, cpus(4), backfill=backfill, until=1 * S)
    assert [job.reason for job in out] == reasons


def test_a_job_that_waits_for_a_failed_node_says_so():
    """It would fit the node that is down."""
    [out] = simulate([job(1, 5, 2)], cpus(1, 2), [(0, "node_fail", 1)])
    assert (out.status, out.reason) == ("waiting", "nodes_down")


def test_a_job_whose_capacity_was_taken_back_blocks_nobody():
    """A slot is there from 0 to 1; the job it was accepted for waits, the next one passes it."""
    nodes = [{"capacity": {"cpus": 2000, "slots": 0}}]
    jobs = [job(0, 9), job(0, 5, 2), job(2, 20)]
    jobs[1]["request"]["slots"] = 1000
    events = [(0, "capacity", 0, "slots", 1000), (1, "capacity", 0, "slots", 0)]
    assert starts(jobs, nodes, events) == [0, None, 2]
