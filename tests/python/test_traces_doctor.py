"""The doctor: each finding is found where it is, not elsewhere, and its remedy mends it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.traces.trace import no_nodes
from python.sick_logs import DAY, SICK, log, names, nodes, traced


def test_a_sound_log_has_nothing_to_mend():
    """No warning and nothing critical."""
    found = traces.doctor(traced(log()))
    assert set(found.findings["severity"]) <= {"info"}, found.summary()
    assert 0.3 < found.measures["load"] < 1
    assert found.measures["users"] == 40


@pytest.mark.parametrize("case", SICK)
def test_each_sickness_is_found_and_its_remedy_mends_it(case):
    """The call in the findings, run as it stands, makes the finding go away and nothing worse."""
    make, severity, count = SICK[case]
    finding = case.split(" ")[0]
    trace = traced(make(log()))
    before = trace.jobs.copy()
    found = traces.doctor(trace)
    row = found.findings.set_index("finding").loc[finding]
    assert row["severity"] == severity
    assert count is None or row["count"] == count
    assert row["consequence"]
    assert 0 < len(row["examples"]) <= 5
    assert len(found.examples(finding, 3)) <= 3
    mended = eval(row["remedy"], {"traces": traces, "trace": trace})
    pd.testing.assert_frame_equal(trace.jobs, before)
    left = traces.doctor(mended)
    assert finding not in set(left.findings["finding"]), left.summary()
    assert left.counts()["critical"] <= found.counts()["critical"]
    changes = (mended.meta.dropped, mended.meta.repaired)
    assert sum(sum(counts.values()) for counts in changes) > 0


@pytest.mark.parametrize("case", [c for c in SICK if SICK[c][1] == "critical"])
def test_a_mended_trace_can_be_simulated(case):
    """All remedies of critical findings, one after another, give a trace the engine takes."""
    trace = traced(SICK[case][0](log()))
    for _ in range(5):
        found = traces.doctor(trace).findings
        critical = found[found["severity"] == "critical"]
        if critical.empty:
            break
        trace = eval(critical["remedy"].iloc[0], {"traces": traces, "trace": trace})
    done = fairlead.schedule(trace.jobs, trace.cluster(), run_times="actual")
    assert set(done.jobs["status"]) <= {"completed", "timeout"}


# ---- single findings ----------------------------------------------------------------------------


def test_jobs_that_never_fit_are_those_the_engine_sets_aside():
    """Over amounts, shares, gangs, pools, types and device memory, with the reason."""
    machine = pd.DataFrame(
        {
            "node_id": ["a", "b", "c"],
            "pool": ["x", "x", "y"],
            "gpus": [4, 4, 8],
            "gpu_type": ["a100", "a100", "h100"],
            "gpu_memory_gib": [40, 40, 80],
            "cpus": [32, 32, 64],
            "memory_gib": [100, 100, 200],
            "seats": [1, 1, 0],
        }
    )
    cells = {
        "gpus": [1, 9, 4, 0.5, 0.5, 8, 1, 1, 1, 0, 0, 5, 2],
        "tasks": [1, 1, 5, 32, 33, 1, 1, 1, 1, 1, 1, 1, 8],
        "tasks_per_node": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
        "cpus": [1, 1, 1, 0, 0, 1, 1, 1, 65, 64, 1, 1, 0],
        "memory_gib": [1.0] * 5 + [201] + [1] * 7,
        "pool": [None, None, None, None, None, None, "z", None, None, None, None, "x", None],
        "gpu_type": [None] * 7 + ["v100|p100"] + [None] * 5,
        "gpu_memory_gib": [None] * 10 + [81, None, None],
        "seats": [0] * 9 + [2, 0, 0, 0],
    }
    jobs = pd.DataFrame({"submit_time": range(13), "duration_s": 10.0, "limit_s": 20.0, **cells})
    cluster = fairlead.Cluster.from_frame(machine)
    found = traces.doctor(traced(jobs, no_nodes()), cluster)
    row = found.findings.set_index("finding").loc["never_fits"]
    done = fairlead.schedule(jobs, cluster).jobs
    infeasible = done[done["status"] == "infeasible"]
    assert found.examples("never_fits", 99).index.tolist() == infeasible.index.tolist()
    for reason, number in infeasible["reason"].value_counts().items():
        if number:
            assert f"{number} for {reason.removeprefix('infeasible:')}" in row["message"]
    for reason in ("pool", "gpu_type", "gpus", "memory_gib", "seats", "cpus"):
        assert f"for {reason}" in row["message"]
    scope = {"traces": traces, "trace": found.trace, "cluster": cluster}
    assert len(eval(row["remedy"], scope)) == 13 - len(infeasible)


def test_load_is_work_over_capacity_and_span():
    """Two jobs of 4 GPUs for an hour, an hour apart, on 8 GPUs: one."""
    jobs = pd.DataFrame({"submit_time": [0, 3600], "duration_s": 3600.0, "gpus": 4})
    found = traces.doctor(traced(jobs, nodes(2)))
    assert found.measures["load"] == pytest.approx(1.0)
    edges, used = found.view.usage(4)
    assert edges.tolist() == [0, 900, 1800, 2700, 3600]
    assert used.tolist() == [4, 4, 4, 4]
    assert "busy_weeks" not in names(traced(jobs, nodes(2)))


def test_what_can_only_be_said_has_no_remedy():
    """Notes: a flat day, no short jobs, a coarse clock, bursts, limits few and met, one queue."""
    plain = log(n=6000, days=60)
    rng = np.random.default_rng(3)
    even = plain.assign(submit_time=np.sort(rng.integers(0, 60 * DAY, 6000)) // 60 * 60)
    long = even["duration_s"].clip(600)
    limits = np.select([long <= 3600, long <= 7200], [3600, 7200], np.ceil(long / 14_400) * 14_400)
    at_limit = np.where(even.index % 20 == 0, limits, long)
    queue = np.where(even.index % 50, "a", "b")
    sick = even.assign(duration_s=at_limit, limit_s=limits, queue=queue)
    found = traces.doctor(traced(sick, read=7000, dropped={"bad user": 1000})).findings
    notes = found[found["severity"] == "info"]
    expected = {"flat_day", "short_jobs_missing", "coarse_clock", "modal_limits", "ended_at_limit",
                "dominant_queue", "dropped_records"}  # fmt: skip
    assert expected <= set(notes["finding"])
    assert (notes["remedy"] == "").all()
    assert "1,000 of 7,000" in notes.set_index("finding").loc["dropped_records", "message"]
    burst = plain.assign(submit_time=plain["submit_time"] // 7200 * 7200)
    assert "bursts" in names(traced(burst))
    assert "idle" in names(traced(plain, nodes(200)))


def test_predictions_use_only_jobs_that_had_ended():
    """The mean of the user's last two ended runs; before any, the limit; never beyond the limit."""
    jobs = pd.DataFrame(
        {
            "submit_time": [0, 50, 100, 300, 1000],
            "duration_s": [100.0, 200.0, 60.0, 1.0, 1.0],
            "limit_s": [500.0, 500.0, 500.0, 500.0, 20.0],
            "user": ["a", "a", "a", "a", "a"],
            "gpus": 1,
        }
    )
    made = traces.remedy(traced(jobs), "predict_run_times").jobs["predicted_s"].tolist()
    assert made == [500, 500, 100, 130, 20]


