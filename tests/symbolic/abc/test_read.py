"""ABC: what the signs mean, against music21 and against MIDI files made by others."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from woodshed.errors import ParameterError, ScoreFileError
from woodshed.score import Metre, Score
from woodshed.symbolic.abc.read import abc_to_book, abc_to_score, read_abc
from woodshed.symbolic.midi import read_midi


def tune(music: str, *, key: str = "C", metre: str = "4/4", unit: str = "1/4", **settings) -> Score:
    return abc_to_score(f"X:1\nM:{metre}\nL:{unit}\nK:{key}\n{music}\n", **settings)


def spelt(score: Score) -> list[tuple[float, float, int]]:
    return [(n.onset_beats, n.duration_beats, n.pitch_midi) for n in score.notes]


def pitches(music: str, **settings) -> list[int]:
    return [note.pitch_midi for note in tune(music, **settings).notes]


def lengths(music: str, **settings) -> list[float]:
    return [note.duration_beats for note in tune(music, **settings).notes]


def test_octaves_and_lengths() -> None:
    assert pitches("C,Cc c'") == [48, 60, 72, 84]
    assert lengths("C2 C/ C// C3/4 C/4 C3/2") == [2, 0.5, 0.25, 0.75, 0.25, 1.5]
    assert lengths("C C", unit="1/16") == [0.25, 0.25]


def test_rests_and_whole_bars_of_rest_take_time() -> None:
    assert [n.onset_beats for n in tune("C z C2|Z2|x2 C2|").notes] == [0, 2, 14]


def test_broken_rhythm() -> None:
    assert lengths("C>C C<C C>>C") == [1.5, 0.5, 0.5, 1.5, 1.75, 0.25]
    assert [n.onset_beats for n in tune("C > {g}C|C").notes] == [0, 1.5, 2]


@pytest.mark.parametrize(
    ("music", "metre", "total"),
    [
        ("(3CCC", "4/4", 2),
        ("(2CC", "6/8", 3),
        ("(4CCCC", "6/8", 3),
        ("(5CCCCC", "4/4", 2),
        ("(5CCCCC", "6/8", 3),
        ("(6CCCCCC", "4/4", 2),
        ("(3:2:2CC", "4/4", 4 / 3),
        ("(3::4CCCC", "4/4", 8 / 3),
    ],
)
def test_tuplets(music: str, metre: str, total: float) -> None:
    assert sum(lengths(music, metre=metre)) == pytest.approx(total)


def test_ties_join_notes_and_keep_their_accidental_over_the_bar_line() -> None:
    assert spelt(tune("C4-|C2 D2|")) == [(0, 6, 60), (6, 2, 62)]
    assert spelt(tune("^F4-|F2 F2|")) == [(0, 6, 66), (6, 2, 65)]
    assert spelt(tune("[CE]4-|[CE]2 C2|")) == [(0, 6, 60), (0, 6, 64), (6, 2, 60)]
    assert spelt(tune("[C2-E2] C2|")) == [(0, 4, 60), (0, 2, 64)]


def test_chords_and_chord_symbols() -> None:
    score = tune('"Am"[A,CE]2 "^loud"[C2E2]/ "D7/F#"F')
    assert spelt(score) == [(0, 2, 57), (0, 2, 60), (0, 2, 64), (2, 1, 60), (2, 1, 64), (3, 1, 65)]
    assert [(c.onset_beats, c.name) for c in score.chords] == [(0, "Am"), (3, "D7/F#")]


def test_accidentals_last_for_the_bar() -> None:
    assert pitches("^F F f F|F _B =B B|") == [66, 66, 77, 66, 65, 70, 71, 71]
    assert pitches("^F F f F|F", propagation="pitch") == [66, 66, 78, 66, 65]
    assert pitches("^F F", propagation="not") == [66, 65]
    directive = abc_to_score("X:1\n%%propagate-accidentals pitch\nL:1/4\nK:C\n^F f|")
    assert [n.pitch_midi for n in directive.notes] == [66, 78]


@pytest.mark.parametrize("directive", ["%%propagate-accidentals {}", "I:propagate-accidentals {}"])
@pytest.mark.parametrize("place", ["file", "header", "body"])
def test_directives_are_obeyed_in_either_form(directive: str, place: str) -> None:
    lines = ["X:1", "L:1/4", "K:C", "^F F f F|"]
    at = {"file": 0, "header": 1, "body": 3}[place]
    for scope, expected in (("not", [66, 65, 77, 65]), ("pitch", [66, 66, 78, 66])):
        text = "\n".join([*lines[:at], directive.format(scope), *lines[at:]])
        assert [n.pitch_midi for n in abc_to_score(text).notes] == expected


def test_a_directive_in_the_music_holds_from_there() -> None:
    assert pitches("^F F|[I:propagate-accidentals not]^F F|") == [66, 66, 66, 65]
    assert pitches("^F F|\n%%propagate-accidentals not\n^F F|") == [66, 66, 66, 65]
    score = tune("[I:propagate-accidentals nott]^F F")
    assert score.findings == ("The directive 'propagate-accidentals nott' was ignored. Did you mean not?",)


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("C D E F & G,4 | c4 |", [(0, 4, 55), (0, 1, 60), (1, 1, 62), (2, 1, 64), (3, 1, 65), (4, 4, 72)]),
        ("C4 & E4 & G4|c4|", [(0, 4, 60), (0, 4, 64), (0, 4, 67), (4, 4, 72)]),
        (
            "g2 f2|e3 e &&\\\nd4|c2 c2|C4",
            [
                (0, 2, 79),
                (0, 4, 74),
                (2, 2, 77),
                (4, 3, 76),
                (4, 2, 72),
                (6, 2, 72),
                (7, 1, 76),
                (8, 4, 60),
            ],
        ),
        ("^F4- & E4-|F4 & E4|F4", [(0, 8, 66), (0, 8, 64), (8, 4, 65)]),  # ties stay in their voice
        ("^F4 & F4|", [(0, 4, 66), (0, 4, 65)]),  # and accidentals
        (
            "C2 (3DEF & G4|c4|",
            [
                (0, 2, 60),
                (0, 4, 67),
                (2, 2 / 3, 62),
                (8 / 3, 2 / 3, 64),
                (10 / 3, 2 / 3, 65),
                (4, 4, 72),
            ],
        ),
        ("C4 & E2:|", [(0, 4, 60), (0, 2, 64), (4, 4, 60), (4, 2, 64)]),
    ],
)
def test_overlays_sound_with_their_bar(music: str, expected: list[tuple[float, float, int]]) -> None:
    score = tune(music)
    assert sorted(spelt(score)) == [pytest.approx(note) for note in sorted(expected)]
    assert score.findings == ()


def test_an_overlay_that_is_too_long_is_reported() -> None:
    assert tune("C4 & E6|C4|").findings == ("bar 1 lasts 6 beats, expected 4 in 4/4.",)


def test_an_empty_line_ends_a_tune() -> None:
    text = (
        "Free text\n\nX:1\nT:a\nM:4/4\nL:1/4\nK:C\nCDEF|\n% remark\nG4|\n\nmore text with A B C\n\n"
        "X:2\nK:G\nF4|\n"
    )
    book = abc_to_book(text)
    assert [[n.pitch_midi for n in score.notes] for score in book.tunes] == [[60, 62, 64, 65, 67], [66]]
    assert [score.findings for score in book.tunes] == [(), ()]
    (score,) = abc_to_book("X:1\nK:C\nC|\n\nD E|\n").tunes
    assert [n.pitch_midi for n in score.notes] == [60]
    assert score.findings == ("Music after an empty line, which ends the tune, was not read.",)


def test_tied_unisons_are_both_held() -> None:
    assert spelt(tune("[AA]2-[AA]A z4", unit="1/8", key="A")) == [(0, 1.5, 69), (0, 1.5, 69), (1.5, 0.5, 69)]


@pytest.mark.parametrize(
    ("music", "played"),
    [
        ("C4|!segno!D4|!fine!E4|F4 !D.S.!|]", "CDEFDE"),
        ("C4|SD4|E4 !fine!|F4|] !D.S.!", "CDEFDE"),
        ('C4|"Fine"D4|E4"^D.C. al Fine"|]', "CDECD"),
        ("C4|D4!dacapo!|]", "CDCD"),
        ("+segno+C4|!fine!D4|E4 +D.S.+|", "CDECD"),
        ("C4|D4!coda!|E4!D.C.!|!coda!F4|", "CDECDF"),
        ("C4|D4|!coda!E4!D.C.!|!coda!F4|", "CDECDF"),
        ('C4|D4"To Coda"|E4!D.C.alcoda!|!coda!F4|', "CDECDF"),
        ("C4|!segno!D4|!dacoda!E4|F4!D.S.alcoda!|!coda!C4|", "CDEFDEC"),
        ("|:C4|1 D4:|2 !fine!E4||F4!D.C.!|]", "CDCEFCE"),
        ("C2 !segno!D2|E4!D.S.!|]", "CDEDE"),
        ("U: Q = !D.C.!\nC4|D4 Q|]", "CDCD"),
    ],
)
def test_jumps_are_played(music: str, played: str) -> None:
    step = {"C": 60, "D": 62, "E": 64, "F": 65}
    score = tune(music)
    assert [n.pitch_midi for n in score.notes] == [step[letter] for letter in played]
    assert score.findings == ()
    assert len(tune(music, repeats=False).notes) == len(
        re.findall("[CDEF][24]", music.partition("\n")[2] or music)
    )


def test_jumps_hold_for_all_voices() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nC4|!fine!D4|E4!D.C.!|]\nV:2\nC,4|D,4|{}|]\n"
    score = abc_to_score(text.format("E,4"))
    assert [n.pitch_midi for n in score.notes if n.channel == 1] == [48, 50, 52, 48, 50]
    score = abc_to_score(text.format("E,2|F,2"))
    assert len(score.notes) == 7
    assert score.findings[-1] == "The jumps, such as D.C., were not played: the voices differ in their bars."


def test_a_jump_without_a_target_and_a_measure_repeat_are_reported() -> None:
    assert tune("C4|D4!D.S.!|").findings == ("bar 2: D.S. was not played, as there is no segno.",)
    assert "bar 2: the measure repeat / was not played." in tune("C4|/|D4|").findings


def test_what_is_left_out_is_counted() -> None:
    text = (
        "X:1\nT:a\nT:b\nC:Trad\nR:reel\nN:note\nM:4/4\nL:1/4\nK:G\n"
        '"G"G {cd}B !trill!A "D7"(3d/c/B/ ~G .F|!f!G T(AB) !3!c "_see"|\nw:la la lo lu li ly le\n'
    )
    assert abc_to_score(text).left_out == (
        ("annotation", 1),
        ("dynamics", 1),
        ("field C", 1),
        ("field N", 1),
        ("field R", 1),
        ("fingering", 1),
        ("grace note", 2),
        ("lyrics", 1),
        ("roll", 1),
        ("slur", 1),
        ("staccato", 1),
        ("subtitle", 1),
        ("trill", 2),
    )
    assert tune("CDEF|").left_out == ()
    additive = abc_to_score("X:1\nT:a\nM:(3+2)/8 % as danced\nL:1/8\nK:G\nABcde|[M:5/8]edcBA|\n")
    assert (additive.metres, additive.left_out) == ((Metre(0, 5, 8),), (("grouping of a metre", 1),))
    assert tune("C4 H:|").left_out == (("fermata", 1),)  # a decoration of the bar line


@pytest.mark.parametrize(
    ("key", "expected"),  # C D E F G A B as they sound
    [
        ("G", [60, 62, 64, 66, 67, 69, 71]),
        ("Gm", [60, 62, 63, 65, 67, 69, 70]),
        ("A Mixolydian", [61, 62, 64, 66, 67, 69, 71]),
        ("Ador", [60, 62, 64, 66, 67, 69, 71]),
        ("E phr", [60, 62, 64, 65, 67, 69, 71]),
        ("F#m", [61, 62, 64, 66, 68, 69, 71]),
        ("Bb", [60, 62, 63, 65, 67, 69, 70]),
        ("D =c", [60, 62, 64, 66, 67, 69, 71]),
        ("D exp _b ^f", [60, 62, 64, 66, 67, 69, 70]),
        ("HP", [61, 62, 64, 66, 67, 69, 71]),
        ("Hp", [61, 62, 64, 66, 67, 69, 71]),
        ("HP clef=treble", [61, 62, 64, 66, 67, 69, 71]),
        ("none", [60, 62, 64, 65, 67, 69, 71]),
        ("none ^f", [60, 62, 64, 66, 67, 69, 71]),
        ("Dm^c", [61, 62, 64, 65, 67, 69, 70]),
        ("Dm ^c", [61, 62, 64, 65, 67, 69, 70]),
        ("D^f=c", [60, 62, 64, 66, 67, 69, 71]),
        ("Ddor_b", [60, 62, 64, 65, 67, 69, 70]),
        ("Dm=b^c", [61, 62, 64, 65, 67, 69, 71]),
        ("D exp_b^f", [60, 62, 64, 66, 67, 69, 70]),
        ("Dexp_b", [60, 62, 64, 65, 67, 69, 70]),
        ("D middle=d", [61, 62, 64, 66, 67, 69, 71]),
        ("D m=c", [61, 62, 64, 66, 67, 69, 71]),
        ("G clef=bass", [60, 62, 64, 66, 67, 69, 71]),
    ],
)
def test_keys(key: str, expected: list[int]) -> None:
    assert pitches("C D E F|G A B", key=key) == expected


@pytest.mark.parametrize(
    ("voice", "key", "first"),
    [
        ("1 clef=treble-8", "C", 48),
        ("1 treble+8", "C", 72),
        ('1 clef="bass-8"', "C", 48),
        ("1 clef=bass", "C", 60),
        ("1 octave=-1", "C", 48),
        ("1 octave=1 clef=treble-8", "C", 60),
        ("1 transpose=-2", "C", 58),
        ("1", "C clef=treble-8", 48),
        ("1", "C octave=2", 84),
        ("1", "Am transpose=3", 63),
        ("1 clef=bass", "C clef=treble-8", 60),  # what the voice says goes before
        ('1 name="octave=1"', "C", 60),
    ],
)
def test_octave_clef_and_transposition_are_heard(voice: str, key: str, first: int) -> None:
    score = abc_to_score(f"X:1\nL:1/4\nM:4/4\nV:{voice}\nK:{key}\nC4-|C4|\n")
    assert spelt(score) == [(0, 8, first)]


def test_a_clef_changes_on_the_way_and_holds_for_its_voice_only() -> None:
    text = (
        "X:1\nL:1/4\nM:4/4\nV:1\nV:2 octave=-1\nK:C\n[V:1]C4|[K:C clef=treble-8]^C2 C2|[K:G]F4|[K:bass]F4|\n"
    )
    score = abc_to_score(text + "[V:2]C4|C4|C4|C4|\n")
    assert [n.pitch_midi for n in score.notes if n.channel == 0] == [60, 49, 49, 54, 66]
    assert [n.pitch_midi for n in score.notes if n.channel == 1] == [48] * 4


def test_a_transposed_tune_has_the_key_that_it_sounds_in() -> None:
    score = tune("D2 F2|[K:G]F4", key="D transpose=-2")
    assert [n.pitch_midi for n in score.notes] == [60, 64, 64]
    assert [(k.onset_beats, k.n_sharps) for k in score.keys] == [(0, 0), (4, -1)]


def test_parts_are_played_in_the_order_of_the_header() -> None:
    text = "X:1\nM:4/4\nL:1/4\nP:A(BA)2\nK:D\nP:A\nF4|1 C4:|2 E4|\nP:B\nK:C\nF4|]\n"
    score = abc_to_score(text)
    a, b = [66, 61, 66, 64], [65]
    assert [n.pitch_midi for n in score.notes] == [*a, *b, *a, *b, *a]
    assert [(k.onset_beats, k.n_sharps) for k in score.keys][:3] == [
        (0, 2),
        (16, 0),
        (20, 2),
    ]  # as at the beginning of A
    assert score.findings == ()
    assert [n.pitch_midi for n in abc_to_score(text, repeats=False).notes] == [66, 61, 64, 65]


def test_parts_of_several_voices_are_played_together() -> None:
    music = "P:A\nV:1\nF4|\nV:2\nD4|\nP:B\nV:1\nG4|\nV:2\nE4|\n"
    score = abc_to_score(f"X:1\nM:4/4\nL:1/4\nP:ABA\nK:C\n{music}")
    assert [(n.pitch_midi, n.channel) for n in score.notes] == [
        (65, 0),
        (62, 1),
        (67, 0),
        (64, 1),
        (65, 0),
        (62, 1),
    ]


@pytest.mark.parametrize(
    ("order", "music", "finding"),
    [
        ("ABA", "F4|", "P:ABA was ignored: no P: in the music"),
        ("ABC", "P:A\nF4|\nP:B\nG4|", "P:ABC was ignored: there is no part C"),
        ("AB", "P:A\nF4|\nP:B\nG4|\nP:A\nF4|", "P:AB was ignored: a part occurs twice"),
        ("Modern Version", "F4|", "P:Modern Version is not an order of parts"),
        ("A999(B", "F4|", "not an order of parts"),
        ("(((A99)99)99)99", "F4|", "not an order of parts"),
    ],
)
def test_an_order_of_parts_that_cannot_be_followed_is_said(order: str, music: str, finding: str) -> None:
    score = abc_to_score(f"X:1\nM:4/4\nL:1/4\nP:{order}\nK:C\n{music}\n")
    assert len(score.notes) == len(re.findall("[FG]4", music))
    assert len(score.findings) == 1
    assert finding in score.findings[0]


def test_a_tempo_of_nothing_is_said_and_left_out() -> None:
    score = abc_to_score('X:1\nQ:0\nK:C\nC4|[Q:"Lively"]C4|\n')
    assert score.tempos == ()
    assert score.findings == ("Invalid tempo Q:0 was ignored.",)


def test_key_metre_length_and_tempo_change_on_the_way() -> None:
    score = abc_to_score("X:1\nM:2/4\nL:1/4\nQ:1/4=60\nK:C\nF F|\nK:G\nF F|[M:6/8][L:1/8][Q:3/8=80]F3 F3|")
    assert [n.pitch_midi for n in score.notes] == [65, 65, 66, 66, 66, 66]
    assert [(k.onset_beats, k.n_sharps) for k in score.keys] == [(0, 0), (2, 1)]
    assert [(m.onset_beats, m.numerator, m.denominator) for m in score.metres] == [(0, 2, 4), (4, 6, 8)]
    assert [(t.onset_beats, t.tempo_bpm) for t in score.tempos] == [(0, 60), (4, 120)]
    assert score.findings == ()


@pytest.mark.parametrize(
    ("music", "played"),
    [
        ("|:C4|D4:|E4|", "CDCDE"),
        ("C4|D4:|E4:|", "CDCDEE"),
        ("C4::D4:|", "CCDD"),
        ("C4:||:D4:|", "CCDD"),
        ("|:C4|1 D4:|2 E4|]", "CDCE"),
        ("|:C4|[1 D4:|[2 E4|]F4|", "CDCEF"),
        ("|:C4|1 D4:|2 E4:|", "CDCE"),
        ("|:C4|1,3 D4:|2 E4:|", "CDCECD"),
        ("|:C4|1-2 D4:|3 E4|]", "CDCDCE"),
        ("|:C4::|", "CCC"),
        ("C4|1 D4:|2 E4||F4|1 G4:|2 A4|]", "CDCEFGFA"),
        ("C4|1 D4|2 E4|]", "CDCE"),
        ("C4||D4|E4:|", "CDEDE"),
        ("|:C4||E4:|", "CECE"),
        ("|:C4:|D4||E4:|", "CCDEE"),
    ],
)
def test_repeats_and_endings(music: str, played: str) -> None:
    step = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69}
    assert pitches(music) == [step[letter] for letter in played]
    assert len(pitches(music, repeats=False)) == len(re.findall("[A-G]", music))


def test_voices_sound_together() -> None:
    text = 'X:1\nM:2/4\nL:1/4\nV:a name="Tenor"\nV:b\nK:C\n[V:a]C D|\n[V:b]E,2|\nV:a\nE F|\nV:b\n[V:b]C,2|\n'
    score = abc_to_score(text)
    found = [(n.onset_beats, n.pitch_midi, n.channel) for n in score.notes]
    assert found == [(0, 60, 0), (0, 52, 1), (1, 62, 0), (2, 64, 0), (2, 48, 1), (3, 65, 0)]
    assert score.part_names == ((0, "Tenor"),)


def test_signs_that_make_no_note_are_passed_over() -> None:
    music = '{g}!trill!~.uC (D E) T"_see"F % remark\n|vG `A [r:note] \\\nB y c|'
    assert pitches(music) == [60, 62, 64, 65, 67, 69, 71, 72]
    assert tune(music + "\nw: la la la").findings == ()


def test_a_bar_that_does_not_add_up_is_named() -> None:
    score = tune("G|C4|C3|C5|C4||C2:|C4|")
    assert score.findings == (
        "bar 3 lasts 3 beats, expected 4 in 4/4.",
        "bar 4 lasts 5 beats, expected 4 in 4/4.",
    )
    assert score.pickup_beats == 1


def test_one_broken_tune_is_set_aside() -> None:
    text = (
        "X:1\nT:Good\nK:C\nC\n\nX:2\nT:Bad\nK:C\nC|[CE\n\nX:3\nT:Empty\nK:C\n\nX:4\nT:Fine\nR:reel\nK:C\nD\n"
    )
    book = abc_to_book(text, source="book.abc")
    assert [score.title for score in book.tunes] == ["Good", "Fine"]
    assert book.numbers == ("1", "4")
    assert book.fields[1]["R"] == "reel"
    assert [str(error).startswith("book.abc: tune ") for error in book.errors] == [True, True]
    assert "tune 2, Bad: bar 2: the chord opened with [ is not closed" in str(book.errors[0])
    assert "tune 3, Empty" in str(book.errors[1])
    assert "no notes" in str(book.errors[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X:1\nT:a\n", "tune 1, a: it has no K: field"),
        ("X:1\nM:x\nK:C\nC", "Invalid metre 'M:x'"),
        ("X:1\nL:0\nK:C\nC", "Invalid note length 'L:0'"),
        ("X:1\nK:C\nC9999999", "bar 1: invalid note length '9999999'"),
        ("X:1\nK:C\nC/0", "invalid note length '/0'"),
        ("X:1\nK:C\n(0CC", "invalid tuplet (0"),
        ("X:1\nK:C\n>C", "> has no note before it"),
        ("X:1\nK:C\nc''''''''", "outside the pitches of MIDI"),
        ("X:1\nK:C\nC|(&C&E&)|", "bar 2: a group of overlays, (& &), is not supported"),
        ("X:1\nK:C\nC|[C&E]|", "bar 2: & stands within a chord"),
        ("X:1\nK:C\nC &&E|", "bar 1: && goes back beyond the beginning"),
        ("X:1\nK:C#lyd\nC", "8 accidentals"),
        ("hello", "expected one tune, found 0"),
    ],
)
def test_errors_say_where(text: str, message: str) -> None:
    with pytest.raises(ScoreFileError, match=re.escape(message)):
        abc_to_score(text)


def test_files_are_read_in_any_usual_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "latin-1", "utf-16", "utf-16-be"):
        (tmp_path / "a.abc").write_bytes("X:1\r\nT:Súil\r\nK:C\r\nC\r\n".encode(encoding))
        assert read_abc(tmp_path / "a.abc").tunes[0].title == "Súil"
    (tmp_path / "b.abc").write_text("no tune")
    with pytest.raises(ScoreFileError, match=r"b\.abc: it has no tune"):
        read_abc(tmp_path / "b.abc")
    with pytest.raises(ScoreFileError, match="cannot be opened"):
        read_abc(tmp_path / "c.abc")
    with pytest.raises(ParameterError, match="Did you mean octave"):
        read_abc(tmp_path / "a.abc", propagation="octav")


def _theirs(text: str) -> list[tuple[float, float, int]]:
    """Read a tune with music21, as it is written."""
    from music21 import converter, harmony

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flat = converter.parse(text, format="abc").flatten().stripTies()
    notes = [n for n in flat.notes if not isinstance(n, harmony.Harmony) and not n.duration.isGrace]
    return sorted((float(n.offset), float(n.quarterLength), p.midi) for n in notes for p in n.pitches)


@pytest.mark.parametrize(
    ("collection", "share"),
    # music21 drops notes before :: and after H, and a broken rhythm before a slur or a grace note
    [("oneills1850", 0.6), ("ryansMammoth", 0.6), ("airdsAirs", 0.6), ("essenFolksong", 1.0)],
)
def test_real_tunes_as_music21_reads_them(collection: str, share: float) -> None:
    music21 = pytest.importorskip("music21")
    paths = sorted((Path(music21.__path__[0]) / "corpus" / collection).glob("*.abc"))
    texts = [
        tune
        for path in paths[:: max(1, len(paths) // (6 if len(paths) > 100 else 2))]
        for tune in re.split(r"(?m)^(?=X:)", path.read_text("utf-8", "replace"))[1:4]
    ]
    same = 0
    for text in texts:
        # before ABC 2.1 music21 lets an accidental count for its note only
        ours = sorted(spelt(abc_to_score(text, repeats=False, propagation="not")))
        theirs = _theirs(text)
        same += len(ours) == len(theirs) and all(
            a == pytest.approx(b, abs=1e-3) for a, b in zip(ours, theirs, strict=True)
        )
    assert len(texts) >= 6
    assert same >= share * len(texts)


@pytest.mark.data
def test_repeats_are_played_as_in_the_midi_files_of_others(shared_data: Path) -> None:
    folder = shared_data / "nottingham"
    book = read_abc(folder / "abc" / "reelsr-t.abc", propagation="not")
    same = 0
    for score, number in zip(book.tunes, book.numbers, strict=True):
        theirs = read_midi(folder / "melody_midi" / f"reelsr-t{number}.mid")
        same += [n.pitch_midi for n in score.notes] == [n.pitch_midi for n in theirs.notes]
    assert (len(book.tunes), book.errors) == (92, ())
    assert same >= 64  # the others leave out repeats, or play parts in an order that is nowhere written
