"""Prometheus: range queries as demand series and monitoring frames."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pandas as pd
import pytest

from fairlead import predict, traces
from fairlead.errors import FairleadError, InvalidInputError
from python.damage_json import mutated

T0 = 1_700_000_040
GPU = [
    {
        "metric": {"__name__": "gpu_used", "node": "a", "gpu": "0"},
        "values": [[T0, "0.5"], [T0 + 60.0, "1"], [T0 + 120, "NaN"]],
    },
    {
        "metric": {"__name__": "gpu_used", "node": "a", "gpu": "1"},
        "values": [[T0, "0.25"], [T0 + 180, "2e0"]],
    },
    {"metric": {"__name__": "gpu_used", "node": "b"}, "values": [[T0 + 60, "+Inf"]]},
]


def answer(result, **more):
    """A successful answer with these series."""
    data = {"resultType": "matrix", "result": result}
    return {"status": "success", "data": data, **more}


@pytest.fixture
def file(tmp_path):
    """A function that writes a JSON file and gives its path."""

    def write(value):
        path = tmp_path / "answer.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return write


def test_series_stand_alone_with_their_names_on_common_steps(file):
    """A step without sample, NaN and infinity are missing; times in UTC."""
    trace = traces.load(file(answer(GPU)))
    demand = trace.demand
    assert trace.meta.format == "prometheus"
    assert list(dict.fromkeys(demand["unique_id"])) == [
        'gpu_used{node="a",gpu="0"}', 'gpu_used{node="a",gpu="1"}', 'gpu_used{node="b"}'
    ]  # fmt: skip
    assert demand["ds"].tolist()[:4] == [
        pd.Timestamp(T0 + 60 * i, unit="s", tz="UTC") for i in range(4)
    ]
    expected = [0.5, 1, np.nan, np.nan, 0.25, np.nan, np.nan, 2, *[np.nan] * 4]
    np.testing.assert_array_equal(demand["y"], expected)
    assert trace.meta.repaired == {"infinite value: missing": 1}
    assert (trace.meta.read, demand.attrs["resource"]) == (6, "gpu_used")


@pytest.mark.parametrize(
    ("aggregate", "first", "second"), [("sum", 0.75, 1), ("mean", 0.375, 1), ("max", 0.5, 1)]
)
def test_labels_bring_series_together(file, aggregate, first, second):
    """Over those that have a value at the time; a series without the label is apart."""
    demand = traces.load(file(answer(GPU)), by="node", aggregate=aggregate).demand
    y = demand[demand["unique_id"] == "a"]["y"].tolist()
    assert y[:2] == [first, second]
    assert np.isnan(y[2])
    by_two = traces.load(file(answer(GPU)), by=["node", "gpu"]).demand
    assert list(dict.fromkeys(by_two["unique_id"])) == ["a,0", "a,1", "b,(none)"]


def test_intervals_are_means_of_their_samples(file):
    """For raw samples that stand at no common step."""
    raw = [{"metric": {}, "values": [[T0 + 1.25, "1"], [T0 + 14.5, "2"], [T0 + 75.001, "5"]]}]
    path = file(answer(raw))
    with pytest.raises(InvalidInputError, match=r"result\[0\].values: must be at steps.*freq="):
        traces.load(path)
    demand = traces.load(path, freq="1min").demand
    assert demand["y"].tolist() == [1.5, 5]
    assert demand["unique_id"].tolist() == ["all", "all"]
    assert traces.load(path, on_error="drop").meta.dropped == {"not at a step": 1}


def test_the_monitoring_frame_has_a_column_a_series(file):
    """Time first, then the series by first appearance."""
    frame = traces.monitoring_frame(traces.load(file(answer(GPU)), by="node").demand)
    assert frame.columns.tolist() == ["time", "a", "b"]
    assert frame["time"].dt.tz is not None
    assert frame["a"].tolist()[0] == 0.75


@pytest.mark.parametrize(
    ("names", "times", "message"),
    [(["a", "a"], [0, 0], "two values of 'a'"), (["time", "b"], [0, 0], "a series 'time'")],
)
def test_a_monitoring_frame_must_be_unambiguous(names, times, message):
    """One value a series and time, no clash with the time column."""
    demand = pd.DataFrame({"unique_id": names, "ds": times, "y": [1.0, 2.0]})
    with pytest.raises(InvalidInputError, match=message):
        traces.monitoring_frame(demand)


def test_a_query_is_forecast_in_two_lines(file):
    """The long frame is the one that ``predict`` takes, gaps and all."""
    values = [[T0 + 3600 * i + 0.123, str(i % 24)] for i in range(24 * 7) if i % 31]
    trace = traces.load(file(answer([{"metric": {"queue": "q"}, "values": values}])), by="queue")
    assert int(trace.demand["y"].isna().sum()) == 5
    forecast = predict(trace.demand, horizon=3, model="seasonal_naive")
    assert len(forecast.frame) == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"status": "error", "resultType": "", "error": "bad data"}, r"query failed \(bad data\)"),
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, "data.resultType"),
        (answer(None), "data.result: must be a list"),
        (answer([{"metric": {}, "values": [[T0, 1]]}]), r"result\[0\].values\[0\]\[1\]: must be"),
        (answer([{"metric": {}, "values": [["x", "1"]]}]), r"values\[0\]\[0\]: must be seconds"),
        (answer([{"metric": {}, "values": [[1e12, "1"]]}]), "a time of 1900 to 2199"),
        (answer([{"metric": {}, "values": [[T0, "1", 2]]}]), "must be a time and a value"),
        (
            answer([{"metric": {}, "values": [[T0, "1"], [T0, "1"]]}]),
            r"\[1\]: must be at a time of",
        ),
        (answer([{"metric": {"a": 1}, "values": []}]), r"metric.a: must be text"),
        ('{"status": "success", "resultType"', "line 1, column 35: this is not JSON"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(file, value, message):
    """File, JSON path, expected, got."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file(value))


def test_what_is_dropped_is_counted(file):
    """Samples, series and native histograms."""
    bad = copy.deepcopy(GPU)
    bad[0]["values"][0] = [T0, "much"]
    bad[1]["metric"]["node"] = None
    bad[2]["histograms"] = [[T0, {}]]
    trace = traces.load(file(answer(bad)), on_error="drop")
    assert trace.meta.dropped == {
        "malformed sample": 1, "malformed series": 1, "native histogram": 1
    }  # fmt: skip
    assert trace.demand["y"].notna().sum() == 1


def test_an_answer_without_series_is_an_empty_frame(file):
    """Nothing matched the query."""
    trace = traces.load(file(answer([])))
    assert (len(trace.demand), trace.meta.read) == (0, 0)


def attempt(path):
    """The trace, or what our error says; any other error is a bug."""
    try:
        return traces.load(path, "prometheus", on_error="drop"), ""
    except FairleadError as error:
        return None, str(error)


@pytest.mark.parametrize("seed", range(3))
def test_fuzzed_answers_raise_an_error_of_ours_or_count_what_is_dropped(file, seed):
    """Never a crash, never a silent half-read."""
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(150):
        value = answer(GPU)
        for _ in range(rng.randrange(1, 4)):
            value = mutated(value, rng)
        path = file(value)
        trace, complaint = attempt(path)
        if trace is None:
            assert "answer.json" in complaint
        else:
            assert not np.isinf(trace.demand["y"]).any()
            known = int(trace.demand["y"].notna().sum())
            assert known + sum(trace.meta.dropped.values()) <= trace.meta.read
