"""Trees trained with LightGBM, evaluated in the core, many rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.tree_outputs import OutputTransform
from fairlead.tables.frames import Floats
from fairlead.threads import thread_count

__all__ = ["TreeEnsemble"]

_Section = dict[str, str]
# Columns of splits: name in the model text, name in the core, type.
_SPLITS = (
    ("split_feature", "feature", np.int32),
    ("threshold", "threshold", np.float64),
    ("decision_type", "decision", np.int32),
    ("left_child", "left", np.int32),
    ("right_child", "right", np.int32),
)


class TreeEnsemble:
    """A trained LightGBM model that predicts without LightGBM, for many rows at a time.

    Made by `from_lightgbm`. Numerical and categorical splits and all three ways of treating missing
    values are evaluated as LightGBM does; predictions are the same to 1e-12.

    Attributes
    ----------
    feature_names : tuple of str
        Columns of what `predict` takes.
    objective : str
        What the model was trained for; the empty text gives raw scores.
    n_trees, n_outputs : int

    Notes
    -----
    Each split whose answer is "right" takes the leaves on its left out of a bit set, for 32 rows at
    a time; the lowest leaf left is the answer [1]_. O(splits) a row, whatever the depth.

    References
    ----------
    .. [1] Lucchese et al., "QuickScorer: a fast algorithm to rank documents with additive ensembles
       of regression trees", SIGIR 2015.

    Examples
    --------
    >>> model = TreeEnsemble.from_lightgbm('''tree
    ... num_class=1
    ... num_tree_per_iteration=1
    ... max_feature_idx=0
    ... objective=regression
    ... feature_names=gpus
    ...
    ... Tree=0
    ... num_leaves=2
    ... num_cat=0
    ... split_feature=0
    ... threshold=4
    ... decision_type=2
    ... left_child=-1
    ... right_child=-2
    ... leaf_value=60 3600
    ...
    ... end of trees
    ... ''')
    >>> model.predict([[1], [8]]).tolist()
    [60.0, 3600.0]
    """

    def __init__(self, head: _Section, trees: list[_Section]) -> None:
        self.feature_names = tuple(head.get("feature_names", "").split())
        self.objective = head.get("objective", "")
        self.n_trees = len(trees)
        self.n_outputs = _whole(head, "num_tree_per_iteration", "the header")
        self._transform = OutputTransform.of(self.objective)
        self._n_features = _whole(head, "max_feature_idx", "the header") + 1
        self._divisor = self.n_trees // self.n_outputs if "average_output" in head else 1
        self._core = _core.TreeEnsemble(
            _columns(trees), features=self._n_features, outputs=self.n_outputs
        )

    @classmethod
    def from_lightgbm(cls, model: Any) -> TreeEnsemble:
        """The trees of a trained model.

        Parameters
        ----------
        model : Booster, scikit-learn estimator of LightGBM, path or str
            A booster gives the iterations it would predict with (up to the best one). A path is
            that of a model file; text with a line break is such a file's content.

        Returns
        -------
        TreeEnsemble

        Raises
        ------
        InvalidInputError
            Not a LightGBM model, or one with linear trees or an unknown objective.
        """
        head, trees = _parse(_text(model))
        return cls(head, trees)

    def predict(self, X: Any, *, raw: bool = False, threads: int | None = 1) -> Floats:
        """Predictions for rows of features.

        Parameters
        ----------
        X : array-like, shape (n_rows, n_features)
            In the order of `feature_names`; NaN is missing. Categories as the whole numbers that
            the model was trained with (for pandas categories, their codes).
        raw : bool, default False
            The sums of the leaf values: without the objective's transformation (``exp``, logistic,
            ...) and a random forest's division by the number of its trees.
        threads : int or None, default 1
            None: one per core for this process. The result is the same for any number.

        Returns
        -------
        float64 array, shape (n_rows,) or (n_rows, n_outputs)

        Raises
        ------
        InvalidInputError
            Another number of columns, or values that are no numbers.
        """
        try:
            rows = np.ascontiguousarray(X, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidInputError(
                f"X must be numbers; give categories as codes: {error}"
            ) from error
        if rows.ndim != 2 or rows.shape[1] != self._n_features:
            raise InvalidInputError(
                f"X must have {self._n_features} columns ({', '.join(self.feature_names[:5])}"
                f"{', ...' if self._n_features > 5 else ''}), got shape {rows.shape}"
            )
        scores = self._core.predict(rows, threads=thread_count(threads))
        made = scores if raw else self._transform(scores / self._divisor)
        return made[:, 0] if self.n_outputs == 1 else made

    def __repr__(self) -> str:
        what = self.objective or "no objective"
        return f"TreeEnsemble({self.n_trees} trees, {self._n_features} features, {what})"


def _text(model: Any) -> str:
    """The model as LightGBM writes it."""
    booster = getattr(model, "booster_", model)
    if hasattr(booster, "model_to_string"):
        return str(booster.model_to_string())
    if isinstance(model, str) and "\n" in model:
        return model
    if isinstance(model, str | os.PathLike):
        try:
            return Path(model).read_text()
        except OSError as error:
            raise InvalidInputError(f"the model file cannot be read: {error}") from error
    raise InvalidInputError(
        f"a LightGBM booster, estimator, model file or its text is needed, got "
        f"{type(model).__name__}"
    )


def _parse(text: str) -> tuple[_Section, list[_Section]]:
    """The header and the trees, each as its lines by name."""
    lines = iter(text.splitlines())
    if next(lines, "").strip() != "tree":
        raise InvalidInputError("not a LightGBM model: its first line must be 'tree'")
    head, last = _section(lines)
    trees: list[_Section] = []
    while last.startswith("Tree="):
        tree, last = _section(lines)
        if tree.get("is_linear", "0") != "0":
            raise InvalidInputError(
                f"tree {len(trees)} has linear leaves, which are not supported; train with "
                f"linear_tree=false"
            )
        trees.append(tree)
    if not last.startswith("end of trees"):
        raise InvalidInputError("the LightGBM model has no 'end of trees': it was cut off")
    return head, trees


def _section(lines: Iterator[str]) -> tuple[_Section, str]:
    """Lines up to the next tree or the end, by name, and the line that ended them."""
    section: _Section = {}
    for line in lines:
        if line.startswith(("Tree=", "end of trees")):
            return section, line
        name, _, value = line.partition("=")
        if name:
            section[name.strip()] = value.strip()
    return section, ""


def _whole(section: _Section, name: str, where: str) -> int:
    try:
        return int(section[name])
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"{where} of the LightGBM model lacks a whole {name}") from error


def _numbers(section: _Section, name: str, dtype: Any, where: str) -> np.ndarray[Any, Any]:
    try:
        return np.array(section.get(name, "").split(), dtype=np.float64).astype(dtype)
    except ValueError as error:
        raise InvalidInputError(f"{name} of {where} holds what is no number: {error}") from error


def _columns(trees: list[_Section]) -> dict[str, np.ndarray[Any, Any]]:
    """All trees end to end, as the core takes them."""
    names = [f"tree {i}" for i in range(len(trees))]

    def joined(name: str, dtype: Any) -> np.ndarray[Any, Any]:
        parts = [_numbers(tree, name, dtype, at) for tree, at in zip(trees, names, strict=True)]
        return np.concatenate([np.zeros(0, dtype), *parts])

    leaves = [_whole(tree, "num_leaves", at) for tree, at in zip(trees, names, strict=True)]
    columns = {made: joined(name, dtype) for name, made, dtype in _SPLITS}
    columns["leaves"] = np.array(leaves, dtype=np.int32)
    columns["leaf_value"] = joined("leaf_value", np.float64)
    columns["category_words"] = joined("cat_threshold", np.uint32)
    bounds, sets = [np.zeros(1, np.int64)], [0]
    words = 0
    for tree, at in zip(trees, names, strict=True):
        # Each tree counts its words from 0; here they stand behind those of the trees before.
        own = _numbers(tree, "cat_boundaries", np.int64, at)[1:]
        bounds.append(own + words)
        words += int(own[-1]) if len(own) else 0
        sets.append(sets[-1] + len(own))
    columns["category_bounds"] = np.concatenate(bounds)
    columns["category_sets"] = np.array(sets, dtype=np.int64)
    return columns
