"""Every demand model: no look at the future, odd input, paths, measures, models from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fairlead import InvalidInputError
from fairlead.prediction import (
    PointModel,
    backtest,
    coverage,
    cross_validation,
    crps,
    mae,
    mase,
    models,
    predict,
    quantile_loss,
    rmse,
    rmsse,
    smape,
)
from fairlead.prediction.extras import LightGBMModel, StatsForecastModel

HOURS = np.arange(24 * 28)


def daily(seed: int, n: int = len(HOURS)) -> np.ndarray:
    """A day, whole days that come out high or low, and noise."""
    random = np.random.default_rng(seed)
    days = np.repeat(random.normal(0, 8, n // 24 + 1), 24)[:n]
    shape = 15 * np.sin(2 * np.pi * np.arange(n) / 24)
    return np.maximum(60 + shape + days + random.normal(0, 2, n), 0)


def long(series: dict[str, np.ndarray]) -> pd.DataFrame:
    """Hourly series that end together."""
    end = pd.Timestamp("2026-03-01")
    return pd.concat(
        [
            pd.DataFrame(
                {"unique_id": name, "ds": pd.date_range(end=end, periods=len(y), freq="1h"), "y": y}
            )
            for name, y in series.items()
        ],
        ignore_index=True,
    )


@pytest.mark.parametrize("model", list(models()))
def test_the_future_changes_no_past_forecast(model: str) -> None:
    """Shuffled or replaced values after a cutoff leave every forecast made there as it is."""
    y = daily(1, 24 * 20)
    cutoff = 24 * 17
    futures = [np.random.default_rng(2).permutation(y[cutoff:]), np.full(72, 1e6), np.zeros(72)]
    made = [
        backtest(
            long({"a": np.r_[y[:cutoff], future]}), 24, model=model, n_windows=3, level=(50, 90)
        ).frame
        for future in (y[cutoff:], *futures)
    ]
    first = made[0]["cutoff"] == made[0]["cutoff"].min()
    columns = [column for column in made[0] if column.startswith(model)]
    for other in made[1:]:
        pd.testing.assert_frame_equal(other.loc[first, columns], made[0].loc[first, columns])


@pytest.mark.parametrize("model", list(models()))
@pytest.mark.parametrize(
    "y",
    [
        np.full(200, 5.0),
        np.zeros(200),
        np.array([3.0]),
        np.array([3.0, 1e12]),
        np.r_[np.zeros(150), 1e12, np.zeros(49)],
        1e12 * (1 + np.arange(200.0)),
        np.r_[np.nan, np.full(80, np.nan), 1.0, np.full(40, np.nan), 2.0, np.full(60, np.nan)],
        np.where(np.arange(400) % 97 == 0, 50.0, 0.0),
    ],
    ids=["constant", "zero", "one point", "two points", "one spike", "huge", "gaps", "rare"],
)
def test_odd_histories_give_a_forecast(model: str, y: np.ndarray) -> None:
    """Finite, 0 or more, with ordered bands."""
    made = predict(long({"a": y}), 30, model=model, level=90, freq="1h")
    values = made.frame[[model, f"{model}-lo-90", f"{model}-hi-90"]].to_numpy()
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (values[:, 1] <= values[:, 2]).all()


def test_a_constant_is_forecast_as_itself() -> None:
    """By the combination, without width."""
    made = predict(long({"a": np.full(500, 7.0)}), 24, level=90).frame
    np.testing.assert_allclose(made[["auto", "auto-lo-90", "auto-hi-90"]], 7, rtol=1e-9)


def test_very_many_short_series_are_forecast() -> None:
    """100,000 of two values each."""
    n = 100_000
    demand = pd.DataFrame(
        {"unique_id": np.repeat(np.arange(n), 2), "ds": [0, 3600] * n, "y": [1.0, 3.0] * n}
    )
    made = predict(demand, 1).frame
    assert len(made) == n
    assert made["auto"].max() == made["auto"].min()
    assert made["auto"].between(1, 3).all()


@pytest.mark.parametrize("intervals", ["adaptive", "empirical", "split"])
def test_bands_of_every_rule_cover_about_what_they_say(intervals: str) -> None:
    """Of 48 forecasts of a day of noise around a daily shape, 80 % bands hold 70 to 90 %."""
    y = 60 + 20 * np.sin(np.arange(24 * 40) / 24 * 2 * np.pi)
    y = y + np.random.default_rng(7).normal(0, 5, len(y))
    made = backtest(long({"a": y}), 24, n_windows=48, step_size=12, intervals=intervals).metrics
    assert 0.7 <= made["coverage_80"].iloc[0] <= 0.9


def test_split_bands_lie_on_both_sides_alike() -> None:
    """As far below the forecast as above it, far from zero; another name is an error."""
    demand = long({"a": daily(8) + 1000})
    frame = predict(demand, 24, intervals="split").frame
    assert np.allclose(frame["auto-hi-80"] - frame["auto"], frame["auto"] - frame["auto-lo-80"])
    with pytest.raises(InvalidInputError, match="intervals must be one of adaptive"):
        predict(demand, 24, intervals="conformal")


def test_auto_follows_the_middle_of_demand_with_spikes() -> None:
    """One value in ten is a spike of 250, the others lie from 5 to 11. The mean of all is 32."""
    random = np.random.default_rng(9)
    y = np.where(random.random(24 * 28) < 0.1, 250.0, random.uniform(5, 11, 24 * 28))
    assert predict(long({"a": y}), 24).frame["auto"].mean() < 26


def test_quantiles_get_columns() -> None:
    """Named by per cent, equal to `quantile`, and checked."""
    made = predict(long({"a": daily(3)}), 6, quantiles=(0.9, 0.015), level=())
    assert list(made.frame)[-2:] == ["auto-q-1.5", "auto-q-90"]
    np.testing.assert_array_equal(made.frame["auto-q-90"], made.quantile(0.9)["y"])
    with pytest.raises(InvalidInputError, match="quantiles must be above 0 and below 1"):
        predict(long({"a": daily(3)}), 6, quantiles=90)


def test_paths_have_the_forecast_quantiles() -> None:
    """At every interval, within what 1,280 paths can tell."""
    forecast = predict(long({"a": daily(4), "b": daily(5)}), 24)
    values = forecast.sample_paths(1280, seed=1).y
    assert values.shape == (1280, 2, 24)
    for q in (0.1, 0.5, 0.9):
        want = forecast.quantile(q)["y"].to_numpy().reshape(2, 24)
        below = (values <= want).mean(axis=0)
        np.testing.assert_allclose(below, q, atol=0.02)


def test_paths_go_together_as_past_errors_did() -> None:
    """Hours of a day that comes out high, and series with the same days."""
    same = daily(6)
    twin = same + np.random.default_rng(7).normal(0, 0.1, len(same))
    forecast = predict(long({"a": same, "b": twin, "c": daily(8)}), 12)
    values = forecast.sample_paths(512, seed=2).y
    assert np.corrcoef(values[:, 0, 5], values[:, 0, 6])[0, 1] > 0.5
    assert np.corrcoef(values[:, 0, 5], values[:, 1, 5])[0, 1] > 0.9
    assert abs(np.corrcoef(values[:, 0, 5], values[:, 2, 5])[0, 1]) < 0.4


def test_paths_repeat_with_their_seed() -> None:
    """And differ with another."""
    forecast = predict(long({"a": daily(9)}), 5)
    once, again, other = (forecast.sample_paths(50, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(once.y, again.y)
    assert (once.y != other.y).any()
    assert len(once.frame) == 250
    assert list(once.frame) == ["unique_id", "ds", "path", "y"]
    with pytest.raises(InvalidInputError, match="n must be a whole number of paths"):
        forecast.sample_paths(0)


def test_paths_of_a_history_without_errors_are_flat() -> None:
    """One value: there is no error to draw."""
    values = predict(long({"a": np.array([4.0])}), 3, freq="1h").sample_paths(7).y
    np.testing.assert_array_equal(values, 4.0)


def test_the_quantile_of_a_sum_is_that_of_the_paths() -> None:
    """Over a lead time, per series and of all together; less than the sum of quantiles."""
    forecast = predict(long({"a": daily(10), "b": daily(11)}), 24)
    paths = forecast.sample_paths(1000, seed=5)
    each = paths.quantile(0.9, of="sum", steps=6)
    np.testing.assert_allclose(each["y"], np.quantile(paths.y[:, :, :6].sum(axis=2), 0.9, axis=0))
    together = paths.quantile(0.9, steps=6, together=True)
    assert together < forecast.quantile(0.9)["y"].to_numpy().reshape(2, 24)[:, :6].sum()
    largest = paths.quantile(0.5, of="max", together=True)
    np.testing.assert_allclose(largest, np.median(paths.y.sum(axis=1).max(axis=1)))
    with pytest.raises(InvalidInputError, match="steps must be 1 to 24 intervals, got 25"):
        paths.quantile(0.5, steps=25)
    with pytest.raises(InvalidInputError, match="of must be 'sum' or 'max'"):
        paths.quantile(0.5, of="mean")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="between 0 and 1, got 90"):
        paths.quantile(90)


@pytest.mark.parametrize("intervals", ["adaptive", "split"])
def test_cross_validation_is_the_frame_of_backtest(intervals: str) -> None:
    """With the names Nixtla's users know, and bands by the rule that is asked for."""
    demand = long({"a": daily(12), "b": daily(13)})
    asked = {"n_windows": 3, "step_size": 6, "level": 80, "intervals": intervals}
    frame = cross_validation(demand, 12, models=["ses"], **asked)
    want = backtest(demand, 12, model=["ses"], **asked).frame
    pd.testing.assert_frame_equal(frame, want)


