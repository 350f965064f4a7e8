"""Tokens of notes: what is exact on the grid, and what is lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import MissingPackageError, ParameterError, ScoreError
from woodshed.score import Note, Score
from woodshed.tokens.chorale import HOLD, REST, ChoraleGrid
from woodshed.tokens.miditok import MidiTok
from woodshed.tokens.note_event import NoteEvents
from woodshed.tokens.roll import PianoRoll


def score(*notes: tuple[float, float, int]) -> Score:
    return Score([Note(*note) for note in notes])


def words(tokens: NoteEvents, piece: Score) -> list[str]:
    return [tokens.vocabulary[k] for k in tokens.encode(piece)]


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


def test_events_of_one_moment_let_go_before_they_strike() -> None:
    assert words(NoteEvents(n_velocities=1), score((0, 1, 60), (1, 1, 60))) == [
        *("on 60", "shift 12", "off 60", "on 60", "shift 12", "off 60")
    ]


def test_long_waits_take_several_tokens() -> None:
    tokens = NoteEvents(max_shift=24, n_velocities=1)
    assert words(tokens, score((4.5, 1, 60)))[:3] == ["shift 24", "shift 24", "shift 6"]


def test_triplets_and_sixteenths_are_exact() -> None:
    piece = score((0, 1 / 3, 60), (1 / 3, 1 / 3, 62), (2 / 3, 1 / 3, 64), (1, 0.25, 65), (1.25, 0.75, 67))
    assert NoteEvents(n_velocities=1).on_grid(piece) == piece
    assert NoteEvents(n_velocities=1, steps_per_beat=4).on_grid(piece) != piece


@pytest.mark.parametrize("n_velocities", [1, 2, 7, 32, 127])
def test_velocities_keep_their_class(n_velocities: int) -> None:
    tokens = NoteEvents(n_velocities=n_velocities)
    piece = Score([Note(k, 1, 60, 1 + k) for k in range(127)])
    heard = tokens.decode(tokens.encode(piece))
    assert tokens.on_grid(heard) == heard
    off = [abs(a.velocity - b.velocity) for a, b in zip(piece.notes, heard.notes, strict=True)]
    assert n_velocities == 1 or max(off) <= -(-127 // n_velocities) / 2
    assert len({note.velocity for note in heard.notes}) == n_velocities


def test_any_row_of_events_that_strikes_a_note_is_music() -> None:
    tokens = NoteEvents()
    rng = np.random.default_rng(0)
    for _ in range(20):
        ids = np.append(rng.integers(0, len(tokens.vocabulary), 60), 3)
        heard = tokens.decode(ids)
        assert tokens.decode(tokens.encode(heard)) == heard


def test_a_roll_without_onsets_joins_repeated_notes() -> None:
    piece = score((0, 1, 60), (1, 1, 60), (0, 0.5, 64))
    assert len(PianoRoll().decode(PianoRoll().encode(piece)).notes) == 2
    assert PianoRoll(onsets=True).on_grid(piece) == piece
    frames = PianoRoll().encode(piece)
    assert frames.shape == (8, 88)
    assert frames.sum(axis=0)[[60 - 21, 64 - 21]].tolist() == [8, 2]


def test_a_roll_of_another_width_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"\(n_frames, 88\), got \(8, 12\)"):
        PianoRoll().decode(np.ones((8, 12)))


def test_without_miditok_the_message_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "miditok", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'woodshed\[miditok\]'"):
        MidiTok().encode(score((0, 1, 60)))


@pytest.mark.parametrize("kind", ["REMI", "TSD", "MIDILike", "Structured"])
def test_miditok_keeps_pitches_and_places(kind: str) -> None:
    pytest.importorskip("miditok")
    piece = score((0, 1, 60), (1, 0.5, 64), (1.5, 0.5, 67))
    tokens = MidiTok(kind=kind)
    heard = tokens.decode(tokens.encode(piece))
    assert [(n.onset_beats, n.pitch_midi) for n in heard.notes] == [(0, 60), (1, 64), (1.5, 67)]
    assert tokens.on_grid(heard).notes == heard.notes