def test_thinning_keeps_the_daily_cycle():
    """Half of the jobs; of the hours of the day, at most one job in twenty is elsewhere."""
    trace = traced(log())
    half = traces.remedy(trace, "thin", keep=0.5)
    assert len(half) == 1500
    hours = [t.jobs["submit_time"] // 3600 % 24 for t in (trace, half)]
    before, after = (h.value_counts(normalize=True).sort_index() for h in hours)
    assert (after - before).abs().sum() / 2 < 0.05


def test_events_of_jobs_left_out_go_too():
    """Those that name a job by id, and by row where there are no ids."""
    jobs = log(n=100, days=2)
    events = pd.DataFrame(
        {"time": [10.0, 20.0, 30.0], "kind": ["cancel", "cancel", "node_fail"],
         "job_id": [0.0, 99.0, np.nan], "node": [None, None, "n1"]}
    )  # fmt: skip
    zero = jobs.assign(duration_s=np.where(jobs.index == 0, 0, jobs["duration_s"]))
    named = dataclasses.replace(traced(zero), events=events)
    left = traces.remedy(named, "drop_zero_run_times").events
    assert left["kind"].tolist() == ["cancel", "node_fail"]
    rows = dataclasses.replace(traced(zero.drop(columns="job_id")), events=events)
    left = traces.remedy(rows, "drop_zero_run_times").events
    assert left["job_id"].tolist()[0] == 98


def test_names_of_queues_fill_limits():
    """A missing limit becomes the longest of the queue; without any, of all."""
    jobs = pd.DataFrame(
        {"submit_time": 0, "duration_s": 1.0, "gpus": 1, "queue": ["a", "a", "b", None],
         "limit_s": [60.0, None, None, 90.0]}
    )  # fmt: skip
    filled = traces.remedy(traced(jobs), "fill_limits").jobs["limit_s"]
    assert filled.tolist() == [60, 60, 90, 90]


# ---- public logs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log_name", "found", "absent"),
    [
        ("KTH-SP2-1996-2.1-cln", {"ended_at_limit", "dropped_records"}, {"gaps", "cut_end"}),
        ("CEA-Curie-2011-2.1-cln", {"gaps", "cold_start", "cut_end", "loose_limits"}, {"idle"}),
    ],
)
def test_public_logs_have_the_oddities_their_archive_tells(shared_dir, log_name, found, absent):
    """Run times of 0 dropped; at Curie a pause, a slow start, and few jobs near the ends."""
    trace = traces.load(shared_dir / "traces" / "swf-pwa" / f"{log_name}.swf.gz")
    told = names(trace)
    assert found <= told
    assert not absent & told


