"""Identifiers of rows: whole numbers, or text that stays in the memory of the library it is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["TextIds", "all_distinct", "missing_ids", "text_ids"]

#: So few texts are looked at one by one sooner than whole columns are set up.
_FEW = 4000


class TextIds:
    """Text identifiers as they came; a million of them are no Python objects until asked for.

    A number picks one text, an array or a slice picks further `TextIds`; ``tolist`` and
    `numpy.asarray` make objects.

    Examples
    --------
    >>> ids = text_ids(nw.from_native(pd.Series(["a", "b", "c"]), series_only=True))
    >>> ids[1], ids[np.array([2, 0])].tolist()
    ('b', ['c', 'a'])
    """

    def __init__(self, texts: nw.Series[Any]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, rows: Any) -> Any:
        picked = self._texts[rows]
        return TextIds(picked) if isinstance(picked, nw.Series) else picked

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self._texts.to_numpy(), dtype=object)

    def tolist(self) -> list[str]:
        """The texts as Python objects."""
        return self._texts.to_list()

    def rows_of(self, texts: Iterable[str]) -> dict[str, int]:
        """Where some texts stand; those that do not occur are left out."""
        rows = np.flatnonzero(self._texts.is_in(list(texts)).to_numpy())
        return dict(zip(self[rows].tolist(), rows.tolist(), strict=True))

    def copy(self) -> TextIds:
        """Itself: nothing changes it."""
        return self

    @property
    def native(self) -> Any:
        """The pandas, Polars or Arrow column that holds the texts."""
        return self._texts.to_native()


def text_ids(column: nw.Series[Any]) -> TextIds:
    """A column of anything as text; text in Arrow memory is not copied.

    Examples
    --------
    >>> mixed = pd.Series([7, "b"], dtype=object)
    >>> text_ids(nw.from_native(mixed, series_only=True)).tolist()
    ['7', 'b']
    """
    native = column.to_native()
    if column.dtype in (nw.Categorical, nw.Enum):
        return TextIds(column.cast(nw.String))
    if column.dtype == nw.String and (not _is_object(native) or _only_texts(native)):
        # Results outlive changes to a frame that can change.
        return TextIds(_series(native.copy()) if isinstance(native, pd.Series) else column)
    return TextIds(_series(pd.Series([str(value) for value in column])))


def missing_ids(column: nw.Series[Any]) -> NDArray[np.bool_] | None:
    """The rows of a column that hold nothing; None if all hold something.

    Examples
    --------
    >>> missing_ids(nw.from_native(pd.Series(["a", None]), series_only=True)).tolist()
    [False, True]
    """
    native = column.to_native()
    if _is_object(native) and _only_texts(native):
        return None
    missing = column.is_null()
    return missing.to_numpy().astype(bool) if missing.any() else None


def _series(native: pd.Series[Any]) -> nw.Series[Any]:
    return nw.from_native(native, series_only=True)


def _is_object(column: Any) -> bool:
    return isinstance(column, pd.Series) and column.dtype == object


def _only_texts(column: pd.Series[Any]) -> bool:
    return pd.api.types.infer_dtype(column.to_numpy(), skipna=False) == "string"


def all_distinct(ids: NDArray[Any] | TextIds) -> bool:
    """Whether no identifier comes twice, by the cheapest proof that holds.

    Examples
    --------
    >>> all_distinct(np.array([3, 1, 2])), all_distinct(np.array([3, 1, 3]))
    (True, False)
    """
    return _distinct_texts(ids) if isinstance(ids, TextIds) else _distinct_numbers(ids)


def _distinct_numbers(values: NDArray[Any]) -> bool:
    if bool((values[1:] > values[:-1]).all()):
        return True
    span = int(values.max()) - int(values.min()) + 1
    if span > 4 * len(values):
        return bool(pd.Index(values).is_unique)
    seen = np.zeros(span, dtype=bool)
    seen[values - values.min()] = True
    return int(np.count_nonzero(seen)) == len(values)


def _distinct_texts(ids: TextIds) -> bool:
    if len(ids) <= _FEW:
        return len(set(ids.tolist())) == len(ids)
    native = ids.native
    if _is_object(native):
        return not native.duplicated().any()
    texts: nw.Series[Any] = nw.from_native(native, series_only=True)
    # A look at the first tells whether it is worth comparing all.
    if _ascends(texts[:_FEW]) and _ascends(texts):
        return True
    return int(texts.n_unique()) == len(texts)


def _ascends(texts: nw.Series[Any]) -> bool:
    """Whether each text is longer than the one before or of its length and greater.

    Numbered names are so, and what ascends strictly holds nothing twice.
    """
    length = texts.str.len_chars()
    longer, same = length[1:] > length[:-1], length[1:] == length[:-1]
    return bool((longer | (same & (texts[1:] > texts[:-1]))).all())
