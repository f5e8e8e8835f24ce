"""Remedies that change the load, and predictions to plan with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fairlead.cluster import as_cluster
from fairlead.errors import InvalidInputError
from fairlead.traces.diagnosis.editing import changed, without
from fairlead.traces.diagnosis.estimates import PREDICTED
from fairlead.traces.diagnosis.feasibility import never_fits
from fairlead.traces.diagnosis.people import flurry_rows
from fairlead.traces.diagnosis.view import View
from fairlead.traces.trace import Trace

# Runs that a prediction averages, as in the literature.
_RUNS = 2


def drop_infeasible(trace: Trace, cluster: Any = None) -> Trace:
    view = View(trace, trace.cluster() if cluster is None else as_cluster(cluster))
    return without(trace, never_fits(view) != "", "never fits")


def drop_flurries(trace: Trace) -> Trace:
    return without(trace, flurry_rows(View(trace, None)), "flurry")


def _spread(rows: Any, keep: float) -> Any:
    """An even choice of a part of the rows, in their order."""
    chosen = np.diff(np.floor(np.arange(rows.size + 1) * keep + 0.5)) > 0
    return rows[chosen]


def thin(trace: Trace, keep: float) -> Trace:
    _check_part("keep", keep)
    gone = np.ones(len(trace.jobs), dtype=bool)
    gone[_spread(View(trace, None).order, keep)] = False
    return without(trace, gone, "thin")


def thin_user(trace: Trace, user: str, share: float, of: str) -> Trace:
    _check_part("share", share)
    view = View(trace, None)
    codes, names = view.names("user")
    if str(user) not in names:
        raise InvalidInputError(f"no job is of user {user!r}")
    theirs = codes == names.index(str(user))
    weights = view.work if of == "work" else np.ones(view.n)
    # With the others' weight w, a share s is reached when s / (1 - s) * w is left.
    others = float(weights[~theirs].sum())
    keep = min(1.0, share / (1 - share) * others / max(float(weights[theirs].sum()), 1e-9))
    rows = view.order[theirs[view.order]]
    if of == "work":
        # By weight, so that an even choice of jobs is an even choice of work.
        rows = rows[np.argsort(weights[rows], kind="stable")]
    gone = theirs.copy()
    gone[_spread(rows, keep)] = False
    return without(trace, gone, "thin_user")


def _check_part(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InvalidInputError(f"{name} must be between 0 and 1, got {value!r}")


def predict_run_times(trace: Trace) -> Trace:
    view = View(trace, None)
    codes, _ = view.names("user")
    runs = pd.DataFrame({"user": codes, "time": view.submit_s, "run": view.run_s})
    known = runs[np.isfinite(view.submit_s) & (view.run_s >= 0)]
    ended = known.assign(time=known["time"] + known["run"]).sort_values("time", kind="stable")
    mean = ended.groupby("user")["run"].rolling(_RUNS, min_periods=1).mean()
    ended["run"] = mean.reset_index(level=0, drop=True)
    asking = runs[np.isfinite(view.submit_s)].drop(columns="run")
    asking = asking.assign(row=asking.index).sort_values("time", kind="stable")
    found = pd.merge_asof(asking, ended, on="time", by="user")
    predicted = pd.Series(np.nan, index=runs.index)
    predicted[found["row"]] = found["run"].to_numpy()
    # fmin passes over what is missing: nobody plans beyond a limit, or has one where there is none.
    seconds = np.fmin(np.maximum(predicted.to_numpy(), 1.0), view.limit_s)
    jobs = trace.jobs.assign(**{PREDICTED: seconds})
    return changed(trace, jobs, len(jobs), "predict_run_times")
