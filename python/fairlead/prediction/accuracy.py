"""How good forecasts were: the field's measures over frames of outcomes and forecasts.

Each takes a frame with ``unique_id``, ``y`` and a column per model, as `backtest` makes it, and
returns ``unique_id`` and a column per model: a value per series. Rows whose ``y`` or forecast is
missing do not count; a series without a row that counts has a missing value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.tables import to_native_like, to_pandas
from fairlead.tables.frames import Floats

__all__ = [
    "coverage",
    "crps",
    "mae",
    "mase",
    "quantile_loss",
    "rmse",
    "rmsse",
    "smape",
]


def mae(df: Any, models: str | Sequence[str]) -> Any:
    """Mean absolute error.

    Parameters
    ----------
    df : pandas, Polars or Arrow frame
        ``unique_id``, ``y``, and a column per model.
    models : str or sequence of str
        Columns with forecasts.

    Returns
    -------
    DataFrame of the library of df
        ``unique_id`` and a column per model, in units of ``y``.

    Raises
    ------
    InvalidInputError
        A column is missing.

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0], "naive": [2.0, 2.0]})
    >>> mae(df, "naive")["naive"].tolist()
    [1.0]
    """
    return _means(df, models, lambda y, f: np.abs(y - f))


def rmse(df: Any, models: str | Sequence[str]) -> Any:
    """Root of the mean squared error; parameters, result and errors as for `mae`.

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0], "naive": [2.0, 2.0]})
    >>> rmse(df, "naive")["naive"].tolist()
    [1.0]
    """
    return _means(df, models, lambda y, f: (y - f) ** 2, lambda mean, _: mean**0.5)


def smape(df: Any, models: str | Sequence[str]) -> Any:
    """Symmetric mean absolute percentage error, 0 to 200 per cent; 0/0 counts as 0.

    Parameters, result and errors as for `mae`.

    References
    ----------
    .. [1] Makridakis, International Journal of Forecasting 9(4), 1993, as the M4 competition has
       it: ``200 |y - f| / (|y| + |f|)``.

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 0.0], "naive": [3.0, 0.0]})
    >>> smape(df, "naive")["naive"].tolist()
    [50.0]
    """

    def each(y: Floats, f: Floats) -> Floats:
        size = np.abs(y) + np.abs(f)
        return 200 * np.abs(y - f) / np.where(size > 0, size, 1)

    return _means(df, models, each)


def mase(df: Any, models: str | Sequence[str], train_df: Any, seasonality: int = 1) -> Any:
    """Mean absolute error over that of the seasonal naive forecast in the past.

    Parameters
    ----------
    df, models
        As for `mae`.
    train_df : pandas, Polars or Arrow frame
        ``unique_id`` and ``y`` before the forecasts, in time order.
    seasonality : int, default 1
        Intervals of the season.

    Returns
    -------
    DataFrame of the library of df
        ``unique_id`` and a column per model; missing where the past repeats itself exactly.

    Raises
    ------
    InvalidInputError
        A column is missing, or the seasonality is below 1.

    References
    ----------
    .. [1] Hyndman and Koehler, International Journal of Forecasting 22(4), 2006.

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0], "naive": [2.0, 2.0]})
    >>> past = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0, 5.0]})
    >>> mase(df, "naive", past)["naive"].tolist()
    [0.5]
    """
    scale = _scale(train_df, seasonality, np.abs)
    return _means(df, models, lambda y, f: np.abs(y - f), lambda m, ids: m / scale.reindex(ids))


def rmsse(df: Any, models: str | Sequence[str], train_df: Any, seasonality: int = 1) -> Any:
    """Root of the mean squared error over that of the seasonal naive forecast in the past.

    Parameters, result and errors as for `mase`.

    References
    ----------
    .. [1] Makridakis, Spiliotis and Assimakopoulos, International Journal of Forecasting 38(4),
       2022 (M5).

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0], "naive": [2.0, 2.0]})
    >>> past = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0, 5.0]})
    >>> rmsse(df, "naive", past)["naive"].tolist()
    [0.5]
    """
    scale = _scale(train_df, seasonality, np.square)
    return _means(
        df, models, lambda y, f: (y - f) ** 2, lambda m, ids: (m / scale.reindex(ids)) ** 0.5
    )


def quantile_loss(df: Any, models: Mapping[str, str], q: float) -> Any:
    """Mean pinball loss of one quantile.

    Parameters
    ----------
    df : pandas, Polars or Arrow frame
        ``unique_id``, ``y``, and the columns named in models.
    models : mapping of str to str
        Name in the result -> column with the quantile.
    q : float
        Its probability, 0 to 1.

    Returns
    -------
    DataFrame of the library of df
        ``unique_id`` and a column per model, in units of ``y``.

    Raises
    ------
    InvalidInputError
        A column is missing, or q is not between 0 and 1.

    References
    ----------
    .. [1] Koenker and Bassett, Econometrica 46(1), 1978.

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0], "auto-q-90": [2.0, 2.0]})
    >>> quantile_loss(df, {"auto": "auto-q-90"}, 0.9)["auto"].round(3).tolist()
    [0.5]
    """
    _check_share("q", q)
    frame = to_pandas(df)
    _require(frame, ["unique_id", "y", *models.values()])
    picked = frame[["unique_id", "y"]].assign(**{k: frame[v] for k, v in models.items()})
    return _like(_means(picked, list(models), lambda y, f: _pinball(y, f, q)), df)


def crps(df: Any, models: Mapping[str, Mapping[float, str]]) -> Any:
    """Continuous ranked probability score, from quantiles: twice the mean of their pinball losses.

    Parameters
    ----------
    df : pandas, Polars or Arrow frame
        ``unique_id``, ``y``, and the columns named in models.
    models : mapping of str to mapping of float to str
        Name in the result -> probability -> column; evenly spread probabilities, such as the
        deciles.

    Returns
    -------
    DataFrame of the library of df
        ``unique_id`` and a column per model, in units of ``y``.

    Raises
    ------
    InvalidInputError
        A column is missing, a model has none, or a probability is not between 0 and 1.

    References
    ----------
    .. [1] Gneiting and Ranjan, Journal of Business and Economic Statistics 29(3), 2011, eq. 4.

    Examples
    --------
    >>> df = pd.DataFrame({"unique_id": "a", "y": [1.0, 3.0], "auto": [2.0, 2.0]})
    >>> crps(df, {"auto": {0.5: "auto"}})["auto"].tolist()
    [1.0]
    """
    sums: dict[str, Any] = {}
    for name, columns in models.items():
        if not columns:
            raise InvalidInputError(f"crps needs a column per probability; {name!r} has none")
        losses = [to_pandas(quantile_loss(df, {name: column}, q)) for q, column in columns.items()]
        sums["unique_id"] = losses[0]["unique_id"].to_numpy()
        sums[name] = 2 * np.mean([loss[name].to_numpy() for loss in losses], axis=0)
    return to_native_like(sums, df)


def coverage(df: Any, models: str | Sequence[str], level: float) -> Any:
    """Share of the outcomes inside the band, ends included.

    Parameters
    ----------
    df : pandas, Polars or Arrow frame
        ``unique_id``, ``y``, and ``<model>-lo-<level>``, ``<model>-hi-<level>`` per model.
    models : str or sequence of str
        Names of models.
    level : float
        Per cent.

    Returns
    -------
    DataFrame of the library of df
        ``unique_id`` and a column per model, 0 to 1.

    Raises
    ------
    InvalidInputError
        A column is missing.

    Examples
    --------
    >>> df = pd.DataFrame(
    ...     {"unique_id": "a", "y": [1.0, 3.0], "auto-lo-80": [0.0, 0.0], "auto-hi-80": [2.0, 2.0]})
    >>> coverage(df, "auto", 80)["auto"].tolist()
    [0.5]
    """
    frame = to_pandas(df)
    inside = frame[[column for column in ("unique_id", "y") if column in frame]].copy()
    names = _names(models)
    for name in names:
        low, high = f"{name}-lo-{level:g}", f"{name}-hi-{level:g}"
        _require(frame, ["y", low, high])
        known = frame[["y", low, high]].notna().all(axis=1)
        inside[name] = (
            frame["y"].between(frame[low], frame[high]).where(known, np.nan).astype(float)
        )
    return _like(_means(inside, names, lambda _, f: f), df)


def _means(
    df: Any,
    models: str | Sequence[str],
    each: Callable[[Floats, Floats], Floats],
    then: Callable[[pd.Series[float], pd.Index[Any]], pd.Series[float]] | None = None,
) -> Any:
    """Per series and model, the mean of `each` over the rows, and what `then` makes of it."""
    frame, names = to_pandas(df), _names(models)
    _require(frame, ["unique_id", "y", *names])
    y = frame["y"].to_numpy(float)
    scores = pd.DataFrame({name: each(y, frame[name].to_numpy(float)) for name in names})
    ids = frame["unique_id"].to_numpy()
    means = scores.groupby(ids, sort=False).mean()
    columns: dict[str, Any] = {"unique_id": means.index.to_numpy()}
    for name in names:
        of_model = means[name] if then is None else then(means[name], means.index)
        columns[name] = of_model.to_numpy(float)
    return to_native_like(columns, df)


def _scale(train_df: Any, seasonality: int, size: Callable[[Any], Any]) -> pd.Series[float]:
    """Per series, the mean size of the seasonal difference; missing where it is 0."""
    if seasonality < 1:
        raise InvalidInputError(f"seasonality must be 1 interval or more, got {seasonality!r}")
    train = to_pandas(train_df)
    _require(train, ["unique_id", "y"])
    ids = train["unique_id"]
    change = size(train.groupby(ids, sort=False)["y"].diff(seasonality))
    scale: pd.Series[float] = change.groupby(ids, sort=False).mean()
    return scale.where(scale > 0)


def _pinball(y: Floats, quantile: Floats, q: float) -> Floats:
    return np.maximum(q * (y - quantile), (q - 1) * (y - quantile))


def _names(models: str | Sequence[str]) -> list[str]:
    return [models] if isinstance(models, str) else list(models)


def _require(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in frame:
            known = ", ".join(map(str, frame.columns))
            raise InvalidInputError(f"the frame needs a column {column!r}; it has {known}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise InvalidInputError(f"{name} must lie between 0 and 1, got {value!r}")


def _like(frame: Any, like: Any) -> Any:
    return to_native_like({name: frame[name].to_numpy() for name in frame.columns}, like)
