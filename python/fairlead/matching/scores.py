"""The best nodes for every job, one task at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead import _core
from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.matching.columns import read_inputs
from fairlead.matching.devices import cuda_driver, cuda_lost
from fairlead.printed import Printed
from fairlead.tables import TextIds, to_native_like, unit_of

__all__ = ["ScoreResult", "score"]

#: Pairs of distinct request and node from which "auto" takes CUDA: some 50 ms of one CPU core. The
#: first call of a process spends more than that on starting CUDA, later ones win at once.
AUTO_PAIRS = 100_000_000

_DEFAULT_TERMS = {"best_fit": 1.0}


@dataclass(frozen=True, eq=False)
class ScoreResult(Printed):
    """The best nodes of every job.

    Attributes
    ----------
    node : int32 array, shape (n_jobs, top_k)
        Rows of the nodes table, best first; -1 where no further node fits.
    score : float64 array, shape (n_jobs, top_k)
        Weighted sums of terms, each term from 0 to 1; NaN where there is no node.
    feasible : int32 array, shape (n_jobs,)
        Nodes that a task fits on.
    terms : dict of str to float
        The weights as given.
    units : dict of str to float
        What amounts were rounded to before they were compared (cores, GiB, devices, ...).
    exact : bool
        No amount was changed by that rounding.
    device : {"cpu", "cuda"}
        Where it ran.
    times_s : dict of str to float
        Seconds in ``copy_in``, ``score`` and ``copy_out``; copies are to and from the GPU.
    requests : int
        Distinct requests, each of which was scored once.
    """

    node: NDArray[np.int32]
    score: NDArray[np.float64]
    feasible: NDArray[np.int32]
    terms: Mapping[str, float]
    units: Mapping[str, float]
    exact: bool
    device: str
    times_s: Mapping[str, float]
    requests: int
    _job_id: NDArray[Any] | TextIds = field(repr=False)
    _node_id: NDArray[Any] = field(repr=False)
    _like: Any = field(repr=False)

    @cached_property
    def jobs(self) -> Any:
        """One row a job: ``job_id``, ``node`` (the best), ``score``, ``feasible_nodes``."""
        columns = {
            "job_id": self._job_id,
            "node": self._names(self.node[:, 0]),
            "score": self.score[:, 0],
            "feasible_nodes": self.feasible,
        }
        return to_native_like(columns, self._like, same_rows=True)

    @cached_property
    def candidates(self) -> Any:
        """One row a job and node, best first: ``job_id``, ``rank`` from 1, ``node``, ``score``."""
        row, rank = np.nonzero(self.node >= 0)
        columns = {
            "job_id": self._job_id[row],
            "rank": rank + 1,
            "node": self._names(self.node[row, rank]),
            "score": self.score[row, rank],
        }
        return to_native_like(columns, self._like)

    def summary(self) -> str:
        """A few lines for people.

        Examples
        --------
        >>> from fairlead import Cluster
        >>> jobs = pd.DataFrame({"gpus": [2, 16]})
        >>> print(score(jobs, Cluster.homogeneous(nodes=4, gpus=8), device="cpu").summary())
        1 of 2 jobs fit somewhere (2 distinct requests, 4 nodes; on the cpu)
          terms: best_fit 1
        """
        fit = int((self.feasible > 0).sum())
        terms = ", ".join(f"{name} {weight:g}" for name, weight in self.terms.items())
        lines = [
            f"{fit:,} of {len(self.feasible):,} jobs fit somewhere ({self.requests:,} distinct "
            f"requests, {len(self._node_id):,} nodes; on the {self.device})",
            f"  terms: {terms}",
        ]
        if not self.exact:
            units = ", ".join(f"{name} {unit:g}" for name, unit in self.units.items())
            lines.append(f"  amounts rounded, requests up and capacities down, to {units}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"ScoreResult({len(self.feasible)} jobs, {len(self._node_id)} nodes, {self.device})"

    def _names(self, rows: NDArray[np.int32]) -> Any:
        dtype: Any = pd.CategoricalDtype(self._node_id.tolist())
        return pd.Categorical.from_codes(rows, dtype=dtype, validate=False)


def score(
    jobs: Any,
    cluster: Any,
    *,
    terms: Mapping[str, float] | None = None,
    top_k: int = 1,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    ignore: Iterable[str] = (),
) -> ScoreResult:
    """Find the best nodes for one task of every job, on an idle cluster.

    Every pair of job and node is filtered (each resource suffices, pool, type and memory of the
    devices) and scored by a weighted sum of terms; the highest score wins, ties go to the lowest
    row. Jobs do not see each other; `match` places them side by side.

    Parameters
    ----------
    jobs : pandas, Polars or Arrow frame, shape (n_jobs, ...)
        The jobs table; ``submit_time`` may be absent. Tasks of a gang are alike, so one is scored;
        ``tasks_per_node`` plays no part.
    cluster : Cluster or nodes frame
        All nodes count as idle and in service.
    terms : dict of str to float, default {"best_fit": 1.0}
        Weights of the terms; a negative weight turns a term round. Terms are from 0 to 1, higher is
        better: ``best_fit`` (1 - the largest free part of a resource after placing the task),
        ``worst_fit`` (that largest free part), ``balanced`` (1 - the largest load ratio before
        placing it: 1 on an idle node), ``first_fit`` (1 - row / nodes), ``cost`` (1 - price /
        highest price), ``speed`` (speed / highest speed). ``consolidated`` is about gangs: `match`
        has it.
    top_k : int, default 1
        How many nodes to give for each job, from 1 to 32.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes CUDA where `cuda_info` has it and there is enough to do for it to pay.
    ignore : iterable of str
        Job columns to leave out although they are filled and not honoured yet.

    Returns
    -------
    ScoreResult

    Raises
    ------
    InvalidInputError
        A column is missing, has the wrong type, or a value is out of range; an unknown term.
    BackendUnavailableError
        ``device="cuda"`` and CUDA cannot be had; says why.

    Notes
    -----
    Both devices give the same bits. Amounts are divided by a unit per resource, requests rounding
    up and capacities down, to whole numbers below 2^24: so nothing fits here that does not fit in
    truth. The unit is the greatest common divisor of all amounts, doubled until they are below
    2^24; it loses nothing (``exact``) unless amounts are both large and odd. The free part is one
    product in float32, rounded to multiples of 2^-20; the other terms are rounded down to them.
    Weights are rounded to the nearest 1/1024 of their sum, but not to 0. So nodes whose terms
    differ by less than 2^-20 may tie; `match` and `schedule` compare fractions exactly.

    Equal requests are scored once: O(n_jobs + distinct requests * n_nodes * resources).

    References
    ----------
    .. [1] Panigrahy, Talwar, Uyeda, Wieder, "Heuristics for vector bin packing", Microsoft
       Research, 2011.

    Examples
    --------
    >>> import pandas as pd
    >>> from fairlead import Cluster
    >>> nodes = pd.DataFrame({"node_id": ["big", "small"], "gpus": [8, 4], "cpus": [96, 48]})
    >>> jobs = pd.DataFrame({"job_id": ["a", "b", "c"], "gpus": [4, 8, 9], "cpus": [48, 8, 8]})
    >>> best = score(jobs, Cluster.from_frame(nodes))
    >>> best.jobs["node"].tolist(), best.jobs["feasible_nodes"].tolist()
    (['small', 'big', nan], [2, 1, 0])
    >>> best.score[:, 0].round(3).tolist()
    [1.0, 0.083, nan]
    """
    if device not in ("auto", "cpu", "cuda"):
        raise InvalidInputError(f"device must be 'auto', 'cpu' or 'cuda'; got {device!r}")
    weights = {str(n): float(w) for n, w in (terms or _DEFAULT_TERMS).items()}
    inputs = read_inputs(jobs, cluster, ignore)
    batch = _core.ScoreBatch(inputs.nodes, inputs.core_jobs, weights)
    used, found = _run(batch, int(top_k), device)
    shape = (inputs.jobs.n, int(top_k))
    return ScoreResult(
        node=found["node"].reshape(shape),
        score=found["score"].reshape(shape),
        feasible=found["feasible"],
        terms=weights,
        units={name: unit / _unit_of(name) for name, unit, _ in batch.columns},
        exact=all(exact for _, _, exact in batch.columns),
        device=used,
        times_s=found["times_s"],
        requests=batch.requests,
        _job_id=inputs.jobs.job_id,
        _node_id=inputs.cluster.node_columns.node_id,
        _like=jobs,
    )


def _run(batch: _core.ScoreBatch, top_k: int, device: str) -> tuple[str, dict[str, Any]]:
    """Score on the device asked for; `auto` goes on with the CPU where CUDA fails."""
    if device == "cuda" or (device == "auto" and batch.pairs * top_k >= AUTO_PAIRS):
        driver, reason = cuda_driver()
        if driver is not None:
            found = batch.score(top_k=top_k, driver=driver)
            if "error" not in found:
                return "cuda", found
            reason = found["error"]
            if found["lost"]:
                cuda_lost(reason)
        if device == "cuda":
            raise BackendUnavailableError(
                f"device='cuda' cannot be had: {reason}; use device='auto' or 'cpu'"
            )
    return "cpu", batch.score(top_k=top_k, driver=None)


def _unit_of(column: str) -> int:
    return 2**30 if column == "gpu_memory_gib" else unit_of(column)
