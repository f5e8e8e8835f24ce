"""Times of any unit, zone and library become exact nanoseconds and come back."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import InvalidInputError
from fairlead.tables import (
    NAT,
    TimeKind,
    job_columns,
    node_columns,
    ns_to_seconds,
    seconds_to_ns,
    spans_s,
)

SECONDS = st.floats(-9.2e9, 9.2e9)
UNITS_PER_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def jobs_frame(**columns):
    """A jobs table of two rows, with columns replaced or added."""
    return pd.DataFrame({"submit_time": [0, 5], "duration_s": [10, 20], **columns})


def nodes_frame(**columns):
    """A nodes table of two rows, with columns replaced or added."""
    return pd.DataFrame({"node_id": ["a", "b"], **columns})


@given(st.integers(-9_200_000_000, 9_200_000_000))
def test_whole_seconds_are_exact_both_ways(second):
    """Integers and integral floats keep every second to 9.2e9 and come back unchanged."""
    for values in (np.array([second]), np.array([float(second)])):
        ns = seconds_to_ns(values)
        assert ns.tolist() == [second * 10**9]
        assert ns_to_seconds(ns).tolist() == [float(second)]


@given(SECONDS)
def test_fractions_of_a_second_round_to_the_nearest_nanosecond(second):
    """The error is at most half a nanosecond, judged in exact arithmetic."""
    (ns,) = seconds_to_ns(np.array([second])).tolist()
    assert abs(Fraction(ns) - Fraction(second) * 10**9) <= Fraction(1, 2)


@given(SECONDS)
def test_seconds_survive_a_round_trip_within_a_nanosecond(second):
    """To nanoseconds and back loses at most one nanosecond or one unit in the last place."""
    (back,) = ns_to_seconds(seconds_to_ns(np.array([second]))).tolist()
    assert abs(back - second) <= max(1e-9, math.ulp(second))


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(sorted(UNITS_PER_S)),
    st.sampled_from([None, "UTC", "Europe/Stockholm", "US/Pacific"]),
)
def test_datetimes_of_any_unit_and_zone_come_back_equal(tick, unit, zone):
    """The instant and the zone survive; the unit becomes nanoseconds."""
    tick %= 9 * 10**9 * UNITS_PER_S[unit]
    times = pd.Series(np.array([tick]).astype(f"M8[{unit}]"))
    if zone is not None:
        times = times.dt.tz_localize("UTC").dt.tz_convert(zone)
    columns = job_columns(pd.DataFrame({"submit_time": times, "duration_s": [1]}))
    assert columns.submit_ns.tolist() == [tick * (10**9 // UNITS_PER_S[unit])]
    back = pd.Series(columns.time.to_frame_times(columns.submit_ns))
    assert back[0] == times[0]
    assert getattr(back.dt, "tz", None) == times.dt.tz


def test_polars_and_arrow_datetimes_keep_instant_and_zone():
    """A zoned Polars or Arrow column gives the nanoseconds that pandas gives."""
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    stamp = pd.Timestamp("2026-03-29 03:30", tz="Europe/Stockholm")
    for frame in (
        pl.DataFrame({"submit_time": [stamp.to_pydatetime()], "duration_s": [1]}),
        pa.table({"submit_time": [stamp.to_pydatetime()], "duration_s": [1]}),
        pd.DataFrame({"submit_time": [stamp.isoformat()], "duration_s": [1]}),
    ):
        columns = job_columns(frame)
        assert columns.submit_ns.tolist() == [stamp.value]
        assert columns.time.to_scalar(stamp.value) == stamp


def test_dates_and_mixed_offsets_are_times():
    """Polars dates are midnights; ISO text with two offsets is compared as instants."""
    pl = pytest.importorskip("polars")
    import datetime

    day = job_columns(pl.DataFrame({"submit_time": [datetime.date(1970, 1, 2)], "duration_s": [1]}))
    assert day.submit_ns.tolist() == [86_400 * 10**9]
    mixed = jobs_frame(submit_time=["1970-01-01T01:00:00+01:00", "1970-01-01T00:00:01Z"])
    assert job_columns(mixed).submit_ns.tolist() == [0, 10**9]


def test_missing_times_come_back_missing():
    """`NAT` and a marker of the caller's become NaN or NaT."""
    ns = np.array([NAT, -1, 10**9])
    assert np.isnan(TimeKind("seconds").to_frame_times(ns)).tolist() == [True, False, False]
    marked = TimeKind("datetime").to_frame_times(ns, missing=-1)
    assert np.isnat(marked).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("kind", "time", "ns"),
    [
        (TimeKind("seconds"), 1.5, 1_500_000_000),
        (TimeKind("datetime"), "1970-01-01T00:00:02", 2_000_000_000),
        (TimeKind("datetime"), pd.Timestamp(3, unit="s"), 3_000_000_000),
        (TimeKind("datetime", "UTC"), np.datetime64(4, "s"), 4_000_000_000),
    ],
)
def test_one_time_of_the_user_is_read_in_the_kind_of_the_table(kind, time, ns):
    """``until=`` and the like take what the table takes."""
    assert kind.to_ns(time, "until") == ns


