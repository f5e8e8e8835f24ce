"""Matching: the documents' numbers, the methods one by one, and properties of every method."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead import Cluster, InvalidInputError, _core, match, schedule
from fairlead.matching import MatchResult, least_loaded
from python.scoring_cases import cases

# Every registered method, so that a new one inherits the properties below.
METHODS = list(_core.match_methods())


@st.composite
def gangs(draw: st.DrawFn, most: int = 6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A case of the scoring tests, with gangs, some of them with tasks_per_node."""
    jobs, nodes = draw(cases()).frames()
    jobs, nodes = jobs.head(most), nodes.head(most)
    n = len(jobs)
    per_node = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    units = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    tasks = [u * max(p, 1) for u, p in zip(units, per_node, strict=True)]
    return jobs.assign(tasks=tasks, tasks_per_node=per_node), nodes


def check(jobs: pd.DataFrame, nodes: pd.DataFrame, result: MatchResult) -> None:
    """Everything a matching has to be: within capacity, on suitable nodes, gangs whole."""
    jobs, nodes = jobs.reset_index(drop=True), nodes.set_index("node_id")
    jobs["gpu_memory_gib"] = jobs["gpu_memory_gib"].astype(float).fillna(0)
    placed = result.placements.assign(node=lambda frame: frame["node"].astype(str))
    free = {r: nodes[r].astype(float).to_dict() for r in ("cpus", "memory_gib")}
    share = {(n, d): 1.0 for n in nodes.index for d in range(nodes["gpus"][n])}
    memory = {(n, d): nodes["gpu_memory_gib"][n] for n, d in share}
    for task in placed.itertuples():
        job, node = jobs.loc[task.job_id], nodes.loc[task.node]
        if isinstance(job["pool"], str):
            assert node["pool"] == job["pool"]
        if isinstance(job["gpu_type"], str):
            assert node["gpu_type"] in job["gpu_type"].split("|")
        for resource, left in free.items():
            left[task.node] -= job[resource]
        devices = [int(name.removeprefix("gpus:")) for name in task.devices.split(",") if name]
        assert len(devices) == len(set(devices)) == np.ceil(job["gpus"])
        for device in devices:
            share[task.node, device] -= min(job["gpus"], 1)
            if job["gpu_memory_gib"]:
                memory[task.node, device] -= job["gpu_memory_gib"]
                assert memory[task.node, device] >= 0
    for left in (share, *free.values()):
        assert all(amount >= -1e-6 for amount in left.values())
    status = result.jobs["status"].astype(str).tolist()
    tasks = Counter(placed["job_id"])
    for row, job in jobs.iterrows():
        assert tasks[row] == (job["tasks"] if status[row] == "placed" else 0)
        if job["tasks_per_node"]:
            per_node = Counter(placed.loc[placed["job_id"] == row, "node"])
            assert set(per_node.values()) <= {job["tasks_per_node"]}
    assert result.placed_tasks == len(placed)
    assert result.tasks == jobs["tasks"].sum()


class TestDocuments:
    """The models the documents prescribe, on their numbers."""

    def test_least_loaded_is_the_third_resource(self) -> None:
        """20/50 and 40/100 are 0.4, 30/80 is 0.375; the text picks the first all the same."""
        assert least_loaded([20, 40, 30], [50, 100, 80]) == 2

    def test_equal_loads_go_to_the_first(self) -> None:
        """A tie is decided by position."""
        assert least_loaded([20, 40], [50, 100]) == 0

    @pytest.mark.parametrize(
        ("loads", "capacities", "words"),
        [
            ([1, 2], [1], "equally long"),
            ([], [], "at least 1"),
            ([[1]], [[1]], "one dimension"),
            ([1, -1], [1, 1], "loads must be finite and at least 0; entry 1"),
            ([1, 1], [1, 0], "capacities must be finite and above 0; entry 1"),
        ],
    )
    def test_bad_loads_are_named(self, loads: list, capacities: list, words: str) -> None:
        """Position and value, never a division by zero."""
        with pytest.raises(InvalidInputError, match=words):
            least_loaded(loads, capacities)

    def test_balanced_is_the_least_loaded_node(self) -> None:
        """Equal tasks go round the nodes in proportion to capacity."""
        nodes = pd.DataFrame({"node_id": ["a", "b"], "cpus": [4, 8]})
        result = match(pd.DataFrame({"cpus": [1] * 6}), nodes, method="balanced")
        assert Counter(result.placements["node"]) == {"a": 2, "b": 4}

    def test_leaving_work_out_is_possible(self) -> None:
        """Rows of A sum to at most 1: what does not fit is left out, and the sum is maximal."""
        jobs = pd.DataFrame({"gpus": [8, 4, 4, 4]})
        cluster = Cluster.homogeneous(nodes=1, gpus=8)
        assert match(jobs, cluster).placed_tasks == 1
        best = match(jobs, cluster, method="exhaustive")
        assert best.placed_tasks == 2
        assert best.jobs["status"].tolist() == ["unplaced", "placed", "placed", "unplaced"]


