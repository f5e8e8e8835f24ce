"""Forecasts that start from where demand stands: the column ``y_end``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fairlead import InvalidInputError
from fairlead.prediction import backtest, predict


class LastValue:
    """A model from outside."""

    name = "last_value"

    def forecast(
        self, histories: Sequence[np.ndarray], horizon: int, seasons: tuple[int, ...]
    ) -> np.ndarray:
        """The last value at every step."""
        return np.repeat([[y[-1]] for y in histories], horizon, axis=1)


def jumps(n: int, *, seed: int = 0) -> pd.DataFrame:
    """Demand that jumps within one hour of three and then holds: means, and the ends of hours."""
    rng = np.random.default_rng(seed)
    level = pd.Series(np.where(rng.random(n) < 1 / 3, rng.uniform(0, 100, n), np.nan))
    level = level.ffill().fillna(50)
    at = rng.random(n)
    ds = pd.date_range("2026-01-05", periods=n, freq="1h")
    y = at * level.shift(fill_value=50) + (1 - at) * level
    return pd.DataFrame({"unique_id": "a", "ds": ds, "y": y, "y_end": level})


@pytest.mark.parametrize("model", ["auto", "naive", "quantile_regression", LastValue()])
def test_an_end_takes_from_the_error_of_any_model(model: object) -> None:
    """Of one step ahead, where two hours of three nothing happens after the end."""
    demand = jumps(500)
    made = [
        backtest(each, 1, model=model, n_windows=100, level=80).metrics.iloc[0]
        for each in (demand.drop(columns="y_end"), demand)
    ]
    assert made[1]["mae"] < 0.85 * made[0]["mae"]
    assert made[1]["pinball"] < 0.85 * made[0]["pinball"]


def test_bands_lie_around_the_forecast_that_was_moved() -> None:
    """Where the end lies far from the mean the whole distribution goes with it."""
    demand = jumps(700)
    demand.loc[699, ["y", "y_end"]] = [10.0, 90.0]
    for model in ("naive", "quantile_regression", LastValue()):
        made = predict(demand, 1, model=model, level=50).frame.iloc[0]
        name = model if isinstance(model, str) else model.name
        assert made[name] > 70
        assert made[f"{name}-lo-50"] > 50


def test_paths_are_those_of_the_forecast_that_was_moved() -> None:
    """They are made by forecasting once more."""
    demand = jumps(300)
    demand.loc[299, ["y", "y_end"]] = [10.0, 90.0]
    paths = predict(demand, 1, model="naive").sample_paths(200).y
    assert np.median(paths) > 70


def test_no_end_after_the_cutoff_is_seen() -> None:
    """Shuffled ends of the future change no forecast of the past, nor do its values."""
    demand = jumps(400)
    shuffled = demand.copy()
    later = shuffled.index[376:]
    order = np.random.default_rng(1).permutation(later)
    shuffled.loc[later, ["y", "y_end"]] = demand.loc[order, ["y", "y_end"]].to_numpy()
    made = [
        backtest(each, 24, n_windows=1, level=80).frame.drop(columns="y")
        for each in (demand, shuffled)
    ]
    pd.testing.assert_frame_equal(made[0], made[1])
    # And they would be seen if they were let.
    assert not made[0].equals(backtest(shuffled, 20, n_windows=1).frame.drop(columns="y"))


def test_ends_equal_to_the_means_change_nothing() -> None:
    """There is no distance to follow, as where no end is known."""
    demand = jumps(200).drop(columns="y_end")
    plain = predict(demand, 12).frame
    pd.testing.assert_frame_equal(predict(demand.assign(y_end=demand["y"]), 12).frame, plain)
    pd.testing.assert_frame_equal(predict(demand.assign(y_end=np.nan), 12).frame, plain)


def test_rows_in_any_order_and_any_frame_bring_their_ends() -> None:
    """Two series, one with a missing beginning, shuffled, in pandas and Polars."""
    first, second = jumps(120), jumps(100, seed=1).assign(unique_id="b")
    second.loc[:4, "y"] = np.nan
    demand = pd.concat([first, second], ignore_index=True)
    expected = predict(demand, 3).frame
    shuffled = demand.sample(frac=1, random_state=3)
    made = predict(shuffled, 3).frame
    pd.testing.assert_frame_equal(
        made.sort_values(["unique_id", "ds"], ignore_index=True), expected
    )
    polars = predict(pl.from_pandas(demand), 3).frame.to_pandas()
    np.testing.assert_array_equal(polars["auto"], expected["auto"])
    alone = predict(second, 3).frame
    np.testing.assert_array_equal(alone["auto"], expected["auto"].iloc[3:])


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_a_bad_end_is_named(value: float) -> None:
    """Column, row, what was expected and what came."""
    demand = jumps(50)
    demand.loc[7, "y_end"] = value
    with pytest.raises(
        InvalidInputError, match=r"demand\['y_end'\] must be 0 or more and finite; row 7"
    ):
        predict(demand, 2)
