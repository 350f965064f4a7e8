"""Piano rolls as generations: any number of simultaneous notes on a grid."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace

import numpy as np

from woodshed.composition.generation import BAR_BEATS, ScoreGeneration, VoiceLine, grid_melody
from woodshed.score import Metre, Score, Tempo
from woodshed.tokens.roll import PianoRoll

TEMPO_BPM = 100.0
"""Quarter notes per minute."""

Frame = tuple[int, ...]


@dataclass(frozen=True)
class RollPiece(ScoreGeneration):
    """A piano roll.

    Parameters
    ----------
    text
        The MIDI pitches of each frame as JSON.
    steps_per_beat
        Frames in a quarter note.

    Examples
    --------
    >>> piece = RollPiece("[[48,64],[48,65],[47,67],[]]", 2)
    >>> [line.name for line in piece.lines], piece.lines[0].melody.pitch_midi.tolist(), piece.facts
    (['highest', 'lowest'], [64, 65, 67], ('2 beats', '1.5 notes at once'))
    """

    text: str
    steps_per_beat: int = 4

    @functools.cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The MIDI pitches of each frame, from the lowest."""
        return tuple(tuple(sorted(frame)) for frame in json.loads(self.text))

    def to_score(self, title: str = "") -> Score:
        """Return its notes; consecutive frames of a pitch are one note."""
        tokens = PianoRoll(steps_per_beat=self.steps_per_beat, low=0, high=127)
        roll = np.zeros((len(self.frames), 128), bool)
        for at, frame in enumerate(self.frames):
            roll[at, list(frame)] = True
        score = tokens.decode(roll)
        return replace(score, title=title, tempos=[Tempo(0, TEMPO_BPM)], metres=[Metre(0, BAR_BEATS, 4)])

    @property
    def facts(self) -> tuple[str, ...]:
        """Its length and mean number of simultaneous notes."""
        mean = np.mean([len(frame) for frame in self.frames])
        return (f"{len(self.frames) / self.steps_per_beat:g} beats", f"{mean:.2g} notes at once")

    @functools.cached_property
    def lines(self) -> tuple[VoiceLine, ...]:
        """The highest and the lowest notes of all frames."""
        return tuple(
            VoiceLine(name, grid_melody(np.array(pitches), self.steps_per_beat))
            for name, pitches in (
                ("highest", [max(frame, default=-1) for frame in self.frames]),
                ("lowest", [min(frame, default=-1) for frame in self.frames]),
            )
        )
