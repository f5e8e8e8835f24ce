"""How good forecasts would have been: made again from past origins, knowing only what was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.external import ModelLike
from fairlead.prediction.intervals import freq_name
from fairlead.prediction.options import band_columns, band_ends, check_levels, model_of, whole
from fairlead.prediction.series import DemandSeries, read_demand
from fairlead.printed import Printed
from fairlead.tables import to_native_like
from fairlead.tables.frames import Codes, Floats, Ints

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BacktestResult", "backtest", "cross_validation"]


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult(Printed):
    """Past forecasts beside what came.

    Attributes
    ----------
    frame : DataFrame of the library of the demand
        ``unique_id``, ``ds``, ``cutoff`` (start of the last interval known), ``y``, and per model
        its forecast and bands as in ``DemandForecast.frame``.
    metrics : DataFrame of the same library
        Per series and model: ``n`` values scored, ``mae``, ``rmse`` (units), ``mase`` (mae over
        that of the same interval one season before, in the values before the first cutoff; missing
        where that is 0), ``smape`` (per cent), ``pinball`` (mean over 0.1 to 0.9, units), and per
        level ``coverage_80`` (share of values inside the band) and ``width_80`` (units).
    models : tuple of str
    horizon : int
        Intervals.
    n_windows : int
        Forecasts per series.
    freq : str
        Length of an interval.
    levels : tuple of float
        Central bands, per cent.
    """

    frame: Any
    metrics: Any
    models: tuple[str, ...]
    horizon: int
    n_windows: int
    freq: str
    levels: tuple[float, ...]

    def summary(self) -> str:
        """The metrics as a table: means over the series, one line per model."""
        from fairlead.prediction.summaries import backtest_summary

        return backtest_summary(self)

    def plot(self, unique_id: Any = None) -> Figure:
        """What came and what was forecast; one panel per model.

        Parameters
        ----------
        unique_id : optional
            The series to draw; by default the first.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        InvalidInputError
            No such series.
        """
        from fairlead.prediction.drawing import draw_backtest

        return draw_backtest(self, unique_id)


def backtest(
    demand: Any,
    horizon: int,
    *,
    model: ModelLike | Sequence[ModelLike] = "auto",
    n_windows: int = 7,
    step_size: int | None = None,
    level: float | Sequence[float] = (80,),
    freq: Any = None,
    season_lengths: int | Sequence[int] | None = None,
    window: int | None = None,
    intervals: str = "adaptive",
    threads: int | None = None,
    device: Literal["cpu", "cuda"] = "cpu",
) -> BacktestResult:
    """Forecast from past origins and compare with what came.

    Every forecast is the one `predict` would have made then: model choice, fit and bands use the
    values up to the cutoff alone.

    Parameters
    ----------
    demand, horizon, level, freq, season_lengths, window, intervals, threads, device
        As for `predict`.
    model : str, PointModel, LearningModel or sequence of them, default "auto"
        One or more, as for `predict`.
    n_windows : int, default 7
        Forecasts per series; the last one ends with the series.
    step_size : int, optional
        Intervals from one cutoff to the next; by default the horizon.

    Returns
    -------
    BacktestResult

    Raises
    ------
    InvalidInputError
        As for `predict`, or a series is too short to know a value at the first cutoff.

    References
    ----------
    .. [1] Hyndman and Koehler, International Journal of Forecasting 22(4), 2006 (MASE).
    .. [2] Tashman, International Journal of Forecasting 16(4), 2000 (rolling origins).

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> demand = pd.DataFrame({
    ...     "ds": pd.date_range("2026-01-05", periods=240, freq="1h"),
    ...     "y": ([4.0] * 12 + [16.0] * 12) * 10})
    >>> result = fairlead.backtest(demand, 24, model=["seasonal_naive", "rolling_mean"])
    >>> result.metrics[["model", "mae", "mase"]]
                model  mae  mase
    0  seasonal_naive  0.0   NaN
    1    rolling_mean  6.0   NaN
    """
    horizon, n_windows = whole("horizon", horizon), whole("n_windows", n_windows)
    step = horizon if step_size is None else whole("step_size", step_size)
    levels = check_levels(level)
    series = read_demand(demand, freq)
    given = [model] if isinstance(model, ModelLike) else list(dict.fromkeys(model))
    if not given:
        raise InvalidInputError("model must name at least one model")
    chosen = [
        model_of(each, series.step_ns, season_lengths, window, intervals, device) for each in given
    ]
    names = tuple(each.name for each in chosen)
    origins = _origins(series, horizon, n_windows, step)
    of = np.repeat(np.arange(len(series.ids), dtype=np.int32), n_windows)
    rows = np.repeat(of, horizon)
    actual = _outcomes(series, of, origins, horizon)
    columns = {
        "unique_id": series.ids[rows],
        "ds": series.time.to_frame_times(series.times_ns(of, origins, horizon)),
        "cutoff": series.time.to_frame_times(
            np.repeat(series.times_ns(of, origins - 1, 1), horizon)
        ),
        "y": actual,
    }
    probabilities = np.array([*_core.DECILES, *(p for v in levels for p in band_ends(v))])
    scores = []
    for each in chosen:
        made = each.forecast(series, of, origins, horizon, probabilities, threads=threads)
        quantiles = made["quantiles"].reshape(len(rows), len(probabilities))
        columns[each.name] = made["point"]
        ends = len(_core.DECILES)
        columns |= band_columns(each.name, levels, quantiles[:, ends:], probabilities[ends:])
        scores.append(
            _core.forecast_scores(
                rows,
                actual,
                made["point"],
                made["quantiles"],
                n_series=len(series.ids),
                bands=len(levels),
            )
        )
    scale = _scales(series, origins[::n_windows], chosen[0].seasons)
    return BacktestResult(
        frame=to_native_like(columns, demand),
        metrics=to_native_like(_metrics(series.ids, names, scores, scale, levels), demand),
        models=names,
        horizon=horizon,
        n_windows=n_windows,
        freq=freq_name(series.step_ns),
        levels=levels,
    )


def cross_validation(
    df: Any,
    h: int,
    *,
    models: ModelLike | Sequence[ModelLike] = "auto",
    n_windows: int = 1,
    step_size: int | None = None,
    level: float | Sequence[float] = (),
    freq: Any = None,
    season_lengths: int | Sequence[int] | None = None,
    intervals: str = "adaptive",
) -> Any:
    """The frame of `backtest`, asked for as in the libraries of Nixtla.

    Parameters
    ----------
    df : pandas, Polars or Arrow frame
        ``unique_id``, ``ds``, ``y``.
    h : int
        Intervals to forecast.
    models, n_windows, step_size, level, freq, season_lengths, intervals
        As for `backtest`; every window is fitted anew.

    Returns
    -------
    DataFrame of the library of df
        ``unique_id``, ``ds``, ``cutoff``, ``y``, and per model its forecast and bands; the measures
        of ``fairlead.prediction`` (`mae`, `quantile_loss`, ...) take it as it is.

    Raises
    ------
    InvalidInputError
        As for `backtest`.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"unique_id": "a", "ds": range(0, 360000, 3600), "y": [3.0, 5.0] * 50})
    >>> made = cross_validation(df, 2, models="seasonal_naive", n_windows=2, season_lengths=2)
    >>> made[["ds", "cutoff", "seasonal_naive"]].to_numpy().tolist()[-1]
    [356400.0, 349200.0, 5.0]
    """
    return backtest(
        df,
        h,
        model=models,
        n_windows=n_windows,
        step_size=step_size,
        level=level,
        freq=freq,
        season_lengths=season_lengths,
        intervals=intervals,
    ).frame


def _origins(series: DemandSeries, horizon: int, n_windows: int, step: int) -> Ints:
    """How many values are known at each cutoff, series by series."""
    first = series.lengths - horizon - step * (n_windows - 1)
    if (first < 1).any():
        i = int((first < 1).argmax())
        raise InvalidInputError(
            f"series {series.ids[i]!r} has {series.lengths[i]} intervals from its first known "
            f"value on; {n_windows} windows of {horizon}, {step} apart, need "
            f"{series.lengths[i] - first[i] + 1}; give fewer or shorter windows"
        )
    origins: Ints = (first[:, None] + step * np.arange(n_windows)).ravel()
    return origins


def _outcomes(series: DemandSeries, of: Codes, origins: Ints, horizon: int) -> Floats:
    first = series.offsets[of] + origins
    outcomes: Floats = series.values[(first[:, None] + np.arange(horizon)).ravel()]
    return outcomes


def _scales(series: DemandSeries, known: Ints, seasons: tuple[int, ...]) -> Floats:
    """The mean absolute seasonal difference before the first cutoff; NaN where there is none."""
    season = seasons[0] if seasons else 1
    scales = [
        _core.seasonal_scale(series.of(i)[:n], season if n > season else 1)
        for i, n in enumerate(known.tolist())
    ]
    scale: Floats = np.array(scales)
    scale[scale == 0] = np.nan
    return scale


def _metrics(
    ids: NDArray[Any],
    names: tuple[str, ...],
    scores: list[dict[str, NDArray[Any]]],
    scale: Floats,
    levels: tuple[float, ...],
) -> dict[str, NDArray[Any]]:
    """One row per series and model, series by series."""

    def by_series(columns: list[NDArray[Any]]) -> NDArray[Any]:
        return np.stack(columns, axis=1).ravel()

    table = {
        "unique_id": np.repeat(ids, len(names)),
        "model": np.tile(np.array(names, dtype=object), len(ids)),
        "n": by_series([score["count"] for score in scores]),
        "mae": by_series([score["mae"] for score in scores]),
        "rmse": by_series([score["rmse"] for score in scores]),
        "mase": by_series([score["mae"] / scale for score in scores]),
        "smape": by_series([score["smape"] for score in scores]),
        "pinball": by_series([score["pinball"] for score in scores]),
    }
    for i, level in enumerate(levels):
        for what in ("coverage", "width"):
            parts = [score[what].reshape(len(ids), len(levels))[:, i] for score in scores]
            table[f"{what}_{level:g}"] = by_series(parts)
    return table
