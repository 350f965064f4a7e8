"""Timing jitter: written music is put on the grid, and performances stay as they were played."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.score import Metre, Note, Score, Tempo
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.jitter import close_gaps
from woodshed.symbolic.midi import midi_to_score, read_midi, score_to_midi

TICK = 1 / 480
CLOSED = "gaps and overlaps below a 64th note closed, at {}"


def jittered(late_ticks: int, early_ticks: int, ticks: int = 480) -> Score:
    """Return a tune of eighths, quarters and triplets with onsets and ends beside the grid."""
    lengths = [0.5, 0.5, 1.0, 1 / 3, 1 / 3, 1 / 3, 1.0] * 4
    onsets = np.cumsum([0.0, *lengths[:-1]])
    notes = [
        Note(onset + late_ticks / ticks, length - (late_ticks + early_ticks) / ticks, 60 + k % 9)
        for k, (onset, length) in enumerate(zip(onsets, lengths, strict=True))
    ]
    return Score(notes, tempos=[Tempo(0, 180)], metres=[Metre(0, 4, 4)])


@pytest.mark.parametrize(
    ("late", "early", "ticks"),
    [(1, 0, 480), (0, 1, 480), (0, 25, 480), (0, -3, 480), (2, 2, 960), (0, 1, 96)],
)
def test_written_music_is_on_the_grid(late: int, early: int, ticks: int) -> None:
    data = score_to_midi(jittered(late, early, ticks), ticks_per_beat=ticks)
    score = midi_to_score(data)
    assert score_to_abc(score) == score_to_abc(jittered(0, 0))
    assert score.remarks == (CLOSED.format("28 notes"),)
    assert score.findings == ()
    raw = midi_to_score(data, gaps=True)
    assert (raw.remarks, len(raw.notes)) == ((), 28)
    assert score_to_abc(raw) != score_to_abc(score)


def test_rests_that_are_notated_stay() -> None:
    score = Score([Note(k, 0.75, 60 + k) for k in range(16)], metres=[Metre(0, 4, 4)])
    assert midi_to_score(score_to_midi(score)) == score


@pytest.mark.parametrize("n", [5, 7, 9, 11, 13, 15])
def test_tuplets_stay(n: int) -> None:
    score = Score([Note(k / n, 1 / n, 60) for k in range(4 * n)])
    data = score_to_midi(score)
    assert midi_to_score(data).notes == midi_to_score(data, gaps=True).notes


def test_a_performance_stays() -> None:
    rng = np.random.default_rng(0)
    notes = [Note(k / 4 + rng.uniform(0, 0.06), rng.uniform(0.05, 0.3), 40 + k % 5) for k in range(200)]
    data = score_to_midi(Score(notes))
    assert midi_to_score(data) == midi_to_score(data, gaps=True)
    assert midi_to_score(data).remarks == ()


def test_each_channel_is_judged_by_itself() -> None:
    rng = np.random.default_rng(0)
    written = [Note(k, 1 - TICK, 60) for k in range(16)]
    played = [Note(k + rng.uniform(0.02, 0.05), 0.9, 60, channel=1) for k in range(16)]
    closed, n_changed = close_gaps([*written, *played], 480)
    assert n_changed == 16
    assert [note for note in closed if note.channel == 1] == played


def test_a_note_keeps_most_of_its_length() -> None:
    short = [Note(k / 32, 1 / 64, 60) for k in range(32)]  # rests as long as the notes
    assert close_gaps(short, 480) == (short, 0)


@pytest.mark.data
def test_live_drums_stay(shared_data: Path) -> None:
    paths = sorted(shared_data.glob("groove_midi/*/*/*.mid"))[::10]
    assert len(paths) > 100
    for path in paths:
        assert read_midi(path) == read_midi(path, gaps=True)


@pytest.mark.data
def test_a_tune_whose_notes_end_a_tick_early(shared_data: Path) -> None:
    path = shared_data / "ceol_rince_midi" / "midi" / "AndersonsReel.mid"
    if not path.exists():
        path = shared_data.parent / "cases" / "symbolic" / "notes_end_a_tick_early.mid"
    score = read_midi(path)
    assert len(score.notes) == 119
    assert score.remarks == (CLOSED.format("119 notes"),)
    assert "/240" not in score_to_abc(score)
    assert score.tempos == (Tempo(0, 180),)
