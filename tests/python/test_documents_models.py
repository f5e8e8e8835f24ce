"""The documents' allocation models: worked numbers, brute force, and what they refuse."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.allocation.models import headroom, knapsack, weighted_priority
from fairlead.allocation.programs import allocation_matrix, cost_plan
from fairlead.errors import InvalidInputError


def test_headroom_gives_30_60_50_where_the_documents_print_55() -> None:
    """The third worked number follows the formula, not the text."""
    assert headroom([20, 50, 40], [100, 100, 100], [70, 40, 50]).tolist() == [30, 60, 50]


def test_headroom_refuses_more_than_is_free_unless_overcommit() -> None:
    """A reservation above what is free is an error that says how to get it all the same."""
    with pytest.raises(InvalidInputError, match=r"row 1 asks 40 of 30; .* overcommit=True"):
        headroom([10, 40], [100, 100], [70, 70])
    assert headroom([10, 40], [100, 100], [70, 70], overcommit=True).tolist() == [30, 40]


def test_headroom_refuses_negative_amounts() -> None:
    """Amounts are at least 0 and finite."""
    with pytest.raises(InvalidInputError, match="requested must be finite and at least 0"):
        headroom(-1, 10, 0)


def test_weighted_priority_gives_6_4_8_where_the_documents_print_9() -> None:
    """The third worked number follows the formula, not the text."""
    assert weighted_priority([4, 2, 6], [8, 6, 10], alpha=0.5, beta=0.5).tolist() == [6, 4, 8]


def test_weighted_priority_favours_long_jobs_unless_alpha_is_negative() -> None:
    """Shortest job first is alpha < 0 and beta = 0."""
    assert weighted_priority(5.0, 0.0) > weighted_priority(1.0, 0.0)
    shortest = weighted_priority([5, 1, 3], [9, 0, 0], alpha=-1, beta=0)
    assert np.argsort(-shortest).tolist() == [1, 2, 0]


_small = st.integers(0, 9)


@st.composite
def _matrix_case(draw: st.DrawFn) -> tuple[list[int], list[int], np.ndarray]:
    jobs, resources = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    demand = draw(st.lists(_small, min_size=jobs, max_size=jobs))
    capacity = draw(st.lists(st.integers(0, 14), min_size=resources, max_size=resources))
    times = draw(st.lists(_small, min_size=jobs * resources, max_size=jobs * resources))
    return demand, capacity, np.array(times, float).reshape(jobs, resources)


def _placements(
    demand: list[int], capacity: list[int], *, all_placed: bool
) -> list[tuple[int, ...]]:
    """Every assignment of jobs to resources (-1: left out) within capacity."""
    choices = range(0 if all_placed else -1, len(capacity))
    return [
        where
        for where in product(choices, repeat=len(demand))
        if all(
            sum(d for d, j in zip(demand, where, strict=True) if j == r) <= c
            for r, c in enumerate(capacity)
        )
    ]


@given(_matrix_case())
def test_allocation_matrix_places_as_many_jobs_as_exhaustive_search(
    case: tuple[list[int], list[int], np.ndarray],
) -> None:
    """Integer optimum = brute force, within capacity, and the relaxation is an upper bound."""
    demand, capacity, _ = case
    best = max(sum(j >= 0 for j in w) for w in _placements(demand, capacity, all_placed=False))
    answer = allocation_matrix(demand, capacity)
    assert answer.status == "optimal"
    assert answer.shares is not None
    assert answer.objective == pytest.approx(best)
    assert answer.shares.sum() == best
    assert (np.array(demand) @ answer.shares <= np.array(capacity)).all()
    assert (answer.shares.sum(axis=1) <= 1).all()
    relaxed = allocation_matrix(demand, capacity, relax=True)
    assert relaxed.objective is not None
    assert relaxed.objective >= best - 1e-6  # HiGHS' feasibility tolerance is 1e-7


@given(_matrix_case())
def test_allocation_matrix_minimises_total_time_like_exhaustive_search(
    case: tuple[list[int], list[int], np.ndarray],
) -> None:
    """Integer optimum = brute force; infeasible exactly where no placement exists."""
    demand, capacity, times = case
    totals = [
        sum(times[i, j] for i, j in enumerate(w))
        for w in _placements(demand, capacity, all_placed=True)
    ]
    answer = allocation_matrix(demand, capacity, times=times, objective="time")
    if not totals:
        assert answer.status == "infeasible"
        return
    assert answer.shares is not None
    assert answer.objective == pytest.approx(min(totals), abs=1e-6)
    assert (answer.shares.sum(axis=1) == 1).all()
    assert (answer.shares * times).max(axis=1).sum() == pytest.approx(min(totals), abs=1e-6)


def test_allocation_matrix_leaves_work_out_instead_of_failing() -> None:
    """With rows summing to at most 1 the utilisation objective is no constant."""
    assert allocation_matrix([5, 5, 5], [10]).objective == 2
    assert allocation_matrix([5, 5, 5], [10], times=np.ones((3, 1)), objective="time").status == (
        "infeasible"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"demand": [1], "capacity": [1], "objective": "best"}), "unknown objective 'best'"),
        (({"demand": [1], "capacity": [1], "objective": "time"}), "needs times="),
        (({"demand": [[1]], "capacity": [1]}), "demand must have one dimension"),
        (({"demand": [np.nan], "capacity": [1]}), "demand must be finite"),
        (
            {"demand": [1], "capacity": [1], "objective": "time", "times": [[1, 2]]},
            r"times must have shape \(1, 1\)",
        ),
    ],
)
def test_allocation_matrix_refuses_bad_input(arguments: dict, message: str) -> None:
    """Errors name the argument."""
    with pytest.raises(InvalidInputError, match=message):
        allocation_matrix(**arguments)


def test_allocation_matrix_of_nothing_is_empty() -> None:
    """No jobs, or no resources."""
    assert allocation_matrix([], [3]).objective == 0
    assert allocation_matrix([1], []).objective == 0
    empty = allocation_matrix([1], [], times=np.ones((1, 0)), objective="time")
    assert empty.status == "infeasible"


def test_cost_plan_meets_the_demand_at_the_least_cost() -> None:
    """The right-hand side that the documents' call lacks is there."""
    best = cost_plan([3, 2], [[1, 2], [3, 1]], [8, 9])
    assert best.amounts is not None
    assert best.amounts.tolist() == pytest.approx([2, 3])
    assert best.cost == pytest.approx(12)


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=2),
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.lists(st.integers(0, 8), min_size=2, max_size=2),
)
def test_cost_plan_in_whole_units_equals_exhaustive_search(
    price: list[int], provides: list[int], demand: list[int]
) -> None:
    """Two options, up to 5 of each."""
    a = np.array(provides).reshape(2, 2)
    costs = [
        float(np.dot(price, x))
        for x in product(range(6), repeat=2)
        if (a @ np.array(x) >= np.array(demand)).all()
    ]
    answer = cost_plan(price, a, demand, upper=5, integer=True)
    relaxed = cost_plan(price, a, demand, upper=5)
    if not costs:
        assert answer.status == "infeasible"
        return
    assert answer.cost == pytest.approx(min(costs))
    assert relaxed.cost is not None
    assert relaxed.cost <= min(costs) + 1e-6  # HiGHS' feasibility tolerance is 1e-7


