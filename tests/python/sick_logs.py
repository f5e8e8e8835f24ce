"""Logs for the doctor: a sound one, and one sick in each way that is looked for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairlead import traces
from fairlead.traces.trace import no_events

DAY = 86_400


def log(n=3000, days=30, seed=1, **columns):
    """A sound log of two GPUs a job on 40 GPUs, with a daily cycle; `columns` replace its own."""
    rng = np.random.default_rng(seed)
    hour = rng.choice(24, size=n, p=(1 + 0.6 * np.cos((np.arange(24) - 14) / 12 * np.pi)) / 24)
    submit = np.sort(rng.integers(0, days, n) * DAY + hour * 3600 + rng.integers(0, 3600, n))
    run = np.maximum(1, np.rint(np.exp(rng.normal(8.2, 1.1, n)))).clip(1, 2 * DAY)
    frame = pd.DataFrame(
        {
            "job_id": np.arange(n),
            "submit_time": submit,
            "duration_s": run,
            "limit_s": np.ceil(run * rng.uniform(1.3, 3.0, n) / 300) * 300 + rng.integers(1, 99, n),
            "gpus": 2,
            "memory_gib": 32.0,
            "user": rng.choice([f"u{i}" for i in range(40)], size=n),
            "queue": rng.choice(["a", "b"], size=n),
        }
    )
    return frame.assign(**columns)


def nodes(count=10):
    """Nodes of four GPUs and 256 GiB."""
    return pd.DataFrame({"node_id": [f"n{i}" for i in range(count)], "gpus": 4, "memory_gib": 256})


def traced(jobs, machine=None, **meta):
    """A trace of these jobs."""
    return traces.Trace(
        jobs, nodes() if machine is None else machine, no_events(), traces.TraceMeta("csv", **meta)
    )


def names(trace, cluster=None):
    """What is found."""
    return set(traces.doctor(trace, cluster).findings["finding"])


def with_gap(frame):
    """A fortnight in which nothing was collected."""
    late = frame["submit_time"] > 10 * DAY
    return frame.assign(submit_time=frame["submit_time"] + np.where(late, 14 * DAY, 0))


def as_dates(frame, start):
    """Submissions as dates."""
    times = pd.Timestamp(start) + pd.to_timedelta(frame["submit_time"], unit="s")
    return frame.assign(submit_time=times.astype("datetime64[ns]"))


def with_stray_dates(frame):
    """Dates, the first of them in 1970."""
    dated = as_dates(frame, "2026-01-05")
    dated.loc[0, "submit_time"] = pd.Timestamp("1970-01-01")
    return dated


def cut(frame):
    """Only jobs that had ended when the log ends."""
    ended = frame["submit_time"] + frame["duration_s"] <= frame["submit_time"].max()
    return frame[ended].reset_index(drop=True)


def with_flurry(frame):
    """Another 900 jobs of one user within an hour."""
    many = frame.head(900).assign(
        job_id=np.arange(900) + 10**6, user="u3", duration_s=30.0,
        submit_time=15 * DAY + 36_000 + np.arange(900) * 4,
    )  # fmt: skip
    joined = pd.concat([frame, many]).sort_values("submit_time", kind="stable")
    return joined.reset_index(drop=True)


def set_rows(column, rows, value):
    """A change of some cells of one column."""

    def change(frame):
        changed = frame.assign(**{column: frame[column].astype(float)})
        changed.loc[rows, column] = value
        return changed

    return change


SICK = {
    "missing_times": (set_rows("submit_time", [5, 9], np.nan), "critical", 2),
    "unsorted_times": (lambda f: f.iloc[::-1].reset_index(drop=True), "warning", None),
    "gaps": (with_gap, "warning", 1),
    "odd_dates": (lambda f: as_dates(f, "1970-01-01"), "warning", 3000),
    "odd_dates of some": (with_stray_dates, "warning", 1),
    "submit_unit": (
        lambda f: f.assign(submit_time=(f["submit_time"] + 1_700_000_000) * 1000), "critical", 3000
    ),
    "run_time_unit": (lambda f: f.assign(duration_s=f["duration_s"] * 1000), "critical", 3000),
    "limit_unit": (lambda f: f.assign(limit_s=f["limit_s"] / 60), "critical", None),
    "limit_unit too long": (lambda f: f.assign(limit_s=f["limit_s"] * 1000), "critical", 3000),
    "memory_unit": (lambda f: f.assign(memory_gib=f["memory_gib"] * 1024), "critical", 3000),
    "duplicate_ids": (set_rows("job_id", [7, 8], 3), "critical", 2),
    "repeated_rows": (
        lambda f: pd.concat([f, f.head(90).assign(job_id=np.arange(90) + 10**6)])
        .sort_values("submit_time", kind="stable").reset_index(drop=True), "warning", None,
    ),
    "missing_run_times": (set_rows("duration_s", [1, 2, 3], np.nan), "critical", 3),
    "missing_run_times of all": (lambda f: f.drop(columns="duration_s"), "critical", 3000),
    "negative_run_times": (set_rows("duration_s", [4], -60), "critical", 1),
    "zero_run_times": (set_rows("duration_s", [4, 5], 0), "warning", 2),
    "missing_limits": (set_rows("limit_s", range(50), np.nan), "warning", 50),
    "over_limit": (set_rows("limit_s", range(50), 0.5), "warning", 50),
    "asks_nothing": (lambda f: f.drop(columns=["gpus", "memory_gib"]), "critical", 3000),
    "asks_nothing of some": (
        lambda f: f.assign(gpus=np.where(f.index < 9, 0, 2),
                           memory_gib=np.where(f.index < 9, 0, 32)), "warning", 9
    ),
    "never_fits": (set_rows("gpus", range(40), 5), "critical", 40),
    "overload": (lambda f: f.assign(gpus=4, duration_s=f["duration_s"] * 2,
                                    limit_s=f["limit_s"] * 2), "critical", 3000),
    "dominant_user": (lambda f: f.assign(user=np.where(f.index % 2, "u0", f["user"])),
                      "warning", None),
    "flurries": (with_flurry, "warning", None),
    "cut_end": (lambda f: cut(f.assign(duration_s=f["duration_s"] * 4, limit_s=f["limit_s"] * 4)),
                "warning", None),
    "loose_limits": (lambda f: f.assign(limit_s=f["limit_s"] * 10), "warning", None),
}  # fmt: skip
