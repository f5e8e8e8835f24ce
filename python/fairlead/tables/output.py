"""Columns back to frames of the library the input came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.tables.frames import Table
from fairlead.tables.ids import TextIds

__all__ = ["Coded", "to_native_like", "to_pandas", "without_columns"]


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
    return pd.DataFrame({column: _array_of(table.series(column)) for column in table.columns})


def _array_of(series: nw.Series[Any]) -> Any:
    if isinstance(series.dtype, nw.Datetime) and series.dtype.time_zone is not None:
        utc = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
        return pd.DatetimeIndex(utc, tz="UTC").tz_convert(series.dtype.time_zone)
    return series.to_numpy()


@dataclass(frozen=True, eq=False)
class Coded:
    """A text column of few distinct values, on its way to a frame.

    Attributes
    ----------
    codes : int array
        Index into ``names``; -1 = missing.
    names : sequence or array of str
    category : bool
        Becomes a categorical (Arrow: dictionary) column; else plain text.
    """

    codes: NDArray[Any]
    names: Sequence[str] | NDArray[Any]
    category: bool = True


def without_columns(frame: Any) -> Any:
    """A frame of the same library and rows that holds no data: what results are made like.

    Examples
    --------
    >>> without_columns(pd.DataFrame({"cpus": [1, 2]}, index=[7, 9])).index.tolist()
    [7, 9]
    """
    if isinstance(frame, pd.DataFrame):
        return frame.iloc[:, :0]
    return nw.from_native(frame, eager_only=True).select([]).to_native()


def to_native_like(columns: Mapping[str, Any], like: Any, *, same_rows: bool = False) -> Any:
    """Columns as a frame of the library that ``like`` came from.

    Parameters
    ----------
    columns : dict of str to array
        NumPy arrays, `TextIds`, `Coded`, or pandas arrays for zoned times and categories. Missing
        times and NaN become null in Polars and Arrow.
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
        import polars as pl

        return pl.DataFrame([_polars_series(name, values) for name, values in columns.items()])
    if kind.is_pyarrow():
        import pyarrow as pa

        return pa.table({name: _arrow_array(values) for name, values in columns.items()})
    index = like.index if same_rows and isinstance(like, pd.DataFrame) else None
    made = {name: _pandas_column(values, index) for name, values in columns.items()}
    return pd.DataFrame(made, index=index, copy=False)


def _pandas_column(values: Any, index: pd.Index[Any] | None) -> Any:
    if isinstance(values, Coded):
        if values.category:
            dtype: Any = pd.CategoricalDtype(list(values.names))
            # The codes are the core's own, so checking them again would only cost time.
            return pd.Categorical.from_codes(values.codes, dtype=dtype, validate=False)
        names = pd.Series(list(values.names), dtype=str).array
        return names.take(values.codes, allow_fill=True)
    if isinstance(values, TextIds) and isinstance(values.native, pd.Series):
        # Of its own, and a series because pandas would guess the type of bare objects anew.
        return pd.Series(values.native.array.copy(), index=index, dtype=values.native.dtype)
    return np.asarray(values) if isinstance(values, TextIds) else values


def _polars_series(name: str, values: Any) -> Any:
    import polars as pl

    if isinstance(values, pd.Categorical):
        values = Coded(values.codes, [str(text) for text in values.categories])
    if isinstance(values, Coded):
        names = pl.Series(
            name, [*values.names, None], dtype=pl.Categorical if values.category else pl.String
        )
        return names.gather(_with_last(values))
    if isinstance(values, TextIds) and isinstance(values.native, pl.Series):
        return values.native.alias(name)
    if isinstance(values, pd.DatetimeIndex) and values.tz is not None:
        utc = values.tz_convert("UTC").tz_localize(None).to_numpy()
        zoned = pl.Series(name, utc).dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone(str(values.tz))
    return pl.Series(name, np.asarray(values), nan_to_null=True)


def _arrow_array(values: Any) -> Any:
    import pyarrow as pa

    if isinstance(values, Coded):
        if values.category:
            codes = pa.array(values.codes, mask=values.codes < 0)
            return pa.DictionaryArray.from_arrays(codes, pa.array(values.names, pa.string()))
        return pa.array([*values.names, None], pa.string()).take(pa.array(_with_last(values)))
    if isinstance(values, TextIds):
        native = values.native
        return native if isinstance(native, pa.ChunkedArray) else pa.array(np.asarray(values))
    return pa.array(values, from_pandas=True)


def _with_last(column: Coded) -> NDArray[Any]:
    """The codes, with the place behind the names for missing."""
    return np.where(column.codes < 0, len(column.names), column.codes)
