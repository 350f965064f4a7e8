"""HTML and SVG markup with automatic escaping, and pages that are one file without network access."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.resources
import re
from collections.abc import Iterable, Mapping

from woodshed.errors import printable

_VOID = frozenset({"br", "img", "link", "meta"})
"""HTML elements without an end tag."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
"""Characters that XML, and therefore SVG, forbids; file names can contain most of them."""


class Markup(str):
    """Text that is escaped and well-formed HTML."""

    __slots__ = ()


def escape(value: object) -> Markup:
    r"""Escape a value for HTML, as text or inside a quoted attribute.

    A `Markup` is returned unchanged. Control characters and lone surrogates become visible escapes.

    Examples
    --------
    >>> escape('<b>&"\x07.wav')
    '&lt;b&gt;&amp;&quot;\\x07.wav'
    >>> escape(Markup("<b>bold</b>"))
    '<b>bold</b>'
    """
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(_CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", printable(value))))


def join(parts: Iterable[object], between: object = "") -> Markup:
    """Concatenate parts, escaped unless they are `Markup`.

    Examples
    --------
    >>> join(["1 < 2", Markup("<br>")])
    '1 &lt; 2<br>'
    >>> join(["a", "b"], " & ")
    'a &amp; b'
    """
    return Markup(escape(between).join(escape(part) for part in parts))


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element with its children, escaped unless they are `Markup`.

    Parameters
    ----------
    name
        ``p``, ``td``, ``svg``, …
    children
        Content between the tags; None is left out.
    attributes
        ``class_`` is written ``class`` and ``aria_label`` is written ``aria-label``. An attribute that
        is None or False is left out; True is written without a value.

    Examples
    --------
    >>> element("td", "R&B", class_="name", colspan=2, hidden=None)
    '<td class="name" colspan="2">R&amp;B</td>'
    >>> element("img", src="data:,", alt="")
    '<img src="data:," alt="">'
    """
    opening = f"<{name}"
    for key, value in attributes.items():
        if value is not None and value is not False:
            attribute = key.rstrip("_").replace("_", "-")
            opening += f" {attribute}" if value is True else f' {attribute}="{escape(value)}"'
    opening += ">"
    if name in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(child for child in children if child is not None)}</{name}>")


def name_of(value: object) -> Markup:
    """Return a name from the data as an isolated element.

    ``<bdi>`` keeps a right-to-left name, or direction marks in a name, from reordering the text after it.

    Examples
    --------
    >>> name_of("a&b")
    '<bdi>a&amp;b</bdi>'
    """
    return element("bdi", value)


def unbroken(*parts: object) -> Markup:
    """Prevent a line break within short text, such as a number and its percent sign.

    Examples
    --------
    >>> unbroken("91 %")
    '<span class="unbroken">91 %</span>'
    """
    return element("span", *parts, class_="unbroken")


def table(
    heading: Iterable[object], rows: Iterable[Iterable[object]], *, caption: object, class_: str = ""
) -> Markup:
    """Return a table whose first column holds the row headings, in a box that scrolls horizontally.

    Parameters
    ----------
    heading
        The column headings.
    rows
        The cells of each row; the first is the row heading.
    caption
        Caption of the table, which is also its accessible name.
    class_
        CSS class of the table.

    Examples
    --------
    >>> table(["class", "n"], [["yes", 3]], caption="Counts").count("</th>")
    3
    """
    head = element("thead", element("tr", *(element("th", cell, scope="col") for cell in heading)))
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    )
    return scrolling(
        element("table", element("caption", caption), head, element("tbody", *body), class_=class_ or None)
    )


def pairs_table(caption: str, heading: str, pairs: Mapping[str, object]) -> Markup:
    """Return a table of names and values, or nothing if there are none; a value of None is shown as None.

    Examples
    --------
    >>> pairs_table("Settings", "setting", {})
    ''
    """
    rows = [[name, value if isinstance(value, Markup) else str(value)] for name, value in pairs.items()]
    return table([heading, "value"], rows, caption=caption, class_="words") if rows else Markup("")


def scrolling(content: Markup, label: str = "Table") -> Markup:
    """Put wide content in a box that scrolls, also with the arrow keys."""
    return element("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)


def document(title: str, *content: object, more_style: str = "") -> str:
    """Wrap content into a page with the common stylesheet and script.

    Parameters
    ----------
    title
        Title of the browser tab.
    content
        Children of the body.
    more_style
        Additional CSS of this page.

    Examples
    --------
    >>> page = document("A & B", element("p", "1 < 2"))
    >>> page.startswith("<!doctype html>"), "<title>A &amp; B</title>" in page, "<p>1 &lt; 2</p>" in page
    (True, True, True)
    """
    style, script = Markup(_part("page.css") + more_style), _part("page.js")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),  # otherwise a browser requests one from the server
        element("title", title),
        element("style", style),
    )
    body = element("body", *content, element("script", script))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _part(name: str) -> Markup:
    """Read a file in the folder of this module."""
    return Markup((importlib.resources.files("woodshed.html") / name).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    """Return the content security policy: no network, and no style or script but these two."""
    return (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src {_fingerprint(style)}; script-src {_fingerprint(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
