"""The engine and the reference simulator agree on drawn cases, to the nanosecond and device."""

from __future__ import annotations

import os

import pytest

from python.strategies import long_case
from reference.differential import compare, disagreement

SEED = int(os.environ.get("FAIRLEAD_SEED", "20260"))
DRAWS = int(os.environ.get("FAIRLEAD_DRAWS", "3000"))
PARTS = 3
LONG_CASES = 24


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_reference_agree(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Every start, end, status, attempt, node and device; FAIRLEAD_SEED draws other cases."""
    seed = SEED + part
    with capsys.disabled():
        print(f" seed {seed}, {DRAWS // PARTS} draws ", end="", flush=True)
    compare(DRAWS // PARTS, seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_reference_agree_on_longer_logs(part: int) -> None:
    """150 jobs on a dozen GPU nodes with failures: queues, gangs and devices at some size."""
    for seed in range(SEED + part, SEED + LONG_CASES, PARTS):
        difference = disagreement(long_case(seed))
        assert difference is None, f"strategies.long_case({seed}): {difference}"
