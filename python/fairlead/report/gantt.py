"""Which node is busy when: bars of jobs, or where there are too many, shades of occupancy."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from numpy.typing import NDArray

from fairlead.report.style import DEMAND, INK, JOB_COLORS, PAPER, TimeScale, dress, headline
from fairlead.report.words import count, unit_of_resource
from fairlead.tables import Table, TimeKind, to_pandas, unit_of
from fairlead.tables.times import read_times

if TYPE_CHECKING:
    from fairlead.scheduling import Schedule

__all__ = ["Stays", "draw_bars", "draw_shades", "stays_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SHADES = 480
_MOST_ROWS = 400
_MOST_NAMES = 24
_GAP = 0.12
# Width of a letter as a part of the axis.
_LETTER_FRAC = 0.012


@dataclass(frozen=True)
class Stays:
    """What ran where: one entry a task and attempt.

    Attributes
    ----------
    start_ns, end_ns : int64 array
        The end is the present where the attempt still runs.
    job, node : int64 array
        Rows of the jobs and nodes tables.
    devices : object array
        ``gpus:0,gpus:1``; empty where the job asks none.
    kind : TimeKind
    """

    start_ns: Ints
    end_ns: Ints
    job: Ints
    node: Ints
    devices: NDArray[Any]
    kind: TimeKind


def stays_of(schedule: Schedule) -> Stays:
    """All stays of a schedule, from its placements and events."""
    placements = to_pandas(schedule.placements, "placements")
    events = to_pandas(schedule.events, "events")
    ns, _, kind = read_times(Table(events, "events"), "time")
    row = pd.Series(np.arange(len(schedule.job_id)), index=pd.Index(schedule.job_id))
    attempts = pd.DataFrame({"job": row.loc[events["job_id"]].to_numpy(), "ns": ns})
    attempts["attempt"] = events["attempt"].to_numpy()
    is_start = (events["kind"] == "start").to_numpy()
    is_end = ~is_start & (events["kind"] != "submit").to_numpy()
    keys = ["job", "attempt"]
    stays = pd.DataFrame(
        {
            "job": row.loc[placements["job_id"]].to_numpy(),
            "attempt": placements["attempt"].to_numpy(),
        }
    )
    # A left merge keeps the order of the placements.
    begun = stays.merge(attempts[is_start], on=keys, how="left")["ns"]
    ended = stays.merge(attempts[is_end], on=keys, how="left")["ns"]
    node_row = pd.Series(
        np.arange(len(schedule.cluster)), index=schedule.cluster.node_columns.node_id
    )
    return Stays(
        start_ns=begun.to_numpy(np.int64),
        end_ns=ended.fillna(schedule.times.now_ns).to_numpy(np.int64),
        job=stays["job"].to_numpy(np.int64),
        node=node_row.loc[placements["node"].astype(str)].to_numpy(np.int64),
        devices=placements["devices"].to_numpy(object),
        kind=kind,
    )


# ---- bars ---------------------------------------------------------------------------------------


def draw_bars(axes: Axes, scale: TimeScale, stays: Stays, schedule: Schedule) -> None:
    """A bar per job and node (per run of devices, where it has some), in lanes within the node."""
    row, low, high, lanes = _lanes(stays, len(schedule.cluster))
    x, until = scale.place(stays.start_ns[row]), scale.place(stays.end_ns[row])
    node = stays.node[row]
    pad = np.minimum(_GAP / 2 / lanes, 0.04)
    bottom, top = node + low / lanes + pad, node + high / lanes - pad
    corners = np.stack(
        [np.stack([x, until, until, x], axis=1), np.stack([bottom, bottom, top, top], axis=1)],
        axis=2,
    )
    color = stays.job[row] % len(JOB_COLORS)
    for i, shade in enumerate(JOB_COLORS):
        if (color == i).any():
            # One artist a colour, however many jobs there are.
            bars = PolyCollection(list(corners[color == i]), facecolors=shade, edgecolors=PAPER)
            bars.set_linewidth(0.3)
            axes.add_collection(bars)
    if len(x):
        axes.set_xlim(float(x.min()), float(until.max()))
    _nodes_axis(axes, schedule)
    if len(row) <= _MOST_NAMES:
        names = [str(schedule.job_id[job]) for job in stays.job[row]]
        _name_bars(axes, names, corners, [JOB_COLORS[i] for i in color])
    jobs = count(len(np.unique(stays.job)), "job")
    headline(axes, f"{jobs} on {count(len(schedule.cluster), 'node')}")


def _name_bars(axes: Axes, names: list[str], corners: Floats, colors: list[str]) -> None:
    """Job ids in the bars that are long enough for them."""
    low, high = axes.get_xlim()
    for name, bar, color in zip(names, corners, colors, strict=True):
        (left, bottom), (right, top) = bar[0], bar[2]
        if right - left < _LETTER_FRAC * len(name) * (high - low):
            continue
        red, green, blue = to_rgb(color)
        dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
        axes.text(
            (left + right) / 2,
            (bottom + top) / 2,
            name,
            ha="center",
            va="center_baseline",
            fontsize=8,
            color=PAPER if dark else INK,
            clip_on=True,
            parse_math=False,
        )


def _lanes(stays: Stays, nodes: int) -> tuple[Ints, Floats, Floats, Floats]:
    """Bars: the stay of each, its lower and upper lane, and how many lanes its node has.

    A lane is a device where every job has some; else each stay gets the first lane that is free.
    """
    if len(stays.devices) and all(stays.devices):
        bars = [(i, *run) for i, names in enumerate(stays.devices) for run in _runs(names)]
        row, low, high = np.array(bars, dtype=np.int64).T
        return row, low.astype(float), high.astype(float), np.full(len(row), float(high.max()))
    lane = _first_free(stays)
    per_node = np.ones(nodes)
    np.maximum.at(per_node, stays.node, lane + 1)
    return np.arange(len(lane), dtype=np.int64), lane, lane + 1, per_node[stays.node]


def _runs(names: str) -> list[tuple[int, int]]:
    """Runs of consecutive devices: ``gpus:0,gpus:1,gpus:4`` is 0 to 2 and 4 to 5."""
    numbers = sorted(int(name.rsplit(":", 1)[1]) for name in names.split(","))
    breaks = [i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1] + 1]
    return [
        (numbers[a], numbers[b - 1] + 1)
        for a, b in zip([0, *breaks], [*breaks, len(numbers)], strict=True)
    ]


def _first_free(stays: Stays) -> Floats:
    """The lowest lane of its node that is free when a stay starts."""
    lane = np.zeros(len(stays.job))
    busy: dict[int, list[tuple[int, int]]] = {}
    free: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for i in np.lexsort((stays.end_ns, stays.start_ns)).tolist():
        node, start = int(stays.node[i]), int(stays.start_ns[i])
        running, empty = busy.setdefault(node, []), free.setdefault(node, [])
        while running and running[0][0] <= start:
            heapq.heappush(empty, heapq.heappop(running)[1])
        if empty:
            own = heapq.heappop(empty)
        else:
            own = used.get(node, 0)
            used[node] = own + 1
        lane[i] = own
        heapq.heappush(running, (int(stays.end_ns[i]), own))
    return lane


# ---- shades -------------------------------------------------------------------------------------


def draw_shades(
    axes: Axes, scale: TimeScale, stays: Stays, schedule: Schedule, resource: str
) -> None:
    """The share of each node's resource in use, as shades over time; transparent where idle."""
    if len(stays.start_ns) == 0:
        begin, end = schedule.times.window()
    else:
        begin, end = int(stays.start_ns.min()), int(stays.end_ns.max())
    occupancy = _occupancy(stays, schedule, resource, begin, max(end, begin + _SHADES))
    rows = -(-len(occupancy) // _MOST_ROWS)
    if rows > 1:
        edges = np.arange(0, len(occupancy), rows)
        members = np.diff(np.append(edges, len(occupancy)))
        occupancy = np.add.reduceat(occupancy, edges, axis=0) / members[:, None]
    red, green, blue = to_rgb(DEMAND)
    shades = LinearSegmentedColormap.from_list(
        "occupancy", [(red, green, blue, 0.0), (red, green, blue, 0.45), (red, green, blue, 1.0)]
    )
    x = scale.place(np.array([begin, end]))
    axes.imshow(
        occupancy,
        aspect="auto",
        interpolation="nearest",
        cmap=shades,
        vmin=0.0,
        vmax=1.0,
        extent=(float(x[0]), float(x[1]), float(len(schedule.cluster)), 0.0),
    )
    _nodes_axis(axes, schedule)
    headline(axes, f"Share of each node's {unit_of_resource(resource)} in use")


def _occupancy(stays: Stays, schedule: Schedule, resource: str, begin: int, end: int) -> Floats:
    """Mean share of the resource in use, a row a node and a column an interval."""
    nodes = schedule.cluster.node_columns
    column = nodes.resources.index(resource)
    capacity = nodes.capacity[:, column] / unit_of(resource)
    tasks = np.bincount(stays.job, minlength=len(schedule.job_id))
    attempts = np.maximum(to_pandas(schedule.jobs, "jobs")["attempts"].to_numpy(), 1)
    units = schedule.usage.get(resource, np.zeros(len(schedule.job_id)))
    per_task = units / unit_of(resource) * attempts / np.maximum(tasks, 1)
    # The growth of a ramp from each start, less that from each end: exact means of a step function.
    grid = np.zeros((len(capacity), _SHADES + 2))
    for at, sign in ((stays.start_ns, 1.0), (stays.end_ns, -1.0)):
        place = (at - begin) / (end - begin) * _SHADES
        bin_ = np.minimum(place.astype(np.int64), _SHADES)
        part = place - bin_
        held = sign * per_task[stays.job]
        np.add.at(grid, (stays.node, bin_), held * (1 - part))
        np.add.at(grid, (stays.node, np.minimum(bin_ + 1, _SHADES + 1)), held * part)
    used = np.cumsum(grid, axis=1)[:, :_SHADES]
    share: Floats = used / np.where(capacity > 0, capacity, 1.0)[:, None]
    return np.clip(share, 0.0, 1.0)


def _nodes_axis(axes: Axes, schedule: Schedule) -> None:
    """Node names where there is room for them, first node on top."""
    dress(axes, floor=None)
    axes.grid(False)
    n = len(schedule.cluster)
    axes.set_ylim(n, 0)
    every = -(-n // _MOST_NAMES)
    rows = np.arange(0, n, every)
    names = schedule.cluster.node_columns.node_id
    axes.set_yticks(rows + 0.5, [str(names[i]) for i in rows], parse_math=False)
    axes.tick_params(axis="y", labelsize=8)