def test_slow_starts_and_fading_ends_are_seen(shared_dir):
    """The image requests of Alibaba thin out at the begin, as their README says."""
    folder = shared_dir / "traces" / "alibaba-genai-2026"
    assert "cold_start" in names(traces.load(folder / "lora_request_trace_until_20241201.csv.gz"))
    whole = log(n=4000, days=40)
    time = whole["submit_time"] / DAY
    thin = whole[(time.between(6, 35)) | (whole.index % 20 == 0)].reset_index(drop=True)
    assert {"cold_start", "fading_end"} <= names(traced(thin))
    assert not {"cold_start", "fading_end"} & names(traced(whole))


def test_a_selection_without_short_jobs_is_seen(shared_dir):
    """The MIT selection: no run under 300 s, 46 ids that collide, 3,216 jobs without a limit."""
    file = shared_dir / "traces" / "mit-supercloud-2021" / "slurm-log-queueing-clean.csv.gz"
    rows = pd.read_csv(file, low_memory=False)
    jobs = pd.DataFrame(
        {
            "job_id": rows["id_job"],
            "submit_time": rows["time_submit"],
            "duration_s": rows["time_end"] - rows["time_start"],
            "limit_s": rows["timelimit"].where(rows["timelimit"] < 2**32 - 1) * 60,
            "cpus": rows["cpus_req"],
            "user": rows["id_user"].astype("str"),
        }
    )
    found = traces.doctor(traced(jobs, no_nodes())).findings.set_index("finding")
    assert "short_jobs_missing" in found.index
    assert found.loc["duplicate_ids", "count"] == 46
    assert found.loc["missing_limits", "count"] == 3216


def test_logs_without_a_daily_cycle_are_seen(shared_dir):
    """ITP cluster 04 is nearly flat over the day, as its README says; KTH-SP2 is not."""
    rows = pd.read_csv(shared_dir / "traces" / "itp-2021" / "raw_cluster04.csv.gz")
    jobs = rows.rename(
        columns={"submission_time": "submit_time", "duration": "duration_s", "num_gpu": "gpus"}
    )
    flat = names(traced(jobs, no_nodes()))
    assert {"flat_day", "short_jobs_missing"} <= flat
