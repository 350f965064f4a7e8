"""A picture of sound as a page that can be heard: one file for any browser, which loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.html.markup import Markup, element, name_of
from woodshed.html.picture import data_uri
from woodshed.html.sounds import MAX_RATE, flac
from woodshed.plotting.layout import Portrait
from woodshed.plotting.theme import THEMES, Theme

MAX_HEARD_S = 60.0
"""The longest sound that is put into a page, about a megabyte."""

_FULL_RATE_S, _FULL_RATE = 15.0, 48000

_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'"


def sound_bytes(clip: Clip) -> bytes | None:
    """Return a clip as FLAC, in mono; one of more than 15 s at 16 kHz at most; None if it is too long.

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


def picture_page(drawings: Mapping[str, bytes], heading: str, portraits: Sequence[Portrait] = ()) -> str:
    """Return a page with a picture, and the sounds that it shows.

    Parameters
    ----------
    drawings
        Name of the theme -> the picture in it, as SVG. With both themes the page takes that of the browser.
    heading
        Title of the page, and what is read aloud in place of the picture.
    portraits
        What the picture shows; those with a sound can be played.

    Examples
    --------
    >>> page = picture_page({"light": b"<svg/>"}, "clip.wav")
    >>> page.count("<img"), page.count("<audio")
    (1, 0)
    """
    heard = [portrait for portrait in portraits if portrait.sound is not None]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),  # else a browser asks the server for one
        element("title", heading),
        element("style", _style([THEMES[name] for name in drawings])),
    )
    pictures = (
        element("img", src=data_uri("image/svg+xml", drawing), alt=f"Picture of {heading}", class_=name)
        for name, drawing in drawings.items()
    )
    body = element("body", *pictures, *map(_player, heard))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _player(portrait: Portrait) -> Markup:
    uri = data_uri("audio/flac", portrait.sound or b"")
    return element(
        "figure",
        element("figcaption", name_of(portrait.name)),
        element("audio", src=uri, controls=True, preload="metadata"),
    )


def _style(themes: Sequence[Theme]) -> Markup:
    """Return the stylesheet: the page has the colours of its picture, and shows one of two."""
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
    return f"--paper: {theme.paper}; --ink: {theme.ink};"
