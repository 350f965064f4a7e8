"""Pieces that were written: what is said of them."""

from __future__ import annotations

import pytest

from woodshed.composition.generation import ScoreGeneration
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
