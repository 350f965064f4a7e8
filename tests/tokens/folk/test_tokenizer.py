"""Folk tokens as ABC and as notes."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import ParameterError, ScoreError
from woodshed.score import Mode
from woodshed.symbolic import abc_to_score
from woodshed.symbolic.folk.from_abc import abc_to_folk, book_to_folk
from woodshed.symbolic.folk.vocabulary import METRES
from woodshed.symbolic.notation import is_single_value
from woodshed.tokens.folk.key import signature_of_key
from woodshed.tokens.folk.tokenizer import FolkAbc, lines_of, tokens_to_abc, tokens_to_score

TUNE = "M:6/8 K:Cdor c |: g 3 e > d c | [ E 3 G 3 ] (3 =A B c (2 d e :| |1 c 6 :| |2 c 3 c 2 |"


def test_the_order_is_the_printed_one() -> None:
    vocabulary = FolkAbc().vocabulary
    assert len(vocabulary) == 137
    places = {"<s>": 0, "</s>": 1, "M:2/4": 2, "M:12/8": 8, "K:Cmaj": 9, "K:Cmix": 12, "|": 13, "|2": 17}
    places |= {"(2": 18, "]": 26, "2": 27, "16": 36, "/2": 37, "3/4": 44, "<": 45, "/2>": 51, "C,": 52}
    places |= {"b'": 79, "=C,": 80, "=f'": 102, "_E,": 103, "_e'": 119, "^C,": 120, "^f'": 135, "z": 136}
    assert {word: vocabulary.index(word) for word in places} == places


def test_the_boundaries_are_put_on_and_taken_off() -> None:
    ids = FolkAbc().encode(TUNE)
    assert (ids[0], ids[-1], len(ids)) == (0, 1, len(TUNE.split()) + 2)
    assert FolkAbc().decode(ids[:-1]) == FolkAbc().decode(ids) == TUNE
    with pytest.raises(ParameterError, match=r"Omit <s> and </s>, which are added"):
        FolkAbc().encode("<s> M:4/4")


@pytest.mark.parametrize(
    ("tune", "message"),
    [("M:4/4 K:Cmajj", "the 2nd word.*Did you mean K:Cmaj"), ("M:4/4 K:Cmaj ^E", "the 3rd word")],
)
def test_an_unknown_token_is_named_with_its_place(tune: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        FolkAbc().encode(tune)


def test_abc_has_its_header_and_its_notes_close_together() -> None:
    lines = tokens_to_abc(TUNE, title="Two\nlines", number=7).splitlines()
    assert lines[2:7] == ["X:7", "T:Two lines", "M:6/8", "L:1/8", "K:Cdor"]
    assert lines[7:] == ["c |: g3 e>dc | [E3G3] (3=ABc(2d e :|", "|1 c6 :| |2 c3 c2 |]"]


def test_abc_has_four_bars_a_line_and_the_notes_of_a_beat_together() -> None:
    half = "C D E F G A B c | c 2 c B c d e > f | z A (3 B c d e 2 c 2"
    tune = f"M:4/4 K:Cmaj G |: {half} | g 4 f 4 | {half} |1 g 4 f 3 G :| |2 g 4 f 4 |: {half} | [ C G ] 8 :|"
    first = "CDEF GABc | c2 cB cd e>f | z A (3Bcd e2 c2"
    assert tokens_to_abc(tune).splitlines()[7:] == [
        f"G |: {first} | g4 f4 |",
        f"{first} |1 g4 f3 G :| |2 g4 f4 ||",
        f"|: {first} | [CG]8 :|",
    ]
    jig = "M:6/8 K:Cdor G | C D E F 2 G | A 3 B > A G |"
    assert tokens_to_abc(jig).splitlines()[7:] == ["G | CDE F2G | A3 B>AG |]"]


TIED = ("5", "9", "5/2")
"""Lengths that need two tied notes."""


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("length", TIED)
def test_lengths_without_a_note_value_are_tied(metre: str, length: str) -> None:
    for event in (f"^D {length}", f"[ E {length} G {length} ]", f"z {length}"):
        tune = f"{metre} K:Cdor C {event} ^D |"
        abc = tokens_to_abc(tune)
        body = abc.split("K:Cdor\n")[1]
        written = [length or "1" for length in re.findall(r"[A-Ga-gz]([\d/]*)", body)]
        assert all(is_single_value(Fraction(f"1{one}" if one[0] == "/" else one) / 2) for one in written)
        notes = tokens_to_score(tune).notes
        eighths = float(Fraction(length))
        if event[0] != "z":
            assert {note.duration_beats for note in notes[1:-1]} == {eighths / 2}
        assert notes[-1].onset_beats == (1 + eighths) / 2
        assert notes[-1].pitch_midi == 63


def test_lines_and_beams_change_no_note() -> None:
    rng = np.random.default_rng(0)
    words = [word for word in FolkAbc().vocabulary[13:] if word not in TIED]
    for _ in range(300):
        music = [words[k] for k in rng.integers(0, len(words), 60)]
        text = "".join(" ".join(lines_of(music, "M:4/4")).split())
        assert text.replace("|||:", "|:") == "".join(music)  # a line ends with a bar line


@pytest.mark.data
def test_real_tunes_come_back_from_their_lines(shared_data: Path) -> None:
    text = (shared_data / "nottingham" / "abc" / "jigs.abc").read_text(encoding="utf-8")
    tunes, _ = book_to_folk(text)
    assert len(tunes) > 300
    for tune in tunes[::3]:
        abc = tokens_to_abc(tune.text)
        assert abc_to_folk(abc) == tune.text
        assert max(line.count("|") for line in abc.split("\nK:")[1].splitlines()) <= 8


def test_notes_have_the_mode_the_repeats_and_the_rhythm() -> None:
    score = tokens_to_score("M:2/4 K:Cmin |: E > A (3 B c d :|")
    assert [note.pitch_midi for note in score.notes] == [63, 68, 70, 72, 74] * 2
    lengths = [note.duration_beats for note in score.notes[:5]]
    assert lengths == pytest.approx([0.75, 0.25, *[1 / 3] * 3])
    assert len(tokens_to_score("M:2/4 K:Cmin |: C 4 :|", repeats=False).notes) == 1
    assert score.keys[0].n_sharps == -3


def test_music21_reads_the_same_notes() -> None:
    converter = pytest.importorskip("music21.converter", reason="needs the extra tunes")
    text = "M:4/4 K:Cdor ^F 2 f 2 F 2 =B 2 | B > A [ C 2 G 2 ] (3 c d e z 2 |"
    stream = converter.parse(tokens_to_abc(text), format="abc").flatten()
    theirs = [(float(event.offset), sorted(pitch.midi for pitch in event.pitches)) for event in stream.notes]
    ours: dict[float, list[int]] = {}
    for note in tokens_to_score(text).notes:
        ours.setdefault(note.onset_beats, []).append(note.pitch_midi)
    assert [pitches for _, pitches in theirs] == list(ours.values())
    assert np.allclose([onset for onset, _ in theirs], list(ours), atol=1e-6)


@pytest.mark.parametrize("tune", ["", "M:4/4 C D E", "K:Cmaj M:4/4 C"])
def test_a_tune_without_metre_and_mode_is_refused(tune: str) -> None:
    with pytest.raises(ScoreError, match="begins with a metre and a mode"):
        tokens_to_abc(tune)


def test_abc_means_the_same_wherever_an_accidental_holds() -> None:
    """In its own octave, as our header says, or in all of them, as some programs read it."""
    tune = "M:4/4 K:Cmin =B 2 b 2 B 2 _e 2 | e' 2 =e 2 e' 2 E 2 |"
    for tonic in ("C", "D", "Bb"):
        abc = tokens_to_abc(tune, tonic=tonic)
        pitches = [note.pitch_midi for note in abc_to_score(abc, source="a").notes]
        for scope in ("pitch", "octave"):
            changed = abc.replace("propagate-accidentals octave", f"propagate-accidentals {scope}")
            assert [note.pitch_midi for note in abc_to_score(changed, source="a").notes] == pitches
        assert len(set(pitches)) == 6


@pytest.mark.parametrize(
    ("tonic", "mode", "n_sharps"),
    [("D#", "minor", 6), ("A#", "minor", 7), ("D#", "dorian", 7), ("Fb", "lydian", -7)],
)
def test_keys_of_up_to_seven_sharps_or_flats_have_a_signature(tonic: str, mode: Mode, n_sharps: int) -> None:
    assert signature_of_key(tonic, mode) == n_sharps


@pytest.mark.parametrize(("tonic", "mode"), [("A#", "mixolydian"), ("G#", "major"), ("B#", "minor")])
def test_a_key_of_more_than_seven_sharps_is_refused(tonic: str, mode: Mode) -> None:
    with pytest.raises(ParameterError, match="more than seven sharps or flats"):
        signature_of_key(tonic, mode)
