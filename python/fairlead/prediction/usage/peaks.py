"""The peak use of machines: how much of what tasks may use can be promised to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.prediction.intervals import freq_ns
from fairlead.printed import Printed
from fairlead.tables import to_native_like
from fairlead.tables.frames import Floats, Table
from fairlead.tables.times import read_times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MachinePeaks", "machine_peaks"]

_RULES = ("borg_default", "rc_like", "n_sigma", "maximum")


@dataclass(frozen=True, eq=False, repr=False)
class MachinePeaks(Printed):
    """Predicted peaks of machines, and how they compare with the peaks that came.

    Attributes
    ----------
    frame : DataFrame
        A row for each machine and time that it has a task: ``node``, ``time``, ``usage``, ``limit``
        (sums over its tasks), the predictions ``borg_default``, ``rc_like``, ``n_sigma``,
        ``maximum``, and ``oracle``: the largest use within the horizon of the tasks that are there
        now.
    scores : DataFrame
        By rule: ``violations_frac`` (predictions below the oracle), ``severity_frac`` (by how much
        of the limits, mean over the violations), ``saved_frac`` (of the limits, what the
        predictions leave to others).
    horizon_s : float
    """

    frame: Any
    scores: pd.DataFrame
    horizon_s: float

    def summary(self) -> str:
        """A few lines for people: a line a rule."""
        lines = [f"peaks of machines within {self.horizon_s / 3600:g} h, {len(self.frame):,} rows"]
        lines += [
            f"  {row.rule}: {row.saved_frac:.1%} of the limits saved; "
            f"{row.violations_frac:.2%} too low, by {row.severity_frac:.1%} of the limits"
            for row in self.scores.itertuples()
        ]
        return "\n".join(lines)

    def plot(self) -> Figure:
        """What each rule saves against how often it is too low."""
        from fairlead.prediction.usage.drawing import draw_peaks

        return draw_peaks(self)


def machine_peaks(
    usage: Any,
    *,
    resource: str = "cpus",
    horizon: Any = "24h",
    share: float = 0.9,
    percentile: float = 0.99,
    sigmas: float = 5.0,
    history: int = 24,
    warm_up: int = 24,
) -> MachinePeaks:
    """Predict the peak use of every machine at every time, by four rules.

    Parameters
    ----------
    usage : pandas, Polars or Arrow frame
        ``node``, ``job_id`` (the task), ``time`` (datetime or s), the resource in use, and the
        task's limit in ``<resource>_limit``. A task is on one machine at a time.
    resource : str, default "cpus"
    horizon : str, timedelta or s, default "24h"
        How far the oracle sees, that the predictions are held against.
    share : float, default 0.9
        ``borg_default``: this share of the limits.
    percentile : float, default 0.99
        ``rc_like``: the sum of this percentile of each task's history, at most its limit.
    sigmas : float, default 5
        ``n_sigma``: mean and so many deviations of the machine's use as a share of its limits, at
        most all of them.
    history, warm_up : int, default 24
        Samples looked back over, and samples before a history counts; until then limits stand in.

    Returns
    -------
    MachinePeaks
        ``maximum`` is the larger of ``rc_like`` and ``n_sigma``.

    Raises
    ------
    InvalidInputError
        A column is missing, or a value is missing, negative or infinite; a task twice at a time.

    Notes
    -----
    Predictions cost O(history) a sample and see the past only; the oracle costs O(samples in the
    horizon) a row.

    References
    ----------
    .. [1] Bashir et al., "Take it to the limit: peak prediction-driven resource overcommitment in
       datacenters", EuroSys 2021.

    Examples
    --------
    >>> hours = np.arange(48)
    >>> task = pd.DataFrame({"node": "n", "time": hours * 3600.0, "cpus_limit": 4.0})
    >>> usage = pd.concat([task.assign(job_id=j, cpus=1.0 + (hours % 2)) for j in "ab"])
    >>> peaks = machine_peaks(usage, sigmas=3)
    >>> last = peaks.frame.iloc[-1]
    >>> [float(last[rule]) for rule in ("n_sigma", "rc_like", "borg_default", "oracle")]
    [6.0, 4.0, 7.2, 4.0]
    >>> print(peaks)
    peaks of machines within 24 h, 48 rows
      borg_default: 10.0% of the limits saved; 0.00% too low, by 0.0% of the limits
      rc_like: 26.0% of the limits saved; 0.00% too low, by 0.0% of the limits
      n_sigma: 13.0% of the limits saved; 0.00% too low, by 0.0% of the limits
      maximum: 13.0% of the limits saved; 0.00% too low, by 0.0% of the limits
    """
    table = Table(usage, "usage", "job_id")
    time_ns, missing, kind = read_times(table, "time")
    if missing is not None:
        raise table.bad("time", missing, "present", "drop the row or mend the cell")
    used, limit = (_amounts(table, column) for column in (resource, f"{resource}_limit"))
    (node, nodes), (task, tasks) = _codes(table, "node"), _codes(table, "job_id")
    order = np.lexsort((node, time_ns))
    time_ns, node, task = time_ns[order], node[order], task[order]
    used, limit = used[order], limit[order]
    _check_once(table, time_ns, task, order, len(tasks))
    made = _core.machine_peaks(
        time_ns,
        node,
        task,
        used,
        limit,
        machines=len(nodes),
        tasks=len(tasks),
        share=share,
        percentile=percentile,
        sigmas=sigmas,
        history=history,
        warm_up=warm_up,
    )
    horizon_ns = freq_ns(horizon)
    oracle = _oracle(time_ns, node, task, used, horizon_ns)
    columns = {
        "node": nodes[made["machine"]],
        "time": kind.to_frame_times(made["time_ns"]),
        **{name: made[name] for name in ("usage", "limit", *_RULES)},
        "oracle": oracle,
    }
    return MachinePeaks(
        frame=to_native_like(columns, usage),
        scores=_scores(made, oracle),
        horizon_s=horizon_ns / 1e9,
    )


def _amounts(table: Table, column: str) -> Floats:
    values = table.numbers(column).filled(np.nan).astype(np.float64)
    table.require_range(values, 0.0, 1e15, column, "from 0 to 1e15", "mend the cell")
    return values


def _codes(table: Table, column: str) -> tuple[NDArray[np.int32], NDArray[Any]]:
    codes, names = pd.factorize(table.series(column).to_numpy())
    if (codes < 0).any():
        raise table.bad(column, codes < 0, "present", "drop the row or mend the cell")
    return codes.astype(np.int32), np.asarray(names)


def _check_once(table: Table, time_ns: Any, task: Any, order: Any, tasks: int) -> None:
    again = pd.DataFrame({"time": time_ns, "task": task}).duplicated().to_numpy()
    if again.any():
        rows = np.zeros(table.n, dtype=bool)
        rows[order[again]] = True
        raise table.bad("job_id", rows, "once a time", "drop the repeated row or add its use up")


def _oracle(time_ns: Any, node: Any, task: Any, used: Floats, horizon_ns: int) -> Floats:
    """Per time and machine, the largest sum within the horizon of the tasks there at that time."""
    rows = pd.DataFrame({"time": time_ns, "node": node, "task": task, "used": used})
    parts = []
    for machine, own in rows.groupby("node", sort=True):
        grid = own.pivot_table(index="time", columns="task", values="used")
        present = grid.notna().to_numpy()
        use, times = grid.fillna(0.0).to_numpy(), grid.index.to_numpy()
        end = np.searchsorted(times, times + horizon_ns, side="right")
        peaks = [float((use[i : end[i]] @ present[i]).max()) for i in range(len(times))]
        parts.append(pd.DataFrame({"time": times, "node": machine, "peak": peaks}))
    if not parts:
        return np.empty(0)
    ordered = pd.concat(parts).sort_values(["time", "node"], kind="stable")
    return ordered["peak"].to_numpy(float)


def _scores(made: dict[str, Any], oracle: Floats) -> pd.DataFrame:
    limit = made["limit"]
    if not limit.sum() > 0:
        raise InvalidInputError("the limits must not all be 0; there is nothing to save of them")
    scores = []
    for rule in _RULES:
        short = np.maximum(oracle - made[rule], 0.0)
        low = short > 1e-9 * limit
        severity = short[low] / np.maximum(limit[low], 1e-300)
        saved = 1.0 - made[rule].sum() / limit.sum()
        scores.append((rule, low.mean(), severity.mean() if low.any() else 0.0, saved))
    return pd.DataFrame(scores, columns=["rule", "violations_frac", "severity_frac", "saved_frac"])
