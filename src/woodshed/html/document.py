"""Documents: one HTML file that needs no other, no network and no program but a browser."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources

from woodshed.html.markup import Markup, element


def document(title: str, *content: object, more_style: str = "") -> str:
    """Wrap content into a page with the style and the script of all pages.

    Parameters
    ----------
    title
        For the tab of the browser.
    content
        What is in the body.
    more_style
        CSS that only this page needs.

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
        element("link", rel="icon", href="data:,"),  # else a browser asks the server for one
        element("title", title),
        element("style", style),
    )
    body = element("body", *content, element("script", script))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _part(name: str) -> Markup:
    """Read a file that lies beside this one."""
    return Markup((importlib.resources.files("woodshed.html") / name).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    """Forbid the network, and every style and script but these two, even if a name smuggled one in."""
    return (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src {_fingerprint(style)}; script-src {_fingerprint(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
