"""Self-contained HTML documents: one file, without network access."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources

from woodshed.html.markup import Markup, element


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
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


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
