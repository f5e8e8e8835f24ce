"""Columns back to frames of the library the input came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from fairlead.tables.frames import Table

__all__ = ["to_native_like", "to_pandas"]


def to_pandas(frame: Any, name: str = "frame") -> pd.DataFrame:
    """The frame as a pandas frame of its own; needs no PyArrow for Polars input.

    Raises
    ------
    InvalidInputError
        Not a frame.

    Examples
    --------
    >>> to_pandas(pd.DataFrame({"cpus": [4]}))["cpus"].tolist()
    [4]
    """
    if isinstance(frame, pd.DataFrame):
        return frame.reset_index(drop=True)
    table = Table(frame, name)
    return pd.DataFrame({column: _pandas_column(table.series(column)) for column in table.columns})


def _pandas_column(series: nw.Series[Any]) -> Any:
    if isinstance(series.dtype, nw.Datetime) and series.dtype.time_zone is not None:
        utc = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
        return pd.DatetimeIndex(utc, tz="UTC").tz_convert(series.dtype.time_zone)
    return series.to_numpy()


def to_native_like(columns: Mapping[str, Any], like: Any, *, same_rows: bool = False) -> Any:
    """Columns as a frame of the library that ``like`` came from.

    Parameters
    ----------
    columns : dict of str to array
        NumPy arrays, or pandas arrays for zoned times and categories. Missing times and NaN become
        null in Polars and Arrow.
    like : frame
        The input whose library is kept.
    same_rows : bool
        The rows are those of ``like``: a pandas result keeps its index, so that assigning a column
        back lines up.

    Returns
    -------
    DataFrame of the library of ``like``

    Examples
    --------
    >>> frame = pd.DataFrame({"cpus": [1, 2]}, index=[7, 9])
    >>> to_native_like({"wait_s": np.array([0.0, 5.0])}, frame, same_rows=True).index.tolist()
    [7, 9]
    """
    kind = nw.from_native(like, eager_only=True).implementation
    if kind.is_polars():
        return _to_polars(columns)
    if kind.is_pyarrow():
        return _to_arrow(columns)
    index = like.index if same_rows and isinstance(like, pd.DataFrame) else None
    return pd.DataFrame(dict(columns), index=index, copy=False)


def _to_polars(columns: Mapping[str, Any]) -> Any:
    import polars as pl

    made = []
    for name, values in columns.items():
        if isinstance(values, pd.DatetimeIndex) and values.tz is not None:
            utc = values.tz_convert("UTC").tz_localize(None).to_numpy()
            series = (
                pl.Series(name, utc)
                .dt.replace_time_zone("UTC")
                .dt.convert_time_zone(str(values.tz))
            )
        elif isinstance(values, pd.Categorical):
            texts = [None if pd.isna(v) else str(v) for v in values]
            series = pl.Series(name, texts, dtype=pl.Categorical)
        else:
            series = pl.Series(name, np.asarray(values), nan_to_null=True)
        made.append(series)
    return pl.DataFrame(made)


def _to_arrow(columns: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
