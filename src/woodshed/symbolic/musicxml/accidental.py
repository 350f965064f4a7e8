"""Accidentals: the signs before notes, which programs that engrave do not add of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from xml.etree import ElementTree

from woodshed.symbolic.abc.field import signature_of

Head = tuple[ElementTree.Element, Fraction, bool]
"""The sign of a note, where it begins, and whether it is tied to one before its bar."""

SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
"""How far a note is raised -> word of MusicXML for the sign."""

_BEFORE = ("voice", "type", "dot")  # what has to stand before it


def add_accidentals(heads: Sequence[Head], n_sharps: int, changes: Sequence[tuple[Fraction, int]]) -> None:
    """Write accidentals into the notes of one part of a bar, of all its voices.

    A note gets one if it differs from the signature, or from what the bar has had at its step and octave. A
    note that is tied from the bar before gets none, and the next one on its step says what it is.

    Parameters
    ----------
    heads
        In any order. Notes without a pitch, such as drums, are passed over.
    n_sharps
        The signature at the beginning of the bar; flats are negative.
    changes
        Where it changes within the bar, and to what; all signs before are void from there.

    Examples
    --------
    >>> notes = [ElementTree.Element("note") for _ in range(4)]
    >>> for note, alter in zip(notes, (1, 1, 0, 0)):
    ...     pitch = ElementTree.SubElement(note, "pitch")
    ...     for word, text in (("step", "G"), ("alter", str(alter)), ("octave", "4")):
    ...         ElementTree.SubElement(pitch, word).text = text
    >>> add_accidentals([(note, Fraction(k), False) for k, note in enumerate(notes)], 0, ())
    >>> [note.findtext("accidental") for note in notes]
    ['sharp', None, 'natural', None]
    """
    turns = list(changes)
    signature = signature_of(n_sharps)
    held: dict[tuple[str, str], int | None] = {}
    for element, at, is_tied in sorted(heads, key=lambda head: head[1]):
        while turns and turns[0][0] <= at:
            signature, held = signature_of(turns.pop(0)[1]), {}
        pitch = element.find("pitch")
        if pitch is None:
            continue
        step, octave = pitch.findtext("step", ""), pitch.findtext("octave", "")
        alter, usual = int(pitch.findtext("alter", "0")), signature.get(step, 0)
        if is_tied:
            if alter != usual:
                held[step, octave] = None  # to some the sign holds on, to others not
            continue
        if held.get((step, octave), usual) != alter:
            sign = ElementTree.Element("accidental")
            sign.text = SIGNS[alter]
            places = [k for k, child in enumerate(element) if child.tag in _BEFORE]
            element.insert(places[-1] + 1 if places else len(element), sign)
        held[step, octave] = alter
