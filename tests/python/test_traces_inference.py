"""Inference request logs: Azure LLM, the BurstGPT form, ServeGen rates."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from fairlead import predict, schedule, traces
from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from python.damage import survives

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
BURST = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
RATES = "client,timestamp,rate,cv,pattern,pattern_arg1,pattern_arg2\n"

AZURE_TEXT = (
    AZURE
    + "2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04,3180,8\n"
    + "2023-11-16 18:19:59.5,110,27\n"
)
BURST_TEXT = (
    BURST
    + "5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,230,1317,Conversation log\n"
    + "118,GPT-4,417,276,693,API log\n120.5,GPT-4,10,0,10,API log\n"
)
RATES_TEXT = (
    RATES + "0,0,0.5,1,Gamma,0.5,9\n0,600,0,0,,0,0\n1,600,2,3,Weibull,0.7,9\n1,1200,1,1,,0,0\n"
)


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_azure_requests_become_a_series_per_second_in_utc(file):
    """Every interval from first to last; an empty one is 0."""
    trace = traces.load(file(AZURE_TEXT))
    assert trace.meta.format == "azure_llm"
    assert trace.demand["ds"].tolist() == list(
        pd.date_range("2023-11-16 18:17", periods=3, freq="1min", tz="UTC")
    )
    assert (trace.demand["y"] * 60).round(9).tolist() == [2, 0, 1]
    assert trace.demand.attrs["resource"] == "requests_per_s"
    assert trace.meta.start == pd.Timestamp("2023-11-16 18:17:03.979960", tz="UTC")
    assert (len(trace), trace.meta.read) == (0, 3)
    assert "demand: 1 series, 3 values of requests_per_s" in trace.summary()


@pytest.mark.parametrize(
    ("measure", "total"),
    [("requests", 3), ("context_tokens", 8098), ("generated_tokens", 45), ("tokens", 8143)],
)
@pytest.mark.parametrize("freq", ["10s", 7, "1h"])
def test_what_is_counted_adds_up(file, measure, total, freq):
    """Rates times the interval are the totals, whatever the interval."""
    trace = traces.load(file(AZURE_TEXT), measure=measure, freq=freq)
    step = pd.Timedelta(freq, unit="s" if isinstance(freq, int) else None).total_seconds()
    assert trace.demand["y"].sum() * step == pytest.approx(total)


def test_requests_become_jobs_on_request(file):
    """Run time from the two speeds; none without a speed; source columns on request."""
    path = file(AZURE_TEXT)
    plain = traces.load(path, jobs=True, keep="GeneratedTokens").jobs
    assert "duration_s" not in plain
    assert plain["source_GeneratedTokens"].tolist() == [10, 8, 27]
    trace = traces.load(
        path, jobs=True, context_tokens_per_s=1000, generated_tokens_per_s=10, gpus=0.5
    )
    assert trace.jobs["duration_s"].round(6).tolist() == [5.808, 3.98, 2.81]
    assert trace.jobs["submit_time"][1] == pd.Timestamp("2023-11-16 18:17:04", tz="UTC")
    assert schedule(trace.jobs, trace.cluster(), policy="fcfs").jobs["wait_s"].max() == 0


def test_burstgpt_drops_failures_and_splits_by_model(file):
    """No response tokens is a failure; series share their intervals."""
    trace = traces.load(file(BURST_TEXT), by="model", freq="1min")
    assert trace.meta.dropped == {"failed (no response tokens)": 1}
    assert trace.demand["unique_id"].tolist() == ["ChatGPT", "ChatGPT", "GPT-4", "GPT-4"]
    assert (trace.demand["y"] * 60).round(9).tolist() == [2, 0, 0, 1]
    assert trace.demand["ds"].tolist() == [0, 60, 0, 60]
    kept = traces.load(file(BURST_TEXT), by="log_type", failed="keep")
    assert kept.demand["unique_id"].unique().tolist() == ["API log", "Conversation log"]
    assert kept.demand["y"].sum() * 60 == pytest.approx(4)


def test_burstgpt_jobs_take_the_elapsed_time_of_the_later_release(file):
    """Where there is no speed; with a speed, that counts."""
    text = BURST.replace("Model", "Session ID,Elapsed time,Model")
    path = file(text + "5,s1,2.5,ChatGPT,472,18,490,Conversation log\n")
    assert traces.load(path, jobs=True).jobs["duration_s"].tolist() == [2.5]
    fast = traces.load(path, jobs=True, generated_tokens_per_s=36)
    assert fast.jobs["duration_s"].tolist() == [0.5]
    assert fast.jobs["queue"].tolist() == ["ChatGPT"]


def test_servegen_sums_clients_or_keeps_them(file):
    """A client without a window counts 0 there."""
    trace = traces.load(file(RATES_TEXT))
    assert trace.demand["y"].tolist() == [0.5, 2, 1]
    assert trace.demand["ds"].tolist() == [0, 600, 1200]
    both = traces.load(file(RATES_TEXT), by="client").demand
    assert both["unique_id"].tolist() == ["0"] * 3 + ["1"] * 3
    assert both["y"].tolist() == [0.5, 0, 0, 0, 2, 1]


def test_servegen_jobs_follow_the_rates(file):
    """As many as the rate says, within their window, the same for the same seed."""
    path = file(RATES_TEXT)
    jobs = traces.load(path, jobs=True, seed=4, duration_s=2, gpus=0.25).jobs
    counts = jobs.groupby([jobs["user"], jobs["submit_time"] // 600]).size()
    assert counts.to_dict() == {("0", 0): 300, ("1", 1): 1200, ("1", 2): 600}
    assert jobs["submit_time"].is_monotonic_increasing
    again = traces.load(path, jobs=True, seed=4, duration_s=2, gpus=0.25).jobs
    pd.testing.assert_frame_equal(jobs, again)
    some = traces.load(path, jobs=True, scale=0.1, until_s=600).jobs
    assert len(some) == 30
    fits = schedule(jobs, Cluster.homogeneous(1, gpus=8), policy="fcfs")
    assert fits.metrics["counts"]["completed"] == len(jobs)


def test_servegen_gaps_are_as_bursty_as_the_pattern(file):
    """Coefficient of variation of Gamma gaps: 1 / sqrt(shape); exponential without a pattern."""
    for pattern, shape, expected in (("Gamma", 0.25, 2), ("Gamma", 4, 0.5), ("", 0, 1)):
        path = file(RATES + f"0,0,50,1,{pattern},{shape},1\n")
        gaps = np.diff(traces.load(path, jobs=True, seed=1).jobs["submit_time"])
        # 30,000 gaps: the deviation of their variation is below 2 %, taken five times.
        assert gaps.std() / gaps.mean() == pytest.approx(expected, rel=0.1)


def test_too_many_drawn_jobs_are_refused(file):
    """The way out is a shorter time or a smaller share."""
    path = file(RATES + "0,0,1000000,1,,0,0\n")
    with pytest.raises(InvalidInputError, match=r"imply 600,000,000 requests.*until_s="):
        traces.load(path, jobs=True)
    assert len(traces.load(path, jobs=True, scale=1e-6).jobs) == 600


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (AZURE + "2023-11-16 18:17:03,1,1\nsoon,1,1\n", "line 3, column TIMESTAMP: must be a time"),
        (AZURE + "2023-11-16 18:17:03,1.5,1\n", "line 2, column ContextTokens: must be a whole"),
        (AZURE + "2023-11-16 18:17:03,1,-1\n", "column GeneratedTokens: must be a whole"),
        (AZURE + "2023-11-16 18:17:03,1\n", "line 2, column 3: must be a line of 3 fields"),
        (BURST + "5,,1,1,2,API log\n", "line 2, column Model: must be a name"),
        (BURST + "-5,m,1,1,2,API log\n", "column Timestamp: must be a number from 0"),
        (RATES + "0,0,x,1,,0,0\n", "line 2, column rate: must be a number"),
        (RATES + "0,0,1,1,Pareto,0,0\n", "column pattern: must be Gamma, Weibull or empty"),
        (RATES + "0,0,1,1,,0,0\n0,0,1,1,,0,0\n", "line 3, column timestamp: must be distinct"),
    ],
)
def test_a_malformed_record_is_named_or_dropped(file, text, message):
    """File, line and column, what was expected and what came."""
    path = file(text)
    with pytest.raises(InvalidInputError, match=message):
        traces.load(path)
    trace = traces.load(path, on_error="drop")
    assert sum(trace.meta.dropped.values()) == 1
    assert trace.demand.columns.tolist() == ["unique_id", "ds", "y"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (AZURE_TEXT, {"measure": "money"}, "measure must be one of requests"),
        (AZURE_TEXT, {"freq": "soon"}, "freq must be a length"),
        (AZURE_TEXT, {"freq": 0}, "freq must be above 0"),
        (AZURE_TEXT, {"freq": "1ns"}, "give a longer freq"),
        (AZURE_TEXT, {"gpus": 1.5}, "gpus must be 0, a share below 1, or whole"),
        (AZURE_TEXT, {"generated_tokens_per_s": 0}, "must be above 0 tokens/s"),
        (AZURE_TEXT, {"keep": "colour"}, "keep must be of"),
        (BURST_TEXT, {"by": "user"}, "by must be one of model, log_type"),
        (RATES_TEXT, {"scale": -1}, "scale must be 0 or more"),
    ],
)
def test_options_are_checked(file, text, options, message):
    """The message lists what there is."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file(text), **options)


