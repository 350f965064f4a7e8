"""MusicXML: what is known of a part, and the small things that are read out of elements."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from woodshed.symbolic.bar import Bar
from woodshed.symbolic.musicxml.write import KINDS

Element = ElementTree.Element

_SUFFIXES = {kind: suffix for suffix, kind in KINDS.items()} | {"none": "", "minor-major": "mM7"}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


@dataclass
class SoundingNote:
    """A note or one note of a chord, within its bar."""

    onset: Fraction
    duration: Fraction
    pitch_midi: int
    velocity: int
    voice: str
    starts_tie: bool
    ends_tie: bool


@dataclass
class Measure:
    """One bar of one part; ``changes`` are ``(onset, kind, value)``."""

    number: str
    is_implicit: bool = False
    notes: list[SoundingNote] = field(default_factory=list)
    changes: list[tuple[Fraction, str, Any]] = field(default_factory=list)
    length: Fraction = Fraction(0)
    due: Fraction | None = None


@dataclass
class Part:
    """One part: its bars, where repeats and endings stand, and what the part list says of it."""

    measures: list[Measure] = field(default_factory=list)
    lines: list[Bar] = field(default_factory=list)
    name: str = ""
    channel: int | None = None
    program: int | None = None
    drums: dict[str, int] = field(default_factory=dict)
    is_drums: bool = False


def about_part(part: Element) -> Part:
    """Read an entry of the part list."""
    channel = text_of(part, "midi-instrument/midi-channel")
    program = text_of(part, "midi-instrument/midi-program")
    drums = {}
    for one in part.iterfind("midi-instrument"):
        if (drum := text_of(one, "midi-unpitched")).isdigit():
            drums[one.get("id", "")] = min(127, max(0, int(drum) - 1))
    return Part(
        name=text_of(part, "part-name"),
        channel=int(channel) - 1 if channel.isdigit() and 1 <= int(channel) <= 16 else None,
        program=program_of(program) if program else None,
        drums=drums,
    )


def program_of(text: str | None) -> int:
    """Read a program, which counts from 1; what is none is the first."""
    return min(127, max(0, int(text) - 1)) if text and text.strip().isdigit() else 0


def symbol_of(harmony: Element) -> str:
    """Spell a chord symbol; empty if it has no root."""
    root = text_of(harmony, "root/root-step")
    kind = harmony.find("kind")
    if not root or kind is None:
        return ""
    word = (kind.text or "").strip()
    suffix = kind.get("text", _SUFFIXES.get(word, word))
    bass = text_of(harmony, "bass/bass-step")
    below = f"/{bass}{_sign(text_of(harmony, 'bass/bass-alter'))}" if bass else ""
    return f"{root}{_sign(text_of(harmony, 'root/root-alter'))}{suffix}{below}"


def _sign(alter: str) -> str:
    return _SIGNS.get(round(number_of(alter, 0.0)), "")


def text_of(element: Element, path: str) -> str:
    """Return the text of the first element at a path, without space around it; empty if there is none."""
    return (element.findtext(path) or "").strip()


def number_of(text: str, default: float) -> float:
    """Read a number; what is none, or not finite, is the default."""
    try:
        value = float(text)
    except ValueError:
        return default
    return value if math.isfinite(value) else default
