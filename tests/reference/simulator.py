"""The slow, obvious simulator: docs/semantics.md word for word, the oracle of the engine.

Everything is an integer (times in ns), so that two simulations are equal or they are not.
"""

from collections import defaultdict
from math import ceil, inf

from reference.fitting import Row, copy, empty, infeasible, move, place, smaller

SECOND, HOUR = 10**9, 3.6e12
STEPS = [60 * SECOND * minutes for minutes in (1, 5, 15, 30, 60, 120, 300, 600, 1200, 3000, 6000)]
NODE_EVENTS = ("node_drain", "node_resume", "node_fail", "capacity")
JOB_EVENTS = ("cancel", "estimate")

# What a row may leave out; request (see fitting.py) and submit are required of a job, capacity
# of a node. per_node: tasks_per_node; gpu_type: of a job the allowed types, of a node its type.
JOB = {
    "duration": 0, "tasks": 1, "per_node": 0, "limit": inf, "estimate": None, "gpu_memory": 0,
    "gpu_type": (), "pool": None, "priority": 0.0, "urgency": 0.0,
}  # fmt: skip
NODE = {
    "gpu_memory": 0, "gpu_type": None, "pool": "default", "speed": 1, "available_from": None,
    "available_to": None,
}  # fmt: skip
OPTIONS = {
    "order": "fcfs", "backfill": "none", "backfill_order": "queue", "placement": "first_fit",
    "requeue": True, "until": inf, "alpha": 0.5, "beta": 0.5, "correction": "doubling",
}  # fmt: skip

ORDERS = {  # lower first, then submission, then row
    "fcfs": lambda job, options: 0.0,
    "sjf": lambda job, options: float(job.estimate),
    "ljf": lambda job, options: -float(job.estimate),
    "saf": lambda job, options: float(job.estimate) * job.share if job.estimate else 0.0,
    "priority": lambda job, options: -job.priority,
    "weighted": lambda job, o: -(o.alpha * (job.estimate / HOUR) + o.beta * job.urgency),
}

CORRECTIONS = {  # the estimate that follows the one outrun
    "doubling": lambda job: max(2 * job.estimate, SECOND),
    "limit": lambda job: job.limit if job.limit < inf else CORRECTIONS["doubling"](job),
    "stepwise": lambda job: job.estimate + STEPS[min(job.steps, len(STEPS) - 1)],
}


