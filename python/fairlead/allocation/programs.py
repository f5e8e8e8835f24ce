"""Allocation as linear and mixed-integer programs, solved by HiGHS through SciPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fairlead.allocation._checks import matrix, vector
from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["AllocationMatrix", "CostPlan", "allocation_matrix", "cost_plan"]


@dataclass(frozen=True, eq=False)
class AllocationMatrix:
    """An allocation of jobs to resources.

    Attributes
    ----------
    shares : array, shape (jobs, resources), or None
        ``A[i, j]``: the part of job i on resource j; 0 or 1 unless relaxed. None if infeasible.
    objective : float or None
        What was optimised, at the optimum. None if infeasible.
    status : {"optimal", "infeasible"}
        Whether any allocation obeys the constraints.
    """

    shares: Floats | None
    objective: float | None
    status: Literal["optimal", "infeasible"]


def allocation_matrix(
    demand: ArrayLike,
    capacity: ArrayLike,
    *,
    times: ArrayLike | None = None,
    objective: Literal["placed", "time"] = "placed",
    relax: bool = False,
) -> AllocationMatrix:
    r"""Best allocation of jobs to resources, as an integer or linear program.

    .. math::

       \text{placed:}\quad &\max \sum_{ij} A_{ij}, \qquad \sum_j A_{ij} \le 1 \\
       \text{time:}\quad &\min \sum_i \max_j A_{ij} T_{ij}, \qquad \sum_j A_{ij} = 1 \\
       \text{both:}\quad &\sum_i d_i A_{ij} \le C_j, \qquad A_{ij} \in \{0, 1\}

    Parameters
    ----------
    demand : array, shape (jobs,)
        Units each job needs, d.
    capacity : array, shape (resources,)
        Units each resource has, C.
    times : array, shape (jobs, resources), optional
        Run time T of each job on each resource, in any one unit; needed by ``objective="time"``.
    objective : {"placed", "time"}, default "placed"
        Place as many jobs as possible, or place every job at the least total time.
    relax : bool, default False
        Allow parts of jobs (``0 <= A <= 1``): the linear relaxation, which bounds the integer one.

    Returns
    -------
    AllocationMatrix
        Shares, objective and status; an instance without an allocation is a status, not an error.

    Raises
    ------
    InvalidInputError
        A shape is wrong, a number negative or not finite, or `times` missing.

    Notes
    -----
    The documents maximise :math:`\sum A_{ij}` while every row sums to 1, which makes the
    utilisation objective a constant. Here rows sum to at most 1, so that leaving work out is
    possible and the objective counts the jobs placed. The relaxation of ``"time"`` can spread a
    job over resources to lower its longest part; only the integer form is a placement. Solved by
    HiGHS through SciPy; the integer form is exponential in the worst case, meant for hundreds of
    jobs.

    Examples
    --------
    Four jobs on two machines of 10 units: all but the largest.

    >>> from fairlead.allocation import allocation_matrix
    >>> best = allocation_matrix([6, 4, 5, 9], [10, 10])
    >>> best.objective, best.shares.sum(axis=1).tolist()
    (3.0, [1.0, 1.0, 1.0, 0.0])
    >>> round(allocation_matrix([6, 4, 5, 9], [10, 10], relax=True).objective, 3)
    3.556
    """
    need, room = vector("demand", demand), vector("capacity", capacity)
    jobs, resources = need.size, room.size
    if objective not in ("placed", "time"):
        raise InvalidInputError(f"unknown objective {objective!r}; known are 'placed', 'time'")
    if jobs == 0 or (resources == 0 and objective == "placed"):
        return AllocationMatrix(np.zeros((jobs, resources)), 0.0, "optimal")
    if resources == 0:
        return AllocationMatrix(None, None, "infeasible")
    program = (
        _placed_program(jobs, resources)
        if objective == "placed"
        else _time_program(_times(times, jobs, resources))
    )
    program.add_capacity(need, room)
    answer = program.solve(relax=relax)
    if answer is None:
        return AllocationMatrix(None, None, "infeasible")
    x, value = answer
    shares = x[: jobs * resources].reshape(jobs, resources)
    shares = np.clip(shares, 0.0, 1.0) if relax else np.round(shares)
    return AllocationMatrix(shares, -value if objective == "placed" else value, "optimal")


@dataclass(frozen=True, eq=False)
class CostPlan:
    """The cheapest amounts that meet a demand.

    Attributes
    ----------
    amounts : array, shape (options,), or None
        How much of each option to take. None if the demand cannot be met.
    cost : float or None
        What that costs. None if the demand cannot be met.
    status : {"optimal", "infeasible"}
        Whether any amounts meet the demand within the bounds.
    """

    amounts: Floats | None
    cost: float | None
    status: Literal["optimal", "infeasible"]


def cost_plan(
    price: ArrayLike,
    provides: ArrayLike,
    demand: ArrayLike,
    *,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
    integer: bool = False,
) -> CostPlan:
    r"""Cheapest mix of options that meets a demand.

    .. math:: \min c^T x, \qquad A x \ge b, \qquad l \le x \le u

    Parameters
    ----------
    price : array, shape (options,)
        Price c of one unit of each option, for example of a node per hour (USD/h).
    provides : array, shape (resources, options)
        Units of each resource that one unit of each option gives, A.
    demand : array, shape (resources,)
        Units needed of each resource, b.
    lower, upper : float or array, shape (options,)
        The least and the most to take of each option.
    integer : bool, default False
        Take whole units only.

    Returns
    -------
    CostPlan
        Amounts, cost and status; a demand that cannot be met is a status, not an error.

    Raises
    ------
    InvalidInputError
        A shape is wrong, a number negative or not finite, or a lower bound above its upper bound.

    Notes
    -----
    The documents' ``linprog`` call passes the left side of the demand constraint without its right
    side and cannot run; this one is complete. SciPy states rows as ``A_ub x <= b_ub``, hence the
    two minus signs.

    Examples
    --------
    100 GPUs and 600 CPUs from nodes of 8 GPUs and 96 CPUs at 24 USD/h or 64 CPUs at 2 USD/h:

    >>> from fairlead.allocation import cost_plan
    >>> best = cost_plan([24, 2], [[8, 0], [96, 64]], [100, 600], integer=True)
    >>> best.amounts.tolist(), best.cost
    ([13.0, 0.0], 312.0)
    """
    c, b = vector("price", price), vector("demand", demand)
    a = matrix("provides", provides, (b.size, c.size))
    low = np.broadcast_to(vector("lower", np.atleast_1d(lower)), c.shape)
    high = np.broadcast_to(np.asarray(upper, float), c.shape)
    crossed = np.flatnonzero(~(high >= low))
    if crossed.size:
        i = int(crossed[0])
        raise InvalidInputError(
            f"upper must be at least lower; option {i} has {high[i]:g} below {low[i]:g}"
        )
    if c.size == 0:
        return (
            CostPlan(np.zeros(0), 0.0, "optimal")
            if not b.any()
            else CostPlan(None, None, "infeasible")
        )
    program = _Program(c.copy(), low.copy(), high.copy(), np.full(c.size, integer))
    program.rows.append((-a, np.full(b.size, -np.inf), -b))
    answer = program.solve(relax=not integer)
    if answer is None:
        return CostPlan(None, None, "infeasible")
    x = np.round(answer[0]) if integer else np.clip(answer[0], low, high)
    return CostPlan(x, float(c @ x), "optimal")


class _Program:
    """A linear or mixed-integer program in the making: min cost.x, rows, bounds."""

    def __init__(self, cost: Floats, low: Floats, high: Floats, integer: NDArray[np.bool_]) -> None:
        self.cost, self.low, self.high, self.integer = cost, low, high, integer
        self.rows: list[tuple[Any, Floats, Floats]] = []

    def add_capacity(self, need: Floats, room: Floats) -> None:
        """Sum_i need_i A_ij <= room_j, with A flattened row by row at the front of x."""
        from scipy import sparse

        a = sparse.kron(need.reshape(1, -1), sparse.eye_array(room.size), format="csr")
        extra = self.cost.size - need.size * room.size
        a = sparse.hstack([a, sparse.csr_array((room.size, extra))], format="csr")
        self.rows.append((a, np.full(room.size, -np.inf), room))

    def solve(self, *, relax: bool) -> tuple[Floats, float] | None:
        """The optimum and its value, or None if there is no feasible point."""
        return self._linear() if relax else self._integer()

    def _linear(self) -> tuple[Floats, float] | None:
        from scipy import sparse
        from scipy.optimize import linprog

        a = sparse.vstack([sparse.csr_array(rows) for rows, _, _ in self.rows], format="csr")
        low = np.concatenate([low for _, low, _ in self.rows])
        high = np.concatenate([high for _, _, high in self.rows])
        equal, below = low == high, (low != high) & np.isfinite(high)
        answer = linprog(
            self.cost,
            A_ub=a[below] if below.any() else None,
            b_ub=high[below] if below.any() else None,
            A_eq=a[equal] if equal.any() else None,
            b_eq=high[equal] if equal.any() else None,
            bounds=np.column_stack([self.low, self.high]),
            method="highs",
        )
        return _checked(answer)

    def _integer(self) -> tuple[Floats, float] | None:
        from scipy.optimize import Bounds, LinearConstraint, milp

        answer = milp(
            self.cost,
            integrality=self.integer.astype(int),
            bounds=Bounds(self.low, self.high),
            constraints=[LinearConstraint(a, low, high) for a, low, high in self.rows],
            options={"mip_rel_gap": 0.0},
        )
        return _checked(answer)


def _checked(answer: Any) -> tuple[Floats, float] | None:
    """SciPy's answer, None where it is infeasible (status 2), an error where the solver gave up."""
    if answer.status == 2:
        return None
    if answer.x is None:
        raise InvalidInputError(f"the program has no optimum: {answer.message}")
    return np.asarray(answer.x, dtype=np.float64), float(answer.fun)


