"""Notes as events in a row: on, off, wait, how hard."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.score import Score
from woodshed.tokens.grid import Step, check_grid, from_grid, to_grid


@dataclass(frozen=True)
class NoteEvents:
    """Score <-> note on, note off, shift of time and velocity, as in Oore et al. (2018), on a grid of beats.

    Kept are the notes on the grid with their velocity class. Lost are channels, tempo, metre and key, and
    time after the last note. Unlike the paper, time is in beats, not seconds.

    Parameters
    ----------
    steps_per_beat
        Steps in a quarter note; default 12, on which sixteenths and triplets are exact.
    max_shift
        Longest wait of one token in steps; longer waits take several.
    n_velocities
        Classes of velocity; 1 is a single one, and has no token.
    low, high
        Lowest and highest MIDI pitch; default the piano.

    Raises
    ------
    ParameterError
        If a setting is out of range.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> events = NoteEvents(n_velocities=1)
    >>> ids = events.encode(Score([Note(0, 1, 60), Note(1, 0.5, 64)]))
    >>> [events.vocabulary[k] for k in ids]
    ['on 60', 'shift 12', 'off 60', 'on 64', 'shift 6', 'off 64']
    >>> [note.onset_beats for note in events.decode(ids).notes]
    [0.0, 1.0]
    """

    steps_per_beat: int = 12
    max_shift: int = 48
    n_velocities: int = 32
    low: int = 21
    high: int = 108

    def __post_init__(self) -> None:
        check_grid("NoteEvents", self.steps_per_beat, self.low, self.high)
        if self.max_shift < 1:
            raise ParameterError(f"NoteEvents expects a max_shift of 1 or more, got {self.max_shift!r}.")
        if not 1 <= self.n_velocities <= 127:
            raise ParameterError(f"NoteEvents expects n_velocities from 1 to 127, got {self.n_velocities!r}.")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """``on 21`` ..., ``off 21`` ..., ``shift 1`` ..., ``velocity 0`` ...; the place of each is its id."""
        pitches = range(self.low, self.high + 1)
        return (
            *(f"on {pitch}" for pitch in pitches),
            *(f"off {pitch}" for pitch in pitches),
            *(f"shift {n}" for n in range(1, self.max_shift + 1)),
            *(f"velocity {k}" for k in range(self.n_velocities) if self.n_velocities > 1),
        )

    def on_grid(self, score: Score) -> Score:
        """Return what is left of a score: ``decode(encode(score))``.

        Examples
        --------
        >>> from woodshed.score import Note
        >>> NoteEvents(steps_per_beat=2).on_grid(Score([Note(0.1, 0.1, 60)])).notes[0].duration_beats
        0.5
        """
        steps = to_grid(score, self.steps_per_beat, self.low, self.high)
        heard = [replace(step, velocity=self._velocity(self._class(step.velocity))) for step in steps]
        return from_grid(heard, self.steps_per_beat, source="tokens")

    def encode(self, score: Score) -> NDArray[np.int32]:
        """Turn a score into ids, int32 of shape ``(n_tokens,)``.

        Raises
        ------
        ScoreError
            If a pitch is out of range.
        """
        steps = to_grid(score, self.steps_per_beat, self.low, self.high)
        events = [(step.stop, 0, step.pitch_midi, 0) for step in steps]
        events += [(step.start, 1, step.pitch_midi, self._class(step.velocity)) for step in steps]
        n_pitches = self.high - self.low + 1
        ids: list[int] = []
        now, loudness = 0, -1
        for at, is_on, pitch, velocity in sorted(events):
            while now < at:
                wait = min(at - now, self.max_shift)
                ids.append(2 * n_pitches + wait - 1)
                now += wait
            if is_on and velocity != loudness and self.n_velocities > 1:
                ids.append(2 * n_pitches + self.max_shift + velocity)
                loudness = velocity
            ids.append(pitch - self.low + (0 if is_on else n_pitches))
        return np.array(ids, dtype=np.int32)

    def decode(self, ids: ArrayLike) -> Score:
        """Turn ids into a score.

        A note that is never let go ends with the last event; an ``off`` without its ``on`` does nothing. So
        any row of ids that strikes a note is music.

        Raises
        ------
        ParameterError
            If an id is out of range.
        ScoreError
            If no note is struck.
        """
        names = self.vocabulary
        sounding: dict[int, tuple[int, int]] = {}
        steps: list[Step] = []
        now, velocity = 0, self._velocity(self.n_velocities // 2)
        for place, number in enumerate(np.asarray(ids, dtype=np.int64).ravel().tolist(), start=1):
            if not 0 <= number < len(names):
                raise ParameterError(
                    f"{number}, the id at place {place}, is no token: they go from 0 to {len(names) - 1}."
                )
            kind, value = names[number].split()[0], int(names[number].split()[1])
            if kind == "shift":
                now += value
            elif kind == "velocity":
                velocity = self._velocity(value)
            else:
                start, loudness = sounding.pop(value, (now, 0))
                if start < now:
                    steps.append(Step(start, value, now, loudness))
                if kind == "on":
                    sounding[value] = (now, velocity)
        left = ((pitch, *begun) for pitch, begun in sounding.items())
        steps += [Step(start, pitch, max(now, start + 1), loudness) for pitch, start, loudness in left]
        return from_grid(steps, self.steps_per_beat, source="tokens")

    def _class(self, velocity: int) -> int:
        return (velocity - 1) * self.n_velocities // 127

    def _velocity(self, number: int) -> int:
        """Return the middle of a class; a single class is the usual 80."""
        if self.n_velocities == 1:
            return 80
        low = -(-number * 127 // self.n_velocities) + 1
        high = -(-(number + 1) * 127 // self.n_velocities)
        return (low + high) // 2
