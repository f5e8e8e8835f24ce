"""The forms of exponential smoothing, additive and multiplicative, against their equations.

Letters are those of Hyndman, Koehler, Ord and Snyder (2008): error, trend (d: damped), season.
"""

from __future__ import annotations

import numpy as np
import pytest

from fairlead import InvalidInputError, _core, backtest, predict, prediction
from reference.demand_figures import long_frame

SEASON = 12
ADDITIVE = ["ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA"]
RELATIVE = ["MNN", "MAN", "MAdN", "MNA", "MAA", "MAdA", "MNM", "MAM", "MAdM"]
Fit = dict[str, np.ndarray]


def fit(y: np.ndarray, form: str) -> Fit:
    """Weights, first states and squares of one series."""
    made: Fit = _core.smoothing_fits(
        y,
        np.array([0, len(y)]),
        np.zeros(1, dtype=np.int64),
        trend="A" in form[1:-1],
        damped="d" in form,
        seasons=[] if form[-1] == "N" else [SEASON],
        error_factors=form[0] == "M",
        season_factors=form[-1] == "M",
    )
    return made


def written_out(form: str, model: Fit, y: np.ndarray, steps: int) -> tuple[float, np.ndarray]:
    """-2 log likelihood without its constants, and the forecasts, equation by equation."""
    level, trend = model["level"][0], model["trend"][0]
    alpha, beta, phi, gamma = (model[name][0] for name in ("alpha", "beta", "phi", "gamma"))
    neutral = {"N": 0.0, "A": 0.0, "M": 1.0}[form[-1]]
    season = model["season"].tolist() if form[-1] != "N" else [neutral] * SEASON
    squares, logs = 0.0, 0.0
    for t, value in enumerate(y):
        base, place = level + phi * trend, season[t % SEASON]
        fitted = base * place if form[-1] == "M" else base + place
        error = value - fitted
        if form[0] == "M":
            squares += (error / fitted) ** 2
            logs += np.log(abs(fitted))
        else:
            squares += error**2
        by_level, by_place = (place, base) if form[-1] == "M" else (1.0, 1.0)
        level = base + alpha * error / by_level
        trend = phi * trend + beta * error / by_level
        season[t % SEASON] = place + (gamma * error / by_place if form[-1] != "N" else 0)
    made = []
    for t in range(len(y), len(y) + steps):
        trend *= phi
        level += trend
        place = season[t % SEASON]
        made.append(level * place if form[-1] == "M" else level + place)
    likelihood = len(y) * np.log(squares) + 2 * logs if len(y) > 0 else 0.0
    return likelihood, np.maximum(made, 0)


