"""What the jobs run on: a validated nodes table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.printed import Printed
from fairlead.tables import NodeColumns, node_columns, to_pandas, unit_of

__all__ = ["Cluster", "as_cluster"]


@dataclass(frozen=True, eq=False)
class Cluster(Printed):
    """A set of nodes; make one with `homogeneous` or `from_frame`.

    Attributes
    ----------
    nodes : pandas.DataFrame
        One row a node, as given; not to be changed in place.
    node_columns : NodeColumns
        The same, checked and in exact integer units.

    Examples
    --------
    >>> cluster = Cluster.homogeneous(nodes=16, gpus=8, gpu_type="a100", cpus=96, memory_gib=1024)
    >>> len(cluster), cluster.capacity
    (16, {'cpus': 1536.0, 'memory_gib': 16384.0, 'gpus': 128.0})
    """

    nodes: pd.DataFrame
    node_columns: NodeColumns

    @classmethod
    def homogeneous(
        cls,
        nodes: int,
        *,
        cpus: float | None = None,
        memory_gib: float | None = None,
        gpus: int | None = None,
        gpu_type: str | None = None,
        gpu_memory_gib: float | None = None,
        pool: str = "default",
        **more: Any,
    ) -> Cluster:
        """Identical nodes, named ``node-0``, ``node-1``, ... with leading zeros.

        Parameters
        ----------
        nodes : int
            How many.
        cpus, memory_gib, gpus : float, optional
            Capacity of each node: cores, GiB, whole devices.
        gpu_type : str, optional
        gpu_memory_gib : float, optional
            GiB of each device.
        pool : str
        **more
            Any further column of the nodes table: ``tpus``, ``storage_gib``, ``speed``,
            ``price_usd_per_hour``, a resource of your own, ...

        Returns
        -------
        Cluster

        Raises
        ------
        InvalidInputError
            No nodes, a negative or fractional capacity, or a misspelt column.

        Examples
        --------
        >>> Cluster.homogeneous(nodes=1, cpus=100).capacity
        {'cpus': 100.0}
        """
        if isinstance(nodes, bool) or nodes != int(nodes) or nodes < 1:
            raise InvalidInputError(f"nodes must be a whole number of at least 1, got {nodes!r}")
        count = int(nodes)
        width = len(str(count - 1))
        given = {
            "pool": pool,
            "cpus": cpus,
            "memory_gib": memory_gib,
            "gpus": gpus,
            "gpu_type": gpu_type,
            "gpu_memory_gib": gpu_memory_gib,
            **more,
        }
        columns = {name: value for name, value in given.items() if value is not None}
        ids = [f"node-{i:0{width}d}" for i in range(count)]
        return cls.from_frame(pd.DataFrame({"node_id": ids, **columns}))

    @classmethod
    def from_frame(cls, nodes: Any) -> Cluster:
        """A cluster from a nodes table of pandas, Polars or Arrow.

        Parameters
        ----------
        nodes : DataFrame, shape (n_nodes, ...)
            ``node_id`` and capacities; see `fairlead.tables.node_columns`.

        Returns
        -------
        Cluster

        Raises
        ------
        InvalidInputError
            A column is missing, has the wrong type, or a value is out of range.

        Examples
        --------
        >>> Cluster.from_frame(pd.DataFrame({"node_id": ["a", "b"], "cpus": [4, 8]})).capacity
        {'cpus': 12.0}
        """
        frame = to_pandas(nodes, "nodes")
        return cls(frame, node_columns(frame))

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        amounts = ", ".join(f"{name}={amount:g}" for name, amount in self.capacity.items())
        return f"Cluster(nodes={len(self)}, {amounts or 'no resources'})"

    @property
    def capacity(self) -> dict[str, float]:
        """All nodes together, in user units (cores, GiB, devices, ...)."""
        return self.node_columns.total()

    def summary(self) -> str:
        """A few lines for people: the nodes by pool and shape.

        Examples
        --------
        >>> print(Cluster.homogeneous(nodes=2, cpus=8, gpus=4, gpu_type="a100").summary())
        2 nodes: 16 cpus, 8 gpus
          2 x default: 8 cpus, 4 gpus (a100)
        """
        total = ", ".join(f"{amount:,g} {name}" for name, amount in self.capacity.items())
        lines = [f"{len(self)} node{'s'[: len(self) != 1]}: {total or 'no resources'}"]
        lines += [f"  {row.nodes} x {row.pool}: {row.shape}" for row in self._shapes().itertuples()]
        return "\n".join(lines)

    def _shapes(self) -> pd.DataFrame:
        """Distinct nodes and how many there are of each, most frequent first."""
        columns = self.node_columns
        units = [unit_of(resource) for resource in columns.resources]
        frame = pd.DataFrame(columns.capacity / units, columns=list(columns.resources))
        frame.insert(0, "pool", [columns.pool_names[code] for code in columns.pool])
        names = (*columns.gpu_type_names, "")
        frame["gpu_type"] = "" if columns.gpu_type is None else [names[c] for c in columns.gpu_type]
        grouped = frame.groupby(list(frame.columns), sort=False, dropna=False).size()
        rows = []
        ordered: Any = grouped.sort_values(ascending=False, kind="stable")
        for (pool, *amounts, gpu_type), count in ordered.items():
            shape = ", ".join(
                f"{amount:,g} {name}"
                for name, amount in zip(columns.resources, amounts, strict=True)
                if amount
            )
            rows.append((pool, count, f"{shape} ({gpu_type})" if gpu_type else shape))
        return pd.DataFrame(rows, columns=["pool", "nodes", "shape"])


def as_cluster(cluster: Any) -> Cluster:
    """The cluster itself, or one made from a nodes frame.

    Raises
    ------
    InvalidInputError
        Neither a cluster nor a nodes frame.

    Examples
    --------
    >>> len(as_cluster(pd.DataFrame({"node_id": ["a"], "cpus": [4]})))
    1
    """
    return cluster if isinstance(cluster, Cluster) else Cluster.from_frame(cluster)
