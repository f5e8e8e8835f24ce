"""Frames of any library to arrays and back; every complaint about a cell is worded here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables.coding import codes_of_texts
from fairlead.tables.ids import TextIds, all_distinct, missing_ids, text_ids

__all__ = ["Bools", "CellError", "Codes", "Floats", "Ints", "Numbers", "Table"]

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_INT64_MAX = np.iinfo(np.int64).max

# What rows are called where the id column has no noun before its ``_id``.
_NOUNS = {"unique_id": "series"}


class CellError(InvalidInputError):
    """What is wrong with cells of one column, in parts, so that a reader can name the file's line.

    Attributes
    ----------
    column : str
    rows : bool array
        The rows that break this rule; the message is about the first.
    complaint : str
        Expected, got and the way out, without the place.
    """

    column: str
    rows: Bools
    complaint: str


@dataclass(frozen=True)
class Numbers:
    """A numeric column: int64 or float64 data, missing rows or None, relative rounding error."""

    data: Ints | Floats
    missing: Bools | None
    eps: float

    def filled(self, value: float) -> Ints | Floats:
        """The values with missing rows replaced."""
        if self.missing is None:
            return self.data
        filled = self.data.copy()
        filled[self.missing] = value
        return filled


class Table:
    """A frame as columns by name, and the wording of what is wrong with a cell.

    Parameters
    ----------
    frame : pandas, Polars or Arrow frame
    name : str
        What messages call it: ``jobs``, ``nodes``, ``events``.
    id_column : str, optional
        Column that names a row in messages.

    Raises
    ------
    InvalidInputError
        Not an eager frame, or two columns share a name.
    """

    def __init__(self, frame: Any, name: str, id_column: str | None = None) -> None:
        try:
            self._frame = nw.from_native(frame, eager_only=True)
            self._at = {str(column): i for i, column in enumerate(self._frame.columns)}
        except (TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
            raise InvalidInputError(
                f"{name} must be a pandas, Polars or Arrow frame with distinct column names, "
                f"got {type(frame).__name__}: {error}"
            ) from error
        self.name = name
        self.n = len(self._frame)
        self.columns = tuple(self._at)
        self._id_column = id_column

    def __contains__(self, column: str) -> bool:
        return column in self._at

    def series(self, column: str) -> nw.Series[Any]:
        """The column as a narwhals series; a missing column is an error."""
        if column not in self._at:
            raise InvalidInputError(
                f"{self.name} needs a column {column!r}; it has {', '.join(self.columns) or 'none'}"
            )
        series: nw.Series[Any] = self._frame[:, self._at[column]]
        return series

    def row_name(self, row: int) -> str:
        """``row 17 (job 'a42')``: the position from 0, and the id where there is one."""
        if self._id_column is None or self._id_column not in self:
            return f"row {row}"
        label = self.series(self._id_column)[int(row)]
        label = label.item() if isinstance(label, np.generic) else label
        noun = _NOUNS.get(self._id_column, self._id_column.removesuffix("_id"))
        return f"row {row} ({noun} {label!r})"

    def bad(
        self, column: str, rows: Bools, expected: str, remedy: str, got: Any = None
    ) -> CellError:
        """The error for the first of the given rows."""
        row = int(rows.argmax())
        got = self.series(column)[row] if got is None else got
        got = got.item() if isinstance(got, np.generic) else got
        error = CellError(
            f"{self.name}[{column!r}] must be {expected}; {self.row_name(row)} has {got!r}; "
            f"{remedy}"
        )
        error.column, error.rows = column, rows
        error.complaint = f"must be {expected}; got {got!r}; {remedy}"
        return error

    def require(
        self, ok: Bools, column: str, expected: str, remedy: str, skip: Bools | None = None
    ) -> None:
        """Raise for the first row that is not ok; rows in ``skip`` are not looked at."""
        bad = ~ok if skip is None else ~(ok | skip)
        if bad.any():
            raise self.bad(column, bad, expected, remedy)

    def require_range(
        self,
        values: Ints | Floats,
        low: float,
        high: float,
        column: str,
        expected: str,
        remedy: str,
        skip: Bools | None = None,
    ) -> None:
        """Raise for the first value that is not from ``low`` to ``high``, as NaN is not."""
        # Two reductions tell without a mask; rows are looked at only where there is something.
        if len(values) and not (values.min() >= low and values.max() <= high):
            self.require((values >= low) & (values <= high), column, expected, remedy, skip)

    def numbers(self, column: str) -> Numbers:
        """A numeric column as int64 or float64 with its missing rows; text is an error."""
        series = self.series(column)
        native = series.to_native()
        if isinstance(native, pd.Series) and isinstance(native.dtype, np.dtype):
            if native.dtype.kind in "iuf":
                return _plain_numbers(native.to_numpy(), None)
        elif series.dtype.is_numeric():
            missing = series.is_null().to_numpy().astype(bool)
            values = series.fill_null(0).to_numpy() if missing.any() else series.to_numpy()
            if values.dtype == object:  # decimals and 128-bit integers
                values = values.astype(np.float64)
            return _plain_numbers(values, missing)
        return self._numbers_of_objects(column, series.to_numpy())

    def _numbers_of_objects(self, column: str, values: NDArray[Any]) -> Numbers:
        missing = np.asarray(pd.isna(values), dtype=bool)
        if missing.all():
            return Numbers(np.zeros(self.n), missing, 0.0)
        if values.dtype != object:  # booleans, times, durations
            raise self.bad(column, ~missing, "a number", "convert the column")
        numeric = np.fromiter(
            (isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values),
            dtype=bool,
            count=self.n,
        )
        self.require(numeric, column, "a number", "mend the cell or convert the column", missing)
        return _plain_numbers(np.where(missing, 0, values).astype(np.float64), missing)

    def codes(self, column: str) -> tuple[Codes, tuple[str, ...]]:
        """Codes into the distinct texts of a column, by first appearance; -1 = missing or blank."""
        codes, names = codes_of_texts(self.series(column))
        return codes, tuple(names)

    def is_filled(self, column: str) -> bool:
        """Whether any cell says something: not missing, not blank text, not False."""
        series = self.series(column)
        if series.dtype == nw.Boolean:
            return bool(series.fill_null(False).any())
        values = series.to_numpy()
        present = values[~np.asarray(pd.isna(values), dtype=bool)]
        if present.dtype != object:
            return bool(present.size)
        return any(value is not False and value != "" for value in present)

    def ids(self, column: str) -> Ints | TextIds:
        """Identifiers, int64 or else text; a missing or repeated one is an error."""
        series = self.series(column)
        if series.dtype.is_numeric():
            ids: Ints | TextIds = self._whole_ids(column)
        else:
            missing = missing_ids(series)
            if missing is not None:
                raise self._without_id(column, missing)
            ids = text_ids(series)
        if not all_distinct(ids):
            repeated = pd.Index(np.asarray(ids)).duplicated()
            raise self.bad(column, repeated, "distinct", "rename or drop the repeated row")
        return ids

    def _without_id(self, column: str, rows: Bools) -> CellError:
        return self.bad(column, rows, "present", "give every row an id or leave the column out")

    def _whole_ids(self, column: str) -> Ints:
        numbers = self.numbers(column)
        if numbers.missing is not None:
            raise self._without_id(column, numbers.missing)
        values = numbers.data
        if values.dtype != np.int64:
            whole = (np.abs(values) < 2.0**53) & (values == np.trunc(values))
            self.require(whole, column, "a whole number or text", "convert the column to text")
        return values.astype(np.int64)  # a copy: results outlive changes to the frame

    @cached_property
    def native(self) -> Any:
        """The frame as it came."""
        return self._frame.to_native()


def _plain_numbers(values: NDArray[Any], missing: Bools | None) -> Numbers:
    if values.dtype.kind == "f":
        eps = float(np.finfo(values.dtype).eps)
        values = values.astype(np.float64, copy=False)
        nan = np.isnan(values)
        missing = nan if missing is None else nan | missing
    else:
        eps = 0.0
        too_big = values.dtype == np.uint64 and values.size and values.max() > _INT64_MAX
        values = values.astype(np.float64 if too_big else np.int64, copy=False)
    if missing is not None and not missing.any():
        missing = None
    return Numbers(values, missing, eps)