@pytest.mark.parametrize("time", ["soon", "2026-01-01", None, float("nan"), [1], object()])
def test_a_time_of_another_kind_is_refused(time):
    """Seconds are wanted: text, datetimes and nothing are errors that name the argument."""
    with pytest.raises(InvalidInputError, match="until"):
        TimeKind("seconds").to_ns(time, "until")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e10, -1e10, None])
def test_a_submit_time_that_is_no_instant_names_its_row(bad):
    """Missing, infinite and far-off times are errors."""
    with pytest.raises(InvalidInputError, match=r"jobs\['submit_time'\].*row 1 \(job 'x'\)"):
        job_columns(jobs_frame(submit_time=[0.0, bad], job_id=["w", "x"]))


def test_a_datetime_beyond_nanoseconds_is_refused_not_wrapped():
    """The year 3000 fits microseconds but not int64 nanoseconds."""
    times = pd.Series(np.array(["2000-01-01", "3000-01-01"], dtype="M8[us]"))
    with pytest.raises(InvalidInputError, match="row 1"):
        job_columns(jobs_frame(submit_time=times))


def test_text_that_is_no_time_names_its_row():
    """One bad cell among ISO text."""
    with pytest.raises(InvalidInputError, match=r"row 1 has 'tomorrow'"):
        job_columns(jobs_frame(submit_time=["2026-01-05", "tomorrow"]))


def test_nodes_and_jobs_must_tell_time_alike():
    """Seconds cannot be compared with datetimes."""
    nodes = node_columns(nodes_frame(available_from=pd.to_datetime(["2026-01-01", None])))
    with pytest.raises(InvalidInputError, match="one kind"):
        job_columns(jobs_frame(), nodes)


def test_long_columns_convert_like_each_of_their_rows():
    """Columns are worked on in blocks: the last rows of a long one are what they are alone."""
    print("seed 5")
    rng = np.random.default_rng(5)
    n = 70_000
    seconds = np.concatenate([rng.integers(0, 10**9, n), rng.uniform(0, 10**6, 3)])
    ns = seconds_to_ns(seconds)
    assert ns[-3:].tolist() == seconds_to_ns(seconds[-3:]).tolist()
    assert ns[:n].tolist() == (seconds[:n].astype(np.int64) * 10**9).tolist()
    ns[-1] = NAT
    back = ns_to_seconds(ns)
    assert back[:n].tolist() == seconds[:n].tolist()
    assert back[-3:-1].tolist() == ns_to_seconds(ns[-3:-1]).tolist()
    assert np.isnan(back[-1])
    spans = spans_s(ns, ns[::-1].copy())
    assert np.isnan(spans[[0, -1]]).all()
    assert spans[1:-1].tolist() == ns_to_seconds(ns[1:-1] - ns[-2:0:-1]).tolist()
