"""The doctor tells lists that a publisher drew, rounded or cut from logs that were recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from python.readme_tables import folder
from python.sick_logs import log, traced

MADE = {
    "even_arrivals",
    "random_arrivals",
    "listed_run_times",
    "rounded_run_times",
    "cut_tail",
    "most_at_largest",
    "dominant_kind",
}


def findings(trace):
    """What is found, by name."""
    return traces.doctor(trace).findings.set_index("finding")


def made(trace):
    """The signs of a made list that are found."""
    return MADE & set(findings(trace).index)


# ---- small logs ---------------------------------------------------------------------------------


def test_a_sound_log_shows_no_sign_of_being_made():
    """Daily cycle, run times of a log-normal, users' names."""
    assert not made(traced(log()))
    assert not made(traces.generate(5000, nodes=16, seed=4))


@pytest.mark.parametrize("whole_seconds", [False, True])
@pytest.mark.parametrize("per_hour", [60, 3600])
def test_poisson_arrivals_are_told_from_daily_ones(whole_seconds, per_hour):
    """At one job a minute and one a second, with times cut down to seconds and without."""
    rng = np.random.default_rng(6)
    at = np.cumsum(rng.exponential(3600 / per_hour, 3000))
    drawn = log().assign(submit_time=np.floor(at) if whole_seconds else at)
    assert "random_arrivals" in made(traced(drawn))
    bursts = np.repeat(at[::3], 3) + np.tile([0, 0.2, 0.4], 1000) * 3600 / per_hour
    bursty = log().assign(submit_time=np.floor(bursts) if whole_seconds else bursts)
    assert "random_arrivals" not in made(traced(bursty))


def test_poisson_arrivals_are_found_at_the_stated_level():
    """Of 200 lists of 400 random pauses, hardly one in a hundred is missed."""
    print("seed 8")
    rng = np.random.default_rng(8)
    frame = log(n=400)
    missed = 0
    for _ in range(200):
        drawn = frame.assign(submit_time=np.cumsum(rng.exponential(50.0, 400)))
        missed += "random_arrivals" not in made(traced(drawn))
    assert missed <= 8


def test_even_steps_are_seen_and_one_moment_is_not_a_step():
    """A job every 30 s; all jobs at 0 are a burst, which is another finding."""
    told = findings(traced(log().assign(submit_time=np.arange(3000) * 30)))
    assert "30 s" in told.loc["even_arrivals", "message"]
    assert "even_arrivals" not in made(traced(log().assign(submit_time=0)))


def test_run_times_of_a_list_are_seen():
    """Sixty run times for 3,000 jobs; those that limits end are no list."""
    rng = np.random.default_rng(3)
    listed = log().assign(duration_s=rng.choice(np.rint(rng.uniform(700, 90_000, 60)), 3000))
    listed["limit_s"] = listed["duration_s"] * 2 + 7
    told = findings(traced(listed)).loc["listed_run_times"]
    assert "60 different run times" in told["message"]
    assert len(told["examples"]) > 0
    assert "listed_run_times" not in made(traced(listed.assign(limit_s=listed["duration_s"])))


@pytest.mark.parametrize(("unit", "word"), [(60, "1 min"), (3600, "1 h")])
def test_rounded_run_times_are_seen(unit, word):
    """Whole minutes, whole hours."""
    run = np.ceil(log()["duration_s"] / unit) * unit
    told = findings(traced(log().assign(duration_s=run, limit_s=run * 2 + 7)))
    assert f"multiples of {word}" in told.loc["rounded_run_times", "message"]


def test_a_cut_tail_is_seen():
    """Runs of more than two hours left out, or cut to two hours."""
    whole = log(n=4000)
    left = whole[whole["duration_s"] <= 7200].reset_index(drop=True)
    assert "cut_tail" in made(traced(left))
    told = findings(traced(whole.assign(duration_s=whole["duration_s"].clip(upper=7200))))
    assert "longer than 2 h" in told.loc["cut_tail", "message"]


