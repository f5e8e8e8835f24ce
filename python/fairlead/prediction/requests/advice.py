"""What jobs of a key could ask for instead, and the risk of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fairlead.prediction.requests.columns import Amounts, Asked

__all__ = ["advice_of"]


def advice_of(
    read: Asked, keys: Any, key: str, quantile: float, margin: float, least_jobs: int
) -> pd.DataFrame:
    """A row a key and resource: the share of the request that would do, its risk and its worth."""
    timed = Amounts(read.limit_h, read.hours, np.zeros(len(read.hours)))
    parts = []
    for name, amounts in {**read.resources, "limit_s": timed}.items():
        rows = np.flatnonzero((amounts.asked > 0) & ~np.isnan(amounts.used) & (read.hours > 0))
        for label, own in pd.Series(rows).groupby(keys[rows], sort=True):
            if len(own) < least_jobs:
                continue
            part = _of_rows(read, amounts, own.to_numpy(), quantile, margin, name)
            parts.append({key: label, "resource": name, **part})
    if not parts:
        columns = ["jobs", "share", "typical_asked", "recommended", "risk_frac"]
        return pd.DataFrame(columns=[key, "resource", *columns, "saved_h", "saved_usd"])
    made = pd.DataFrame(parts)
    return made.sort_values(
        ["saved_usd", "saved_h"], ascending=False, kind="stable", ignore_index=True
    )


def _of_rows(
    read: Asked, amounts: Amounts, rows: Any, quantile: float, margin: float, name: str
) -> dict[str, Any]:
    asked, used = amounts.asked[rows], amounts.used[rows]
    wanted = np.quantile(used / asked, quantile, method="inverted_cdf") * (1 + margin)
    advised = asked * min(1.0, float(wanted))
    if name == "gpus":
        # A share of one device stays a share; whole devices stay whole.
        advised = np.where(asked >= 1, np.maximum(np.ceil(advised - 1e-9), 1.0), advised)
    more = int((used > advised * (1 + 1e-9)).sum())
    unit = 3600.0 if name == "limit_s" else 1.0
    saved = (asked - advised) * read.tasks[rows] * read.hours[rows]
    return {
        "jobs": len(rows),
        "share": float(advised.sum() / asked.sum()),
        "typical_asked": float(np.median(asked)) * unit,
        "recommended": float(np.median(advised)) * unit,
        "risk_frac": (more + 1) / (len(rows) + 2),
        "saved_h": 0.0 if name == "limit_s" else float(saved.sum()),
        "saved_usd": float(saved @ amounts.price[rows]),
    }
