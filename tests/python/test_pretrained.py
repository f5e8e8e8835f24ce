"""The network behind the model ``pretrained``, and the script that trains it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fairlead
import pretrain
from fairlead import _core


def network_in(path: Path) -> tuple[pretrain.Weights, np.ndarray, np.ndarray]:
    """Weights, centre and deviation of the inputs, as the C++ header has them."""
    arrays = re.findall(r"(k[A-Z]\w+)(?:\{|\s=\s)([^;]*);", path.read_text())
    flat = {
        name: np.array(re.findall(r"-?[\d.]+(?:e[+-]\d+)?(?=F)", text), np.float32)
        for name, text in arrays
    }
    weights = {
        "to_hidden": flat["kToHidden"].reshape(len(flat["kCentre"]), -1),
        "hidden_bias": flat["kHiddenBias"],
        "from_hidden": flat["kFromHidden"].reshape(2, -1).T,
        "direct": flat["kDirect"].reshape(2, -1).T,
        "bias": flat["kBias"],
    }
    return weights, flat["kCentre"], 1 / flat["kPerDeviation"].astype(float)


@pytest.mark.parametrize("horizon", [1, 5, 24, 50])
def test_the_core_computes_the_network_that_was_trained(horizon: int) -> None:
    """Weights as written, evaluated as in training."""
    weights, centre, deviation = network_in(pretrain.WEIGHTS)
    rng = np.random.default_rng(horizon)
    y = 40 + 10 * np.sin(np.arange(600) * 2 * np.pi / 24) + rng.normal(0, 1, 600).cumsum().clip(-30)
    known = _core.network_inputs(y, [24, 168], np.array([600]), horizon)
    x = known["inputs"].reshape(horizon, -1)
    standard = pretrain.standard(x, centre, deviation)
    answers = pretrain.answers(weights, standard, x[:, pretrain.USUAL])
    demand = pd.DataFrame(
        {"unique_id": "a", "ds": pd.date_range("2026-01-05", periods=600, freq="1h"), "y": y}
    )
    made = fairlead.predict(demand, horizon, model="pretrained").frame["pretrained"]
    wanted = np.maximum(known["last"] + known["unit"] * answers, 0)
    np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-3)


def test_training_finds_what_is_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads that repeat every day are forecast better than by their last values."""
    monkeypatch.setattr(pretrain, "EPOCHS", 4)
    rng = np.random.default_rng(0)
    loads = [pretrain.drawn_load(rng) for _ in range(12)]
    table = np.concatenate([np.concatenate(pretrain.samples(y, 60, rng)) for y in loads])
    inputs, target = table[:, :-1], table[:, -1]
    x = pretrain.standard(inputs, *pretrain.spread(inputs))
    usual = inputs[:, pretrain.USUAL]
    p = pretrain.train(x, usual, target, np.ones(len(target), np.float32), seed=0)
    assert np.abs(pretrain.answers(p, x, usual) - target).mean() < 0.7 * np.abs(target).mean()


def test_the_weights_are_written_so_that_they_are_read_again() -> None:
    """The header in the core is what the script writes of its numbers."""
    assert pretrain.as_cpp(*network_in(pretrain.WEIGHTS)) == pretrain.WEIGHTS.read_text()


@pytest.mark.parametrize(
    ("seasons", "origins", "horizon"),
    [([], [50], 1), ([1], [50], 1), ([24], [24], 1), ([24], [101], 1), ([24], [50], 0)],
)
def test_inputs_that_cannot_be_are_refused(
    seasons: list[int], origins: list[int], horizon: int
) -> None:
    """No season, one of a step, an origin too early or after the end, no step."""
    with pytest.raises(fairlead.InvalidInputError):
        _core.network_inputs(np.ones(100), seasons, np.array(origins), horizon)
