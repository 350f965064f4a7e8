"""Training corpora of chorales: the JSB chorales with their official split, or a folder of score files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from woodshed.data.corpora.nottingham import tune_family
from woodshed.data.symbolic_corpus import SymbolicCorpus, jsb_corpus, read_score_corpus, source_of
from woodshed.errors import ParameterError, ScoreError
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.file import read_scores
from woodshed.symbolic.four_voices import VOICES, as_voices
from woodshed.tokens.chorale import ChoraleGrid

CHORALE_SOURCES = ("jsb_chorales",)
"""Corpora that can be named in place of a folder."""

JSB_STEPS_PER_BEAT = 4

Grid = NDArray[np.int32]


def read_chorale_corpus(source: str, steps_per_beat: int = 4) -> SymbolicCorpus:
    """Read chorales as grids: the MIDI pitches that sound at each step, shape ``(n_steps, 4)``; -1 is a rest.

    Parameters
    ----------
    source
        ``jsb_chorales:PATH``, or a folder (or file) of MIDI, MusicXML or ABC, where the parts are assigned to
        voices by their names or else by their mean pitches.
    steps_per_beat
        Steps in a quarter note. The JSB chorales have four, which can be subsampled to 2 or 1.

    Raises
    ------
    DataError
        If the source is unknown, or has no usable chorale.
    ParameterError
        If the JSB chorales cannot have such a grid.
    """
    name, place = source_of(source, CHORALE_SOURCES)
    if name:
        return _jsb_corpus(place, steps_per_beat)
    return read_score_corpus(
        place, lambda path: _read_chorales(path, steps_per_beat), key=lambda grid: grid.tobytes()
    )


def _jsb_corpus(place: str, steps_per_beat: int) -> SymbolicCorpus:
    if JSB_STEPS_PER_BEAT % steps_per_beat:
        raise ParameterError(
            f"The JSB chorales have {JSB_STEPS_PER_BEAT} steps per beat. Set steps_per_beat to 4, 2 or 1, "
            f"got {steps_per_beat}."
        )
    step = JSB_STEPS_PER_BEAT // steps_per_beat
    return jsb_corpus(place, "sixteenth", lambda piece: np.array(piece, np.int32)[::step])


def _read_chorales(path: Path, steps_per_beat: int) -> Iterator[tuple[Grid, str, str]]:
    """Yield grid, title and family of each piece of a file."""
    tokens = ChoraleGrid(steps_per_beat)
    for score in read_scores(path):
        grid = tokens.ids_to_grid(tokens.encode(_to_four_voices(score)))
        title = score.title or path.stem
        yield grid, title, tune_family(title)


def _to_four_voices(score: Score) -> Score:
    """Move the parts of a chorale to the channels 0 to 3."""
    channels = sorted({note.channel for note in score.notes} - {DRUM_CHANNEL})
    if len(channels) != len(VOICES):
        raise ScoreError(
            f"expected four parts, each in its own channel, got {len(channels)}. Split it by voices, or "
            "remove it."
        )
    try:
        return as_voices(score)
    except (ScoreError, ParameterError):  # the names of the parts are unclear
        heights = [
            np.mean([note.pitch_midi for note in score.notes if note.channel == channel])
            for channel in channels
        ]
        names = [VOICES[place] for place in np.argsort(np.argsort([-height for height in heights]))]
        return as_voices(score, names)
