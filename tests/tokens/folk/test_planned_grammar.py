"""Planned tunes: whatever is drawn, the form, the length of bars, returning bars and the range are kept."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.symbolic.folk.vocabulary import BOUNDARIES, WORDS, bar_errors
from woodshed.tokens.folk.plan import COPY, plan_of
from woodshed.tokens.folk.planned_grammar import COLUMNS, PlannedGrammar
from woodshed.tokens.folk.tokenizer import folk_notes

TUNES = [
    "M:6/8 K:Cdor G | C 3 _E > F G | c 3 G 3 | C 3 _E > F G | F 3 D 2 :| |: G | c 3 d 3 | c 3 d 3 | C 5 :|",
    "M:4/4 K:Cmaj |: C 2 E 2 (3 G A G E 2 | [ C 4 E 4 ] G 4 |1 C 8 :| |2 c 8 | C 2 E 2 (3 G A G E 2 | C 8 |",
]


def write(grammar: PlannedGrammar, seed: int) -> list[str]:
    """Draw every free token uniformly."""
    rng = np.random.default_rng(seed)
    state, words = grammar.start(), []
    while words[-1:] != [BOUNDARIES[1]]:
        queue = grammar.forced(state) or (WORDS[rng.choice(np.flatnonzero(grammar.allowed(state)))],)
        for word in queue:
            state = grammar.after(state, word)
        words += queue
    return words[1:-1]


@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("seed", range(5))
def test_random_notes_have_the_planned_form(tune: str, seed: int) -> None:
    plan = plan_of(tune)
    metre, mode, *music = write(PlannedGrammar(plan), seed)
    text = " ".join([metre, mode, *music])
    assert bar_errors(music, metre) == []
    again = plan_of(text)
    assert (again.opening, again.form, again.part_lengths) == (plan.opening, plan.form, plan.part_lengths)
    for bar, same in zip(plan.bars, again.bars, strict=True):
        assert (bar.ticks, bar.lines) == (same.ticks, same.lines)
        assert same.relation == COPY or bar.relation != COPY


@pytest.mark.parametrize("seed", range(5))
def test_random_notes_stay_in_the_range(seed: int) -> None:
    text = " ".join(write(PlannedGrammar(plan_of(TUNES[0]), (62, 69)), seed))
    pitches = folk_notes(text).pitch_midi
    assert pitches.min() >= 62
    assert pitches.max() <= 69


@pytest.mark.parametrize("tune", TUNES)
def test_a_tune_fits_its_own_plan_and_has_features_at_every_step(tune: str) -> None:
    grammar = PlannedGrammar(plan_of(tune, tune_type="jig", tonic="D"))
    state = grammar.start()
    for word in (BOUNDARIES[0], *tune.split(), BOUNDARIES[1]):
        state = grammar.after(state, word)
        values = grammar.features(state)
        assert all(0 <= value < size for value, size in zip(values, COLUMNS.values(), strict=True))
    assert state.index == len(grammar.plan.bars)


def test_features_name_what_stood_at_the_same_place() -> None:
    grammar = PlannedGrammar(plan_of("M:2/4 K:Cmaj C 2 E G | D 4 | C 2 E A | D 2 F 2 |"))
    state = grammar.start()
    for word in ["<s>", "M:2/4", "K:Cmaj", "C", "2", "E", "G", "|", "D", "4", "|", "C", "2"]:
        state = grammar.after(state, word)
    values = dict(zip(COLUMNS, grammar.features(state), strict=True))
    assert [WORDS[values[name]] for name in ("model word", "following model word", "last word")] == [
        "E",
        "G",
        "D",
    ]
    assert (values["place"], values["to go"], values["position"]) == (3, 1, 4)


def test_what_does_not_fit_is_refused() -> None:
    grammar = PlannedGrammar(plan_of(TUNES[0]))
    state = grammar.start()
    with pytest.raises(ParameterError, match=r"'C' cannot follow in bar 1 of the plan. Expected <s>"):
        grammar.after(state, "C")
