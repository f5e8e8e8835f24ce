"""Forecasts and back-tests in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from fairlead.prediction.backtesting import BacktestResult
    from fairlead.prediction.forecasting import DemandForecast

__all__ = ["backtest_summary", "forecast_summary"]

_MOST_SERIES = 10


def forecast_summary(forecast: DemandForecast) -> str:
    """Range and models, then a line per series."""
    frame, chosen = to_pandas(forecast.frame), to_pandas(forecast.chosen)
    series = len(chosen)
    horizon = len(frame) // series
    bands = ", ".join(f"{level:g} %" for level in forecast.levels)
    lines = [
        f"demand of {forecast.resource}, {series} series, {horizon} intervals of {forecast.freq} "
        f"from {_show(frame['ds'].min())}; model {forecast.model}; bands {bands or 'none'}"
    ]
    point = frame[forecast.model].to_numpy().reshape(series, horizon)
    lines += [
        f"  {chosen['unique_id'][i]}: mean {point[i].mean():,.4g} and at most "
        f"{point[i].max():,.4g} {forecast.unit}, by {chosen['model'][i]}"
        f"{_widest_band(forecast, frame, i, horizon)}"
        for i in range(min(series, _MOST_SERIES))
    ]
    if series > _MOST_SERIES:
        used = chosen["model"].value_counts()
        counts = ", ".join(f"{name} {count}" for name, count in used.items())
        lines.append(f"  and {series - _MOST_SERIES} more; models used: {counts}")
    return "\n".join(lines)


def _widest_band(forecast: DemandForecast, frame: pd.DataFrame, i: int, horizon: int) -> str:
    errors = int(to_pandas(forecast.chosen)["errors"][i])
    if errors == 0:
        return "; no past error is known, so the bands have no width"
    if not forecast.levels:
        return f"; {errors} past errors"
    level = f"{forecast.levels[-1]:g}"
    rows = slice(i * horizon, (i + 1) * horizon)
    low, high = (frame[f"{forecast.model}-{side}-{level}"].to_numpy() for side in ("lo", "hi"))
    return (
        f"; {level} % band {low[rows].min():,.4g} to {high[rows].max():,.4g}, "
        f"from {errors} past errors"
    )


def backtest_summary(result: BacktestResult) -> str:
    """Range, then the mean of each metric over the series, a line per model."""
    metrics = to_pandas(result.metrics)
    lines = [
        f"back-test of {metrics['unique_id'].nunique()} series: {result.n_windows} windows of "
        f"{result.horizon} intervals of {result.freq}; means over the series"
    ]
    table = metrics.drop(columns=["unique_id", "n"]).groupby("model", sort=False).mean()
    lines += [f"  {line}" for line in table.to_string(float_format="{:.4g}".format).splitlines()]
    return "\n".join(lines)


def _show(time: Any) -> str:
    return (
        f"{time:%Y-%m-%d %H:%M}"
        if isinstance(time, pd.Timestamp | np.datetime64)
        else f"{time:g} s"
    )
