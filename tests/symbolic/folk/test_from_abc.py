"""ABC in folk tokens: the same music in C, or a reason why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from woodshed.errors import ScoreFileError
from woodshed.score import Score
from woodshed.symbolic.abc.read import abc_to_book
from woodshed.symbolic.folk.from_abc import abc_to_folk, book_to_folk
from woodshed.symbolic.folk.vocabulary import PITCH_PLACES, PITCHES, WORDS, bar_errors, folk_bars, pitch_of
from woodshed.tokens.folk.tokenizer import tokens_to_score


def folk(music: str, *, key: str = "C", metre: str = "4/4", unit: str = "1/8") -> str:
    text = abc_to_folk(f"X:1\nT:Name\nM:{metre}\nL:{unit}\nK:{key}\n{music}\n")
    return text.split(" ", 2)[2]


def sounding(score: Score, shift: int = 0) -> list[tuple[float, float, int]]:
    """Return onset, end and pitch; equal pitches that meet are one, as ties may be written either way."""
    rows: list[tuple[float, float, int]] = []
    ends: dict[tuple[int, float], int] = {}
    for note in score.notes:
        onset, end = round(note.onset_beats, 4), round(note.end_beats, 4)
        place = ends.pop((note.pitch_midi, onset), None)
        if place is None:
            place = len(rows)
            rows.append((onset, end, note.pitch_midi + shift))
        else:
            rows[place] = (rows[place][0], end, rows[place][2])
        ends[note.pitch_midi, end] = place
    return rows


def test_the_vocabulary_is_that_of_the_paper() -> None:
    assert len(WORDS) == len(set(WORDS)) == 137
    assert len(PITCHES) == 84  # and the rest, which the paper counts among them
    assert (WORDS[0], WORDS[136]) == ("<s>", "z")
    pitches = [pitch_of(step) + (sign or 0) for step, sign in PITCH_PLACES.values()]
    assert (min(pitches), max(pitches)) == (48, 95)


@pytest.mark.parametrize(
    ("key", "music", "metre_and_mode", "expected"),
    [
        ("G", "G2 F2 ^c2 g2", "K:Cmaj", "c 2 B 2 ^f 2 c' 2 |"),
        ("Em", "E2 F2 G2 ^d2", "K:Cmin", "C 2 D 2 E 2 =B 2 |"),
        ("Ador", "A2 G2 F2 e2", "K:Cdor", "c 2 B 2 A 2 g 2 |"),
        ("Dmix", "D2 c2 ^c2 F2", "K:Cmix", "C 2 B 2 =B 2 E 2 |"),
        ("Bb", "B2 =e2 _e2 e2", "K:Cmaj", "c 2 ^f 2 =f 2 f 2 |"),
    ],
)
def test_a_tune_moves_to_c_in_its_own_mode(key: str, music: str, metre_and_mode: str, expected: str) -> None:
    text = abc_to_folk(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{music}|\n")
    assert text == f"M:4/4 {metre_and_mode} {expected}"


def test_accidentals_last_for_the_bar_and_are_written_once() -> None:
    assert folk("^F2 ^F2 F2 =F2|F2 f2 ^f2 F2|") == "^F 2 F 2 F 2 =F 2 | F 2 f 2 ^f 2 F 2 |"


def test_a_pitch_without_token_is_spelt_the_other_way() -> None:
    assert folk("^D2 ^d'2 C4|") == "^D 2 _e' 2 C 4 |"


def test_lengths_count_eighths() -> None:
    assert folk("C4 D2 E2 C8|", unit="1/16") == "C 2 D E C 4 |"
    assert folk("C3/2 D/ E2|", metre="2/4") == "C 3/2 D /2 E 2 |"


@pytest.mark.parametrize(
    ("metre", "music", "expected"),
    [("3/8", "C D/E/ F|", "M:3/4 K:Cmaj C 2 D E F 2 |"), ("6/4", "C4 D2 E6|", "M:6/8 K:Cmaj C 2 D E 3 |")],
)
def test_a_metre_without_token_is_written_as_its_like(metre: str, music: str, expected: str) -> None:
    assert abc_to_folk(f"X:1\nM:{metre}\nL:1/8\nK:C\n{music}\n") == expected


def test_what_is_kept_and_what_is_left_out() -> None:
    music = '|:"Am"{g}!trill!A>B (3cde [A,2E2] (f g)|1 A8:|2 ~A4 z4|]\nw: la la'
    assert folk(music) == "|: A > B (3 c d e [ A, 2 E 2 ] f g |1 A 8 :| |2 A 4 z 4 |"


def test_broken_rhythm_without_token_is_written_out() -> None:
    assert folk("C2>>D2 E4|") == "C 7/2 D /2 E 4 |"
    assert folk("C4<D4|") == "C 2 D 6 |"
    assert folk("C2>D2 C/>D/ E3|") == "C 2> D 2 C /2> D /2 E 3 |"


def test_ties_become_one_note_within_a_bar_and_two_across() -> None:
    assert folk("C2-C2 D4-|D8|") == "C 4 D 4 | D 8 |"
    assert folk("^F8-|F4 F4|") == "^F 8 | ^F 4 =F 4 |"


def test_a_double_bar_within_a_bar_is_left_out_and_repeats_know_where_they_begin() -> None:
    assert folk("C8|D6||E2|F8|G8|") == "C 8 | D 6 E 2 | F 8 | G 8 |"
    assert folk("C8||D8:|") == "C 8 |: D 8 :|"
    assert folk("C8::D8:|") == "C 8 :| |: D 8 :|"
    assert folk("|:C8||D8:|") == "|: C 8 | D 8 :|"
    assert folk("|:C8:|D8||E8:|") == "|: C 8 :| D 8 |: E 8 :|"


@pytest.mark.parametrize(
    ("head", "music", "message"),
    [
        ("M:4/4\nL:1/8\nK:C", "C8|D7|E8|F8|", r"bar 2 lasts 7 eighths, expected 8 in 4/4\."),
        ("M:4/4\nL:1/8\nK:C", "C8|D6E4|", "bar 2 lasts 10 eighths"),
        ("M:4/4\nL:1/8\nK:Elyd", "C8|", "there is no token for the mode lydian"),
        ("M:7/8\nL:1/8\nK:C", "C7|", "there is no token for the metre 7/8"),
        ("M:3/2\nL:1/8\nK:C", "C11C|", "bar 1: there is no token for a length of 11 eighths"),
        ("M:4/4\nL:1/8\nK:C", "C,,,4 c'''4|", "bar 1: there is no token for MIDI pitch"),
        ("M:4/4\nL:1/8\nK:C", "C8|3D8:|", r"no token for the ending \[3"),
        ("M:4/4\nL:1/8\nK:C", "(8CDEFGABc|", r"bar 1: there is no token for the tuplet \(8"),
        ("M:4/4\nL:1/8\nK:C", "C8|\nM:3/4\nD6|", "bar 2: there is no token for a change of metre to 3/4"),
        ("M:4/4\nL:1/8\nK:C", "V:1\nC8|\nV:2\nE8|", "expected one voice, found 2"),
        ("M:4/4\nL:1/8\nK:C", "C8|C8&E8|", r"bar 2: there is no token for & \(voice overlay\)"),
        ("M:4/4\nL:1/8\nK:C", "C8|\n\nD8|", "Music after an empty line, which ends the tune, was not read"),
        ("M:4/4\nL:1/8\nK:C", "C8|/|", "bar 2: there is no token for the measure repeat /"),
    ],
)
def test_what_cannot_be_said_is_named(head: str, music: str, message: str) -> None:
    with pytest.raises(ScoreFileError, match=message):
        abc_to_folk(f"X:1\n{head}\n{music}\n")


def test_bars_are_measured_with_chords_tuplets_and_broken_rhythm() -> None:
    text = "|: [ C 2 E 2 ] (3 C D E F > G [ C E ] < G A 2> B 2 | C 8 :|"
    assert [float(bar.eighths) for bar in folk_bars(text.split(), "M:4/4")] == [12, 8]
    text = "C | C 8 | D 6 :| D 2 | C 8 | C 6 |"
    assert bar_errors(text.split(), "M:4/4") == []


@pytest.mark.data
@pytest.mark.parametrize("name", ["jigs", "waltzes", "hpps"])
def test_the_tokens_play_what_the_abc_plays(shared_data: Path, name: str) -> None:
    text = (shared_data / "nottingham" / "abc" / f"{name}.abc").read_text("utf-8")
    text = re.sub(r"(?m)^P:[A-Z]{2,}$", "", text)  # tokens are written once, whatever the order of parts
    played = dict(zip(abc_to_book(text).numbers, abc_to_book(text).tunes, strict=True))
    tunes, errors = book_to_folk(text)
    assert len(tunes) >= 0.9 * len(played)
    assert len(tunes) + len(errors) >= len(played)
    n_odd = 0
    for tune in tunes:
        before, after = played[tune.number], tokens_to_score(tune.text)
        shift = before.notes[0].pitch_midi - after.notes[0].pitch_midi
        assert sounding(after, shift) == sounding(before), tune.title
        n_odd += bool(after.findings)
    assert n_odd <= 1  # an ending that begins within a bar has no token but the bar line


def test_one_tune_is_expected() -> None:
    with pytest.raises(ScoreFileError, match="expected one tune, found 0"):
        abc_to_folk("nothing")


def test_octaves_are_heard_and_transposition_makes_no_difference() -> None:
    plain = "X:1\nM:4/4\nL:1/8\nV:1{}\nK:D\nD8|^D8|]\n"
    assert abc_to_folk(plain.format(" transpose=-2")) == abc_to_folk(plain.format(""))
    assert abc_to_folk(plain.format(" clef=treble+8")) == abc_to_folk(plain.replace("D8", "d8").format(""))


def test_the_directive_of_a_tune_sets_the_scope_of_its_accidentals() -> None:
    tune = "X:1\nM:4/4\nL:1/4\n{}K:C\n^F f F f|\n"
    assert abc_to_folk(tune.format("")).endswith("^F 2 f 2 F 2 f 2 |")
    by_pitch = abc_to_folk(tune.format("%%propagate-accidentals pitch\n"))
    assert by_pitch.endswith("^F 2 ^f 2 F 2 f 2 |")


def test_a_header_without_a_key_is_named() -> None:
    with pytest.raises(ScoreFileError, match="tune 1: it has no K: field"):
        abc_to_folk("X:1\nM:4/4\nC4|\n")