def test_cross_validation_knows_the_rules_of_bands() -> None:
    """Another rule gives other bands, and an unknown one is an error."""
    demand = long({"a": daily(12)})
    made = [
        cross_validation(demand, 12, models="ses", level=80, intervals=rule)["ses-lo-80"]
        for rule in ("adaptive", "split")
    ]
    assert (made[0] != made[1]).any()
    with pytest.raises(InvalidInputError, match="intervals must be one of"):
        cross_validation(demand, 12, intervals="conformal")


def test_measures_equal_those_of_backtest() -> None:
    """Formulas over frames against the core's."""
    demand = long({"a": daily(14), "b": daily(15)})
    result = backtest(
        demand, 24, model=["rolling_mean", "ridge_level"], n_windows=2, level=80, threads=1
    )
    want = result.metrics.set_index(["model", "unique_id"])
    names = list(result.models)
    past = demand.groupby("unique_id").head(len(HOURS) - 48)
    for name, made in {
        "mae": mae(result.frame, names),
        "rmse": rmse(result.frame, names),
        "smape": smape(result.frame, names),
        "mase": mase(result.frame, names, past, 24),
        "coverage_80": coverage(result.frame, names, 80),
    }.items():
        assert made["unique_id"].tolist() == ["a", "b"]
        for model in names:
            np.testing.assert_allclose(made[model], want.loc[model, name], rtol=1e-9)


