"""Edits of scores, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.errors import ParameterError, ScoreError, ScoreFileError
from woodshed.score import ChordSymbol, Key, Metre, Note, Program, Score, Tempo
from woodshed.symbolic import edit, read_note_table, table_to_score, write_note_table
from woodshed.symbolic.notation import bars_of

TUNE = Score(
    [Note(0, 1, 60), Note(1, 2, 64), Note(3, 1, 67), Note(4, 4, 48, channel=1), Note(5, 1, 38, channel=9)],
    tempos=[Tempo(0, 60), Tempo(4, 120)],
    metres=[Metre(0, 4, 4)],
    keys=[Key(0, 1), Key(4, -2, "minor")],
    chords=[ChordSymbol(0, "G"), ChordSymbol(5, "Gm")],
    programs=[Program(0, 0, 24), Program(0, 1, 32), Program(2, 1, 33)],
)


def spelt(score: Score) -> list[tuple[float, float, int]]:
    return [(n.onset_beats, n.duration_beats, n.pitch_midi) for n in score.notes]


@pytest.mark.parametrize("semitones", range(-11, 12))
def test_transposed_keys_have_the_keynote_moved(semitones: int) -> None:
    moved = edit.transpose(TUNE, semitones)
    for before, after in zip(TUNE.keys, moved.keys, strict=True):
        assert after.tonic == (before.tonic + semitones) % 12
        assert after.mode == before.mode
    for before, after in zip(TUNE.notes, moved.notes, strict=True):
        assert after.pitch_midi - before.pitch_midi == (0 if before.channel == 9 else semitones)


@pytest.mark.parametrize("tonic", range(12))
def test_transposing_to_a_keynote_takes_the_short_way(tonic: int) -> None:
    moved = edit.transpose_to(TUNE, tonic)
    assert moved.keys[0].tonic == tonic
    assert abs(moved.notes[0].pitch_midi - 60) <= 6


def test_what_leaves_midi_is_refused() -> None:
    with pytest.raises(ScoreError, match="from 128 to 147"):
        edit.transpose(TUNE, 80)
    with pytest.raises(ScoreError, match="has no key"):
        edit.transpose_to(Score([Note(0, 1, 60)]))


def test_quantising_by_half_halves_the_way() -> None:
    rng = np.random.default_rng(0)
    played = Score([Note(k + rng.uniform(-0.1, 0.1) + 1, 0.9, 60) for k in range(20)])
    off = [abs(n.onset_beats - round(n.onset_beats)) for n in played.notes]
    half = [abs(n.onset_beats - round(n.onset_beats)) for n in edit.quantise(played, 1, strength=0.5).notes]
    np.testing.assert_allclose(half, np.array(off) / 2, atol=1e-12)
    assert spelt(edit.quantise(played, 1)) == [(k + 1, 1, 60) for k in range(20)]
    kept = edit.quantise(played, 1, ends=False)
    assert {n.duration_beats for n in kept.notes} == {0.9}
    with pytest.raises(ParameterError, match="grid_beats must be positive"):
        edit.quantise(played, 0)


def test_tempo() -> None:
    assert TUNE.duration_s == 6
    assert edit.scale_tempo(TUNE, 2).duration_s == 3
    assert edit.scale_tempo(Score([Note(0, 2, 60)], tempos=[Tempo(1, 60)]), 0.5).duration_s == 3
    assert edit.set_tempo(TUNE, 240).duration_s == 2


def test_cutting_keeps_what_holds() -> None:
    part = edit.cut(TUNE, 2, 6)
    assert spelt(part) == [(0, 1, 64), (1, 1, 67), (2, 2, 48), (3, 1, 38)]
    assert part.tempos == (Tempo(0, 60), Tempo(2, 120))
    assert part.keys == (Key(0, 1), Key(2, -2, "minor"))
    assert part.chords == (ChordSymbol(3, "Gm"),)
    assert part.programs == (Program(0, 0, 24), Program(0, 1, 33))
    assert part.pickup_beats == 2
    assert [float(bar.start) for bar in bars_of(part)] == [0, 2]
    with pytest.raises(ScoreError, match="no note from 20 to 30"):
        edit.cut(TUNE, 20, 30)


def test_loops_begin_where_the_bar_is_full() -> None:
    looped = edit.loop(Score([Note(0, 3, 60)], metres=[Metre(0, 4, 4)]), 3)
    assert [n.onset_beats for n in looped.notes] == [0, 4, 8]
    assert [n.onset_beats for n in edit.loop(looped, 2, length_beats=10).notes] == [0, 4, 8, 10, 14, 18]


def test_parts() -> None:
    parts = edit.split_channels(TUNE)
    assert {channel: len(part.notes) for channel, part in parts.items()} == {0: 3, 1: 1, 9: 1}
    assert parts[1].programs == (Program(0, 1, 32), Program(2, 1, 33))
    assert spelt(edit.drums(TUNE)) == [(5, 1, 38)]
    assert {n.channel for n in edit.merge(TUNE, channel=2).notes} == {2, 9}
    with pytest.raises(ScoreError, match=r"channels \[7\]"):
        edit.keep_channels(TUNE, [7])


def test_melody_and_bass_never_overlap_and_are_the_outer_voices() -> None:
    rng = np.random.default_rng(1)
    low = [Note(k, 1, int(rng.integers(36, 48))) for k in range(16)]
    high = [Note(k / 2, 0.5, int(rng.integers(60, 72)), channel=1) for k in range(32)]
    middle = [Note(k, 2, 55, channel=2) for k in range(0, 16, 2)]
    score = Score([*low, *high, *middle, Note(0, 16, 81, channel=9)])
    assert list(edit.melody(score).notes) == high
    assert list(edit.bass(score).notes) == low
    assert spelt(edit.melody(Score([Note(0, 4, 60), Note(1, 1, 72)]))) == [(0, 1, 60), (1, 1, 72)]


def test_tables(tmp_path: Path) -> None:
    write_note_table(TUNE, tmp_path / "a.csv")
    assert read_note_table(tmp_path / "a.csv").notes == TUNE.notes
    with pytest.raises(ParameterError, match="needs the column duration_beats"):
        table_to_score({"onset_beats": [0], "pitch_midi": [60]})
    with pytest.raises(ScoreError, match="pitch_midi of a note table must have whole numbers"):
        table_to_score({"onset_beats": [0], "duration_beats": [1], "pitch_midi": [60.5]})
    with pytest.raises(ParameterError, match="must be numbers"):
        table_to_score({"onset_beats": [0], "duration_beats": [1], "pitch_midi": ["C"]})
    with pytest.raises(ParameterError, match="equal lengths"):
        table_to_score({"onset_beats": [[0, 1]], "duration_beats": [[1, 1]], "pitch_midi": [[60, 62]]})
    (tmp_path / "b.csv").write_text("onset_beats,duration_beats,pitch_midi\n0,x,60\n")
    with pytest.raises(ScoreFileError, match=r"b\.csv: a value is not a number"):
        read_note_table(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,1,inf", "must have whole numbers"),
        ("0,1,nan", "must have whole numbers"),
        ("0,1,1e300", "must have whole numbers"),
        ("0,1,128", "from 0 to 127, got 128"),
        ("0,1", "a value is not a number"),
        (f"0,1,{'1' * 200_000}", "cannot be read as text"),
        ("", "it has no rows"),
    ],
)
def test_unusable_rows_of_a_note_table_are_refused(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(f"onset_beats,duration_beats,pitch_midi\n{row}\n")
    with pytest.raises(ScoreFileError, match=message):
        read_note_table(tmp_path / "a.csv")


def test_a_note_table_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("onset_beats;duration_beats;pitch_midi\n0;1;60\n\n", "utf-16")
    assert read_note_table(tmp_path / "a.csv").notes == (Note(0, 1, 60),)


@pytest.mark.parametrize("n_times", [0, 1.5, float("nan"), "2"])
def test_an_invalid_number_of_repetitions_is_refused(n_times: Any) -> None:
    with pytest.raises(ParameterError, match="n_times must be an integer from 1 to 100000"):
        edit.loop(TUNE, n_times)
