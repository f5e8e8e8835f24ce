"""Features of series that grow by one value at a time, for a live loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.feature_values import ValueFeature, whole_number
from fairlead.tables.frames import Floats

__all__ = ["FeatureStream"]


class FeatureStream:
    """The newest row of features, from state kept between ticks.

    Parameters
    ----------
    features : list
        What `lags`, `rolling`, `expanding` and `ewm` return; lists of them may be nested.
    n_series : int, default 1

    Raises
    ------
    InvalidInputError
        A feature of the time alone, a quantile over all values so far (which needs them all), or a
        bad number of series.

    Notes
    -----
    The definitions are those of `demand_features`; results agree to rounding. A tick costs the same
    whatever the windows, but for quantiles, whose sorted windows are passed over once in vector
    lanes, and for one tick in each window's length that sums its values anew.

    Examples
    --------
    >>> from fairlead.prediction.features import FeatureStream, lags, rolling
    >>> stream = FeatureStream([lags(1), rolling("mean", 2)])
    >>> stream.observe([4.0]).tolist(), stream.observe([6.0]).tolist()
    ([[4.0, nan]], [[6.0, 5.0]])
    """

    def __init__(
        self, features: Iterable[ValueFeature | Sequence[ValueFeature]], n_series: int = 1
    ) -> None:
        flat: list[Any] = []
        for item in features:
            flat.extend(item if isinstance(item, list | tuple) else [item])
        unknown = [item for item in flat if not isinstance(item, ValueFeature)]
        if unknown:
            raise InvalidInputError(
                f"a stream takes features of values (lags, rolling, expanding, ewm), got "
                f"{unknown[0]!r}"
            )
        self.names = tuple(feature.name for feature in flat)
        self.n_series = whole_number("n_series", n_series)
        self._core = _core.FeatureStream([feature.spec(1) for feature in flat], self.n_series)

    def observe(self, values: Any) -> Floats:
        """Take the next value of each series.

        Parameters
        ----------
        values : array-like, shape (n_series,)
            NaN is missing.

        Returns
        -------
        float64 array, shape (n_series, n_features)
            What is known for the next interval, in the order of ``names``; NaN where it is not yet.

        Raises
        ------
        InvalidInputError
            Another number of values, or an infinite one.
        """
        newest = np.ascontiguousarray(values, dtype=np.float64)
        if newest.shape != (self.n_series,) or np.isinf(newest).any():
            raise InvalidInputError(
                f"values must be {self.n_series} numbers, one a series, finite or missing; got "
                f"shape {newest.shape}"
            )
        made: Floats = self._core.observe(newest).T
        return made
