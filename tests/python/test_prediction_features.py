"""The core's features against pandas, and that they see nothing of the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fairlead import InvalidInputError, _core

ROLLING = {"mean": "mean", "deviation": "std", "minimum": "min", "maximum": "max"}
SERIES = hnp.arrays(float, st.integers(1, 80), elements=st.integers(0, 2000).map(lambda v: v / 8))
EVERY = [
    ("lag", 1, 0, 0),
    ("lag", 5, 0, 0),
    ("season_lag", 6, 0, 0),
    ("season_lag", 6, 2, -1),
    ("season_lag", 6, 0, 1),
    ("season_mean", 6, 3, 0),
    ("sine", 6, 1, 0),
    ("cosine", 24, 2, 0),
    *((kind, window, 0, 0) for kind in ROLLING for window in (2, 7)),
]


def features(values: np.ndarray, asked: list[tuple[str, int, int, int]], step: int) -> np.ndarray:
    return _core.features(np.ascontiguousarray(values), asked, step=step, phase=0)


@settings(deadline=None)
@given(values=SERIES, window=st.integers(2, 12), kind=st.sampled_from(sorted(ROLLING)))
def test_rolling_features_equal_pandas(values: np.ndarray, window: int, kind: str) -> None:
    """Row o is the statistic of the window that ends with value o - 1."""
    made = features(values, [(kind, window, 0, 0)], 1)[:, 0]
    expected = getattr(pd.Series(values).rolling(window), ROLLING[kind])()
    np.testing.assert_array_equal(made[:1], [np.nan])
    # pandas keeps a running sum: its rounding errors are those of the values, not of the result.
    np.testing.assert_allclose(made[1:], expected, rtol=1e-9, atol=1e-6)


@settings(deadline=None)
@given(values=SERIES, lag=st.integers(1, 12))
def test_lags_equal_a_shift(values: np.ndarray, lag: int) -> None:
    """Lag 1 is the last known value."""
    made = features(values, [("lag", lag, 0, 0)], 1)[:-1, 0]
    np.testing.assert_array_equal(made, pd.Series(values).shift(lag))


@settings(deadline=None)
@given(values=SERIES, season=st.integers(2, 9), step=st.integers(1, 20), back=st.integers(0, 2))
def test_seasonal_lags_have_the_place_of_their_target(
    values: np.ndarray, season: int, step: int, back: int
) -> None:
    """The latest known value a whole number of seasons before the target, or further back."""
    made = features(values, [("season_lag", season, back, 0)], step)[:, 0]
    for origin, value in enumerate(made):
        known = [i for i in range(origin) if (origin + step - 1 - i) % season == 0]
        expected = values[known[-1 - back]] if len(known) > back else np.nan
        np.testing.assert_equal(value, expected)


@settings(deadline=None)
@given(values=SERIES, step=st.integers(1, 9), data=st.data())
def test_changing_the_future_changes_no_feature(
    values: np.ndarray, step: int, data: st.DataObject
) -> None:
    """Rows up to an origin are the same whatever comes from there on."""
    origin = data.draw(st.integers(0, len(values)))
    other = values.copy()
    other[origin:] = data.draw(
        hnp.arrays(float, len(values) - origin, elements=st.integers(0, 9).map(float))
    )
    before, after = features(values, EVERY, step), features(other, EVERY, step)
    np.testing.assert_array_equal(before[: origin + 1], after[: origin + 1])


def test_calendar_features_follow_the_epoch_not_the_start() -> None:
    """Series that begin at different hours agree on the hour."""
    late = _core.features(np.arange(30.0), [("sine", 24, 1, 0)], step=1, phase=7)
    early = _core.features(np.arange(37.0), [("sine", 24, 1, 0)], step=1, phase=0)
    np.testing.assert_array_equal(late, early[7:])


def test_an_unknown_feature_is_an_error() -> None:
    """Names are checked, not guessed."""
    with pytest.raises(InvalidInputError, match="unknown feature kind 'median'"):
        features(np.arange(3.0), [("median", 2, 0, 0)], 1)
