"""The samples of Prometheus series, checked one by one, and their place on a common grid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import isinf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.traces.json_values import Json

__all__ = ["Samples", "on_grid", "read_samples"]

_MS = 1_000_000
# Seconds since 1970 of the years 1900 and 2200, as everywhere in these readers.
_FIRST_S, _LAST_S = -2_208_988_800, 7_258_118_400
# Beyond this, sums could overflow; infinity itself is legal and taken as missing.
_LARGEST = 1e100
_MAX_VALUES = 200_000_000


@dataclass(frozen=True)
class Samples:
    """A series: labels, times (ms since 1970), values (NaN or infinite as they came).

    Attributes
    ----------
    place : str
        JSON path, for messages.
    read : int
        Samples in the file, dropped ones included.
    """

    place: str
    labels: dict[str, str]
    times_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    read: int

    @property
    def name(self) -> str:
        """As Prometheus writes it: ``name{label="value"}``; ``all`` without labels."""
        inner = ",".join(f'{k}="{v}"' for k, v in self.labels.items() if k != "__name__")
        return (self.labels.get("__name__", "") + (f"{{{inner}}}" if inner else "")) or "all"


def read_samples(series: Json, on_error: str, dropped: Counter[str]) -> Samples:
    """A series of the answer.

    Raises
    ------
    InvalidInputError
        With ``on_error="raise"``: a malformed label or sample; names the path.
    """
    labels: dict[str, str] = {}
    times: list[int] = []
    values: list[float] = []
    read = 0
    try:
        labels = {key: _label(member) for key, member in series.object("metric").members()}
        histograms = len(series.each("histograms"))
        dropped["native histogram"] += histograms
        samples = series.each("values") if series["values"].value is not None else []
        read = len(samples) + histograms
    except InvalidInputError:
        if on_error == "raise":
            raise
        dropped["malformed series"] += 1
        return Samples(series.place, labels, np.zeros(0, np.int64), np.zeros(0), 1)
    seen: set[int] = set()
    for sample in samples:
        try:
            time, value = _sample(sample)
            if time in seen:
                raise sample.error("at a time of its own")
        except InvalidInputError:
            if on_error == "raise":
                raise
            dropped["malformed sample"] += 1
            continue
        seen.add(time)
        times.append(time)
        values.append(value)
    return Samples(
        series.place, labels, np.array(times, dtype=np.int64), np.array(values, dtype=float), read
    )


def _label(member: Json) -> str:
    if not isinstance(member.value, str):
        raise member.error("text")
    return member.value


def _sample(sample: Json) -> tuple[int, float]:
    """Time in ms and value of ``[1700000000.123, "0.5"]``."""
    pair = sample.value
    if not isinstance(pair, list) or len(pair) != 2:
        raise sample.error("a time and a value")
    time, text = pair
    if isinstance(time, bool) or not isinstance(time, int | float):
        raise Json(sample.file, f"{sample.place}[0]", time).error("seconds since 1970")
    if not _FIRST_S <= time < _LAST_S:
        raise Json(sample.file, f"{sample.place}[0]", time).error("a time of 1900 to 2199, in s")
    try:
        value = float(text) if isinstance(text, str) else None
    except ValueError:
        value = None
    if value is None or (abs(value) > _LARGEST and not isinf(value)):
        raise Json(sample.file, f"{sample.place}[1]", text).error("a number as text")
    return round(time * 1000), value


def on_grid(
    file: str,
    series: list[Samples],
    freq_ns: int | None,
    on_error: str,
    dropped: Counter[str],
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Times (ns) of a common grid and a row of values for each series, NaN where it has none.

    Raises
    ------
    InvalidInputError
        A sample does not fit the step of the others (and no ``freq`` was given), or the grid would
        be too large.
    """
    if not series:
        return np.zeros(0, np.int64), np.zeros((0, 0))
    times = np.concatenate([samples.times_ms for samples in series]) * _MS
    row = np.repeat(np.arange(len(series)), [len(samples.values) for samples in series])
    values = np.concatenate([samples.values for samples in series])
    if freq_ns is None:
        step_ns = _step_ns(series)
        phase, counts = np.unique(times % step_ns, return_counts=True)
        off = times % step_ns != phase[counts.argmax()]
        if off.any() and on_error == "raise":
            at = int(off.argmax())
            raise InvalidInputError(
                f"{file}, at {series[row[at]].place}.values: must be at steps of "
                f"{step_ns / 1e9:g} s, got {times[at] / 1e9:.3f}; give freq= to average over "
                f"intervals, or pass on_error='drop'"
            )
        dropped["not at a step"] += int(off.sum())
        times, row, values = times[~off], row[~off], values[~off]
        origin = int(times.min())
    else:
        step_ns, origin = freq_ns, int(times.min()) // freq_ns * freq_ns
    column = (times - origin) // step_ns
    width = int(column.max()) + 1
    if width * len(series) > _MAX_VALUES:
        raise InvalidInputError(
            f"{file}: {len(series)} series of {width:,} steps are too many; give a longer freq="
        )
    known = np.isfinite(values)
    cell = row[known] * width + column[known]
    count = np.bincount(cell, minlength=width * len(series))
    total = np.bincount(cell, values[known], width * len(series))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return origin + step_ns * np.arange(width), mean.reshape(len(series), width)


def _step_ns(series: list[Samples]) -> int:
    """The most frequent distance between neighbouring samples; a minute where there is none."""
    gaps = np.concatenate([np.diff(np.sort(samples.times_ms)) for samples in series])
    if len(gaps) == 0:
        return 60_000 * _MS
    lengths, counts = np.unique(gaps, return_counts=True)
    return int(lengths[counts.argmax()]) * _MS
