"""A cluster is a checked nodes table."""

from __future__ import annotations

import pandas as pd
import pytest

import fairlead
from fairlead.cluster import Cluster, as_cluster
from fairlead.errors import InvalidInputError


def test_identical_nodes_have_sortable_names_and_add_up():
    """Names have leading zeros; capacity is in user units."""
    cluster = Cluster.homogeneous(nodes=11, gpus=8, cpus=95.5, memory_gib=1024, nvme_tb=4)
    assert cluster.nodes["node_id"].tolist() == sorted(cluster.nodes["node_id"])
    assert (len(cluster), cluster.nodes["node_id"][3]) == (11, "node-03")
    assert cluster.capacity == {
        "cpus": 1050.5,
        "memory_gib": 11264.0,
        "gpus": 88.0,
        "nvme_tb": 44.0,
    }


@pytest.mark.parametrize("nodes", [0, -1, 1.5, True])
def test_a_cluster_has_a_whole_number_of_nodes(nodes):
    """At least one."""
    with pytest.raises(InvalidInputError, match="nodes"):
        Cluster.homogeneous(nodes=nodes, cpus=4)


@pytest.mark.parametrize("more", [{"gpu": 8}, {"gpus": 1.5}, {"cpus": -1}, {"speed": 0}])
def test_impossible_nodes_are_refused(more):
    """A misspelt or impossible capacity."""
    with pytest.raises(InvalidInputError):
        Cluster.homogeneous(nodes=2, **more)


def test_a_frame_of_another_library_makes_the_same_cluster():
    """Polars in, the same capacities out, and the input's index does not matter."""
    pl = pytest.importorskip("polars")
    columns = {"node_id": ["a", "b"], "cpus": [4, 8], "gpu_type": ["x", None]}
    ours = Cluster.from_frame(pd.DataFrame(columns, index=[5, 3]))
    theirs = Cluster.from_frame(pl.DataFrame(columns))
    assert ours.capacity == theirs.capacity
    assert ours.nodes.index.tolist() == [0, 1]
    assert ours.node_columns.gpu_type.tolist() == theirs.node_columns.gpu_type.tolist()


def test_verbs_take_a_cluster_or_a_nodes_frame():
    """A cluster passes through; what is neither is refused."""
    cluster = Cluster.homogeneous(nodes=1, cpus=4)
    assert as_cluster(cluster) is cluster
    assert len(as_cluster(cluster.nodes)) == 1
    with pytest.raises(InvalidInputError):
        as_cluster(16)


def test_the_summary_groups_equal_nodes():
    """By pool and shape, most frequent first; the notebook shows the same, escaped."""
    frame = pd.DataFrame(
        {"node_id": list("abc"), "gpus": [8, 4, 4], "gpu_type": ["<h>", "t4", "t4"], "pool": "p"}
    )
    cluster = fairlead.Cluster.from_frame(frame)
    assert cluster.summary() == ("3 nodes: 16 gpus\n  2 x p: 4 gpus (t4)\n  1 x p: 8 gpus (<h>)")
    assert "&lt;h&gt;" in cluster._repr_html_()
    assert repr(cluster) == "Cluster(nodes=3, gpus=16)"
