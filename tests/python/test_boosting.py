"""Trees for demand: nothing from the future, odd input, one fit for several cutoffs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fairlead import InvalidInputError
from fairlead.prediction import backtest, predict
from fairlead.prediction.boosting import TreeOptions, fit_trees
from fairlead.prediction.extras import LightGBMModel
from fairlead.prediction.tree_features import BASES, TreeRows
from python.test_demand_models import daily, long

QUICK = {"n_estimators": 20, "learning_rate": 0.3, "rows": 4000}


def trees(**options: Any) -> LightGBMModel:
    """A quick one; the test is left out where LightGBM is not installed."""
    pytest.importorskip("lightgbm")
    return LightGBMModel(**{**QUICK, **options})


def every_row(values: np.ndarray, origins: np.ndarray) -> list[np.ndarray]:
    """All that trees see at the origins, up to beyond a season ahead."""
    rows = TreeRows(values, 3, (24, 168), origins)
    made = [rows.scales(), rows.at_origins()]
    for step in (0, 1, 23, 24, 30, 47, 170):
        seen, places, bases = rows.at_step(step)
        made += [seen, places, *(bases[name] for name in BASES)]
    return made


def test_rows_read_nothing_from_their_origin_on() -> None:
    """Another future leaves each row as it is, to the last bit; and so does none."""
    y = daily(1, 24 * 20)
    y[[30, 31, 200, 299]] = np.nan
    for origin in (1, 25, 300):
        at = np.array([origin])
        want = every_row(y[:origin], at)
        for future in (np.full(len(y) - origin, 1e6), np.full(len(y) - origin, np.nan)):
            other = np.concatenate([y[:origin], future])
            for a, b in zip(every_row(other, at), want, strict=True):
                np.testing.assert_array_equal(a, b)


def test_rows_are_what_they_are_named() -> None:
    """The last known value, the value of the latest season that is over, places on the clock."""
    y = np.arange(1.0, 241.0)
    y[239] = np.nan
    rows = TreeRows(y, 5, (24,), np.array([200, 240]))
    np.testing.assert_allclose(rows.scales(), [100.5, 120])
    for step, back in ((0, 24), (23, 24), (24, 48), (47, 48), (48, 72)):
        _, places, bases = rows.at_step(step)
        assert bases["last"].tolist() == [200, 239]
        assert bases["season"][0] == y[200 + step - back]
        assert places.tolist() == [[step, (5 + o + step) % 24] for o in (200, 240)]
    assert set(TreeRows(y, 0, (), np.array([9])).at_step(0)[2]) == {"nothing", "last"}


def test_the_future_changes_no_past_forecast_of_trees() -> None:
    """Neither with a fit per cutoff nor with one for all."""
    y = {"a": daily(2, 24 * 14), "b": daily(3, 24 * 14)}
    known = 24 * 14 - 18
    for every in (1, 1000):
        made = []
        for future in ("as it was", "high"):
            other = {name: values.copy() for name, values in y.items()}
            for values in other.values():
                if future == "high":
                    values[known:] = 1e5
            frame = backtest(
                long(other), 6, model=trees(refit_every=every), n_windows=3, step_size=6
            ).frame
            first = frame["cutoff"] == frame["cutoff"].min()
            made.append(frame.loc[first].drop(columns=["y"]).reset_index(drop=True))
        pd.testing.assert_frame_equal(made[1], made[0])


def test_trees_are_the_same_each_time_and_follow_the_unit() -> None:
    """The same call gives the same bits, and four times the demand four times the forecast."""
    demand = long({"a": daily(5)})
    made = predict(demand, 5, model=trees()).frame
    pd.testing.assert_frame_equal(predict(demand, 5, model=trees()).frame, made)
    more = predict(demand.assign(y=4 * demand["y"]), 5, model=trees()).frame
    np.testing.assert_array_equal(more["lightgbm"], 4 * made["lightgbm"])


def test_trees_learn_from_series_of_all_sizes_and_starts() -> None:
    """A short series is forecast by what longer ones, a thousand times as large, have taught."""
    y = daily(6)
    demand = pd.concat([long({"long": 1000 * y, "short": y[-24 * 4 :]}), long({"new": y[-2:]})])
    made = predict(demand, 24, model=trees()).frame.set_index("unique_id")["lightgbm"]
    assert len(made) == 72
    assert 0.5 < made["short"].mean() / y[-24:].mean() < 2
    assert made["short"].std() > 0.2 * y[-24:].std()


def test_trees_take_missing_values_and_forecast_no_negative_ones() -> None:
    """Gaps, a series that is nearly always 0, and one that is always."""
    gaps = daily(7)
    gaps[np.random.default_rng(8).random(len(gaps)) < 0.3] = np.nan
    gaps[0], gaps[-30:] = 60, np.nan
    rare = (np.random.default_rng(9).random(len(gaps)) < 0.02) * 5.0
    frame = predict(long({"gaps": gaps, "rare": rare, "none": 0 * rare}), 30, model=trees()).frame
    made = frame.set_index("unique_id")["lightgbm"]
    assert np.isfinite(made).all()
    assert (made >= 0).all()
    assert 30 < made["gaps"].mean() < 90
    assert (made["none"] == 0).all()


def test_trees_without_seasons_and_with_long_ones() -> None:
    """Daily counts have no season shorter than a week; a horizon may be longer than a season."""
    walk = np.abs(np.cumsum(np.random.default_rng(10).normal(0, 1, 400)))
    for seasons in ((), (7,), (7, 350)):
        model = trees()
        made = predict(long({"a": walk}), 10, model=model, season_lengths=seasons).frame
        assert np.isfinite(made["lightgbm"]).all()


def test_too_little_to_learn_from_says_how_much_is_needed() -> None:
    """Series of a day are too short alone, and enough of them are enough."""
    model = trees()
    with pytest.raises(InvalidInputError, match=r"needs histories of more than 1\d\d values or"):
        predict(long({"a": daily(11, 30)}), 3, model=model)
    many = long({f"s{i}": daily(i, 30) for i in range(40)})
    assert len(predict(many, 3, model=model).frame) == 120
    with pytest.raises(InvalidInputError, match="refit_every must be a whole number"):
        trees(refit_every=0)


def test_trees_that_add_to_something_follow_a_ramp() -> None:
    """Beyond the largest value that was learned from, step for step."""
    y = 1000 + np.arange(24 * 20.0)
    assert set(trees().fit([y], [0], 24, (24,)).bases) <= {"last", "season"}
    made = predict(long({"a": y}), 24, model=trees(), season_lengths=24).frame["lightgbm"]
    assert made.min() > y.max()
    np.testing.assert_allclose(made, y.max() + 1 + np.arange(24), atol=3)


def test_trees_add_to_nothing_where_values_do_not_hang_together() -> None:
    """Noise around a level: neither the last value nor that of a season before tells the next."""
    for seed in range(3):
        print("seed", seed)
        rng = np.random.default_rng(seed)
        histories = [rng.normal(100, 10, 24 * 20) for _ in range(10)]
        made = trees(rows=60_000).fit(histories, [0] * 10, 4, (24,))
        assert made.bases == ("nothing",) * 3


class NoChange:
    """Trees that answer 0."""

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return np.zeros(len(rows))


@pytest.mark.parametrize(("worth", "base"), [(0.01, "nothing"), (0.04, "last")])
def test_trees_add_to_something_only_where_it_is_worth_two_per_cent(
    worth: float, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last value misses less than nothing does: by one per cent, and by four."""
    monkeypatch.setattr(TreeOptions, "train", lambda *_: NoChange())
    # Nothing misses 2 and a little in six intervals, the last value 2.
    y = np.tile([1, 1, 2 * worth / (1 - worth), 0, 0, 0], 200)
    options = TreeOptions(library=None, parameters={}, trees=1, rows=10_000)
    assert fit_trees([y], [0], 1, (), options).bases == (base,)


