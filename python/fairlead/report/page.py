"""The frame of a page: style sheet, head, sections, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from fairlead.report.markup import Html, element, escaped, joined
from fairlead.report.svg import inline_svg, theme_colors
from fairlead.report.words import unbroken

if TYPE_CHECKING:
    from fairlead.report.style import Picture

__all__ = ["card", "definition_list", "drawing", "page", "section"]

_WIDE_IN, _NARROW_IN = 9.0, 4.4

# What light colours become on a dark page.
_DARK = {
    "ink": "#e8edf2",
    "muted": "#9aa7b4",
    "grid": "#2c3640",
    "paper": "#161c22",
    "demand": "#6aa5e6",
    "forecast": "#3fc2b6",
    "capacity": "#f08a5d",
    "waiting": "#b295e3",
    "reference": "#7d8b98",
    "info": "#6aa5e6",
    "warning": "#e6ad4a",
    "critical": "#f0696f",
}

_CSS = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.6 var(--sans)}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
header p{margin:.25rem 0;color:var(--muted)}
h1{font-size:clamp(1.5rem,4vw,2.1rem);line-height:1.2;letter-spacing:-.015em;margin:0 0 .5rem;
text-wrap:balance}
h2{font-size:1.25rem;letter-spacing:-.01em;margin:3rem 0 .5rem}
p{max-width:44rem;margin:.5rem 0;text-wrap:pretty}
.lead{font-size:1.15rem;line-height:1.55;margin:1.25rem 0 1.5rem}
.kicker{font-size:.8rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;
color:var(--muted)}
.cards{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0;padding:0;list-style:none}
.card{flex:1 1 12.5rem;background:var(--paper);border:1px solid var(--grid);
border-radius:.6rem;padding:.9rem 1rem}
.card b{display:block;font-size:1.55rem;line-height:1.2;font-weight:650;letter-spacing:-.02em;
font-variant-numeric:tabular-nums;margin:.15rem 0}
.card span{display:block;font-size:.85rem;color:var(--muted)}
figure{margin:1rem 0;background:var(--paper);border:1px solid var(--grid);border-radius:.6rem;
padding:.75rem .75rem .5rem}
figcaption{font-size:.88rem;color:var(--muted);padding:.25rem .4rem .4rem;max-width:46rem}
svg{display:block;width:100%;height:auto}
svg text{font-family:var(--sans);font-variant-numeric:tabular-nums}
.narrow{display:none}
.scroll{overflow-x:auto;margin:1rem 0;background:var(--paper);border:1px solid var(--grid);
border-radius:.6rem}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.88rem;color:var(--muted);padding:.7rem .9rem .3rem}
th,td{text-align:left;padding:.45rem .9rem;vertical-align:top;overflow-wrap:break-word}
thead th{font-size:.8rem;font-weight:600;color:var(--muted);white-space:nowrap}
tbody tr{border-top:1px solid var(--grid)}
tbody th{font-weight:500;min-width:7rem}
td:last-child:not(.number){min-width:14rem}
.number{text-align:right;white-space:nowrap}
.time{white-space:nowrap}
.severity{white-space:nowrap}
.severity::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;
margin-right:.45em;background:var(--muted)}
.info::before{background:var(--info)}.warning::before{background:var(--warning)}
.critical::before{background:var(--critical)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1.25rem;
font-size:.92rem;margin:1rem 0}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}
ul.advice{padding-left:1.2rem;max-width:44rem}
a{color:var(--demand)}
@media (max-width:40rem){main{padding-top:1.5rem}.wide{display:none}.narrow{display:block}
figure{padding:.5rem .25rem .25rem}.cards{gap:.5rem}.card{flex-basis:9rem}
.card b{font-size:1.25rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}
th,td{padding:.4rem .6rem}}
@media print{body{background:#fff}main{padding:0;max-width:none}
figure,.card,.scroll{break-inside:avoid}h2{break-after:avoid}}
"""


def page(title: str, *content: Html) -> str:
    """A whole page that needs nothing but itself."""
    light = {**theme_colors(), "page": "#f5f7f9"}
    dark = {**_DARK, "page": "#0f1418"}
    css = (
        f":root{{color-scheme:light dark;--sans:system-ui,-apple-system,'Segoe UI',Roboto,"
        f"'Helvetica Neue',Arial,sans-serif;{_variables(light)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}"
        f"@media print{{:root{{{_variables(light)}}}}}{_CSS}"
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<meta name="generator" content="fairlead">\n'
        f"<title>{escaped(title)}</title>\n<style>{css}</style>\n</head>\n"
        f"<body>\n{element('main', *content)}\n</body>\n</html>\n"
    )


def _variables(colors: dict[str, str]) -> str:
    return "".join(f"--{name}:{color};" for name, color in colors.items())


def section(title: str, *content: Html) -> Html:
    """A part of the page under a heading."""
    return element("section", element("h2", title), *content)


def card(name: str, value: str, note: str = "") -> Html:
    """A figure that stands out."""
    return element(
        "li",
        element("span", name),
        element("b", unbroken(value)),
        element("span", unbroken(note)),
        class_="card",
    )


def drawing(
    name: str, height_in: float, draw: Callable[[Picture], None], *, alt: str, caption: str
) -> Html:
    """A figure drawn twice, for wide pages and for phones, of which one is shown.

    Parameters
    ----------
    name : str
        Unique in the page.
    height_in : float
        Inches.
    draw : callable
        Draws on an empty picture of either width.
    alt : str
        What the picture shows, in words.
    caption : str
    """
    from fairlead.report.style import Picture

    shown = []
    for kind, width in (("wide", _WIDE_IN), ("narrow", _NARROW_IN)):
        picture = Picture.of_height(height_in, width)
        draw(picture)
        shown.append(element("div", inline_svg(picture, f"{name}-{kind}", alt), class_=kind))
    return element("figure", *shown, element("figcaption", caption))


def definition_list(items: Iterable[tuple[str, object]]) -> Html:
    """Terms and what they are."""
    return element(
        "dl", joined(joined([element("dt", term), element("dd", what)]) for term, what in items)
    )