class TestMethods:
    """What each method prefers."""

    nodes = pd.DataFrame(
        {
            "node_id": ["middle", "large", "small", "twin"],
            "cpus": [16, 96, 4, 96],
            "price_usd_per_hour": [3.0, 9.0, 2.0, 1.0],
            "speed": [4.0, 1.0, 1.0, 2.0],
        }
    )

    @pytest.mark.parametrize(
        ("method", "node"),
        [
            ("greedy", "large"),
            ("first_fit", "middle"),
            ("best_fit", "small"),
            ("worst_fit", "large"),
            ("balanced", "middle"),
            ("consolidated", "middle"),
            ("cheapest", "twin"),
            ("fastest", "middle"),
            ("exhaustive", "middle"),
        ],
    )
    def test_a_method_prefers_what_its_name_says(self, method: str, node: str) -> None:
        """One task that fits everywhere; ties go to the lowest row."""
        result = match(pd.DataFrame({"cpus": [4]}), self.nodes, method=method)
        assert result.placements["node"].tolist() == [node]

    def test_jobs_come_by_demand(self) -> None:
        """The job with the largest share of the cluster goes first, whatever its row."""
        jobs = pd.DataFrame({"cpus": [1, 2, 3]})
        result = match(jobs, Cluster.homogeneous(nodes=1, cpus=4))
        assert result.jobs["status"].tolist() == ["placed", "unplaced", "placed"]

    def test_gangs_are_placed_whole(self) -> None:
        """A gang that does not fit whole leaves no task behind."""
        jobs = pd.DataFrame({"job_id": ["gang", "one"], "gpus": [8, 8], "tasks": [3, 1]})
        result = match(jobs, Cluster.homogeneous(nodes=2, gpus=8))
        assert result.placements["job_id"].tolist() == ["one"]
        assert result.jobs["status"].tolist() == ["infeasible", "placed"]

    def test_consolidated_keeps_a_gang_together(self) -> None:
        """The node that holds all of it comes before lower rows that hold a part."""
        nodes = pd.DataFrame({"node_id": ["a", "b"], "gpus": [2, 4]})
        jobs = pd.DataFrame({"gpus": [1], "tasks": [3]})
        assert set(match(jobs, nodes, method="consolidated").placements["node"]) == {"b"}
        assert set(match(jobs, nodes, method="first_fit").placements["node"]) == {"a", "b"}

    def test_shares_of_devices_are_packed(self) -> None:
        """Two halves share a device; each task says which."""
        jobs = pd.DataFrame({"gpus": [0.5, 0.5, 1]})
        result = match(jobs, Cluster.homogeneous(nodes=1, gpus=2))
        assert result.placements["devices"].tolist() == ["gpus:1", "gpus:1", "gpus:0"]
        assert result.utilisation == {"gpus": 1.0}

    @pytest.mark.parametrize(
        ("job", "reason"),
        [
            ({"gpus": [9]}, "infeasible:gpus"),
            ({"gpus": [1], "pool": ["nowhere"]}, "infeasible:pool"),
            ({"gpus": [1], "gpu_type": ["h100"]}, "infeasible:gpu_type"),
            ({"gpus": [1], "gpu_memory_gib": [80]}, "infeasible:gpu_memory_gib"),
            ({"gpus": [1], "tpus": [1]}, "infeasible:tpus"),
            ({"gpus": [1], "tasks": [3], "tasks_per_node": [1]}, "infeasible:nodes"),
        ],
    )
    def test_what_never_fits_names_what_fails(self, job: dict, reason: str) -> None:
        """The dimension that fails, as in the engine."""
        cluster = Cluster.homogeneous(nodes=2, gpus=8, gpu_type="a100", gpu_memory_gib=40)
        result = match(pd.DataFrame(job), cluster)
        assert result.jobs["status"].tolist() == ["infeasible"]
        assert result.jobs["reason"].tolist() == [reason]

    def test_what_is_left_over_names_what_blocks(self) -> None:
        """A job that fits on idle nodes is blocked by what the others took."""
        jobs = pd.DataFrame({"cpus": [60, 50], "memory_gib": [1, 1]})
        result = match(jobs, Cluster.homogeneous(nodes=1, cpus=96, memory_gib=8))
        assert result.jobs["reason"].tolist() == ["", "resources:cpus"]
        assert "1 x resources:cpus" in result.summary()

    def test_every_method_is_documented(self) -> None:
        """The docstring names all that the registry knows."""
        assert all(f"``{method}``" in (match.__doc__ or "") for method in METHODS)

    def test_unknown_method_lists_the_known(self) -> None:
        """The way out is in the message."""
        with pytest.raises(InvalidInputError, match=r"'hungarian'.*greedy, first_fit.*exhaustive"):
            match(pd.DataFrame({"cpus": [1]}), self.nodes, method="hungarian")

    def test_too_much_to_try_is_an_error(self) -> None:
        """Exhaustive search gives up after a stated number of steps."""
        rng = np.random.default_rng(0)
        jobs = pd.DataFrame({"cpus": rng.integers(30, 60, 40)})
        with pytest.raises(InvalidInputError, match="gave up after 20000000 steps"):
            match(jobs, Cluster.homogeneous(nodes=12, cpus=96), method="exhaustive")

    def test_frames_come_back_as_they_came(self) -> None:
        """Polars in, Polars out."""
        result = match(pl.DataFrame({"cpus": [1]}), self.nodes)
        assert isinstance(result.jobs, pl.DataFrame)
        assert isinstance(result.placements, pl.DataFrame)

    @pytest.mark.parametrize("method", [*METHODS, "exhaustive"])
    def test_no_jobs_no_rows(self, method: str) -> None:
        """An empty table gives an empty result."""
        result = match(pd.DataFrame({"cpus": np.array([], dtype=float)}), self.nodes, method=method)
        assert len(result.jobs) == len(result.placements) == 0
        assert (result.tasks, result.placed_tasks) == (0, 0)


