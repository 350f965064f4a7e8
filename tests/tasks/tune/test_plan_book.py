"""Plans for requests: drawn from training tunes, or arranged from their parts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.tasks.tune.instrument import INSTRUMENTS
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.plan_book import RARE, PlanBook, PlanRequest, with_bars, with_form
from woodshed.tokens.folk.plan import plan_of

A = "C 2 E 2 | G 2 c 2 | C 2 E 2 | D 4 | C 2 E 2 | G 2 c 2 | E 2 D 2"
B = "c 2 G 2 | A 2 F 2 | E 2 D 2 | G 4 | c 2 B 2 | A 2 G 2 | F 2 D 2"
TUNES = [
    TunePiece(f"M:2/4 K:Cmaj |: {A} | C 4 :| |: {B} | C 4 :|", "Bb", "polka"),
    TunePiece(f"M:2/4 K:Cmaj G | {A} | C 3 :| |: G | {B} | C 3 :|", "D", "polka"),
    TunePiece(f"M:2/4 K:Cdor {A} | C 4 | {B} | C 4 |", "E", "march"),
    TunePiece("M:3/4 K:Cmaj C 6 | D 6 | E 6 |", "G", "waltz"),
]


def draws(request: PlanRequest) -> list[tuple[str, str, str]]:
    book = PlanBook(TUNES * RARE)
    plans = [book.draw(request, np.random.default_rng(seed)) for seed in range(12)]
    return [(plan.form, plan.tune_type, plan.tonic) for plan in plans]


def test_regular_tunes_are_drawn_before_others() -> None:
    assert set(draws(PlanRequest())) == {
        ("AABB", "polka", "Bb"),
        ("AABB", "polka", "D"),
        ("AB", "march", "E"),
    }


def test_type_key_and_instrument_are_kept() -> None:
    assert set(draws(PlanRequest(tune_type="march"))) == {("AB", "march", "E")}
    assert set(draws(PlanRequest(tune_type="polka", tonic="A"))) == {("AABB", "polka", "A")}
    whistle = INSTRUMENTS["whistle"]  # D major has two sharps, E dorian too, B flat major two flats
    assert {tonic for *_, tonic in draws(PlanRequest(instrument=whistle))} == {"D", "E"}
    assert draws(PlanRequest(tune_type="waltz"))[0] == ("A", "waltz", "G")  # irregular, but the only one


def test_tunes_of_the_same_metre_serve_for_a_rare_type() -> None:
    plans = [
        PlanBook(TUNES).draw(PlanRequest(tune_type="polka"), np.random.default_rng(k)) for k in range(12)
    ]
    assert {plan.metre for plan in plans} == {"M:2/4"}
    assert {plan.tune_type for plan in plans} == {"polka", "march"}


@pytest.mark.parametrize("form", ["AABB", "AB", "AABA", "ABACA", "AABBCCDD", "A"])
def test_a_form_is_arranged_where_no_tune_has_it(form: str) -> None:
    assert {drawn for drawn, *_ in draws(PlanRequest(form=form))} == {form}


@pytest.mark.parametrize("n_bars", [1, 5, 16, 40])
def test_a_number_of_bars_is_kept(n_bars: int) -> None:
    for seed in range(6):
        plan = PlanBook(TUNES).draw(PlanRequest(n_bars=n_bars), np.random.default_rng(seed))
        assert plan.n_bars == n_bars


def test_bars_are_full_where_no_repeat_sign_is() -> None:
    plan = plan_of(TUNES[1].text)
    for arranged in (with_form(plan, "AABA"), with_form(plan, "ABAB"), with_bars(plan, 11)):
        for before, bar in pairwise(arranged.bars[:-1]):
            if before.lines == ("|",) and bar.lines == ("|",) and before.place >= 0:
                assert bar.ticks == 96


def test_a_type_in_a_metre_that_it_hardly_has_is_refused() -> None:
    odd = TunePiece("M:3/4 K:Cmaj C 6 | D 6 |", "G", "polka")
    with pytest.raises(ParameterError, match="Only 1 of 17 training tunes of the type polka are in 3/4"):
        PlanBook([*TUNES * RARE, odd]).draw(
            PlanRequest(tune_type="polka", metre="M:3/4"), np.random.default_rng(0)
        )


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            PlanRequest(tune_type="reel"),
            "no training tunes for a reel in a key .* Types: march, polka, waltz; metres: 2/4, 3/4",
        ),
        (PlanRequest(tonic="Eb", instrument=INSTRUMENTS["whistle"]), "a tune in Eb in a key that is usual"),
        (PlanRequest(form="A1"), "Invalid form 'A1'"),
        (PlanRequest(form="AAAB"), "once or twice in a row"),
    ],
)
def test_what_cannot_be_is_refused(request_: PlanRequest, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        PlanBook(TUNES).draw(request_, np.random.default_rng(0))
