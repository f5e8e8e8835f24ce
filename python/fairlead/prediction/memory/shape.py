"""Layers, hidden size and heads of a transformer, from its parameters where they are not given."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from fairlead.errors import InvalidInputError

__all__ = ["Shape", "shape_of"]

# Width over depth of most published decoders from 1 to 200 billion parameters: 85 to 128.
_WIDTH_PER_LAYER = 128
_HEAD = 128
# A shape given by the user may differ so much in parameters: gated MLPs, shared embeddings.
_FAR = 2.0


@dataclass(frozen=True)
class Shape:
    """A transformer's shape.

    Attributes
    ----------
    layers, hidden, heads : int
    inferred : tuple of str
        Which of them were not given.
    """

    layers: int
    hidden: int
    heads: int
    inferred: tuple[str, ...]

    def __str__(self) -> str:
        text = f"{self.layers} layers, hidden size {self.hidden}, {self.heads} heads"
        return f"{text} ({', '.join(self.inferred)} inferred)" if self.inferred else text


def shape_of(
    parameters: float,
    vocabulary: int,
    layers: int | None,
    hidden: int | None,
    heads: int | None,
) -> Shape:
    """The shape with 12 layers hidden^2 + vocabulary x hidden parameters.

    Raises
    ------
    InvalidInputError
        A size below 1, heads that do not divide the hidden size, or a shape whose parameters are
        less than half or more than twice those given.

    Examples
    --------
    >>> print(shape_of(175e9, 50_257, None, None, None))
    96 layers, hidden size 12288, 96 heads (layers, hidden, heads inferred)
    """
    number = isinstance(parameters, numbers.Real) and not isinstance(parameters, bool)
    if not (number and 1e5 <= parameters <= 1e14):
        raise InvalidInputError(
            f"parameters must be a number from 1e5 to 1e14, such as 7e9; got {parameters!r}"
        )
    given = {"vocabulary": vocabulary, "layers": layers, "hidden": hidden, "heads": heads}
    for name, value in given.items():
        if value is not None and not (isinstance(value, numbers.Integral) and value >= 1):
            raise InvalidInputError(f"{name} must be a whole number of at least 1, got {value!r}")
    inferred = tuple(name for name, value in given.items() if value is None)
    if layers is None:
        layers = _layers(parameters, vocabulary, hidden)
    if hidden is None:
        hidden = _hidden(parameters, vocabulary, layers)
    if heads is None:
        heads = max(1, hidden // _HEAD) if hidden % _HEAD == 0 else 1
    if hidden % heads:
        raise InvalidInputError(f"heads must divide hidden = {hidden}, got {heads}")
    implied = 12.0 * layers * hidden**2 + vocabulary * hidden
    if not 1 / _FAR <= implied / parameters <= _FAR:
        raise InvalidInputError(
            f"a transformer of {layers} layers and hidden size {hidden} has about {implied:.3g} "
            f"parameters, not {parameters:.3g}; correct parameters, layers or hidden"
        )
    return Shape(int(layers), int(hidden), int(heads), inferred)


def _layers(parameters: float, vocabulary: int, hidden: int | None) -> int:
    if hidden is not None:
        return max(1, round((parameters - vocabulary * hidden) / (12.0 * hidden**2)))
    # A few turns settle how many of the parameters are embeddings.
    rest, width = float(parameters), 0.0
    for _ in range(20):
        width = _WIDTH_PER_LAYER * math.cbrt(rest / (12.0 * _WIDTH_PER_LAYER**2))
        rest = max(parameters - vocabulary * width, 0.3 * parameters)
    return max(1, round(width / _WIDTH_PER_LAYER))


def _hidden(parameters: float, vocabulary: int, layers: int) -> int:
    """The positive root, rounded to whole heads."""
    a, b = 12.0 * layers, float(vocabulary)
    root = (math.sqrt(b * b + 4 * a * parameters) - b) / (2 * a)
    return max(_HEAD, round(root / _HEAD) * _HEAD) if root > _HEAD else max(1, round(root))
