"""Pictures of forecasts and back-tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb

from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.report.steps import StepTable
from fairlead.report.style import (
    DEMAND,
    FORECAST,
    MUTED,
    PAPER,
    Picture,
    TimeScale,
    dress,
    headline,
    share_time,
)
from fairlead.tables import to_pandas
from fairlead.tables.frames import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairlead.prediction.backtesting import BacktestResult
    from fairlead.prediction.forecasting import DemandForecast

__all__ = ["StepPanel", "draw_backtest", "draw_forecast", "panels_over"]

# How much of the colour bands have, from the widest to the narrowest; mixed and not see-through,
# so that the legend shows the picture's colours.
_TINTS = (0.18, 0.32, 0.46, 0.6)
_MOST_PANELS = 6


def draw_forecast(forecast: DemandForecast, unique_id: Any) -> Figure:
    """History tail, forecast and bands, a panel per series."""
    frame, history = to_pandas(forecast.frame), to_pandas(forecast.history)
    ids = frame["unique_id"].unique()
    if "unique_id" not in history:
        history = history.assign(unique_id=ids[0])
    names = list(ids[:_MOST_PANELS]) if unique_id is None else [_known(unique_id, ids)]
    aheads = [frame[frame["unique_id"] == name] for name in names]
    shown = max(3 * len(aheads[0]), 2 * max(forecast.season_lengths[:1], default=24))
    pasts = [history[history["unique_id"] == name].sort_values("ds").tail(shown) for name in names]
    figure, panels, scale = panels_over(len(names), [*pasts, *aheads])
    for axes, name, past, ahead in zip(panels, names, pasts, aheads, strict=True):
        drawn = StepPanel(axes, scale, freq_ns(forecast.freq))
        drawn.line(past, "y", DEMAND, "history", 1.1)
        drawn.line(ahead, forecast.model, FORECAST, f"forecast ({forecast.model})", 1.6)
        drawn.bands(ahead, forecast.model, forecast.levels)
        drawn.finish(str(name), f"{forecast.unit} in use", legend=axes is panels[0])
    share_time(scale, panels)
    if len(names) < len(ids) and unique_id is None:
        note = f"the first {len(names)} of {len(ids)} series"
        figure.supxlabel(note, fontsize=9, color=MUTED)
    return figure


def draw_backtest(result: BacktestResult, unique_id: Any) -> Figure:
    """Outcomes and the forecasts made for them, a panel per model."""
    frame = to_pandas(result.frame)
    ids = frame["unique_id"].unique()
    name = ids[0] if unique_id is None else _known(unique_id, ids)
    rows = frame[frame["unique_id"] == name]
    outcomes = rows.drop_duplicates("ds").sort_values("ds")
    figure, panels, scale = panels_over(len(result.models), [rows])
    for axes, model in zip(panels, result.models, strict=True):
        drawn = StepPanel(axes, scale, freq_ns(result.freq))
        drawn.line(outcomes, "y", DEMAND, "outcome", 1.1)
        for i, (_, window) in enumerate(rows.groupby("cutoff")):
            drawn.line(window, model, FORECAST, None if i else "forecast", 1.6)
            drawn.bands(window, model, result.levels[-1:], label=i == 0)
        drawn.finish(f"{name}: {model}", "demand", legend=axes is panels[0])
    share_time(scale, panels)
    return figure


class StepPanel:
    """One panel of step lines over intervals of one length."""

    def __init__(self, axes: Axes, scale: TimeScale, step_ns: int) -> None:
        self._axes, self._scale, self._step_ns = axes, scale, step_ns

    def line(
        self, rows: pd.DataFrame, column: str, color: str, label: str | None, width: float
    ) -> None:
        x, (y,) = self._outline(rows, column)
        self._axes.step(x, y, where="post", color=color, lw=width, label=label)

    def bands(
        self, rows: pd.DataFrame, model: str, levels: tuple[float, ...], *, label: bool = True
    ) -> None:
        """From the widest to the narrowest, under the lines."""
        for level, tint in zip(reversed(levels), _tints(len(levels)), strict=True):
            x, (low, high) = self._outline(
                rows, *(f"{model}-{side}-{level:g}" for side in ("lo", "hi"))
            )
            name = f"{level:g} % band" if label else None
            self._axes.fill_between(x, low, high, step="post", color=tint, lw=0, label=name)

    def finish(self, title: str, what: str, *, legend: bool) -> None:
        dress(self._axes)
        self._axes.set_ylabel(what, color=MUTED, fontsize=9)
        headline(self._axes, title, legend=legend)

    def _outline(self, rows: pd.DataFrame, *columns: str) -> tuple[Floats, list[Floats]]:
        """Positions and heights, and the end of the last interval, so that all of it is drawn."""
        ns = StepTable.of(rows, "ds").ns
        heights = [rows[column].to_numpy(float) for column in columns]
        x = self._scale.place(np.append(ns, ns[-1] + self._step_ns))
        return x, [np.append(values, values[-1]) for values in heights]


def _tints(count: int) -> list[str]:
    """Colours of that many bands; those beyond the last tint are alike."""
    shares = [_TINTS[min(i, len(_TINTS) - 1)] for i in range(count)]
    return [_mixed(share) for share in shares]


def _mixed(share: float) -> str:
    pairs = zip(to_rgb(FORECAST), to_rgb(PAPER), strict=True)
    red, green, blue = (share * full + (1 - share) * paper for full, paper in pairs)
    return to_hex((red, green, blue))


def _known(unique_id: Any, ids: Any) -> Any:
    if unique_id not in set(ids):
        raise InvalidInputError(
            f"no series {unique_id!r}; there are {', '.join(map(repr, list(ids)[:20]))}"
        )
    return unique_id


def panels_over(
    count: int, tables: Iterable[pd.DataFrame]
) -> tuple[Picture, list[Axes], TimeScale]:
    """An empty picture, its panels from the top, and the scale of all times in the tables."""
    steps = [StepTable.of(table, "ds") for table in tables]
    ends = [(table.ns.min(), table.ns.max()) for table in steps]
    span = float(max(last for _, last in ends) - min(first for first, _ in ends))
    figure = Picture.of_height(1.0 + 2.2 * count)
    grid = figure.subplots(count, 1, squeeze=False)
    return figure, list(np.asarray(grid)[:, 0]), TimeScale.of(steps[0].kind, span)
