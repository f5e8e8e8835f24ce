"""What fits where: the Fitting section of docs/semantics.md, word for word and slow.

Everything is an integer: resources in their unit, devices in thousandths, memory in bytes.
A job that asks nothing of a resource leaves it out of ``request`` (amounts per task).
"""

from fractions import Fraction
from types import SimpleNamespace

WHOLE = 1000
DEVICES = ("gpus", "tpus", "fpgas")
RESOURCES = ("cpus", "memory_gib", *DEVICES, "storage_gib", "network_gbps")


class Row(SimpleNamespace):
    __eq__, __hash__ = object.__eq__, object.__hash__  # a job is itself, not its values


def empty(node, in_service):
    """The node with all of it free: per resource one amount, of a device kind one per device."""
    items = node.capacity.items()
    free = {r: [WHOLE] * (c // WHOLE) if r in DEVICES else [c] for r, c in items}
    free["memory"] = [node.gpu_memory] * len(free.get("gpus", []))
    return Row(**(vars(node) | {"free": free, "in_service": in_service}))


def copy(rooms):
    return [Row(**(vars(a) | {"free": {r: [*f] for r, f in a.free.items()}})) for a in rooms]


def smaller(now, later):
    """The minimum state of two: per node and device the smaller of what is free."""
    rooms = copy(now)
    for a, b in zip(rooms, later, strict=True):
        a.in_service = a.in_service and b.in_service
        a.free = {r: [*map(min, a.free[r], b.free[r])] for r in a.free}
    return rooms


def pick(job, room, r):
    """What a task takes of a resource, as (resource, which, amount); None if it does not fit."""
    asked, free = job.request[r], room.free.get(r, [])
    if r not in DEVICES:
        return [(r, 0, asked)] if free and free[0] >= asked else None
    full, need = (room.gpu_memory, job.gpu_memory) if r == "gpus" else (0, 0)
    memory = room.free["memory"] if r == "gpus" else [0] * len(free)
    able = [d for d in range(len(free)) if free[d] >= min(asked, WHOLE) and memory[d] >= need]
    if asked < WHOLE:  # of one device: the smallest share that suffices, then the lowest index
        devices, share = sorted(able, key=lambda d: free[d])[:1], asked
    else:  # whole devices take the memory too
        devices, share = [d for d in able if memory[d] == full][: asked // WHOLE], WHOLE
        need = full
    taken = [(r, d, share) for d in devices] + [("memory", d, need) for d in devices if need]
    return taken if len(devices) == max(1, asked // WHOLE) else None


def move(tasks, rooms, sign):
    """Take placed tasks from the rooms (-1) or give them back (+1)."""
    for n, taken in tasks:
        for r, which, amount in taken:
            rooms[n].free[r][which] += sign * amount


def place_unit(job, rooms, n):
    """One task, or tasks_per_node of them at once, taken from node n; None if they do not fit."""
    unit, room = [], rooms[n]
    if not (room.in_service and job.pool in (None, room.pool)):
        return None
    if job.gpu_type and room.gpu_type not in job.gpu_type:
        return None
    for _ in range(job.unit):
        parts = [pick(job, room, r) for r in job.request]
        if None in parts:
            return None
        unit.append((n, [taken for part in parts for taken in part]))
        move(unit[-1:], rooms, -1)
    return unit


def units_that_fit(job, room, most):
    tentative, most = copy([room]), min(most, 1) if job.per_node else most
    return next((i for i in range(most) if place_unit(job, tentative, 0) is None), most)


def place(job, rooms, placement):
    """A gang starts whole: its units one by one on a tentative state, all or none (None)."""
    rooms, placed = copy(rooms), []
    for left in range(job.tasks // job.unit, 0, -1):
        fits = [n for n, room in enumerate(rooms) if units_that_fit(job, room, 1)]
        fits = [n for n in fits if not job.per_node or n not in dict(placed)]
        if not fits:
            return None
        score = PLACEMENTS[placement]
        placed += place_unit(job, rooms, min(fits, key=lambda n: (score(job, rooms[n], left), n)))
    return placed


def free_part(job, room, left):
    """best_fit: the largest free part of a resource after the unit is placed."""
    after = {r: sum(room.free[r]) - job.unit * job.request.get(r, 0) for r in room.capacity}
    return max((Fraction(after[r], c) for r, c in room.capacity.items() if c > 0), default=0)


def load(job, room, left):
    """balanced: the largest load ratio of a resource before the unit is placed."""
    items = room.capacity.items()
    return max((Fraction(c - sum(room.free[r]), c) for r, c in items if c > 0), default=0)


def packing(job, room, left):
    """consolidated: the most of the units still to place, then a node already in use."""
    in_use = room.free != empty(room, True).free
    return -units_that_fit(job, room, left), not in_use


PLACEMENTS = {  # lower first, then the lowest row
    "first_fit": lambda job, room, left: 0,
    "best_fit": free_part,
    "worst_fit": lambda *state: -free_part(*state),
    "balanced": load,
    "consolidated": packing,
}


def infeasible(job, rooms):
    """The resource for which the job could never run on all nodes, empty; None if it could.

    A node counts with what it was declared to have, or with what it has now if that is more.
    """
    most = [{r: max(c, room.declared[r]) for r, c in room.capacity.items()} for room in rooms]
    nodes = [Row(**(vars(room) | {"capacity": c})) for room, c in zip(rooms, most, strict=True)]
    nodes = [empty(node, True) for node in nodes]
    units = job.tasks // job.unit
    if sum(units_that_fit(job, node, units) for node in nodes) >= units:
        return None
    for r in RESOURCES:
        if r in job.request and all(r not in node.capacity for node in nodes):
            return r
    nodes = [node for node in nodes if job.pool in (None, node.pool)]
    if not nodes:
        return "pool"
    nodes = [node for node in nodes if not job.gpu_type or node.gpu_type in job.gpu_type]
    if not nodes:
        return "gpu_type"
    if job.per_node and len(nodes) < units:
        return "nodes"
    alone = {r: {"request": {r: asked}, "gpu_memory": 0} for r, asked in job.request.items()}
    if job.gpu_memory:
        alone["gpu_memory_gib"] = {"request": {"gpus": job.request["gpus"]}}
    order = [*RESOURCES, *sorted(alone.keys() - {*RESOURCES, "gpu_memory_gib"})]
    order = [*sorted(order, key=DEVICES.__contains__), "gpu_memory_gib"]
    fits = {}
    for r in [r for r in order if r in alone]:
        part = Row(**(vars(job) | alone[r]))
        fits[r] = sum(units_that_fit(part, node, units) for node in nodes)
    return min(fits, key=fits.get)
