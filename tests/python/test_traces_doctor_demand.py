"""The doctor looks at demand where a trace has no jobs, and names what the READMEs call odd."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.cli import main
from fairlead.traces.trace import no_events, no_jobs, no_nodes
from python.readme_tables import folder, table


def demand(n=2000, step_min=10, **series):
    """A daily wave; other series by name."""
    ds = pd.date_range("2026-01-05", periods=n, freq=f"{step_min}min", tz="UTC")
    wave = 20 + 9 * np.sin(np.arange(n) * step_min / 1440 * 2 * np.pi)
    frames = [
        pd.DataFrame({"unique_id": name, "ds": ds, "y": np.asarray(y, dtype=float)})
        for name, y in {"wave": wave, **series}.items()
    ]
    return pd.concat(frames, ignore_index=True)


def traced(frame, **meta):
    """A trace of this demand."""
    meta = traces.TraceMeta("series", **meta)
    return traces.Trace(no_jobs(), no_nodes(), no_events(), meta, frame)


def findings(trace):
    """What is found, by name."""
    return traces.doctor(trace).findings.set_index("finding")


# ---- small series -------------------------------------------------------------------------------


def test_a_sound_series_has_nothing_odd():
    """Even steps of a fortnight, all above 0."""
    found = traces.doctor(traced(demand()))
    assert found.found == ()
    assert found.headline() == "series: 1 series of demand, 2,000 values over 13.9 days"
    assert (found.measures["step_s"], found.measures["zero_frac"]) == (600, 0)


def test_uneven_steps_are_counted_and_shown():
    """A value lost, and one that is late; the row after each."""
    frame = demand().drop(index=500)
    frame.loc[900, "ds"] += pd.Timedelta("1min")
    found = traces.doctor(traced(frame.reset_index(drop=True)))
    told = found.findings.set_index("finding").loc["uneven_steps"]
    assert (told["count"], told["examples"]) == (3, [500, 899, 900])
    assert "3 steps that are not 10 min long" in told["message"]
    assert found.examples("uneven_steps", 1)["ds"].tolist() == [frame.loc[501, "ds"]]


@pytest.mark.parametrize(
    ("name", "change", "count"),
    [
        ("missing_values", {7: np.nan, 9: np.nan}, 2),
        ("negative_values", {7: -1.0}, 1),
        ("zero_steps", {7: 0.0, 8: 0.0, 9: 0.0}, 3),
        ("idle_series", dict.fromkeys(range(1700), 0.0), 1),
        ("flat_values", dict.fromkeys(range(300, 460), 31.0), 1),
        ("rare_peaks", {800: 4000.0}, 1),
    ],
)
def test_odd_values_are_found(name, change, count):
    """Each in one of two series, which is named."""
    frame = demand(other=demand()["y"])
    for row, value in change.items():
        frame.loc[row, "y"] = value
    told = findings(traced(frame))
    assert told.loc[name, "count"] == count
    assert "in 1 of 2 series, first wave" in told.loc[name, "message"]
    assert name not in findings(traced(demand())).index


def test_time_without_dates_and_of_hours_is_told():
    """And what a reader left out."""
    frame = demand(n=20).assign(ds=np.arange(20) * 600.0)
    told = findings(traced(frame, read=22, dropped={"bad value": 2}))
    assert {"not_recorded", "short_span", "dropped_records"} == set(told.index)
    assert "2 of 22 records" in told.loc["dropped_records", "message"]


def test_a_page_a_picture_and_a_command_tell_of_demand(tmp_path, capsys, monkeypatch):
    """As for jobs; with missing values, and with one value alone."""
    frame = demand(other=np.where(np.arange(2000) % 7 == 0, np.nan, 3.0))
    for one in (traced(frame), traced(frame.head(1))):
        found = traces.doctor(one)
        assert [len(found.plot(width).axes) for width in (9, 4)] == [3, 3]
        json.dumps(found.plain(), allow_nan=False)
        assert found.report(tmp_path / "page.html").read_text().count("<svg") == 4
        assert "unique_id" in found.table
    monkeypatch.chdir(tmp_path)
    frame.dropna().rename(columns={"ds": "timestamp", "y": "value"})[
        ["timestamp", "value"]
    ].drop_duplicates("timestamp").to_csv("cpu.csv", index=False)
    assert main(["doctor", "cpu.csv"]) == 0
    assert "1 series of demand" in capsys.readouterr().out


# ---- public series ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nab-cloud-metrics", "ms-cloud-monitoring"])
def test_cloud_metrics_have_the_irregular_steps_of_their_readme(shared_dir, name):
    """Steps that are missing are found; those that are doubled are dropped on reading, counted."""
    place = folder(shared_dir, name)
    stated = table(place, "series", "folder" if name.startswith("ms") else "points")[
        "irregular_steps"
    ]
    for series, number in stated.items():
        trace = traces.load(place / f"{series}.csv.gz", on_error="drop")
        told = findings(trace)["count"]
        doubled = sum(trace.meta.dropped.values())
        assert told.get("uneven_steps", 0) + told.get("dropped_records", 0) == int(number)
        assert told.get("dropped_records", 0) == doubled


def test_flat_series_with_spikes_are_seen(shared_dir):
    """CPU of small machines, and a network burst, as the README of the benchmark says."""
    nab = folder(shared_dir, "nab-cloud-metrics")
    for series in ("ec2_cpu_utilization_24ae8d", "ec2_network_in_257a54"):
        assert "rare_peaks" in findings(traces.load(nab / f"{series}.csv.gz")).index
    assert "rare_peaks" not in findings(traces.load(nab / "nyc_taxi.csv.gz")).index


def test_helios_demand_has_the_oddities_of_its_readmes(shared_dir):
    """Clusters almost idle, use flat for days; mass submissions, a forecast below 0."""
    earth = folder(shared_dir, "helios-earth-vc-2020")
    idle = findings(traces.load(earth / "vcJkd_cluster_sequence_vc.csv.gz"))
    assert "all 2 series" in idle.loc["idle_series", "message"]
    flat = findings(traces.load(earth / "vcSoL_cluster_sequence_vc.csv.gz"))
    assert "3 d" in flat.loc["flat_values", "message"]
    venus = folder(shared_dir, "helios-venus-throughput-2020")
    peaks = findings(traces.load(venus / "cluster_throughput.csv.gz")).loc["rare_peaks"]
    assert "14,419" in peaks["message"]
    series = ["pred_gpu_num", "submit_gpu_num"]
    forecast = findings(traces.load(venus / "Venus_throughput_pred.csv.gz", series=series))
    assert "first pred_gpu_num" in forecast.loc["negative_values", "message"]


def test_request_rates_have_the_oddities_of_their_readmes(shared_dir):
    """Empty windows at ServeGen; one hour at Azure; one day of metrics at Alibaba."""
    servegen = folder(shared_dir, "servegen-rates-2025")
    stated = table(servegen, "model", "clients")["empty_windows"]
    for model, number in stated.items():
        told = findings(traces.load(servegen / f"{model}.csv.gz"))["count"]
        assert told.get("zero_steps", 0) == int(number)
    azure = folder(shared_dir, "azure-llm-2023") / "AzureLLMInferenceTrace_conv.csv.gz"
    assert "59 min" in findings(traces.load(azure)).loc["short_span", "message"]
    metric = folder(shared_dir, "alibaba-genai-2026") / "queue_size_raw_anon.csv.gz"
    assert {"short_span", "idle_series"} <= set(findings(traces.load(metric)).index)


def test_series_without_dates_are_told_as_such(shared_dir):
    """The M4 competition's."""
    m4 = folder(shared_dir, "m4-hourly") / "Hourly-test.csv.gz"
    assert "date of second 0" in findings(traces.load(m4)).loc["not_recorded", "message"]
