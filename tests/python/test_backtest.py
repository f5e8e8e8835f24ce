"""`backtest`: only the past at each cutoff, and metrics equal to their formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead import InvalidInputError
from fairlead.prediction import backtest, models, predict

START = pd.Timestamp("2026-01-05")


def demand(n: int = 400, *, seed: int = 0, name: str = "a") -> pd.DataFrame:
    """One hourly series of a day, a weekend and noise."""
    hours = np.arange(n)
    level = 60 + 20 * np.sin(2 * np.pi * hours / 24) - 15 * (hours % 168 >= 120)
    y = np.maximum(level + np.random.default_rng(seed).normal(0, 5, n), 0)
    ds = pd.date_range(START, periods=n, freq="1h")
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": y})


@pytest.mark.parametrize("model", list(models()))
def test_a_window_is_the_forecast_of_its_day(model: str) -> None:
    """The same numbers as `predict` on the rows up to the cutoff."""
    series = demand()
    made = backtest(series, 24, model=model, n_windows=3, level=(80, 95)).frame
    for cutoff, window in made.groupby("cutoff"):
        forecast = predict(series[series["ds"] <= cutoff], 24, model=model, level=(80, 95))
        columns = forecast.frame.columns
        pd.testing.assert_frame_equal(
            window[columns].reset_index(drop=True), forecast.frame, rtol=1e-12
        )


@settings(max_examples=60)
@given(model=st.sampled_from(list(models())), window=st.integers(0, 4), seed=st.integers(0, 99))
def test_changing_what_comes_after_a_cutoff_changes_no_forecast(
    model: str, window: int, seed: int
) -> None:
    """Shuffle everything after a cutoff: forecasts up to it stay as they are."""
    series = demand(300)
    options = {"model": model, "n_windows": 5, "step_size": 12}
    before = backtest(series, 24, **options).frame  # type: ignore[arg-type]
    cutoff = before["cutoff"].unique()[window]
    later = series["ds"] > cutoff
    shuffled = series.copy()
    shuffled.loc[later, "y"] = series.loc[later, "y"].sample(frac=1, random_state=seed).to_numpy()
    after = backtest(shuffled, 24, **options).frame  # type: ignore[arg-type]
    known = before["cutoff"] <= cutoff
    pd.testing.assert_frame_equal(
        before[known].drop(columns="y"), after[known].drop(columns="y"), rtol=0
    )


def test_metrics_equal_their_formulas() -> None:
    """Two series, two models, some outcomes missing; numpy on the frame gives the same figures."""
    series = pd.concat([demand(300), demand(340, seed=1, name="b")], ignore_index=True)
    series.loc[[290, 295, 600], "y"] = np.nan
    names = ["seasonal_naive", "rolling_mean"]
    result = backtest(series, 24, model=names, n_windows=4, step_size=10, level=(50, 90))
    metrics = result.metrics.set_index(["unique_id", "model"])
    assert list(metrics.index) == [(i, m) for i in ("a", "b") for m in names]
    for (i, m), row in metrics.iterrows():
        own = result.frame[result.frame["unique_id"] == i]
        scored = own[own["y"].notna()]
        y, f = scored["y"].to_numpy(), scored[m].to_numpy()
        assert row["n"] == len(y)
        known = series.loc[series["unique_id"] == i, "y"].to_numpy()
        known = known[: len(known) - 24 - 30]
        scale = np.nanmean(np.abs(known[24:] - known[:-24]))
        expected = {
            "mae": np.abs(y - f).mean(),
            "rmse": np.sqrt(((y - f) ** 2).mean()),
            "mase": np.abs(y - f).mean() / scale,
            "smape": (200 * np.abs(y - f) / (y + f)).mean(),
        }
        for level in (50, 90):
            low, high = scored[f"{m}-lo-{level}"], scored[f"{m}-hi-{level}"]
            expected[f"coverage_{level}"] = ((low <= y) & (y <= high)).mean()
            expected[f"width_{level}"] = (high - low).mean()
        for name, value in expected.items():
            np.testing.assert_allclose(row[name], value, rtol=1e-9, err_msg=name)


def test_pinball_is_the_mean_over_the_deciles() -> None:
    """With the deciles as ends of the bands 20 to 80 per cent, and the median."""
    result = backtest(demand(), 24, model="rolling_mean", level=(20, 40, 60, 80))
    frame, y = result.frame, result.frame["y"].to_numpy()
    losses = []
    for level, tail in ((80, 0.1), (60, 0.2), (40, 0.3), (20, 0.4)):
        for side, p in (("lo", tail), ("hi", 1 - tail)):
            q = frame[f"rolling_mean-{side}-{level}"].to_numpy()
            losses.append(np.where(y >= q, p * (y - q), (1 - p) * (q - y)).mean())
    medians = [
        predict(demand()[lambda rows, c=cutoff: rows["ds"] <= c], 24, model="rolling_mean")
        .quantile(0.5)["y"]
        .to_numpy()
        for cutoff in frame["cutoff"].unique()
    ]
    losses.append(0.5 * np.abs(y - np.concatenate(medians)).mean())
    np.testing.assert_allclose(result.metrics["pinball"], np.mean(losses), rtol=1e-9)


def test_windows_end_with_the_series() -> None:
    """The last one ends with it; the others lie `step` before one another."""
    frame = backtest(demand(200), 24, model="seasonal_naive", n_windows=3, step_size=5).frame
    cutoffs = START + pd.to_timedelta([165, 170, 175], unit="h")
    assert frame["cutoff"].unique().tolist() == list(cutoffs)
    assert frame["ds"].iloc[0] == cutoffs[0] + pd.Timedelta(hours=1)
    assert frame["ds"].iloc[-1] == START + pd.Timedelta(hours=199)


@pytest.mark.parametrize("model", list(models()))
def test_bands_cover_what_they_say(model: str) -> None:
    """Season and noise, 160 origins at all hours: 90 % bands hold 86 to 96 %, 50 % ones 43 to 57.

    Neighbouring outcomes share their errors, so that a mean over the four series is good to about
    two points. Ridge covers some points more: its past errors include those of earlier fits.
    """
    print("seeds 0..3")
    series = pd.concat([demand(1200, seed=seed, name=f"s{seed}") for seed in range(4)])
    result = backtest(series, 24, model=model, n_windows=40, step_size=13, level=(50, 90))
    assert 0.86 <= result.metrics["coverage_90"].mean() <= 0.96
    assert 0.43 <= result.metrics["coverage_50"].mean() <= 0.57


def test_a_series_without_change_has_no_mase() -> None:
    """A scale of zero is no scale; the other metrics stand."""
    flat = demand(100).assign(y=5.0)
    metrics = backtest(flat, 12, model="rolling_mean", n_windows=2).metrics
    assert np.isnan(metrics["mase"].item())
    assert metrics["mae"].item() == 0


def test_a_series_too_short_for_its_windows_is_named() -> None:
    """With what is there, what is needed, and the way out."""
    series = pd.concat([demand(200), demand(40, name="new")])
    with pytest.raises(InvalidInputError, match=r"series 'new' has 40 .* need 169; give fewer"):
        backtest(series, 24, n_windows=7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": []}, "at least one model"),
        ({"model": ["ridge", "magic"]}, "unknown model 'magic'"),
        ({"n_windows": 0}, "n_windows must be a whole number"),
        ({"step_size": -1}, "step_size must be a whole number"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], message: str) -> None:
    """Each option says what it takes."""
    with pytest.raises(InvalidInputError, match=message):
        backtest(demand(100), 4, **options)  # type: ignore[arg-type]


def test_polars_in_polars_out() -> None:
    """Forecasts and metrics, with the numbers of pandas."""
    made = backtest(pl.DataFrame(demand(100)), 4, n_windows=2)
    assert isinstance(made.frame, pl.DataFrame)
    assert isinstance(made.metrics, pl.DataFrame)
    assert made.metrics["mae"].item() == backtest(demand(100), 4, n_windows=2).metrics["mae"].item()
    assert "back-test of 1 series: 2 windows of 4 intervals of 1h" in made.summary()


def test_a_plot_has_a_panel_per_model() -> None:
    """Outcomes and forecasts of one series."""
    result = backtest(demand(200), 24, model=["seasonal_naive", "ridge"], n_windows=3)
    figure = result.plot()
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "a: seasonal_naive",
        "a: ridge",
    ]
    with pytest.raises(InvalidInputError, match="no series 'b'"):
        result.plot("b")


def earth(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hourly GPUs wanted on virtual clusters of Helios Earth, and the staged rules' errors."""
    rules = pd.read_csv(folder / "baseline_check.csv")
    series = []
    for path in sorted(folder.glob("vc*_cluster_sequence_vc.csv.gz")):
        minutes = pd.read_csv(path, parse_dates=["time"], index_col="time")
        wanted = minutes["running_gpu_num"] + minutes["pending_gpu_num"]
        hourly = wanted.resample("1h").mean().reset_index()
        hourly.columns = ["ds", "y"]
        series.append(hourly.assign(unique_id=path.name.split("_")[0]))
    demand = pd.concat(series)
    whole = demand.groupby("ds", as_index=False)["y"].sum().assign(unique_id="sum of the 8")
    return pd.concat([demand, whole]), rules.set_index(["series", "method"])["MAE"].unstack()  # noqa: PD010


