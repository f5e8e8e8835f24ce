"""The picture of requests beside use, a bar a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter

from fairlead.report.style import ALERT, DEMAND, GRID, MUTED, Picture, dress, headline

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["draw_waste"]

_MOST_BARS = 15


def draw_waste(groups: pd.DataFrame, by: str, resource: str) -> Figure:
    """A bar a group: hours used, wasted and not measured."""
    rows = groups[groups["resource"] == resource].head(_MOST_BARS).iloc[::-1]
    figure = Picture.of_height(1.2 + 0.3 * len(rows))
    axes = figure.subplots()
    unmeasured = rows["asked_h"] - rows["measured_h"]
    begin = 0.0 * rows["asked_h"]
    for label, hours, colour in (
        ("used", rows["used_h"], DEMAND),
        ("wasted", rows["wasted_h"], ALERT["critical"]),
        ("not measured", unmeasured, GRID),
    ):
        axes.barh(rows[by].astype(str), hours, left=begin, height=0.7, color=colour, label=label)
        begin = begin + hours
    widest = float(begin.max()) or 1.0
    for i, row in enumerate(rows.to_dict("records")):
        dollars = f"  {row['wasted_usd']:,.0f} USD" if row["wasted_usd"] else ""
        text = f"{row['wasted_frac']:.0%}{dollars}" if row["measured_h"] else ""
        at = (row["asked_h"], i)
        style: dict[str, Any] = {"va": "center", "fontsize": 8, "color": MUTED}
        axes.annotate(text, at, xytext=(4, 0), textcoords="offset points", **style)
    dress(axes, floor=None)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.18 * widest)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel(f"{resource} hours", color=MUTED, fontsize=9)
    headline(axes, f"{resource} asked for, by {by}")
    return figure
