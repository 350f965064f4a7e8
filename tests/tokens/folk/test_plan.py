"""Plans of tunes: parts, pickups, endings, and the bars that return."""

from __future__ import annotations

import pytest

from woodshed.tokens.folk.plan import COPY, NEW, VARIANT, plan_of

EIGHT = "C 2 E 2 | G 2 c 2 | C 2 E 2 | D 4 | C 2 E 2 | G 2 c 2 | E 2 D 2 | C 4"
OTHER = "c 2 G 2 | A 2 F 2 | E 2 D 2 | G 4 | c 2 B 2 | A 2 G 2 | F 2 D 2 | C 4"


@pytest.mark.parametrize(
    ("music", "form", "lengths"),
    [
        (f"|: {EIGHT} :| |: {OTHER} :|", "AABB", (8, 8)),
        (f"{EIGHT} | {OTHER} |", "AB", (8, 8)),
        (f"|: {EIGHT} :| {OTHER} | {EIGHT} |", "AABA", (8, 8, 8)),
        (f"G 2 |: {EIGHT} :| {OTHER} |", "AAB", (8, 8)),
        (f"{EIGHT.removesuffix('| E 2 D 2 | C 4')} |1 E 4 | C 4 :| |2 D 4 | C 4 |", "AA", (8,)),
        ("C 2 E 2 | G 4 | C 4 |", "A", (3,)),
    ],
)
def test_the_form_is_that_of_the_repeat_signs(music: str, form: str, lengths: tuple[int, ...]) -> None:
    plan = plan_of(f"M:2/4 K:Cmaj {music}")
    assert plan.form == form
    assert plan.part_lengths == lengths


def test_a_second_ending_has_the_places_of_the_first() -> None:
    plan = plan_of("M:2/4 K:Cmaj C 4 | D 4 |1 E 4 :| |2 C 4 |")
    assert [bar.place for bar in plan.bars] == [0, 1, 2, 2]
    assert [bar.lines for bar in plan.bars] == [("|",), ("|1",), (":|", "|2"), ("|",)]


def test_a_pickup_is_before_the_first_place() -> None:
    plan = plan_of("M:2/4 K:Cmaj G | C 2 E 2 | G 3 :|")
    assert [(bar.place, bar.n_to_go, bar.ticks) for bar in plan.bars] == [(-1, 2, 24), (0, 1, 96), (1, 0, 72)]
    assert plan.n_bars == 2


def test_bars_return_whole_or_in_part_or_not() -> None:
    plan = plan_of("M:2/4 K:Cmaj C 2 E 2 | F A G B | C 2 E 2 | F A G z | d c B A |")
    assert [bar.relation for bar in plan.bars] == [NEW, NEW, COPY, VARIANT, NEW]
    assert [bar.source for bar in plan.bars] == [-1, -1, 0, 1, -1]


def test_a_bar_without_source_is_modelled_after_the_same_place_of_an_earlier_part() -> None:
    plan = plan_of(f"M:2/4 K:Cmaj |: {EIGHT} :| |: a b a g | {OTHER[10:]} :|")
    assert plan.bars[8].relation == NEW
    assert plan.model_bar(8) == 0
    assert plan.model_bar(0) == -1
