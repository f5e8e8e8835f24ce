"""Forecasts of demand with bands from past errors."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.prediction.external import External, ModelLike
from fairlead.prediction.intervals import freq_name
from fairlead.prediction.options import (
    AUTO,
    Model,
    band_columns,
    band_ends,
    check_levels,
    check_quantiles,
    model_of,
    quantile_columns,
    whole,
)
from fairlead.prediction.paths import VECTORS, DemandPaths, shuffled_levels
from fairlead.prediction.series import DemandSeries, read_demand
from fairlead.printed import Printed
from fairlead.tables import to_native_like
from fairlead.tables.frames import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DemandForecast", "predict"]

# Where forecasts keep their quantiles; between these they are interpolated.
_GRID = np.array([0.0, 0.005, 0.01, *np.arange(1, 40) / 40, 0.99, 0.995, 1.0])
_UNITS = {
    "cpus": "CPUs",
    "gpus": "GPUs",
    "tpus": "TPUs",
    "fpgas": "FPGAs",
    "memory_gib": "GiB",
    "storage_gib": "GiB",
    "network_gbps": "Gb/s",
}


def predict(
    demand: Any,
    horizon: int,
    *,
    model: ModelLike = AUTO,
    level: float | Sequence[float] = (80,),
    quantiles: float | Sequence[float] = (),
    freq: Any = None,
    season_lengths: int | Sequence[int] | None = None,
    window: int | None = None,
    intervals: str = "adaptive",
    threads: int | None = None,
    device: Literal["cpu", "cuda"] = "cpu",
    resource: str | None = None,
    unit: str | None = None,
) -> DemandForecast:
    """Forecast demand, with bands.

    Parameters
    ----------
    demand : pandas, Polars or Arrow frame
        ``ds`` (start of the interval: datetime or s), ``y`` (0 or more), and ``unique_id`` where
        there are several series; as `demand_series` makes it. Where ``y`` is a mean over the
        interval, ``y_end`` may hold the value at its end (0 or more, or missing).
    horizon : int
        Intervals to forecast, from the one after the last of each series.
    model : str, PointModel or LearningModel, default "auto"
        One of `models`. ``auto`` is the mean of those the history is long enough for, weighted per
        series and step by how close their forecasts from earlier origins came. Or an object as
        `PointModel` or `LearningModel` describes, such as those of ``fairlead.prediction.extras``.
    level : float or sequence of float, default (80,)
        Central bands, per cent.
    quantiles : float or sequence of float, optional
        Probabilities between 0 and 1 whose quantiles get a column, such as ``auto-q-90`` for 0.9.
    freq : str, timedelta or s, optional
        Length of the intervals; by default the smallest distance between rows of a series.
    season_lengths : int or sequence of int, optional
        Seasons in intervals; by default a day and a week, as far as they are whole.
        ``seasonal_naive`` repeats the shortest, ``ridge`` uses all that the history covers three
        times (the shortest: four times).
    window : int, optional
        Intervals of ``rolling_mean`` and ``rolling_median``; by default the shortest season, or 24.
    intervals : {"adaptive", "empirical", "split"}
        How bands come from past errors. ``empirical``: their quantiles, where errors after
        times like the present one weigh more. ``adaptive``: the same at levels that follow the
        misses of earlier bands. ``split``: split conformal, all errors alike and in both
        directions; such a band covers exchangeable errors as often as it says.
    threads : int, optional
        As many as there are cores for this process by default; the result is the same for any.
    device : {"cpu", "cuda"}
        ``cuda`` fits exponential smoothing (``ses`` to ``held_out_ets``) on the first CUDA device;
        for thousands of series.
    resource : str, optional
        What the demand is of; by default what `demand_series` noted, or ``gpus``.
    unit : str, optional
        For pictures and summaries; by default that of the resource.

    Returns
    -------
    DemandForecast

    Raises
    ------
    InvalidInputError
        Bad demand (empty, negative, irregular or repeated times, a series without a known value),
        unknown model, or an option out of range; ``device="cuda"`` for a model that has no part
        for it.
    BackendUnavailableError
        ``device="cuda"`` and CUDA cannot be had; says why.

    Notes
    -----
    A model's weight in ``auto`` at a step ahead is its mean absolute error there (twice the pinball
    loss of a median) to the power -5, over the outcomes of the last two longest seasons; errors of
    neighbouring steps count too, and for the forecast itself those count more that were made at
    its time of day and as far from the mean of the last season. Without evidence all weights are
    equal, but ``level_shape`` counts twice and ``median_autoregression`` and ``pretrained``, a
    network trained on the demand of other clusters, four times. The weights at an earlier origin
    come from what was known there. Where one forecast alone moves the mean by half of its usual
    error, each counts as at most five median distances from their median. Combined are the models
    that take a ms a series at most: naive, rolling and simply smoothed ones, the recursive ridges,
    the two regressions on the last values (``autoregression``, ``median_autoregression``),
    ``level_shape`` and ``pretrained``; with 120 steps in the shortest season or more also
    ``brief_median`` and ``short_median``, which a burst of submissions does not move.

    Bands are quantiles of the errors the same model or combination made from up to 512 earlier
    origins, each time knowing only what was known there (models that learn are refitted up to eight
    times along them); by step ahead, and never below 0. An error weighs more the nearer its
    forecast lies to the present one, in ranks, and the nearer the unrest before its origin does:
    the mean change from step to step over the last eighth of the shortest season; and, by less, the
    nearer its origin's time of day and distance from the mean of the last season do. Each counts in
    both directions, unless moving the forecasts by the median of earlier errors would have brought
    them closer by 2 %: then ``auto`` is moved by the median of the errors so weighed, of all steps
    together but inside its band of 50 % at each, and the bands lie as the errors do. With fewer
    than 20 errors at a step those of the steps beside it are used too. Which of the errors a band
    ends at follows the misses of the bands before: adaptive conformal levels, by step.

    With ``y_end`` a forecast of any model is moved, step by step, by a share of how far the end of
    the last interval lies from its mean: the multiple of an eighth, from 0 to 1, that would have
    brought earlier forecasts closest. Demand that changed within the last hour usually stays where
    it went, so this takes a tenth from the error of the first three hours.

    Short histories: a model that the history is too short for gives way to ``seasonal_naive``, and
    below one season to ``rolling_mean``; ``chosen`` says what was used. One known value gives a
    flat forecast whose bands, for want of errors, have no width.

    A missing value counts as that of one season before, or else the last one, where a model reads
    it; it is never learned from or scored.

    On a CUDA device run the searches for the weights and states of exponential smoothing, for the
    forecast and for the earlier origins alike; starting values, the choice among forms, the
    forecasts from the fits and the bands stay on the threads of the CPU. Both do the same
    operations on float64 in the same order, so the results are equal (we promise 1e-9, relative).

    O(values) per series for the simple models; ``ridge`` is O(log(horizon) * values * features^2),
    the other ridges O(values * lags * (lags + horizon)).

    References
    ----------
    .. [1] Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 2021, 5.2, 5.5
       and 5.10.
    .. [2] Hoerl and Kennard, Technometrics 12(1), 1970 (ridge).
    .. [3] Bates and Granger, Operational Research Quarterly 20(4), 1969 (combination).
    .. [4] Gibbs and Candes, Adaptive conformal inference under distribution shift, NeurIPS 2021.

    Examples
    --------
    >>> import fairlead, pandas as pd
    >>> demand = pd.DataFrame({
    ...     "ds": pd.date_range("2026-01-05", periods=96, freq="1h"),
    ...     "y": ([4.0] * 12 + [16.0] * 12) * 3 + [5.0] * 12 + [18.0] * 12})
    >>> forecast = fairlead.predict(demand, horizon=2, model="seasonal_naive", level=80)
    >>> forecast.frame["seasonal_naive"].tolist()
    [5.0, 5.0]
    >>> forecast.frame["seasonal_naive-hi-80"].tolist()
    [7.0, 7.0]
    """
    horizon = whole("horizon", horizon)
    levels = check_levels(level)
    series = read_demand(demand, freq)
    chosen = model_of(model, series.step_ns, season_lengths, window, intervals, device)
    name = chosen.name
    given = check_quantiles(quantiles)
    grid = np.union1d(_GRID, [*(p for ends in map(band_ends, levels) for p in ends), *given])
    n = len(series.ids)
    of = np.arange(n, dtype=np.int32)
    made = chosen.forecast(series, of, series.lengths, horizon, grid, threads=threads)
    at_grid = made["quantiles"].reshape(n * horizon, len(grid))
    columns = {
        "unique_id": np.repeat(series.ids, horizon),
        "ds": series.time.to_frame_times(series.times_ns(of, series.lengths, horizon)),
    }
    bands = band_columns(name, levels, at_grid, grid)
    bands |= quantile_columns(name, given, at_grid, grid)
    if resource is None:
        noted = demand.attrs.get("resource") if isinstance(demand, pd.DataFrame) else None
        resource = "gpus" if noted is None else str(noted)
    return DemandForecast(
        frame=to_native_like({**columns, name: made["point"], **bands}, demand),
        history=demand,
        chosen=to_native_like(_chosen(made, series, chosen), demand),
        model=name,
        levels=levels,
        resource=resource,
        unit=_UNITS.get(resource, resource) if unit is None else unit,
        freq=freq_name(series.step_ns),
        season_lengths=chosen.seasons,
        keys=columns,
        grid=grid,
        quantiles=at_grid,
        source=Source(chosen, series, threads),
    )


@dataclass(frozen=True, eq=False)
class Source:
    """What a forecast was made with, to ask the core for more of it."""

    model: Model | External
    series: DemandSeries
    threads: int | None


@dataclass(frozen=True, eq=False, repr=False)
class DemandForecast(Printed):
    """The demand to expect, as a distribution per series and interval.

    Attributes
    ----------
    frame : DataFrame of the library of the history
        ``unique_id``, ``ds``, the forecast in a column named as the model, ``<model>-lo-80``,
        ``<model>-hi-80`` per level and ``<model>-q-90`` per quantile; in units of the resource.
    history : DataFrame
        What it was made from.
    chosen : DataFrame of the same library
        Per series: ``model``, the one used or, with ``auto``, that weighs most; ``errors``, how
        many past errors stand behind the bands of the last interval; and with ``auto``
        ``weight_<model>``, the mean weights over the intervals, which sum to 1.
    model : str
        Its name, as asked for.
    levels : tuple of float
        Central bands, per cent.
    resource, unit : str
    freq : str
        Length of an interval, as ``1h``.
    season_lengths : tuple of int
        Seasons, intervals.
    keys : dict of str to array
        ``unique_id`` and ``ds`` of each row.
    grid, quantiles : array
        Probabilities, and their quantiles: one row per row of `frame`.
    source : Source
        Model and series, for `sample_paths`.
    """

    frame: Any
    history: Any
    chosen: Any
    model: str
    levels: tuple[float, ...]
    resource: str
    unit: str
    freq: str
    season_lengths: tuple[int, ...]
    keys: dict[str, Any]
    grid: Floats
    quantiles: Floats
    source: Source

    def quantile(self, q: float) -> Any:
        """One quantile of the demand in every interval.

        Parameters
        ----------
        q : float
            Probability, 0 to 1. Between the kept ones (every 0.025, and 0.005 and 0.01 from the
            ends) it is interpolated.

        Returns
        -------
        DataFrame of the library of the history
            ``unique_id``, ``ds``, ``y``. Quantiles of several series do not add up to that of
            their sum.

        Raises
        ------
        InvalidInputError
            q is not between 0 and 1.

        Examples
        --------
        >>> import fairlead, pandas as pd
        >>> demand = pd.DataFrame({"ds": range(0, 172800, 3600), "y": [3.0, 5.0] * 24})
        >>> forecast = fairlead.predict(demand, horizon=2, model="rolling_mean", window=2)
        >>> forecast.quantile(0.9)["y"].tolist()
        [5.0, 5.0]
        """
        if not (isinstance(q, numbers.Real) and 0 <= q <= 1):
            raise InvalidInputError(f"a quantile must lie between 0 and 1, got {q!r}")
        above = int(np.searchsorted(self.grid, q))
        y = self.quantiles[:, above]
        if self.grid[above] != q:
            below = above - 1
            share = (q - self.grid[below]) / (self.grid[above] - self.grid[below])
            y = (1 - share) * self.quantiles[:, below] + share * y
        return to_native_like({**self.keys, "y": np.ascontiguousarray(y)}, self.history)

    def sample_paths(self, n: int = 200, *, seed: int = 0) -> DemandPaths:
        """Equally likely courses of the demand, for plans over several intervals and series.

        Parameters
        ----------
        n : int, default 200
            Paths.
        seed : int
            The same seed gives the same paths.

        Returns
        -------
        DemandPaths
            At each interval the paths are distributed as the quantiles say. Over intervals, and
            over series that end at the same time, they go together as up to 128 past vectors of
            errors did: a day that comes out high does so as a whole.

        Raises
        ------
        InvalidInputError
            n is not a whole number of 1 or more.

        Notes
        -----
        The models forecast from past origins once more, so this takes as long as `predict`.

        References
        ----------
        .. [1] Clark et al., Journal of Hydrometeorology 5(1), 2004 (the Schaake shuffle).

        Examples
        --------
        >>> import fairlead, pandas as pd
        >>> demand = pd.DataFrame({"ds": range(0, 345600, 3600), "y": [3.0, 5.0] * 48})
        >>> forecast = fairlead.predict(demand, 2, model="rolling_mean", window=2)
        >>> forecast.sample_paths(50).y.shape
        (50, 1, 2)
        """
        if not isinstance(n, numbers.Integral) or isinstance(n, bool) or n < 1:
            raise InvalidInputError(f"n must be a whole number of paths, 1 or more, got {n!r}")
        series = self.source.series
        count = len(series.ids)
        horizon = len(self.quantiles) // count
        made = self.source.model.forecast(
            series,
            np.arange(count, dtype=np.int32),
            series.lengths,
            horizon,
            self.grid,
            vectors=VECTORS,
            threads=self.source.threads,
        )
        vectors = made["vectors"].reshape(count, VECTORS, horizon)
        ends = series.start_ns + series.lengths * series.step_ns
        levels = shuffled_levels(vectors, ends, int(n), seed).reshape(int(n), -1)
        above = np.searchsorted(self.grid, levels).clip(1, len(self.grid) - 1)
        share = (levels - self.grid[above - 1]) / np.diff(self.grid)[above - 1]
        rows = np.arange(levels.shape[1])
        values = (1 - share) * self.quantiles[rows, above - 1] + share * self.quantiles[rows, above]
        return DemandPaths(
            values.reshape(int(n), count, horizon), series.ids, self.keys, self.history
        )

    def summary(self) -> str:
        """A few lines for people: range, models used, size of the forecast."""
        from fairlead.prediction.summaries import forecast_summary

        return forecast_summary(self)

    def plot(self, unique_id: Any = None) -> Figure:
        """The end of the history, the forecast and its bands; one panel per series.

        Parameters
        ----------
        unique_id : optional
            The series to draw; by default the first six.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        InvalidInputError
            No such series.
        """
        from fairlead.prediction.drawing import draw_forecast

        return draw_forecast(self, unique_id)


def _chosen(
    made: dict[str, NDArray[Any]], series: DemandSeries, model: Model | External
) -> dict[str, NDArray[Any]]:
    names = np.array(model.names, dtype=object)
    columns = {
        "unique_id": series.ids,
        "model": names[made["model"]],
        "errors": made["errors"],
    }
    if model.name == AUTO:
        weights = made["weights"].reshape(-1, len(names))
        columns |= {
            f"weight_{name}": np.ascontiguousarray(weights[:, i]) for i, name in enumerate(names)
        }
    return columns
