"""The search for the cheapest number of nodes of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.cluster import Cluster
from fairlead.errors import InvalidInputError
from fairlead.tables import to_pandas, unit_of
from fairlead.tables.frames import Table

if TYPE_CHECKING:
    from fairlead.prediction.capacity.trials import Trials

__all__ = ["Counts", "Kinds", "cheapest", "read_kinds"]

Counts = tuple[int, ...]

_MOST = 100_000
# Sizes next to the choice that are looked at below and above.
_BELOW, _ABOVE = 1, 2


@dataclass(frozen=True, eq=False)
class Kinds:
    """Kinds of nodes that can be had.

    Attributes
    ----------
    names : tuple of str
    rows : DataFrame
        The nodes table's columns of each kind.
    prices : float64 array
        USD an hour of a node; NaN without prices.
    ranges : tuple of (int, int)
        Least and most nodes of each.
    """

    names: tuple[str, ...]
    rows: pd.DataFrame
    prices: NDArray[np.float64]
    ranges: tuple[tuple[int, int], ...]

    def cost(self, counts: Any) -> float | None:
        """USD an hour of so many nodes; None without prices."""
        if np.isnan(self.prices).any():
            return None
        return float(np.dot(counts, self.prices))

    def weight(self, counts: Any) -> float:
        """What the search makes small: the cost, or without prices the nodes."""
        cost = self.cost(counts)
        return float(sum(counts)) if cost is None else cost

    def cluster(self, counts: Any, existing: Cluster | None) -> Cluster:
        """So many nodes of each kind, after those that exist."""
        repeated = self.rows.loc[np.repeat(np.arange(len(self.names)), counts)]
        ids = [
            f"{name}-{i}"
            for name, count in zip(self.names, counts, strict=True)
            for i in range(count)
        ]
        new = repeated.assign(node_id=ids).reset_index(drop=True)
        if existing is None:
            return Cluster.from_frame(new)
        there = existing.nodes
        if np.isnan(self.prices).any():
            there = there.drop(columns="price_usd_per_hour", errors="ignore")
        elif "price_usd_per_hour" not in there:
            there = there.assign(price_usd_per_hour=0.0)
        return Cluster.from_frame(pd.concat([there, new], ignore_index=True) if ids else there)

    def cheapest_per_unit(self, resource: str) -> tuple[int, float]:
        """The kind that has the resource at the lowest price, and its units on a node."""
        columns = self.cluster([1] * len(self.names), None).node_columns
        if resource not in columns.resources:
            raise InvalidInputError(
                f"the forecast is of {resource!r}, which no kind has; the kinds have "
                f"{', '.join(columns.resources) or 'no resources'}"
            )
        units = columns.capacity[:, columns.resources.index(resource)] / unit_of(resource)
        price = np.where(units > 0, np.nan_to_num(self.prices, nan=1.0), np.inf)
        kind = int(np.argmin(price / np.maximum(units, 1e-300)))
        return kind, float(units[kind])


def read_kinds(kinds: Any) -> Kinds:
    """Check a table of kinds.

    Raises
    ------
    InvalidInputError
        No rows, a name that is missing or repeated, or limits that are not whole numbers in order.
    """
    table = Table(kinds, "kinds", "kind")
    if table.n == 0:
        raise InvalidInputError("kinds has no rows; give at least one kind of node")
    names = tuple(str(name) for name in table.ids("kind").tolist())
    rows = to_pandas(kinds, "kinds")
    prices = np.full(table.n, np.nan)
    if "price_usd_per_hour" in table:
        prices = np.asarray(table.numbers("price_usd_per_hour").filled(np.nan), dtype=np.float64)
    least, most = (_limit(table, name, value) for name, value in (("least", 0), ("most", _MOST)))
    column = "most" if "most" in table else "least"
    table.require(most >= least, column, "at least least", "mend the cell")
    return Kinds(
        names=names,
        rows=rows.drop(columns=["kind", "least", "most"], errors="ignore"),
        prices=prices,
        ranges=tuple(zip(least.tolist(), most.tolist(), strict=True)),
    )


def _limit(table: Table, column: str, default: int) -> NDArray[np.int64]:
    if column not in table:
        return np.full(table.n, default, dtype=np.int64)
    values = np.asarray(table.numbers(column).filled(default), dtype=np.float64)
    whole = (values >= 0) & (values <= _MOST) & (values == np.trunc(values))
    table.require(whole, column, f"a whole number from 0 to {_MOST:,}", "mend the cell")
    return values.astype(np.int64)


def cheapest(trials: Trials, kinds: Kinds) -> Counts:
    """Counts of each kind that hold the target at the least cost found.

    Raises
    ------
    InvalidInputError
        Nothing within the limits holds.
    """
    least = tuple(low for low, _ in kinds.ranges)
    found = [line_search(trials, kinds, least, kind) for kind in range(len(kinds.names))]
    held = [counts for counts in found if counts is not None]
    if not held and len(kinds.names) > 1:
        mixed = _enough_of_all(trials, kinds)
        held = [] if mixed is None else [mixed]
    if not held:
        raise trials.nothing_holds()
    best = min(held, key=kinds.weight)
    return best if len(kinds.names) == 1 else _bettered(trials, kinds, best)


def line_search(trials: Trials, kinds: Kinds, base: Counts, kind: int) -> Counts | None:
    """The fewest nodes of one kind, the others as in `base`; None if no number holds."""
    least, most = kinds.ranges[kind]

    def at(n: int) -> Counts:
        return (*base[:kind], n, *base[kind + 1 :])

    guess = min(max(trials.offered_nodes(kind), least, 1), most)
    high = guess
    while not trials.holds_all([at(high)])[0]:
        if high == most or trials.spent or trials.nothing_waits(at(high)):
            return None
        high = min(most, 2 * high)
    low = least - 1 if high == guess else high // 2  # fails, or is not allowed
    while high - low > 1:
        inner = np.unique(np.linspace(low, high, trials.at_once + 2).astype(int)[1:-1])
        inner = inner[(inner > low) & (inner < high)]
        held = trials.holds_all([at(int(n)) for n in inner])
        failed = [int(n) for n, ok in zip(inner, held, strict=True) if not ok]
        # Of the sizes tried the smallest above which none failed.
        low = max(failed, default=low)
        high = min((int(n) for n in inner if n > low), default=high)
    return at(_verified(trials, at, high, least, most))


def _verified(trials: Trials, at: Any, n: int, least: int, most: int) -> int:
    """Moves up past sizes that fail above the choice, as far as the neighbours tell."""
    while not trials.spent:
        above = [n + i for i in range(1, _ABOVE + 1) if n + i <= most]
        below = [n - i for i in range(1, _BELOW + 1) if n - i >= least]
        held = trials.holds_all([at(m) for m in [*above, *below]])
        failed = [m for m, ok in zip(above, held, strict=False) if not ok]
        if not failed:
            return n
        larger = max(failed) + 1
        while larger <= most and not trials.spent and not trials.holds_all([at(larger)])[0]:
            larger += 1
        if larger > most or trials.spent:
            return n
        n = larger
    return n


def _enough_of_all(trials: Trials, kinds: Kinds) -> Counts | None:
    """So many of every kind, doubled until the target holds; None if it never does."""
    count = 1
    while not trials.spent:
        counts = tuple(min(max(count, low), high) for low, high in kinds.ranges)
        if trials.holds_all([counts])[0]:
            return counts
        limits = all(n == high for n, (_, high) in zip(counts, kinds.ranges, strict=True))
        if limits or trials.nothing_waits(counts):
            return None
        count *= 2
    return None


def _bettered(trials: Trials, kinds: Kinds, best: Counts) -> Counts:
    """Leaves nodes out and exchanges them for cheaper ones until nothing helps."""
    while not trials.spent:
        moves = sorted(_moves(kinds, best), key=kinds.weight)
        held = trials.holds_all(moves)
        better = [move for move, ok in zip(moves, held, strict=True) if ok]
        if not better:
            return best
        best = better[0]
    return best


def _moves(kinds: Kinds, counts: Counts) -> list[Counts]:
    """Cheaper neighbours: some nodes fewer, or fewer of one kind for more of another."""
    moves: set[Counts] = set()
    size = len(counts)
    for i in range(size):
        for step in (1, 2, 4, 8, 16, counts[i]):
            if step < 1 or counts[i] - step < kinds.ranges[i][0]:
                continue
            fewer = (*counts[:i], counts[i] - step, *counts[i + 1 :])
            moves.add(fewer)
            for j in range(size):
                if j != i:
                    moves |= _exchanges(kinds, counts, fewer, j)
    return [move for move in moves if sum(move) or not sum(counts)]


def _exchanges(kinds: Kinds, counts: Counts, fewer: Counts, kind: int) -> set[Counts]:
    """As many more of a kind as stay cheaper than before, and half of that."""
    saved = kinds.weight(counts) - kinds.weight(fewer)
    price = kinds.weight([int(k == kind) for k in range(len(counts))])
    room = kinds.ranges[kind][1] - counts[kind]
    most = room if price <= 0 else min(room, int(np.ceil(saved / price)) - 1)
    added = {n for n in (most, most // 2) if n > 0}
    return {(*fewer[:kind], fewer[kind] + n, *fewer[kind + 1 :]) for n in added}
