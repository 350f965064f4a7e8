"""Melody of MIDI and MusicXML as training data of tunes: top line, graces, swing, pickup."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.data.symbolic_corpus import scores_with_keys
from woodshed.errors import ScoreError
from woodshed.score import Key, Metre, Note, Score
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.folk.from_abc import abc_to_folk
from woodshed.symbolic.folk.melody import folk_melody


def score_of(lengths: list[float], *others: Note, metre: tuple[int, int] = (4, 4)) -> Score:
    """Return a score of contiguous notes from C upwards, with other notes."""
    notes, at = [], 0.0
    for k, length in enumerate(lengths):
        notes.append(Note(at, length, 72 + k))
        at += length
    return Score([*notes, *others], metres=[Metre(0, *metre)], keys=[Key(0, 0)])


def line(score: Score) -> list[tuple[float, float, int]]:
    return [(note.onset_beats, note.duration_beats, note.pitch_midi) for note in folk_melody(score).notes]


def test_the_part_with_the_highest_pitches_is_the_melody() -> None:
    accompaniment = [Note(k, 1, pitch, channel=3) for k in range(2) for pitch in (48, 52, 90)]
    drums = [Note(0, 1, 80, channel=9)]
    assert line(score_of([1, 1], *accompaniment, *drums)) == [(0, 1, 72), (1, 1, 73)]
    with pytest.raises(ScoreError, match="only drums"):
        folk_melody(Score(drums))


def test_of_a_double_stop_that_is_strummed_the_upper_note_counts() -> None:
    score = Score([Note(0, 1, 62), Note(11 / 480, 1 - 11 / 480, 69), Note(1, 1, 67)])
    assert line(score) == [(0, 1, 69), (1, 1, 67)]


def test_graces_are_part_of_the_note_after_them_but_written_short_notes_stay() -> None:
    assert line(score_of([1 / 8, 7 / 8, 1])) == [(0, 1, 73), (1, 1, 74)]
    assert line(score_of([1 / 8, 1 / 8, 1 / 8, 5 / 8])) == [(0, 1, 75)]
    short = [1 / 8, 1 / 8, 1 / 4, 1 / 2]
    assert [length for _, length, _ in line(score_of(short))] == short


def test_swung_eighths_are_dotted_and_triplets_stay() -> None:
    third = 1 / 3
    lengths = [2 * third, third, 2 * third, third, third, third, third, 1]
    swung = folk_melody(score_of(lengths))
    assert abc_to_folk(score_to_abc(swung)) == "M:4/4 K:Cmaj c 3/2 ^c /2 d 3/2 _e /2 (3 =e f ^f g 2 |"
    in_jig = [0.5, 0.5, 1 / 6, 1 / 6, 1 / 6, 0.5, 0.5, 0.5]
    assert [round(length, 9) for _, length, _ in line(score_of(in_jig, metre=(6, 8)))] == [
        round(length, 9) for length in in_jig
    ]


def test_triplets_between_the_beats_show_a_pickup_of_half_a_beat() -> None:
    lengths = [0.5, *[1 / 3] * 3, 1, 1, 1]
    assert folk_melody(score_of(lengths)).pickup_beats == 0.5
    assert folk_melody(score_of(lengths[1:])).pickup_beats == 0.0
    assert folk_melody(score_of(lengths, metre=(6, 8))).pickup_beats == 0.0


@pytest.mark.data
def test_a_collection_of_midi_files_is_training_data(shared_data: Path) -> None:
    paths = sorted((shared_data / "ceol_rince_midi" / "midi").glob("*.mid"))[::20]
    assert len(paths) == 60
    for path in paths:
        (score,) = scores_with_keys(path)
        assert abc_to_folk(score_to_abc(folk_melody(score))).startswith("M:")