def test_helios_earth_rules_are_reproduced_and_beaten(shared_dir: Path) -> None:
    """The staged errors of two rules to the last digit given; ridge below the best rule's mean.

    Protocol of the data's README: hourly means, an origin a day at 00:00 over the last seven days,
    24 steps. The bounds on ridge are those later work aims at (mean MASE 0.54 over the seven
    clusters that are in use, pinball 4.5 GPUs); it reached 0.50 and 4.3. The best single rule, the
    last value, has 0.579.
    """
    demand, rules = earth(shared_dir / "traces" / "helios-earth-vc-2020")
    names = ["seasonal_naive", "rolling_mean", "ridge", "auto"]
    metrics = backtest(demand, 24, model=names, n_windows=7).metrics
    mae = metrics.set_index(["unique_id", "model"])["mae"].unstack()  # noqa: PD010
    for model, rule in (
        ("seasonal_naive", "same hour yesterday"),
        ("rolling_mean", "mean of last 24 h"),
    ):
        np.testing.assert_allclose(mae[model], rules.loc[mae.index, rule], atol=6e-5)
    used = metrics[~metrics["unique_id"].isin(["vcJkd", "sum of the 8"])]
    means = used.groupby("model")[["mase", "pinball"]].mean()
    assert means.loc["ridge", "mase"] < 0.54
    assert means.loc["ridge", "pinball"] < 4.5
    assert means.loc["auto", "mase"] < 0.59
    assert mae.loc["sum of the 8", "ridge"] < rules.loc["sum of the 8"].min()