class TestProperties:
    """What holds on any instance."""

    @pytest.mark.parametrize("method", METHODS)
    @given(gangs())
    @settings(max_examples=25)
    def test_a_matching_is_valid(
        self, method: str, tables: tuple[pd.DataFrame, pd.DataFrame]
    ) -> None:
        """Capacity of nodes and devices is kept, and gangs are whole."""
        check(*tables, match(*tables, method=method))

    @given(gangs(most=4))
    @settings(max_examples=40)
    def test_nothing_places_more_than_exhaustive_search(
        self, tables: tuple[pd.DataFrame, pd.DataFrame]
    ) -> None:
        """The search is valid, and no method beats it; what it calls infeasible, all do."""
        best = match(*tables, method="exhaustive")
        check(*tables, best)
        infeasible = (best.jobs["status"] == "infeasible").tolist()
        for method in METHODS:
            other = match(*tables, method=method)
            assert other.placed_tasks <= best.placed_tasks
            assert (other.jobs["status"] == "infeasible").tolist() == infeasible

    @pytest.mark.parametrize(
        "method", ["first_fit", "best_fit", "worst_fit", "balanced", "consolidated"]
    )
    @given(gangs())
    @settings(max_examples=20)
    def test_placements_are_those_of_the_engine(
        self, method: str, tables: tuple[pd.DataFrame, pd.DataFrame]
    ) -> None:
        """Submitted at once in order of demand, the engine starts the same tasks likewise."""
        jobs, nodes = tables
        order = (-demand(jobs, nodes)).argsort(kind="stable")
        queue = jobs.iloc[order].assign(job_id=order, submit_time=0, duration_s=1)
        started = schedule(
            queue, nodes, order="fcfs", backfill="first_fit", placement=method, until=0
        ).placements
        ours = match(queue.drop(columns=["submit_time", "duration_s"]), nodes, method=method)
        keys = ["job_id", "task", "node", "devices"]
        theirs = started[keys].astype(str).sort_values(keys[:2]).to_numpy().tolist()
        assert ours.placements[keys].astype(str).sort_values(keys[:2]).to_numpy().tolist() == theirs


def demand(jobs: pd.DataFrame, nodes: pd.DataFrame) -> np.ndarray:
    """Largest share of the cluster in any resource."""
    total = nodes[["cpus", "memory_gib", "gpus"]].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = jobs[total.index].mul(jobs["tasks"], axis=0) / total
    return shares.fillna(0.0).max(axis=1).to_numpy()
