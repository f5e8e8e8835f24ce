"""Tasks to nodes at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.matching.columns import Inputs, read_inputs
from fairlead.matching.learned import LearnedMatcher, node_types
from fairlead.printed import Printed
from fairlead.tables import JOB_LATER, Coded, JobColumns, NodeColumns, device_names, to_native_like

__all__ = ["MatchResult", "match"]

_STATUSES = ("placed", "unplaced", "infeasible")


@dataclass(frozen=True, eq=False)
class MatchResult(Printed):
    """Which task goes where, and what keeps the others out.

    Attributes
    ----------
    method : str
    tasks, placed_tasks : int
        Tasks in all, and those placed: the documents' sum of A_ij.
    utilisation : dict of str to float
        Part of the cluster's capacity that the placed tasks take, by resource.
    """

    method: str
    tasks: int
    placed_tasks: int
    utilisation: Mapping[str, float]
    _raw: dict[str, Any] = field(repr=False)
    _columns: JobColumns = field(repr=False)
    _nodes: NodeColumns = field(repr=False)
    _like: Any = field(repr=False)

    @cached_property
    def jobs(self) -> Any:
        """One row a job: ``job_id``, ``status``, ``reason``.

        ``status`` is ``placed``, ``unplaced`` (it fits on idle nodes) or ``infeasible`` (it does
        not); ``reason`` names what is short: ``resources:gpus``, ``infeasible:pool``.
        """
        columns = {
            "job_id": self._columns.job_id,
            "status": Coded(self._raw["status"], _STATUSES),
            "reason": Coded(self._raw["reason"], self._raw["reasons"]),
        }
        return to_native_like(columns, self._like, same_rows=True)

    @cached_property
    def placements(self) -> Any:
        """One row a placed task: ``job_id``, ``task``, ``node``, ``devices``.

        ``devices`` reads ``gpus:0,gpus:1``; it is empty where the job asks none.
        """
        columns = {
            "job_id": self._columns.job_id[self._raw["job"]],
            "task": self._raw["task"],
            "node": Coded(self._raw["node"], self._nodes.node_id),
            "devices": device_names(self._raw, self._nodes),
        }
        return to_native_like(columns, self._like)

    def summary(self) -> str:
        """A few lines for people.

        Examples
        --------
        >>> import pandas as pd
        >>> from fairlead import Cluster
        >>> jobs = pd.DataFrame({"gpus": [8, 8, 16]})
        >>> print(match(jobs, Cluster.homogeneous(nodes=1, gpus=8)).summary())
        greedy: 1 of 3 tasks placed; utilisation: gpus 100.0 %
          1 x infeasible:gpus
          1 x resources:gpus
        """
        used = ", ".join(f"{name} {share:.1%}" for name, share in self.utilisation.items())
        lines = [
            f"{self.method}: {self.placed_tasks:,} of {self.tasks:,} tasks placed; "
            f"utilisation: {used.replace('%', ' %') or 'none'}"
        ]
        counts = np.bincount(self._raw["reason"], minlength=len(self._raw["reasons"]))
        left = [
            (reason, n) for reason, n in zip(self._raw["reasons"], counts, strict=True) if reason
        ]
        return "\n".join([*lines, *(f"  {n:,} x {reason}" for reason, n in sorted(left))])

    def __repr__(self) -> str:
        return f"MatchResult({self.method}, {self.placed_tasks} of {self.tasks} tasks placed)"


def match(
    jobs: Any,
    cluster: Any,
    *,
    method: str = "greedy",
    model: LearnedMatcher | None = None,
    ignore: Iterable[str] = (),
) -> MatchResult:
    r"""Assign the tasks of all jobs to nodes and devices, at once and on an idle cluster.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
        The jobs table; ``submit_time`` may be absent. Gangs are placed whole or not at all.
    cluster : Cluster or nodes frame
        All nodes count as idle and in service.
    method : str, default "greedy"
        Jobs come by demand, the largest first (the largest share of the cluster's capacity that the
        job asks of any one resource; ties by row). Each takes

        - ``greedy``: the largest node that fits, by the same measure;
        - ``first_fit``: the lowest row that fits;
        - ``best_fit``, ``worst_fit``: the node with the smallest, largest free part of a resource
          after placing;
        - ``balanced``: the least loaded node (the documents' C_i / T_i);
        - ``consolidated``: the node that holds most of the gang, then one already in use;
        - ``cheapest``, ``fastest``: by ``price_usd_per_hour`` and ``speed``, first fit.

        ``exhaustive`` tries everything and places as many tasks as can be; of several such
        placements it gives the one that takes the first jobs on the lowest nodes. For small
        instances: it gives up after 20,000,000 steps (some 8 jobs of shares on 4 nodes).

        ``learned`` takes the type of node that `model` holds to be the best for the job and that
        has room for all its tasks, the lowest rows first; where no type has, nodes of several.
    model : LearnedMatcher, optional
        For ``learned``; a column that only it honours, such as ``model``, needs no `ignore`.
    ignore : iterable of str
        Job columns to leave out although they are filled and not honoured yet.

    Returns
    -------
    MatchResult

    Raises
    ------
    InvalidInputError
        A column is missing, has the wrong type, or a value is out of range; an unknown method; too
        much to try for ``exhaustive``; ``learned`` without a model, or a model without it.

    Notes
    -----
    .. math:: \max \sum_{ij} A_{ij}, \quad \sum_j A_{ij} \le 1, \quad \sum_i d_i A_{ij} \le C_j

    with A_ij = 1 where task i runs on node j. The documents ask for rows that sum to 1, which makes
    the objective a constant; with at most 1 work may be left out, and ``exhaustive`` finds the
    maximum. Greedy is O(n_jobs log n_jobs + tasks * n_nodes); a request that was refused once costs
    nothing again.

    Examples
    --------
    >>> import pandas as pd
    >>> from fairlead import Cluster
    >>> nodes = pd.DataFrame({"node_id": ["small", "big"], "gpus": [4, 8]})
    >>> jobs = pd.DataFrame({"job_id": ["a", "b", "c"], "gpus": [3, 8, 2]})
    >>> result = match(jobs, Cluster.from_frame(nodes))
    >>> result.placements[["job_id", "node"]].to_numpy().tolist()
    [['a', 'small'], ['b', 'big']]
    >>> result.jobs["reason"].tolist()
    ['', '', 'resources:gpus']
    """
    if (method == "learned") != (model is not None):
        raise InvalidInputError(
            f"method 'learned' needs model=, a fitted LearnedMatcher, and no other method takes "
            f"one; got method {method!r} {'without' if model is None else 'with'} a model"
        )
    ignored = [ignore] if isinstance(ignore, str) else list(ignore)
    if model is not None:
        ignored += [name for name in model.columns_ if name in JOB_LATER]
    inputs = read_inputs(jobs, cluster, ignored)
    if model is None:
        raw = _core.match(inputs.nodes, inputs.core_jobs, method)
    else:
        type_of_node, types = node_types(inputs.cluster, model.types)
        order = model.order(jobs, types)
        raw = _core.match_by_type(
            inputs.nodes, inputs.core_jobs, len(types), type_of_node, order.ravel()
        )
    tasks = inputs.jobs.tasks
    return MatchResult(
        method=method,
        tasks=inputs.jobs.n if tasks is None else int(tasks.sum(dtype=np.int64)),
        placed_tasks=len(raw["job"]),
        utilisation=_utilisation(raw, inputs),
        _raw=raw,
        _columns=inputs.jobs,
        _nodes=inputs.cluster.node_columns,
        _like=jobs,
    )


def _utilisation(raw: dict[str, Any], inputs: Inputs) -> dict[str, float]:
    """Rows of ``raw`` are tasks, so a gang counts as often as it has tasks."""
    nodes = inputs.cluster.node_columns
    total = nodes.capacity.sum(axis=0, dtype=np.float64)
    shares = {}
    for resource, capacity in zip(nodes.resources, total, strict=True):
        asked = inputs.jobs.requests.get(resource)
        used = 0.0 if asked is None else float(asked[raw["job"]].sum(dtype=np.float64))
        if capacity > 0:
            shares[resource] = used / float(capacity)
    return shares
