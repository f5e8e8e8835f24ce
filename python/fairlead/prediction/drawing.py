"""Pictures of forecasts and back-tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.prediction.backtesting import BacktestResult
    from fairlead.prediction.forecasting import DemandForecast

__all__ = ["draw_backtest", "draw_forecast"]

_PAST, _AHEAD = "#3b4856", "#1f6fb4"
# Bands from the widest to the narrowest; solid, so that the legend shows the picture's colours.
_BANDS = ("#d9e7f4", "#b8d2ea", "#93bbdf", "#6fa4d3")
_MOST_PANELS = 6


def draw_forecast(forecast: DemandForecast, unique_id: Any) -> Figure:
    """History tail, forecast and bands, a panel per series."""
    frame, history = to_pandas(forecast.frame), to_pandas(forecast.history)
    if "unique_id" not in history:
        history["unique_id"] = frame["unique_id"].iloc[0]
    ids = frame["unique_id"].unique()
    names = list(ids[:_MOST_PANELS]) if unique_id is None else [_known(unique_id, ids)]
    figure, panels = _panels(len(names))
    for axes, name in zip(panels, names, strict=True):
        ahead = _closed(frame[frame["unique_id"] == name], forecast.freq)
        past = history[history["unique_id"] == name].sort_values("ds")
        shown = max(3 * len(ahead), 2 * max(forecast.season_lengths[:1], default=24))
        _draw_past(axes, _closed(past.tail(shown), forecast.freq), "history")
        _draw_bands(axes, ahead, forecast.model, forecast.levels, label=True)
        _draw_ahead(axes, ahead, forecast.model, f"forecast ({forecast.model})")
        axes.set_title(str(name), loc="left", fontsize=10)
        axes.set_ylabel(f"{forecast.unit} in use")
        _tidy(axes, ahead["ds"])
    _legend(panels[0])
    if len(names) < len(ids) and unique_id is None:
        figure.supxlabel(f"the first {len(names)} of {len(ids)} series", fontsize=8)
    return figure


def draw_backtest(result: BacktestResult, unique_id: Any) -> Figure:
    """Outcomes and the forecasts made for them, a panel per model."""
    frame = to_pandas(result.frame)
    ids = frame["unique_id"].unique()
    name = ids[0] if unique_id is None else _known(unique_id, ids)
    rows = frame[frame["unique_id"] == name]
    outcomes = _closed(rows.drop_duplicates("ds").sort_values("ds"), result.freq)
    figure, panels = _panels(len(result.models))
    for axes, model in zip(panels, result.models, strict=True):
        for i, (_, window) in enumerate(rows.groupby("cutoff")):
            ahead = _closed(window, result.freq)
            _draw_bands(axes, ahead, model, result.levels[-1:], label=i == 0)
            _draw_ahead(axes, ahead, model, "forecast" if i == 0 else None)
        _draw_past(axes, outcomes, "outcome")
        axes.set_title(f"{name}: {model}", loc="left", fontsize=10)
        axes.set_ylabel("demand")
        _tidy(axes, rows["ds"])
    _legend(panels[0])
    return figure


def _draw_past(axes: Axes, past: pd.DataFrame, label: str) -> None:
    axes.plot(past["ds"], past["y"], color=_PAST, lw=1.2, drawstyle="steps-post", label=label)


def _draw_ahead(axes: Axes, ahead: pd.DataFrame, model: str, label: str | None) -> None:
    axes.plot(ahead["ds"], ahead[model], color=_AHEAD, lw=1.6, drawstyle="steps-post", label=label)


def _draw_bands(
    axes: Axes, ahead: pd.DataFrame, model: str, levels: tuple[float, ...], *, label: bool
) -> None:
    for i, level in enumerate(reversed(levels)):
        low, high = (ahead[f"{model}-{side}-{level:g}"] for side in ("lo", "hi"))
        colour = _BANDS[min(i, len(_BANDS) - 1)]
        name = f"{level:g} % band" if label else None
        axes.fill_between(ahead["ds"], low, high, step="post", color=colour, lw=0, label=name)


def _closed(rows: pd.DataFrame, freq: str) -> pd.DataFrame:
    """The rows and the end of the last interval, so that a step line shows all of it."""
    last = rows.tail(1).copy()
    ns = freq_ns(freq)
    last["ds"] += pd.Timedelta(ns, "ns") if last["ds"].dtype.kind == "M" else ns / 1e9
    return pd.concat([rows, last], ignore_index=True)


def _known(unique_id: Any, ids: Any) -> Any:
    if unique_id not in set(ids):
        raise InvalidInputError(
            f"no series {unique_id!r}; there are {', '.join(map(repr, list(ids)[:20]))}"
        )
    return unique_id


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.0 + 2.4 * count), layout="constrained")
    grid = figure.subplots(count, 1, sharex=True, squeeze=False)
    return figure, list(np.asarray(grid)[:, 0])


def _legend(axes: Axes) -> None:
    """Beside the first panel, lines before bands."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i].endswith("band"))
    axes.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=8,
    )


def _tidy(axes: Axes, times: pd.Series[Any]) -> None:
    """A time axis whose labels do not run into each other; no frame where there is no data."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.set_ylim(0, None)
    axes.spines[["top", "right"]].set_visible(False)
    if times.dtype.kind != "M":
        axes.set_xlabel("time (s)")
        return
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
