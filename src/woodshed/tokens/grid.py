"""Scores on a grid of equal steps: what tokenizers of notes have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from woodshed.errors import ParameterError, ScoreError
from woodshed.score import Note, Score


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A note in whole steps; it sounds from ``start`` up to, but not at, ``stop``."""

    start: int
    pitch_midi: int
    stop: int
    velocity: int = 80
    channel: int = 0


def check_grid(name: str, steps_per_beat: int, low: int, high: int) -> None:
    """Refuse settings that make no grid.

    Examples
    --------
    >>> check_grid("PianoRoll", 0, 21, 108)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: PianoRoll expects a steps_per_beat of 1 or more, got 0.
    """
    if steps_per_beat < 1 or int(steps_per_beat) != steps_per_beat:
        raise ParameterError(f"{name} expects a steps_per_beat of 1 or more, got {steps_per_beat!r}.")
    if not 0 <= low <= high <= 127:
        raise ParameterError(f"{name} expects 0 <= low <= high <= 127, got low={low!r}, high={high!r}.")


def to_grid(
    score: Score, steps_per_beat: int, low: int, high: int, *, by_channel: bool = False
) -> list[Step]:
    """Move each note to the nearest steps, at least one long; a note that is struck again ends there.

    Parameters
    ----------
    score
        Notes of all channels.
    steps_per_beat
        Steps in a quarter note.
    low, high
        Lowest and highest MIDI pitch.
    by_channel
        Whether channels are kept apart; if not, all are channel 0.

    Raises
    ------
    ScoreError
        If a pitch is out of range.

    Examples
    --------
    >>> to_grid(Score([Note(0, 1.02, 60), Note(0.5, 1, 60)]), 4, 21, 108)
    [Step(start=0, pitch_midi=60, stop=2, velocity=80, channel=0),
     Step(start=2, pitch_midi=60, stop=6, velocity=80, channel=0)]
    """
    rows: dict[tuple[int, int], dict[int, Step]] = {}
    for note in score.notes:
        if not low <= note.pitch_midi <= high:
            raise ScoreError(
                f"{score.source}: the note at beat {note.onset_beats:g} has the pitch {note.pitch_midi}; "
                f"the tokens go from {low} to {high}. Transpose it, or set low and high."
            )
        start = round(note.onset_beats * steps_per_beat)
        stop = max(start + 1, round(note.end_beats * steps_per_beat))
        channel = note.channel if by_channel else 0
        row = rows.setdefault((channel, note.pitch_midi), {})
        if start not in row or row[start].stop < stop:
            row[start] = Step(start, note.pitch_midi, stop, note.velocity, channel)
    steps: list[Step] = []
    for row in rows.values():
        struck = sorted(row)
        for start, following in zip(struck, [*struck[1:], None], strict=True):
            step = row[start]
            stop = step.stop if following is None else min(step.stop, following)
            steps.append(Step(start, step.pitch_midi, stop, step.velocity, step.channel))
    return sorted(steps)


def from_grid(steps: Iterable[Step], steps_per_beat: int, *, source: str) -> Score:
    """Turn steps into a score.

    Raises
    ------
    ScoreError
        If there are none.

    Examples
    --------
    >>> from_grid([Step(2, 60, 6)], 4, source="doc").notes
    (Note(onset_beats=0.5, duration_beats=1.0, pitch_midi=60, velocity=80, channel=0),)
    """
    notes = [
        Note(
            step.start / steps_per_beat,
            (step.stop - step.start) / steps_per_beat,
            step.pitch_midi,
            step.velocity,
            step.channel,
        )
        for step in steps
    ]
    return Score(notes, source=source)