def _placed_program(jobs: int, resources: int) -> _Program:
    from scipy import sparse

    n = jobs * resources
    program = _Program(np.full(n, -1.0), np.zeros(n), np.ones(n), np.ones(n, dtype=bool))
    row_sums = sparse.kron(sparse.eye_array(jobs), np.ones((1, resources)), format="csr")
    program.rows.append((row_sums, np.full(jobs, -np.inf), np.ones(jobs)))
    return program


def _time_program(times: Floats) -> _Program:
    """Variables A (row by row), then t_i, the longest part of job i: t_i >= A_ij T_ij."""
    from scipy import sparse

    jobs, resources = times.shape
    n = jobs * resources
    program = _Program(
        np.concatenate([np.zeros(n), np.ones(jobs)]),
        np.zeros(n + jobs),
        np.concatenate([np.ones(n), np.full(jobs, np.inf)]),
        np.concatenate([np.ones(n, dtype=bool), np.zeros(jobs, dtype=bool)]),
    )
    row_sums = sparse.kron(sparse.eye_array(jobs), np.ones((1, resources)))
    whole = sparse.hstack([row_sums, sparse.csr_array((jobs, jobs))], format="csr")
    program.rows.append((whole, np.ones(jobs), np.ones(jobs)))
    longest = sparse.kron(sparse.eye_array(jobs), np.ones((resources, 1)))
    parts = sparse.hstack([sparse.diags_array(times.ravel()), -longest], format="csr")
    program.rows.append((parts, np.full(n, -np.inf), np.zeros(n)))
    return program


def _times(times: ArrayLike | None, jobs: int, resources: int) -> Floats:
    if times is None:
        raise InvalidInputError("objective='time' needs times=, shape (jobs, resources)")
    return matrix("times", times, (jobs, resources))
