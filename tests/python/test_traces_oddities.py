"""The doctor names what the README of each public job log calls odd, and the same in small logs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import InvalidInputError
from python.readme_tables import folder, table
from python.sick_logs import DAY, as_dates, log, traced


def findings(trace):
    """What is found, by name."""
    return traces.doctor(trace).findings.set_index("finding")


# ---- small logs ---------------------------------------------------------------------------------


def test_a_log_that_lacks_nothing_is_told_so():
    """Users, queues, limits, dates and a whole month: none of these notes."""
    found = findings(traced(as_dates(log(), "2026-01-05")))
    quiet = {"not_recorded", "bad_ends", "missing_waits", "repaired_records", "late_start"}
    assert not (quiet | {"short_span", "quiet_weekends", "singles_only"}) & set(found.index)


def test_what_no_job_tells_is_listed():
    """Only what is absent; a column without a value is absent."""
    bare = log().drop(columns=["user", "queue"]).assign(limit_s=np.nan)
    told = findings(traced(bare)).loc["not_recorded"]
    assert told["message"] == "no job tells users, queues, limits, the date of second 0"
    assert 'run_times="actual"' in told["consequence"]
    dated = as_dates(log().assign(user=None), "2026-01-05")
    assert findings(traced(dated)).loc["not_recorded", "message"] == "no job tells users"


def test_jobs_that_did_not_complete_are_counted_by_state():
    """By name, most first; numbers of the Standard Workload Format are named."""
    state = np.repeat(["COMPLETED", "FAILED", "CANCELLED"], [2900, 30, 70])
    told = findings(traced(log().assign(recorded_state=state))).loc["bad_ends"]
    assert told["count"] == 100
    assert told["message"].endswith("did not complete: 70 cancelled, 30 failed")
    assert told["examples"] == [2900, 2901, 2902, 2903, 2904]
    good = log().assign(recorded_state=pd.Categorical(["Pass"] * 3000))
    assert "bad_ends" not in findings(traced(good)).index


def test_a_small_swf_log_shows_ends_waits_and_repairs(tmp_path):
    """A failed job, a cancelled one, a missing wait, a run time above the requested one."""
    rows = [
        "1 0 5 60 2 -1 -1 2 90 -1 1 7 1 -1 1 -1 -1 -1",
        "2 9 -1 60 2 -1 -1 2 90 -1 0 7 1 -1 1 -1 -1 -1",
        "3 20 5 95 2 -1 -1 2 90 -1 5 7 1 -1 1 -1 -1 -1",
    ]
    file = tmp_path / "small.swf"
    file.write_text("; MaxProcs: 4\n" + "\n".join(rows) + "\n")
    found = findings(traces.load(file, keep=["recorded_status", "recorded_wait_s"]))
    assert found.loc["bad_ends", "message"].endswith("1 failed, 1 cancelled")
    assert found.loc[["missing_waits", "repaired_records"], "count"].tolist() == [1, 1]
    assert "1 run time cut to the requested time" in found.loc["repaired_records", "message"]


def test_a_late_begin_and_a_burst_are_seen():
    """Second 0 ten days before the first job; all jobs within an hour, or at once."""
    late = log().assign(submit_time=log()["submit_time"] + 10 * DAY)
    assert "10 d" in findings(traced(late)).loc["late_start", "message"]
    unix = log().assign(submit_time=log()["submit_time"] + 1_700_000_000)
    assert "late_start" not in findings(traced(unix)).index
    burst = log().assign(submit_time=np.arange(3000))
    assert findings(traced(burst)).loc["short_span", "count"] == 3000
    at_once = log().assign(submit_time=0)
    assert "at one moment" in findings(traced(at_once)).loc["short_span", "message"]


def test_quiet_weekends_are_seen():
    """Three of four jobs of Saturdays and Sundays left out: a quarter of a working day."""
    dated = as_dates(log(n=8000, days=42), "2026-01-05")
    weekend = dated["submit_time"].dt.day_of_week >= 5
    fewer = dated[~weekend | (dated.index % 4 == 0)].reset_index(drop=True)
    share = float(findings(traced(fewer)).loc["quiet_weekends", "message"].split("has ")[1][:2])
    assert 20 <= share <= 30
    assert "quiet_weekends" not in findings(traced(dated)).index


def test_a_log_without_two_jobs_in_a_second_is_seen():
    """One of each second kept of many; a clock of a step a job is none."""
    many = log(n=9000, days=10)
    single = many.drop_duplicates("submit_time").reset_index(drop=True)
    assert "singles_only" in findings(traced(single)).index
    assert "singles_only" not in findings(traced(many)).index
    assert "singles_only" not in findings(traced(many.assign(submit_time=np.arange(9000)))).index


def test_a_list_without_run_times_is_not_called_idle():
    """No work is known, so no load is."""
    assert "idle" not in findings(traced(log().drop(columns=["duration_s", "limit_s"]))).index


def test_a_trace_whose_records_were_all_left_out_says_why(tmp_path):
    """Reasons and counts, and that other options help."""
    file = tmp_path / "bare.swf"
    file.write_text("; MaxProcs: 4\n1 0 -1 0 2 -1 -1 -1 -1 -1 1 7 1 -1 1 -1 -1 -1\n")
    with pytest.raises(InvalidInputError, match="of 1 records, 1 run time missing or 0"):
        traces.doctor(traces.load(file))


# ---- public logs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["KTH-SP2-1996-2.1-cln", "CTC-SP2-1996-3.1-cln", "SDSC-SP2-1998-4.2-cln",
     "HPC2N-2002-2.2-cln", "CEA-Curie-2011-2.1-cln", "NASA-iPSC-1993-3.1-cln"],
)  # fmt: skip
def test_workload_archive_logs_have_the_oddities_of_their_readme(shared_dir, name):
    """Waits, run times, limits, ends and order, with the counts of the README's table."""
    path = folder(shared_dir, "swf-pwa") / f"{name}.swf.gz"
    odd = table(path.parent, "log", "wait_missing").loc[name]
    number = {column: int(odd[column]) for column in odd.index if odd[column].isdigit()}
    keep = ["recorded_status", "recorded_wait_s"]
    trace = traces.load(path, missing_limit="keep", keep=keep)
    found = findings(trace)
    said = found["message"].to_dict()
    # A record that is left out is counted under the first reason that applies.
    lost = trace.meta.dropped
    assert sum(lost.values()) >= number["run_le_0"]
    for reason, count in lost.items():
        assert f"{count:,} {reason}" in said["dropped_records"]
    limits = trace.jobs["limit_s"].isna().sum()
    assert limits <= number["no_requested_time"]
    if limits == len(trace):
        assert "limits" in said["not_recorded"]
    else:
        assert found["count"].get("missing_limits", 0) == limits
    if number["run_over_request"]:
        cut = f"{number['run_over_request']:,} run time cut to the requested time"
        assert cut in said["repaired_records"]
    status = trace.jobs["recorded_status"].astype("Int64")
    for column, code in (("cancelled_status_5", 5), ("failed_status_0", 0)):
        left = int((status == code).sum())
        assert left <= number[column]
        assert not left or f"{left:,} {'failed' if code == 0 else 'cancelled'}" in said["bad_ends"]
    waits = trace.jobs["recorded_wait_s"].isna().sum()
    assert found["count"].get("missing_waits", 0) == waits <= number["wait_missing"]
    assert ("missing_waits" in found.index) == (number["wait_missing"] > 0)
    assert "unsorted_times" not in found.index
    assert number["out_of_order_submits"] == 0


