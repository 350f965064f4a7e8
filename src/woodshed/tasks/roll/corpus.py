"""Training corpora of piano rolls: the JSB chorales with their official split, or a folder of score files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from woodshed.data.corpora.nottingham import tune_family
from woodshed.data.symbolic_corpus import SymbolicCorpus, jsb_corpus, read_score_corpus, source_of
from woodshed.errors import ParameterError, ScoreError
from woodshed.score import DRUM_CHANNEL
from woodshed.symbolic.file import read_scores
from woodshed.tokens.roll import PianoRoll

ROLL_SOURCES = ("jsb_chorales",)
"""Corpora that can be named in place of a folder."""

JSB_GRIDS = {1: "quarter", 4: "sixteenth"}
"""Frames per beat -> the version of the JSB chorales."""

Frames = tuple[tuple[int, ...], ...]
"""The MIDI pitches of each frame."""


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
    if name:
        return _jsb_corpus(place, tokens.steps_per_beat)
    return read_score_corpus(place, lambda path: _read_rolls(path, tokens))


def _jsb_corpus(place: str, steps_per_beat: int) -> SymbolicCorpus:
    if steps_per_beat not in JSB_GRIDS:
        raise ParameterError(
            f"The JSB chorales have 1 or 4 frames per beat, got {steps_per_beat}. "
            "Set steps_per_beat to 1 or 4."
        )
    return jsb_corpus(
        place,
        JSB_GRIDS[steps_per_beat],
        lambda piece: tuple(tuple(sorted({pitch for pitch in step if pitch >= 0})) for step in piece),
    )


def _read_rolls(path: Path, tokens: PianoRoll) -> Iterator[tuple[Frames, str, str]]:
    """Yield frames, title and family of each piece of a file."""
    for score in read_scores(path):
        notes = [note for note in score.notes if note.channel != DRUM_CHANNEL]
        if not notes:
            raise ScoreError("it has no pitched notes, only drums. Remove it.")
        roll = tokens.encode(replace(score, notes=notes))
        title = score.title or path.stem
        frames = tuple(tuple((np.flatnonzero(frame) + tokens.low).tolist()) for frame in roll)
        yield frames, title, tune_family(title)
