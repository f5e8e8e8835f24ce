"""Predicted peaks of machines against hand-computed cases and a slow oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairlead.errors import InvalidInputError
from fairlead.prediction import machine_peaks


def usage_of(tasks: int, times: int, seed: int) -> pd.DataFrame:
    """Tasks on three machines that come, go and use part of their limits."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    rows = []
    for task in range(tasks):
        begin = int(rng.integers(0, times // 2))
        end = int(rng.integers(begin + 1, times + 1))
        limit = float(rng.uniform(1, 8))
        used = limit * rng.uniform(0.1, 0.6, end - begin)
        rows += [(task % 3, task, 300.0 * t, used[t - begin], limit) for t in range(begin, end)]
    return pd.DataFrame(rows, columns=["node", "job_id", "time", "cpus", "cpus_limit"])


def test_predictions_by_hand() -> None:
    """Two samples of 1 and 3 under a limit of 10: mean 2, deviation 1, percentile 3."""
    frame = pd.DataFrame({"node": "n", "job_id": "a", "time": [0, 1], "cpus": [1.0, 3.0]})
    peaks = machine_peaks(frame.assign(cpus_limit=10.0), sigmas=2, warm_up=2, history=2)
    last = peaks.frame.iloc[-1]
    assert last[["usage", "limit", "borg_default"]].tolist() == [3.0, 10.0, 9.0]
    assert last[["rc_like", "n_sigma", "maximum"]].tolist() == pytest.approx([3.0, 4.0, 4.0])


def test_limits_stand_in_until_warm() -> None:
    """Without history a machine's peak is the sum of its limits."""
    frame = pd.DataFrame({"node": "n", "job_id": ["a", "b"], "time": 0, "cpus": 1.0})
    first = machine_peaks(frame.assign(cpus_limit=[4.0, 6.0])).frame.iloc[0]
    assert first[["rc_like", "n_sigma", "maximum"]].tolist() == [10.0, 10.0, 10.0]


def test_oracle_is_the_peak_of_the_tasks_present() -> None:
    """Tasks that come later do not count, those that leave count while they are there."""
    frame = usage_of(12, 40, seed=1)
    peaks = machine_peaks(frame, horizon="30min").frame
    for row in peaks.sample(40, random_state=1).itertuples():
        here = frame[(frame["node"] == row.node) & (frame["time"] == row.time)]["job_id"]
        ahead = frame[frame["job_id"].isin(here) & frame["time"].between(row.time, row.time + 1800)]
        assert row.oracle == pytest.approx(ahead.groupby("time")["cpus"].sum().max())


def test_prediction_sees_no_future() -> None:
    """Changing what comes changes no earlier prediction."""
    frame = usage_of(12, 40, seed=2)
    changed = frame.assign(cpus=frame["cpus"].where(frame["time"] < 6_000, 0.0))
    columns = ["borg_default", "rc_like", "n_sigma", "maximum"]
    before, after = machine_peaks(frame).frame, machine_peaks(changed).frame
    past = before["time"] < 6_000
    pd.testing.assert_frame_equal(before.loc[past, columns], after.loc[past, columns])


def test_rows_in_any_order_give_the_same() -> None:
    """The order of rows means nothing."""
    frame = usage_of(9, 30, seed=3)
    mixed = machine_peaks(frame.sample(frac=1, random_state=2)).scores
    pd.testing.assert_frame_equal(machine_peaks(frame).scores, mixed)


def test_scores_add_up_and_are_drawn() -> None:
    """Borg's default saves a tenth of the limits; the picture has a point a rule."""
    peaks = machine_peaks(usage_of(12, 60, seed=4))
    assert peaks.scores.set_index("rule").loc["borg_default", "saved_frac"] == pytest.approx(0.1)
    assert len(peaks.plot().axes[0].texts) == 4


def test_bad_usage_is_an_error() -> None:
    """A task twice at one time, a missing limit and limits of nothing are named."""
    frame = pd.DataFrame({"node": "n", "job_id": ["a", "a"], "time": 0, "cpus": 1.0})
    with pytest.raises(InvalidInputError, match=r"once a time; row 1 \(job 'a'\)"):
        machine_peaks(frame.assign(cpus_limit=4.0))
    with pytest.raises(InvalidInputError, match="'cpus_limit'"):
        machine_peaks(frame)
    with pytest.raises(InvalidInputError, match="must not all be 0"):
        machine_peaks(frame.assign(cpus_limit=0.0, time=[0, 1]))
