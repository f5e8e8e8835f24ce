"""Prometheus: the JSON of a range query, as demand series and monitoring frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import TimeKind, to_pandas
from fairlead.traces.inference_requests import long_frame, step_ns_of
from fairlead.traces.json_values import Json, read_json, starts_json
from fairlead.traces.prometheus_samples import Samples, on_grid, read_samples
from fairlead.traces.records import check_choice
from fairlead.traces.source import check_on_error
from fairlead.traces.trace import Trace, TraceMeta, no_events, no_jobs, no_nodes

__all__ = ["monitoring_frame", "read_prometheus", "sniff_prometheus"]

_NAME = "__name__"
_WAYS: dict[str, Callable[..., Any]] = {
    "sum": np.nansum,
    "mean": np.nanmean,
    "max": np.nanmax,
    "min": np.nanmin,
}


def read_prometheus(
    path: str | PathLike[str],
    *,
    by: str | Iterable[str] | None = None,
    aggregate: Literal["sum", "mean", "max", "min"] = "sum",
    freq: Any = None,
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read the answer of ``/api/v1/query_range`` (a matrix), plain or gzip.

    Parameters
    ----------
    path : path
    by : label or iterable of labels, optional
        Series that agree in these labels become one; else each stands alone, named as Prometheus
        names it (``name{label="value"}``).
    aggregate : {"sum", "mean", "max", "min"}
        How series become one, at each time over those that have a value.
    freq : str, timedelta or s, optional
        Mean over intervals of this length, counted from the epoch; else the step of the query,
        which all samples must fit.
    on_error : {"raise", "drop"}
        A malformed series or sample is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: ``unique_id``, ``ds`` (UTC), ``y`` (in the unit of the metric). All series cover
        the same times; a step without sample, NaN and infinite values are missing. No jobs.
        `monitoring_frame` gives the same with a column a series.

    Raises
    ------
    InvalidInputError
        A malformed file; names file and JSON path (or line and column).

    Notes
    -----
    ``meta.read`` and ``meta.dropped`` count samples; native histograms are dropped.

    References
    ----------
    .. [1] Prometheus documentation, "HTTP API: range queries".

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "answer.json"
    >>> series = [{"metric": {"gpu": "0"}, "values": [[1700000000, "0.5"], [1700000060, "1"]]}]
    >>> answer = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    >>> _ = file.write_text(json.dumps(answer))
    >>> trace = read_prometheus(file)
    >>> trace.demand["unique_id"][0], trace.demand["y"].tolist()
    ('{gpu="0"}', [0.5, 1.0])
    >>> monitoring_frame(trace.demand).columns.tolist()
    ['time', '{gpu="0"}']
    """
    check_on_error(on_error)
    check_choice("aggregate", aggregate, _WAYS)
    labels = None if by is None else ((by,) if isinstance(by, str) else tuple(by))
    given_ns = None if freq is None else step_ns_of(freq)
    dropped: Counter[str] = Counter()
    top = read_json(path)
    series = [read_samples(each, on_error, dropped) for each in _result(top)]
    read = sum(samples.read for samples in series)
    infinite = sum(int(np.isinf(samples.values).sum()) for samples in series)
    series = [samples for samples in series if len(samples.values)]
    times_ns, table = on_grid(top.file, series, given_ns, on_error, dropped)
    names, values = _together(series, table, labels, aggregate)
    metrics = {samples.labels.get(_NAME, "") for samples in series}
    unit = metrics.pop() if len(metrics) == 1 else ""
    demand = long_frame(names, times_ns, values, TimeKind("datetime", "UTC"), unit or "value")
    demand.attrs["resource"] = unit or "value"
    meta = TraceMeta(
        "prometheus",
        top.file,
        read=read,
        dropped={reason: count for reason, count in dropped.items() if count},
        repaired={"infinite value: missing": infinite} if infinite else {},
        start=demand["ds"].min() if len(demand) else None,
        options={"by": labels, "aggregate": aggregate, "freq": freq},
    )
    return Trace(no_jobs(), no_nodes(), no_events(), meta, demand)


def monitoring_frame(demand: Any) -> pd.DataFrame:
    """Series side by side: ``time`` and a column for each, as a monitor shows them.

    Parameters
    ----------
    demand : DataFrame
        ``unique_id``, ``ds``, ``y``, as in `Trace.demand`.

    Returns
    -------
    DataFrame
        In order of time; series by first appearance; missing where a series has no value.

    Raises
    ------
    InvalidInputError
        A series has two values at one time, or is named ``time``.

    Examples
    --------
    >>> demand = pd.DataFrame({"unique_id": ["b", "a"], "ds": [0.0, 0.0], "y": [1.0, 2.0]})
    >>> monitoring_frame(demand)
       time    b    a
    0   0.0  1.0  2.0
    """
    frame = to_pandas(demand, "demand")
    repeated = frame.duplicated(["unique_id", "ds"])
    if repeated.any():
        row = frame[repeated].iloc[0]
        raise InvalidInputError(
            f"demand has two values of {row['unique_id']!r} at {row['ds']}; aggregate them first"
        )
    at, times = pd.factorize(frame["ds"], sort=True)
    series, names = pd.factorize(frame["unique_id"])
    if "time" in names:
        raise InvalidInputError("demand has a series 'time', which is the name of the time column")
    values = np.full((len(times), len(names)), np.nan)
    values[at, series] = frame["y"]
    return pd.concat(
        [pd.DataFrame({"time": times}), pd.DataFrame(values, columns=list(names))], axis=1
    )


def sniff_prometheus(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be an answer of Prometheus; None if they can.

    Examples
    --------
    >>> sniff_prometheus("a.json", b"[1]")
    'it is no JSON object with "status" and "resultType"'
    """
    if starts_json(head, b"{", b'"status"', b'"resultType"'):
        return None
    return 'it is no JSON object with "status" and "resultType"'


def _result(top: Json) -> list[Json]:
    """The series of a successful answer."""
    if top.text("status") != "success":
        said = top.text("error") or "no reason given"
        raise InvalidInputError(f"{top.file}: the query failed ({said}); ask again")
    data = top.object("data")
    kind = data["resultType"]
    if kind.value != "matrix":
        raise kind.error("'matrix', the answer of a range query")
    if data["result"].value is None:
        raise data["result"].error("a list of series")
    return data.each("result")


def _together(
    series: list[Samples], table: NDArray[Any], labels: tuple[str, ...] | None, aggregate: str
) -> tuple[list[str], NDArray[Any]]:
    """Names and rows of the series, those that agree in the labels as one."""
    if labels is None:
        names = [samples.name for samples in series]
    else:
        parts = [[samples.labels.get(label) or "(none)" for label in labels] for samples in series]
        names = [",".join(values) or "all" for values in parts]
    codes, uniques = pd.factorize(pd.Series(names, dtype="str"))
    rows = []
    for code in range(len(uniques)):
        group = table[codes == code]
        known = ~np.isnan(group).all(axis=0)
        row = np.full(table.shape[1], np.nan)
        row[known] = _WAYS[aggregate](group[:, known], axis=0)
        rows.append(row)
    return list(uniques), np.array(rows).reshape(len(uniques), table.shape[1])