@pytest.mark.parametrize("cluster", ["01", "02", "03", "04", "05", "10"])
def test_itp_clusters_have_the_oddities_of_their_readme(shared_dir, cluster):
    """No users, queues or dates; some first jobs come days late; else sound records."""
    found = findings(traces.load(folder(shared_dir, "itp-2021") / f"raw_cluster{cluster}.csv.gz"))
    lacking = "no job tells users, queues, limits, the date of second 0"
    assert found.loc["not_recorded", "message"] == lacking
    assert ("late_start" in found.index) == (cluster in {"01", "03", "10"})
    assert ("flat_day" in found.index) == (cluster == "04")
    sound = {"unsorted_times", "duplicate_ids", "missing_times", "missing_run_times"}
    assert not (sound | {"zero_run_times"}) & set(found.index)


def test_supercloud_has_the_oddities_of_its_readme(shared_dir):
    """Its cut, colliding ids, missing limits, and how jobs ended."""
    path = folder(shared_dir, "mit-supercloud-2021") / "slurm-log-queueing-clean.csv.gz"
    found = findings(traces.load(path, keep="recorded_state"))
    said = found["message"]
    assert "5 min" in said["short_jobs_missing"]
    assert "singles_only" in found.index
    assert "46 job id that repeats" in said["repaired_records"]
    assert found.loc["missing_limits", "count"] == 3216
    assert found.loc["bad_ends", "count"] == 9628 - 5784
    for told in ("1,893 cancelled", "1,077 failed", "841 timeout", "21 out_of_memory"):
        assert told in said["bad_ends"]


