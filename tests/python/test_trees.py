"""The evaluator of trees against LightGBM's own predictions, and models written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairlead import InvalidInputError
from fairlead.prediction.trees import TreeEnsemble

HEAD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx={last}
objective={objective}
feature_names={names}

"""
STUMP = """Tree={i}
num_leaves=2
num_cat=0
split_feature=0
threshold={threshold}
decision_type={decision}
left_child=-1
right_child=-2
leaf_value=1 2

"""
# Users 1 and 3 of 5 go left, then by GPUs.
CATEGORICAL = """Tree=0
num_leaves=3
num_cat=1
split_feature=1 0
threshold=0 4.5
decision_type=1 2
left_child=1 -3
right_child=-1 -2
leaf_value=30 20 10
cat_boundaries=0 1
cat_threshold=10

"""
END = "end of trees\n"


def stump(decision: int, threshold: float = 0.5, objective: str = "regression") -> TreeEnsemble:
    """One split of one feature."""
    head = HEAD.format(last=0, objective=objective, names="x")
    return TreeEnsemble.from_lightgbm(
        head + STUMP.format(i=0, threshold=threshold, decision=decision) + END
    )


def test_a_value_at_the_threshold_goes_left() -> None:
    """Left is at most."""
    made = stump(2).predict([[0.5], [np.nextafter(0.5, 1)], [-np.inf], [np.inf]])
    assert made.tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (0, [1, 1]),  # nothing is missing: NaN is zero
        (2, [1, 1]),
        (4 | 0, [2, 2]),  # zero and NaN are missing and go right
        (4 | 2, [1, 1]),
        (8 | 0, [2, 1]),  # NaN is missing and goes right, zero is a number
        (8 | 2, [1, 1]),
    ],
)
def test_missing_values_go_where_the_split_sends_them(decision: int, expected: list[int]) -> None:
    """By the kind of missing value and the default side of the split."""
    assert stump(decision).predict([[np.nan], [0.0]]).tolist() == expected


def test_categories_go_left_if_they_are_in_the_set() -> None:
    """NaN, negative, unheard-of and huge ones go right."""
    model = TreeEnsemble.from_lightgbm(
        HEAD.format(last=1, objective="regression", names="gpus user") + CATEGORICAL + END
    )
    assert model.predict([[1, 1], [8, 1], [8, 3], [1, 3.9]]).tolist() == [10, 20, 20, 10]
    odd = [0, 2, 4, -1, np.nan, 64, 1e300, -np.inf]
    assert model.predict([[1, user] for user in odd]).tolist() == [30] * len(odd)
    # Cut towards zero, as LightGBM does: -0.5 is category 0.
    assert model.predict([[1, -0.5]]).tolist() == [30]


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("regression", 2.0),
        ("quantile", 2.0),
        ("", 2.0),
        ("regression sqrt", 4.0),
        ("poisson", np.exp(2)),
        ("binary sigmoid:0.5", 1 / (1 + np.exp(-1))),
    ],
)
def test_the_objective_transforms_the_sum(objective: str, expected: float) -> None:
    """And raw scores leave that out."""
    model = stump(2, objective=objective)
    assert model.predict([[1.0]])[0] == pytest.approx(expected, rel=1e-15)
    assert model.predict([[1.0]], raw=True)[0] == 2


def test_a_tree_of_one_leaf_is_a_constant() -> None:
    """No split at all."""
    text = HEAD.format(last=0, objective="regression", names="x")
    text += "Tree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=7\n\n" + END
    assert TreeEnsemble.from_lightgbm(text).predict([[0.0], [np.nan]]).tolist() == [7, 7]


