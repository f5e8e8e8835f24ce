"""Pods that start together as one job."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

from fairlead.traces.kubernetes_objects import Pod
from fairlead.traces.kubernetes_quantity import Amounts

__all__ = ["Gang", "gangs_of"]


@dataclass(frozen=True, eq=False)
class Gang:
    """A job: pods of one group, alike for the engine."""

    name: str
    pods: list[Pod]

    @property
    def submit_ns(self) -> int:
        """When the first pod was created."""
        return min(pod.created_ns for pod in self.pods)

    @cached_property
    def start_ns(self) -> int | None:
        """When the last pod started; None while one has not."""
        starts = [pod.started_ns for pod in self.pods if pod.started_ns is not None]
        return max(starts) if len(starts) == len(self.pods) else None

    @cached_property
    def end_ns(self) -> int | None:
        """When the last pod ended; None while one has not."""
        ends = [pod.ended_ns for pod in self.pods if pod.ended_ns is not None]
        return max(ends) if len(ends) == len(self.pods) else None

    @cached_property
    def request(self) -> Amounts:
        """The largest request of any pod, for each resource."""
        largest: Amounts = {}
        for pod in self.pods:
            for name, amount in pod.request.items():
                largest[name] = max(largest.get(name, amount), amount)
        return largest

    @property
    def limit_s(self) -> float | None:
        """The longest limit; None where a pod has none."""
        limits = [pod.limit_s for pod in self.pods if pod.limit_s is not None]
        return max(limits) if len(limits) == len(self.pods) else None

    @property
    def phase(self) -> str | None:
        """The phase that is furthest from success among the pods."""
        phases = {pod.phase for pod in self.pods if pod.phase}
        order = ("Failed", "Unknown", "Pending", "Running", "Succeeded")
        return next((phase for phase in order if phase in phases), None)

    @property
    def where(self) -> str:
        """Nodes of the pods, each once."""
        return ",".join(sorted({pod.node for pod in self.pods if pod.node}))


def gangs_of(pods: list[Pod]) -> tuple[list[Gang], dict[str, int]]:
    """The gangs, and in how many a value was changed, by what was done."""
    groups: dict[str, list[Pod]] = defaultdict(list)
    for pod in pods:
        groups[pod.gang or pod.name].append(pod)
    repaired: Counter[str] = Counter()
    taken = {pod.name for pod in pods if pod.gang is None}
    gangs = []
    for name, members in groups.items():
        waves = _waves(sorted(members, key=lambda pod: (pod.created_ns, pod.name)))
        repaired["pods of one owner that followed each other: jobs of their own"] += len(waves) > 1
        for i, wave in enumerate(waves, 1):
            gang = Gang(name if i == 1 else f"{name}#{i}", wave)
            if wave[0].gang is not None and gang.name in taken:
                gang = Gang(f"{gang.name} ({wave[0].owner or 'group'})", wave)
            differ = any(pod.request != gang.request for pod in wave)
            repaired["gang with unlike pods: the largest request counts"] += differ
            gangs.append(gang)
    return gangs, {what: count for what, count in repaired.items() if count}


def _waves(pods: list[Pod]) -> list[list[Pod]]:
    """Pods in order of creation, cut where one was created after another of its wave ended."""
    waves: list[list[Pod]] = []
    first_end: int | None = None
    for pod in pods:
        if not waves or (first_end is not None and pod.created_ns >= first_end):
            waves.append([])
            first_end = None
        waves[-1].append(pod)
        if pod.ended_ns is not None:
            first_end = pod.ended_ns if first_end is None else min(first_end, pod.ended_ns)
    return waves
