"""Features of demand series against pandas, and that they see nothing of the future."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fairlead import InvalidInputError
from fairlead.prediction import demand_features
from fairlead.prediction.features import (
    FeatureStream,
    calendar,
    ewm,
    expanding,
    fourier,
    holidays,
    lags,
    rolling,
    time_since,
)

STATISTICS = ["mean", "std", "min", "max", "median", 0.1]
# NaN is a missing value; the first one is known, or the series would begin later.
VALUES = st.integers(0, 2000).map(lambda v: v / 8) | st.just(np.nan)
SERIES = hnp.arrays(float, st.integers(1, 80), elements=VALUES).map(
    lambda v: np.concatenate([[1.0], v])
)
EVERY = [
    lags(1, 5, 30),
    *(rolling(s, w) for s in STATISTICS for w in (2, 7, 24)),
    *(rolling(s, 24, min_samples=3) for s in STATISTICS),
    *(rolling(s, 3, season_length=12) for s in STATISTICS),
    *(expanding(s) for s in STATISTICS),
    ewm("mean", 0.3),
    ewm("std", 0.3),
]


def frame(values: np.ndarray, name: str = "a") -> pd.DataFrame:
    """One hourly series."""
    ds = pd.date_range("2026-03-01", periods=len(values), freq="h")
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": values})


def column(values: np.ndarray, feature: Any, **options: Any) -> np.ndarray:
    """The one feature of one series."""
    return demand_features(frame(values), [feature], freq="1h", **options).iloc[:, -1].to_numpy()


def of_pandas(window: Any, statistic: Any) -> np.ndarray:
    """The statistic by pandas."""
    if statistic == "median":
        statistic = 0.5
    made = window.quantile(statistic) if isinstance(statistic, float) else window.agg(statistic)
    return made.to_numpy()


def assert_same(made: np.ndarray, expected: np.ndarray) -> None:
    """Equal but for the rounding errors of pandas' running sums, and missing in the same rows."""
    np.testing.assert_allclose(made, expected, rtol=1e-9, atol=1e-6)


@given(
    values=SERIES,
    window=st.integers(1, 30),
    statistic=st.sampled_from(STATISTICS),
    lag=st.integers(1, 9),
    least=st.integers(1, 30),
)
def test_rolling_features_equal_pandas(
    values: np.ndarray, window: int, statistic: Any, lag: int, least: int
) -> None:
    """A row has the statistic of the window that ends `lag` before it, gaps left out."""
    least = min(least, window)
    made = column(values, rolling(statistic, window, lag=lag, min_samples=least))
    rolled = pd.Series(values).shift(lag).rolling(window, min_periods=least)
    assert_same(made, of_pandas(rolled, statistic))


@given(
    values=SERIES,
    statistic=st.sampled_from(STATISTICS),
    lag=st.integers(1, 9),
    least=st.integers(1, 9),
)
def test_expanding_features_equal_pandas(
    values: np.ndarray, statistic: Any, lag: int, least: int
) -> None:
    """A row has the statistic of all values up to `lag` before it."""
    made = column(values, expanding(statistic, lag=lag, min_samples=least))
    expanded = pd.Series(values).expanding(min_periods=least)
    # Shifted afterwards: pandas knows no statistic where it has seen no row.
    assert_same(made, pd.Series(of_pandas(expanded, statistic)).shift(lag).to_numpy())


@given(
    values=SERIES,
    statistic=st.sampled_from(["mean", "std"]),
    alpha=st.sampled_from([0.05, 0.3, 1.0]),
    least=st.integers(1, 9),
)
def test_exponential_features_equal_pandas(
    values: np.ndarray, statistic: str, alpha: float, least: int
) -> None:
    """Weights decay at every interval, with a value or without."""
    made = column(values, ewm(statistic, alpha, min_samples=least))
    series = pd.Series(values)
    weighted = series.ewm(alpha=alpha, adjust=False, min_periods=least)
    # One value has no deviation, though pandas may give 0 for it after some missing ones.
    several = series.notna().cumsum() > 1
    expected = weighted.mean() if statistic == "mean" else weighted.std().where(several)
    assert_same(made, expected.shift(1).to_numpy())


@given(values=SERIES, lag=st.integers(1, 100), step=st.integers(1, 9))
def test_lags_count_back_from_the_last_value_known_a_step_before(
    values: np.ndarray, lag: int, step: int
) -> None:
    """Lag 1 is the last known value."""
    made = column(values, lags(lag)[0], step=step)
    np.testing.assert_array_equal(made, pd.Series(values).shift(lag + step - 1))