def data(n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, zeros, gaps and two columns of categories."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(n, 6))
    x[:, 4] = rng.integers(0, 70, n)
    x[:, 5] = rng.integers(0, 3, n)
    x[:, 1] *= rng.random(n) < 0.6
    y = 2 * x[:, 0] + np.sin(x[:, 4]) + x[:, 1] * x[:, 2] + (x[:, 5] == 1)
    x[rng.random(x.shape) < 0.05] = np.nan
    return x, y


def trained(parameters: dict[str, Any], trees: int = 30, target: Any = None) -> Any:
    """A booster on the data."""
    lightgbm = pytest.importorskip("lightgbm")
    x, y = data()
    labels = y if target is None else target(y)
    whole = lightgbm.Dataset(x, labels, categorical_feature=[4, 5])
    quiet = {"verbose": -1, "num_threads": 1, "seed": 3, "min_data_per_group": 5}
    return lightgbm.train(quiet | parameters, whole, trees)


def unseen() -> np.ndarray:
    """Rows that were not trained on, with categories nobody has seen."""
    x = data(4000)[0][3000:]
    x[::7, 4] = 1000
    x[::11, 0] = 0
    return x


@pytest.mark.parametrize(
    ("parameters", "target"),
    [
        ({"objective": "regression", "num_leaves": 31}, None),
        ({"objective": "regression", "num_leaves": 200, "min_data_in_leaf": 2}, None),
        ({"objective": "regression", "zero_as_missing": True}, None),
        ({"objective": "regression", "use_missing": False}, None),
        ({"objective": "regression", "reg_sqrt": True}, None),
        ({"objective": "regression_l1"}, None),
        ({"objective": "huber"}, None),
        ({"objective": "quantile", "alpha": 0.9}, None),
        ({"objective": "poisson"}, np.exp),
        ({"objective": "gamma"}, np.exp),
        ({"objective": "tweedie"}, np.exp),
        ({"objective": "binary", "sigmoid": 2.0}, lambda y: y > 0),
        ({"objective": "cross_entropy"}, lambda y: y > 0),
        ({"objective": "cross_entropy_lambda"}, lambda y: y > 0),
        ({"objective": "multiclass", "num_class": 3}, lambda y: np.clip(np.rint(y), 0, 2)),
        ({"objective": "multiclassova", "num_class": 3}, lambda y: np.clip(np.rint(y), 0, 2)),
        (
            {
                "objective": "regression",
                "boosting": "rf",
                "bagging_fraction": 0.5,
                "bagging_freq": 1,
            },
            None,
        ),
        ({"objective": "regression", "boosting": "dart"}, None),
    ],
)
def test_predictions_equal_those_of_lightgbm(parameters: dict[str, Any], target: Any) -> None:
    """To 1e-12, for rows with every kind of missing value and category."""
    booster = trained(parameters, target=target)
    model = TreeEnsemble.from_lightgbm(booster)
    for raw in (False, True):
        expected = booster.predict(unseen(), raw_score=raw)
        np.testing.assert_allclose(model.predict(unseen(), raw=raw), expected, rtol=1e-12)


def test_all_forms_of_a_model_give_the_same(tmp_path: Path) -> None:
    """Booster, its text, its file and a scikit-learn estimator."""
    booster = trained({"objective": "regression"})
    booster.save_model(tmp_path / "model.txt")
    expected = booster.predict(unseen())
    estimator = type("Estimator", (), {"booster_": booster})()
    forms = (booster, booster.model_to_string(), tmp_path / "model.txt", estimator)
    for form in (*forms, str(tmp_path / "model.txt")):
        np.testing.assert_array_equal(TreeEnsemble.from_lightgbm(form).predict(unseen()), expected)


def test_the_best_iteration_is_used() -> None:
    """As the booster does after early stopping."""
    booster = trained({"objective": "regression"})
    booster.best_iteration = 7
    model = TreeEnsemble.from_lightgbm(booster)
    assert model.n_trees == 7
    np.testing.assert_array_equal(model.predict(unseen()), booster.predict(unseen()))


def test_any_number_of_threads_and_rows_gives_the_same() -> None:
    """Blocks that are not full, and none at all."""
    model = TreeEnsemble.from_lightgbm(trained({"objective": "regression"}))
    x = np.tile(unseen(), (7, 1))
    whole = model.predict(x)
    np.testing.assert_array_equal(model.predict(x, threads=3), whole)
    for n in (0, 1, 31, 33):
        np.testing.assert_array_equal(model.predict(x[:n]), whole[:n])


GOOD = HEAD.format(last=0, objective="regression", names="x")
TWO = HEAD.format(last=1, objective="regression", names="x y")
TREE = STUMP.format(i=0, threshold=0.5, decision=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>\n", "first line must be 'tree'"),
        (GOOD + TREE, "it was cut off"),
        (GOOD + TREE.replace("leaf_value=1 2", "is_linear=1") + END, "linear leaves"),
        (GOOD.replace("regression", "wish") + TREE + END, "objective 'wish' is not known"),
        (GOOD.replace("num_tree_per_iteration=1", "") + TREE + END, "lacks a whole num_tree"),
        (GOOD + TREE.replace("leaf_value=1 2", "leaf_value=1") + END, "differ in number"),
        (GOOD + TREE.replace("threshold=0.5", "threshold=a") + END, "holds what is no number"),
        (GOOD + TREE.replace("left_child=-1", "left_child=0") + END, "not there, or twice"),
        (GOOD + TREE.replace("left_child=-1", "left_child=-2") + END, "not there, or twice"),
        (GOOD + TREE.replace("left_child=-1", "left_child=-9") + END, "a leaf that is not there"),
        (GOOD + TREE.replace("split_feature=0", "split_feature=4") + END, "feature beyond"),
        (GOOD + TREE.replace("decision_type=2", "decision_type=1") + END, "set of categories"),
        (TWO + CATEGORICAL.replace("threshold=0", "threshold=nan") + END, "set of categories"),
        (TWO + CATEGORICAL.replace("threshold=0", "threshold=1e300") + END, "set of categories"),
        (Path("nowhere.txt"), "cannot be read"),
        (7, "is needed, got int"),
    ],
)
def test_what_is_no_model_is_refused(text: Any, message: str) -> None:
    """With what is wrong, never with an evaluation of nonsense."""
    with pytest.raises(InvalidInputError, match=message):
        TreeEnsemble.from_lightgbm(text)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([[1.0, 2.0]], {}, r"must have 1 columns \(x\), got shape \(1, 2\)"),
        ([1.0], {}, r"got shape \(1,\)"),
        ([["a"]], {}, "give categories as codes"),
        ([[1.0]], {"threads": 0}, "threads must be at least 1"),
    ],
)
def test_rows_that_do_not_fit_are_refused(x: Any, options: dict[str, Any], message: str) -> None:
    """The message names the columns."""
    with pytest.raises(InvalidInputError, match=message):
        stump(2).predict(x, **options)
