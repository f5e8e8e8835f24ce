"""What jobs asked for and did not use, what that cost, and what they could ask for instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.prediction.requests.advice import advice_of
from fairlead.prediction.requests.columns import Amounts, Asked, read_asked
from fairlead.printed import Printed
from fairlead.tables import to_native_like, to_pandas
from fairlead.tables.frames import Bools, Floats, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RightSizing", "rightsizing"]

_MOST_LINES = 5
_UNITS = {"gpus": "GPU", "cpus": "CPU", "memory_gib": "GiB", "gpu_memory_gib": "GPU memory GiB"}


@dataclass(frozen=True, eq=False, repr=False)
class RightSizing(Printed):
    """Requests beside use.

    Attributes
    ----------
    jobs : DataFrame
        A row a job, in the order and library of the input: ``job_id``, the group and key columns,
        ``hours``; for each resource ``<r>_asked``, ``<r>_used`` (per task), ``<r>_wasted_h``
        (unit-hours of all tasks; missing where use was not measured); ``wasted_usd``,
        ``lost_usd``.
    groups : DataFrame
        A row a value of `by` and a row of each resource: ``jobs``, ``asked_h``, ``measured_h`` (of
        jobs whose use is known), ``used_h``, ``wasted_h``, ``wasted_frac`` (of the measured),
        ``lost_h`` (of jobs that failed), ``wasted_usd``, ``lost_usd``; the most wasteful first.
    advice : DataFrame
        A row a key and resource (and ``limit_s``): ``jobs`` measured, ``share`` of the present
        request that would do, ``typical_asked`` and ``recommended`` (medians, per task),
        ``risk_frac`` (chance that the next job needs more), ``saved_h``, ``saved_usd``.
    totals : DataFrame
        As `groups`, over all jobs, a row a resource.
    by, key : str
    quantile, margin : float
    """

    jobs: Any
    groups: Any
    advice: Any
    totals: pd.DataFrame
    by: str
    key: str
    quantile: float
    margin: float

    def summary(self) -> str:
        """A few lines for people: waste by resource, and whose it is."""
        lines = [f"requests of {len(self.jobs):,} jobs"]
        for row in self.totals.to_dict("records"):
            known = row["measured_h"] / row["asked_h"] if row["asked_h"] else 0.0
            wasted = (
                f"{row['wasted_h']:,.0f} wasted ({row['wasted_frac']:.0%} of what was measured)"
                if row["measured_h"]
                else "use not measured"
            )
            dollars = f", {row['wasted_usd']:,.0f} USD" if row["wasted_usd"] else ""
            lost = f"; {row['lost_h']:,.0f} in jobs that failed" if row["lost_h"] else ""
            lines.append(
                f"  {_UNITS[row['resource']]} hours: {row['asked_h']:,.0f} asked, "
                f"{known:.0%} measured, {wasted}{dollars}{lost}"
            )
        lines += self._worst() + self._advised()
        return "\n".join(lines)

    def _worst(self) -> list[str]:
        groups = to_pandas(self.groups, "groups")
        main = self._main()
        rows = groups[(groups["resource"] == main) & (groups["wasted_h"] > 0)].head(_MOST_LINES)
        return [
            f"  {self.by} {row[self.by]}: {row['wasted_h']:,.0f} {_UNITS[main]} hours wasted of "
            f"{row['measured_h']:,.0f} ({row['wasted_frac']:.0%}), {row['jobs']:,} jobs"
            + (f", {row['wasted_usd']:,.0f} USD" if row["wasted_usd"] else "")
            for _, row in rows.iterrows()
        ]

    def _advised(self) -> list[str]:
        advice = to_pandas(self.advice, "advice")
        less = advice[(advice["saved_h"] > 0) & (advice["resource"] == self._main())]
        return [
            f"  {self.key} {row[self.key]}: ask {row['share']:.0%} of the present "
            f"{row['resource']} (risk {row['risk_frac']:.0%}, {row['jobs']:,} jobs)"
            for _, row in less.head(_MOST_LINES).iterrows()
        ]

    def _main(self) -> str:
        """The resource whose waste costs most, or the first that was measured."""
        measured = self.totals[self.totals["measured_h"] > 0]
        rows = measured if len(measured) else self.totals
        dear = rows.sort_values("wasted_usd", ascending=False, kind="stable")
        return str(dear["resource"].iloc[0])

    def plot(self) -> Figure:
        """Hours used, wasted and not measured by group, the most wasteful first.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.prediction.requests.drawing import draw_waste

        return draw_waste(to_pandas(self.groups, "groups"), self.by, self._main())


