"""Pieces that were written: what is said of them."""

from __future__ import annotations

import pytest

from woodshed.base.chorale_piece import ChoralePiece
from woodshed.base.piece import Piece
from woodshed.base.roll_piece import RollPiece
from woodshed.base.tune_piece import TunePiece
from woodshed.base.written import Learned, Written
from woodshed.report.plot_score import roll_panel


@pytest.mark.parametrize(
    ("piece", "n_notes"),
    [
        (TunePiece("M:2/4 K:Cmaj |: C 2 E 2 | [ C G ] z 3 :|"), 8),
        (RollPiece("[[48,52,55,64],[48,52,55,65],[]]", 2), 5),  # one line would have 2 and 1
        (ChoralePiece("[[37,32,29,13],[37,32,29,13],[36,32,27,20]]", 1), 7),
    ],
)
def test_as_many_notes_are_said_as_are_played_and_drawn(piece: Piece, n_notes: int) -> None:
    one = Written("piece-01", piece, Learned((), {}).compare(piece))
    assert one.n_notes == n_notes
    assert roll_panel(one.score).title == f"Notes: {n_notes}"
