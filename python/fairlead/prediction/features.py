"""Features of demand series for models of one's own: lags, rolling statistics, seasons, calendar.

A list of specifications, made by `lags`, `rolling`, `expanding`, `ewm`, `calendar`, `fourier`,
`holidays` and `time_since`, becomes the columns of one frame by `demand_features`, or row by row in
a live loop by `FeatureStream`.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.feature_stream import FeatureStream
from fairlead.prediction.feature_times import TimeFeature, calendar, fourier, holidays, time_since
from fairlead.prediction.feature_values import ValueFeature, ewm, expanding, lags, rolling
from fairlead.prediction.options import check_device, device_driver, device_made
from fairlead.prediction.series import DemandSeries, read_demand
from fairlead.tables import Coded, to_native_like
from fairlead.tables.frames import Floats, Ints
from fairlead.threads import thread_count

__all__ = [
    "FeatureStream",
    "TimeFeature",
    "ValueFeature",
    "calendar",
    "demand_features",
    "ewm",
    "expanding",
    "fourier",
    "holidays",
    "lags",
    "rolling",
    "time_since",
]

_Feature = ValueFeature | TimeFeature


def demand_features(
    demand: Any,
    features: Iterable[_Feature | Sequence[_Feature]],
    *,
    freq: Any = None,
    step: int = 1,
    horizon: int = 0,
    dtype: Literal["float64", "float32"] = "float64",
    threads: int | None = None,
    device: Literal["cpu", "cuda"] = "cpu",
) -> Any:
    """Features of demand series, each row from values before it only.

    Parameters
    ----------
    demand : pandas, Polars or Arrow frame
        ``ds`` (start of the interval: datetime or s), ``y`` (0 or more, may be missing), and
        ``unique_id`` where there are several series, in any row order.
    features : list
        What `lags`, `rolling`, `expanding`, `ewm`, `calendar`, `fourier`, `holidays` and
        `time_since` return; lists of them may be nested.
    freq : str, timedelta or s, optional
        Length of the intervals; by default the smallest distance between two rows of a series.
    step : int, default 1
        How many intervals after the last known value the row lies: with 1 a row sees the value just
        before its own; a model that forecasts ``h`` intervals ahead directly is trained with
        ``step=h``, and lag 1 is then the value ``h`` intervals before the row.
    horizon : int, default 0
        Intervals after the end of each series to add, with ``y`` missing. What a row is to know
        beyond the last value (rows after the first `step`) is missing.
    dtype : {"float64", "float32"}
        Of the features; sums are float64 in both.
    threads : int, optional
        By default one per core; the result is the same for any number.
    device : {"cpu", "cuda"}
        ``cuda`` makes lags and statistics on the first CUDA device; the result is the same.

    Returns
    -------
    DataFrame of the library of `demand`
        ``unique_id``, ``ds``, ``y`` and one column per feature. Series by first appearance, each by
        time; an interval without a row has one with ``y`` missing, and a series begins with its
        first known value.

    Raises
    ------
    InvalidInputError
        A bad demand frame (as for ``predict``), two features of one name, or a bad `step`.
    BackendUnavailableError
        ``device="cuda"`` and CUDA cannot be had; says why.

    Notes
    -----
    Changing or shuffling values changes no row at or before the first of them, not even its last
    bit. A statistic leaves missing values out and is missing itself where fewer than its
    ``min_samples`` are left; the definitions are those of pandas (``rolling``, ``expanding``,
    ``ewm(adjust=False)``, each after a shift by the lag). Windows are sums of runs of 1, 2, 4, ...
    values that are joined and never subtracted [1]_, so a window of w values costs log2(w) vector
    operations a value and keeps no rounding error of what has left it; quantiles of windows up to
    256 come from sorted windows in vector lanes, longer ones from rank counts in O(log n).

    On a CUDA device run lags, means, deviations, minima and maxima (rolling, seasonal, expanding),
    exponential weights, and quantiles of windows up to 256. Longer quantiles, expanding ones, and
    what depends on the time alone are made on the CPU in the same call. Both do the same operations
    on float64 in the same order, so the results are equal to the last bit.

    References
    ----------
    .. [1] Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
       sample variances", COMPSTAT 1982, eq. (1.5).

    Examples
    --------
    >>> import pandas as pd
    >>> from fairlead.prediction.features import demand_features, lags, rolling
    >>> demand = pd.DataFrame({"ds": [0, 3600, 7200, 10800], "y": [4.0, 2.0, 6.0, 8.0]})
    >>> demand_features(demand, [lags(1, 2), rolling("mean", 2)]).iloc[:, 2:]
         y  lag1  lag2  rolling_mean_lag1_window_size2
    0  4.0   NaN   NaN                             NaN
    1  2.0   4.0   NaN                             NaN
    2  6.0   2.0   4.0                             3.0
    3  8.0   6.0   2.0                             4.0
    """
    asked = _flat(features)
    _check_rows(step, horizon)
    check_device(device)
    if dtype not in ("float64", "float32"):
        raise InvalidInputError(f"dtype must be 'float64' or 'float32', got {dtype!r}")
    series = read_demand(demand, freq)
    offsets = series.offsets + horizon * np.arange(len(series.offsets))
    made = _value_columns(series, asked, step, horizon, dtype == "float32", threads, device)
    ds_ns = _times(series, offsets)
    for feature in asked:
        if isinstance(feature, TimeFeature):
            made[feature.name] = feature.column(series, offsets, ds_ns, step).astype(dtype)
    columns = {
        "unique_id": _ids(series, offsets),
        "ds": series.time.to_frame_times(ds_ns),
        "y": _with_horizon(series, offsets, horizon),
    }
    return to_native_like(columns | {feature.name: made[feature.name] for feature in asked}, demand)


def _flat(features: Iterable[Any]) -> list[_Feature]:
    """The features in order; names must differ."""
    if isinstance(features, ValueFeature | TimeFeature):
        features = [features]
    flat: list[_Feature] = []
    for item in features:
        if isinstance(item, ValueFeature | TimeFeature):
            flat.append(item)
        elif isinstance(item, list | tuple):
            flat += _flat(item)
        else:
            raise InvalidInputError(
                f"features must be made by lags, rolling, expanding, ewm, calendar, fourier, "
                f"holidays or time_since; got {item!r}"
            )
    names = [feature.name for feature in flat]
    for name in names:
        if names.count(name) > 1 or name in ("unique_id", "ds", "y"):
            raise InvalidInputError(f"two columns would be named {name!r}; drop or rename one")
    return flat


def _check_rows(step: Any, horizon: Any) -> None:
    for name, value, least in (("step", step, 1), ("horizon", horizon, 0)):
        if not isinstance(value, numbers.Integral) or int(value) < least:
            raise InvalidInputError(f"{name} must be a whole number from {least}, got {value!r}")


def _value_columns(
    series: DemandSeries,
    asked: list[_Feature],
    step: int,
    horizon: int,
    single: bool,
    threads: int | None,
    device: str,
) -> dict[str, Any]:
    """The columns of what depends on values, from the core, by name."""
    of_values = [feature for feature in asked if isinstance(feature, ValueFeature)]
    given = series.values, series.offsets, [feature.spec(step) for feature in of_values]
    options: dict[str, Any] = {
        "first_origin": 1 - step,
        "more": horizon,
        "threads": thread_count(threads),
        "single": single,
    }
    if device == "cuda":
        driver = device_driver("feature_driver")
        made = _core.device_feature_columns(*given, **options, driver=driver)
        columns = device_made(made)["columns"]
    else:
        columns = _core.feature_columns(*given, **options)
    return dict(zip([feature.name for feature in of_values], columns, strict=True))


def _times(series: DemandSeries, offsets: Ints) -> Ints:
    """The start of the interval of each row, ns."""
    lengths = np.diff(offsets)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    times: Ints = np.repeat(series.start_ns, lengths) + place * series.step_ns
    return times


def _with_horizon(series: DemandSeries, offsets: Ints, horizon: int) -> Floats:
    if horizon == 0:
        return series.values
    y = np.full(offsets[-1], np.nan)
    index = np.arange(series.offsets[-1])
    y[index + horizon * np.repeat(np.arange(len(series.ids)), series.lengths)] = series.values
    return y


def _ids(series: DemandSeries, offsets: Ints) -> Any:
    lengths = np.diff(offsets)
    if all(isinstance(name, str) for name in series.ids):
        return Coded(np.repeat(np.arange(len(lengths)), lengths), list(series.ids), category=False)
    return np.repeat(series.ids, lengths)