def rightsizing(
    jobs: Any,
    prices: Mapping[str, Any] | None = None,
    *,
    by: str = "user",
    key: str | None = None,
    quantile: float = 0.95,
    margin: float = 0.1,
    least_jobs: int = 5,
) -> RightSizing:
    """Compare what finished jobs asked for with what they used.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame
        The jobs table with ``duration_s`` (s), ``limit_s`` (s, asked), ``tasks``, and per task what
        was asked in ``gpus``, ``cpus``, ``memory_gib``, ``gpu_memory_gib`` and used in
        ``used_gpus``, ... (busy devices or cores as a mean, memory at its peak; missing: not
        measured). Readers' columns count too: ``recorded_cpu_time_s``, ``recorded_memory_kib`` and
        ``asked_memory_kib`` of SWF, ``recorded_max_rss_gib`` of Slurm, ``recorded_state``.
    prices : dict of resource to USD, optional
        Of a unit and hour; of ``gpus`` also a dict by ``gpu_type``.
    by : str, default "user"
        Column to report by: ``user``, ``queue``, ``tenant``.
    key : str, optional
        Column of jobs that are alike, for the advice: a job's name, a script; by default `by`.
    quantile : float, default 0.95
        Of used over asked among the jobs of a key, that the advice covers.
    margin : float, default 0.1
        Added to it, as a share.
    least_jobs : int, default 5
        Measured jobs below which a key gets no advice.

    Returns
    -------
    RightSizing

    Raises
    ------
    InvalidInputError
        A column is missing, or a value is negative or infinite; a price or type without one.

    Notes
    -----
    Waste of a job is (asked - used) x tasks x hours, at least 0. A key of n measured jobs is
    advised to ask the share ``min(1, quantile x (1 + margin))`` of what it asks, GPUs whole where
    they are asked whole; k of the n needed more than that, and the risk is (k + 1)/(n + 2), so that
    few jobs do not look safe. It holds if the next job is like those before. A mean of busy GPUs or
    cores says nothing of short peaks. Time that was asked for and not used costs nothing by
    itself, but keeps jobs from being backfilled.

    References
    ----------
    .. [1] Rule of succession: Laplace, "Essai philosophique sur les probabilites", 1814.

    Examples
    --------
    >>> jobs = pd.DataFrame({
    ...     "user": ["ann", "ann", "bob"], "duration_s": 36000, "gpus": [8, 8, 4],
    ...     "used_gpus": [2.0, 2.0, 4.0],
    ... })
    >>> print(rightsizing(jobs, prices={"gpus": 2.0}, least_jobs=2))
    requests of 3 jobs
      GPU hours: 200 asked, 100% measured, 120 wasted (60% of what was measured), 240 USD
      user ann: 120 GPU hours wasted of 160 (75%), 2 jobs, 240 USD
      user ann: ask 38% of the present gpus (risk 25%, 2 jobs)
    """
    if not 0 < quantile <= 1:
        raise InvalidInputError(f"quantile must be above 0 and at most 1, got {quantile!r}")
    if not 0 <= margin < np.inf:
        raise InvalidInputError(f"margin must be at least 0, got {margin!r}")
    if least_jobs < 1:
        raise InvalidInputError(f"least_jobs must be at least 1, got {least_jobs!r}")
    key = by if key is None else key
    table = Table(jobs, "jobs", "job_id")
    if table.n == 0:
        raise InvalidInputError("jobs has no rows; there is nothing to compare")
    read = read_asked(table, prices)
    groups, keys = _labels(table, by), _labels(table, key)
    advice = advice_of(read, keys, key, quantile, margin, least_jobs)
    return RightSizing(
        jobs=_job_frame(table, read, {by: groups, key: keys}, jobs),
        groups=_native(_group_frame(read, groups, by), jobs),
        advice=_native(advice, jobs),
        totals=_group_frame(read, np.zeros(table.n, dtype=object), by).drop(columns=by),
        by=by,
        key=key,
        quantile=quantile,
        margin=margin,
    )


