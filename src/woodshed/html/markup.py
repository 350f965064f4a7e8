"""HTML and SVG as text that is escaped unless it says that it is markup already.

Names of files, classes and speakers come from the user's disk and may hold anything, ``<script>``
included. So the rule is the safe one: a plain ``str`` is always escaped, only a `Markup` is passed on
as it is, and only the functions of this file make a `Markup` out of text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from woodshed.errors import printable

_VOID = frozenset({"br", "img", "link", "meta"})
"""Elements of HTML that have no end tag."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
"""Characters that XML, and so SVG, forbids; file names may hold most of them."""


class Markup(str):
    """Text that is HTML already: escaped, and well formed."""

    __slots__ = ()


def escape(value: object) -> Markup:
    r"""Make any value safe to stand in HTML, as text or inside a quoted attribute.

    A `Markup` is returned as it is. Control characters and lone surrogates become visible escapes.

    Examples
    --------
    >>> escape('<b>&"\x07.wav')
    '&lt;b&gt;&amp;&quot;\\x07.wav'
    >>> escape(Markup("<b>bold</b>"))
    '<b>bold</b>'
    """
    if isinstance(value, Markup):
        return value
    visible = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", printable(value))
    return Markup(html.escape(visible))


def join(parts: Iterable[object], between: object = "") -> Markup:
    """Put parts one after the other, all escaped unless they are `Markup`.

    Examples
    --------
    >>> join(["1 < 2", Markup("<br>")])
    '1 &lt; 2<br>'
    >>> join(["a", "b"], " & ")
    'a &amp; b'
    """
    return Markup(escape(between).join(escape(part) for part in parts))


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Write one element with its children, escaped unless they are `Markup`.

    Parameters
    ----------
    name
        ``p``, ``td``, ``svg``, …
    children
        What stands between the tags; None is left out.
    attributes
        ``class_`` is written ``class`` and ``aria_label`` is written ``aria-label``. None and False
        leave the attribute out, True writes it without a value.

    Examples
    --------
    >>> element("td", "R&B", class_="name", colspan=2, hidden=None)
    '<td class="name" colspan="2">R&amp;B</td>'
    >>> element("img", src="data:,", alt="")
    '<img src="data:," alt="">'
    """
    written = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        spelt = key.rstrip("_").replace("_", "-")
        written.append(spelt if value is True else f'{spelt}="{escape(value)}"')
    opening = f"<{' '.join(written)}>"
    if name in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(child for child in children if child is not None)}</{name}>")


def name_of(value: object) -> Markup:
    """Write a name that came from the data.

    ``<bdi>`` keeps a right-to-left name, or a hostile one with direction marks, from turning round the
    words after it.

    Examples
    --------
    >>> name_of("a&b")
    '<bdi>a&amp;b</bdi>'
    """
    return element("bdi", value)


def unbroken(*parts: object) -> Markup:
    """Keep short words together on one line, such as a number and its percent sign.

    Examples
    --------
    >>> unbroken("91 %")
    '<span class="unbroken">91 %</span>'
    """
    return element("span", *parts, class_="unbroken")


def table(
    heading: Iterable[object], rows: Iterable[Iterable[object]], *, caption: object, class_: str = ""
) -> Markup:
    """Write a table whose first column names the rows, in a box that scrolls sideways on its own.

    Parameters
    ----------
    heading
        One cell for each column.
    rows
        Cells of each row; the first is the row's heading.
    caption
        What the table shows; also its name for a screen reader.
    class_
        Style class of the table.

    Examples
    --------
    >>> table(["class", "n"], [["yes", 3]], caption="Counts").count("</th>")
    3
    """
    head = element("thead", element("tr", *(element("th", cell, scope="col") for cell in heading)))
    body = element("tbody", *(_row(row) for row in rows))
    return scrolling(element("table", element("caption", caption), head, body, class_=class_ or None))


def scrolling(content: Markup, label: str = "Table") -> Markup:
    """Put wide content in a box of its own that scrolls, also with the arrow keys."""
    return element("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)


def _row(cells: Iterable[object]) -> Markup:
    first, *rest = cells
    return element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
