"""The learned matcher: task features to the type of resource that serves the task best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.matching.features import Encoder, fit_encoder
from fairlead.parameters import Parametrised
from fairlead.tables.frames import Floats, Table

__all__ = ["LearnedMatcher", "node_types"]

# Of a node with several accelerators the first counts.
_ACCELERATORS = ("gpus", "tpus", "fpgas")


class LearnedMatcher(Parametrised):
    r"""Learns from outcomes which type of resource serves a task best.

    Multinomial logistic regression on the features,

    .. math:: P(type = k \mid x) \propto \exp(w_k \cdot x + b_k),

    with the least sum of log losses and an L2 penalty on w. ``match(method="learned", model=...)``
    places each task on the most probable type that has room for it.

    Parameters
    ----------
    types : str, default "resource"
        What a type is: ``resource`` (``gpu``, ``tpu``, ``fpga`` or else ``cpu``, by what a node
        has), or a column of the nodes table: ``gpu_type``, ``pool``, ...
    features : sequence of str, optional
        Columns of the tasks: amounts (as log(1 + x), scaled) or labels (one column a value). By
        default those there are of ``tasks``, ``cpus``, ``memory_gib``, ``gpus``, ``tpus``,
        ``fpgas``, ``gpu_memory_gib``, ``limit_s``, ``model``, ``user``, ``queue``.
    penalty : float, default 1
        Weight of the L2 penalty, in tasks.

    Attributes
    ----------
    classes_ : array of str
        The types, sorted.
    coef_ : array, shape (n_types, n_columns)
    intercept_ : array, shape (n_types,)
    feature_names_ : list of str
        Of the columns.
    left_out_ : int
        Tasks without outcomes on two types or more, which say nothing of what is best.

    Notes
    -----
    The loss is convex, so the result does not depend on a start or a seed. A task whose best two
    types were nearly alike weighs little: with values, the weight is the log ratio of the second
    best to the best, at most 1. O(tasks x columns x types) per step of L-BFGS.

    References
    ----------
    .. [1] Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", section 4.4.

    Examples
    --------
    >>> tasks = pd.DataFrame({"cpus": [1, 2, 1, 2], "model": ["tree", "tree", "bert", "bert"]})
    >>> matcher = LearnedMatcher(penalty=0.1).fit(tasks, ["cpu", "cpu", "gpu", "gpu"])
    >>> matcher.predict(pd.DataFrame({"cpus": [8], "model": ["bert"]})).tolist()
    ['gpu']
    """

    def __init__(
        self,
        *,
        types: str = "resource",
        features: Sequence[str] | None = None,
        penalty: float = 1.0,
    ) -> None:
        self.types = types
        self.features = features
        self.penalty = penalty

    def fit(self, tasks: Any, outcomes: Any) -> Self:
        """Learn which type was best for which tasks.

        Parameters
        ----------
        tasks : pandas, Polars or Arrow frame, shape (n_tasks, ...)
            The features; ``job_id`` where the outcomes name it.
        outcomes : array of str, or frame
            The best type of each task; or a frame ``job_id``, ``type``, ``value`` with the
            completion time or cost of tasks on the types tried, less being better.

        Returns
        -------
        self

        Raises
        ------
        InvalidInputError
            Lengths that differ, unknown jobs, values that are not above 0, or fewer than two types.
        """
        if not 0 <= self.penalty < np.inf:
            raise InvalidInputError(f"penalty must be at least 0, got {self.penalty!r}")
        table = Table(tasks, "tasks", "job_id")
        best, weight = _best_of(table, outcomes)
        used = weight > 0
        self.left_out_ = int((~used).sum())
        classes = np.unique(best[used].astype(str)) if used.any() else np.array([])
        if len(classes) < 2:
            raise InvalidInputError(
                f"outcomes must have at least two types that were best for some task; got "
                f"{', '.join(classes.tolist()) or 'none'}"
            )
        encoder = fit_encoder(table, self.features)
        rows = encoder.encode(tasks)[used]
        target = np.searchsorted(classes, best[used].astype(str))
        solution = _minimise(rows, target, weight[used], len(classes), self.penalty)
        self._encoder = encoder
        self.classes_ = classes.astype(object)
        self.coef_, self.intercept_ = solution[:, 1:], solution[:, 0]
        self.feature_names_ = encoder.names
        return self

    def predict_proba(self, tasks: Any) -> NDArray[np.float64]:
        """Probability that each type is the best, shape (n_tasks, n_types), as `classes_`."""
        scores = self._fitted().encode(tasks) @ self.coef_.T + self.intercept_
        return np.exp(_log_shares(scores))

    def _fitted(self) -> Encoder:
        if not hasattr(self, "_encoder"):
            raise InvalidInputError("the matcher has learnt nothing yet; call fit first")
        return self._encoder

    @property
    def columns_(self) -> list[str]:
        """The columns of the tasks that it looks at."""
        return self._fitted().columns

    def predict(self, tasks: Any) -> NDArray[Any]:
        """The most probable type of each task; ties go to the first of `classes_`."""
        return np.asarray(self.classes_[self.predict_proba(tasks).argmax(axis=1)])

    def order(self, tasks: Any, types: Sequence[str]) -> NDArray[np.int32]:
        """Positions in `types` for each task, the most probable first; unknown types come last."""
        known = self.predict_proba(tasks)
        place = {name: i for i, name in enumerate(self.classes_)}
        columns = [
            known[:, place[name]] if name in place else np.full(len(known), -1.0) for name in types
        ]
        ranked = np.argsort(-np.stack(columns, axis=1), axis=1, kind="stable")
        return np.ascontiguousarray(ranked, dtype=np.int32)


def _best_of(table: Table, outcomes: Any) -> tuple[NDArray[Any], Floats]:
    """The best type of each task, and how much that says; 0 where it says nothing."""
    if not hasattr(outcomes, "columns"):
        labels = np.asarray(outcomes, dtype=object)
        if labels.shape != (table.n,):
            raise InvalidInputError(
                f"outcomes must have one type a task, {table.n}; got shape {labels.shape}"
            )
        if pd.isna(labels).any():
            raise InvalidInputError(f"outcomes[{int(pd.isna(labels).argmax())}] is missing")
        return labels, np.ones(table.n)
    seen = Table(outcomes, "outcomes", "job_id")
    numbers = seen.numbers("value")
    value = np.asarray(numbers.filled(np.nan), dtype=np.float64)
    fine = (value > 0) & (value < np.inf)
    seen.require(fine, "value", "above 0 and finite", "drop the row or mend the cell")
    table.ids("job_id")  # distinct, or outcomes would not tell whose they are
    position = pd.Index(table.series("job_id").to_numpy())
    row = position.get_indexer(pd.Index(seen.series("job_id").to_numpy()))
    seen.require(row >= 0, "job_id", "one of the tasks'", "drop the row")
    codes, names = seen.codes("type")
    seen.require(codes >= 0, "type", "present", "drop the row or mend the cell")
    grid = pd.DataFrame({"row": row, "type": codes, "value": np.log(value)})
    means = grid.groupby(["row", "type"])["value"].mean().reset_index().sort_values("value")
    ranked = means.groupby("row", sort=False)
    first, second = ranked.nth(0).set_index("row"), ranked.nth(1).set_index("row")
    best = np.full(table.n, "", dtype=object)
    best[first.index] = np.array(names, dtype=object)[first["type"]]
    weight = np.zeros(table.n)
    lead = second["value"] - first.loc[second.index, "value"]
    weight[second.index] = np.minimum(lead, 1.0)
    return best, weight


def _minimise(
    rows: Floats, target: NDArray[np.intp], weight: Floats, types: int, penalty: float
) -> Floats:
    """Intercepts and coefficients, types x (1 + columns), with the least penalised loss."""
    from scipy.optimize import minimize

    design = np.column_stack([np.ones(len(rows)), rows])
    hit = np.zeros((len(rows), types))
    hit[np.arange(len(rows)), target] = 1.0
    shrink = np.array([0.0, *np.full(rows.shape[1], penalty)])

    def loss(flat: Floats) -> tuple[float, Floats]:
        w = flat.reshape(types, -1)
        logs = _log_shares(design @ w.T)
        cost = -float(weight @ (hit * logs).sum(axis=1)) + 0.5 * float((shrink * w * w).sum())
        slope = (weight[:, None] * (np.exp(logs) - hit)).T @ design + shrink * w
        return cost, slope.ravel()

    start = np.zeros(types * design.shape[1])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "gtol": 1e-7}
    )
    w = found.x.reshape(types, -1)
    # One constant a type too many: the intercepts sum to 0.
    w[:, 0] -= w[:, 0].mean()
    return np.asarray(w, dtype=np.float64)


def _log_shares(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(
        shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float64
    )


def node_types(cluster: Cluster, types: str) -> tuple[NDArray[np.int32], list[str]]:
    """The type of each node as a number, and the types by number.

    Raises
    ------
    InvalidInputError
        The nodes have no such column.
    """
    if types == "resource":
        columns = cluster.node_columns
        names = np.full(len(cluster), "cpu", dtype=object)
        for resource in reversed(_ACCELERATORS):
            if resource in columns.resources:
                has = columns.capacity[:, columns.resources.index(resource)] > 0
                names[has] = resource.removesuffix("s")
    else:
        codes, texts = Table(cluster.nodes, "nodes", "node_id").codes(types)
        names = np.array([*texts, "(none)"], dtype=object)[codes]
    found, place = np.unique(names.astype(str), return_inverse=True)
    return place.astype(np.int32), found.tolist()
