"""HTML from Python, escaped unless it is known to be HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Html", "element", "escaped", "joined", "table"]


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(value: Any) -> Html:
    """HTML as it is; anything else as text.

    Examples
    --------
    >>> escaped("<script>"), escaped(Html("<b>bold</b>"))
    ('&lt;script&gt;', '<b>bold</b>')
    """
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def joined(parts: Iterable[Any]) -> Html:
    """Parts one after another, each escaped if it is not HTML."""
    return Html("".join(escaped(part) for part in parts))


def element(name: str, *children: Any, **attributes: Any) -> Html:
    """An element; ``class_`` is the attribute ``class``, and None leaves an attribute out.

    Examples
    --------
    >>> element("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
    caption: Any,
) -> Html:
    """A table that scrolls by itself where it is wider than the page.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequence
        The first cell of each is its heading.
    numbers : sequence of str
        Columns aligned to the right.
    caption : str

    Returns
    -------
    Html
    """
    classes = ["number" if name in numbers else None for name in columns]
    head = element(
        "tr",
        *(
            element("th", name, scope="col", class_=kind)
            for name, kind in zip(columns, classes, strict=True)
        ),
    )
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(
                element("td", cell, class_=kind)
                for cell, kind in zip(row[1:], classes[1:], strict=True)
            ),
        )
        for row in rows
    ]
    inner = element(
        "table", element("caption", caption), element("thead", head), element("tbody", *body)
    )
    return element("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)
