"""Four-part chorales on a grid: each voice has a pitch, a hold or a rest at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError, ScoreError
from woodshed.score import Score
from woodshed.tokens.grid import GridNote, check_grid, from_grid, to_grid

N_VOICES = 4
REST, HOLD = 0, 1
_FIRST_PITCH = 2
_SILENCE = -1


@dataclass(frozen=True)
class ChoraleGrid:
    """Conversion between scores in four channels and ids of soprano, alto, tenor and bass at each step.

    The token of a step is ``rest``, ``hold`` (the note continues) or the pitch of a new note. Kept are the
    notes on the grid with their voice. Lost are velocities (decoded as 80), tempo, metre and key, and rests
    at the end.

    Parameters
    ----------
    steps_per_beat
        Steps in a quarter note; default 4, sixteenths.
    low, high
        Lowest and highest MIDI pitch; by default those of Bach's chorales.

    Raises
    ------
    ParameterError
        If a setting is out of range.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> grid = ChoraleGrid()
    >>> high, bass = Note(0, 0.5, 72), Note(0.25, 0.25, 48, channel=3)
    >>> ids = grid.encode(Score([high, Note(0, 0.5, 67, channel=1), bass]))
    >>> [[grid.vocabulary[k] for k in step] for step in ids]
    [['72', '67', 'rest', 'rest'], ['hold', 'hold', 'rest', '48']]
    """

    steps_per_beat: int = 4
    low: int = 36
    high: int = 81

    def __post_init__(self) -> None:
        check_grid("ChoraleGrid", self.steps_per_beat, self.low, self.high)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """``rest``, ``hold`` and the MIDI pitches; the index of each is its id."""
        return ("rest", "hold", *(str(pitch) for pitch in range(self.low, self.high + 1)))

    def encode(self, score: Score) -> NDArray[np.int32]:
        """Convert a score to ids, int32 of shape ``(n_steps, 4)``.

        Raises
        ------
        ScoreError
            If a note is not in channels 0 to 3, two notes of a voice overlap, or a pitch is out of range.
        """
        steps = to_grid(score, self.steps_per_beat, self.low, self.high, by_channel=True)
        ids = np.full((max(step.stop for step in steps), N_VOICES), REST, dtype=np.int32)
        for step in steps:
            if step.channel >= N_VOICES:
                raise ScoreError(
                    f"{score.source} has a note in channel {step.channel}. The voices are channels 0 to 3."
                )
            place = ids[step.start : step.stop, step.channel]
            if place.any():
                raise ScoreError(
                    f"{score.source}: two notes of voice {step.channel} overlap at beat "
                    f"{step.start / self.steps_per_beat:g}. Each voice has one note at a time."
                )
            place[:] = HOLD
            place[0] = step.pitch_midi - self.low + _FIRST_PITCH
        return ids

    def decode(self, ids: ArrayLike) -> Score:
        """Convert ids to a score; a ``hold`` after a rest is read as a rest.

        Raises
        ------
        ParameterError
            If the shape is not ``(n_steps, 4)``, or an id is out of range.
        ScoreError
            If there are no notes.
        """
        steps: list[GridNote] = []
        for voice, column in enumerate(self._checked(ids).T.tolist()):
            note: tuple[int, int] | None = None  # start and pitch
            for at, number in enumerate([*column, REST]):
                if number != HOLD and note is not None:
                    steps.append(GridNote(*note, at, channel=voice))
                    note = None
                if number >= _FIRST_PITCH:
                    note = (at, number - _FIRST_PITCH + self.low)
        return from_grid(steps, self.steps_per_beat, source="chorale")

    def grid_to_ids(self, grid: ArrayLike) -> NDArray[np.int32]:
        """Convert the pitch of each voice at each step, as in ``Jsb16thSeparated.json``, to ids.

        Parameters
        ----------
        grid
            MIDI pitches, shape ``(n_steps, 4)``; -1 is a rest. A pitch equal to the one before is encoded as
            a hold, since the file does not mark repeated notes.

        Raises
        ------
        ParameterError
            If the shape is wrong, or a pitch is out of range.

        Examples
        --------
        >>> ChoraleGrid().grid_to_ids([[72, 60, 55, -1], [72, 62, 55, 48]]).tolist()
        [[38, 26, 21, 0], [1, 28, 1, 14]]
        """
        pitches = np.asarray(grid, dtype=np.int64)
        self._check_shape(pitches)
        wrong = (pitches != _SILENCE) & ((pitches < self.low) | (pitches > self.high))
        if wrong.any():
            raise ParameterError(
                f"Invalid pitch {pitches[wrong][0]}. Expected -1, or {self.low} to {self.high}."
            )
        ids = np.where(pitches == _SILENCE, REST, pitches - self.low + _FIRST_PITCH)
        ids[1:][(pitches[1:] == pitches[:-1]) & (pitches[1:] != _SILENCE)] = HOLD
        return ids.astype(np.int32)

    def ids_to_grid(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Convert ids to the pitch of each voice at each step; -1 is a rest.

        Examples
        --------
        >>> ChoraleGrid().ids_to_grid([[38, 26, 21, 0], [1, 28, 1, 14]]).tolist()
        [[72, 60, 55, -1], [72, 62, 55, 48]]
        """
        numbers = self._checked(ids)
        changes = np.where(numbers == HOLD, 0, np.arange(len(numbers))[:, np.newaxis])
        sounding = np.take_along_axis(numbers, np.maximum.accumulate(changes), axis=0)
        grid = np.where(sounding < _FIRST_PITCH, _SILENCE, sounding - _FIRST_PITCH + self.low)
        return grid.astype(np.int32)

    def _checked(self, ids: ArrayLike) -> NDArray[np.int64]:
        numbers = np.asarray(ids, dtype=np.int64)
        self._check_shape(numbers)
        n_tokens = len(self.vocabulary)
        wrong = (numbers < 0) | (numbers >= n_tokens)
        if wrong.any():
            place = int(np.flatnonzero(wrong.any(axis=1))[0])
            raise ParameterError(
                f"Invalid id {numbers[wrong][0]} at step {place}. Expected 0 to {n_tokens - 1}."
            )
        return numbers

    def _check_shape(self, numbers: NDArray[np.int64]) -> None:
        if numbers.ndim != 2 or numbers.shape[1] != N_VOICES:
            raise ParameterError(f"ChoraleGrid expects shape (n_steps, {N_VOICES}), got {numbers.shape}.")
