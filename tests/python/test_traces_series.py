"""Series in CSV: cloud metrics, request rates, anything measured over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import InvalidInputError
from python.damage import survives

CPU = "timestamp,value\n2014-02-14 14:30:00,0.5\n2014-02-14 14:35:00,-1\n2014-02-14 14:40:00,3\n"
WIDE = "date,OT,HUFL\n2016-07-01 01:00:00,5,1\n2016-07-01 00:00:00,4,2\n"


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="cpu.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_value_column_is_a_series_named_after_its_file(file):
    """Told by its header; values as they stand, times in UTC."""
    trace = traces.load(file(CPU))
    assert trace.meta.format == "series"
    assert trace.demand["unique_id"].tolist() == ["cpu"] * 3
    assert trace.demand["y"].tolist() == [0.5, -1, 3]
    assert trace.demand["ds"][0] == pd.Timestamp("2014-02-14 14:30", tz="UTC")
    assert traces.monitoring_frame(trace.demand).columns.tolist() == ["time", "cpu"]


def test_several_columns_are_several_series_in_order_of_time(file):
    """All but the time, or those that are chosen; in the zone that is named."""
    path = file(WIDE)
    demand = traces.load(path, format="series", time_zone="Asia/Shanghai").demand
    assert demand["unique_id"].tolist() == ["OT", "OT", "HUFL", "HUFL"]
    assert demand["y"].tolist() == [4, 5, 2, 1]
    assert demand["ds"][0] == pd.Timestamp("2016-06-30 16:00", tz="UTC")
    chosen = traces.load(path, format="series", time="date", values="OT").demand
    assert (chosen["unique_id"].unique().tolist(), chosen.attrs["resource"]) == (["OT"], "OT")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (CPU + "2014-02-14 14:40:00,3\n", {}, "line 5, column timestamp: must be distinct"),
        (CPU + "2014-02-14 14:45:00,\n", {}, "line 5, column value: must be a number"),
        (CPU + "soon,1\n", {}, "line 5, column timestamp: must be a time"),
        (WIDE, {"time": "when"}, "column when: no such column"),
        (WIDE, {"values": ["x"]}, "column x: no such column"),
        (WIDE, {"values": "date"}, "must not name the time column"),
        (WIDE, {"values": []}, "at least one column"),
        (WIDE, {"time_zone": "Mars"}, "time_zone must be an IANA name"),
        ("a,b\n1,2\n", {}, "must name a time column"),
    ],
)
def test_what_is_wrong_is_named(file, text, options, message):
    """File, line and column, or the option."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file(text), format="series", **options)


def test_m4_has_a_series_in_each_row(file):
    """Names, values oldest first, a step that the file does not say; a gap is refused."""
    path = file('"V1","V2","V3"\n"H1",605,586\n"H2",3124,\n', "Hourly.csv")
    trace = traces.load(path, step="30min")
    assert trace.meta.format == "m4"
    assert trace.demand.to_numpy().tolist() == [["H1", 0, 605], ["H1", 1800, 586], ["H2", 0, 3124]]
    gap = file("V1,V2,V3\nH1,,3\nH2,1,2\n")
    with pytest.raises(InvalidInputError, match="line 2, column V3: must be empty, as the value"):
        traces.load(gap)
    assert traces.load(gap, on_error="drop").demand["unique_id"].tolist() == ["H2", "H2"]


def test_damaged_m4_files_are_refused_or_accounted_for(file):
    """A row without values is counted as dropped."""

    def count(trace):
        assert np.isfinite(trace.demand["y"]).all()
        return trace.demand["unique_id"].nunique()

    path = file("V1,V2,V3\nH1,605,586\nH2,3124,\nH3,1,2\n")
    assert survives(traces.load, path, seed=10, count=count, format="m4") > 20


def test_damaged_series_are_refused_or_accounted_for(file):
    """Never a crash, never a silent half-read."""

    def count(trace):
        return len(trace.demand)

    assert survives(traces.load, file(CPU), seed=9, count=count, format="series") > 20


@pytest.mark.parametrize(
    ("name", "points", "first", "last", "mean", "most"),
    [
        ("ec2_cpu_utilization_24ae8d", 4032, "2014-02-14 14:30", "2014-02-28 14:25", 0.126, 2.344),
        ("elb_request_count_8c0756", 4032, "2014-04-10 00:04", "2014-04-24 00:39", 61.837, 656),
        ("nyc_taxi", 10320, "2014-07-01 00:00", "2015-01-31 23:30", 15137.6, 39197),
    ],
)
def test_nab_files_hold_what_their_page_states(shared_dir, name, points, first, last, mean, most):
    """Points, span, mean and maximum."""
    path = shared_dir / "traces" / "nab-cloud-metrics" / f"{name}.csv.gz"
    check_page(traces.load(path, on_error="drop"), name, points, first, last, mean, most)


@pytest.mark.parametrize(
    ("name", "points", "first", "last", "mean", "most"),
    [
        ("api-01", 6192, "2017-11-01 00:00", "2018-07-16 23:00", 72.226, 391.412),
        ("mongo-02", 15840, "2018-04-25 00:00", "2018-05-05 23:59", 466.125, 725.017),
        ("purchase-03", 1248, "2018-03-15 00:00", "2018-05-05 23:00", 6213.45, 48398),
    ],
)
def test_cloud_monitoring_files_hold_what_their_page_states(
    shared_dir, name, points, first, last, mean, most
):
    """Points, span, mean and maximum."""
    path = shared_dir / "traces" / "ms-cloud-monitoring" / f"{name}.csv.gz"
    check_page(traces.load(path, on_error="drop"), name, points, first, last, mean, most)


def check_page(trace, name, points, first, last, mean, most):
    """The series is the one the page describes; every record is accounted for."""
    demand = trace.demand
    assert trace.meta.read == points
    assert len(demand) + sum(trace.meta.dropped.values()) == points
    assert demand["unique_id"].unique().tolist() == [name]
    ends = [demand["ds"].iloc[0], demand["ds"].iloc[-1]]
    assert ends == [pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC")]
    assert demand["y"].mean() == pytest.approx(mean, rel=1e-3, abs=5e-4)
    assert demand["y"].max() == pytest.approx(most, rel=1e-5)


def test_m4_holds_what_its_page_states(shared_dir):
    """Series, lengths of the training part, and the horizon of the test part."""
    folder = shared_dir / "traces" / "m4-hourly"
    lengths = traces.load(folder / "Hourly-train.csv.gz").demand.groupby("unique_id").size()
    assert (len(lengths), lengths.min(), lengths.max(), lengths.median()) == (414, 700, 960, 960)
    test = traces.load(folder / "Hourly-test.csv.gz").demand.groupby("unique_id").size()
    assert (len(test), set(test)) == (414, {48})


def test_ett_holds_what_its_page_states(shared_dir):
    """Rows, span without gaps, and the statistics of two of its seven columns."""
    path = shared_dir / "traces" / "ett-hourly" / "ETTh1.csv.gz"
    demand = traces.load(path, format="series").demand
    assert demand.groupby("unique_id").size().to_dict() == dict.fromkeys(
        ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"], 17420
    )
    wide = traces.monitoring_frame(demand)
    assert set(np.diff(wide["time"].dt.as_unit("ns").astype("int64"))) == {3600 * 10**9}
    assert wide["time"].iloc[-1] == pd.Timestamp("2018-06-26 19:00", tz="UTC")
    assert wide["OT"].mean() == pytest.approx(13.325, abs=0.0005)
    assert wide["HUFL"].std() == pytest.approx(7.068, abs=0.0005)
