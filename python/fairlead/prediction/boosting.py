"""Demand by gradient-boosted trees: trained with LightGBM, evaluated in the core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.prediction.tree_features import BASES, TreeRows
from fairlead.prediction.trees import TreeEnsemble
from fairlead.tables.frames import Bools, Floats, Ints

__all__ = ["FittedTrees", "TreeOptions", "fit_trees"]

_LEAST_ROWS = 100  # of one step ahead, of all series together
_HELD_OUT = 4  # the last of so many parts of the rows decides what the trees add to
_WORTH = 0.02  # of the error, for adding to anything

_Single = NDArray[np.float32]


@dataclass(frozen=True)
class TreeOptions:
    """How trees are trained.

    Attributes
    ----------
    library : module
        ``lightgbm``.
    parameters : dict
        For ``lightgbm.train``.
    trees, rows : int
        How many, and rows at most to train the trees of a group of steps on.
    """

    library: Any
    parameters: dict[str, Any]
    trees: int
    rows: int

    def train(self, sample: _Sample, base: str) -> TreeEnsemble:
        """Trees whose answer is added to a base; rows with a missing target are left out."""
        target = sample.above(base)
        known = np.isfinite(target)
        data = self.library.Dataset(sample.rows[known], target[known])
        return TreeEnsemble.from_lightgbm(self.library.train(self.parameters, data, self.trees))


@dataclass(frozen=True)
class FittedTrees:
    """Trees for each group of steps ahead, and what their answers are added to.

    Attributes
    ----------
    options : TreeOptions
    seasons : tuple of int
        Season lengths, intervals, ascending.
    groups : tuple of range
        Steps ahead, from 0, that share trees.
    bases : tuple of str
        Of `BASES`, by group.
    trees : tuple of TreeEnsemble
        By group.
    """

    options: TreeOptions
    seasons: tuple[int, ...]
    groups: tuple[range, ...]
    bases: tuple[str, ...]
    trees: tuple[TreeEnsemble, ...]

    def forecast(self, values: Floats, phase: int, origins: Ints) -> Floats:
        """As `FittedModel.forecast`."""
        rows = TreeRows(values, phase, self.seasons, origins)
        scales, shared = rows.scales(), rows.at_origins()
        made = np.empty((len(origins), self.groups[-1].stop))
        for group, base, trees in zip(self.groups, self.bases, self.trees, strict=True):
            for step in group:
                own, bases = _joined(rows, shared, scales, step)
                change = trees.predict(own, threads=1) * scales
                # Without a value one season before, the last one is all there is to add to.
                start = np.where(np.isnan(bases[base]), bases["last"], bases[base])
                made[:, step] = np.maximum(start + change, 0)
        return made

    def refit(self, histories: Sequence[Floats], phases: Sequence[int]) -> FittedTrees:
        """As `FittedModel.refit`."""
        pool = _Pool(histories, phases, self.seasons, self.options.rows)
        trees = tuple(
            self.options.train(pool.of(group), base)
            for group, base in zip(self.groups, self.bases, strict=True)
        )
        return FittedTrees(self.options, self.seasons, self.groups, self.bases, trees)


def fit_trees(
    histories: Sequence[Floats],
    phases: Sequence[int],
    horizon: int,
    seasons: tuple[int, ...],
    options: TreeOptions,
) -> FittedTrees:
    """As `LearningModel.fit`."""
    pool = _Pool(histories, phases, seasons, options.rows)
    pool.check(horizon)
    groups = _groups(horizon)
    bases, trees = [], []
    for group in groups:
        sample = pool.of(group)
        base = _best_base(sample, options)
        bases.append(base)
        trees.append(options.train(sample, base))
    return FittedTrees(options, seasons, groups, tuple(bases), tuple(trees))


def _groups(horizon: int) -> tuple[range, ...]:
    """Steps 0, 1, 2-3, 4-7, ...: the further ahead, the less differs between neighbours."""
    ends = [0, 1]
    while ends[-1] < horizon:
        ends.append(2 * ends[-1])
    return tuple(range(a, min(b, horizon)) for a, b in pairwise(ends))


def _joined(
    rows: TreeRows, shared: Floats, scales: Floats, step: int
) -> tuple[_Single, dict[str, Floats]]:
    """All features of one step ahead, and the bases."""
    values, places, bases = rows.at_step(step)
    unit = scales[:, None]
    # Rounded as the rows of the training are, so that equal values fall on one side of a split.
    joined = np.hstack([shared / unit, values / unit, places]).astype(np.float32)
    return joined, bases


@dataclass(frozen=True)
class _Sample:
    """Rows to learn from, in units of their series."""

    rows: _Single
    target: Floats
    bases: dict[str, Floats]
    late: Bools  # in the last part of the past of their series

    def above(self, base: str) -> Floats:
        """What is left to learn when the answer is added to a base."""
        return self.target - self.bases[base]

    def part(self, chosen: Bools) -> _Sample:
        """Some of the rows."""
        bases = {name: base[chosen] for name, base in self.bases.items()}
        return _Sample(self.rows[chosen], self.target[chosen], bases, self.late[chosen])


@dataclass(frozen=True)
class _Pool:
    """Histories to learn from together."""

    histories: Sequence[Floats]
    phases: Sequence[int]
    seasons: tuple[int, ...]
    most: int

    def check(self, horizon: int) -> None:
        """An error unless there is enough to learn from."""
        rows = sum(max(len(y) - self._first(y) - horizon + 1, 0) for y in self.histories)
        if rows < _LEAST_ROWS:
            shortest = self._first(self.histories[0]) + horizon + _LEAST_ROWS
            raise InvalidInputError(
                f"LightGBM needs histories of more than {shortest} values or more series to learn "
                f"{horizon} steps ahead; {len(self.histories)} of up to "
                f"{max(map(len, self.histories))} values leave {max(rows, 0)} examples of "
                f"{_LEAST_ROWS} (bands need as much before the first forecast they come from)"
            )

    def of(self, group: range) -> _Sample:
        """Evenly spaced origins of every series, of each step its own."""
        total = len(group) * sum(len(y) for y in self.histories)
        stride = max(1, -(-total // self.most))
        offsets = {step: (step * stride) // len(group) % stride for step in group}
        parts = [
            part
            for y, phase in zip(self.histories, self.phases, strict=True)
            for part in self._rows(y, phase, offsets, stride)
        ]
        names = [base for base in BASES if base != "season" or self.seasons]
        return _Sample(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.target for part in parts]),
            {name: np.concatenate([part.bases[name] for part in parts]) for name in names},
            np.concatenate([part.late for part in parts]),
        )

    def _rows(
        self, y: Floats, phase: int, offsets: dict[int, int], stride: int
    ) -> Iterator[_Sample]:
        """Those of one series, step by step."""
        first = self._first(y)
        late = len(y) - (len(y) - first) // _HELD_OUT
        own = {
            step: np.arange(first + offset, max(len(y) - step, first + offset), stride)
            for step, offset in offsets.items()
        }
        every = TreeRows(y, phase, self.seasons, np.unique(np.concatenate(list(own.values()))))
        # Both cost a pass over the series, however few origins are asked for.
        shared, scales = every.at_origins(), every.scales()
        for step, origins in own.items():
            at = np.searchsorted(every.origins, origins)
            joined, bases = _joined(replace(every, origins=origins), shared[at], scales[at], step)
            yield _Sample(
                joined,
                y[origins + step] / scales[at],
                {name: base / scales[at] for name, base in bases.items()},
                origins + step >= late,
            )

    def _first(self, y: Floats) -> int:
        """From where on a history is learned from: it must have shown a season, or its half."""
        season = self.seasons[0] if self.seasons else 1
        return max(min(season, len(y) // 2), 1)


def _best_base(sample: _Sample, options: TreeOptions) -> str:
    """What trees of the earlier rows add to when they come closest in the later ones."""
    early, late = sample.part(~sample.late), sample.part(sample.late)
    errors = {}
    for base in sample.bases:
        known = np.isfinite(early.above(base)).sum()
        if known < _LEAST_ROWS // _HELD_OUT or not len(late.rows):
            continue
        missed = np.abs(late.above(base) - options.train(early, base).predict(late.rows))
        if np.isfinite(missed).any():
            errors[base] = float(np.nanmean(missed))
    if not errors:
        return "last"
    best = min(errors, key=errors.__getitem__)
    # Trees cannot answer with more than they have learned from; what they add to runs away with
    # a mass submission. So it must be worth it.
    plain = errors.get("nothing", np.inf)
    return best if errors[best] < (1 - _WORTH) * plain else "nothing"
