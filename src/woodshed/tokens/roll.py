"""Piano roll: the pitches that sound in each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.score import Score
from woodshed.tokens.grid import GridNote, check_grid, from_grid, to_grid


@dataclass(frozen=True)
class PianoRoll:
    """Conversion between scores and frames on a grid of beats, one column for each pitch.

    Kept are the pitches that sound in each frame. Lost are velocities (decoded as 80), channels, tempo, metre
    and key, and, without ``onsets``, repeated notes: equal notes without a gap are decoded as one.

    Parameters
    ----------
    steps_per_beat
        Frames in a quarter note; default 4.
    onsets
        Whether to add a second plane that marks the onsets of notes.
    low, high
        Lowest and highest MIDI pitch; by default the 88 keys of the piano.

    Raises
    ------
    ParameterError
        If a setting is out of range.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> score = Score([Note(0, 1, 60), Note(1, 1, 60)])
    >>> PianoRoll().encode(score).shape, len(PianoRoll().decode(PianoRoll().encode(score)).notes)
    ((8, 88), 1)
    >>> roll = PianoRoll(onsets=True)
    >>> roll.encode(score).shape, len(roll.decode(roll.encode(score)).notes)
    ((8, 88, 2), 2)
    """

    steps_per_beat: int = 4
    onsets: bool = False
    low: int = 21
    high: int = 108

    def __post_init__(self) -> None:
        check_grid("PianoRoll", self.steps_per_beat, self.low, self.high)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """MIDI pitch of each column."""
        return tuple(str(pitch) for pitch in range(self.low, self.high + 1))

    def encode(self, score: Score) -> NDArray[np.bool_]:
        """Convert a score to frames.

        Returns
        -------
        numpy.ndarray
            bool, shape ``(n_frames, n_pitches)``; with onsets ``(n_frames, n_pitches, 2)``: sounding, onset.

        Raises
        ------
        ScoreError
            If a pitch is out of range.
        """
        steps = to_grid(score, self.steps_per_beat, self.low, self.high)
        planes = np.zeros((max(step.stop for step in steps), self.high - self.low + 1, 2), dtype=np.bool_)
        for step in steps:
            planes[step.start : step.stop, step.pitch_midi - self.low, 0] = True
            planes[step.start, step.pitch_midi - self.low, 1] = True
        return planes if self.onsets else planes[:, :, 0]

    def decode(self, roll: ArrayLike) -> Score:
        """Convert frames to a score.

        Raises
        ------
        ParameterError
            If the shape differs from that of `encode`.
        ScoreError
            If no pitch sounds.
        """
        planes = np.asarray(roll, dtype=np.bool_)
        n_pitches = self.high - self.low + 1
        expected = (n_pitches, 2) if self.onsets else (n_pitches,)
        if planes.shape[1:] != expected:
            shape = "(n_frames, " + ", ".join(map(str, expected)) + ")"
            raise ParameterError(f"PianoRoll expects frames of shape {shape}, got {planes.shape}.")
        sounds = planes[:, :, 0] if self.onsets else planes
        sounding = np.pad(sounds, ((1, 1), (0, 0)))
        begins = sounding[1:] & ~sounding[:-1]
        if self.onsets:
            begins[:-1] |= planes[:, :, 1] & sounds
        ends = sounding[:-1] & (~sounding[1:] | begins)
        spans = zip(np.argwhere(begins.T).tolist(), np.argwhere(ends.T).tolist(), strict=True)  # by pitch
        steps = [GridNote(start, self.low + column, stop) for (column, start), (_, stop) in spans]
        return from_grid(steps, self.steps_per_beat, source="piano roll")
