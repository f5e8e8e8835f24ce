"""The clock of generated traces: from seconds of the span to times of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.tables import MAX_SECONDS
from fairlead.traces.workload import DAY, Floats

__all__ = ["Clock"]


class Clock:
    """Seconds of the span to times of the table.

    Parameters
    ----------
    start : datetime-like or None
        Begin of the span; None for plain seconds, from a Monday.
    span_s : float
        Length of the span (s).

    Raises
    ------
    InvalidInputError
        The start is no datetime, or the span ends after 2261.
    """

    def __init__(self, start: Any, span_s: float) -> None:
        self.start: pd.Timestamp | None = None
        self.week_second = 0.0
        if start is None:
            return
        try:
            stamp = pd.Timestamp(start)
            self.start = stamp.as_unit("ns")
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"start must be a datetime, got {start!r}: {error}") from error
        if pd.isna(self.start) or self.start.timestamp() + span_s > MAX_SECONDS:
            raise InvalidInputError(f"start must be before the year 2261, got {start!r}")
        midnight = self.start.normalize()
        self.week_second = (stamp.isoweekday() - 1) * DAY + (self.start - midnight).total_seconds()

    def times(self, seconds: Floats) -> Any:
        """Seconds as they are, or as datetimes."""
        if self.start is None:
            return seconds
        return self.start + pd.to_timedelta(np.rint(seconds).astype(np.int64), unit="s").as_unit(
            "ns"
        )
