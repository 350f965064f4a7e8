"""HTML pages with a figure and audio players, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.html.clip import MAX_RATE, data_uri, flac
from woodshed.html.document import Markup, element, name_of
from woodshed.plotting.layout import PanelStack
from woodshed.plotting.theme import THEMES, Theme

MAX_HEARD_S = 60.0
"""Maximum duration of embedded audio in seconds, about a megabyte."""

_FULL_RATE_S, _FULL_RATE = 15.0, 48000

_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'"


def sound_bytes(clip: Clip) -> bytes | None:
    """Return a clip as mono FLAC, at 16 kHz at most if it is longer than 15 s; None if it is too long.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> sound_bytes(sine(440))[:4], sound_bytes(sine(440, 61))
    (b'fLaC', None)
    """
    if clip.duration_s > MAX_HEARD_S:
        return None
    highest = _FULL_RATE if clip.duration_s <= _FULL_RATE_S else MAX_RATE
    return flac(resample(clip, min(clip.sample_rate, highest)))


def picture_page(drawings: Mapping[str, bytes], heading: str, stacks: Sequence[PanelStack] = ()) -> str:
    """Return a page with a figure and audio players.

    Parameters
    ----------
    drawings
        The figure as SVG by theme name. With both themes the page follows the colour scheme of the browser.
    heading
        Title of the page, and alternative text of the figure.
    stacks
        The excerpts in the figure; those with audio get a player.

    Examples
    --------
    >>> page = picture_page({"light": b"<svg/>"}, "clip.wav")
    >>> page.count("<img"), page.count("<audio")
    (1, 0)
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),  # otherwise a browser requests one from the server
        element("title", heading),
        element("style", _style([THEMES[name] for name in drawings])),
    )
    pictures = (
        element("img", src=data_uri("image/svg+xml", drawing), alt=f"Figure of {heading}", class_=name)
        for name, drawing in drawings.items()
    )
    body = element("body", *pictures, *(_player(stack) for stack in stacks if stack.sound is not None))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _player(stack: PanelStack) -> Markup:
    uri = data_uri("audio/flac", stack.sound or b"")
    return element(
        "figure",
        element("figcaption", name_of(stack.name)),
        element("audio", src=uri, controls=True, preload="metadata"),
    )


def _style(themes: Sequence[Theme]) -> Markup:
    """Return the stylesheet, with the colours of the themes; of two figures it shows one."""
    first, *others = themes
    rules = [
        f":root {{ color-scheme: {' '.join(theme.name for theme in themes)}; {_colours(first)} }}",
        "body { margin: 1rem auto; max-width: 88rem; padding: 0 1rem; background: var(--paper);"
        " color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }",
        "img { display: block; width: 100%; height: auto; }",
        "figure { margin: 1rem 0; }",
        "audio { width: 100%; }",
    ]
    for other in others:
        rules.append(f".{other.name} {{ display: none; }}")
        rules.append(
            f"@media (prefers-color-scheme: {other.name}) {{ :root {{ {_colours(other)} }} "
            f".{first.name} {{ display: none; }} .{other.name} {{ display: block; }} }}"
        )
    return Markup("\n".join(rules))


def _colours(theme: Theme) -> str:
    return f"--paper: {theme.background}; --ink: {theme.text};"
