"""GPU memory by what it is for: the result of the closed-form estimators, and their checks."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.prediction.memory.shape import Shape
from fairlead.printed import Printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MemoryEstimate", "check", "estimate", "ratio", "whole"]

_GIB = float(1 << 30)


@dataclass(frozen=True, eq=False, repr=False)
class MemoryEstimate(Printed):
    """Memory of one GPU, by what it is for.

    Attributes
    ----------
    parts : DataFrame
        ``part``, ``gib``, ``formula``: what is kept, how much on one GPU, and by which rule.
    total_gib : float
        The sum: what to ask for as ``gpu_memory_gib``.
    shape : Shape
        Layers, hidden size, heads, and which of these were inferred.
    setting : dict
        What the estimate is of.
    unknown : tuple of str
        What the formulas do not know.
    """

    parts: pd.DataFrame
    total_gib: float
    shape: Shape
    setting: dict[str, Any]
    unknown: tuple[str, ...]

    def __getitem__(self, part: str) -> float:
        """GiB of one part; 0 where there is none of it."""
        return float(self.parts.loc[self.parts["part"] == part, "gib"].sum())

    def summary(self) -> str:
        """The parts, the sum, the shape, and what is not known."""
        setting = ", ".join(f"{name} {value}" for name, value in self.setting.items())
        lines = [f"{self.total_gib:,.1f} GiB a GPU: {setting}"]
        width = max(len(part) for part in self.parts["part"])
        lines += [
            f"  {row.part:<{width}} {row.gib:9,.2f} GiB  {row.formula}"
            for row in self.parts.itertuples()
        ]
        lines.append(f"  {self.shape}")
        lines.append(f"  not counted: {'; '.join(self.unknown)}")
        return "\n".join(lines)

    def plot(self, gpu_memory_gib: float | None = None) -> Figure:
        """The parts as one stacked bar, with the memory of a device if given.

        Parameters
        ----------
        gpu_memory_gib : float, optional
            Drawn as a line.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from fairlead.prediction.memory.drawing import draw_memory

        return draw_memory(self, gpu_memory_gib)


def estimate(
    parts: list[tuple[str, float, str]],
    context_gib: float,
    slack: float,
    shape: Shape,
    setting: dict[str, Any],
    unknown: tuple[str, ...],
) -> MemoryEstimate:
    for name, value in (("context_gib", context_gib), ("slack", slack)):
        check(0 <= value < 100, name, value, "at least 0")
    rows = [(name, size / _GIB, formula) for name, size, formula in parts if size > 0]
    rows.append(("allocator slack", slack * sum(gib for _, gib, _ in rows), f"{slack:.0%}"))
    rows.append(("context", context_gib, "CUDA context and kernels"))
    frame = pd.DataFrame(rows, columns=["part", "gib", "formula"])
    return MemoryEstimate(frame, float(frame["gib"].sum()), shape, setting, unknown)


def ratio(text: str, parts: int) -> str:
    return text if parts == 1 else f"{text} / {parts}"


def check(ok: bool, name: str, value: Any, expected: str) -> None:
    if not ok:
        raise InvalidInputError(f"{name} must be {expected}; got {value!r}")


def whole(**values: Any) -> None:
    for name, value in values.items():
        fine = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        check(fine and value >= 1, name, value, "a whole number of at least 1")