def test_cost_plan_refuses_crossed_bounds() -> None:
    """lower above upper names the option."""
    with pytest.raises(InvalidInputError, match="option 1 has 1 below 2"):
        cost_plan([1, 1], [[1, 1]], [1], lower=[0, 2], upper=[9, 1])


def test_cost_plan_without_options_meets_no_demand_only() -> None:
    """Nothing to buy: feasible only if nothing is needed."""
    assert cost_plan([], np.ones((1, 0)), [0]).cost == 0
    assert cost_plan([], np.ones((1, 0)), [1]).status == "infeasible"


@given(st.data(), st.integers(1, 3))
def test_knapsack_equals_exhaustive_search(data: st.DataObject, resources: int) -> None:
    """Value of the best subset, and the chosen items fit and are worth it."""
    items = data.draw(st.integers(0, 7))
    values = data.draw(st.lists(_small, min_size=items, max_size=items))
    flat = data.draw(st.lists(_small, min_size=items * resources, max_size=items * resources))
    room = np.array(data.draw(st.lists(st.integers(0, 15), min_size=resources, max_size=resources)))
    weights = np.array(flat, int).reshape(items, resources)
    subsets = [np.array(s, bool) for s in product([False, True], repeat=items)]
    best = max(
        (np.array(values)[s].sum() for s in subsets if (weights[s].sum(axis=0) <= room).all()),
        default=0,
    )
    answer = knapsack(values, weights, room)
    assert answer.value == best
    assert (weights[answer.chosen].sum(axis=0) <= room).all()
    assert answer.value == np.array(values)[answer.chosen].sum()


def test_knapsack_takes_large_units_with_a_common_divisor() -> None:
    """64 GiB blocks given in bytes are as small a table as in blocks."""
    block = 64 * 2**30
    answer = knapsack([3, 2], [[4 * block], [2 * block]], [5 * block])
    assert answer.chosen.tolist() == [0]


@pytest.mark.parametrize(
    ("values", "weights", "capacity", "message"),
    [
        ([1, 1], [[1.5], [1]], [2], "weights must be whole"),
        ([1, 1], [[1, 1]], [2], r"weights must have shape \(2, 1\)"),
        ([1, -1], [1, 1], 2, "values must be finite and at least 0"),
        ([1] * 90, [[99_991 + i] for i in range(90)], [9_000_000], "coarser units"),
    ],
)
def test_knapsack_refuses_bad_and_oversized_input(
    values: list, weights: list, capacity: object, message: str
) -> None:
    """The size limit is an error with a way out, not a machine out of memory."""
    with pytest.raises(InvalidInputError, match=message):
        knapsack(values, weights, capacity)
