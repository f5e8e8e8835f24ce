"""Nodes and events tables become the engine's columns."""

from __future__ import annotations

import pandas as pd
import pytest

from fairlead.errors import InvalidInputError
from fairlead.tables import (
    EVENT_KINDS,
    NAT,
    event_columns,
    job_columns,
    node_columns,
)


def jobs_frame(**columns):
    """A jobs table of two rows, with columns replaced or added."""
    return pd.DataFrame({"submit_time": [0, 5], "duration_s": [10, 20], **columns})


def nodes_frame(**columns):
    """A nodes table of two rows, with columns replaced or added."""
    return pd.DataFrame({"node_id": ["a", "b"], **columns})


def test_node_columns_in_order_with_units_and_kinds():
    """Known resources first, then others by name; devices in whole thousands."""
    columns = node_columns(
        nodes_frame(zeta=[1, 1], gpus=[8, 4], cpus=[96, 0.5], alpha=[2.5, 0], rack=[1, 2])
    )
    assert columns.resources == ("cpus", "gpus", "alpha", "zeta")
    assert columns.kinds == ("counted", "device", "counted", "counted")
    assert columns.capacity.tolist() == [[96000, 8000, 2500, 1000], [500, 4000, 0, 1000]]
    assert columns.capacity.flags.c_contiguous
    assert columns.total() == {"cpus": 96.5, "gpus": 12.0, "alpha": 2.5, "zeta": 2.0}


def test_a_resource_may_resemble_another_that_is_there():
    """``gpus2`` beside ``gpus`` is a resource of its own, alone it is a misspelling."""
    assert node_columns(nodes_frame(gpus=[1, 1], gpus2=[2, 2])).resources == ("gpus", "gpus2")
    with pytest.raises(InvalidInputError, match="rename it to 'gpus'"):
        node_columns(nodes_frame(gpus2=[2, 2]))


def test_nodes_without_a_pool_are_in_the_default_one():
    """Absent or missing."""
    assert node_columns(nodes_frame()).pool_names == ("default",)
    mixed = node_columns(nodes_frame(pool=["big", None]))
    assert (mixed.pool.tolist(), mixed.pool_names) == ([0, 1], ("big", "default"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"gpus": [1, 1.5]}, "whole number of devices; row 1 \\(node 'b'\\)"),
        ({"cpus": [1, -1]}, "row 1"),
        ({"cpus": [1, 1e30]}, "row 1"),
        ({"cpus": [8e15, 8e15]}, "add up"),
        ({"gpu": [1, 1]}, "rename it to 'gpus'"),
        ({"memory_gb": [1, 1]}, "rename it to 'memory_gib'"),
        ({"speed": [1, 0]}, "row 1"),
        ({"price_usd_per_hour": [1, -1]}, "row 1"),
        ({"node_id": ["a", "a"]}, "distinct"),
        ({"available_from": [5, 9], "available_to": [6, 9]}, "row 1"),
    ],
)
def test_impossible_nodes_are_refused(columns, message):
    """Each with column, row and the way out."""
    with pytest.raises(InvalidInputError, match=message):
        node_columns(nodes_frame(**columns))


def test_nodes_need_names():
    """``node_id`` is required."""
    with pytest.raises(InvalidInputError, match="node_id"):
        node_columns(pd.DataFrame({"cpus": [4]}))


def test_optional_node_columns_are_read():
    """Types, memory per device, speed, price and service times."""
    columns = node_columns(
        nodes_frame(
            gpu_type=["a100", None],
            gpu_memory_gib=[80, None],
            speed=[2, None],
            price_usd_per_hour=[1.5, 0],
            available_from=[None, 5.0],
            labels=["x", "y"],
        )
    )
    assert columns.gpu_type.tolist() == [0, -1]
    assert columns.gpu_memory.tolist() == [80 * 2**30, -1]
    assert columns.speed.tolist() == [2, 1]
    assert columns.price_usd_per_hour.tolist() == [1.5, 0]
    assert columns.available_from_ns.tolist() == [NAT, 5 * 10**9]
    assert columns.resources == ()


