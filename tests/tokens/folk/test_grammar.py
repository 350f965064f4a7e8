"""Rules of folk notation: whatever is drawn under them is whole, whoever draws."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.symbolic.folk.vocabulary import BAR_LINES, METRES, WORDS, bar_errors, counted_bars, folk_bars
from woodshed.tokens.folk.grammar import FolkGrammar
from woodshed.tokens.folk.tokenizer import tokens_to_score


def draw(grammar: FolkGrammar, seed: int) -> list[str]:
    """Write a tune at random, as a net that has learned nothing would; bar lines are preferred, to end it."""
    rng = np.random.default_rng(seed)
    state, words = grammar.start(), []
    while state.phase != "end":
        assert len(words) < 5000
        waiting = list(grammar.forced(state))
        allowed = sorted(grammar.words(state))
        lines = [word for word in allowed if word in (*BAR_LINES, "</s>")]
        for word in waiting or [str(rng.choice(lines if lines and rng.random() < 0.7 else allowed))]:
            state = grammar.after(state, word)
            words.append(word)
    return words[1:-1]


@pytest.mark.parametrize("n_bars", [1, 2, 3, 5, 16])
def test_whatever_is_drawn_adds_up_and_has_the_bars_asked_for(n_bars: int) -> None:
    for seed in range(20):
        metre, mode, *words = draw(FolkGrammar(n_bars=n_bars), seed)
        assert bar_errors(words, metre) == []
        assert len(counted_bars(words, metre)) == n_bars
        assert tokens_to_score(" ".join([metre, mode, *words])).notes or words.count("z")
        assert words.count("|1") == words.count("|2")


def test_no_chord_has_a_note_twice() -> None:
    n_chords = 0
    for seed in range(60):
        metre, mode, *words = draw(FolkGrammar(n_bars=6), seed)
        notes = tokens_to_score(" ".join([metre, mode, *words]), repeats=False).notes if "[" in words else ()
        places = [(note.onset_beats, note.pitch_midi) for note in notes]
        assert len(set(places)) == len(places)
        n_chords += words.count("[")
    assert n_chords > 20


@pytest.mark.parametrize("metre", METRES)
def test_every_metre_can_be_asked_for(metre: str) -> None:
    assert draw(FolkGrammar(metre=metre, mode="K:Cmix", n_bars=4), 1)[:2] == [metre, "K:Cmix"]


def test_a_bar_that_is_asked_for_is_there() -> None:
    wanted = ("(3", "C", "D", "E", "F", "2", "z", "4")
    for seed in range(10):
        text = " ".join(draw(FolkGrammar(metre="M:4/4", n_bars=4, bars={3: wanted}), seed))
        assert " ".join(wanted) in text


@pytest.mark.parametrize("n_bars", [None, 5, 6, 7, 12])
def test_a_tune_goes_on_to_the_bars_that_are_asked_for_and_still_adds_up(n_bars: int | None) -> None:
    wanted = {3: ("c'", "4"), 5: ("b'", "4")}
    n_pickups = 0
    for seed in range(30):
        metre, _, *words = draw(FolkGrammar(metre="M:2/4", n_bars=n_bars, bars=wanted), seed)
        assert bar_errors(words, metre) == []
        whole = counted_bars(words, metre)
        n_pickups += len(folk_bars(words, metre)) - len(whole)
        for number, notes in wanted.items():
            assert tuple(words[whole[number - 1].start : whole[number - 1].stop]) == notes
        assert len(whole) >= 5 if n_bars is None else len(whole) == n_bars
    assert n_pickups or n_bars in (5, 6)


@pytest.mark.parametrize(
    ("text", "possible", "impossible"),
    [
        ("M:4/4 K:Cmaj C 4 C 3", "C", "2"),
        ("M:4/4 K:Cmaj C 8", "|", "C"),
        ("M:4/4 K:Cmaj C 8 |", "</s>", "|"),
        ("M:4/4 K:Cmaj |: C 8 |", "C", "</s>"),
        ("M:4/4 K:Cmaj C 2 | C 6", ":|", "</s>"),
        ("M:4/4 K:Cmaj C 2 | C 8", "|", ":|"),
        ("M:4/4 K:Cmaj C 8 |1 C 8 :|", "|2", "C"),
        ("M:4/4 K:Cmaj C >", "D", "|"),
        ("M:4/4 K:Cmaj (3 C D", "E", "|"),
        ("M:4/4 K:Cmaj [ C", "E", "]"),
        ("M:6/8 K:Cmaj C 6 |", "C", "|"),
        ("M:4/4 K:Cmaj [ C", "c", "C"),
        ("M:4/4 K:Cmaj [ C 2", "c", "=C"),
        ("M:4/4 K:Cmin [ E", "=E", "^D"),
        ("M:4/4 K:Cmin ^D 2 [ E", "=D", "D"),
        ("M:4/4 K:Cmin ^D 8 | [ E", "D", "_E"),
        ("M:4/4 K:Cmin [ C E ] [ G", "C", "G"),
    ],
)
def test_what_may_follow(text: str, possible: str, impossible: str) -> None:
    grammar = FolkGrammar()
    state = grammar.after(grammar.start(), "<s>")
    for word in text.split():
        state = grammar.after(state, word)
    follows = grammar.words(state)
    assert possible in follows
    assert impossible not in follows
    with pytest.raises(ParameterError, match="cannot follow in bar"):
        grammar.after(state, impossible)
    mask = grammar.allowed(state)
    assert {word for word, is_allowed in zip(WORDS, mask, strict=True) if is_allowed} == follows
