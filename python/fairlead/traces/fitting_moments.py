"""Fit what cannot be read off a trace: try values, and keep those whose work varies as the trace's.

Users hold back when the queue is long, so submissions that are drawn independently, with all that
the jobs of one have in common, would pile up more work than a real log has. How the work of hours
and days varies is what makes a queue; so that is what is matched.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fairlead.traces.diagnosis.view import View
from fairlead.traces.generator_model import WorkloadModel

__all__ = ["matched", "variation"]

Floats = NDArray[np.float64]

_SHORT_S, _DAY_S, _LONG_S = 6 * 3600.0, 86_400.0, 3 * 86_400.0
_BATCH_PARTS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
_DAY_SIGMAS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
_RESTRAINTS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75)
_FEWEST_WINDOWS = 8
_FEWEST_JOBS, _MOST_JOBS = 30_000, 100_000
_SEED = 20_260_105


def variation(submit_s: Floats, work: Floats, width_s: float) -> float:
    """Coefficient of variation of the work submitted in windows; NaN for too few windows.

    Examples
    --------
    >>> times = np.arange(100.0) * 60
    >>> round(variation(times, np.ones(100), 600.0), 2)
    0.0
    """
    window = ((submit_s - submit_s.min()) // width_s).astype(np.int64)
    # The last window is cut short.
    sums = np.bincount(window, weights=work)[:-1]
    if sums.size < _FEWEST_WINDOWS:
        return float("nan")
    return float(sums.std() / sums.mean())


def matched(model: WorkloadModel, submit_s: Floats, work: Floats) -> WorkloadModel:
    """The model with the values of three figures that match best, found one after another."""
    n = int(np.clip(submit_s.size, _FEWEST_JOBS, _MOST_JOBS))
    # What each figure does to the variation of work shows at one width of the windows.
    for name, values, width_s in (
        ("run_batch", _BATCH_PARTS, _SHORT_S),
        ("day_sigma", _DAY_SIGMAS, _DAY_S),
        ("restraint", _RESTRAINTS, _LONG_S),
    ):
        target = variation(submit_s, work, width_s)
        if not np.isfinite(target):
            continue
        made = []
        for value in values:
            tried = replace(model, **{name: value})  # type: ignore[arg-type]
            view = View(tried.generate(n, _SEED, start=None), None)
            made.append(variation(view.submit_s, view.work, width_s))
        if name == "restraint":  # the one that makes work vary less
            made, values = made[::-1], values[::-1]
        best = np.interp(target, np.maximum.accumulate(made), values)
        model = replace(model, **{name: round(float(best), 3)})  # type: ignore[arg-type]
    return model
