"""Chorales to learn from: the JSB chorales with their official split, or a folder of score files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.corpora import jsb_chorales
from woodshed.data.corpora.nottingham import tune_family
from woodshed.data.example import Skipped
from woodshed.data.symbolic_corpus import PARTS, SymbolicCorpus, each_usable, score_paths, source_of
from woodshed.errors import ParameterError, ScoreError
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.file import read_scores
from woodshed.symbolic.four_voices import VOICES, as_voices
from woodshed.tokens.chorale import ChoraleGrid

CHORALE_SOURCES = ("jsb_chorales",)

Grid = NDArray[np.int32]


def read_chorale_corpus(source: str, steps_per_beat: int = 4) -> SymbolicCorpus:
    """Read chorales as grids: MIDI pitches that sound at each step, shape ``(n_steps, 4)``; -1 is silence.

    Parameters
    ----------
    source
        ``jsb_chorales:PATH``, or a folder (or file) of MIDI, MusicXML or ABC. There the names of the parts
        tell the voices; of four parts without such names, the highest is the soprano, and so on.
    steps_per_beat
        Steps in a quarter note. The JSB chorales have four, of which others are taken evenly.

    Raises
    ------
    DataError
        If the source is unknown, or has no chorale that can be used.
    """
    name, place = source_of(source, CHORALE_SOURCES)
    if name:
        return _jsb(place, steps_per_beat)
    skipped: list[Skipped] = []
    rows: list[tuple[Grid, str, str]] = list(
        each_usable(score_paths(place), lambda path: _chorales_of(path, steps_per_beat), skipped)
    )
    single = {grid.tobytes(): (grid, title, family) for grid, title, family in reversed(rows)}
    grids, titles, families = zip(*list(single.values())[::-1], strict=True) if single else ((), (), ())
    return SymbolicCorpus(
        Path(place).name,
        tuple(grids),
        tuple(titles),
        tuple(families),
        skipped=tuple(skipped),
        n_copies=len(rows) - len(single),
    )


def _jsb(place: str, steps_per_beat: int) -> SymbolicCorpus:
    if 4 % steps_per_beat:
        raise ParameterError(
            f"The JSB chorales have 4 steps in a beat, of which {steps_per_beat} cannot be taken: 4, 2 or 1."
        )
    every = 4 // steps_per_beat
    rows: list[tuple[Any, str, str]] = []
    for part in PARTS:
        for k, piece in enumerate(jsb_chorales.chorales(place, part, grid="sixteenth"), start=1):
            rows.append((np.array(piece, np.int32)[::every], f"chorale {k} of the {part} part", part))
    pieces, titles, parts = zip(*rows, strict=True)
    return SymbolicCorpus(
        "jsb_chorales",
        pieces,
        titles,
        titles,
        parts=parts,
        licence=jsb_chorales.FACTS.licence,
        citation=jsb_chorales.FACTS.citation,
    )


def _chorales_of(path: Path, steps_per_beat: int) -> Iterator[tuple[Grid, str, str]]:
    """Yield grid, title and family of each piece of a file."""
    tokens = ChoraleGrid(steps_per_beat)
    for score in read_scores(path):
        grid = tokens.ids_to_grid(tokens.encode(_four_parts(score)))
        title = score.title or path.stem
        yield grid, title, tune_family(title)


def _four_parts(score: Score) -> Score:
    """Put the parts of a chorale on the channels 0 to 3."""
    channels = sorted({note.channel for note in score.notes} - {DRUM_CHANNEL})
    if len(channels) != len(VOICES):
        raise ScoreError(
            f"a chorale has four parts, each in a channel of its own; here there are {len(channels)}. Split "
            "it by voices, or leave it out."
        )
    try:
        return as_voices(score)
    except (ScoreError, ParameterError):  # the names do not tell
        heights = [
            np.mean([note.pitch_midi for note in score.notes if note.channel == channel])
            for channel in channels
        ]
        names = [VOICES[place] for place in np.argsort(np.argsort([-height for height in heights]))]
        return as_voices(score, names)