def test_measures_of_quantiles_and_squares_equal_their_formulas() -> None:
    """Missing rows left out, in the library that came."""
    df = pl.DataFrame(
        {
            "unique_id": ["a", "a", "b", "b"],
            "y": [1.0, 4.0, 2.0, None],
            "lo": [2.0, 2.0, 1.0, 1.0],
            "hi": [3.0, 3.0, 3.0, 3.0],
        }
    )
    loss = quantile_loss(df, {"m": "hi"}, 0.9)
    assert isinstance(loss, pl.DataFrame)
    np.testing.assert_allclose(loss["m"], [(0.1 * 2 + 0.9 * 1) / 2, 0.1 * 1])
    low = quantile_loss(df, {"m": "lo"}, 0.1)["m"].to_numpy()
    score = crps(df, {"m": {0.1: "lo", 0.9: "hi"}})["m"].to_numpy()
    np.testing.assert_allclose(score, low + loss["m"].to_numpy())
    past = pl.DataFrame({"unique_id": ["a"] * 3 + ["b"] * 2, "y": [1.0, 3.0, 5.0, 2.0, 2.0]})
    scaled = rmsse(df, "hi", past)["hi"].to_list()
    assert scaled[0] == pytest.approx(np.sqrt((4 + 1) / 2 / 4))
    assert scaled[1] is None
    with pytest.raises(InvalidInputError, match="needs a column 'mid'; it has unique_id"):
        mae(df, "mid")
    with pytest.raises(InvalidInputError, match="q must lie between 0 and 1"):
        quantile_loss(df, {"m": "hi"}, 2)
    with pytest.raises(InvalidInputError, match="seasonality must be 1"):
        mase(df, "hi", past, 0)
    with pytest.raises(InvalidInputError, match="needs a column per probability"):
        crps(df, {"m": {}})


class YesterdayModel:
    """The last day again."""

    name = "yesterday"

    def forecast(
        self, histories: Sequence[np.ndarray], horizon: int, seasons: tuple[int, ...]
    ) -> np.ndarray:
        places = np.arange(horizon) % seasons[0] - seasons[0]
        return np.stack([y[places] for y in histories])


def test_a_model_from_elsewhere_forecasts_like_one_of_ours() -> None:
    """Same points as `seasonal_naive`; bands, paths and back-tests from its own errors."""
    demand = long({"a": daily(16), "b": daily(17)})
    assert isinstance(YesterdayModel(), PointModel)
    made = predict(demand, 24, model=YesterdayModel(), level=80)
    ours = predict(demand, 24, model="seasonal_naive", level=80)
    np.testing.assert_array_equal(made.frame["yesterday"], ours.frame["seasonal_naive"])
    assert made.chosen["model"].tolist() == ["yesterday"] * 2
    low, high = (made.frame[f"yesterday-{side}-80"] for side in ("lo", "hi"))
    assert (low < made.frame["yesterday"]).mean() > 0.9
    assert (high > made.frame["yesterday"]).mean() > 0.9
    assert made.sample_paths(64).y.shape == (64, 2, 24)
    result = backtest(demand, 24, model=[YesterdayModel(), "seasonal_naive"], n_windows=3)
    np.testing.assert_array_equal(result.frame["yesterday"], result.frame["seasonal_naive"])


