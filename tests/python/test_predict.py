"""`predict`: models, bands, frames in and out, and histories of every sort."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlead
from fairlead import InvalidInputError
from fairlead.prediction import models, predict

START = pd.Timestamp("2026-01-05")


def seasonal(n: int, *, seed: int = 0, spread: float = 5.0) -> np.ndarray:
    """A day, a weekend and noise, hourly."""
    hours = np.arange(n)
    level = 60 + 20 * np.sin(2 * np.pi * hours / 24) - 15 * (hours % 168 >= 120)
    return np.maximum(level + np.random.default_rng(seed).normal(0, spread, n), 0)


def frame(y: np.ndarray, name: str = "a", start: pd.Timestamp = START) -> pd.DataFrame:
    """One hourly series."""
    ds = pd.date_range(start, periods=len(y), freq="1h")
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": y})


def test_seasonal_naive_repeats_the_last_day() -> None:
    """Hour by hour, also beyond one day."""
    y = seasonal(100)
    made = predict(frame(y), 30, model="seasonal_naive").frame
    np.testing.assert_array_equal(made["seasonal_naive"], np.r_[y[-24:], y[-24:-18]])
    assert made["ds"].tolist() == list(
        pd.date_range(START + pd.Timedelta(hours=100), periods=30, freq="1h")
    )


def test_rolling_models_are_the_mean_and_median_of_the_window() -> None:
    """Flat, over the last day or the given window."""
    y = seasonal(100)
    mean = predict(frame(y), 2, model="rolling_mean").frame["rolling_mean"]
    np.testing.assert_allclose(mean, y[-24:].mean(), rtol=1e-12)
    median = predict(frame(y), 2, model="rolling_median", window=7).frame["rolling_median"]
    np.testing.assert_array_equal(median, np.median(y[-7:]))


def test_ridge_beats_seasonal_naive_where_there_is_a_week() -> None:
    """Noise of standard deviation 5: repeating a noisy day cannot come below about 5.6."""
    y = seasonal(24 * 70, seed=1)
    history, outcome = y[:-168], y[-168:]
    errors = {
        model: np.abs(predict(frame(history), 168, model=model).frame[model] - outcome).mean()
        for model in ("seasonal_naive", "ridge")
    }
    assert errors["ridge"] < 5.0 < 5.6 < errors["seasonal_naive"]


def test_auto_says_what_each_model_weighs() -> None:
    """Per series, and the weights sum to 1."""
    noise = np.random.default_rng(2).uniform(0, 10, 800)
    demand = pd.concat([frame(seasonal(800, spread=1), "daily"), frame(noise, "noise")])
    forecast = predict(demand, 24)
    chosen = forecast.chosen.set_index("unique_id")
    weights = chosen.filter(like="weight_")
    assert list(weights) == [f"weight_{name}" for name in models() if name != "auto"]
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert "weight_" + chosen.loc["daily", "model"] == weights.loc["daily"].idxmax()
    assert (
        weights.loc["daily", "weight_ridge_level"] > 5 * weights.loc["daily", "weight_rolling_mean"]
    )
    assert weights.loc["noise", "weight_rolling_mean"] > weights.loc["noise", "weight_ridge_change"]
    assert "auto" in forecast.frame
    assert "daily: mean" in forecast.summary()


def test_quantiles_ascend_and_meet_the_bands() -> None:
    """`quantile` and the columns are one distribution, interpolated between kept quantiles."""
    forecast = predict(frame(seasonal(400)), 24, level=(80, 97))
    low, high = (forecast.frame[f"auto-{side}-80"].to_numpy() for side in ("lo", "hi"))
    np.testing.assert_array_equal(forecast.quantile(0.1)["y"], low)
    np.testing.assert_array_equal(forecast.quantile(0.9)["y"], high)
    np.testing.assert_array_equal(forecast.quantile(0.985)["y"], forecast.frame["auto-hi-97"])
    ys = np.array([forecast.quantile(q)["y"] for q in np.linspace(0, 1, 41)])
    assert (np.diff(ys, axis=0) >= 0).all()
    between = forecast.quantile(0.91)["y"].to_numpy()
    assert ((between >= high) & (between <= forecast.quantile(0.925)["y"])).all()


def test_demand_is_never_forecast_below_zero() -> None:
    """Mostly idle, sometimes busy: the errors reach far below zero, the bands do not."""
    y = np.where(np.random.default_rng(3).random(500) < 0.05, 40.0, 0.0)
    for model in models():
        forecast = predict(frame(y), 24, model=model, level=(50, 95))
        assert (forecast.frame.filter(like=model).to_numpy() >= 0).all()
        assert (forecast.quantile(0)["y"] >= 0).all()


def test_many_series_equal_one_at_a_time() -> None:
    """Each series is its own, whatever its start and length, in the order of appearance."""
    parts = [
        frame(seasonal(500, seed=4), "z"),
        frame(seasonal(30, seed=5), "b", START + pd.Timedelta(hours=5)),
        frame(seasonal(700, seed=6), "c", START - pd.Timedelta(days=40)),
    ]
    together = predict(pd.concat(parts), 12).frame
    alone = pd.concat([predict(part, 12).frame for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_threads_change_nothing() -> None:
    """Bit for bit, for any number of them."""
    demand = pd.concat([frame(seasonal(60 + 40 * i, seed=i), f"s{i}") for i in range(9)])
    one = predict(demand, 12, threads=1)
    pd.testing.assert_frame_equal(predict(demand, 12, threads=3).frame, one.frame)
    with pytest.raises(InvalidInputError, match="threads must be at least 1, got 0"):
        predict(demand, 12, threads=0)


def test_the_order_of_rows_does_not_matter() -> None:
    """Rows are sorted by time within their series."""
    demand = pd.concat([frame(seasonal(200), "a"), frame(seasonal(200, seed=1), "b")])
    shuffled = demand.sample(frac=1, random_state=7)
    made = predict(shuffled, 5).frame.sort_values(["unique_id", "ds"], ignore_index=True)
    pd.testing.assert_frame_equal(made, predict(demand, 5).frame)


def test_rows_left_out_are_missing_values() -> None:
    """A gap in `ds` and a missing `y` are the same."""
    demand = frame(seasonal(400))
    demand.loc[100:120, "y"] = np.nan
    pd.testing.assert_frame_equal(
        predict(demand, 24).frame, predict(demand.drop(index=range(100, 121)), 24).frame
    )


def test_a_missing_end_does_not_move_the_forecast() -> None:
    """The forecast begins after the last row, with or without a value there."""
    demand = frame(seasonal(100))
    demand.loc[97:, "y"] = np.nan
    made = predict(demand, 3, model="seasonal_naive").frame
    assert made["ds"].iloc[0] == demand["ds"].iloc[-1] + pd.Timedelta(hours=1)
    np.testing.assert_array_equal(made["seasonal_naive"], demand["y"][76:79])


def test_a_missing_beginning_is_cut_off() -> None:
    """A series begins with its first known value."""
    demand = frame(seasonal(100))
    late = demand.assign(y=demand["y"].where(demand.index >= 40))
    pd.testing.assert_frame_equal(predict(late, 5).frame, predict(demand[40:], 5).frame)


@pytest.mark.parametrize(
    ("hours", "used"),
    [(1, "rolling_mean"), (23, "rolling_mean"), (24, "seasonal_naive"), (400, "ridge")],
)
def test_a_model_the_history_is_too_short_for_gives_way(hours: int, used: str) -> None:
    """And the result says so."""
    forecast = predict(frame(seasonal(hours)), 24, model="ridge", freq="1h")
    assert forecast.chosen["model"].tolist() == [used]


def test_one_known_value_is_a_flat_forecast_without_width() -> None:
    """There is no error to make a band of, and the summary says that."""
    forecast = predict(frame(np.array([7.0])), 3, freq="1h")
    np.testing.assert_allclose(forecast.frame[["auto", "auto-lo-80", "auto-hi-80"]], 7, rtol=1e-12)
    assert forecast.chosen["errors"].tolist() == [0]
    assert "no past error is known" in forecast.summary()


@pytest.mark.parametrize("make", [pl.DataFrame, pa.Table.from_pandas])
def test_frames_come_back_in_the_library_they_came_from(make: object) -> None:
    """Forecast, quantiles and choice, with the numbers of pandas."""
    pandas = frame(seasonal(200))
    forecast = predict(make(pandas), 6)  # type: ignore[operator]
    expected = predict(pandas, 6)
    for made, want in (
        (forecast.frame, expected.frame),
        (forecast.quantile(0.7), expected.quantile(0.7)),
        (forecast.chosen, expected.chosen),
    ):
        assert isinstance(made, pl.DataFrame | pa.Table)
        back = made.to_pandas() if isinstance(made, pa.Table) else pd.DataFrame(made.to_dict())
        assert list(back) == list(want)
        np.testing.assert_array_equal(
            back.select_dtypes("number"), want.select_dtypes("number").to_numpy()
        )


def test_seconds_come_back_as_seconds() -> None:
    """And hours of seconds have the same seasons as hours of datetimes."""
    y = seasonal(300)
    seconds = pd.DataFrame({"ds": 3600 * np.arange(300) + START.timestamp(), "y": y})
    forecast = predict(seconds, 24, model="ridge")
    assert forecast.frame["ds"].iloc[0] == START.timestamp() + 300 * 3600
    assert forecast.season_lengths == (24, 168)
    expected = predict(frame(y), 24, model="ridge").frame["ridge"]
    np.testing.assert_array_equal(forecast.frame["ridge"], expected)


def test_seasons_can_be_given() -> None:
    """Any lengths, in any order; `seasonal_naive` takes the shortest."""
    y = np.arange(40.0) % 7
    forecast = predict(frame(y), 7, model="seasonal_naive", season_lengths=(14, 7))
    np.testing.assert_array_equal(forecast.frame["seasonal_naive"], np.arange(40, 47) % 7)
    assert predict(frame(y), 1, season_lengths=7).season_lengths == (7,)
    assert predict(frame(y), 1, season_lengths=()).season_lengths == ()


def test_days_have_a_week_and_no_day() -> None:
    """The default seasons are those the interval length allows."""
    demand = pd.DataFrame({"ds": pd.date_range(START, periods=60, freq="1D"), "y": 1.0})
    forecast = predict(demand, 7)
    assert (forecast.freq, forecast.season_lengths) == ("24h", (7,))


def bad(change: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame({**frame(np.array([1.0, 2.0, 3.0])).to_dict("list"), **change})


HOURS = pd.date_range(START, periods=3, freq="1h")


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        (bad({}).iloc[:0], "demand has no rows"),
        (bad({}).drop(columns="y"), "demand needs a column 'y'; it has unique_id, ds"),
        (bad({"y": [1.0, -2.0, 3.0]}), r"demand\['y'\] must be 0 or more.*row 1 .*has -2.0"),
        (bad({"y": [1.0, np.inf, 3.0]}), "0 or more and finite.*row 1"),
        (bad({"y": [np.nan] * 3}), "series 'a' has no known value; drop the series"),
        (bad({"y": ["x", "y", "z"]}), r"demand\['y'\] must be a number; row 0"),
        (bad({"ds": [HOURS[0], HOURS[1], pd.NaT]}), r"be present; row 2 \(series 'a'\)"),
        (bad({"ds": [HOURS[0], HOURS[1], HOURS[1]]}), "distinct in a series; row 2"),
        (bad({"ds": [0.0, 10.0, 25.0]}), "a multiple of 10s after the first.*row 2"),
        (bad({"ds": [0.0, 1e-9, 9e9]}), "spans .* most of them without a row"),
        (bad({"unique_id": ["a", None, "a"]}), r"demand\['unique_id'\] must be present; row 1"),
        (bad({}).iloc[:1], "cannot be told from one row a series; give freq="),
        ([1, 2, 3], "demand must be a pandas, Polars or Arrow frame"),
    ],
)
def test_bad_demand_is_named(demand: object, message: str) -> None:
    """Column, row, what was expected and what came."""
    with pytest.raises(InvalidInputError, match=message):
        predict(demand, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon must be a whole number of intervals, 1 or more, got 0"),
        ({"horizon": 2.5}, "horizon must be a whole number"),
        ({"model": "prophet"}, "unknown model 'prophet'; known are seasonal_naive"),
        ({"level": 0}, "level must be per cent, above 0 and below 100"),
        ({"level": (80, 100)}, "level must be per cent"),
        ({"window": 0}, "window must be a whole number"),
        ({"season_lengths": (1,)}, "season_lengths must be whole numbers of intervals, 2 or more"),
        ({"freq": "7min"}, "a multiple of 7min after the first"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], message: str) -> None:
    """Each option says what it takes."""
    with pytest.raises(InvalidInputError, match=message):
        predict(frame(seasonal(30)), **{"horizon": 3, **options})  # type: ignore[arg-type]


def test_a_quantile_outside_0_to_1_is_an_error() -> None:
    """Per cent are for levels."""
    with pytest.raises(InvalidInputError, match="between 0 and 1, got 90"):
        predict(frame(seasonal(30)), 3).quantile(90)


@given(
    values=st.lists(
        st.one_of(
            st.just(np.nan), st.sampled_from([0.0, 1.0, 1e-9, 1e12]), st.floats(0, 1e6, width=32)
        ),
        min_size=1,
        max_size=260,
    ).filter(lambda values: not np.isnan(values).all()),
    horizon=st.integers(1, 60),
    model=st.sampled_from(list(models())),
)
def test_any_history_gives_a_finite_forecast(values: list[float], horizon: int, model: str) -> None:
    """Constant, spiky, gappy, short or huge: numbers come out, ordered and not negative."""
    forecast = predict(
        frame(np.array(values)),
        horizon,
        model=model,
        level=(90,),
        freq="1h",
        season_lengths=(6, 12),
    )
    low, mid, high = (forecast.quantile(q)["y"].to_numpy() for q in (0.05, 0.5, 0.95))
    point = forecast.frame[model].to_numpy()
    assert np.isfinite([low, mid, high, point]).all()
    assert (low >= 0).all()
    assert (low <= mid).all()
    assert (mid <= high).all()
    assert (point >= 0).all()


@settings(max_examples=20)
@given(scale=st.sampled_from([2.0**-20, 2.0**20]), seed=st.integers(0, 5))
def test_the_unit_does_not_matter(scale: float, seed: int) -> None:
    """Demand in other units is forecast in other units (powers of two do not round)."""
    y = seasonal(300, seed=seed)
    made, scaled = predict(frame(y), 24), predict(frame(y * scale), 24)
    assert made.chosen["model"].tolist() == scaled.chosen["model"].tolist()
    np.testing.assert_allclose(scaled.frame["auto"], scale * made.frame["auto"], rtol=1e-9)


def test_units_and_resource_are_carried_along() -> None:
    """What a plan is made for, and what a picture says on its axis."""
    demand = frame(seasonal(60))
    assert (predict(demand, 1).resource, predict(demand, 1).unit) == ("gpus", "GPUs")
    other = predict(demand, 1, resource="memory_gib")
    assert (other.resource, other.unit, other.freq) == ("memory_gib", "GiB", "1h")
    assert predict(demand, 1, unit="nodes").unit == "nodes"


def test_a_plot_has_a_panel_per_series() -> None:
    """History, bands and forecast; at most six series, or the one asked for."""
    demand = pd.concat([frame(seasonal(200, seed=i), f"pool {i}") for i in range(8)])
    forecast = predict(demand, 24, level=(50, 90))
    assert len(forecast.plot().axes) == 6
    figure = forecast.plot("pool 7")
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "pool 7"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["history", "forecast (auto)", "90 % band", "50 % band"]
    assert axes.get_ylabel() == "GPUs in use"
    with pytest.raises(InvalidInputError, match="no series 'nope'"):
        forecast.plot("nope")


def test_a_plot_of_seconds_and_of_polars_works() -> None:
    """Whatever kind of time and frame came."""
    demand = pl.DataFrame({"ds": [3600 * i for i in range(60)], "y": seasonal(60)})
    (axes,) = predict(demand, 12).plot().axes
    assert axes.get_xlabel() == "time (h)"
    assert axes.get_xlim() == (12, 72)


def test_the_room_imports_no_matplotlib() -> None:
    """Only a plot does; checked in a fresh interpreter."""
    import subprocess

    code = "import sys, fairlead.prediction; print('matplotlib' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "False"
    assert fairlead.predict is predict
