"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

_SHARED = Path(os.environ.get("FAIRLEAD_SHARED", Path(__file__).parents[2] / "shared"))

# A busy machine is no failure: nothing timed is asserted.
settings.register_profile("fairlead", deadline=None)
settings.load_profile("fairlead")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Public traces and golden start times; they may not be shipped, so they can be absent."""
    if not _SHARED.is_dir():
        pytest.skip(f"no reference data at {_SHARED}; set FAIRLEAD_SHARED to their folder")
    return _SHARED
