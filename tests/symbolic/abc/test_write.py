"""ABC: what is written is read back, however a reader takes accidentals."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import ScoreError
from woodshed.score import ChordSymbol, Key, Metre, Note, Score, Tempo
from woodshed.symbolic.abc.read import abc_to_score, read_abc
from woodshed.symbolic.abc.write import score_to_abc, write_abc
from woodshed.symbolic.edit import cut, loop, set_metre, transpose
from woodshed.symbolic.notation import is_single_value
from woodshed.tokens.folk.tokenizer import tokens_to_score


def sounding(score: Score) -> list[tuple[float, float, int]]:
    return sorted((n.onset_beats, n.duration_beats, n.pitch_midi) for n in score.notes)


@pytest.mark.parametrize("propagation", ["octave", "pitch", "not"])
@pytest.mark.parametrize("n_sharps", range(-7, 8))
def test_every_pitch_comes_back_in_every_key(n_sharps: int, propagation) -> None:
    rng = np.random.default_rng(n_sharps + 7)
    notes = [Note(k / 2, 0.5, int(pitch)) for k, pitch in enumerate(rng.integers(24, 108, 200))]
    score = Score(notes, metres=[Metre(0, 3, 4)], keys=[Key(0, n_sharps, "dorian")])
    again = abc_to_score(score_to_abc(score), propagation=propagation)
    assert again == score
    assert again.findings == ()


def test_everything_that_abc_can_say_comes_back(tmp_path: Path) -> None:
    score = Score(
        [Note(0, 1, 67), Note(1, 4.5, 60), Note(1, 4.5, 64), Note(6, 1 / 3, 66), Note(7 + 1 / 3, 2 / 3, 71)],
        tempos=[Tempo(0, 90), Tempo(4, 120)],
        metres=[Metre(0, 4, 4), Metre(5, 3, 4)],
        keys=[Key(0, 1), Key(5, -3, "minor")],
        chords=[ChordSymbol(0, "G"), ChordSymbol(3, "Em7")],
        pickup_beats=1,
        title="50% of a tune",
    )
    write_abc([score, score], tmp_path / "book.abc")
    book = read_abc(tmp_path / "book.abc")
    assert book.tunes == (score, score)
    assert book.numbers == ("1", "2")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("50% of\nC", "50% of C"),
        ('the "old" one', "the 'old' one"),
        ("a\r\nK:H", "a K:H"),
        ("m" * 2000, "m" * 998),
    ],
)
def test_names_and_chord_symbols_from_other_formats_leave_the_notes_alone(text: str, read: str) -> None:
    chords = [ChordSymbol(1, f"C{text}")]
    score = Score([Note(0, 1, 60), Note(1, 1, 62)], chords=chords, part_names=[(0, f"C{text}")], title=text)
    back = abc_to_score(score_to_abc(score))
    assert back.notes == score.notes
    assert [chord.name for chord in back.chords] == [f"C{read}"]
    assert back.part_names == ((0, f"C{read}"),)
    assert tokens_to_score("M:2/4 K:Cmaj C 2 D 2 |", title=text).title == " ".join(text.split())


def test_overlapping_notes_become_voices() -> None:
    score = Score(
        [Note(0, 4, 48), Note(0, 1, 60), Note(1, 3, 62), Note(0, 2, 72, channel=3)], part_names=[(3, "Top")]
    )
    text = score_to_abc(score)
    assert text.count("\nV:3\n") == 1
    assert 'name="Top"' in text
    assert sounding(abc_to_score(text)) == sounding(score)


def body_of(score: Score) -> str:
    return score_to_abc(score).split("\nK:")[1].partition("\n")[2].removesuffix("\n")


def even(*lengths: float, pitch: int = 67) -> list[Note]:
    """Return notes in a row, of these lengths in quarter notes."""
    return [Note(sum(lengths[:k]), length, pitch) for k, length in enumerate(lengths)]


def test_tuplets_are_written_as_such_and_come_back_exactly() -> None:
    third = Fraction(1, 3)
    cases = {
        "(3GGG": [third] * 3,
        "(3G2G2G2": [2 * third] * 3,
        "(3:2:2G2G": [2 * third, third],
        "(3:2:4G/2G/2GG": [third / 2, third / 2, third, third],
        "(5:4:5G/2G/2G/2G/2G/2": [Fraction(1, 5)] * 5,
        "(3G/2G/2G/2": [third / 2] * 3,
    }
    for written, lengths in cases.items():
        for before in (1, Fraction(1, 2)):
            score = Score(even(*map(float, [before, *lengths, 1 - before % 1])), metres=[Metre(0, 3, 4)])
            assert written in body_of(score).replace(" ", "").replace("|", ""), written
            again = sounding(abc_to_score(score_to_abc(score)))
            np.testing.assert_allclose(again, sounding(score), rtol=0, atol=1e-12)
    rest = Score([Note(0, 1 / 3, 67), Note(2 / 3, 1 / 3, 67)], metres=[Metre(0, 3, 4)])
    assert body_of(rest) == "(3G z G|]"


def test_a_length_that_is_no_part_of_a_tuplet_stays_a_fraction() -> None:
    score = Score(even(4 / 3, 5 / 3), metres=[Metre(0, 3, 4)])
    assert body_of(score) == "G8/3 G10/3|]"
    over_the_line = Score(even(8 / 3, 2 / 3, 2 / 3), metres=[Metre(0, 3, 4)])
    again = sounding(abc_to_score(score_to_abc(over_the_line)))
    np.testing.assert_allclose(again, sounding(over_the_line), rtol=0, atol=1e-12)


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8), (2, 4), (9, 8), (5, 4), (7, 8), (12, 8), (3, 2)])
@pytest.mark.parametrize("start", [0, 0.25, 0.5, 1, 1.5])
def test_every_written_length_is_one_note_value(metre: tuple[int, int], start: float) -> None:
    bar = Metre(0, *metre)
    for n in range(1, int(8 * bar.bar_beats) + 1):
        before = [Note(0, start, 60)] if start else []
        score = Score([*before, Note(start, n / 4, 67), Note(start + n / 4, 0.25, 62)], metres=[bar])
        rest = Score([*before, Note(start + n / 4, 0.25, 62)], metres=[bar])
        for piece in (score, rest):
            text = body_of(piece)
            lengths = [Fraction(w.replace("/", "1/") if w[0] == "/" else w) for w in _lengths_in(text)]
            assert all(is_single_value(length / 2) for length in lengths), text
            assert sounding(abc_to_score(score_to_abc(piece))) == sounding(piece)


def _lengths_in(text: str) -> list[str]:
    return [length or "1" for length in re.findall(r"[A-Gz]([\d/]*)", text)]


def test_chords_and_tuplets_of_such_lengths_are_tied_too() -> None:
    assert body_of(Score([Note(0, 2.5, 64), Note(0, 2.5, 67)], metres=[Metre(0, 4, 4)])) == "[EG]4- [EG]|]"
    fifth = 1 / 6
    notes = [Note(0, 5 * fifth, 67), Note(5 * fifth, fifth, 67)]
    score = Score(notes, metres=[Metre(0, 4, 4)])
    assert body_of(score) == "(3G2-G/2G/2|]"
    np.testing.assert_allclose(sounding(abc_to_score(score_to_abc(score))), sounding(score))


def test_music21_reads_tied_lengths_alike() -> None:
    converter = pytest.importorskip("music21.converter")
    score = Score(even(2.5, 0.5, 1.25, 0.75, 1, 4.5, 3.5), metres=[Metre(0, 6, 8)])
    flat = converter.parse(score_to_abc(score), format="abc").flatten().stripTies()
    theirs = [(float(n.offset), float(n.quarterLength), p.midi) for n in flat.notes for p in n.pitches]
    assert theirs == sounding(score)


@pytest.mark.parametrize(
    ("metre", "lengths", "written"),
    [
        ((4, 4), [0.5] * 8, "GGGG GGGG|]"),
        ((4, 4), [1, 0.5, 0.5, 0.25, 0.25, 0.5, 1], "G2 GG G/2G/2G G2|]"),
        ((3, 4), [0.5] * 6, "GG GG GG|]"),
        ((6, 8), [0.5] * 6, "GGG GGG|]"),
        ((6, 8), [1, 0.5, 1.5], "G2G G3|]"),
        ((2, 4), [0.75, 0.25, 0.5, 0.5], "G3/2G/2 GG|]"),
    ],
)
def test_notes_of_a_beat_stand_close_together(metre, lengths, written: str) -> None:
    assert body_of(Score(even(*lengths), metres=[Metre(0, *metre)])) == written


def test_beats_of_a_pickup_are_counted_from_its_end() -> None:
    score = Score(even(*[0.5] * 10), metres=[Metre(0, 3, 4)], pickup_beats=1.5)
    assert body_of(score) == "G GG|GG GG GG|G|]"


def test_a_line_has_four_bars_after_the_pickup() -> None:
    score = Score(even(1, *[4] * 9), metres=[Metre(0, 4, 4)], pickup_beats=1)
    assert body_of(score).splitlines() == ["G2|G8|G8|G8|G8|", "G8|G8|G8|G8|", "G8|]"]


def test_a_score_in_a_loop_says_its_key_and_metre_once() -> None:
    once = Score(
        [Note(k, 1, 62) for k in range(8)],
        tempos=[Tempo(0, 90)],
        metres=[Metre(0, 4, 4)],
        keys=[Key(0, -1, "minor")],
    )
    text = score_to_abc(loop(once, 3))
    assert text.count("[") == 0
    assert sounding(abc_to_score(text)) == sounding(loop(once, 3))
    turning = replace(once, keys=[Key(0, -1, "minor"), Key(4, 1)])
    assert score_to_abc(loop(turning, 2)).count("[K:") == 3  # and back again


REPEATED = [
    "|:C4|1 D4:|2 E4|]",
    "C|D4|E3:|",
    "C|D4|E3:|\n|:F|G4|[1 A3:|[2 B3|]",
    "C4||D4|E4:|F4|1 G4:|2 A4||B4|]",
    "C4|!segno!D4|!coda!E4|F4 !D.S.!|!coda!G4|]",
    "C4|!fine!D4|E4!D.C.!|]",
    "|:C4|1,3 D4:|2 E4:|",
    "|:C4:::|D4:|",
    "|:C4|D2z2:|",
    "|:C4|z4:|",
    "z4|C4|z4:|z4|]",
    "C4||D4:|",
    "V:1\n|:C4|D4:|\nV:2\n|:E,4|F,2z2:|",
    "|:C4 & E4:|",
]


@pytest.mark.parametrize("music", REPEATED)
def test_repeat_signs_come_back(music: str) -> None:
    text = f"X:1\nM:4/4\nL:1/4\nK:C\n{music}\n"
    once = abc_to_score(text, repeats=False)
    written = score_to_abc(once)
    assert once.written_bars
    assert sounding(abc_to_score(written, repeats=False)) == sounding(once)
    assert abc_to_score(written, repeats=False).written_bars == once.written_bars
    assert sounding(abc_to_score(written)) == sounding(abc_to_score(text))
    assert abc_to_score(written).findings == ()


def test_repeat_signs_are_written_as_usual() -> None:
    once = abc_to_score("X:1\nM:4/4\nL:1/4\nK:C\n|:C4|1 D4:|2 E4|]\n", repeats=False)
    assert body_of(once) == "|:C8|[1 D8:|[2 E8|]"
    assert abc_to_score("X:1\nM:4/4\nL:1/4\nK:C\nC4|D4|]\n", repeats=False).written_bars == ()
    for changed in (loop(once, 2), cut(once, 0, 8), set_metre(once, 3, 4)):
        assert changed.written_bars == ()
    assert transpose(once, 2).written_bars == once.written_bars


def test_drums_alone_are_refused() -> None:
    with pytest.raises(ScoreError, match="has only drums"):
        score_to_abc(Score([Note(0, 1, 36, channel=9)]))


@pytest.mark.data
def test_real_tunes_come_back(shared_data: Path) -> None:
    books = [shared_data / "nottingham" / "abc" / f"{name}.abc" for name in ("ashover", "slip", "xmas")]
    tunes = [t for path in books for t in read_abc(path).tunes]
    assert len(tunes) == 70
    for tune in tunes:
        again = abc_to_score(score_to_abc(tune))
        np.testing.assert_allclose(sounding(again), sounding(tune), atol=1e-9)
        assert (again.keys, again.metres, again.pickup_beats) == (tune.keys, tune.metres, tune.pickup_beats)
