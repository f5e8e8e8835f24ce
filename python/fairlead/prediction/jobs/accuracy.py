"""How good predicted run times and their bounds were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.printed import Printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RunTimeAccuracy", "run_time_accuracy"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class RunTimeAccuracy(Printed):
    """How good predicted run times were.

    Attributes
    ----------
    model : str
    n_jobs : int
    accuracy : float
        Mean of min(p/r, r/p) over the jobs: 1 is exact.
    mae_s : float
        Mean of ``|p - r|``, s.
    within_2x : float
        Share of jobs predicted within a factor of two.
    underpredicted : float
        Share of jobs that ran longer than predicted.
    bounds : pandas.DataFrame
        A row a probability: ``quantile``, ``coverage``, ``worst_coverage`` (least over ``block``
        jobs in a row), ``pinball_s`` (mean pinball loss, s), ``limit_pinball_s`` (of the limit in
        the bound's place; missing without limits), ``mean_bound_s``.
    block : int
    """

    model: str
    n_jobs: int
    accuracy: float
    mae_s: float
    within_2x: float
    underpredicted: float
    bounds: pd.DataFrame
    block: int
    _run_s: _Floats
    _predicted_s: _Floats

    def summary(self) -> str:
        """A few lines for people."""
        lines = [
            f"{self.model}: {self.n_jobs:,} jobs, accuracy {self.accuracy:.3f}, "
            f"MAE {self.mae_s:,.0f} s",
            f"  within a factor of 2: {self.within_2x:.1%}; ran longer than predicted: "
            f"{self.underpredicted:.1%}",
        ]
        lines += [
            f"  bound {row.quantile:g}: covers {row.coverage:.1%} (worst {self.block:,} in a row "
            f"{row.worst_coverage:.1%}), pinball {row.pinball_s:,.0f} s"
            for row in self.bounds.itertuples()
        ]
        return "\n".join(lines)

    def plot(self) -> Figure:
        """Predicted against true run times, and coverage along the log (matplotlib).

        Raises
        ------
        BackendUnavailableError
            Matplotlib is not installed.
        """
        from fairlead.prediction.jobs.drawing import draw_accuracy

        return draw_accuracy(self)


def run_time_accuracy(
    run_s: Any,
    predicted_s: Any,
    *,
    limit_s: Any = None,
    bounds_s: Any = None,
    quantiles: Sequence[float] = (),
    block: int = 1000,
    model: str = "predictions",
) -> RunTimeAccuracy:
    """Compare predicted with true run times.

    Parameters
    ----------
    run_s, predicted_s : array of s, shape (n_jobs,)
        In order of submission; run times above 0, predictions 0 or more.
    limit_s : array of s, optional
        Compared with the bounds.
    bounds_s : array of s, shape (n_jobs, n_quantiles), optional
    quantiles : sequence of float
    block : int
        Jobs in a row of which the worst coverage is told; fewer where there are not so many.
    model : str
        What the report calls the predictions.

    Returns
    -------
    RunTimeAccuracy

    Raises
    ------
    InvalidInputError
        No job, a run time that is not above 0, shapes that differ, or a block of no job.

    References
    ----------
    .. [1] D. Tsafrir, Y. Etsion, D. G. Feitelson, IEEE TPDS 18(6), 2007 (accuracy).

    Examples
    --------
    >>> run_time_accuracy([100.0, 100.0], [50.0, 100.0]).accuracy
    0.75
    """
    run = np.asarray(run_s, dtype=np.float64)
    predicted = np.asarray(predicted_s, dtype=np.float64)
    bounds = np.empty((len(run), 0)) if bounds_s is None else np.asarray(bounds_s, dtype=np.float64)
    if run.ndim != 1 or predicted.shape != run.shape or bounds.shape != (len(run), len(quantiles)):
        raise InvalidInputError(
            f"predicted_s must have the shape of run_s and bounds_s a column a quantile; got "
            f"{run.shape}, {predicted.shape} and {bounds.shape} for {len(quantiles)} quantiles"
        )
    if not (len(run) and (run > 0).all() and (predicted >= 0).all()):
        raise InvalidInputError(
            "run_s must hold a run time above 0 for at least one job, and predictions of 0 or more"
        )
    if block < 1:
        raise InvalidInputError(f"block must be 1 job or more, got {block!r}")
    ratio = np.minimum(predicted, run) / np.maximum(predicted, run)
    limit = None if limit_s is None else np.asarray(limit_s, dtype=np.float64)
    rows = [_bound(run, bounds[:, i], float(q), limit, block) for i, q in enumerate(quantiles)]
    return RunTimeAccuracy(
        model=model,
        n_jobs=len(run),
        accuracy=float(ratio.mean()),
        mae_s=float(np.abs(predicted - run).mean()),
        within_2x=float((ratio >= 0.5).mean()),
        underpredicted=float((predicted < run).mean()),
        bounds=pd.DataFrame(rows, columns=list(_BOUND_COLUMNS)),
        block=block,
        _run_s=run,
        _predicted_s=predicted,
    )


_BOUND_COLUMNS = (
    "quantile",
    "coverage",
    "worst_coverage",
    "pinball_s",
    "limit_pinball_s",
    "mean_bound_s",
)


def _bound(
    run: _Floats, bound: _Floats, q: float, limit: _Floats | None, block: int
) -> tuple[float, ...]:
    covered = (run <= bound).astype(np.float64)
    length = min(block, len(run))
    sums = np.concatenate([[0.0], np.cumsum(covered)])
    worst = float((sums[length:] - sums[:-length]).min()) / length
    has_limits = limit is not None and bool(np.isfinite(limit).all())
    of_limit = _pinball(run, limit, q) if has_limits and limit is not None else float("nan")
    return q, float(covered.mean()), worst, _pinball(run, bound, q), of_limit, float(bound.mean())


def _pinball(run: _Floats, bound: _Floats, q: float) -> float:
    miss = run - bound
    return float(np.maximum(q * miss, (q - 1) * miss).mean())
