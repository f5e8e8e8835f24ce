"""Run times by gradient boosting (LightGBM), fitted on what is known at submission."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.prediction.jobs.estimators import LastTwo, RunTimeEstimator, RunTimeMixture
from fairlead.prediction.jobs.traits import JobLog, read_log

__all__ = ["BoostedRunTimes"]

_Floats = NDArray[np.float64]


class BoostedRunTimes(RunTimeEstimator):
    """Trees on limit, size, hour, weekday and what two online estimators say; needs LightGBM.

    Parameters
    ----------
    trees : int
        Boosting rounds, 1 or more.
    leaves : int
        Leaves of a tree, 2 or more.
    learning_rate : float
        Above 0.
    seed : int

    Attributes
    ----------
    booster_ : lightgbm.Booster
        After ``fit``.

    Notes
    -----
    The target is the logarithm of the run time under absolute loss; the mixture and the last two
    are learnt along the log, so that no feature knows what came later. ``predict`` uses what they
    know at the end of ``fit``.

    References
    ----------
    .. [1] G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree", NIPS 2017.

    Examples
    --------
    >>> BoostedRunTimes(trees=50)
    BoostedRunTimes(trees=50, leaves=31, learning_rate=0.05, seed=0)
    """

    def __init__(
        self, *, trees: int = 200, leaves: int = 31, learning_rate: float = 0.05, seed: int = 0
    ) -> None:
        self.trees = trees
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(self, jobs: Any, y: Any = None) -> Self:
        """Learn from jobs that have ended.

        Parameters
        ----------
        jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
            As `RunTimeMixture.fit` takes it; jobs without a run time above 0 are left out.
        y : array of s, optional
            Run times in the place of ``duration_s``.

        Raises
        ------
        BackendUnavailableError
            LightGBM is not installed.
        InvalidInputError
            As of a jobs table; or no job has a run time.
        """
        lightgbm = _lightgbm()
        log = read_log(jobs, run_s=y)
        self._learners = [RunTimeMixture(quantiles=()).learner(), LastTwo(quantiles=()).learner()]
        said = self._replayed(log, self._learners)
        known = log.run_s > 0
        if not known.any():
            raise InvalidInputError("jobs must have a duration_s above 0 in at least one row")
        data = lightgbm.Dataset(_features(log, said)[known], np.log(log.run_s[known]))
        self.booster_ = lightgbm.train(self._booster_params(), data, self.trees)
        return self

    def predict(self, jobs: Any) -> _Floats:
        """Expected run time (s) of each job, at most its limit, shape (n_jobs,).

        Raises
        ------
        InvalidInputError
            Not fitted, or not a jobs table.
        """
        learners = self._fitted_learners()
        log = read_log(jobs)
        return self._evaluate(log, [learner.predict(log.traits)[0] for learner in learners])

    def predict_in_order(self, jobs: Any, *, end_time: Any = None) -> _Floats:
        """The same for a log: the trees stay, the online estimators learn on along it.

        Parameters
        ----------
        jobs, end_time
            As `predict_run_times` takes them.
        """
        learners = [learner.clone() for learner in self._fitted_learners()]
        log = read_log(jobs, end_time)
        return self._evaluate(log, self._replayed(log, learners))

    def _replayed(self, log: JobLog, learners: list[_core.RunTimeLearner]) -> list[_Floats]:
        return [learner.replay(log.traits, log.end_s, log.run_s)[0] for learner in learners]

    def _fitted_learners(self) -> list[_core.RunTimeLearner]:
        if not hasattr(self, "booster_"):
            raise InvalidInputError("BoostedRunTimes is not fitted yet; call fit(jobs) first")
        return self._learners

    def _evaluate(self, log: JobLog, said: list[_Floats]) -> _Floats:
        seconds = np.exp(self.booster_.predict(_features(log, said)))
        predicted: _Floats = np.minimum(seconds, log.traits["limit_s"])
        return predicted

    def _booster_params(self) -> dict[str, Any]:
        return {
            "objective": "l1",
            "num_leaves": self.leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": 20,
            "seed": self.seed,
            "deterministic": True,
            "num_threads": 1,
            "verbosity": -1,
        }


def _lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise BackendUnavailableError(
            "BoostedRunTimes needs LightGBM: pip install lightgbm; RunTimeMixture needs nothing"
        ) from error
    return lightgbm


def _features(log: JobLog, said: list[_Floats]) -> _Floats:
    """Limit, amounts, hour and day of the week, and what the online estimators say; NaN = none."""
    traits, n = log.traits, log.columns.n
    limit_s = np.where(np.isinf(traits["limit_s"]), np.nan, traits["limit_s"])
    amounts = [np.zeros(n) if traits[k] is None else traits[k] for k in ("cpus", "gpus")]
    hours = traits["submit_s"] / 3600
    with np.errstate(divide="ignore"):
        logs = [np.log(limit_s), *(np.log(seconds) for seconds in said)]
    return np.column_stack([*logs, *amounts, hours % 24, hours // 24 % 7])
