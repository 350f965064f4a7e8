"""The order in which bars are played, and ties."""

from __future__ import annotations

from fractions import Fraction

import pytest

from woodshed.errors import ScoreError
from woodshed.symbolic.bar import (
    MAX_PLAYED_NOTES,
    Bar,
    BarNote,
    check_size,
    join_ties,
    jump_findings,
    mark_of_words,
    place_bars,
    played_order,
)

MARKS = {
    "S": "segno",
    "Q": "coda",
    "q": "to coda",
    "F": "fine",
    "C": "da capo",
    "D": "dal segno",
}


def bars_of(written: str) -> list[Bar]:
    """Return bars such as ``|:a aS bF aD:| a1`` with their signs."""
    bars = []
    for number, word in enumerate(written.split(), start=1):
        bar = Bar(number, starts_repeat=word.startswith("|:"), n_repeats=word.count(":|"))
        bar.starts_section = word.startswith("||")
        endings = {int(sign) for sign in word if sign.isdigit()}
        bar.endings, bar.starts_ending = frozenset(endings), bool(endings)
        bar.marks = {MARKS[sign] for sign in word if sign in MARKS}
        bars.append(bar)
    return bars


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("a aS aF aD", "123423"),  # D.S. al Fine
        ("a aF aC", "12312"),  # D.C. al Fine
        ("a a aC", "123123"),
        ("a aq aC aQ a", "1231245"),  # D.C. al Coda
        ("a aS aq aD aQ", "1234235"),
        ("|:a a:| aC", "1212312"[:5] + "123"),  # repeats are not played again
        ("|:a a1:| a2F aC", "12134" + "13"),  # the last ending is taken
        ("a |:aC:| a", "122" + "123"),  # after the repeats of the bar
        ("a aD", "12"),  # no segno
        ("a aq aC a", "123" + "1234"),  # no coda
        ("aS aD aS aD", "12" + "1234" + "34"),  # the last segno before the jump
        ("aF a", "12"),
        ("|:a ||a:|", "1212"),  # a double bar within an open repeat
        ("|:a:| a ||a:|", "11" + "23" + "3"),
        ("|:a1:| a2 ||a a ||a:|", "12345" + "5"),
        ("|:a a1:| a2 a ||a:|", "12" + "13" + "45" + "5"),
        ("a a13:| a2:| a:|", "12" + "13" + "12" + "44"),  # the last pass is in the first ending
    ],
)
def test_repeats_endings_and_jumps(written: str, order: str) -> None:
    assert "".join(str(k + 1) for k in played_order(bars_of(written))) == order


def test_jumps_that_cannot_be_followed_are_reported() -> None:
    assert jump_findings(bars_of("a aS aF aD")) == []
    assert jump_findings(bars_of("a aD")) == ["bar 2: D.S. was not played, as there is no segno."]
    assert jump_findings(bars_of("aq aC")) == ["bar 1: To Coda was not played, as no coda follows."]
    assert len(jump_findings(bars_of("aF a"))) == 1
    assert jump_findings(bars_of("a aF")) == []


def test_many_jumps_are_bounded() -> None:
    assert len(played_order(bars_of("aC " * 1000))) < 20_000
    with pytest.raises(ScoreError, match="at most 1,000,000 are supported"):
        check_size([[Bar(1)]], [[0] * (MAX_PLAYED_NOTES + 1)])


def test_the_notes_of_all_parts_are_counted_together() -> None:
    half = [[Bar(1)]], [[0] * (MAX_PLAYED_NOTES // 2)]
    check_size(*half)
    with pytest.raises(ScoreError, match="it has 1,500,000 notes"):
        check_size(half[0] * 3, half[1] * 3)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("D.C.", "da capo"),
        ("D. C. al Fine", "da capo"),
        ("DC al Coda", "da capo"),
        ("Da Capo", "da capo"),
        ("Dal Segno al Fine", "dal segno"),
        ("D.S. al Coda", "dal segno"),
        ("Fine", "fine"),
        ("FINE.", "fine"),
        ("finer", None),
        ("to Coda", "to coda"),
        ("Coda", "coda"),
        ("segno", "segno"),
        ("discant", None),
        ("", None),
    ],
)
def test_words_for_jumps(text: str, mark: str | None) -> None:
    assert mark_of_words(text) == mark


def test_tied_unisons_are_both_held() -> None:
    notes = [BarNote(Fraction(0), Fraction(1), 69, starts_tie=True) for _ in range(2)]
    notes += [BarNote(Fraction(1), Fraction(1, 2), 69) for _ in range(2)]
    joined = join_ties(place_bars([Bar(1, notes, length=Fraction(3, 2))]), 0)
    assert [(note.onset_beats, note.duration_beats) for note in joined] == [(0.0, 1.5)] * 2
