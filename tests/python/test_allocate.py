"""Capacity plans: level, delays, bounds, pools and cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.allocation import CapacityPlan, allocate
from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.scheduling import schedule

HOUR = 3600.0


@dataclass(frozen=True)
class Expected:
    """A forecast of the shape `allocate` needs, without error: every quantile is the value."""

    frame: pd.DataFrame
    resource: str = "gpus"
    unit: str = "gpus"
    freq: str = "1h"
    model: str = "known"
    levels: tuple[int, ...] = (80,)
    history: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["unique_id", "ds", "y"])
    )

    def quantile(self, q: float) -> pd.DataFrame:
        return self.frame.rename(columns={self.model: "y"})[["unique_id", "ds", "y"]]


def expect(
    *values: float, start: float | str = 0.0, name: str = "default", resource: str = "gpus"
) -> Expected:
    """Hourly demand from `start` on."""
    ds = (
        pd.date_range(start, periods=len(values), freq="1h")
        if isinstance(start, str)
        else start + HOUR * np.arange(len(values))
    )
    y = np.array(values, float)
    frame = pd.DataFrame(
        {"unique_id": name, "ds": ds, "known": y, "known-lo-80": 0.5 * y, "known-hi-80": 1.5 * y}
    )
    return Expected(frame, resource=resource)


def cluster(nodes: int = 8, **more: object) -> Cluster:
    """Nodes of 8 GPUs."""
    return Cluster.homogeneous(nodes=nodes, gpus=8, **more)


def steps(plan: CapacityPlan) -> list[tuple[float, float]]:
    """Rows as (hours, amount)."""
    return [(t / HOUR, a) for t, a in zip(plan.rows["time"], plan.rows["amount"], strict=True)]


def test_static_is_one_level_that_covers_the_largest_interval() -> None:
    """20 GPUs at the most need three nodes of 8, all the time."""
    plan = allocate(expect(10, 20, 15), cluster(), "static")
    assert steps(plan) == [(0, 24)]
    assert (plan.strategy, plan.resource, plan.begin, plan.end) == ("static", "gpus", 0.0, 3 * HOUR)
    assert plan.rows.columns.tolist() == ["time", "pool", "resource", "amount"]


def test_dynamic_follows_every_interval_in_whole_nodes() -> None:
    """Equal amounts in a row are one step."""
    plan = allocate(expect(10, 20, 17, 3, 0), cluster(), "dynamic")
    assert steps(plan) == [(0, 16), (1, 24), (3, 8), (4, 0)]


def test_an_exact_multiple_of_a_node_needs_no_node_more() -> None:
    """Rounding noise of a mean is no need."""
    third = 8 * 0.1 + 8 * 0.2 + 8 * 0.7 + 1e-12
    assert steps(allocate(expect(third), cluster())) == [(0, 8)]


def test_increases_are_ordered_a_start_up_ahead() -> None:
    """Ready when the interval starts; what is needed at once is ordered at once."""
    plan = allocate(expect(8, 8, 24, 8), cluster(), "dynamic", startup_s=0.5 * HOUR)
    assert steps(plan) == [(0, 8), (1.5, 24), (3, 8)]
    assert plan.startup_s == 0.5 * HOUR


def test_a_start_up_longer_than_the_lead_is_ordered_when_the_plan_begins() -> None:
    """Nothing can be ordered before the plan begins."""
    assert steps(allocate(expect(8, 24), cluster(), "dynamic", startup_s=2 * HOUR)) == [(0, 24)]


def test_decreases_wait_until_the_need_was_lower_for_the_cool_down() -> None:
    """A dip shorter than the cool-down changes nothing."""
    plan = allocate(expect(24, 8, 24, 8, 8, 8), cluster(), "dynamic", cooldown_s=1.5 * HOUR)
    assert steps(plan) == [(0, 24), (4.5, 8)]


def test_floor_and_ceiling_bound_every_interval() -> None:
    """Floors round up to whole nodes, ceilings down."""
    plan = allocate(expect(0, 60, 20), cluster(), "dynamic", floor=9, ceiling=47)
    assert steps(plan) == [(0, 16), (1, 40), (2, 24)]


def test_a_plan_never_asks_for_more_than_the_pool_and_says_when_that_is_short() -> None:
    """The need stays in `.needs`; the summary counts the intervals."""
    plan = allocate(expect(10, 100, 90), cluster(), "dynamic")
    assert steps(plan) == [(0, 16), (1, 64)]
    assert plan.needs["need"].tolist() == [10, 100, 90]
    assert "2 of 3 intervals need more than that" in plan.summary()


def test_the_first_interval_covers_the_backlog() -> None:
    """Work that waits already is not in a forecast of demand with unlimited capacity."""
    assert steps(allocate(expect(8, 8), cluster(), "dynamic", backlog=30)) == [(0, 32), (1, 8)]


def test_one_node_without_devices_is_allocated_by_the_unit() -> None:
    """A machine of 100 interchangeable processors."""
    machine = Cluster.homogeneous(nodes=1, cpus=100)
    plan = allocate(expect(10.2, 57, resource="cpus"), machine, "dynamic")
    assert steps(plan) == [(0, 11), (1, 57)]


def test_one_node_with_devices_is_on_or_off() -> None:
    """Nobody gives three GPUs of a node back."""
    assert steps(allocate(expect(3, 0), cluster(1), "dynamic")) == [(0, 8), (1, 0)]


def test_cost_is_node_hours_times_price() -> None:
    """2 nodes for one hour and 3 for two at 10 USD/h."""
    plan = allocate(expect(10, 20, 20), cluster(price_usd_per_hour=10.0), "dynamic")
    assert plan.node_hours == pytest.approx(8)
    assert plan.cost_usd == pytest.approx(80)
    assert plan.full_node_hours == pytest.approx(24)
    assert allocate(expect(1), cluster()).cost_usd is None


def test_datetimes_come_back_as_datetimes_of_the_same_zone() -> None:
    """Rows can be compared with the demand they were made from."""
    forecast = expect(10, 20, start="2024-03-30 23:00")
    zoned = forecast.frame.assign(ds=forecast.frame["ds"].dt.tz_localize("Europe/Berlin"))
    plan = allocate(Expected(zoned), cluster(), "dynamic", startup_s=600)
    assert plan.rows["time"].tolist() == [
        pd.Timestamp("2024-03-30 23:00", tz="Europe/Berlin"),
        pd.Timestamp("2024-03-30 23:50", tz="Europe/Berlin"),
    ]
    assert plan.end == pd.Timestamp("2024-03-31 01:00", tz="Europe/Berlin")


def two_pools() -> Cluster:
    """Four dear nodes of 8 GPUs, then four cheap ones of 4, and a node without GPUs."""
    return Cluster.from_frame(
        pd.DataFrame(
            {
                "node_id": [f"n{i}" for i in range(9)],
                "pool": ["dear"] * 4 + ["cheap"] * 4 + ["login"],
                "gpus": [8] * 4 + [4] * 4 + [0],
                "price_usd_per_hour": [16.0] * 4 + [4.0] * 4 + [1.0],
            }
        )
    )


def test_series_named_as_pools_are_planned_pool_by_pool() -> None:
    """Other pools are left as they are."""
    frame = pd.concat([expect(9, name="dear").frame, expect(9, name="cheap").frame])
    plan = allocate(Expected(frame), two_pools(), "dynamic")
    assert dict(zip(plan.rows["pool"], plan.rows["amount"], strict=True)) == {
        "dear": 16,
        "cheap": 12,
    }


def test_one_total_fills_the_cheapest_pool_first() -> None:
    """16 of 20 fit the cheap pool; the rest needs one dear node."""
    plan = allocate(expect(20, name="all"), two_pools(), "dynamic")
    assert dict(zip(plan.rows["pool"], plan.rows["amount"], strict=True)) == {
        "cheap": 16,
        "dear": 8,
    }
    assert plan.cost_usd == pytest.approx(4 * 4 + 16)


def test_pool_says_whose_demand_one_series_is() -> None:
    """Only that pool is planned."""
    plan = allocate(expect(20, name="all"), two_pools(), pool="dear")
    assert plan.rows[["pool", "amount"]].to_numpy().tolist() == [["dear", 24]]


def test_the_cool_down_reaches_back_into_the_previous_plan() -> None:
    """Planning anew every hour holds capacity as long as one long plan does, and no longer."""
    demand = [24, 24, 8, 8, 8, 8]
    whole = allocate(expect(*demand), cluster(), "dynamic", cooldown_s=1.5 * HOUR)
    applied: list[tuple[float, float]] = []
    plan = None
    for hour in range(len(demand)):
        ahead = expect(*demand[hour:], start=hour * HOUR)
        plan = allocate(ahead, cluster(), "dynamic", cooldown_s=1.5 * HOUR, previous=plan)
        applied += [(t, a) for t, a in steps(plan) if t < hour + 1]
    changes = [s for i, s in enumerate(applied) if i == 0 or s[1] != applied[i - 1][1]]
    assert changes == steps(whole) == [(0, 24), (3.5, 8)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "elastic"}, "unknown strategy 'elastic'; known are static, dynamic"),
        ({"startup_s": -1}, "startup_s must be seconds of at least 0"),
        ({"cooldown_s": float("nan")}, "cooldown_s must be seconds of at least 0"),
        ({"floor": 65}, "floor must be from 0 to the 64 of pool 'default'; got 65"),
        ({"floor": 20, "ceiling": 20}, "ceiling must be at least the floor"),
        ({"pool": "gpu"}, "unknown pool 'gpu'; known are default"),
        ({"backlog": -1}, "backlog must be finite and at least 0"),
    ],
)
def test_options_out_of_range_are_errors_that_name_them(options: dict, message: str) -> None:
    """Each says what is possible."""
    with pytest.raises(InvalidInputError, match=message):
        allocate(expect(10), cluster(), **options)


def test_a_resource_no_node_has_is_an_error() -> None:
    """The message lists what the cluster has."""
    with pytest.raises(InvalidInputError, match="'tpus', which no node has; the cluster has gpus"):
        allocate(expect(10, resource="tpus"), cluster())


def test_unlike_nodes_in_a_pool_are_an_error_with_a_way_out() -> None:
    """The engine counts nodes of a pool."""
    nodes = pd.DataFrame({"node_id": ["a", "b"], "gpus": [8, 4]})
    with pytest.raises(
        InvalidInputError, match="8 on 'a' and 4 on 'b'; give each kind its own pool"
    ):
        allocate(expect(10), nodes)


def test_series_that_match_no_pools_are_an_error() -> None:
    """Two queues are not two pools."""
    frame = pd.concat([expect(1, name="day").frame, expect(1, name="night").frame])
    with pytest.raises(InvalidInputError, match=r"series 'day', 'night', the cluster the pools"):
        allocate(Expected(frame), two_pools())


@given(
    demand=st.lists(st.integers(0, 70), min_size=1, max_size=30),
    startup=st.integers(0, 5),
    cooldown=st.integers(0, 5),
    floor=st.integers(0, 3),
    ceiling=st.integers(3, 8),
)
def test_dynamic_is_the_largest_need_within_reach(
    demand: list[int], startup: int, cooldown: int, floor: int, ceiling: int
) -> None:
    """At every half hour the largest bounded need of [t - cooldown, t + startup]: brute force."""
    plan = allocate(
        expect(*demand),
        cluster(),
        "dynamic",
        startup_s=startup * HOUR / 2,
        cooldown_s=cooldown * HOUR / 2,
        floor=floor * 8,
        ceiling=ceiling * 8,
    )
    nodes = np.clip(-(-np.array(demand) // 8), floor, ceiling) * 8
    rows = steps(plan)
    assert all(a != b for (_, a), (_, b) in pairwise(rows))
    for half in range(2 * len(demand)):
        # An interval that ended exactly `cooldown` ago counts no more; one that starts exactly
        # `startup` ahead does.
        first = max(0, half - cooldown) // 2
        last = min(len(demand) - 1, (half + startup) // 2)
        amount = [a for t, a in rows if t <= half / 2][-1]
        assert amount == nodes[first : last + 1].max()


def test_the_picture_shows_plan_forecast_and_history() -> None:
    """One panel a pool."""
    date2num = pytest.importorskip("matplotlib.dates").date2num
    forecast = expect(10, 20, 15, start="2024-01-02")
    history = pd.DataFrame(
        {
            "unique_id": "default",
            "ds": pd.date_range("2024-01-01 18:00", periods=6, freq="1h"),
            "y": 9.0,
        }
    )
    plan = allocate(Expected(forecast.frame, history=history), cluster(), "dynamic", startup_s=600)
    (axes,) = plan.plot().axes
    assert axes.get_ylabel() == "GPUs"
    assert axes.get_xlim() == (date2num(history["ds"].iloc[0]), date2num(plan.end))
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["demand so far", "forecast", "80 % band", "ordered", "all of the pool"]
    frame = pd.concat([expect(9, name="dear").frame, expect(9, name="cheap").frame])
    assert len(allocate(Expected(frame), two_pools()).plot().axes) == 2
    assert len(allocate(expect(9, name="all"), two_pools()).plot().axes) == 2


def test_a_forecast_in_polars_gives_the_same_plan_and_picture() -> None:
    """Its frames and its history come in that library."""
    pl = pytest.importorskip("polars")

    class InPolars(Expected):
        def quantile(self, q: float) -> pl.DataFrame:
            return self.frame.select("unique_id", "ds", y=pl.col(self.model))

    plain = expect(10, 20, 15)
    history = plain.frame.rename(columns={"known": "y"})[["unique_id", "ds", "y"]]
    columns = (table.to_dict("list") for table in (plain.frame, history))
    polars_frame, polars_history = map(pl.DataFrame, columns)
    want = allocate(Expected(plain.frame, history=history), cluster(), "dynamic")
    made = allocate(InPolars(polars_frame, history=polars_history), cluster(), "dynamic")
    pd.testing.assert_frame_equal(made.rows, want.rows)
    drawn = [
        [line.get_xydata().tolist() for line in plan.plot().axes[0].lines] for plan in (made, want)
    ]
    assert drawn[0] == drawn[1]


def test_schedule_puts_a_plan_in_force_after_the_start_up_delay() -> None:
    """Falls take effect at once, rises when the nodes are ready: at the start of their interval."""
    jobs = pd.DataFrame(
        {"submit_time": [0.0, 1.6 * HOUR], "duration_s": [3 * HOUR, 60.0], "gpus": [8, 8]}
    ).assign(limit_s=4 * HOUR)
    plan = allocate(expect(8, 8, 24, 8), cluster(), "dynamic", startup_s=0.5 * HOUR)
    done = schedule(jobs, cluster(), policy="fcfs", allocation=plan)
    assert done.jobs["start_time"].tolist() == [0, 2 * HOUR]
    capacity = done.utilisation.set_index("time")["capacity_gpus"]
    assert capacity.loc[: 1.9 * HOUR].eq(8).all()
    assert capacity.loc[2 * HOUR : 2.9 * HOUR].eq(24).all()
    assert capacity.loc[3 * HOUR :].eq(8).all()


def test_a_plan_for_one_divisible_node_limits_what_runs_at_once() -> None:
    """4 of 10 processors in the first hour."""
    jobs = pd.DataFrame(
        {"submit_time": 0.0, "duration_s": [1800.0, 1800.0], "limit_s": 1800.0, "cpus": [4, 3]}
    )
    machine = Cluster.homogeneous(nodes=1, cpus=10)
    plan = allocate(expect(4, 9, resource="cpus"), machine, "dynamic")
    done = schedule(jobs, machine, policy="fcfs", allocation=plan)
    assert done.jobs["start_time"].tolist() == [0, 1800]
    assert done.utilisation["capacity_cpus"].iloc[0] == 4