def test_image_requests_have_the_oddities_of_their_readme(shared_dir):
    """Thin at the begin and at weekends; run times of 0 are those of pending requests."""
    path = folder(shared_dir, "alibaba-genai-2026") / "lora_request_trace_until_20241201.csv.gz"
    found = findings(traces.load(path, keep="recorded_state"))
    assert {"cold_start", "quiet_weekends"} <= set(found.index)
    assert "253 failed" in found.loc["bad_ends", "message"]
    assert "15 not finished" in found.loc["dropped_records", "message"]
    whole = findings(traces.load(path, keep="recorded_state", unfinished="keep"))
    assert found.loc["bad_ends", "count"] + 15 == whole.loc["bad_ends", "count"]
    assert whole.loc["missing_run_times", "count"] == 15


@pytest.mark.parametrize("name", ["default", "gpushare100", "multigpu20", "multigpu50"])
def test_openb_lists_have_the_oddities_of_their_readme(shared_dir, name):
    """Pods never scheduled; lists without times; seconds of an unstated origin; resampled rows."""
    path = folder(shared_dir, "alibaba-openb-2023") / f"openb_pod_list_{name}.csv.gz"
    found = findings(traces.load(path))
    assert "the date of second 0" in found.loc["not_recorded", "message"]
    if name.startswith("multigpu"):
        assert found.loc["missing_run_times", "count"] == len(traces.load(path))
        assert "no time: submitted a second apart" in found.loc["repaired_records", "message"]
        return
    never = table(path.parent, "list", "pods").loc[name, "never_scheduled"]
    assert f"{int(never):,} never scheduled" in found.loc["dropped_records", "message"]
    if name == "default":
        kept = findings(traces.load(path, unfinished="keep", keep="recorded_state"))
        assert kept.loc["missing_run_times", "count"] == int(never)
        assert "897 pending" in kept.loc["bad_ends", "message"]
    else:
        assert {"repaired_records", "unsorted_times"} & set(found.index)
        assert found.loc["repeated_rows", "count"] > 1000


@pytest.mark.parametrize(
    ("place", "options"),
    [
        ("gavel-traces/debug.trace", {}),
        ("pollux-2021/workloads/workload-1.csv", {}),
        ("sia-2023/workloads/saturn/workload-1.csv", {"format": "sia"}),
        ("azure-llm-2023/AzureLLMInferenceTrace_code.csv.gz", {"jobs": True}),
        ("tiresias-2019/60_job.csv", {}),
    ],
)
def test_short_lists_have_the_oddities_of_their_readmes(shared_dir, place, options):
    """A burst or a window of hours; run times that only tables tell."""
    name, _, file = place.partition("/")
    found = findings(traces.load(folder(shared_dir, name) / file, **options))
    assert "short_span" in found.index
    assert ("missing_run_times" in found.index) == (name != "tiresias-2019")


def test_inventories_have_no_jobs_to_look_at(shared_dir):
    """Said in the error."""
    inventory = folder(shared_dir, "alibaba-node-inventories") / "pai_machine_spec.csv.gz"
    with pytest.raises(InvalidInputError, match="no jobs to look at"):
        traces.doctor(traces.load(inventory))