def test_a_missing_beginning_does_not_move_bands_that_look_no_further_back() -> None:
    """Of a model from elsewhere and of ours: the same to the bit as with the beginning."""
    whole = long({"a": daily(19, 2000)})
    late = whole.copy()
    late.loc[:4, "y"] = np.nan
    for model in (YesterdayModel(), "seasonal_naive"):
        made, expected = (predict(demand, 6, model=model, level=80) for demand in (late, whole))
        pd.testing.assert_frame_equal(made.frame, expected.frame, check_exact=True)


def test_a_model_from_elsewhere_must_keep_the_protocol() -> None:
    """An object without the method, and one with the wrong shape, are named."""

    class Wrong(YesterdayModel):
        def forecast(
            self, histories: Sequence[np.ndarray], horizon: int, seasons: tuple[int, ...]
        ) -> np.ndarray:
            return np.zeros((1, 1))

    with pytest.raises(InvalidInputError, match=r"forecast.histories, horizon, seasons. or .* int"):
        predict(long({"a": daily(18)}), 3, model=3)  # type: ignore[arg-type]
    with pytest.raises(
        InvalidInputError, match=r"'yesterday' must forecast finite values of shape"
    ):
        predict(long({"a": daily(18)}), 3, model=Wrong())


class PooledModel:
    """The mean of all histories of a call: it learns from whatever it is given."""

    name = "pooled"

    def forecast(
        self, histories: Sequence[np.ndarray], horizon: int, seasons: tuple[int, ...]
    ) -> np.ndarray:
        return np.full((len(histories), horizon), np.mean([y.mean() for y in histories]))


def test_a_model_that_pools_histories_is_given_none_of_later_times() -> None:
    """Another future changes nothing of a window, nor do windows and series that go on after it."""
    early = long({"early": daily(24)})
    early["ds"] -= pd.Timedelta("24h")
    demand = pd.concat([long({"a": daily(22), "b": daily(23)}), early])
    end = demand["ds"].max()

    def window(frame: pd.DataFrame, cutoff: pd.Timestamp, n_windows: int) -> pd.DataFrame:
        made = backtest(frame, 48, model=PooledModel(), n_windows=n_windows).frame
        columns = ["unique_id", "ds", "pooled", "pooled-lo-80", "pooled-hi-80"]
        return made.loc[made["cutoff"] == cutoff, columns].reset_index(drop=True)

    for hours, names in ((144, ["a", "b"]), (168, ["early"])):
        cutoff = end - pd.Timedelta(hours=hours)
        want = window(demand, cutoff, 3)
        assert want["unique_id"].unique().tolist() == names
        changed = demand.assign(y=demand["y"].where(demand["ds"] <= cutoff, 1e6))
        pd.testing.assert_frame_equal(window(changed, cutoff, 3), want)
        alone = demand["unique_id"].isin(names) & (demand["ds"] <= cutoff + pd.Timedelta("48h"))
        pd.testing.assert_frame_equal(window(demand[alone], cutoff, 1), want)


def test_a_forecast_pools_series_that_ended_earlier() -> None:
    """All that is known now is in one call of the model."""
    late, early = long({"late": daily(22)}), long({"early": daily(24)})
    early["ds"] -= pd.Timedelta("24h")
    made = predict(pd.concat([late, early]), 2, model=PooledModel()).frame["pooled"]
    assert len(made) == 4
    assert (made == made.iloc[0]).all()


def test_lightgbm_forecasts_a_day() -> None:
    """Closer than the mean of the last day; too short a history is an error."""
    pytest.importorskip("lightgbm")
    pytest.importorskip("sklearn")  # its regressor is one
    y = daily(19)
    model = LightGBMModel(n_estimators=30)
    made = predict(long({"a": y[:-24], "b": daily(20)[:-24]}), 24, model=model).frame
    own = made.loc[made["unique_id"] == "a", "lightgbm"].to_numpy()
    assert np.abs(own - y[-24:]).mean() < np.abs(y[-48:-24].mean() - y[-24:]).mean()
    with pytest.raises(InvalidInputError, match="needs histories of more than"):
        predict(long({"a": y[:20]}), 3, model=model)


def test_statsforecast_models_are_taken_as_they_are() -> None:
    """Anything with an alias and forecast(y, h)."""

    class Last:
        alias = "last"

        def forecast(self, y: np.ndarray, h: int) -> dict[str, np.ndarray]:
            return {"mean": np.repeat(y[-1], h)}

    y = daily(21)
    made = predict(long({"a": y}), 4, model=StatsForecastModel(Last())).frame
    np.testing.assert_array_equal(made["last"], y[-1])
    assert StatsForecastModel(Last(), "other").name == "other"