def events_of(rows, **job_columns_):
    """An events table of rows against two jobs and two nodes in two pools."""
    nodes = node_columns(nodes_frame(cpus=[4, 4], gpus=[8, 8], pool=["p", "q"]))
    jobs = job_columns(jobs_frame(job_id=["x", "y"], **job_columns_))
    return event_columns(pd.DataFrame(rows), nodes, jobs)


def test_every_kind_of_event_finds_its_target():
    """Jobs and nodes by row, pools and resources by code, values in integer units."""
    columns = events_of(
        [
            {"time": 9, "kind": "node_fail", "node": "b"},
            {"time": 1, "kind": "cancel", "job_id": "y"},
            {"time": 2, "kind": "estimate", "job_id": "x", "value": 1.5},
            {"time": 3, "kind": "capacity", "node": "a", "resource": "cpus", "value": 2.5},
            {"time": 4, "kind": "capacity", "pool": "q", "resource": "gpus", "value": 3},
            {"time": 5, "kind": "tick"},
        ]
    )
    assert [EVENT_KINDS[code] for code in columns.kind] == [
        "node_fail",
        "cancel",
        "estimate",
        "capacity",
        "capacity",
        "tick",
    ]
    assert columns.time_ns.tolist() == [9 * 10**9, *(i * 10**9 for i in range(1, 6))]
    assert columns.target.tolist() == [1, 1, 0, 0, -1, -1]
    assert columns.pool.tolist() == [-1, -1, -1, -1, 1, -1]
    assert columns.resource.tolist() == [-1, -1, -1, 0, 1, -1]
    assert columns.value.tolist() == [0, 0, 1_500_000_000, 2500, 3000, 0]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"kind": "explode"}, "kind"),
        ({"kind": "node_fail", "node": "zz"}, "node"),
        ({"kind": "cancel", "job_id": "zz"}, "job_id"),
        ({"kind": "capacity", "node": "a", "resource": "tpus", "value": 1}, "resource"),
        ({"kind": "capacity", "pool": "zz", "resource": "cpus", "value": 1}, "pool"),
        ({"kind": "capacity", "node": "a", "resource": "gpus", "value": 1.5}, "gpus"),
        ({"kind": "estimate", "job_id": "x", "value": None}, "value"),
        ({"kind": "estimate", "job_id": "x", "value": -1}, "value"),
        ({"kind": "cancel"}, "job_id"),
        ({"kind": "tick", "time": float("nan")}, "time"),
    ],
)
def test_events_that_mean_nothing_are_refused(row, column):
    """Each names its column."""
    with pytest.raises(InvalidInputError, match=column):
        events_of([{"time": 1.0, **row}])


def test_no_events_are_a_table_too():
    """None and an empty frame."""
    nodes, jobs = node_columns(nodes_frame(cpus=[4, 4])), job_columns(jobs_frame())
    assert event_columns(None, nodes, jobs).n == 0
    assert event_columns(pd.DataFrame({"time": [], "kind": []}), nodes, jobs).n == 0


def test_events_tell_time_as_the_jobs_do():
    """Datetimes among seconds are an error."""
    with pytest.raises(InvalidInputError, match="time"):
        events_of([{"time": pd.Timestamp("2026-01-01"), "kind": "tick"}])


def test_a_price_is_given_for_every_node_or_for_none():
    """A blank price among others would read as a free node."""
    nodes = pd.DataFrame({"node_id": ["a", "b"], "price_usd_per_hour": [1.5, None]})
    with pytest.raises(InvalidInputError, match="present in every row or in none; row 1"):
        node_columns(nodes)
    assert node_columns(nodes.assign(price_usd_per_hour=None)).price_usd_per_hour is None
