"""Fits on a CUDA device: the same forecasts as the CPU's, or an error that says why not.

The body of the kernel itself is tested on the CPU by tests/cpp/fit_twin_test.cpp.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fairlead import BackendUnavailableError, InvalidInputError, _core, backtest, cuda_info, predict
from fairlead.matching import devices
from python.gpu import need_gpu, needs_module


def demand(count: int = 3, n: int = 120) -> pd.DataFrame:
    """Hourly series with a day, noise, gaps and sizes that differ."""
    rng = np.random.default_rng(5)
    hours = np.arange(n)
    parts = []
    for i in range(count):
        y = np.maximum(30 + 20 * np.sin(2 * np.pi * hours / 24) + rng.normal(0, 4, n), 0)
        y[rng.random(n) < 0.05] = np.nan
        y[0] = 30.0
        parts.append(pd.DataFrame({"unique_id": f"s{i}", "ds": hours * 3600, "y": y * 10.0**i}))
    return pd.concat(parts, ignore_index=True)


def arguments(frame: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """The columns of one series for the core."""
    y = frame["y"].to_numpy()[:100].copy()
    ends = np.array([len(y)], dtype=np.int64)
    return y, np.append(0, ends), ends * 0, y[:0], np.zeros(1, dtype=np.int32), ends


def core_forecast(driver: object) -> dict[str, object]:
    """One forecast of the core, by a driver."""
    made: dict[str, object] = _core.forecast(
        *arguments(demand(1)),
        model="ses",
        seasons=[24],
        window=24,
        horizon=2,
        probabilities=np.array([0.5]),
        driver=driver,
    )
    return made


def test_an_unknown_device_is_refused() -> None:
    """There are two."""
    with pytest.raises(InvalidInputError, match="device must be 'cpu' or 'cuda'; got 'gpu'"):
        predict(demand(), 2, model="ses", device="gpu")  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["auto", "ridge", "croston", "theta"])
def test_a_model_without_a_part_for_the_device_is_refused(model: str) -> None:
    """Rather than to run on the CPU in silence; the message lists those that have one."""
    with pytest.raises(InvalidInputError, match=f"'{model}' runs on a CUDA device.*held_out_ets"):
        predict(demand(), 2, model=model, device="cuda")


def test_a_model_of_ones_own_is_refused() -> None:
    """Nothing of it is known to the device."""

    class Own:
        name = "own"

        def forecast(self, histories: object, horizon: int, seasons: object) -> np.ndarray:
            raise AssertionError("it is not asked")

    with pytest.raises(InvalidInputError, match="'own' runs on a CUDA device"):
        predict(demand(), 2, model=Own(), device="cuda")


def test_the_smoothing_family_has_a_part_for_the_device() -> None:
    """From simple smoothing to the choices among forms."""
    assert _core.device_forecasters() == [
        "ses",
        "holt",
        "damped_holt",
        "holt_winters",
        "damped_holt_winters",
        "multiplicative_holt_winters",
        "two_season_holt_winters",
        "ets",
        "full_ets",
        "held_out_ets",
    ]


def test_without_a_device_the_error_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """In `predict` and in `backtest`; there is no falling back in silence."""
    monkeypatch.setenv("FAIRLEAD_CUDA_DISABLE", "1")
    why = r"device='cuda' cannot be had: turned off by FAIRLEAD_CUDA_DISABLE=1; use device='cpu'"
    with pytest.raises(BackendUnavailableError, match=why):
        predict(demand(), 2, model="ets", device="cuda")
    with pytest.raises(BackendUnavailableError, match=why):
        backtest(demand(), 2, model="ses", n_windows=2, device="cuda")


def test_something_else_than_the_drivers_capsule_is_refused() -> None:
    """The core takes no pointer that does not carry the right name."""
    with pytest.raises(ValueError, match="PyCapsule"):
        core_forecast(object())


@needs_module
def test_the_capsule_of_scoring_is_refused() -> None:
    """It is another driver."""
    from fairlead import _cuda

    with pytest.raises(ValueError, match="PyCapsule"):
        core_forecast(_cuda.score_driver)


@needs_module
def test_a_call_without_a_driver_raises_and_the_process_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forced past the probe, the error of CUDA comes as text, and is remembered."""
    if cuda_info().available:
        pytest.skip("there is a CUDA device")
    from fairlead import _cuda

    found = core_forecast(_cuda.fit_driver)
    assert found["lost"]
    assert "cudaErrorInsufficientDriver" in str(found["error"])
    monkeypatch.setattr(devices, "_known", (os.getpid(), devices.CudaInfo(True, "", 1)))
    with pytest.raises(BackendUnavailableError, match="cudaErrorInsufficientDriver"):
        predict(demand(), 2, model="ses", device="cuda")
    assert not cuda_info().available
    assert len(predict(demand(), 2, model="ses").frame) == 6


def test_forecasting_on_the_cpu_does_not_load_the_cuda_module() -> None:
    """Nor asks whether there is a device."""
    code = (
        "import sys, pandas as pd, fairlead\n"
        "frame = pd.DataFrame({'ds': range(0, 72000, 3600), 'y': [3.0, 5.0] * 10})\n"
        "fairlead.predict(frame, 2, model='ses')\n"
        "print('fairlead._cuda' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.gpu
@pytest.mark.parametrize("model", _core.device_forecasters())
def test_device_and_cpu_forecast_alike(model: str) -> None:
    """Points and bands within the 1e-9 that the documentation promises, for every model."""
    need_gpu()
    frame = demand(count=5, n=400)
    options = {"model": model, "level": (50, 90), "season_lengths": [6, 24]}
    expected = predict(frame, 12, **options).frame  # type: ignore[arg-type]
    found = predict(frame, 12, device="cuda", **options).frame  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=0)


@pytest.mark.gpu
def test_many_series_of_many_lengths_are_forecast_alike() -> None:
    """More than one block of the device, with series that are too short for a season among them."""
    need_gpu()
    rng = np.random.default_rng(8)
    frame = pd.concat(
        pd.DataFrame({"unique_id": i, "ds": np.arange(n) * 3600, "y": rng.gamma(2, 5, n)})
        for i, n in enumerate(rng.integers(2, 300, 700))
    )
    expected = predict(frame, 3, model="ets").frame
    found = predict(frame, 3, model="ets", device="cuda").frame
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=0)
