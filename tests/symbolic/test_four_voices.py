"""Which voices the parts of a file are, and in which octave they can be sung."""

from __future__ import annotations

import pytest

from woodshed.errors import ParameterError, ScoreError
from woodshed.score import Note, Score
from woodshed.symbolic.four_voices import as_voices, in_range


def test_names_of_parts_tell_voices_in_several_languages() -> None:
    notes = [Note(0, 1, 60, channel=k) for k in (2, 5, 7)]
    score = Score(notes, part_names=[(2, "Bass (solo)"), (5, "Sopran 1"), (7, "Tenor")])
    assert {n.channel for n in as_voices(score).notes} == {3, 0, 2}


def test_a_part_alone_is_the_soprano_whatever_its_channel_and_drums_are_left_out() -> None:
    score = Score([Note(0, 1, 72, channel=6), Note(0, 1, 36, channel=9)], part_names=[(6, "Flute")])
    (note,) = as_voices(score).notes
    assert (note.channel, note.pitch_midi) == (0, 72)


@pytest.mark.parametrize(
    ("score", "names", "error", "message"),
    [
        ([(0, 60), (1, 50)], ["soprano", "bas"], ParameterError, "Unknown voice 'bas'. Did you mean bass?"),
        ([(0, 60), (1, 50)], ["soprano"], ParameterError, "2 parts, got 1 name: soprano"),
        ([(0, 60), (1, 50)], ["alto", "alto"], ParameterError, "assigned to the same voice"),
        ([(0, 60), (1, 50)], [], ScoreError, "--parts soprano,alto"),
        ([(9, 36)], [], ScoreError, "has only drums"),
    ],
)
def test_what_cannot_be_told_is_said(
    score: list[tuple[int, int]], names: list[str], error: type[Exception], message: str
) -> None:
    notes = [Note(0, 1, pitch, channel=channel) for channel, pitch in score]
    with pytest.raises(error, match=message):
        as_voices(Score(notes), names)


def test_the_nearest_octave_is_taken_and_none_if_it_fits() -> None:
    low = Score([Note(0, 1, 40), Note(1, 1, 52)])
    moved, octaves = in_range(low)
    assert (octaves, [note.pitch_midi for note in moved.notes]) == (2, [64, 76])
    fitting = Score([Note(0, 1, 60), Note(1, 1, 81)])
    assert in_range(fitting) == (fitting, 0)


def test_what_no_octave_helps_is_refused_with_the_cure() -> None:
    with pytest.raises(ScoreError, match=r"--semitones 1 "):
        in_range(Score([Note(0, 1, 59), Note(1, 1, 78)]))
    with pytest.raises(ScoreError, match="too wide for a voice"):
        in_range(Score([Note(0, 1, 55), Note(1, 1, 80)]))