def test_damaged_rates_are_refused_or_accounted_for(file):
    """By client, each record left is a value of the demand, besides the zeros between."""

    def records(trace):
        lost = sum(trace.meta.dropped.values())
        assert np.isfinite(trace.demand["y"]).all()
        assert len(trace.demand) >= trace.meta.read - lost
        return trace.meta.read - lost

    options = {"format": "servegen", "by": "client"}
    assert survives(traces.load, file(RATES_TEXT), seed=8, count=records, **options) > 20


@pytest.mark.parametrize(
    ("name", "requests", "first", "last", "context", "generated"),
    [
        ("code", 8819, "2023-11-16 18:17:03", "2023-11-16 19:14:19", 2047.8, 27.9),
        ("conv", 19366, "2023-11-16 18:15:46", "2023-11-16 19:14:08", 1154.7, 211.1),
    ],
)
def test_azure_files_hold_what_their_page_states(
    shared_dir, name, requests, first, last, context, generated
):
    """Requests, span, and mean tokens."""
    path = shared_dir / "traces" / "azure-llm-2023" / f"AzureLLMInferenceTrace_{name}.csv.gz"
    trace = traces.load(path, jobs=True)
    jobs = trace.jobs
    assert (len(jobs), trace.meta.read, trace.meta.dropped) == (requests, requests, {})
    assert trace.demand["y"].sum() * 60 == pytest.approx(requests)
    ends = jobs["submit_time"].dt.floor("s").agg(["min", "max"]).tolist()
    assert ends == [pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC")]
    assert jobs["context_tokens"].mean() == pytest.approx(context, abs=0.05)
    assert jobs["generated_tokens"].mean() == pytest.approx(generated, abs=0.05)


@pytest.mark.parametrize(
    ("name", "clients", "windows", "mean", "most", "implied", "empty"),
    [
        ("m-small", 43, 2016, 1174.4, 3879.51, 1420558786, 37),
        ("deepseek-r1", 73, 144, 16.015, 42.52, 1383668, 0),
        ("mm-image", 35, 144, 9.475, 13.287, 818610, 0),
    ],
)
def test_servegen_files_hold_what_their_page_states(
    shared_dir, name, clients, windows, mean, most, implied, empty
):
    """Clients, windows, rates and the requests they imply."""
    path = shared_dir / "traces" / "servegen-rates-2025" / f"{name}.csv.gz"
    y = traces.load(path).demand["y"]
    assert (len(y), int((y == 0).sum())) == (windows, empty)
    assert y.mean() == pytest.approx(mean, rel=1e-3)
    assert y.max() == pytest.approx(most, rel=1e-3)
    assert y.sum() * 600 == pytest.approx(implied, abs=1)
    each = traces.load(path, by="client").demand
    assert each["unique_id"].nunique() == clients
    assert each["y"].sum() == pytest.approx(y.sum())


def test_a_demand_log_is_forecast_in_two_lines(shared_dir):
    """The long frame is the one that ``predict`` takes."""
    path = shared_dir / "traces" / "servegen-rates-2025" / "m-small.csv.gz"
    forecast = predict(traces.load(path).demand, horizon=6, model="seasonal_naive")
    assert len(forecast.frame) == 6


def test_gzip_is_transparent(file):
    """The content decides."""
    assert traces.load(file(gzip.compress(AZURE_TEXT.encode()), "a")).meta.read == 3
