"""Style: numbers that are known from the notes, and shares that add up."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.originality import Melody
from woodshed.metrics.style import LENGTH, STEP, melody_style, overlap, repeated_bars
from woodshed.tasks.chorale.piece import ChoralePiece, key_of_grid
from woodshed.tasks.tune.piece import TunePiece

AABA = TunePiece("M:2/4 K:Cmaj C 2 E 2 | C 2 E 2 | F 2 G 2 | C 2 E 2 |")


def test_tunes_are_counted_by_their_bars_form_and_key() -> None:
    strange = TunePiece("M:2/4 K:Cmaj ^C 4 | ^F 3 |: ^G 4 :|")
    style = TunePiece.style([AABA, strange])
    assert style.numbers["bars"] == 3.5
    assert style.numbers["tunes with repeat signs"] == 0.5
    assert style.numbers["time on notes of the key"] == 0.5
    assert style.numbers["bars that repeat an earlier bar"] == pytest.approx(2 / 5)
    assert style.numbers["tunes that end on tonic or dominant"] == 0
    assert style.shares["metre"]["2/4"] == 1


def test_bars_that_do_not_add_up_are_counted() -> None:
    wrong = TunePiece("M:2/4 K:Cmaj C 2 E 2 | C 3 | E 2 G 2 | C 4 |")
    assert TunePiece.style([AABA, wrong]).numbers["tunes whose bars all add up"] == 0.5


def test_shares_add_up_and_far_steps_and_odd_lengths_are_counted_with_the_nearest() -> None:
    style = melody_style([Melody([40, 80, 80], [0.3, 7.0, 1.0], [1, 1, 2])])
    for shares in style.shares.values():
        assert sum(shares.values()) == pytest.approx(1)
    assert style.shares[STEP] == pytest.approx(
        dict.fromkeys(style.shares[STEP], 0.0) | {"+12": 0.5, "0": 0.5}
    )
    assert style.shares[LENGTH]["0.25"] == style.shares[LENGTH]["4"] == pytest.approx(1 / 3)
    assert overlap(style.shares[STEP], style.shares[STEP]) == pytest.approx(1)


def test_without_notes_there_is_no_style() -> None:
    with pytest.raises(ParameterError, match="got none"):
        melody_style([Melody([], [], [])])


def test_a_bar_is_heard_again_only_with_its_rhythm() -> None:
    melody = Melody([60, 62, 60, 62], [1.0, 1.0, 1.5, 0.5], [1, 1, 2, 2])
    assert repeated_bars(melody).tolist() == [False]


def chorale(chords: list[list[int]]) -> ChoralePiece:
    ids = (np.array(chords) - 35).tolist()
    return ChoralePiece(str(ids), 1)


def test_chorales_are_counted_by_key_and_voice_leading() -> None:
    """Soprano and bass go from octave to octave, then the bass crosses the tenor."""
    piece = chorale([[72, 67, 64, 48], [74, 67, 65, 50], [71, 67, 55, 57], [72, 67, 64, 48]])
    numbers = ChoralePiece.style([piece]).numbers
    assert piece.key == (0, "major")
    assert numbers["notes of the key"] == 1
    assert numbers["parallels a chord"] == pytest.approx(1 / 3)
    assert numbers["chords with crossed voices"] == 0.25
    assert numbers["chords a beat"] == 1
    assert piece.faults == (
        "beat 2: soprano and bass move in parallel octaves",
        "beat 3: tenor and bass cross",
    )


def test_a_major_last_chord_does_not_hide_a_minor_key() -> None:
    minor = [*[[69, 64, 60, 57], [71, 65, 62, 50], [68, 64, 59, 52]] * 3, [69, 64, 61, 45]]
    assert key_of_grid(np.array(minor)) == (9, "minor")
