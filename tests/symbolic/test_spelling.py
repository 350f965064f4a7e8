"""The names of notes: as the key has them, the same in ABC and MusicXML, and as Bach wrote them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from woodshed.score import FIFTHS_ABOVE, LINE_OF_FIFTHS, Key, Mode, Note, Score
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.musicxml.write import score_to_musicxml
from woodshed.symbolic.notation import NATURALS, signature_of, spelling

_NAMES = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


def names(key: Key, pitches: range | list[int]) -> list[str]:
    return [letter + _NAMES[alter] for letter, alter, _ in (spelling(pitch, key) for pitch in pitches)]


@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize("n_sharps", range(-7, 8))
def test_every_pitch_has_one_name_and_those_of_the_signature_their_own(n_sharps: int, mode: Mode) -> None:
    key = Key(0, n_sharps, mode)
    spelt = [spelling(pitch, key) for pitch in range(128)]
    assert [12 * (octave + 1) + NATURALS[letter] + alter for letter, alter, octave in spelt] == [*range(128)]
    signature = signature_of(n_sharps)
    assert {(letter, signature.get(letter, 0)) for letter in NATURALS} < {(x, a) for x, a, _ in spelt}
    assert len({(letter, alter) for letter, alter, _ in spelt}) == 12


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Key(0, 0), "C C# D Eb E F F# G G# A Bb B"),
        (Key(0, -1), "C C# D Eb E F F# G Ab A Bb B"),
        (Key(0, 2), "C C# D D# E F F# G G# A A# B"),
        (Key(0, -1, "minor"), "C C# D Eb E F F# G G# A Bb B"),
        (Key(0, 1, "minor"), "C C# D D# E F F# G G# A A# B"),
        (Key(0, 0, "dorian"), "C C# D Eb E F F# G G# A Bb B"),
        (Key(0, -2, "phrygian"), "C C# D Eb E F F# G Ab A Bb B"),
        (Key(0, 1, "mixolydian"), "C C# D D# E F F# G G# A Bb B"),
    ],
)
def test_names_in_common_keys(key: Key, expected: str) -> None:
    assert names(key, range(60, 72)) == expected.split()


@pytest.mark.parametrize("mode", ["minor", "dorian", "phrygian", "locrian"])
def test_the_sixth_and_seventh_are_raised_not_those_above_lowered(mode: Mode) -> None:
    for n_sharps in range(-7, 8):
        key = Key(0, n_sharps, mode)
        tonic, sixth, seventh = names(key, [60 + key.tonic, 69 + key.tonic, 71 + key.tonic])
        steps = "CDEFGAB"
        assert steps[steps.index(tonic[0]) - 1] == seventh[0]
        assert steps[steps.index(tonic[0]) - 2] == sixth[0]


def test_abc_and_musicxml_write_the_same_names() -> None:
    for key in (Key(0, -1, "minor"), Key(0, -2, "phrygian"), Key(0, 5), Key(0, -4)):
        score = Score([Note(k, 1, 60 + k) for k in range(12)], keys=[key])
        root = ElementTree.fromstring(score_to_musicxml(score))
        printed = [
            one.findtext("step", "") + _NAMES[int(one.findtext("alter", "0"))] for one in root.iter("pitch")
        ]
        body = score_to_abc(score).split("\nK:")[1].partition("\n")[2]
        held = dict(signature_of(key.n_sharps))
        written = []
        for line in body.replace("\n", "").split("|"):
            held = dict(signature_of(key.n_sharps))
            for sign, letter in re.findall(r"(\^\^|__|[=^_]?)([A-Ga-g])", line):
                if sign:
                    held[letter.upper()] = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}[sign]
                written.append(letter.upper() + _NAMES[held.get(letter.upper(), 0)])
        assert written == printed == names(key, range(60, 72))


def test_a_tied_note_keeps_its_name_when_the_key_changes() -> None:
    score = Score([Note(0, 8, 61)], keys=[Key(0, 2), Key(4, -5)])
    assert score_to_abc(score).endswith("K:D\nC8-|[K:Db]^C8|]\n")
    steps = ElementTree.fromstring(score_to_musicxml(score)).iter("step")
    assert [step.text for step in steps] == ["C", "C"]


def test_bach_wrote_them_so() -> None:
    """Nearly always; where he did not, the music has gone to another key."""
    music21 = pytest.importorskip("music21")
    folder = Path(music21.__path__[0]) / "corpus" / "bach"
    places = {letter: k - 1 for k, letter in enumerate(LINE_OF_FIFTHS)}
    modes = {above: mode for mode, above in FIFTHS_ABOVE.items()}
    same = total = n_chromatic = same_chromatic = 0
    for path in sorted(folder.glob("bwv*.mxl"))[::8]:
        with ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith("xml") and "META" not in n)
            root = ElementTree.fromstring(archive.read(name))
        written = [
            (p.findtext("step", ""), int(p.findtext("alter", "0")), int(p.findtext("octave", "")))
            for p in root.iter("pitch")
        ]
        fifths = int(root.findtext(".//fifths", "0"))
        last = written[-1]  # of the bass, so it is the keynote
        key = Key(0, fifths, modes.get(places[last[0]] + 7 * last[1] - fifths, "major"))
        signature = signature_of(fifths)
        for letter, alter, octave in written:
            fits = spelling(12 * (octave + 1) + NATURALS[letter] + alter, key) == (letter, alter, octave)
            same, total = same + fits, total + 1
            if alter != signature.get(letter, 0):
                same_chromatic, n_chromatic = same_chromatic + fits, n_chromatic + 1
    assert n_chromatic > 500
    assert same_chromatic > 0.95 * n_chromatic
    assert same > 0.99 * total
