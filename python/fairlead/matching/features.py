"""Task features as numbers: amounts scaled, labels one column a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables.frames import Floats, Table

__all__ = ["DEFAULT_FEATURES", "Encoder", "fit_encoder"]

#: Looked for in this order; the true run time is none of them, as nobody knows it before.
DEFAULT_FEATURES = (
    "tasks",
    "cpus",
    "memory_gib",
    "gpus",
    "tpus",
    "fpgas",
    "gpu_memory_gib",
    "limit_s",
    "model",
    "user",
    "queue",
)


@dataclass(frozen=True, eq=False)
class _Amount:
    """log(1 + x), centred and scaled; missing is the centre."""

    column: str
    mean: float
    scale: float

    @property
    def names(self) -> list[str]:
        return [self.column]

    def encode(self, table: Table) -> Floats:
        raw = _logs(table, self.column)
        scaled = np.nan_to_num((raw - self.mean) / self.scale)
        return np.asarray(scaled, dtype=np.float64)[:, None]


@dataclass(frozen=True, eq=False)
class _Label:
    """One column a value; values not seen when fitted are none of them."""

    column: str
    values: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [f"{self.column}={value}" for value in self.values]

    def encode(self, table: Table) -> Floats:
        codes, texts = table.codes(self.column)
        place = {value: i for i, value in enumerate(self.values)}
        known = np.array([*(place.get(text, -1) for text in texts), -1])[codes]
        encoded = np.zeros((table.n, len(self.values)))
        rows = np.flatnonzero(known >= 0)
        encoded[rows, known[rows]] = 1.0
        return encoded


@dataclass(frozen=True, eq=False)
class Encoder:
    """Features as they were when fitted."""

    parts: tuple[_Amount | _Label, ...]

    @property
    def columns(self) -> list[str]:
        """Of the tasks."""
        return [part.column for part in self.parts]

    @property
    def names(self) -> list[str]:
        """Of the columns of `encode`."""
        return [name for part in self.parts for name in part.names]

    def encode(self, tasks: Any) -> NDArray[np.float64]:
        """Tasks as a matrix, shape (n_tasks, n_columns).

        Raises
        ------
        InvalidInputError
            A feature is missing, or not a number where it was one.
        """
        table = Table(tasks, "tasks", "job_id")
        encoded = [part.encode(table) for part in self.parts]
        return np.concatenate(encoded, axis=1)


def fit_encoder(table: Table, features: Sequence[str] | None) -> Encoder:
    """An encoder for the features named, or for those of the default ones that are there.

    Raises
    ------
    InvalidInputError
        A feature is missing, negative or infinite, or there is none.
    """
    names = [f for f in DEFAULT_FEATURES if f in table] if features is None else list(features)
    if not names:
        raise InvalidInputError(
            f"tasks need a column to learn from ({', '.join(DEFAULT_FEATURES)}), or features=; "
            f"they have {', '.join(table.columns)}"
        )
    parts: list[_Amount | _Label] = []
    for name in names:
        if table.series(name).dtype.is_numeric():
            logs = _logs(table, name)
            known = logs[~np.isnan(logs)]
            mean = float(known.mean()) if len(known) else 0.0
            scale = float(known.std()) if len(known) else 1.0
            parts.append(_Amount(name, mean, scale if scale > 0 else 1.0))
        else:
            parts.append(_Label(name, tuple(sorted(table.codes(name)[1]))))
    return Encoder(tuple(parts))


def _logs(table: Table, column: str) -> Floats:
    numbers = table.numbers(column)
    values = np.asarray(numbers.filled(np.nan), dtype=np.float64)
    table.require_range(
        np.nan_to_num(values), 0.0, 1e300, column, "finite and at least 0", "mend the cell",
        numbers.missing,
    )  # fmt: skip
    return np.asarray(np.log1p(values), dtype=np.float64)
