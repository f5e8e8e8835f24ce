"""Results as plain values that JSON can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["json_text", "plain"]


def plain(value: Any) -> Any:
    """Dicts, lists, numbers and text; what is missing or not finite is None.

    Examples
    --------
    >>> plain({"wait_s": np.float64("nan"), "at": pd.Timestamp("2026-01-05"), "n": np.int64(2)})
    {'wait_s': None, 'at': '2026-01-05T00:00:00', 'n': 2}
    """
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def json_text(value: Any) -> str:
    """Valid JSON, which knows no NaN.

    Examples
    --------
    >>> print(json_text({"mean_wait_s": float("nan")}))
    {
      "mean_wait_s": null
    }
    """
    return json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False)
