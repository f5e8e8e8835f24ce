"""What jobs asked for and did not use, by hand and on real logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairlead
from fairlead.errors import InvalidInputError
from fairlead.prediction import rightsizing

JOBS = pd.DataFrame(
    {
        "job_id": ["a", "b", "c", "d"],
        "user": ["ann", "ann", "bob", "bob"],
        "queue": ["x", "y", "x", "x"],
        "duration_s": [3600.0, 7200.0, 3600.0, 3600.0],
        "limit_s": [7200.0, 7200.0, 36_000.0, np.nan],
        "tasks": [2, 1, 1, 1],
        "gpus": [4, 8, 1, 0.5],
        "used_gpus": [1.0, 8.0, 1.5, np.nan],
        "gpu_type": ["a100", "h100", "a100", "a100"],
        "status": ["completed", "failed", "completed", "timeout"],
    }
)


def test_waste_by_hand() -> None:
    """(asked - used) x tasks x hours; use above the request wastes nothing."""
    report = rightsizing(JOBS, prices={"gpus": 2.0})
    wasted = report.jobs["gpus_wasted_h"].to_numpy()
    np.testing.assert_array_equal(wasted, [6.0, 0.0, 0.0, np.nan])
    assert report.jobs["wasted_usd"].tolist() == [12.0, 0.0, 0.0, 0.0]
    assert report.jobs["lost_usd"].tolist() == [0.0, 32.0, 0.0, 1.0]
    ann, bob = (report.groups[report.groups["user"] == name].iloc[0] for name in ("ann", "bob"))
    assert ann[["jobs", "asked_h", "measured_h"]].tolist() == [2, 24, 24]
    assert ann[["used_h", "wasted_h", "wasted_frac"]].tolist() == [18, 6, 0.25]
    assert bob[["asked_h", "measured_h", "wasted_h", "lost_h"]].tolist() == [1.5, 1.0, 0.0, 0.5]


def test_groups_add_up_to_the_totals() -> None:
    """Whatever the jobs are divided by, the sums are the same."""
    for by in ("user", "queue", "gpu_type"):
        report = rightsizing(JOBS, by=by)
        for column in ("jobs", "asked_h", "measured_h", "used_h", "wasted_h", "lost_h"):
            assert report.groups[column].sum() == report.totals[column].sum()


def test_prices_may_differ_by_type() -> None:
    """An hour of an h100 costs more; a type without a price is named."""
    report = rightsizing(JOBS, prices={"gpus": {"a100": 1.0, "h100": 5.0}})
    assert report.jobs["lost_usd"].tolist() == [0.0, 80.0, 0.0, 0.5]
    with pytest.raises(InvalidInputError, match="one with a price"):
        rightsizing(JOBS, prices={"gpus": {"a100": 1.0}})


def advice_on(asked: Any, used: Any, column: str = "gpus", **options: Any) -> pd.Series[Any]:
    """The advice for one key whose jobs ran for an hour."""
    jobs = pd.DataFrame({"user": "u", "duration_s": 3600.0, column: asked, f"used_{column}": used})
    return rightsizing(jobs, **options).advice.iloc[0]


def test_advice_covers_the_quantile_with_a_margin() -> None:
    """Of ten jobs that used 10 to 100 of 100 GiB the 0.8 quantile is 80, and 88 with the margin."""
    used = np.arange(10.0, 101.0, 10.0)
    advice = advice_on(100.0, used, "memory_gib", quantile=0.8)
    assert advice["share"] == pytest.approx(0.88)
    assert advice["recommended"] == pytest.approx(88.0)
    assert advice["risk_frac"] == pytest.approx(3 / 12)
    assert advice["saved_h"] == pytest.approx(120.0)


def test_whole_gpus_stay_whole() -> None:
    """Advice on whole devices is rounded up to whole devices, never to none; shares stay shares."""
    assert advice_on([8] * 5, [2.1] * 5)["recommended"] == 3
    assert advice_on([1] * 5, [0.1] * 5)["recommended"] == 1
    assert advice_on([0.5] * 5, [0.1] * 5)["recommended"] == pytest.approx(0.11)


def test_advice_never_asks_for_more() -> None:
    """Jobs that use more than they ask are told to keep it, with the risk that has."""
    advice = advice_on([4.0] * 8, [5.0] * 8, "cpus")
    assert (advice["share"], advice["risk_frac"]) == (1.0, 0.9)


def test_columns_of_swf_count_for_each_processor() -> None:
    """Memory asked and used in KiB, and CPU seconds; hours and groups as a table has them."""
    jobs = pd.DataFrame(
        {
            "user": "u",
            "duration_s": 7200.0,
            "cpus": [4] * 5,
            "asked_memory_kib": 2 << 20,
            "recorded_memory_kib": 1 << 20,
            "recorded_cpu_time_s": 3600.0,
        }
    )
    report = rightsizing(jobs)
    assert report.jobs["memory_gib_asked"].tolist() == [8.0] * 5
    assert report.jobs["memory_gib_used"].tolist() == [4.0] * 5
    assert report.jobs["cpus_used"].tolist() == [2.0] * 5
    assert report.jobs["wasted_usd"].tolist() == [0.0] * 5
    assert report.totals.set_index("resource")["wasted_h"].to_dict() == {
        "cpus": 20.0,
        "memory_gib": 40.0,
    }
    saved = report.advice.set_index("resource")["saved_h"]
    assert saved["memory_gib"] == pytest.approx(5 * 2 * (8 - 4.4))
    slurm = jobs.drop(columns="recorded_memory_kib").assign(recorded_max_rss_gib=3.0)
    assert rightsizing(slurm).jobs["memory_gib_used"].tolist() == [3.0] * 5
    assert [str(name) for name in report.groups] == [
        *("user", "resource", "jobs", "asked_h", "measured_h", "used_h", "wasted_h"),
        *("wasted_frac", "lost_h", "wasted_usd", "lost_usd"),
    ]


def test_few_jobs_get_no_advice() -> None:
    """Below `least_jobs` there is none, and the table keeps its columns."""
    report = rightsizing(JOBS.drop(columns="limit_s"))
    assert report.advice.empty
    assert {"share", "risk_frac", "saved_h"} <= set(report.advice.columns)


def test_limits_are_advised_in_seconds() -> None:
    """Jobs that run a tenth of their limit can ask 11 % of it; it saves no hours by itself."""
    jobs = pd.DataFrame({"user": "u", "duration_s": 3600.0, "limit_s": 36_000.0, "gpus": [1] * 20})
    advice = rightsizing(jobs).advice.set_index("resource").loc["limit_s"]
    assert advice["recommended"] == pytest.approx(3960.0)
    assert advice["typical_asked"] == 36_000.0
    assert advice["share"] == pytest.approx(0.11)
    assert advice["saved_h"] == 0.0
    assert advice["risk_frac"] == pytest.approx(1 / 22)


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_go_out_as_they_came(library: Any) -> None:
    """Polars and Arrow jobs give frames of theirs."""
    report = rightsizing(library(JOBS), prices={"gpus": 2.0})
    for frame in (report.jobs, report.groups, report.advice):
        assert type(frame) is type(library(JOBS))
    assert str(report) == str(rightsizing(JOBS, prices={"gpus": 2.0}))


def test_index_of_jobs_is_kept() -> None:
    """Columns can be assigned back to the frame."""
    jobs = JOBS.set_index(pd.Index([7, 8, 9, 5]))
    assert rightsizing(jobs).jobs.index.tolist() == [7, 8, 9, 5]


def test_text_and_picture() -> None:
    """The summary names waste, money and failures; the picture has a bar a user and part."""
    report = rightsizing(JOBS, prices={"gpus": 2.0})
    assert "98% measured" in str(report)
    both = str(rightsizing(JOBS.assign(cpus=99, used_cpus=9.0), prices={"gpus": 2.0}))
    assert both.count("user ann: 6 GPU hours wasted of 24 (25%)") == 1
    assert "CPU hours wasted" not in both
    assert "6 wasted (24% of what was measured), 12 USD; 16 in jobs that failed" in str(report)
    assert len(report.plot().axes[0].patches) == 3 * 2


def test_jobs_that_never_ran_wasted_nothing() -> None:
    """Their report says so, as text and as a picture."""
    report = rightsizing(JOBS.assign(duration_s=0.0))
    assert report.totals["asked_h"].tolist() == [0.0]
    assert report.groups["wasted_frac"].tolist() == [0.0, 0.0]
    assert "GPU hours: 0 asked, 0% measured, use not measured" in str(report)
    assert report.plot().axes[0].get_xlim() == (0.0, 1.18)


def test_bad_reports_are_errors() -> None:
    """Missing columns, unknown prices and values out of range are named."""
    for jobs, options, message in (
        (JOBS.drop(columns="gpus"), {}, "jobs need a column of what they asked"),
        (JOBS.drop(columns="user"), {}, "'user'"),
        (JOBS.drop(columns="duration_s"), {}, "'duration_s'"),
        (JOBS.assign(gpus=-1), {}, r"row 0 \(job 'a'\) has -1"),
        (JOBS, {"prices": {"gpu": 1.0}}, "got gpu"),
        (JOBS, {"prices": {"gpus": -1.0}}, r"prices\['gpus'\] must be .* at least 0, got -1.0"),
        (JOBS, {"prices": {"gpus": {"a100": 1, "h100": -2}}}, r"\['h100'\] must be .*got -2"),
        (JOBS, {"prices": {"gpus": "2 USD"}}, "must be a number of at least 0, got '2 USD'"),
        (JOBS, {"quantile": 95}, "quantile must be"),
        (JOBS, {"quantile": 1.01}, "quantile must be"),
        (JOBS, {"margin": -0.1}, "margin must be"),
        (JOBS, {"least_jobs": 0}, "least_jobs must be"),
        (JOBS.iloc[:0], {}, "jobs has no rows"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            rightsizing(jobs, **options)


def test_risk_holds_on_later_jobs(shared_dir: Path) -> None:
    """HPC2N: advice from the first half of the log; in the second half memory runs short about as
    often as the advice said."""
    trace = fairlead.traces.load(
        shared_dir / "traces/swf-pwa/HPC2N-2002-2.2-cln.swf.gz",
        keep=["recorded_memory_kib", "asked_memory_kib"],
    )
    half = len(trace.jobs) // 2
    advice = rightsizing(trace.jobs.iloc[:half]).advice
    advice = advice[advice["resource"] == "memory_gib"].set_index("user")
    later = trace.jobs.iloc[half:]
    user = later["user"].astype(str)
    share, risk = user.map(advice["share"]), user.map(advice["risk_frac"])
    asked, used = later["asked_memory_kib"], later["recorded_memory_kib"]
    known = share.notna() & used.notna() & (asked > 0)
    short = (used > asked * share * (1 + 1e-6))[known].mean()
    assert known.sum() > 50_000
    assert short == pytest.approx(risk[known].mean(), abs=0.02)


def test_supercloud_says_that_use_is_not_known(shared_dir: Path) -> None:
    """Accounting without use columns reports what was asked and what failed, and no waste."""
    path = shared_dir / "traces/mit-supercloud-2021/slurm-log-queueing-clean.csv.gz"
    trace = fairlead.traces.load(path, keep=["recorded_state"])
    report = rightsizing(trace.jobs)
    gpus = report.totals.set_index("resource").loc["gpus"]
    assert gpus["wasted_h"] == gpus["measured_h"] == 0
    assert 0.2 < gpus["lost_h"] / gpus["asked_h"] < 0.4
    assert "use not measured" in str(report)
