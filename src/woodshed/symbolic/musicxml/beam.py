"""Beams: short notes of one beat hang together."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from xml.etree import ElementTree

from woodshed.score import Metre
from woodshed.symbolic.note_value import TYPES, Value
from woodshed.symbolic.staff import beat_of

Placed = tuple[ElementTree.Element, Value, Fraction]
"""The sign of a note or rest, its value, and where it begins in its bar."""


def add_beams(signs: Sequence[Placed], metre: Metre | None) -> None:
    """Write beams into the notes of one voice of a bar; of chords, only the first notes are given.

    Notes shorter than a quarter that follow one another within a beat share beams: three eighths in compound
    metres such as 6/8, a quarter note in others. Rests end them.

    Examples
    --------
    >>> notes = [ElementTree.Element("note") for _ in range(3)]
    >>> half = Value(Fraction(1, 2), "eighth")
    >>> add_beams([(note, half, k * half.duration) for k, note in enumerate(notes)], None)
    >>> [[beam.text for beam in note.iter("beam")] for note in notes]
    [['begin'], ['end'], []]
    """
    beat = beat_of(metre)

    def place(sign: Placed) -> tuple[int, bool]:
        element, value, start = sign
        return start // beat, n_beams(value) > 0 and element.find("rest") is None

    for (_, is_short), group in groupby(signs, key=place):
        if is_short:
            _join(list(group))


def n_beams(value: Value) -> int:
    """Count the beams or flags of a value: one for an eighth, two for a 16th.

    Examples
    --------
    >>> n_beams(Value(Fraction(1, 4), "16th")), n_beams(Value(Fraction(1), "quarter"))
    (2, 0)
    """
    return max(0, list(TYPES).index(value.type) - 3) if value.type else 0


def _join(group: Sequence[Placed]) -> None:
    counts = [n_beams(value) for _, value, _ in group]
    if len(group) < 2:
        return
    for k, (element, _, _) in enumerate(group):
        before = counts[k - 1] if k else 0
        after = counts[k + 1] if k + 1 < len(group) else 0
        for level in range(1, counts[k] + 1):
            beam = ElementTree.Element("beam", number=str(level))
            if level <= before and level <= after:
                beam.text = "continue"
            elif level <= after:
                beam.text = "begin"
            elif level <= before:
                beam.text = "end"
            else:
                beam.text = "backward hook" if before else "forward hook"
            notations = element.find("notations")
            element.insert(len(element) if notations is None else list(element).index(notations), beam)