class Remembering:
    """Counts its fits, and what each was given."""

    name = "remembering"

    def __init__(self, refit_every: int) -> None:
        self.refit_every = refit_every
        self.given: list[tuple[list[int], list[int]]] = []

    def fit(
        self,
        histories: Sequence[np.ndarray],
        phases: Sequence[int],
        horizon: int,
        seasons: tuple[int, ...],
    ) -> Remembering:
        self.horizon = horizon
        self.given.append(([len(y) for y in histories], []))
        return self

    def refit(self, histories: Sequence[np.ndarray], phases: Sequence[int]) -> Remembering:
        self.given[-1][1].extend(len(y) for y in histories)
        return self

    def forecast(self, values: np.ndarray, phase: int, origins: np.ndarray) -> np.ndarray:
        return np.repeat(values[origins - 1], self.horizon).reshape(-1, self.horizon)


def test_a_fit_serves_the_cutoffs_that_follow_it() -> None:
    """From the values before the bands and from all at the first cutoff of each stretch."""
    demand = long({"a": daily(12), "b": daily(13)})
    n = len(daily(12))
    for every, fits in ((1, 9), (12, 5), (13, 3), (1000, 1)):
        model = Remembering(every)
        made = backtest(demand, 6, model=[model, "naive"], n_windows=9).frame
        assert len(model.given) == fits
        assert model.given[0][1] == [n - 54] * 2
        assert model.given[0][0][0] < n - 54 - 32
        np.testing.assert_array_equal(made["remembering"], made["naive"])
        assert (made["remembering-hi-80"] > made["remembering"]).any()
    assert predict(demand, 2, model=Remembering(1)).sample_paths(8).y.shape == (8, 2, 2)
