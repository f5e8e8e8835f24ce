"""Forecasts tick by tick against the recurrence written out."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from fairlead.errors import InvalidInputError
from fairlead.prediction import DemandStream

ALPHA, BETA, PHI, GAMMA, SEASON = 0.4, 0.1, 0.9, 0.3, 4


def demand(n: int, seed: int = 0) -> np.ndarray:
    """A season of four ticks and noise, one series."""
    print("seed", seed)
    shape = np.tile([10.0, 20.0, 30.0, 20.0], n // 4 + 1)[:n]
    y: np.ndarray = shape + np.random.default_rng(seed).normal(0, 2, n)
    return y


def batch_forecast(y: np.ndarray, steps: int) -> np.ndarray:
    """Damped Holt-Winters from the first value on, as in the textbook; NaN: as forecast."""
    level, trend, season = y[0], 0.0, np.zeros(SEASON)
    for t, value in enumerate(y):
        fitted = level + PHI * trend + season[t % SEASON]
        error = 0.0 if np.isnan(value) else value - fitted
        level += PHI * trend + ALPHA * error
        trend = PHI * trend + BETA * error
        season[t % SEASON] += GAMMA * error
    grown = np.cumsum(PHI ** np.arange(1, steps + 1))
    places = (len(y) + np.arange(steps)) % SEASON
    made: np.ndarray = np.maximum(level + grown * trend + season[places], 0)
    return made


def batch_product(y: np.ndarray, steps: int) -> np.ndarray:
    """The same with a season that multiplies."""
    level, trend, season = y[0], 0.0, np.ones(SEASON)
    for t, value in enumerate(y):
        base, place = level + PHI * trend, season[t % SEASON]
        error = 0.0 if np.isnan(value) else value - base * place
        level = base + ALPHA * error / place
        trend = PHI * trend + BETA * error / place
        season[t % SEASON] += GAMMA * error / base
    grown = np.cumsum(PHI ** np.arange(1, steps + 1))
    places = (len(y) + np.arange(steps)) % SEASON
    made: np.ndarray = np.maximum((level + grown * trend) * season[places], 0)
    return made


def stream_of(
    n_series: int = 1, horizon: int = 3, season: Literal["additive", "multiplicative"] = "additive"
) -> DemandStream:
    return DemandStream(
        n_series,
        horizon,
        season_length=SEASON,
        alpha=ALPHA,
        beta=BETA,
        phi=PHI,
        gamma=GAMMA,
        season=season,
    )


def test_points_of_a_season_that_multiplies_are_those_of_its_recurrence() -> None:
    """At every tick, with a gap."""
    y = demand(60, seed=1)
    y[31:34] = np.nan
    stream = stream_of(season="multiplicative")
    for t in range(60):
        stream.observe(t, y[t : t + 1])
        np.testing.assert_allclose(stream.forecast()[0], batch_product(y[: t + 1], 3), rtol=1e-12)


def test_a_season_that_multiplies_outlives_zeros() -> None:
    """A series that starts at 0 and falls to 0 for long is soon forecast within half of it."""
    stream = stream_of(season="multiplicative")
    values = [0.0] * 8 + [10.0] * 40 + [0.0] * 400 + [10.0] * 40
    for t, value in enumerate(values):
        stream.observe(t, [value])
        assert np.isfinite(stream.forecast_quantiles()).all()
    np.testing.assert_allclose(stream.forecast(), 10, rtol=0.5)


def test_points_are_those_of_the_batch_recurrence() -> None:
    """At every tick and for every series."""
    y = np.stack([demand(60, seed=1), 3 * demand(60, seed=2)], axis=1)
    stream = stream_of(2)
    for t in range(60):
        stream.observe(t, y[t])
        made = stream.forecast()
        for i in range(2):
            np.testing.assert_allclose(made[i], batch_forecast(y[: t + 1, i], 3), rtol=1e-12)


def test_a_tick_left_out_is_a_missing_one() -> None:
    """A gap in the ticks, NaN, and the batch recurrence without an error agree."""
    y = demand(40)
    y[20:23] = np.nan
    gaps, missing = stream_of(), stream_of()
    for t in range(40):
        missing.observe(t, y[t : t + 1])
        if not np.isnan(y[t]):
            gaps.observe(t, y[t : t + 1])
    np.testing.assert_array_equal(gaps.forecast(), missing.forecast())
    np.testing.assert_array_equal(gaps.forecast_quantiles(), missing.forecast_quantiles())
    np.testing.assert_allclose(gaps.forecast()[0], batch_forecast(y, 3), rtol=1e-12)
    assert gaps.tick == 39


@pytest.mark.parametrize("season", ["additive", "multiplicative"])
def test_a_gap_of_any_length_is_that_of_its_place_in_the_season(
    season: Literal["additive", "multiplicative"],
) -> None:
    """Once the trend is gone, 10^12 ticks left out are as good as 1,000."""
    y = demand(60)
    streams = [stream_of(season=season) for _ in range(2)]
    for stream, gap in zip(streams, (1000, 10**12), strict=True):
        for t in range(60):
            stream.observe(t if t < 40 else t + gap, y[t : t + 1])
        assert stream.tick == 59 + gap
    short, long = streams
    np.testing.assert_allclose(long.forecast(), short.forecast(), rtol=1e-12)
    np.testing.assert_allclose(
        long.forecast_quantiles(), short.forecast_quantiles(), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("season", ["additive", "multiplicative"])
@pytest.mark.parametrize("phi", [0.0, 5e-4, 0.9, 1 - 1e-9, 1.0])
@pytest.mark.parametrize("slope", [5.0, 0.05, -0.05, -1.0])
def test_a_long_gap_is_as_many_missing_ticks(
    phi: float, slope: float, season: Literal["additive", "multiplicative"]
) -> None:
    """Rising or falling, down to the bounds of a season that multiplies too."""
    streams = [
        DemandStream(1, 3, season_length=SEASON, beta=0.1, phi=phi, season=season) for _ in range(2)
    ]
    y = 200 + slope * np.arange(120) + demand(120)
    y[100:] = demand(20)
    gaps, missing = streams
    for t in range(3100):
        if t < 100 or t >= 3080:
            value = y[[t if t < 100 else t - 2980]]
            gaps.observe(t, value)
            missing.observe(t, value)
        else:
            missing.observe(t, [np.nan])
        if t == 3080:
            np.testing.assert_allclose(gaps.forecast(), missing.forecast(), rtol=1e-11)
    np.testing.assert_allclose(gaps.forecast(), missing.forecast(), rtol=1e-11)
    np.testing.assert_allclose(gaps.forecast_quantiles(), missing.forecast_quantiles(), rtol=1e-11)


@pytest.mark.parametrize("end", [900, *range(1020, 1040), *range(1275, 1290), 5000])
@pytest.mark.parametrize(
    ("alpha", "beta", "phi", "second"), [(0.5, 0.5, 1.0, 1022.0), (0.9995, 1.0, 5e-4, 0.0)]
)
def test_a_level_that_falls_to_nothing_in_a_gap_comes_back(
    alpha: float, beta: float, phi: float, second: float, end: int
) -> None:
    """By one a tick from 1,024, or at once, past the bounds of a season that multiplies."""
    streams = [
        DemandStream(
            1, 2, season_length=2, alpha=alpha, beta=beta, phi=phi, season="multiplicative"
        )
        for _ in range(2)
    ]
    gaps, missing = streams
    for stream in streams:
        stream.observe(0, [1024.0])
        stream.observe(1, [second])
    for t in range(2, end):
        missing.observe(t, [np.nan])
    for t in range(end, end + 8):
        for stream in streams:
            stream.observe(t, [10.0])
        np.testing.assert_array_equal(gaps.forecast_quantiles(), missing.forecast_quantiles())


@pytest.mark.parametrize("phi", [0.5, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12])
def test_a_trend_is_summed_to_the_last_digits(phi: float) -> None:
    """However little of it is lost from tick to tick."""
    stream = DemandStream(1, 3, alpha=0.5, beta=0.25, phi=phi)
    stream.observe(0, [0.0])
    stream.observe(1, [8.0])
    expected = 4 + 2 * np.cumsum(phi ** np.arange(1, 4))
    np.testing.assert_allclose(stream.forecast()[0], expected, rtol=1e-14)


def test_a_trend_goes_on_over_the_ticks_left_out() -> None:
    """By itself at every tick, without damping."""
    stream = DemandStream(1, 2, alpha=0.5, beta=0.25)
    stream.observe(0, [0.0])
    stream.observe(1, [8.0])
    np.testing.assert_array_equal(stream.forecast(), [[6.0, 8.0]])
    stream.observe(1 + 10**12, [np.nan])
    np.testing.assert_array_equal(stream.forecast(), [[6.0 + 2e12, 8.0 + 2e12]])


@pytest.mark.parametrize("step", [1, 3])
def test_quantiles_hold(step: int) -> None:
    """Of independent noise a 90 % band covers 86 to 94 % of 4,000 later values."""
    rng = np.random.default_rng(7)
    y = rng.normal(100, 10, 6000)
    stream = DemandStream(1, 3, alpha=0.1)
    inside = []
    for t, value in enumerate(y):
        stream.observe(t, [value])
        if 2000 <= t < 5990:
            low, middle, high = stream.forecast_quantiles(step)[0, step - 1]
            assert low <= middle <= high
            inside.append(low <= y[t + step] <= high)
    assert 0.86 <= np.mean(inside) <= 0.94


def test_forecasts_are_never_negative() -> None:
    """Neither points nor quantiles of a demand that falls to zero."""
    stream = DemandStream(1, 5, alpha=0.8, beta=0.5)
    for t in range(60):
        stream.observe(t, [max(50.0 - 2 * t, 0)])
        assert stream.forecast().min() >= 0
        assert stream.forecast_quantiles().min() >= 0


def test_a_series_without_a_value_has_no_forecast() -> None:
    """NaN until its first value, whatever the others do."""
    stream = DemandStream(2, 1)
    stream.observe(5, [np.nan, 3.0])
    assert np.isnan(stream.forecast()[0]).all()
    assert stream.forecast()[1] == 3
    assert np.isnan(stream.forecast_quantiles()[0]).all()


def test_weights_come_from_a_history() -> None:
    """A pure season is forecast exactly; a second series changes nothing of the first."""
    history = np.stack([np.tile([5.0, 1.0, 3.0], 40), demand(120)], axis=1)
    stream = DemandStream.from_history(history, 3, season_length=3)
    np.testing.assert_allclose(stream.forecast()[0], [5, 1, 3], atol=0.05)
    alone = DemandStream.from_history(history[:, :1], 3, season_length=3)
    np.testing.assert_array_equal(alone.forecast()[0], stream.forecast()[0])


def test_a_season_that_multiplies_comes_from_a_history() -> None:
    """A pure one is forecast exactly at any level; zeros have none."""
    history = np.tile([5.0, 1.0, 3.0], 40)[:, None] * np.array([1.0, 100.0])
    stream = DemandStream.from_history(history, 3, season_length=3, season="multiplicative")
    np.testing.assert_allclose(stream.forecast()[1], [500, 100, 300], rtol=0.01)
    with pytest.raises(InvalidInputError, match="need positive values"):
        DemandStream.from_history(history * 0, 3, season_length=3, season="multiplicative")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"horizon": 1, "season": "multiplicative"}, "needs a length"),
        ({"horizon": 1, "season": "none"}, "'additive' or 'multiplicative'; got 'none'"),
        ({"horizon": 0}, "horizon must be 1"),
        ({"horizon": 5, "season_length": 4}, "not be longer than the season: 5 > 4"),
        ({"horizon": 1, "season_length": 1}, "season must be 2"),
        ({"horizon": 1, "alpha": 1.5}, "alpha must lie between 0 and 1"),
        ({"horizon": 1, "alpha": [0.1, 0.2, 0.3]}, "each of 2 series"),
        ({"horizon": 1, "quantiles": (0.9, 0.1)}, "ascend"),
        ({"horizon": 1, "quantiles": [[0.1, 0.9]]}, "a list of probabilities, got 2 dimensions"),
        ({"horizon": 1, "quantiles": 0.5}, "a list of probabilities, got 0 dimensions"),
        ({"horizon": 2**62}, "no memory holds a season of 0 and a horizon of 4611686018427387904"),
        ({"horizon": 1, "season_length": 2**62}, "no memory holds a season of 4611686018427387904"),
        ({"horizon": 1, "memory": 0}, "memory"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], says: str) -> None:
    """With the rule that is broken."""
    with pytest.raises(InvalidInputError, match=says):
        DemandStream(2, **options)  # type: ignore[arg-type]


def test_bad_ticks_are_refused() -> None:
    """Order, number and sign of what comes in, and how far a forecast may reach."""
    stream = DemandStream(2, 2)
    stream.observe(3, [1.0, 2.0])
    with pytest.raises(InvalidInputError, match="ticks must ascend: got 3 after 3"):
        stream.observe(3, [1.0, 2.0])
    with pytest.raises(InvalidInputError, match="expected 2, got 1"):
        stream.observe(4, [1.0])
    with pytest.raises(InvalidInputError, match="0 or more"):
        stream.observe(4, [1.0, -2.0])
    with pytest.raises(InvalidInputError, match="from 1 to the horizon of 2"):
        stream.forecast(3)
    with pytest.raises(InvalidInputError, match="from 1 to the horizon of 2"):
        stream.forecast(2**62)
    with pytest.raises(InvalidInputError, match="ticks end at 4611686018427387904"):
        stream.observe(2**63 - 1, [1.0, 2.0])
    assert stream.tick == 3
    with pytest.raises(InvalidInputError, match="shape"):
        DemandStream.from_history([1.0, 2.0], 1)
    for season in (-5, 1, 2**62):
        with pytest.raises(InvalidInputError, match=f"a season must be from 2 .* got {season}"):
            DemandStream.from_history(np.ones((50, 2)), 1, season_length=season)
