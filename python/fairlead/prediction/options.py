"""What may be asked of a forecast, checked; and the one call into the core."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.prediction.external import External, LearningModel, ModelLike, PointModel
from fairlead.prediction.intervals import given_seasons
from fairlead.prediction.series import DemandSeries
from fairlead.tables.frames import Codes, Floats, Ints
from fairlead.threads import thread_count

__all__ = [
    "AUTO",
    "Model",
    "band_columns",
    "band_ends",
    "check_device",
    "check_levels",
    "check_quantiles",
    "device_driver",
    "device_made",
    "model_of",
    "models",
    "quantile_columns",
    "whole",
]

#: The name that stands for a combination of the models.
AUTO = "auto"
_INTERVALS = ("adaptive", "empirical", "split")
_AUTO_WHAT = "the mean of the others, weighted per series by how close each came recently"


def models() -> dict[str, str]:
    """The forecasting models by name, and what each does.

    Examples
    --------
    >>> models()["seasonal_naive"]
    'the values of one season ago'
    """
    return {**_core.forecasters(), AUTO: _AUTO_WHAT}


@dataclass(frozen=True)
class Model:
    """What the core is asked to forecast with.

    Attributes
    ----------
    name : str
    seasons : tuple of int
        Season lengths, intervals, ascending.
    window : int
        Of the rolling models, intervals.
    intervals : str
        How bands come from past errors.
    device : {"cpu", "cuda"}
        What fits it.
    """

    name: str
    seasons: tuple[int, ...]
    window: int
    intervals: str = "adaptive"
    device: str = "cpu"

    @property
    def names(self) -> tuple[str, ...]:
        """What ``model`` and ``weights`` of a forecast count in."""
        return tuple(_core.forecasters())

    def forecast(
        self,
        series: DemandSeries,
        of: Codes,
        known: Ints,
        horizon: int,
        quantiles: Floats,
        *,
        vectors: int = 0,
        threads: int | None = None,
    ) -> dict[str, NDArray[Any]]:
        """Forecasts of series ``of[i]`` from its first ``known[i]`` values, as columns."""
        made: dict[str, Any] = _core.forecast(
            series.values,
            series.offsets,
            series.phase,
            series.ends,
            of,
            known,
            model=self.name,
            seasons=self.seasons,
            window=self.window,
            horizon=horizon,
            probabilities=quantiles,
            intervals=self.intervals,
            vectors=vectors,
            threads=thread_count(threads),
            driver=device_driver("fit_driver") if self.device == "cuda" else None,
        )
        return device_made(made)


def device_driver(name: str) -> Any:
    """What works on a CUDA device; an error that says why where there is none."""
    # Here and not above: this room comes before that of matching, and rarely needs it.
    from fairlead.matching.devices import cuda_driver

    driver, reason = cuda_driver(name)
    if driver is None:
        raise _no_cuda(reason)
    return driver


def device_made(made: dict[str, Any]) -> dict[str, Any]:
    """What the core made; an error if a device failed, and one for good is not asked again."""
    if "error" not in made:
        return made
    from fairlead.matching.devices import cuda_lost

    if made["lost"]:
        cuda_lost(made["error"])
    raise _no_cuda(made["error"])


def _no_cuda(reason: str) -> BackendUnavailableError:
    return BackendUnavailableError(f"device='cuda' cannot be had: {reason}; use device='cpu'")


def check_device(device: Any) -> None:
    """An error unless the device is known."""
    if device not in ("cpu", "cuda"):
        raise InvalidInputError(f"device must be 'cpu' or 'cuda'; got {device!r}")


def _check_device_of(model: ModelLike, device: Any) -> None:
    """An error unless the device is known and has a part in the model."""
    check_device(device)
    able = _core.device_forecasters()
    if device == "cuda" and model not in able:
        name = model if isinstance(model, str) else model.name
        raise InvalidInputError(
            f"no part of model {name!r} runs on a CUDA device; those that do are "
            f"{', '.join(able)}; use device='cpu'"
        )


def model_of(
    model: ModelLike,
    step_ns: int,
    season_lengths: Any,
    window: int | None,
    intervals: str = "adaptive",
    device: str = "cpu",
) -> Model | External:
    """The model with the options a user gave, or their defaults at this interval length."""
    seasons = given_seasons(season_lengths, step_ns)
    if intervals not in _INTERVALS:
        raise InvalidInputError(
            f"intervals must be one of {', '.join(_INTERVALS)}, got {intervals!r}"
        )
    if not isinstance(model, str):
        if not isinstance(model, PointModel | LearningModel):
            raise InvalidInputError(
                f"model must be one of {', '.join(models())}, or have a name and "
                f"forecast(histories, horizon, seasons) or be a LearningModel; "
                f"got {type(model).__name__}"
            )
        _check_device_of(model, device)
        return External(model, seasons, intervals)
    if model not in models():
        raise InvalidInputError(f"unknown model {model!r}; known are {', '.join(models())}")
    _check_device_of(model, device)
    if window is None:
        window = seasons[0] if seasons else 24
    return Model(model, seasons, whole("window", window), intervals, device)


def whole(name: str, value: Any) -> int:
    """A count of intervals as int; anything but a whole number from 1 on is an error."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise InvalidInputError(
            f"{name} must be a whole number of intervals, 1 or more, got {value!r}"
        )
    return int(value)


def check_levels(level: Any) -> tuple[float, ...]:
    """Levels as an ascending tuple; an error unless all lie between 0 and 100."""
    given = [level] if isinstance(level, numbers.Real) else list(level)
    if not all(isinstance(v, numbers.Real) and 0 < float(v) < 100 for v in given):
        raise InvalidInputError(
            f"level must be per cent, above 0 and below 100, such as (80, 95); got {level!r}"
        )
    return tuple(sorted({float(v) for v in given}))


def check_quantiles(quantiles: Any) -> tuple[float, ...]:
    """Probabilities as an ascending tuple; an error unless all lie between 0 and 1."""
    given = [quantiles] if isinstance(quantiles, numbers.Real) else list(quantiles)
    if not all(isinstance(q, numbers.Real) and 0 < float(q) < 1 for q in given):
        raise InvalidInputError(
            f"quantiles must be above 0 and below 1, such as (0.1, 0.9); got {quantiles!r}"
        )
    return tuple(sorted({float(q) for q in given}))


def band_ends(level: float) -> tuple[float, float]:
    """Probabilities of the lower and upper end of a band; round, so that they meet the grid's."""
    tail = round((100 - level) / 200, 12)
    return tail, round(1 - tail, 12)


def band_columns(
    name: str, levels: Sequence[float], quantiles: Floats, grid: Floats
) -> dict[str, Floats]:
    """``<name>-lo-80``, ``<name>-hi-80`` per level, from quantiles at the grid's probabilities."""
    columns = {}
    for level in levels:
        for side, p in zip(("lo", "hi"), band_ends(level), strict=True):
            at = int(np.abs(grid - p).argmin())
            columns[f"{name}-{side}-{level:g}"] = np.ascontiguousarray(quantiles[:, at])
    return columns


def quantile_columns(
    name: str, probabilities: Sequence[float], quantiles: Floats, grid: Floats
) -> dict[str, Floats]:
    """``<name>-q-90`` per probability, from quantiles at the grid's probabilities."""
    return {
        f"{name}-q-{round(100 * p, 10):g}": np.ascontiguousarray(
            quantiles[:, int(np.abs(grid - p).argmin())]
        )
        for p in probabilities
    }
