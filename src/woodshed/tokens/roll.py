"""Piano roll: which pitches sound in each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.score import Score
from woodshed.tokens.grid import Step, check_grid, from_grid, to_grid


@dataclass(frozen=True)
class PianoRoll:
    """Score <-> frames on a grid of beats, one column for each pitch.

    Kept are the pitches that sound in each frame. Lost are velocities (80 comes back), channels, tempo,
    metre and key, and repeated notes: two equal notes without a gap come back as one, unless the plane of
    onsets is asked for.

    Parameters
    ----------
    steps_per_beat
        Frames in a quarter note; default 4.
    onsets
        Whether there is a second plane that says where notes begin.
    low, high
        Lowest and highest MIDI pitch; default the 88 keys of the piano.

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
        """The MIDI pitches of the columns."""
        return tuple(str(pitch) for pitch in range(self.low, self.high + 1))

    def on_grid(self, score: Score) -> Score:
        """Return what is left of a score: ``decode(encode(score))``.

        Examples
        --------
        >>> from woodshed.score import Note
        >>> PianoRoll().on_grid(Score([Note(0, 1, 60, 100), Note(1, 1, 60)])).notes
        (Note(onset_beats=0.0, duration_beats=2.0, pitch_midi=60, velocity=80, channel=0),)
        """
        joined: list[Step] = []
        steps = to_grid(score, self.steps_per_beat, self.low, self.high)
        for step in sorted(steps, key=lambda step: (step.pitch_midi, step.start)):
            last = joined[-1] if joined else None
            meets = last and (last.pitch_midi, last.stop) == (step.pitch_midi, step.start)
            if last and meets and not self.onsets:
                joined[-1] = Step(last.start, step.pitch_midi, step.stop)
            else:
                joined.append(Step(step.start, step.pitch_midi, step.stop))
        return from_grid(joined, self.steps_per_beat, source="piano roll")

    def encode(self, score: Score) -> NDArray[np.bool_]:
        """Turn a score into frames.

        Returns
        -------
        numpy.ndarray
            bool, shape ``(n_frames, n_pitches)``; with onsets ``(n_frames, n_pitches, 2)``: sounds, begins.

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
        """Turn frames into a score.

        Raises
        ------
        ParameterError
            If the shape is not that of `encode`.
        ScoreError
            If nothing sounds.
        """
        planes = np.asarray(roll, dtype=np.bool_)
        n_pitches = self.high - self.low + 1
        wanted = (n_pitches, 2) if self.onsets else (n_pitches,)
        if planes.shape[1:] != wanted:
            shape = "(n_frames, " + ", ".join(map(str, wanted)) + ")"
            raise ParameterError(f"PianoRoll expects frames of shape {shape}, got {planes.shape}.")
        sounds = planes[:, :, 0] if self.onsets else planes
        steps: list[Step] = []
        for column in np.flatnonzero(sounds.any(axis=0)).tolist():
            sounding = np.concatenate([[False], sounds[:, column], [False]])
            begins = sounding[1:] & ~sounding[:-1]
            if self.onsets:
                begins[:-1] |= planes[:, column, 1] & sounds[:, column]
            starts = np.flatnonzero(begins)
            ends = np.flatnonzero(sounding[:-1] & (~sounding[1:] | begins))
            steps += [
                Step(a, self.low + column, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
            ]
        return from_grid(steps, self.steps_per_beat, source="piano roll")
