"""Pieces that were written: what is said of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from woodshed.composition.generation import (
    EvaluatedGeneration,
    Line,
    LineIndex,
    ReferenceSet,
    ScoreGeneration,
    TextGeneration,
)
from woodshed.plotting.score import roll_panel
from woodshed.tasks.chorale.piece import ChoralePiece
from woodshed.tasks.roll import RollPiece
from woodshed.tasks.tune.piece import TunePiece


@pytest.mark.parametrize(
    ("piece", "n_notes"),
    [
        (TunePiece("M:2/4 K:Cmaj |: C 2 E 2 | [ C G ] z 3 :|"), 8),
        (RollPiece("[[48,52,55,64],[48,52,55,65],[]]", 2), 5),  # one line would have 2 and 1
        (ChoralePiece("[[37,32,29,13],[37,32,29,13],[36,32,27,20]]", 1), 7),
    ],
)
def test_as_many_notes_are_said_as_are_played_and_drawn(piece: ScoreGeneration, n_notes: int) -> None:
    assert piece.length == f"{n_notes} notes"
    assert roll_panel(piece.to_score()).title == f"Notes: {n_notes}"


@dataclass(frozen=True)
class Likeness:
    """A further kind of novelty: whether the training data have an equal line."""

    copied_units: int
    source: str
    unit: str = "picture"
    run_unit: str = "picture"
    n_units: int = 1
    new_share: float = math.nan

    @property
    def copied_run(self) -> int:
        return self.copied_units


class EqualLines:
    """The lines of the training data and their titles."""

    def __init__(self, titles: dict[str, str]) -> None:
        self.titles = titles

    def compare(self, content: str, /) -> Likeness:
        return Likeness(int(content in self.titles), self.titles.get(content, ""))


class PictureLine(Line):
    """A line that is compared as a whole."""

    def index(self, contents: Sequence[str], titles: Sequence[str]) -> LineIndex:
        return EqualLines(dict(zip(contents, titles, strict=True)))


class Picture(TextGeneration):
    """A generation with a line of this kind."""

    @property
    def lines(self) -> tuple[Line, ...]:  # type: ignore[override]
        return (PictureLine("whole", self.text),)


def test_a_further_kind_of_novelty_is_a_class_of_its_own() -> None:
    reference = ReferenceSet.of([Picture("cat"), Picture("dog")], ["Cat", "Dog"])
    items = [
        EvaluatedGeneration(text, Picture(text), reference.compare(Picture(text))) for text in ("dog", "owl")
    ]
    assert [item.least_novel.copied_run for item in items] == [1, 0]
    assert items[0].to_values()["lines"][0]["source"] == "Dog"