def _labels(table: Table, column: str) -> Any:
    codes, names = table.codes(column)
    return np.array([*names, "(none)"], dtype=object)[codes]


def _native(frame: pd.DataFrame, like: Any) -> Any:
    return to_native_like({str(name): frame[name].to_numpy() for name in frame}, like)


def _hours(read: Asked, amounts: Amounts) -> tuple[Floats, Floats, Bools]:
    """Unit-hours asked and wasted by all tasks of each job, and where both are known."""
    hours = np.nan_to_num(read.hours) * read.tasks
    asked = np.nan_to_num(amounts.asked) * hours
    known = ~np.isnan(amounts.used) & ~np.isnan(amounts.asked) & ~np.isnan(read.hours)
    wasted = np.where(known, np.maximum(amounts.asked - amounts.used, 0.0) * hours, 0.0)
    return asked, wasted, known


def _job_frame(table: Table, read: Asked, labels: dict[str, Any], like: Any) -> Any:
    identifiers = table.ids("job_id") if "job_id" in table else np.arange(table.n)
    columns: dict[str, Any] = {"job_id": identifiers, **labels, "hours": read.hours}
    wasted_usd, lost_usd = np.zeros(table.n), np.zeros(table.n)
    for name, amounts in read.resources.items():
        asked, wasted, known = _hours(read, amounts)
        columns[f"{name}_asked"] = amounts.asked
        columns[f"{name}_used"] = amounts.used
        columns[f"{name}_wasted_h"] = np.where(known, wasted, np.nan)
        wasted_usd += wasted * amounts.price
        lost_usd += np.where(read.lost, asked * amounts.price, 0.0)
    columns |= {"wasted_usd": wasted_usd, "lost_usd": lost_usd}
    return to_native_like(columns, like, same_rows=True)


def _group_frame(read: Asked, labels: Any, by: str) -> pd.DataFrame:
    frames = []
    for name, amounts in read.resources.items():
        asked, wasted, known = _hours(read, amounts)
        measured = np.where(known, asked, 0.0)
        rows = pd.DataFrame(
            {
                "jobs": np.ones(len(asked), dtype=np.int64),
                "asked_h": asked,
                "measured_h": measured,
                "used_h": measured - wasted,
                "wasted_h": wasted,
                "lost_h": np.where(read.lost, asked, 0.0),
                "wasted_usd": wasted * amounts.price,
                "lost_usd": np.where(read.lost, asked * amounts.price, 0.0),
            }
        )
        sums = rows.groupby(labels, sort=True).sum().rename_axis(by).reset_index()
        share = sums["wasted_h"] / sums["measured_h"].where(sums["measured_h"] > 0)
        sums.insert(list(sums).index("wasted_h") + 1, "wasted_frac", share.fillna(0.0))
        sums.insert(1, "resource", name)
        frames.append(sums)
    made = pd.concat(frames, ignore_index=True)
    filled = made["asked_h"] > 0
    if filled.any():  # else what is told is that nothing was
        made = made[filled]
    order = ["wasted_usd", "wasted_h", "asked_h"]
    return made.sort_values(order, ascending=False, kind="stable", ignore_index=True)
