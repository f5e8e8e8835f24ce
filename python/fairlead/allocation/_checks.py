"""Checks the models share: shapes, signs, whole numbers; errors name the argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def vector(name: str, values: ArrayLike) -> Floats:
    """A one-dimensional array of finite numbers of at least 0."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InvalidInputError(f"{name} must have one dimension; got {array.ndim}")
    refuse_negative(name, array)
    return array


def matrix(name: str, values: ArrayLike, shape: tuple[int, int]) -> Floats:
    """An array of this shape of finite numbers of at least 0."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape:
        raise InvalidInputError(f"{name} must have shape {shape}; got {array.shape}")
    refuse_negative(name, array)
    return array


def whole(name: str, values: ArrayLike) -> NDArray[np.int64]:
    """An array of whole numbers of at least 0."""
    array = np.asarray(values, dtype=np.float64)
    refuse_negative(name, array)
    if (array != np.floor(array)).any():
        raise InvalidInputError(
            f"{name} must be whole; use a smaller unit (GiB to MiB, for example)"
        )
    return array.astype(np.int64)


def refuse_negative(name: str, values: Floats) -> None:
    """Raise unless every entry is finite and at least 0."""
    bad = np.flatnonzero(~(np.isfinite(values.ravel()) & (values.ravel() >= 0)))
    if bad.size:
        i = int(bad[0])
        raise InvalidInputError(
            f"{name} must be finite and at least 0; entry {i} is {values.ravel()[i]}"
        )
