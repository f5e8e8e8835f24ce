"""Text columns as codes into few names, made in the library that holds them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["codes_of_texts"]


def codes_of_texts(column: nw.Series[Any]) -> tuple[NDArray[np.int32], list[str]]:
    """Codes into the distinct texts of a column, by first appearance; -1 = missing or blank.

    Examples
    --------
    >>> texts = pd.Series(["b", None, "a ", "b", " "])
    >>> codes, names = codes_of_texts(nw.from_native(texts, series_only=True))
    >>> codes.tolist(), names
    ([0, -1, 1, 0, -1], ['b', 'a'])
    """
    codes, values = _factorized(column)
    names: dict[str, int] = {}
    lookup = np.full(len(values) + 1, -1, dtype=np.int32)
    for i, value in enumerate(values):
        text = "" if value is None else str(value).strip()
        if text:
            lookup[i] = names.setdefault(text, len(names))
    return lookup[codes], list(names)


def _factorized(series: nw.Series[Any]) -> tuple[NDArray[Any], list[Any]]:
    """Codes into the distinct values, by first appearance; missing is None or -1."""
    native = series.to_native()
    if series.null_count() == len(series):
        return np.full(len(series), -1), []
    if series.implementation.is_polars():
        import polars as pl

        values = native.unique(maintain_order=True)
        numbers = list(range(len(values)))
        codes = native.replace_strict(values, numbers, return_dtype=pl.Int32)
        return codes.to_numpy(), values.to_list()
    if series.implementation.is_pyarrow():
        # A dictionary that came may hold names that no row has, in any order.
        plain = series.cast(nw.String).to_native() if series.dtype == nw.Categorical else native
        coded = plain.dictionary_encode().unify_dictionaries().combine_chunks()
        return coded.indices.fill_null(-1).to_numpy(), coded.dictionary.to_pylist()
    codes, uniques = pd.factorize(native)
    return codes, list(uniques)
