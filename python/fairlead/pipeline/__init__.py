"""The closed loop: forecast, allocate, schedule up to the next step, monitor, feed back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from fairlead.cluster import Cluster, as_cluster
from fairlead.errors import InvalidInputError
from fairlead.management import Rule
from fairlead.pipeline.loop import Loop, Settings
from fairlead.pipeline.result import PipelineResult
from fairlead.prediction.intervals import freq_ns
from fairlead.scheduling import schedule
from fairlead.tables import to_pandas

__all__ = ["Pipeline", "PipelineResult"]


class Pipeline:
    """Plan capacity for a cluster in rolling steps, in simulation.

    At each step: what has happened so far becomes demand (as `demand_series` does, with estimates
    in place of run times of jobs that have not ended), the demand a forecast (`predict`), the
    forecast a plan (`allocate`); the plan is put in force (`Simulation.set_plan`), the simulation
    moves on to the next step, and its metrics are judged by alert rules (as `manage` does), which
    feed back into the next plan.

    Parameters
    ----------
    step : str, timedelta or s, default "1h"
        How often to plan anew; also the interval of the demand series.
    horizon : int, default 24
        Intervals to forecast.
    model : str, default "auto"
        Of `predict`.
    strategy : {"dynamic", "static"}
        Of `allocate`.
    quantile : float, default 0.9
        Of demand, to be covered.
    startup_s, cooldown_s : float
        Of `allocate` (s); default 5 min and 30 min.
    floor, ceiling : float or dict of pool to float, optional
        Of `allocate`, in units of the resource.
    resource : str, optional
        What is planned; by default GPUs, else other devices, else CPUs.
    warmup : int, default 24
        Intervals of history to wait for before the first plan; until then all nodes are on.
    history : int, default 672
        Intervals of history a forecast is made from, at the most (four weeks of hours).
    rules : iterable of Rule, optional
        Alert rules, judged at every step on ``running``, ``waiting``, ``oldest_wait_s``,
        ``lost_frac``, ``utilisation`` and ``utilisation_<r>``; by default `default_rules`.
    feedback : bool, default True
        Whether alerts change the next plan; see Notes.
    **options
        Of `schedule`: ``policy``, ``order``, ``placement``, ``run_times``, ``default_limit_s``, ...

    Raises
    ------
    InvalidInputError
        An option is out of range.

    Notes
    -----
    Fed back, step by step: (1) ended jobs correct the demand history. (2) Where jobs wait, the
    first interval of a plan covers all running and waiting work, and the widest waiting job: a
    forecast of demand with unlimited capacity knows nothing of jobs that had to wait. (3) While an
    alert on ``waiting`` or ``oldest_wait_s`` fires, the quantile rises by 0.05 a step, up to 0.99,
    and falls back as slowly; while a critical one fires, everything is ordered.

    No look-ahead: a step knows submissions up to its own time and the run times of ended jobs only.
    Beyond the horizon every plan orders all nodes, so that no job counts as infeasible that fits
    the ceiling. O(steps * (jobs so far + forecast)).

    Examples
    --------
    >>> import fairlead, numpy as np, pandas as pd
    >>> hours = np.arange(96)
    >>> jobs = pd.DataFrame({"submit_time": hours * 3600.0, "duration_s": 3500.0, "limit_s": 3600.0,
    ...                      "gpus": np.where(hours % 24 < 12, 8, 2)})
    >>> cluster = fairlead.Cluster.homogeneous(nodes=4, gpus=8)
    >>> result = fairlead.Pipeline(step="1h", startup_s=0, cooldown_s=0).run(jobs, cluster)
    >>> result.metrics["capacity_gpus_h"] < 0.5 * result.metrics["full_capacity_gpus_h"]
    True
    >>> result.schedule.metrics["mean_wait_s"]
    0.0
    """

    def __init__(
        self,
        step: Any = "1h",
        *,
        horizon: int = 24,
        model: str = "auto",
        strategy: str = "dynamic",
        quantile: float = 0.9,
        startup_s: float = 300.0,
        cooldown_s: float = 1800.0,
        floor: float | Mapping[str, float] = 0.0,
        ceiling: float | Mapping[str, float] | None = None,
        resource: str | None = None,
        warmup: int = 24,
        history: int = 672,
        rules: Iterable[Rule] | None = None,
        feedback: bool = True,
        **options: Any,
    ) -> None:
        if not 0 < quantile < 1:
            raise InvalidInputError(f"quantile must be above 0 and below 1; got {quantile!r}")
        if not 1 <= warmup <= history:
            raise InvalidInputError(
                f"warmup must be from 1 to history; got {warmup!r} and {history!r}"
            )
        self._settings = Settings(
            step_ns=freq_ns(step),
            horizon=horizon,
            model=model,
            strategy=strategy,
            quantile=quantile,
            startup_s=startup_s,
            cooldown_s=cooldown_s,
            floor=floor,
            ceiling=ceiling,
            resource=resource,
            warmup=warmup,
            history=history,
            rules=None if rules is None else tuple(rules),
            feedback=feedback,
        )
        self._options = options

    def run(
        self, trace: Any, cluster: Any = None, *, progress: bool = False, baseline: bool = True
    ) -> PipelineResult:
        """Run the loop over a trace until its last job has ended.

        Parameters
        ----------
        trace : Trace or jobs frame
            What is submitted; a trace's events take place too.
        cluster : Cluster or nodes frame, optional
            All the nodes there are; by default those of the trace.
        progress : bool
            Show a progress bar.
        baseline : bool, default True
            Also schedule the same jobs with all nodes on all the time, to compare with.

        Returns
        -------
        PipelineResult

        Raises
        ------
        InvalidInputError
            Bad tables or options, no jobs, or pools that cannot be planned (see `allocate`).
        """
        jobs, cluster, options = self._inputs(trace, cluster)
        loop = Loop(self._settings, jobs, cluster, options)
        loop.run(progress=progress)
        full = schedule(jobs, cluster, **options) if baseline else None
        return loop.result(jobs, full)

    def _inputs(self, trace: Any, cluster: Any) -> tuple[pd.DataFrame, Cluster, dict[str, Any]]:
        options = dict(self._options)
        is_trace = hasattr(trace, "jobs") and hasattr(trace, "meta")
        if is_trace and len(trace.events):
            options.setdefault("events", trace.events)
        if cluster is None:
            if not is_trace:
                raise InvalidInputError("give the cluster: Pipeline(...).run(jobs, cluster)")
            cluster = trace.cluster()
        jobs = to_pandas(trace.jobs if is_trace else trace, "jobs")
        if jobs.empty:
            raise InvalidInputError("jobs has no rows; there is nothing to run")
        return jobs, as_cluster(cluster), options
