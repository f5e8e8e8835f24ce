"""Jobs and cluster as the core's tables, for decisions about one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw

from fairlead import _core
from fairlead.cluster import Cluster, as_cluster
from fairlead.tables import JobColumns, core_jobs, core_nodes, job_columns

__all__ = ["Inputs", "read_inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Checked tables; ``core_jobs`` are the jobs as the core takes them."""

    cluster: Cluster
    jobs: JobColumns
    nodes: _core.Nodes
    core_jobs: dict[str, Any]


def read_inputs(jobs: Any, cluster: Any, ignore: Iterable[str]) -> Inputs:
    """Check both tables. Times mean nothing here, so ``submit_time`` may be absent."""
    known = as_cluster(cluster)
    nodes = replace(known.node_columns, time=None)
    columns = job_columns(_with_submit_time(jobs), nodes, ignore=ignore, need_duration=False)
    return Inputs(known, columns, _core.Nodes(core_nodes(nodes)), core_jobs(columns, nodes))


def _with_submit_time(jobs: Any) -> Any:
    frame = nw.from_native(jobs, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame) or "submit_time" in frame.columns:
        return jobs
    return frame.with_columns(submit_time=nw.lit(0)).to_native()