class Simulator:
    def __init__(self, jobs, nodes, events, **options):
        self.options = Row(**(OPTIONS | options))
        self.jobs = [Row(**(JOB | job), row=row) for row, job in enumerate(jobs)]
        self.waiting, self.running, self.shelved, self.ignored = [], [], [], 0
        self.submissions, self.events, self.planned = (defaultdict(list) for _ in range(3))
        for job in self.jobs:
            job.unit, job.attempts = job.per_node or 1, 0  # a unit: tasks that are placed at once
            job.status, job.reason, job.start, job.end = "waiting", "", None, None
            job.placed, job.history = [], []
            if job.estimate is not None:
                job.estimate = min(job.estimate, job.limit)
            self.submissions[job.submit].append(job)
        nodes = [Row(**(NODE | node), declared=node["capacity"]) for node in nodes]
        self.rooms = [empty(node, node.available_from is None) for node in nodes]
        for n, node in enumerate(nodes):
            self.planned[node.available_from].append(("node_resume", n))
            self.planned[node.available_to].append(("node_drain", n))
        self.planned.pop(None, None)
        for time, *event in events:
            self.events[time].append(event)

    def run(self):
        while (now := self.next_instant()) <= self.options.until and now < inf:
            self.instant(now)
        for job in self.waiting:
            job.reason = self.blocked_by(job)
        return self.jobs

    def next_instant(self):
        ends = [min(job.finish, self.planned_end(job)) for job in self.running]
        return min([*self.submissions, *self.events, *self.planned, *ends], default=inf)

    def instant(self, now):
        """One round of an instant, in the order of the page; a tick is there to have a pass."""
        for job in [job for job in self.running if job.finish == now]:
            self.end(job, now, "timeout" if job.run > job.limit else "completed")
        events = self.events.pop(now, [])
        for kind, *values in self.planned.pop(now, []) + [e for e in events if e[0] in NODE_EVENTS]:
            getattr(self, kind)(now, *values)
        for kind, row, *values in [event for event in events if event[0] in JOB_EVENTS]:
            job = self.jobs[row]
            if job in self.waiting + self.running + self.shelved:
                getattr(self, kind)(now, job, *values)
            else:
                self.ignored += 1
        for job in self.running:
            self.correct(now, job)
        for job in self.submissions.pop(now, []):
            job.share = self.dominant_share(job)
            self.judge(job)
        getattr(self, self.options.backfill)(now)

    def judge(self, job):
        failing = infeasible(job, self.rooms)
        job.status = "infeasible" if failing else "waiting"
        job.reason = f"infeasible:{failing}" if failing else ""
        (self.shelved if failing else self.waiting).append(job)

    def dominant_share(self, job):
        total = {r: sum(room.declared.get(r, 0) for room in self.rooms) for r in job.request}
        asked = {r: float(job.tasks * request) for r, request in job.request.items()}
        return max((asked[r] / total[r] if total[r] else inf for r in total), default=0.0)

    def start(self, job, placed, now):
        speed = min(self.rooms[n].speed for n, _ in placed)
        job.run = job.duration if speed == 1 else ceil(job.duration / speed)
        job.start, job.finish, job.attempts = now, now + min(job.run, job.limit), job.attempts + 1
        job.status, job.placed, job.steps = "running", placed, 0
        job.history.append(placed)
        move(placed, self.rooms, -1)
        self.waiting.remove(job)
        self.running.append(job)

    def end(self, job, now, status, reason=""):
        if job in self.running:
            move(job.placed, self.rooms, +1)
        for jobs in (self.waiting, self.running, self.shelved):
            jobs[:] = [other for other in jobs if other is not job]
        job.status, job.reason, job.end = status, reason, now

    def planned_end(self, job):
        return inf if job.estimate is None else job.start + job.estimate

    def correct(self, now, job):
        """The correction of a job that has outrun its estimate."""
        while self.planned_end(job) <= now:
            job.estimate = min(CORRECTIONS[self.options.correction](job), job.limit)
            job.steps += 1

    def node_drain(self, now, n):
        self.rooms[n].in_service = False

    def node_resume(self, now, n):
        self.rooms[n].in_service = True

    def node_fail(self, now, n):
        self.rooms[n].in_service = False
        for job in [job for job in self.running if n in dict(job.placed)]:
            self.end(job, now, "failed", "node_failed")
            if self.options.requeue:
                job.status, job.reason, job.start, job.end = "waiting", "", None, None
                job.placed = []
                self.waiting.append(job)

    def capacity(self, now, n, r, amount):
        room = self.rooms[n]
        room.free[r][0] += amount - room.capacity[r]
        room.capacity = room.capacity | {r: amount}
        shelved, self.shelved = self.shelved, []
        for job in shelved:
            self.judge(job)

    def cancel(self, now, job):
        self.end(job, now, "cancelled")

    def estimate(self, now, job, estimate):
        job.estimate = min(estimate, job.limit)

    def queue(self):
        key, o = ORDERS[self.options.order], self.options
        return sorted(self.waiting, key=lambda job: (key(job, o), job.submit, job.row))

    def in_backfill_order(self, jobs):
        if self.options.backfill_order == "queue":
            return jobs
        return sorted(jobs, key=lambda job: (job.estimate, job.submit, job.row))

    def try_start(self, job, now):
        placed = place(job, self.rooms, self.options.placement)
        if placed is not None:
            self.start(job, placed, now)
        return placed is not None

    def blocked_by(self, job):
        easy = self.options.backfill == "easy"
        if place(job, self.rooms, self.options.placement) is not None:
            return "reserved" if easy else "order"
        never = self.shadow(job)[0] is None if easy else self.waits_for_nodes(job)
        return "nodes_down" if never else "resources"

    def none(self, now):
        """The first that does not fit blocks, unless it waits for nodes out of service."""
        for job in self.queue():
            if not self.try_start(job, now) and not self.waits_for_nodes(job):
                return

    def waits_for_nodes(self, job):
        """Not placed with every running job gone, neither now nor after a planned change."""
        rooms = [empty(room, room.in_service) for room in self.rooms]
        for time in [None, *sorted(self.planned)]:
            self.apply_planned(time, rooms)
            if place(job, rooms, self.options.placement) is not None:
                return False
        return True

    def apply_planned(self, time, rooms):
        for kind, n in self.planned.get(time, []):
            rooms[n].in_service = kind == "node_resume"

    def first_fit(self, now):
        """Every waiting job that fits; after the first that does not, in the backfill order."""
        queue = self.queue()
        while queue and self.try_start(queue.pop(0), now):
            pass
        for job in self.in_backfill_order(queue):
            self.try_start(job, now)

    def easy(self, now):
        """In order until one, the head, does not fit; then those that do not delay it."""
        queue = self.queue()
        while queue:
            job = queue.pop(0)
            if not self.try_start(job, now):
                shadow, beside = self.shadow(job)
                if shadow is not None:
                    return self.easy_backfill(queue, now, shadow, beside)

    def shadow(self, head):
        """When the configured placement places the head whole, and what is free beside it then."""
        rooms = copy(self.rooms)
        for time in sorted({*self.planned, *map(self.planned_end, self.running)}):
            for job in [job for job in self.running if self.planned_end(job) == time]:
                move(job.placed, rooms, +1)
            self.apply_planned(time, rooms)
            held = place(head, rooms, self.options.placement)
            if held is not None:
                move(held, rooms, -1)
                return time, rooms
        return None, None

    def easy_backfill(self, queue, now, shadow, beside):
        for job in self.in_backfill_order(queue):
            if now + job.estimate <= shadow:
                self.try_start(job, now)
                continue
            placed = place(job, smaller(self.rooms, beside), self.options.placement)
            if placed is not None:
                self.start(job, placed, now)
                move(placed, beside, -1)


def simulate(jobs, nodes, events=(), **options):
    """The jobs, in row order, with start, end, status, reason, attempts and history.

    ``history`` has an item an attempt: its tasks, as (node, [(resource, which, amount)]).
    Events are (time, kind, row of node or job, ...): capacity adds a resource and its amount,
    estimate the new estimate.
    """
    return Simulator(jobs, nodes, events, **options).run()
