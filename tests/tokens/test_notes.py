"""Tokens of notes: what is exact on the grid, and what is lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import ParameterError, ScoreError
from woodshed.score import Note, Score
from woodshed.tokens.chorale import HOLD, REST, ChoraleGrid
from woodshed.tokens.roll import PianoRoll


def score(*notes: tuple[float, float, int]) -> Score:
    return Score([Note(*note) for note in notes])


@pytest.mark.data
def test_the_chorales_come_back_exactly(shared_data: Path) -> None:
    path = shared_data / "jsb_chorales" / "Jsb16thSeparated.json"
    grid = ChoraleGrid()
    chorales = [chorale for part in json.loads(path.read_text("utf-8")).values() for chorale in part]
    assert len(chorales) == 382
    for chorale in chorales:
        ids = grid.grid_to_ids(chorale)
        assert grid.ids_to_grid(ids).tolist() == chorale
        again = grid.ids_to_grid(grid.encode(grid.decode(ids))).tolist()
        assert again == chorale[: len(again)]
        assert all(step == [-1] * 4 for step in chorale[len(again) :])


def test_a_held_pitch_is_held_and_a_struck_one_is_struck() -> None:
    ids = ChoraleGrid().encode(score((0, 0.5, 60), (0.5, 0.5, 60)))
    assert ids[:, 0].tolist() == [26, HOLD, 26, HOLD]
    assert (ids[:, 1:] == REST).all()


def test_voices_that_overlap_or_are_too_many_are_refused() -> None:
    with pytest.raises(ScoreError, match=r"two notes of voice 0 overlap at beat 0\.5"):
        ChoraleGrid().encode(score((0, 1, 60), (0.5, 1, 62)))
    with pytest.raises(ScoreError, match="channel 7"):
        ChoraleGrid().encode(Score([Note(0, 1, 60, channel=7)]))
    with pytest.raises(ParameterError, match=r"\(n_steps, 4\), got \(3, 2\)"):
        ChoraleGrid().decode(np.zeros((3, 2)))


def test_a_roll_without_onsets_joins_repeated_notes() -> None:
    piece = score((0, 1, 60), (1, 1, 60), (0, 0.5, 64))
    assert len(PianoRoll().decode(PianoRoll().encode(piece)).notes) == 2
    roll = PianoRoll(onsets=True)
    assert roll.decode(roll.encode(piece)) == piece
    frames = PianoRoll().encode(piece)
    assert frames.shape == (8, 88)
    assert frames.sum(axis=0)[[60 - 21, 64 - 21]].tolist() == [8, 2]


def test_a_roll_of_another_width_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"\(n_frames, 88\), got \(8, 12\)"):
        PianoRoll().decode(np.ones((8, 12)))
