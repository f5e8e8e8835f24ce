"""Features on a CUDA device: the same columns as the CPU's, or an error that says why not.

The body of the kernel itself is tested on the CPU by tests/cpp/feature_twin_test.cpp.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from fairlead import BackendUnavailableError, InvalidInputError, _core, cuda_info
from fairlead.matching import devices
from fairlead.prediction import demand_features
from fairlead.prediction.features import (
    calendar,
    ewm,
    expanding,
    fourier,
    holidays,
    lags,
    rolling,
    time_since,
)
from python.gpu import need_gpu, needs_module

STATISTICS = ["mean", "std", "min", "max", "median", 0.1]
# Some of them, such as long quantiles and the calendar, the device has no part in.
EVERY = [
    lags(1, 5, 30),
    *(rolling(s, w) for s in STATISTICS for w in (1, 2, 7, 24, 168, 300)),
    *(rolling(s, 24, min_samples=3) for s in STATISTICS),
    *(rolling(s, 3, season_length=12) for s in STATISTICS),
    *(rolling(s, 4, season_length=24, lag=2, min_samples=1) for s in STATISTICS),
    *(expanding(s, min_samples=3) for s in STATISTICS),
    ewm("mean", 0.3),
    ewm("mean", 0.02, min_samples=5),
    ewm("std", 0.3),
    calendar("hour"),
    fourier(24, 2),
    holidays(["2026-01-06"]),
    time_since(["2026-01-05"]),
]


def demand(lengths: list[int], missing: float = 0.05) -> pd.DataFrame:
    """Hourly series that begin at different hours, with gaps; one of them has none."""
    rng = np.random.default_rng(5)
    parts = []
    for i, n in enumerate(lengths):
        y = rng.gamma(2, 5, n) * 10.0 ** (i % 7)
        y[rng.random(n) < (missing if i else 0)] = np.nan
        y[0] = 30.0
        ds = pd.date_range("2026-01-05", periods=n, freq="h") + pd.Timedelta(hours=i % 5)
        parts.append(pd.DataFrame({"unique_id": f"s{i}", "ds": ds, "y": y}))
    return pd.concat(parts, ignore_index=True)


def arguments() -> tuple[np.ndarray, np.ndarray, list[tuple[str, str, int, int, int, int, float]]]:
    """One series and one feature for the core."""
    return np.arange(5.0), np.array([0, 5]), [lags(1)[0].spec(1)]


def core_columns(driver: object) -> dict[str, object]:
    """One feature of the core, by a driver."""
    made: dict[str, object] = _core.device_feature_columns(
        *arguments(), first_origin=0, more=0, threads=1, single=False, driver=driver
    )
    return made


def test_an_unknown_device_is_refused() -> None:
    """There are two."""
    with pytest.raises(InvalidInputError, match="device must be 'cpu' or 'cuda'; got 'gpu'"):
        demand_features(demand([9]), [lags(1)], device="gpu")  # type: ignore[arg-type]


@pytest.mark.parametrize("features", [[lags(1)], [calendar("hour")]])
def test_without_a_device_the_error_says_why(
    features: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no feature has a part for it: there is no falling back in silence."""
    monkeypatch.setenv("FAIRLEAD_CUDA_DISABLE", "1")
    why = r"device='cuda' cannot be had: turned off by FAIRLEAD_CUDA_DISABLE=1; use device='cpu'"
    with pytest.raises(BackendUnavailableError, match=why):
        demand_features(demand([9]), features, device="cuda")  # type: ignore[arg-type]


def test_something_else_than_the_drivers_capsule_is_refused() -> None:
    """The core takes no pointer that does not carry the right name."""
    with pytest.raises(ValueError, match="PyCapsule"):
        core_columns(object())


@needs_module
def test_the_capsule_of_the_fits_is_refused() -> None:
    """It is another driver."""
    from fairlead import _cuda

    with pytest.raises(ValueError, match="PyCapsule"):
        core_columns(_cuda.fit_driver)


@needs_module
def test_a_call_without_a_driver_raises_and_the_process_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forced past the probe, the error of CUDA comes as text, and is remembered."""
    if cuda_info().available:
        pytest.skip("there is a CUDA device")
    from fairlead import _cuda

    found = core_columns(_cuda.feature_driver)
    assert found["lost"]
    assert "cudaErrorInsufficientDriver" in str(found["error"])
    monkeypatch.setattr(devices, "_known", (os.getpid(), devices.CudaInfo(True, "", 1)))
    with pytest.raises(BackendUnavailableError, match="cudaErrorInsufficientDriver"):
        demand_features(demand([9]), [lags(1)], device="cuda")
    assert not cuda_info().available
    assert len(demand_features(demand([9]), [lags(1)])) == 9


def test_features_on_the_cpu_do_not_load_the_cuda_module() -> None:
    """Nor ask whether there is a device."""
    code = (
        "import sys, pandas as pd\n"
        "from fairlead.prediction.features import demand_features, lags\n"
        "frame = pd.DataFrame({'ds': range(0, 72000, 3600), 'y': [3.0, 5.0] * 10})\n"
        "demand_features(frame, [lags(1)])\n"
        "print('fairlead._cuda' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("step", "horizon"), [(1, 0), (6, 12)])
def test_device_and_cpu_make_the_same_features(
    dtype: Literal["float64", "float32"], step: int, horizon: int
) -> None:
    """Every kind, to the last bit, for series of many lengths."""
    need_gpu()
    frame = demand([1, 2, 9, 24, 168, 500, 1100, 2500])
    expected = demand_features(frame, EVERY, step=step, horizon=horizon, dtype=dtype)
    found = demand_features(frame, EVERY, step=step, horizon=horizon, dtype=dtype, device="cuda")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.gpu
def test_more_series_than_a_batch_holds_get_the_same_features() -> None:
    """And more segments than the device has blocks; one series is long."""
    need_gpu()
    asked = [lags(1), rolling("std", 24), rolling("median", 24), expanding("std"), ewm("mean", 0.1)]
    lengths = np.random.default_rng(8).integers(1, 400, 3000).tolist()
    frame = demand([200_000, *lengths], missing=0.01)
    expected = demand_features(frame, asked)
    found = demand_features(frame, asked, device="cuda")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
