"""Run times of a whole log in order: each job from what had finished by its submission."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.prediction.jobs.accuracy import RunTimeAccuracy, run_time_accuracy
from fairlead.prediction.jobs.estimators import (
    LastTwo,
    OnlineRunTimes,
    RunTimeEstimator,
    RunTimeHistogram,
    RunTimeMixture,
    RunTimeQuantile,
    RunTimeRidge,
    UserHistory,
    UserLimit,
)
from fairlead.prediction.jobs.traits import JobLog, read_log
from fairlead.printed import Printed
from fairlead.tables import to_native_like, without_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RunTimeForecast", "online_estimator", "predict_run_times"]

_BY_NAME: dict[str, type[OnlineRunTimes]] = {
    "limit": UserLimit,
    "last_two": LastTwo,
    "history": UserHistory,
    "mixture": RunTimeMixture,
    "histogram": RunTimeHistogram,
    "ridge": RunTimeRidge,
    "quantile": RunTimeQuantile,
}


def online_estimator(name: str) -> OnlineRunTimes:
    """A fresh estimator of that name.

    Raises
    ------
    InvalidInputError
        An unknown name.
    """
    if name not in _BY_NAME:
        raise InvalidInputError(f"model must be one of {', '.join(_BY_NAME)}; got {name!r}")
    return _BY_NAME[name]()


@dataclass(frozen=True, eq=False, repr=False)
class RunTimeForecast(Printed):
    """What each job of a table was expected to run; `fairlead.schedule` takes it as ``run_times``.

    Attributes
    ----------
    model : str
        The estimator, with its parameters.
    run_time_s : float64 array, shape (n_jobs,)
        Expected run times (s), in input order.
    quantiles : tuple of float
        Probabilities of the upper bounds.
    bounds_s : float64 array, shape (n_jobs, n_quantiles)
        Upper bounds (s): a job ends within one with its probability.
    """

    model: str
    run_time_s: NDArray[np.float64]
    quantiles: tuple[float, ...]
    bounds_s: NDArray[np.float64]
    _log: JobLog = field(repr=False)
    _like: Any = field(repr=False)

    @property
    def frame(self) -> Any:
        """One row a job, in the kind of frame that came: ``job_id``, ``run_time_s``, ``q0.9_s``."""
        columns = {"job_id": self._log.columns.job_id, "run_time_s": self.run_time_s.copy()}
        for i, q in enumerate(self.quantiles):
            columns[f"q{q:g}_s"] = np.ascontiguousarray(self.bounds_s[:, i])
        return to_native_like(columns, self._like, same_rows=True)

    def accuracy(self, *, skip: int = 0, block: int = 1000) -> RunTimeAccuracy:
        """How good the predictions were for the jobs that have a run time above 0.

        Parameters
        ----------
        skip : int
            Leave out this many jobs at the beginning (by submission), as a time to learn.
        block : int
            Jobs in a row of which the worst coverage is told.

        Raises
        ------
        InvalidInputError
            No job is left, or a count is below 0.
        """
        if skip < 0:
            raise InvalidInputError(f"skip must be 0 jobs or more, got {skip!r}")
        order = np.argsort(self._log.columns.submit_ns, kind="stable")[skip:]
        order = order[self._log.run_s[order] > 0]
        limit_s = self._log.traits["limit_s"]
        return run_time_accuracy(
            self._log.run_s[order],
            self.run_time_s[order],
            limit_s=limit_s[order],
            bounds_s=self.bounds_s[order],
            quantiles=self.quantiles,
            block=block,
            model=self.model,
        )

    def summary(self) -> str:
        """A few lines for people."""
        lines = [f"run times of {len(self.run_time_s):,} jobs by {self.model}"]
        if len(self.run_time_s):
            low, middle, high = np.quantile(self.run_time_s, [0.1, 0.5, 0.9])
            lines.append(
                f"  expected: median {middle:,.4g} s, 10 % to 90 % {low:,.4g} to {high:,.4g} s"
            )
            lines += [
                f"  within bound {q:g}: median {np.median(self.bounds_s[:, i]):,.4g} s"
                for i, q in enumerate(self.quantiles)
            ]
        return "\n".join(lines)

    def plot(self) -> Figure:
        """Predicted against true run times (matplotlib); see `RunTimeAccuracy.plot`."""
        return self.accuracy().plot()


def predict_run_times(
    jobs: Any, model: str | RunTimeEstimator = "mixture", *, end_time: Any = None
) -> RunTimeForecast:
    """Predict every job of a log at its submission, from the jobs that had finished by then.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
        The jobs table, in any order of rows. Of a job that has not ended the duration is missing.
    model : str or estimator
        ``mixture``, ``histogram``, ``last_two``, ``history``, ``limit``, ``ridge``, ``quantile``.
        A fitted estimator goes on from what it knows, and is not changed. One that is not online
        must be fitted.
    end_time : str or array, optional
        When each job ended: a column of jobs, or values of the kind of ``submit_time``. Without it
        the column ``end_time``, else submission plus ``recorded_wait_s`` plus ``duration_s``.

    Returns
    -------
    RunTimeForecast

    Raises
    ------
    InvalidInputError
        As of a jobs table; an unknown model.

    Notes
    -----
    A job is seen if its end lies at or before the submission. O(n_jobs log n_jobs).

    Examples
    --------
    >>> import pandas as pd
    >>> jobs = pd.DataFrame({
    ...     "submit_time": [0, 30, 100], "duration_s": [60, 66, 63], "limit_s": 900, "user": "ada",
    ... })
    >>> predict_run_times(jobs, "last_two").run_time_s.tolist()
    [900.0, 900.0, 63.0]
    """
    estimator = online_estimator(model) if isinstance(model, str) else model
    log = read_log(jobs, end_time)
    run_time_s: Any
    bounds: Any = np.empty(0)
    quantiles: tuple[float, ...] = ()
    if isinstance(estimator, OnlineRunTimes):
        run_time_s, bounds = estimator.learner().replay(log.traits, log.end_s, log.run_s)
        quantiles = tuple(float(q) for q in estimator.quantiles)
    else:
        run_time_s = estimator.predict_in_order(jobs, end_time=end_time)
    return RunTimeForecast(
        model=repr(estimator),
        run_time_s=np.asarray(run_time_s, dtype=np.float64),
        quantiles=quantiles,
        bounds_s=np.asarray(bounds, dtype=np.float64).reshape(log.columns.n, len(quantiles)),
        _log=log,
        _like=without_columns(jobs),
    )
