"""Figures as SVG inside a page: real text in the page's fonts, colours that follow its theme."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlead.report.markup import Html, escaped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline_svg", "theme_colors"]

_PROLOG = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_GROUP_ID = re.compile(r'<g id="[^"]*"')
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_VIEW_BOX = re.compile(r'viewBox="([^"]*)"')
_FONT = re.compile(r"font: ((?:\d+ )?[\d.]+px) [^;\"]+")
_SPACE = re.compile(r"\n\s*")
# Digits beyond a tenth of a point cannot be seen.
_DECIMALS = re.compile(r"(\d+\.\d)\d+")


def inline_svg(figure: Figure, name: str, alt: str) -> Html:
    """A figure as an ``<svg>`` element.

    Parameters
    ----------
    figure : Figure
        Drawn with the colours of `fairlead.report.style`.
    name : str
        Makes ids inside the page unique, and the output the same in every run.
    alt : str
        What the picture shows, for those who do not see it.

    Returns
    -------
    Html
        As wide as its place, with text in the font of the page.
    """
    import matplotlib

    buffer = io.StringIO()
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": name, "path.simplify_threshold": 0.2}
    with matplotlib.rc_context(settings):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = _PROLOG.sub("", buffer.getvalue(), count=1)
    for pattern in (_METADATA, _COMMENT):
        text = pattern.sub("", text)
    text = _GROUP_ID.sub("<g", text)
    text = _FONT.sub(r"font-size: \1", text).replace(
        "font-size: 700 ", "font-weight: 700; font-size: "
    )
    text = _SPACE.sub("\n", _shortened(text))
    box = _VIEW_BOX.search(text)
    assert box is not None
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box[1]}" role="img" aria-label="{escaped(alt)}">'
    )
    return Html(_themed(_ROOT.sub(lambda _: root, text, count=1)))


def _shortened(text: str) -> str:
    """Path coordinates with one decimal; what lies in images and definitions stays as it is."""
    return re.sub(r' d="[^"]*"', lambda match: _DECIMALS.sub(r"\1", match[0]), text)


def theme_colors() -> Mapping[str, str]:
    """CSS variable to the colour of a light page."""
    from fairlead.report import style

    named = {
        "ink": style.INK,
        "muted": style.MUTED,
        "grid": style.GRID,
        "paper": style.PAPER,
        "demand": style.DEMAND,
        "forecast": style.FORECAST,
        "capacity": style.CAPACITY,
        "waiting": style.WAITING,
        "reference": style.REFERENCE,
    }
    return named | style.ALERT


def _themed(text: str) -> str:
    for name, color in theme_colors().items():
        text = text.replace(f": {color}", f": var(--{name})")
    return text
