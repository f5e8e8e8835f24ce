"""The M4 competition's form: a series in each row, values oldest first, no times."""

from __future__ import annotations

from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.tables import ns_to_seconds
from fairlead.traces.inference_requests import step_ns_of
from fairlead.traces.records import read_records
from fairlead.traces.trace import Trace, no_demand, no_events, no_jobs, no_nodes

__all__ = ["M4_HEADER", "read_m4"]

_ID = "V1"
M4_HEADER = (_ID, "V2")
_LARGEST = 1e100


def read_m4(
    path: str | PathLike[str],
    *,
    step: Any = "1h",
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read series of the M4 competition, plain or gzip.

    Parameters
    ----------
    path : path
        CSV with the columns ``V1`` (name of the series), ``V2``, ``V3``, ...: a row holds a series,
        oldest value first, empty to the right.
    step : str, timedelta or s, default "1h"
        Time between values, which the file does not say.
    on_error : {"raise", "drop"}
        A malformed row, or one with a gap, is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: ``unique_id``, ``ds`` (s from the first value of each series), ``y``; no jobs.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Makridakis, Spiliotis, Assimakopoulos, "The M4 competition: 100,000 time series and 61
       forecasting methods", International Journal of Forecasting 36(1), 2020.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "Hourly-train.csv"
    >>> _ = file.write_text('"V1","V2","V3"\\n"H1",605,586\\n"H2",3124,\\n')
    >>> read_m4(file).demand.values.tolist()
    [['H1', 0.0, 605.0], ['H1', 3600.0, 586.0], ['H2', 0.0, 3124.0]]
    """
    step_ns = step_ns_of(step)
    records = read_records(path, on_error=on_error)
    records.need(*M4_HEADER)
    names = records.text(_ID)
    records.require(names.notna(), _ID, "a name")
    records.require_distinct(_ID, names)
    places = [column for column in map(str, records.frame.columns) if column != _ID]
    known = np.ones(len(records), dtype=bool)
    columns = []
    for column in places:
        values = records.numbers(column, least=-_LARGEST, most=_LARGEST, required=False)
        here = ~np.isnan(values)
        records.require(known | ~here, column, "empty, as the value before is missing")
        known = here
        columns.append(values)
    records.drop(np.isnan(columns[0]), "series without values")
    table = np.column_stack(columns)[records.alive]
    row, place = np.nonzero(~np.isnan(table))
    demand = no_demand()
    if len(row):
        seconds = ns_to_seconds(step_ns * np.arange(len(places), dtype=np.int64))
        left = names[records.alive].to_numpy(dtype=object)
        ids = pd.Series(left[row], dtype="str")
        demand = pd.DataFrame({"unique_id": ids, "ds": seconds[place], "y": table[row, place]})
    demand.attrs["resource"] = "value"
    meta = records.meta("m4", options={"step": step})
    return Trace(no_jobs(), no_nodes(), no_events(), meta, demand)
