"""The look of every picture: colours, axes and time, in one place.

Styles are set on the artists themselves, so no picture depends on, or changes, matplotlib's global
settings. `fairlead.report.svg` turns the colours into CSS variables, so a picture in a page follows
its light or dark theme: draw with the colours named here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from fairlead.tables import TimeKind

__all__ = [
    "ALERT",
    "CAPACITY",
    "DEMAND",
    "FORECAST",
    "GRID",
    "INK",
    "JOB_COLORS",
    "MUTED",
    "PAPER",
    "REFERENCE",
    "WAITING",
    "WIDE_IN",
    "Picture",
    "TimeScale",
    "dress",
    "headline",
    "percent_ticks",
    "share_time",
]

INK, MUTED, GRID, PAPER = "#1c2733", "#5b6876", "#e2e7ec", "#ffffff"
#: What is asked for and used; what is forecast; what is ordered or in service; what waits.
DEMAND, FORECAST, CAPACITY, WAITING = "#2f6db3", "#0f8a83", "#d1602f", "#7a5ba8"
#: What something is compared with: the whole cluster, the baseline.
REFERENCE = "#8794a1"
#: By severity.
ALERT = {"info": "#5f9bd6", "warning": "#e0a030", "critical": "#c2343c"}
#: Jobs that lie side by side; colours mean nothing else.
JOB_COLORS = (
    "#4477aa",
    "#66ccee",
    "#228833",
    "#ccbb44",
    "#ee6677",
    "#aa3377",
    "#997755",
    "#77aadd",
)  # after Paul Tol's "bright" scheme, told apart with any colour vision

WIDE_IN = 9.0
_NARROW_IN = 6.0
_TITLE_PT, _TEXT_PT, _LEGEND_ROW_PT = 10.5, 9.0, 14.0
_NS_PER_S = 1e9
# Longest span drawn in a unit, the unit, its length, and steps of ticks that people count in.
_UNITS = (
    (180.0, "s", 1.0, (1, 1.5, 2, 3, 6, 10)),
    (10_800.0, "min", 60.0, (1, 1.5, 2, 3, 6, 10)),
    (259_200.0, "h", 3600.0, (1, 1.2, 2, 2.4, 3, 6, 10)),
    (np.inf, "days", 86_400.0, (1, 1.4, 2, 2.8, 5, 7, 10)),
)


class Picture(Figure):
    """A figure that notebooks show without pyplot."""

    @classmethod
    def of_height(cls, height_in: float, width_in: float = WIDE_IN) -> Picture:
        """An empty figure on paper, laid out so that nothing overlaps."""
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        layout = ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08, hspace=0.02)
        return cls(figsize=(width_in, height_in), layout=layout, facecolor=PAPER)

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone or a column: then legends stand below titles."""
        return bool(self.get_figwidth() < _NARROW_IN)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


@dataclass(frozen=True)
class TimeScale:
    """Where times lie on an axis: dates, or seconds, minutes, hours or days of a plain clock.

    Attributes
    ----------
    kind : TimeKind
    unit : str
        Of the axis.
    per_ns : float
        Nanoseconds per unit.
    steps : tuple of float
        Distances of ticks to choose from, times a power of ten.
    """

    kind: TimeKind
    unit: str
    per_ns: float
    steps: tuple[float, ...]

    @classmethod
    def of(cls, kind: TimeKind, span_ns: float) -> TimeScale:
        """The scale that suits a span."""
        span_s = span_ns / _NS_PER_S
        _, unit, per_s, steps = next(row for row in _UNITS if span_s <= row[0])
        return cls(kind, unit, per_s * _NS_PER_S, steps)

    def place(self, ns: Any) -> NDArray[np.float64]:
        """Nanoseconds to positions on the axis; zoned times in their own clock."""
        ns = np.asarray(ns, dtype=np.int64)
        if self.kind.name == "seconds":
            return np.asarray(ns / self.per_ns, dtype=np.float64)
        times: Any = self.kind.to_frame_times(ns)
        if self.kind.tz is not None:
            times = times.tz_localize(None)
        return np.asarray(date2num(np.asarray(times, dtype="datetime64[ns]")), dtype=np.float64)

    def dress(self, axes: Axes) -> None:
        """Ticks that do not run into each other, and the unit where there are no dates."""
        few = 5 if axes.figure.get_figwidth() < _NARROW_IN else 8  # type: ignore[union-attr]
        if self.kind.name == "seconds":
            axes.xaxis.set_major_locator(MaxNLocator(few, steps=list(self.steps)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            axes.set_xlabel(f"time ({self.unit})", color=MUTED, fontsize=_TEXT_PT)
            return
        locator = AutoDateLocator(minticks=2, maxticks=few)
        formatter = ConciseDateFormatter(locator)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(formatter)
        if self.kind.tz is not None:
            axes.set_xlabel(f"time ({self.kind.tz})", color=MUTED, fontsize=_TEXT_PT)


def dress(axes: Axes, *, floor: float | None = 0.0) -> None:
    """Quiet axes: horizontal grid behind the data, no frame, muted numbers.

    Parameters
    ----------
    axes : Axes
    floor : float or None
        Lower end of the y axis; None leaves it.
    """
    axes.set_axisbelow(True)
    axes.patch.set_alpha(0.0)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(REFERENCE)
    axes.tick_params(colors=MUTED, labelsize=_TEXT_PT, length=0)
    axes.tick_params(axis="x", length=3, color=REFERENCE)
    axes.xaxis.get_offset_text().set(color=MUTED, fontsize=_TEXT_PT)
    axes.margins(x=0.0)
    if floor is not None:
        axes.set_ylim(bottom=floor)
    ticks = axes.yaxis.get_major_locator()
    if type(ticks).__name__ == "AutoLocator":
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=axes.get_ylim()[1] >= 4))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def percent_ticks(axes: Axes) -> None:
    """Shares of one on the y axis, as per cent."""
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


def headline(axes: Axes, title: str, *, legend: bool = True) -> None:
    """Title at the left; a legend of what has a label beside it, below it in a narrow figure."""
    handles, labels = axes.get_legend_handles_labels()
    count = len(handles) if legend else 0
    narrow = axes.figure.get_figwidth() < _NARROW_IN  # type: ignore[union-attr]
    columns = 2 if narrow else max(count, 1)
    rows = -(-count // columns) if narrow else 0
    axes.set_title(
        title,
        loc="left",
        fontsize=_TITLE_PT,
        fontweight="bold",
        color=INK,
        parse_math=False,
        pad=7 + rows * _LEGEND_ROW_PT,
    )
    if not count:
        return
    axes.legend(
        handles,
        labels,
        loc="lower left" if narrow else "lower right",
        bbox_to_anchor=(0.0 if narrow else 1.0, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=_TEXT_PT,
        labelcolor=MUTED,
        borderaxespad=0.2,
        borderpad=0.1,
        handlelength=1.4,
        handletextpad=0.5,
        columnspacing=1.2,
    )


def share_time(scale: TimeScale, panels: Sequence[Axes]) -> None:
    """One time axis under all panels; its numbers under the last alone."""
    ends = [axes.get_xlim() for axes in panels if axes.has_data()]
    low, high = min(a for a, _ in ends), max(b for _, b in ends)
    for axes in panels:
        axes.set_xlim(low, high)
        scale.dress(axes)
        if axes is not panels[-1]:
            axes.set_xlabel("")
            axes.tick_params(axis="x", labelbottom=False, length=0)
            axes.xaxis.get_offset_text().set_visible(False)