def test_requests_cut_to_the_largest_are_seen():
    """All that asked more ask 4; a size in two doubles as rare as the one before is no cut."""
    rng = np.random.default_rng(5)
    falling = log().assign(gpus=rng.choice([1, 2, 4], 3000, p=(0.7, 0.2, 0.1)))
    assert "most_at_largest" not in made(traced(falling))
    cut = log().assign(gpus=rng.choice([1, 2, 4], 3000, p=(0.7, 0.05, 0.25)))
    assert "4 GPUs" in findings(traced(cut)).loc["most_at_largest", "message"]


@pytest.mark.parametrize("named_by", ["model", "job_id"])
def test_a_model_with_most_of_the_work_is_seen(named_by):
    """By a column of models, or by the ids before their numbers; few jobs, most of the work."""
    model = pd.Series(np.where(np.arange(3000) % 100 == 7, "bert", "cifar10"))
    model[::10] = "ncf"
    long = np.where(model == "bert", 400 * log()["duration_s"], log()["duration_s"])
    jobs = log().assign(duration_s=long, limit_s=2 * long + 7)
    named = model if named_by == "model" else model + "-" + pd.Series(range(3000)).astype("str")
    told = findings(traced(jobs.assign(**{named_by: named}))).loc["dominant_kind"]
    assert told["message"].startswith("bert has")
    assert told["count"] == 30
    assert "dominant_kind" not in made(traced(log().assign(**{named_by: named})))


# ---- public logs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "swf-pwa/KTH-SP2-1996-2.1-cln.swf.gz",
        "swf-pwa/SDSC-SP2-1998-4.2-cln.swf.gz",
        "itp-2021/raw_cluster01.csv.gz",
        "itp-2021/raw_cluster04.csv.gz",
        "itp-2021/elasticflow_195job.csv.gz",
        "alibaba-genai-2026/lora_request_trace_until_20241201.csv.gz",
        "alibaba-openb-2023/openb_pod_list_default.csv.gz",
    ],
)
def test_recorded_logs_are_not_called_made(shared_dir, place):
    """Their READMEs call them recorded."""
    name, _, file = place.partition("/")
    assert not made(traces.load(folder(shared_dir, name) / file))


@pytest.mark.parametrize("jobs", [120, 220, 460])
def test_shockwave_lists_are_generated_as_their_readme_says(shared_dir, jobs):
    """Poisson-like arrivals, and run times of real workloads from a list."""
    (file,) = folder(shared_dir, "shockwave-2022").glob(f"{jobs}_*.trace.gz")
    assert {"random_arrivals", "listed_run_times"} <= made(traces.load(file))


def test_imagenet_jobs_dominate_pollux_as_its_readme_says(shared_dir):
    """Rare, and most of the GPU time; arrivals are sampled."""
    pollux = folder(shared_dir, "pollux-2021")
    for number in (1, 2, 4, 5, 6, 7, 8):
        file = pollux / "workloads" / f"workload-{number}.csv"
        told = findings(traces.load(file, tables=pollux / "traces"))
        assert told.loc["dominant_kind", "message"].startswith("imagenet has")
        assert told.loc["dominant_kind", "count"] <= 6
    assert "random_arrivals" in made(traces.load(file))


def test_supercloud_has_no_long_runs_as_its_readme_says(shared_dir):
    """The longest hundredth of the run times was left out."""
    path = folder(shared_dir, "mit-supercloud-2021") / "slurm-log-queueing-clean.csv.gz"
    assert "cut_tail" in made(traces.load(path))


def test_sets_of_jobs_of_scheduler_papers_are_told_as_such(shared_dir):
    """Steps of half a minute at Tiresias; a size cut or chosen at Gavel and at openb."""
    tiresias = folder(shared_dir, "tiresias-2019") / "60_job.csv"
    assert "30 s" in findings(traces.load(tiresias)).loc["even_arrivals", "message"]
    gavel = folder(shared_dir, "gavel-traces") / "minimize_makespan.trace"
    assert "most_at_largest" in made(traces.load(gavel))
    openb = folder(shared_dir, "alibaba-openb-2023")
    resampled = made(traces.load(openb / "openb_pod_list_gpushare100.csv.gz"))
    assert "listed_run_times" in resampled
    assert "even_arrivals" in made(traces.load(openb / "openb_pod_list_multigpu50.csv.gz"))
