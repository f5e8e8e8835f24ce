"""The four functions of the first document, and its main program as written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.strategies import (
    resource_allocation_strategy,
    resource_demand_prediction,
    resource_management_strategy,
    resource_scheduling_strategy,
)

HOUR = 3600.0

PROGRAM = """
import pandas as pd
from fairlead import (
    resource_allocation_strategy,
    resource_demand_prediction,
    resource_management_strategy,
    resource_scheduling_strategy,
)


def main():
    history_data = pd.read_csv("history_data.csv")
    forecast_horizon = 24
    predicted_demand = resource_demand_prediction(history_data, forecast_horizon)
    allocated_resources = resource_allocation_strategy(predicted_demand, "{allocation}")
    scheduled_resources = resource_scheduling_strategy(allocated_resources, "{scheduling}")
    managed_resources = resource_management_strategy(scheduled_resources)
    print("Predicted demand:", predicted_demand)
    print("Allocated resources:", allocated_resources)
    print("Scheduled resources:", scheduled_resources)
    print("Managed resources:", managed_resources)


if __name__ == "__main__":
    main()
"""


def jobs_history(days: int = 5, *, per_day: int = 40) -> pd.DataFrame:
    """A jobs table with times as text, as a CSV has them, and one gang of five nodes."""
    rng = np.random.default_rng(42)
    n = days * per_day
    submit = np.sort(rng.uniform(0, days * 24 * HOUR, n)).round()
    duration = rng.lognormal(8.0, 1.0, n).clip(60, 8 * HOUR).round()
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(submit, unit="s")
    jobs = pd.DataFrame(
        {
            "job_id": np.arange(n),
            "submit_time": times.strftime("%Y-%m-%d %H:%M:%S"),
            "duration_s": duration,
            "limit_s": duration * 2,
            "gpus": rng.choice([1, 2, 4], n),
            "tasks": 1,
        }
    )
    jobs.loc[n - 5, ["gpus", "tasks"]] = [8, 5]
    return jobs


def demand_history(days: int = 5) -> pd.DataFrame:
    """A demand table with a daily cycle."""
    hour = np.arange(24 * days)
    ds = pd.date_range("2024-01-01", periods=hour.size, freq="1h")
    y = 10 + 8 * np.sin(2 * np.pi * (hour % 24 - 6) / 24)
    return pd.DataFrame({"ds": ds, "y": y.round(2)})


@pytest.mark.parametrize("allocation", ["static", "dynamic"])
@pytest.mark.parametrize("scheduling", ["FCFS", "SJF"])
@pytest.mark.parametrize("history", [jobs_history, demand_history])
def test_the_main_program_runs_as_written(
    tmp_path: Path, allocation: str, scheduling: str, history: object
) -> None:
    """With a history_data.csv of jobs or of demand beside it."""
    history().to_csv(tmp_path / "history_data.csv", index=False)
    (tmp_path / "main.py").write_text(PROGRAM.format(allocation=allocation, scheduling=scheduling))
    done = subprocess.run(
        [sys.executable, "-W", "error", "main.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(fairlead.__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert f"Allocated resources: {allocation} plan for gpus" in done.stdout
    assert f"Scheduled resources: {scheduling.lower()} (order {scheduling.lower()}" in done.stdout
    assert "Managed resources: utilisation of gpus" in done.stdout
    assert "infeasible" not in done.stdout


def chain(history: pd.DataFrame, allocation: str = "dynamic", scheduling: str = "FCFS") -> tuple:
    """All four results."""
    predicted = resource_demand_prediction(history, 24)
    allocated = resource_allocation_strategy(predicted, allocation)
    scheduled = resource_scheduling_strategy(allocated, scheduling)
    return predicted, allocated, scheduled, resource_management_strategy(scheduled)


def test_each_result_carries_history_and_cluster_on() -> None:
    """The next function needs nothing else."""
    history = jobs_history()
    predicted, allocated, scheduled, managed = chain(history)
    assert predicted.history["job_id"].tolist() == history["job_id"].tolist()
    assert allocated.demand is predicted
    assert scheduled.allocated is allocated
    assert scheduled.schedule.cluster is predicted.cluster
    assert managed.metrics["utilisation_gpus_mean"] > 0


def test_without_a_cluster_default_nodes_hold_the_peak_and_the_widest_job() -> None:
    """8 GPUs, 96 CPUs and 1,024 GiB each; a gang of five nodes needs five."""
    predicted = resource_demand_prediction(jobs_history(), 24)
    demand = fairlead.demand_series(predicted.history, "1h", until="2024-01-06")
    nodes = max(int(np.ceil(demand["y"].max() / 8)), 5)
    assert predicted.cluster.capacity == {
        "cpus": 96.0 * nodes,
        "memory_gib": 1024.0 * nodes,
        "gpus": 8.0 * nodes,
    }
    assert predicted.notes == (
        f"no cluster given: {nodes} default nodes, as the peak demand needs",
    )
    small = resource_demand_prediction(demand_history(), 24)
    assert small.cluster.capacity["gpus"] == 24  # the peak is 18


def test_processors_count_where_no_job_asks_gpus() -> None:
    """200 CPUs at once need three default nodes."""
    history = pd.DataFrame(
        {"submit_time": np.arange(48) * HOUR, "duration_s": 3600.0, "limit_s": 3600.0, "cpus": 200}
    ).assign(tasks=1)
    history["cpus"], history["tasks"] = 40, 5
    predicted, allocated, scheduled, _ = chain(history)
    assert predicted.forecast.resource == allocated.plan.resource == "cpus"
    assert len(predicted.cluster) == 3
    assert set(scheduled.schedule.jobs["status"]) == {"completed"}


def test_a_cluster_given_is_kept() -> None:
    """And the plan is within it."""
    cluster = Cluster.homogeneous(nodes=6, gpus=8)
    predicted = resource_demand_prediction(jobs_history(), 24, cluster=cluster)
    assert predicted.cluster is cluster
    assert predicted.notes == ()
    assert resource_allocation_strategy(predicted, "static").plan.rows["amount"].max() <= 48


def test_the_last_intervals_are_replayed_under_the_plan_moved_back() -> None:
    """As many as the horizon has; the plan begins with them."""
    history = jobs_history()
    _, allocated, scheduled, _ = chain(history)
    submit = pd.to_datetime(history["submit_time"])
    recent = history[submit >= "2024-01-05"]
    assert scheduled.jobs["job_id"].tolist() == recent["job_id"].tolist()
    assert allocated.plan.begin == pd.Timestamp("2024-01-06")
    steps = scheduled.schedule.utilisation
    last = steps[steps["time"] < "2024-01-06"]["capacity_gpus"]
    ordered = allocated.plan.rows["amount"]
    assert set(last) <= {*ordered, scheduled.schedule.cluster.capacity["gpus"]} | set(
        last[last > ordered.min()]
    )
    assert scheduled.schedule.header["policy"] == "fcfs"


def test_a_demand_history_becomes_unit_jobs_and_says_so() -> None:
    """One job a unit and hour, of the last day."""
    history = demand_history()
    _, _, scheduled, _ = chain(history)
    last = history["y"].tail(24)
    assert len(scheduled.jobs) == np.rint(last).sum()
    assert set(scheduled.jobs["gpus"]) == {1}
    assert set(scheduled.jobs["duration_s"]) == {HOUR}
    assert "the history has no jobs: unit jobs stand in for its demand" in scheduled.notes
    assert "unit jobs stand in" in str(scheduled)


def test_a_demand_history_per_pool_becomes_jobs_of_the_pools() -> None:
    """Series named as pools stay with them."""
    nodes = pd.DataFrame({"node_id": list("abcdef"), "pool": ["p"] * 3 + ["q"] * 3, "gpus": 8})
    one = demand_history(3)
    history = pd.concat([one.assign(unique_id="p"), one.assign(unique_id="q", y=one["y"] / 2)])
    predicted = resource_demand_prediction(history, 12, cluster=nodes)
    allocated = resource_allocation_strategy(predicted, "dynamic")
    scheduled = resource_scheduling_strategy(allocated, "FCFS")
    assert set(allocated.plan.rows["pool"]) == {"p", "q"}
    count = scheduled.jobs["pool"].value_counts()
    assert count["p"] > 1.5 * count["q"]


def test_jobs_without_limits_are_planned_with_true_run_times_and_it_says_so() -> None:
    """SJF needs some estimate; the schedule is stamped."""
    _, _, scheduled, _ = chain(jobs_history().drop(columns="limit_s"), scheduling="SJF")
    assert scheduled.schedule.header["clairvoyant"]
    assert any("true run times stand in" in note for note in scheduled.notes)


def test_shortest_first_lets_short_jobs_go_first() -> None:
    """A long and a short job behind one that fills the cluster."""
    history = pd.DataFrame(
        {
            "submit_time": [0.0, 60.0, 120.0],
            "duration_s": [1800.0, 3600.0, 600.0],
            "limit_s": [1800.0, 3600.0, 600.0],
            "gpus": 8,
        }
    )
    cluster = Cluster.homogeneous(nodes=1, gpus=8)
    allocated = resource_allocation_strategy(
        resource_demand_prediction(history, 1, cluster=cluster), "static"
    )
    starts = {
        name: resource_scheduling_strategy(allocated, name).schedule.jobs["start_time"].tolist()
        for name in ("fcfs", "SJF")
    }
    assert starts == {"fcfs": [0, 1800, 5400], "SJF": [0, 2400, 1800]}


def test_options_reach_the_verbs() -> None:
    """Keyword options are those of allocate and schedule."""
    predicted = resource_demand_prediction(jobs_history(), 24, model="seasonal_naive")
    allocated = resource_allocation_strategy(predicted, "Dynamic", startup_s=300, floor=8)
    assert allocated.plan.startup_s == 300
    assert allocated.plan.rows["amount"].min() >= 8
    scheduled = resource_scheduling_strategy(allocated, "Sjf", backfill="first_fit")
    assert scheduled.schedule.header["backfill"] == "first_fit"


def test_unknown_types_list_the_known_ones() -> None:
    """In the spelling of the document."""
    predicted = resource_demand_prediction(demand_history(), 24)
    with pytest.raises(
        InvalidInputError, match="unknown allocation_type 'elastic'; known are static, dynamic"
    ):
        resource_allocation_strategy(predicted, "elastic")
    allocated = resource_allocation_strategy(predicted, "static")
    with pytest.raises(
        InvalidInputError, match="unknown scheduling_type 'LIFO'; known are FCFS, SJF"
    ):
        resource_scheduling_strategy(allocated, "LIFO")


def test_results_of_the_wrong_step_are_errors() -> None:
    """The message names the function that makes the right one."""
    predicted = resource_demand_prediction(demand_history(), 24)
    with pytest.raises(
        InvalidInputError, match=r"must be the result of resource_demand_prediction"
    ):
        resource_allocation_strategy(5.0, "static")
    with pytest.raises(InvalidInputError, match="result of resource_allocation_strategy"):
        resource_scheduling_strategy(predicted, "FCFS")
    with pytest.raises(InvalidInputError, match="result of resource_scheduling_strategy"):
        resource_management_strategy(predicted)


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (pd.DataFrame({"time": [1], "load": [2]}), "must be a jobs table .* or a demand table"),
        (pd.DataFrame({"submit_time": [0.0], "duration_s": [1.0]}), "no job asks any resource"),
        (pd.DataFrame({"submit_time": ["soon"], "duration_s": [1.0], "gpus": [1]}), "submit_time"),
        (
            pd.DataFrame({"ds": [0.0, HOUR], "y": ["few", "many"]}),
            r"history_data\['y'\] must be a n",
        ),
        (pd.DataFrame({"ds": [0.0, HOUR], "y": [1.0, -1.0]}), r"\['y'\] must be 0 or more"),
        (pd.DataFrame({"ds": ["now", "then"], "y": [1.0, 1.0]}), r"history_data\['ds'\]"),
    ],
)
def test_histories_that_are_neither_are_errors(history: pd.DataFrame, message: str) -> None:
    """Each says what a history is."""
    with pytest.raises(InvalidInputError, match=message):
        resource_demand_prediction(history, 24)


def test_a_demand_that_rounds_to_nothing_cannot_be_replayed() -> None:
    """The error says what to change."""
    history = demand_history().assign(y=0.2)
    predicted = resource_demand_prediction(history, 24)
    allocated = resource_allocation_strategy(predicted, "static")
    with pytest.raises(InvalidInputError, match="rounds to 0 in its last 24 intervals"):
        resource_scheduling_strategy(allocated, "FCFS")
