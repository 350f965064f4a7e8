"""Quantisation of scores to a grid of equal steps, shared by the tokenizers of notes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from woodshed.errors import ParameterError, ScoreError, is_integer
from woodshed.score import Note, Score


@dataclass(frozen=True, slots=True, order=True)
class GridNote:
    """A note from step ``start`` up to, but not including, step ``stop``."""

    start: int
    pitch_midi: int
    stop: int
    channel: int = 0


def check_grid(name: str, steps_per_beat: int, low: int, high: int) -> None:
    """Check the settings of a grid.

    Raises
    ------
    ParameterError
        If a setting is out of range.

    Examples
    --------
    >>> check_grid("PianoRoll", 0, 21, 108)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: PianoRoll: steps_per_beat must be a positive integer, got 0.
    """
    if not is_integer(steps_per_beat) or steps_per_beat < 1:
        raise ParameterError(f"{name}: steps_per_beat must be a positive integer, got {steps_per_beat!r}.")
    if not 0 <= low <= high <= 127:
        raise ParameterError(
            f"{name}: pitches must satisfy 0 <= low <= high <= 127, got low={low!r}, high={high!r}."
        )


def to_grid(
    score: Score, steps_per_beat: int, low: int, high: int, *, by_channel: bool = False
) -> list[GridNote]:
    """Move each note to the nearest steps, at least one long; a repeated pitch ends the note before it.

    Parameters
    ----------
    score
        Notes of all channels.
    steps_per_beat
        Steps in a quarter note.
    low, high
        Lowest and highest MIDI pitch.
    by_channel
        Whether to keep channels separate. If False, all notes are in channel 0.

    Raises
    ------
    ScoreError
        If a pitch is out of range.

    Examples
    --------
    >>> to_grid(Score([Note(0, 1.02, 60), Note(0.5, 1, 60)]), 4, 21, 108)
    [GridNote(start=0, pitch_midi=60, stop=2, channel=0), GridNote(start=2, pitch_midi=60, stop=6, channel=0)]
    """
    rows: dict[tuple[int, int], dict[int, GridNote]] = {}
    for note in score.notes:
        if not low <= note.pitch_midi <= high:
            raise ScoreError(
                f"{score.source}: the note at beat {note.onset_beats:g} has pitch {note.pitch_midi}, outside "
                f"the range of the tokens, {low} to {high}. Transpose the score, or change low and high."
            )
        start = round(note.onset_beats * steps_per_beat)
        stop = max(start + 1, round(note.end_beats * steps_per_beat))
        channel = note.channel if by_channel else 0
        row = rows.setdefault((channel, note.pitch_midi), {})
        if start not in row or row[start].stop < stop:
            row[start] = GridNote(start, note.pitch_midi, stop, channel)
    steps: list[GridNote] = []
    for row in rows.values():
        starts = sorted(row)
        for start, following in zip(starts, [*starts[1:], math.inf], strict=True):
            step = row[start]
            steps.append(replace(step, stop=int(min(step.stop, following))))
    return sorted(steps)


def from_grid(steps: Iterable[GridNote], steps_per_beat: int, *, source: str) -> Score:
    """Convert steps to a score.

    Raises
    ------
    ScoreError
        If there are no steps.

    Examples
    --------
    >>> from_grid([GridNote(2, 60, 6)], 4, source="doc").notes
    (Note(onset_beats=0.5, duration_beats=1.0, pitch_midi=60, velocity=80, channel=0),)
    """
    notes = [
        Note(
            step.start / steps_per_beat,
            (step.stop - step.start) / steps_per_beat,
            step.pitch_midi,
            channel=step.channel,
        )
        for step in steps
    ]
    return Score(notes, source=source)
