"""How a need per interval becomes an amount over time; one function and one registry line each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["STRATEGIES", "Need", "Steps", "Strategy"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Need:
    """Units to have in each interval ``[start, end)`` (ns), adjoining and in time order.

    Intervals before ``begin`` are past; they matter to the cool-down only.
    """

    start: Ints
    end: Ints
    amount: Floats
    begin: int


@dataclass(frozen=True)
class Steps:
    """Amounts that hold from each time (ns) to the next."""

    time: Ints
    amount: Floats


# Need, start-up delay and cool-down (ns) -> steps from `begin` on.
Strategy = Callable[[Need, int, int], Steps]


def _static(need: Need, startup: int, cooldown: int) -> Steps:
    """One level: the largest need of the horizon."""
    del startup, cooldown  # nothing changes after the start
    ahead = need.end > need.begin
    return Steps(np.array([need.begin]), np.array([need.amount[ahead].max()]))


def _dynamic(need: Need, startup: int, cooldown: int) -> Steps:
    """At t the largest need of ``[t - cooldown, t + startup]``.

    So an increase is ordered early enough to be ready when its interval starts, unless that would
    be before `begin`, and a decrease waits until the need has been lower for the cool-down.
    """
    first = np.maximum(need.start - startup, need.begin)
    past = need.end + cooldown
    changes = np.unique(np.concatenate([first, past]))
    changes = changes[(changes >= need.begin) & (changes < need.end[-1])]
    amounts = np.empty(changes.size)
    # Both `first` and `past` ascend: a sliding maximum. The queue holds the intervals that count at
    # t and are larger than every later one, so its head is the maximum.
    queue: deque[int] = deque()
    entering = 0
    for i, t in enumerate(changes):
        while entering < first.size and first[entering] <= t:
            while queue and need.amount[queue[-1]] <= need.amount[entering]:
                queue.pop()
            queue.append(entering)
            entering += 1
        while past[queue[0]] <= t:
            queue.popleft()
        amounts[i] = need.amount[queue[0]]
    kept = np.r_[True, amounts[1:] != amounts[:-1]]
    return Steps(changes[kept], amounts[kept])


STRATEGIES: dict[str, Strategy] = {
    "static": _static,
    "dynamic": _dynamic,
}
