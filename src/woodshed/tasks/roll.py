"""Generation of piano rolls: any music in frames, with the nets of the literature and their likelihoods."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from woodshed.composition.generation import BAR_BEATS, ScoreGeneration, VoiceLine, grid_melody
from woodshed.composition.generator import GridRequest, Request
from woodshed.composition.roll.composer import FrameComposer
from woodshed.data.corpora.jsb_chorales import Chorale
from woodshed.data.symbolic_corpus import SymbolicCorpus, jsb_corpus, read_score_corpus, source_of
from woodshed.decoding import parse_json
from woodshed.errors import ParameterError, ScoreError
from woodshed.score import DRUM_CHANNEL, Metre, Score, Tempo
from woodshed.tokens.roll import PianoRoll

TEMPO_BPM = 100.0
"""Quarter notes per minute."""

ROLL_SOURCES = ("jsb_chorales",)
"""Corpora that can be named in place of a folder."""

JSB_GRIDS = {1: "quarter", 4: "sixteenth"}
"""Frames per beat -> the version of the JSB chorales."""

Frames = tuple[tuple[int, ...], ...]
"""The MIDI pitches of each frame."""


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
    def frames(self) -> Frames:
        """The MIDI pitches of each frame, from the lowest."""
        return tuple(tuple(sorted(frame)) for frame in parse_json(self.text))

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


def read_roll_corpus(source: str, tokens: PianoRoll) -> SymbolicCorpus:
    """Read pieces as frames, each a tuple of the MIDI pitches that sound in it.

    Parameters
    ----------
    source
        ``jsb_chorales:PATH``, or a folder (or file) of MIDI, MusicXML or ABC, whose drums are ignored.
    tokens
        Grid and range of the roll. The JSB chorales have one frame per beat, all in C; or four, in their
        keys.

    Raises
    ------
    DataError
        If the source is unknown, or has no usable piece.
    ParameterError
        If the JSB chorales do not have such a grid.
    """
    name, place = source_of(source, ROLL_SOURCES)
    if not name:
        return read_score_corpus(place, lambda score: _to_frames(score, tokens))
    if tokens.steps_per_beat not in JSB_GRIDS:
        raise ParameterError(
            f"The JSB chorales have 1 or 4 frames per beat, got {tokens.steps_per_beat}. "
            "Set steps_per_beat to 1 or 4."
        )
    return jsb_corpus(place, JSB_GRIDS[tokens.steps_per_beat], _frames_of)


def _frames_of(chorale: Chorale) -> Frames:
    """Return the pitches of each step of a chorale, from the lowest, without rests and unisons."""
    return tuple(tuple(sorted({pitch for pitch in step if pitch >= 0})) for step in chorale)


def _to_frames(score: Score, tokens: PianoRoll) -> Frames:
    """Return the pitches of each frame of a score, without drums."""
    notes = [note for note in score.notes if note.channel != DRUM_CHANNEL]
    if not notes:
        raise ScoreError("it has no pitched notes, only drums. Leave it out.")
    roll = tokens.encode(replace(score, notes=notes))
    return tuple(tuple((np.flatnonzero(frame) + tokens.low).tolist()) for frame in roll)


@dataclass(frozen=True, kw_only=True)
class RollRequest(GridRequest):
    """What a user asks of new rolls.

    Examples
    --------
    >>> RollRequest(bars=4).description
    'at temperature 1'
    """


@dataclass(kw_only=True, eq=False)
class RollComposer(FrameComposer):
    """Composer of piano rolls, which also measures the likelihood of other music in nats per frame.

    All settings: `RollSettings`, `Composer`.

    Examples
    --------
    >>> chords = [[60, 64, 67], [60, 65, 69], [59, 62, 67]] * 8
    >>> composer = RollComposer(width=16, n_hidden=8, dropout=0, epochs=30, n_steps=32, max_shift=0, low=48,
    ...                         high=72, learning_rate=0.02, validation_share=0).fit([chords] * 8)
    >>> composer.nats_per_frame([chords]) < composer.nats_per_frame([chords[::-1]])
    True
    >>> composer.sample(RollRequest(bars=2))[0].to_score().duration_beats <= 8
    True
    """

    task: ClassVar[str] = "roll"
    request_class: ClassVar[type[Request]] = RollRequest
    n_parallel: ClassVar[int] = 4

    def read(self, source: str) -> SymbolicCorpus:
        """Read rolls: see `read_roll_corpus`."""
        return read_roll_corpus(source, self.tokenizer)

    def to_generation(self, text: str) -> RollPiece:
        """Return a training piece."""
        return RollPiece(text, self.steps_per_beat)

    def generations(self, request: RollRequest, numbers: range, *, seed: int) -> Sequence[RollPiece]:
        """Generate the pieces of some numbers."""
        pieces = self.sample_frames(
            len(numbers),
            seed=seed,
            first=numbers.start,
            temperature=request.sampling_temperature,
            n_frames=request.n_bars * BAR_BEATS * self.steps_per_beat,
        )
        # As a score, a piece ends with its last note, without the silent frames after it.
        texts = [self.to_text(self.encode(self.decode(frames))) for frames in pieces]
        return [RollPiece(text, self.steps_per_beat) for text in texts]
