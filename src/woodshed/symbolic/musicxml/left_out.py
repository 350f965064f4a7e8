"""What a MusicXML document holds and a score does not: grace notes, lyrics, dynamics, ornaments, words."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from woodshed.symbolic.bar import mark_of_words

Element = ElementTree.Element

_GROUPS = ("ornaments", "articulations", "technical")
_NAMES = {
    "grace": "grace note",
    "cue": "cue note",
    "lyric": "lyrics",
    "dynamics": "dynamics",
    "wedge": "hairpin",
    "pedal": "pedal",
    "slur": "slur",
    "fermata": "fermata",
    "arpeggiate": "arpeggio",
    "glissando": "glissando",
    "slide": "glissando",
    "words": "text",
    "rehearsal": "rehearsal mark",
    "figured-bass": "figured bass",
    "beat-repeat": "beat repeat",
    "key-step": "key of single accidentals",
}
"""Element -> its name in messages."""

_ONCE = ("lyrics", "key of single accidentals")
_NOT_MUSIC = ("accidental-mark", "wavy-line", "other-technical", "other-articulation", "other-ornament")
_ENDS = ("stop", "continue", "change", "diminuendo-stop")


def left_out_of(root: Element) -> list[tuple[str, int]]:
    """Return name and number of what a score cannot hold, in the order of the names.

    Examples
    --------
    >>> text = "<a><note><grace/></note><note><ornaments><trill-mark/></ornaments><lyric/></note><grace/></a>"
    >>> left_out_of(ElementTree.fromstring(text))
    [('grace note', 2), ('lyrics', 1), ('trill', 1)]
    """
    counts: Counter[str] = Counter()
    for element in root.iter():
        if element.tag in _GROUPS:
            signs = (sign.tag for sign in element if sign.tag not in _NOT_MUSIC)
            counts.update(tag.removesuffix("-mark").replace("-", " ") for tag in signs)
        elif element.tag in _NAMES and element.get("type") not in _ENDS and _is_music(element):
            counts[_NAMES[element.tag]] += 1
        elif element.tag == "time" and _is_additive(element):
            counts["grouping of a metre"] += 1
        elif element.tag == "alter" and "." in (element.text or "") and _is_microtone(element):
            counts["microtone"] += 1
    return sorted((name, 1 if name in _ONCE else n) for name, n in counts.items())


def _is_music(element: Element) -> bool:
    """Return whether words say something that is not played."""
    if element.tag != "words":
        return True
    text = (element.text or "").strip()
    return bool(text) and mark_of_words(text) is None


def _is_additive(time: Element) -> bool:
    """Return whether a metre is a sum, such as 3+2/8, of which a score holds the length of the bar alone."""
    beats = time.findall("beats")
    return len(beats) > 1 or any("+" in (part.text or "") for part in beats)


def _is_microtone(element: Element) -> bool:
    return (element.text or "").strip().rstrip("0")[-1:] != "."
