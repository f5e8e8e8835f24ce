"""What an objective of LightGBM makes of the sum of the leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fairlead.errors import InvalidInputError
from fairlead.tables.frames import Floats

__all__ = ["OutputTransform"]

_RAW = {
    "",
    "custom",
    "fair",
    "huber",
    "lambdarank",
    "mape",
    "none",
    "quantile",
    "rank_xendcg",
    "regression",
    "regression_l1",
}
_EXPONENTIAL = {"gamma", "poisson", "tweedie"}
_LOGISTIC = {"binary", "cross_entropy", "multiclassova"}


@dataclass(frozen=True)
class OutputTransform:
    """Scores, shape (n_rows, n_outputs), to predictions of the same shape.

    Attributes
    ----------
    function : function of a float64 array
    """

    function: Callable[[Floats], Floats]

    def __call__(self, scores: Floats) -> Floats:
        return self.function(scores)

    @staticmethod
    def of(objective: str) -> OutputTransform:
        """The transformation of an objective as the model names it, with its parameters.

        Raises
        ------
        InvalidInputError
            An objective that is not known.

        Examples
        --------
        >>> OutputTransform.of("binary sigmoid:1")(np.zeros((1, 1))).tolist()
        [[0.5]]
        """
        name, *words = objective.split() or [""]
        options = dict(word.split(":", 1) for word in words if ":" in word)
        if name in _RAW:
            return OutputTransform(_signed_square if "sqrt" in words else _unchanged)
        if name in _EXPONENTIAL:
            return OutputTransform(np.exp)
        if name in _LOGISTIC:
            return OutputTransform(_logistic(float(options.get("sigmoid", 1))))
        if name == "cross_entropy_lambda":
            return OutputTransform(lambda scores: np.log1p(np.exp(scores)))
        if name == "multiclass":
            return OutputTransform(_softmax)
        known = ", ".join(sorted((_RAW - {""}) | _EXPONENTIAL | _LOGISTIC))
        raise InvalidInputError(
            f"the objective {objective!r} is not known; known are {known}, cross_entropy_lambda "
            f"and multiclass. For raw scores save the model with objective=custom"
        )


def _unchanged(scores: Floats) -> Floats:
    return scores


def _signed_square(scores: Floats) -> Floats:
    """Of a regression that was fitted to square roots."""
    made: Floats = np.sign(scores) * scores * scores
    return made


def _logistic(steepness: float) -> Callable[[Floats], Floats]:
    return lambda scores: 1 / (1 + np.exp(-steepness * scores))


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    made: Floats = powers / powers.sum(axis=1, keepdims=True)
    return made
