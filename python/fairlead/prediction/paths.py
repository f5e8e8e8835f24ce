"""Joint sample paths of demand: what a plan over several intervals and series is tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.printed import Printed
from fairlead.tables import to_native_like
from fairlead.tables.frames import Floats, Ints

__all__ = ["VECTORS", "DemandPaths", "shuffled_levels"]

#: Past error vectors per series that give paths their dependence.
VECTORS = 128


@dataclass(frozen=True, eq=False, repr=False)
class DemandPaths(Printed):
    """Equally likely courses of the demand of all series together.

    Attributes
    ----------
    y : float64 array, shape (n_paths, n_series, horizon)
        In units of the resource.
    ids : array, shape (n_series,)
    keys : dict of str to array
        ``unique_id`` and ``ds``, one per series and interval.
    history : DataFrame
        What the forecast was made from; results come in its library.
    """

    y: Floats
    ids: NDArray[Any]
    keys: dict[str, Any]
    history: Any

    @property
    def frame(self) -> Any:
        """``unique_id``, ``ds``, ``path`` (0, 1, ...), ``y``; a row per interval of each path."""
        paths, series, horizon = self.y.shape
        columns = {name: np.tile(np.asarray(column), paths) for name, column in self.keys.items()}
        columns["path"] = np.repeat(np.arange(paths), series * horizon)
        columns["y"] = self.y.ravel()
        return to_native_like(columns, self.history)

    def quantile(
        self,
        q: float,
        *,
        of: Literal["sum", "max"] = "sum",
        steps: int | None = None,
        together: bool = False,
    ) -> Any:
        """A quantile of the sum or of the largest value over a lead time.

        Parameters
        ----------
        q : float
            Probability, 0 to 1.
        of : {"sum", "max"}
            Over the intervals of the lead time.
        steps : int, optional
            Length of the lead time; by default the whole horizon.
        together : bool
            Of the demand of all series added up, instead of one result per series.

        Returns
        -------
        float or DataFrame of the library of the history
            ``unique_id``, ``y``; a number if together.

        Raises
        ------
        InvalidInputError
            An option out of range.

        Examples
        --------
        >>> import fairlead, pandas as pd
        >>> demand = pd.DataFrame({"ds": range(0, 345600, 3600), "y": [3.0, 5.0] * 48})
        >>> forecast = fairlead.predict(demand, 4, model="rolling_mean", window=2)
        >>> forecast.sample_paths(100, seed=1).quantile(0.9, of="max", steps=2, together=True)
        5.0
        """
        horizon = self.y.shape[2]
        steps = horizon if steps is None else steps
        if not 0 <= q <= 1:
            raise InvalidInputError(f"a quantile must lie between 0 and 1, got {q!r}")
        if of not in ("sum", "max"):
            raise InvalidInputError(f"of must be 'sum' or 'max', got {of!r}")
        if not 1 <= steps <= horizon:
            raise InvalidInputError(f"steps must be 1 to {horizon} intervals, got {steps!r}")
        part = self.y[:, :, :steps]
        part = part.sum(axis=1, keepdims=True) if together else part
        reached = np.quantile(part.sum(axis=2) if of == "sum" else part.max(axis=2), q, axis=0)
        if together:
            return float(reached[0])
        return to_native_like({"unique_id": self.ids, "y": reached}, self.history)

    def summary(self) -> str:
        """Number of paths, and the spread of their sum."""
        paths, series, horizon = self.y.shape
        low, middle, high = (self.quantile(q, together=True) for q in (0.1, 0.5, 0.9))
        return (
            f"{paths} paths of {series} series over {horizon} intervals; sum of all "
            f"{middle:,.4g}, 80 % between {low:,.4g} and {high:,.4g}"
        )


def shuffled_levels(vectors: Floats, ends: Ints, n: int, seed: int) -> Floats:
    """Levels (probabilities) of `n` paths with the dependence of past errors.

    Parameters
    ----------
    vectors : float array, shape (n_series, k, horizon)
        Error vectors, the latest first; NaN where there are fewer.
    ends : int array, shape (n_series,)
        End of each series: vectors of series that end together were made at the same times.
    n, seed : int

    Returns
    -------
    float array, shape (n, n_series, horizon)
        Each level is uniform; over steps, and over series that end together, levels have the rank
        order of the error vectors (the Schaake shuffle).

    References
    ----------
    .. [1] Clark et al., Journal of Hydrometeorology 5(1), 2004.
    """
    rng = np.random.default_rng(seed)
    series, k, horizon = vectors.shape
    counts = (~np.isnan(vectors).all(axis=2)).sum(axis=1)
    k = max(int(counts.max(initial=0)), 1)
    filled = np.zeros((series, k, horizon))
    for i in range(series):
        if counts[i] > 0:
            rows = np.r_[np.arange(counts[i]), rng.integers(0, counts[i], k - counts[i])]
            filled[i] = np.nan_to_num(vectors[i, rows])
    ranks = np.empty((series, k, horizon))
    ties = rng.permutation(k)  # one order for equal errors, so that they stay together
    order = np.argsort(filled[:, ties], axis=1, kind="stable")
    np.put_along_axis(ranks, ties[order], np.arange(k, dtype=float)[None, :, None], axis=1)
    batches = -(-n // k)
    levels = np.empty((batches * k, series, horizon))
    groups = np.unique(ends, return_inverse=True)[1]
    for b in range(batches):
        rows = np.stack([rng.permutation(k) for _ in range(groups.max(initial=0) + 1)])[groups]
        place = np.take_along_axis(ranks, rows[:, :, None], axis=1)
        within = rng.random((k, 1, 1))  # where between two ranks, the same for a whole path
        levels[b * k : (b + 1) * k] = (place.transpose(1, 0, 2) + within) / k
    return levels[:n]
