"""Skipping tests that need a CUDA device, with the reason."""

from __future__ import annotations

import importlib.util
import os

import pytest

from fairlead import _core
from fairlead.matching import cuda_info

needs_module = pytest.mark.skipif(
    importlib.util.find_spec("fairlead._cuda") is None,
    reason=f"the CUDA module is not there: {_core.cuda_build_reason}",
)


def need_gpu() -> None:
    """Skip without a device; where FAIRLEAD_REQUIRE_GPU=1 says there must be one, fail instead."""
    info = cuda_info()
    if info.available:
        return
    if os.environ.get("FAIRLEAD_REQUIRE_GPU") == "1":
        pytest.fail(f"FAIRLEAD_REQUIRE_GPU=1, but {info.reason}")
    pytest.skip(f"no CUDA device: {info.reason}")