def aicc(form: str, likelihood: float, n: int) -> float:
    """The corrected criterion: weights, states but one of the season, and the variance count."""
    k = 3 + 2 * ("A" in form[1:-1]) + ("d" in form) + (SEASON if form[-1] != "N" else 0)
    return likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def demand(n: int, seed: int, noise: float = 0.08) -> np.ndarray:
    """A growing level times a season times noise."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    level = 50 * np.exp(np.cumsum(rng.normal(0.001, 0.02, n)))
    y: np.ndarray = (
        level * (1 + 0.5 * np.sin(2 * np.pi * t / SEASON)) * np.exp(rng.normal(0, noise, n))
    )
    return y


@pytest.mark.parametrize("form", ADDITIVE + RELATIVE)
def test_squares_are_the_likelihood_of_the_equations(form: str) -> None:
    """n log(squares) of the fit is what the recurrence, written out, makes of its parameters."""
    for seed in range(4):
        y = demand(200, seed)
        model = fit(y, form)
        likelihood, _ = written_out(form, model, y, 1)
        assert len(y) * np.log(model["squares"][0]) == pytest.approx(likelihood, rel=1e-9)


def simulated(form: str, n: int, seed: int) -> tuple[np.ndarray, Fit]:
    """Values of a form with known parameters."""
    rng = np.random.default_rng(seed)
    shape = np.sin(2 * np.pi * np.arange(SEASON) / SEASON)
    season = {"N": np.zeros(0), "A": 20 * shape, "M": 1 + 0.3 * shape}[form[-1]]
    one = {"alpha": 0.3, "beta": 0.02 if "A" in form[1:-1] else 0.0, "gamma": 0.1, "level": 100.0}
    one |= {"trend": 0.2 if "A" in form[1:-1] else 0.0, "phi": 0.9 if "d" in form else 1.0}
    truth = {name: np.array([value]) for name, value in one.items()} | {"season": season}
    y: list[float] = []
    for _ in range(n):
        _, ahead = written_out(form, truth, np.array(y), 1)
        y.append(float(ahead[0]) * (1 + 0.03 * rng.normal()))
    return np.array(y), truth


@pytest.mark.parametrize("form", RELATIVE)
def test_a_fit_is_as_likely_as_the_truth(form: str) -> None:
    """On values simulated by a form no fit of it is less likely than what they were made by."""
    y, truth = simulated(form, 240, seed=3)
    likelihood, _ = written_out(form, truth, y, 1)
    assert len(y) * np.log(fit(y, form)["squares"][0]) < likelihood


@pytest.mark.parametrize("seed", range(5))
def test_full_choice_takes_the_smallest_criterion_and_forecasts_its_equations(seed: int) -> None:
    """Among all fifteen forms, errors of both kinds on one scale."""
    y = demand(200, seed)
    fits = {form: fit(y, form) for form in ADDITIVE + RELATIVE}
    criteria = {
        form: aicc(form, len(y) * np.log(model["squares"][0]), len(y))
        for form, model in fits.items()
    }
    best = min(criteria, key=lambda form: criteria[form])
    assert best[0] == "M", "the noise of these values grows with them"
    made = predict(long_frame({"a": y}), 6, model="full_ets", season_lengths=(SEASON,)).frame
    np.testing.assert_allclose(made["full_ets"], written_out(best, fits[best], y, 6)[1], rtol=1e-9)


def test_values_that_are_not_positive_get_additive_forms() -> None:
    """One zero: the full choice is the additive one, a season that multiplies one that is added."""
    y = demand(200, 1)
    y[77] = 0
    frame = long_frame({"a": y})
    for model, other in [("full_ets", "ets"), ("multiplicative_holt_winters", "holt_winters")]:
        made = predict(frame, 5, model=model, season_lengths=(SEASON,)).frame[model]
        expected = predict(frame, 5, model=other, season_lengths=(SEASON,)).frame[other]
        np.testing.assert_array_equal(made, expected)


def test_a_season_that_multiplies_grows_with_the_level() -> None:
    """Without noise the forecast goes on exactly; a season that is added does not."""
    t = np.arange(20 * SEASON)
    whole = (50 + t) * (1 + 0.5 * np.sin(2 * np.pi * t / SEASON))
    frame = long_frame({"a": whole[:-SEASON]})
    errors = {}
    for model in ("multiplicative_holt_winters", "holt_winters"):
        made = predict(frame, SEASON, model=model, season_lengths=(SEASON,)).frame[model]
        errors[model] = np.abs(made.to_numpy() - whole[-SEASON:]).max()
    assert errors["multiplicative_holt_winters"] < 0.01 * whole[-SEASON:].max()
    assert errors["multiplicative_holt_winters"] < 0.2 * errors["holt_winters"]


@pytest.mark.parametrize("model", ["full_ets", "multiplicative_holt_winters", "held_out_ets"])
def test_refits_along_origins_see_no_future(model: str) -> None:
    """A backtest of the first values is the same whatever comes after them."""
    y = demand(240, 2)
    other = y.copy()
    other[200:] = other[200:][::-1]
    options = {"model": model, "season_lengths": (SEASON,), "n_windows": 3, "step_size": 20}
    made = [backtest(long_frame({"a": each}), 6, **options).frame for each in (y, other)]  # type: ignore[arg-type]
    first = [frame[frame["cutoff"] == frame["cutoff"].min()][model] for frame in made]
    assert len(first[0]) == 6
    np.testing.assert_array_equal(first[0], first[1])


def test_forms_that_cannot_be_are_refused() -> None:
    """Shares of nothing, and two or long seasons that multiply."""
    y = demand(300, 0)
    with pytest.raises(InvalidInputError, match="need positive values"):
        fit(y - y.min(), "MAM")
    arguments = (y, np.array([0, len(y)]), np.zeros(1, dtype=np.int64))
    for seasons, says in [([7, 21], "one season"), ([65], "at most 64"), ([], "needs a length")]:
        with pytest.raises(InvalidInputError, match=says):
            _core.smoothing_fits(
                *arguments, trend=True, damped=False, seasons=seasons, season_factors=True
            )
    for seasons, says in [([2, 3, 4], "at most 2"), ([12, 4], "ascend"), ([0], "from 2 to")]:
        with pytest.raises(InvalidInputError, match=says):
            _core.smoothing_fits(*arguments, trend=True, damped=False, seasons=seasons)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seasons": [0]}, "a season must be from 2 to"),
        ({"seasons": [24, 12]}, "seasons must ascend"),
        ({"window": 0}, "the window must be from 1 to"),
        ({"horizon": -1}, "the horizon must be from 1 to .* got -1"),
    ],
)
def test_points_by_themselves_refuse_lengths_that_cannot_be(
    options: dict[str, object], says: str
) -> None:
    """With the length that is wrong."""
    arguments = (demand(60, 0), np.array([0, 60]), np.zeros(1, dtype=np.int64))
    good: dict[str, object] = {"seasons": [SEASON], "window": 1, "horizon": 2}
    with pytest.raises(InvalidInputError, match=says):
        _core.point_forecasts(*arguments, model="holt_winters", **{**good, **options})  # type: ignore[arg-type]


def test_the_models_are_listed() -> None:
    """By name, with what they are."""
    names = set(prediction.models())
    assert {"full_ets", "multiplicative_holt_winters"} <= names
