"""Requests as demand per second and as jobs, whatever log they come from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import TimeKind, seconds_to_ns
from fairlead.traces.records import Records, check_choice
from fairlead.traces.trace import Trace, no_events, no_jobs, no_nodes

__all__ = ["Requests", "Service", "check_gpus", "long_frame", "step_ns_of"]

_MEASURES = ("requests", "context_tokens", "generated_tokens", "tokens")
_NS = 1_000_000_000
_MAX_VALUES = 200_000_000


@dataclass(frozen=True)
class Service:
    """How requests become jobs: speeds (tokens/s) and devices; ``wanted`` is whether they do."""

    wanted: bool
    context_tokens_per_s: float | None
    generated_tokens_per_s: float | None
    gpus: float

    def __post_init__(self) -> None:
        for option in ("context_tokens_per_s", "generated_tokens_per_s"):
            speed = getattr(self, option)
            if speed is not None and not 0 < speed < math.inf:
                raise InvalidInputError(f"{option} must be above 0 tokens/s, got {speed!r}")
        check_gpus(self.gpus)

    def run_s(self, context: Any, generated: Any, elapsed_s: Any) -> Any:
        """Run times in seconds, or None where nothing tells them."""
        if self.context_tokens_per_s is None and self.generated_tokens_per_s is None:
            return elapsed_s
        read = context / (self.context_tokens_per_s or math.inf)
        return read + generated / (self.generated_tokens_per_s or math.inf)


@dataclass(frozen=True)
class Requests:
    """The requests of a log, as long as its records.

    Attributes
    ----------
    submit : DatetimeIndex or float array
        Arrival, UTC or seconds.
    context, generated : float array
        Tokens of prompt and answer.
    series : Series, optional
        The series each counts in; else all count in one.
    queue : Series, optional
        Label of the jobs.
    elapsed_s : float array, optional
        Measured run time (s).
    """

    format_name: str
    records: Records
    submit: Any
    context: NDArray[np.float64]
    generated: NDArray[np.float64]
    series: pd.Series[Any] | None = None
    queue: pd.Series[Any] | None = None
    elapsed_s: NDArray[np.float64] | None = None

    def trace(self, freq: Any, measure: str, service: Service, keep: Iterable[str]) -> Trace:
        """Demand, and jobs where they are wanted."""
        check_choice("measure", measure, _MEASURES)
        kept = self.records.kept(keep, {})
        # Jobs first: their check may drop records, and demand must count those that are left.
        jobs = self._jobs(service, kept)
        demand = self._demand(step_ns_of(freq), measure)
        options = {"freq": freq, "measure": measure, "jobs": service.wanted}
        zoned = isinstance(self.submit, pd.DatetimeIndex)
        start = self.submit[self.records.alive].min() if zoned and len(demand) else None
        meta = self.records.meta(self.format_name, options=options, start=start)
        shown = jobs if service.wanted else no_jobs()
        return Trace(shown, no_nodes(), no_events(), meta, demand)

    def _jobs(self, service: Service, kept: Mapping[str, Any]) -> pd.DataFrame:
        n = len(self.records)
        columns: dict[str, Any] = {"job_id": np.arange(n), "submit_time": self.submit}
        run_s = service.run_s(self.context, self.generated, self.elapsed_s)
        if run_s is not None:
            columns["duration_s"] = run_s
        columns["gpus"] = np.full(n, service.gpus)
        columns["context_tokens"] = self.context
        columns["generated_tokens"] = self.generated
        if self.queue is not None:
            columns["queue"] = self.queue
        jobs = self.records.jobs({**columns, **kept})
        return jobs.astype({"context_tokens": "int64", "generated_tokens": "int64"})

    def _demand(self, step_ns: int, measure: str) -> pd.DataFrame:
        left = self.records.alive
        amount = {
            "requests": np.ones(len(left)),
            "context_tokens": self.context,
            "generated_tokens": self.generated,
            "tokens": self.context + self.generated,
        }[measure][left]
        if isinstance(self.submit, pd.DatetimeIndex):
            at_ns, kind = self.submit[left].as_unit("ns").asi8, TimeKind("datetime", "UTC")
        else:
            at_ns, kind = seconds_to_ns(self.submit[left]), TimeKind("seconds")
        if len(at_ns) == 0:
            return long_frame([], np.zeros(0, np.int64), np.zeros((0, 0)), kind, measure)
        one = pd.Series("all", index=range(len(left)))
        labels = (one if self.series is None else self.series)[left]
        codes, names = pd.factorize(labels, sort=True)
        interval = at_ns // step_ns
        first = int(interval.min())
        width = int(interval.max()) - first + 1
        if width * len(names) > _MAX_VALUES:
            raise InvalidInputError(
                f"{self.records.path}: {len(names)} series of {width:,} intervals are too many; "
                f"give a longer freq="
            )
        sums = np.bincount(codes * width + interval - first, amount, width * len(names))
        ds_ns = (first + np.arange(width, dtype=np.int64)) * step_ns
        rates = sums.reshape(len(names), width) * (_NS / step_ns)
        return long_frame(list(names), ds_ns, rates, kind, measure)


def long_frame(
    names: list[str], ds_ns: NDArray[np.int64], values: NDArray[Any], kind: TimeKind, measure: str
) -> pd.DataFrame:
    """Series over the same times as ``unique_id``, ``ds``, ``y``; ``y`` is per second."""
    times = kind.to_frame_times(ds_ns)
    frame = pd.DataFrame(
        {
            "unique_id": pd.Series(
                np.repeat(np.array(names, dtype=object), len(ds_ns)), dtype="str"
            ),
            "ds": times[np.tile(np.arange(len(ds_ns)), len(names))],
            "y": values.ravel(),
        }
    )
    frame.attrs["resource"] = f"{measure}_per_s"
    return frame


def check_gpus(gpus: float) -> None:
    """Refuse devices that no job can ask.

    Raises
    ------
    InvalidInputError
        Neither 0, nor a share below 1, nor whole.
    """
    if not 0 <= gpus < 10**6 or (gpus > 1 and gpus % 1):
        raise InvalidInputError(f"gpus must be 0, a share below 1, or whole; got {gpus!r}")


def step_ns_of(freq: Any) -> int:
    """Length of an interval given as text, a timedelta or seconds."""
    try:
        plain = isinstance(freq, int | float) and not isinstance(freq, bool)
        step = pd.Timedelta(freq, unit="s") if plain else pd.Timedelta(freq)
        step_ns = int(step.as_unit("ns").value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError(f"freq must be a length such as '1min', got {freq!r}") from error
    if step_ns <= 0:
        raise InvalidInputError(f"freq must be above 0, got {freq!r}")
    return step_ns