@given(values=SERIES, season=st.integers(2, 9), step=st.integers(1, 20), count=st.integers(1, 4))
def test_seasonal_features_have_the_place_of_their_row(
    values: np.ndarray, season: int, step: int, count: int
) -> None:
    """The latest values a whole number of seasons before the row that are known `step` before."""
    made = column(values, rolling("mean", count, season_length=season), step=step)
    first = -(-step // season) * season
    shifted = [pd.Series(values).shift(first + k * season) for k in range(count)]
    assert_same(made, (sum(shifted) / count).to_numpy())


def test_series_do_not_see_each_other() -> None:
    """Many series give the rows that each gives by itself, also out of order."""
    rng = np.random.default_rng(5)
    parts = [
        frame(rng.integers(0, 9, n).astype(float), f"s{n}") for n in (2, 5, 30, 31, 90, 8, 7, 6, 60)
    ]
    mixed = pd.concat(parts).sample(frac=1, random_state=5)
    together = demand_features(mixed, EVERY, freq="1h").set_index(["unique_id", "ds"]).sort_index()
    for part in parts:
        alone = demand_features(part, EVERY, freq="1h").set_index(["unique_id", "ds"])
        pd.testing.assert_frame_equal(together.loc[alone.index], alone)


def test_a_changed_future_changes_no_earlier_row() -> None:
    """Not the last bit, whatever comes: other values, huge ones, gaps."""
    rng = np.random.default_rng(7)
    values = rng.normal(50, 9, 6000)
    before = demand_features(frame(values), EVERY, dtype="float32")
    for change in (rng.permutation(values[5000:]), values[5000:] * 1e12, np.full(1000, np.nan)):
        changed = values.copy()
        changed[5000:] = change
        changed[5999] = 1.0
        after = demand_features(frame(changed), EVERY, dtype="float32")
        pd.testing.assert_frame_equal(
            before.iloc[:5001].drop(columns="y"),
            after.iloc[:5001].drop(columns="y"),
            rtol=0,
            atol=0,
        )


def test_rows_beyond_the_end_know_what_a_direct_forecast_may() -> None:
    """With step=3 three rows after the end have their lags, later ones do not."""
    made = demand_features(frame(np.arange(1.0, 11.0)), [lags(1)], step=3, horizon=5)
    assert made["y"].iloc[-5:].isna().all()
    assert made["lag1"].iloc[-5:].tolist()[:3] == [8.0, 9.0, 10.0]
    assert made["lag1"].iloc[-2:].isna().all()
    assert made["ds"].iloc[-1] == pd.Timestamp("2026-03-01 14:00")


def test_intervals_without_a_row_are_missing_values() -> None:
    """A gap in the frame is one in the lags."""
    made = demand_features(frame(np.arange(4.0)).drop(index=1), [lags(1)], freq="1h")
    np.testing.assert_array_equal(made["lag1"], [np.nan, 0.0, np.nan, 2.0])


def test_calendar_is_that_of_the_wall_clock() -> None:
    """Fields equal those of pandas, in the zone of the times and over a change of the clock."""
    for zone in (None, "Europe/Berlin"):
        ds = pd.date_range("1969-12-29", periods=500, freq="37h", tz="UTC").tz_convert(zone)
        demand = pd.DataFrame({"ds": ds, "y": 1.0})
        names = ("minute", "hour", "day_of_week", "weekend", "day", "day_of_year", "month")
        made = demand_features(demand, calendar(*names))
        for name in ("minute", "hour", "day_of_week", "day", "day_of_year", "month"):
            np.testing.assert_array_equal(made[name], getattr(ds, name))
        np.testing.assert_array_equal(made["weekend"], ds.day_of_week >= 5)


def test_fourier_pairs_turn_once_a_season() -> None:
    """They depend on the time, not on where the series begins."""
    whole = demand_features(frame(np.ones(60)), fourier(24, 2)).set_index("ds")
    late = demand_features(frame(np.ones(60)).iloc[11:], fourier(24, 2)).set_index("ds")
    pd.testing.assert_frame_equal(whole.loc[late.index], late)
    hour = whole.index.hour
    np.testing.assert_allclose(whole["sin2_24"], np.sin(4 * np.pi * hour / 24), atol=1e-12)
    np.testing.assert_allclose(whole["cos1_24"], np.cos(2 * np.pi * hour / 24), atol=1e-12)


def test_holidays_are_whole_days_of_the_wall_clock() -> None:
    """All intervals of the date and no other."""
    made = demand_features(frame(np.ones(72)), holidays(["2026-03-02"], "founding"))
    assert made["founding"].tolist() == [0.0] * 24 + [1.0] * 24 + [0.0] * 24


def test_time_since_counts_events_known_by_then() -> None:
    """A later step knows one interval less."""
    events = [pd.Timestamp("2026-03-01 02:00"), pd.Timestamp("2026-03-01 00:30")]
    for step, expected in ((1, [np.nan, 1800, 0, 3600]), (2, [np.nan, np.nan, 1800, 0])):
        made = demand_features(frame(np.ones(4)), time_since(events, "up"), step=step)
        np.testing.assert_array_equal(made["since_up_s"], expected)
    assert demand_features(frame(np.ones(4)), time_since([]))["since_event_s"].isna().all()


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_come_back_in_their_library(library: Any) -> None:
    """Polars and Arrow in, the same out, with the same values."""
    source = frame(np.arange(30.0))
    made = demand_features(library(source), [lags(1), calendar("hour")])
    assert type(made) is type(library(source))
    back = made.to_pandas()
    expected = demand_features(source, [lags(1), calendar("hour")])
    np.testing.assert_array_equal(back["lag1"].astype(float), expected["lag1"])


def test_single_precision_halves_the_columns_and_nothing_else() -> None:
    """Sums stay double: each value is the rounded one."""
    values = np.random.default_rng(3).normal(1e6, 1, 300)
    wide, narrow = (demand_features(frame(values), EVERY, dtype=d) for d in ("float64", "float32"))
    for name in wide.columns[3:]:
        assert narrow[name].dtype == np.float32
        np.testing.assert_array_equal(narrow[name], wide[name].astype(np.float32))


@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_gives_the_same(threads: int) -> None:
    """Bit for bit."""
    rng = np.random.default_rng(4)
    demand = pd.concat([frame(rng.normal(50, 9, 100), f"s{i}") for i in range(30)])
    made = demand_features(demand, EVERY, threads=threads)
    pd.testing.assert_frame_equal(made, demand_features(demand, EVERY), rtol=0, atol=0)


STREAMED = [
    *(f for f in EVERY if f is not EVERY[0]),
    *EVERY[0],
    *(rolling(s, 3, lag=4, min_samples=1) for s in STATISTICS),
]
STREAMED = [f for f in STREAMED if not f.name.startswith("expanding_quantile")]


@settings(max_examples=20)
@given(values=hnp.arrays(float, st.tuples(st.integers(1, 90), st.just(11)), elements=VALUES))
def test_a_stream_has_the_rows_of_the_batch(values: np.ndarray) -> None:
    """After each tick it knows what a later row of the frame knows."""
    values[0] = 1.0
    stream = FeatureStream(STREAMED, n_series=11)
    made = np.array([stream.observe(tick) for tick in values])
    for s in range(11):
        batch = demand_features(frame(values[:, s]), STREAMED, freq="1h", horizon=1)
        expected = batch[list(stream.names)].to_numpy()[1 : len(made) + 1]
        np.testing.assert_allclose(made[:, s], expected, rtol=1e-9, atol=1e-7)


def test_a_stream_keeps_no_trace_of_what_left_the_window() -> None:
    """Runs are joined, never subtracted."""
    stream = FeatureStream([rolling("std", 5), rolling("mean", 5)])
    for value in [1e15, *[0.5] * 4]:
        stream.observe([value])
    for _ in range(9):
        assert stream.observe([0.5]).tolist() == [[0.0, 0.5]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rolling("mode", 3), "a statistic is one of"),
        (lambda: rolling(1.2, 3), "a probability from 0 to 1"),
        (lambda: rolling("mean", 0), "window must be a whole number of 1 or more, got 0"),
        (lambda: rolling("mean", 3, min_samples=4), "at most the window"),
        (lambda: lags(0), "lag must be a whole number of 1 or more, got 0"),
        (lambda: ewm("mean", 0), "alpha must be above 0"),
        (lambda: ewm("max", 0.5), "ewm takes 'mean' or 'std'"),
        (lambda: calendar("hours"), "got 'hours'"),
        (lambda: fourier(24, 13), "an order from 1 to half"),
        (lambda: holidays(["soon"]), "holidays must be dates"),
        (lambda: column(np.ones(3), "lag1"), "must be made by lags"),
        (lambda: demand_features(frame(np.ones(3)), lags(1, 1)), "two columns would be named"),
        (lambda: column(np.ones(3), lags(1)[0], step=0), "step must be a whole number from 1"),
        (lambda: column(np.ones(3), lags(1)[0], threads=0), "threads must be at least 1"),
        (lambda: column(np.ones(3), lags(1)[0], dtype="int"), "dtype must be"),
        (
            lambda: demand_features(pd.DataFrame({"ds": [0, 1], "y": [1, 2]}), calendar("hour")),
            "need datetimes in ds",
        ),
        (lambda: column(np.ones(3), time_since([3.0])), "times of 'event' must be a datetime"),
        (lambda: FeatureStream(fourier(24)), "a stream takes features of values"),
        (lambda: FeatureStream([expanding("median")]), "there is no state for it"),
        (
            lambda: FeatureStream(lags(1), n_series=0),
            "n_series must be a whole number of 1 or more",
        ),
        (lambda: FeatureStream(lags(1)).observe([1.0, 2.0]), "values must be 1 numbers"),
        (lambda: FeatureStream(lags(1)).observe([np.inf]), "finite or missing"),
    ],
)
def test_what_cannot_be_made_is_refused(make: Any, message: str) -> None:
    """The message says what is known, what came, and the way out."""
    with pytest.raises(InvalidInputError, match=message):
        make()
