"""Batch scoring: against a slow NumPy answer, tie by tie, on the CPU and on a GPU."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead import (
    BackendUnavailableError,
    Cluster,
    InvalidInputError,
    _core,
    cuda_info,
    score,
)
from fairlead.matching import scores as scoring
from python.gpu import need_gpu
from python.scoring_cases import (
    ONE,
    WEIGHTS,
    Case,
    best_nodes,
    cases,
    feasible,
    weights,
)

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """Each test once on the CPU and once on a GPU."""
    if request.param == "cuda":
        need_gpu()
    return str(request.param)


def random_tables(seed: int, n_jobs: int, n_nodes: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Many distinct requests and several groups of nodes."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    nodes = pd.DataFrame(
        {
            "node_id": [f"n{i}" for i in range(n_nodes)],
            "cpus": rng.integers(8, 129, n_nodes),
            "memory_gib": rng.integers(16, 2049, n_nodes),
            "gpus": rng.integers(0, 9, n_nodes),
            "storage_gib": rng.integers(100, 4000, n_nodes),
            "network_gbps": rng.choice([10, 25, 100], n_nodes),
            "gpu_type": rng.choice(["a100", "h100", "t4"], n_nodes),
            "pool": rng.choice(["x", "y"], n_nodes),
        }
    )
    jobs = pd.DataFrame(
        {
            "cpus": rng.integers(1, 65, n_jobs),
            "memory_gib": rng.integers(1, 1025, n_jobs),
            "gpus": rng.choice([0, 0.25, 0.5, 1, 2, 4, 8], n_jobs),
            "network_gbps": rng.choice([0, 1, 20], n_jobs),
            "gpu_type": rng.choice(["a100", "a100|h100", "t4"], n_jobs),
        }
    )
    return jobs, nodes


class TestAgainstNumpy:
    """The answer is that of a slow and obvious program, bit for bit."""

    @given(cases(), weights, st.integers(1, 4))
    @settings(max_examples=200)
    def test_score_is_that_of_the_formula_in_its_notes(
        self, case: Case, terms: dict[str, float], top_k: int
    ) -> None:
        """Nodes, scores, ties and counts equal the formula."""
        jobs, nodes = case.frames()
        result = score(jobs, nodes, terms=terms, top_k=top_k, device="cpu")
        node, best, fitting = best_nodes(case, terms, top_k)
        assert result.feasible.tolist() == fitting.tolist()
        assert result.node.tolist() == node.tolist()
        integers = result.score / sum(map(abs, terms.values())) * WEIGHTS * ONE
        found = result.node >= 0
        np.testing.assert_allclose(integers[found], best[found], rtol=1e-12, atol=1e-6)
        assert np.isnan(result.score[~found]).all()

    @given(cases())
    @settings(max_examples=100)
    def test_a_node_that_is_given_holds_the_task(self, case: Case) -> None:
        """Also where amounts were rounded, no given node is too small; else none is left out."""
        jobs, nodes = case.frames()
        result = score(jobs, nodes, top_k=3, device="cpu")
        truth = feasible(case)
        assert (result.feasible <= truth.sum(axis=1)).all()
        assert not result.exact or (result.feasible == truth.sum(axis=1)).all()
        for row, rank in zip(*np.nonzero(result.node >= 0), strict=True):
            assert truth[row, result.node[row, rank]]

    def test_tiles_and_groups_join_without_a_seam(self, device: str) -> None:
        """With nodes in many tiles and groups the best are those of the whole table."""
        jobs, nodes = random_tables(seed=5, n_jobs=40, n_nodes=700)
        result = score(jobs, nodes, top_k=5, device=device)
        free = {r: nodes[r].to_numpy() for r in ("cpus", "memory_gib", "gpus", "storage_gib")}
        for i, job in enumerate(jobs.itertuples()):
            fits = nodes["gpu_type"].isin(job.gpu_type.split("|")).to_numpy(copy=True)
            fits &= (free["cpus"] >= job.cpus) & (free["memory_gib"] >= job.memory_gib)
            fits &= (free["gpus"] >= job.gpus) & (nodes["network_gbps"] >= job.network_gbps)
            assert result.feasible[i] == fits.sum()
            assert set(result.node[i][result.node[i] >= 0]) <= set(np.flatnonzero(fits))
            assert (result.node[i] >= 0).sum() == min(5, fits.sum())
            assert (np.diff(result.score[i][result.node[i] >= 0]) <= 0).all()


class TestBothDevices:
    """CPU and GPU give the same bits."""

    @pytest.mark.gpu
    @pytest.mark.parametrize("seed", range(6))
    def test_gpu_agrees_with_the_cpu_bit_for_bit(self, seed: int) -> None:
        """Nodes, scores and counts are equal, for one best node and for 32."""
        need_gpu()
        jobs, nodes = random_tables(seed, n_jobs=3000, n_nodes=[1, 100, 128, 129, 1000, 5000][seed])
        for top_k, terms in ((1, {"best_fit": 1.0}), (32, {"worst_fit": 1.0, "first_fit": 0.1})):
            ours = score(jobs, nodes, terms=terms, top_k=top_k, device="cpu")
            theirs = score(jobs, nodes, terms=terms, top_k=top_k, device="cuda")
            assert theirs.device == "cuda"
            np.testing.assert_array_equal(theirs.node, ours.node)
            np.testing.assert_array_equal(theirs.score, ours.score)
            np.testing.assert_array_equal(theirs.feasible, ours.feasible)

    @pytest.mark.gpu
    @given(case=cases(), terms=weights, top_k=st.integers(1, 4))
    @settings(max_examples=200)
    def test_gpu_agrees_on_drawn_cases(
        self, case: Case, terms: dict[str, float], top_k: int
    ) -> None:
        """The cases that NumPy checks on the CPU."""
        need_gpu()
        jobs, nodes = case.frames()
        ours = score(jobs, nodes, terms=terms, top_k=top_k, device="cpu")
        theirs = score(jobs, nodes, terms=terms, top_k=top_k, device="cuda")
        np.testing.assert_array_equal(theirs.node, ours.node)
        np.testing.assert_array_equal(theirs.score, ours.score)

    def test_auto_stays_on_the_cpu_where_there_is_little_to_do(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A small problem does not even ask for CUDA."""

        def asked() -> None:
            raise AssertionError("asked for CUDA")

        monkeypatch.setattr(scoring, "cuda_driver", asked)
        assert score(*random_tables(1, 10, 10), device="auto").device == "cpu"

    def test_auto_goes_on_with_the_cpu_where_cuda_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Large problems ask, and take no for an answer."""
        monkeypatch.setattr(scoring, "AUTO_PAIRS", 1)
        monkeypatch.setattr(scoring, "cuda_driver", lambda: (None, "none here"))
        assert score(*random_tables(1, 10, 10), device="auto").device == "cpu"

    def test_asking_for_cuda_where_there_is_none_says_why(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """device='cuda' works or raises with the reason of cuda_info()."""
        monkeypatch.setenv("FAIRLEAD_CUDA_DISABLE", "1")
        with pytest.raises(BackendUnavailableError, match="FAIRLEAD_CUDA_DISABLE=1"):
            score(*random_tables(1, 10, 10), device="cuda")
        assert not cuda_info().available


class TestRules:
    """One sentence of the documentation each."""

    def test_ties_go_to_the_lowest_row(self, device: str) -> None:
        """On equal nodes the best are the first rows, in order."""
        cluster = Cluster.homogeneous(nodes=300, cpus=8)
        result = score(pd.DataFrame({"cpus": [2, 4]}), cluster, top_k=4, device=device)
        assert result.node.tolist() == [[0, 1, 2, 3]] * 2

    def test_nothing_fits_is_a_value(self, device: str) -> None:
        """A job that fits nowhere has node -1, score NaN and no feasible node."""
        result = score(
            pd.DataFrame({"cpus": [2, 9], "gpus": [0, 1]}),
            Cluster.homogeneous(nodes=3, cpus=8),
            top_k=2,
            device=device,
        )
        assert result.node.tolist() == [[0, 1], [-1, -1]]
        assert result.feasible.tolist() == [3, 0]
        assert np.isnan(result.score[1]).all()
        assert result.jobs["node"].isna().tolist() == [False, True]

    def test_a_missing_rank_is_missing(self, device: str) -> None:
        """Where fewer nodes fit than were asked for, the rest is -1."""
        nodes = pd.DataFrame({"node_id": ["a", "b", "c"], "cpus": [8, 2, 4]})
        result = score(pd.DataFrame({"cpus": [3]}), nodes, top_k=3, device=device)
        assert result.node.tolist() == [[2, 0, -1]]
        assert result.candidates["node"].tolist() == ["c", "a"]
        assert result.candidates["rank"].tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("terms", "best"),
        [
            ({"best_fit": 1}, "small"),
            ({"worst_fit": 1}, "large"),
            ({"first_fit": 1}, "large"),
            ({"cost": 1}, "cheap"),
            ({"speed": 1}, "fast"),
            ({"speed": -1}, "cheap"),
            ({"balanced": 1}, "large"),
            ({"best_fit": 1, "speed": 10}, "fast"),
        ],
    )
    def test_a_term_prefers_what_its_name_says(
        self, terms: dict[str, float], best: str, device: str
    ) -> None:
        """Each term alone, one turned round, and two together."""
        nodes = pd.DataFrame(
            {
                "node_id": ["large", "small", "cheap", "fast"],
                "cpus": [96, 4, 16, 16],
                "price_usd_per_hour": [9.0, 2.0, 1.0, 5.0],
                "speed": [1.0, 1.0, 0.5, 2.0],
            }
        )
        result = score(pd.DataFrame({"cpus": [4]}), nodes, terms=terms, device=device)
        assert result.jobs["node"].tolist() == [best]

    def test_every_term_is_documented(self) -> None:
        """The docstring names all that the registry knows."""
        assert all(f"``{term}``" in (score.__doc__ or "") for term in _core.score_terms())

    def test_a_resource_nobody_asks_for_counts_in_best_fit(self, device: str) -> None:
        """The largest free part is over all that a node has."""
        nodes = pd.DataFrame({"node_id": ["idle_gpus", "full"], "cpus": [4, 4], "gpus": [8, 0]})
        result = score(pd.DataFrame({"cpus": [4]}), nodes, device=device)
        assert result.jobs["node"].tolist() == ["full"]

    def test_gangs_are_scored_by_one_task(self, device: str) -> None:
        """tasks and tasks_per_node change nothing."""
        jobs = pd.DataFrame({"cpus": [4, 4], "tasks": [1, 100], "tasks_per_node": [0, 4]})
        result = score(jobs, Cluster.homogeneous(nodes=2, cpus=8), device=device)
        assert result.feasible.tolist() == [2, 2]
        assert result.requests == 1

    def test_rounding_is_named(self) -> None:
        """Amounts both large and odd are rounded, requests up and capacities down, and say so."""
        odd = 2**14 + 2**-30
        nodes = pd.DataFrame({"node_id": ["a"], "memory_gib": [odd]})
        result = score(pd.DataFrame({"memory_gib": [odd, 2**14]}), nodes, device="cpu")
        assert not result.exact
        assert result.units["memory_gib"] > 2**-30
        assert result.feasible.tolist() == [0, 1]
        assert "amounts rounded" in result.summary()

    def test_whole_amounts_of_any_size_are_exact(self) -> None:
        """A task that asks for all of a node fits, since the unit divides what people write."""
        nodes = pd.DataFrame({"node_id": ["a"], "memory_gib": [2000], "storage_gib": [10**6]})
        jobs = pd.DataFrame({"memory_gib": [2000], "storage_gib": [10**6]})
        result = score(jobs, nodes, device="cpu")
        assert result.exact
        assert result.feasible.tolist() == [1]

    def test_more_resources_than_are_compared_is_an_error(self) -> None:
        """Seventeen different resources are one too many."""
        names = [*(f"slot_{i}" for i in range(14)), "gpus", "tpus", "fpgas"]
        nodes = pd.DataFrame({"node_id": ["a"], **{name: [1] for name in names}})
        with pytest.raises(InvalidInputError, match="17 different resources"):
            score(pd.DataFrame({name: [1] for name in names}), nodes, device="cpu")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"terms": {"bestfit": 1}}, "unknown term 'bestfit'.*known are first_fit, best_fit"),
            ({"terms": {"best_fit": 0}}, "a weight other than 0"),
            ({"terms": {"best_fit": float("nan")}}, "must be a finite number"),
            ({"top_k": 0}, "top_k must be from 1 to 32"),
            ({"top_k": 33}, "top_k must be from 1 to 32"),
            ({"device": "gpu"}, "device must be"),
        ],
    )
    def test_bad_options_name_the_way_out(self, options: dict, words: str) -> None:
        """Every refusal says what would do."""
        cluster = Cluster.homogeneous(nodes=1, cpus=8)
        with pytest.raises(InvalidInputError, match=words):
            score(pd.DataFrame({"cpus": [1]}), cluster, **{"device": "cpu", **options})

    def test_frames_come_back_as_they_came(self) -> None:
        """Polars in, Polars out; a pandas index is kept."""
        cluster = Cluster.homogeneous(nodes=2, cpus=8)
        assert isinstance(score(pl.DataFrame({"cpus": [1]}), cluster).jobs, pl.DataFrame)
        frame = pd.DataFrame({"job_id": ["b", "a"], "cpus": [1, 2]}, index=[7, 9])
        jobs = score(frame, cluster).jobs
        assert jobs.index.tolist() == [7, 9]
        assert jobs["job_id"].tolist() == ["b", "a"]

    def test_no_jobs_no_rows(self, device: str) -> None:
        """An empty table gives an empty result."""
        empty = pd.DataFrame({"cpus": np.array([], dtype=float)})
        result = score(empty, Cluster.homogeneous(nodes=1, cpus=8), device=device)
        assert result.node.shape == (0, 1)
        assert len(result.jobs) == 0
