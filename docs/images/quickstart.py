"""Draws quickstart.png, the picture of the README: `python docs/images/quickstart.py`.

The workload is the one that `fairlead run` makes up where it is given no trace.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

import fairlead
from fairlead.report.loop_panels import LoopView
from fairlead.report.style import Picture, share_time

DOTS_PER_INCH = 200
COLORS = 128


def main() -> None:
    """Run the pipeline, draw three panels over the time in which jobs came, write the picture."""
    trace = fairlead.traces.generate(days=14, nodes=32, seed=0)
    view = LoopView.of(fairlead.Pipeline().run(trace))
    figure = Picture.of_height(5.6)
    demand, capacity, queue = figure.subplots(3, 1, height_ratios=(1.3, 1.3, 0.8))
    view.draw_demand(demand)
    view.draw_capacity(capacity)
    view.draw_queue(queue)
    panels = (demand, capacity, queue)
    share_time(view.scale, panels)
    submitted = trace.jobs["submit_time"].astype("datetime64[ns]").astype("int64")
    for axes in panels:
        axes.set_xlim(*view.scale.place([submitted.min(), submitted.max()]))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    # A palette holds all that was drawn, in a third of the bytes.
    small = Image.open(buffer).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    small.save(Path(__file__).with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    main()
