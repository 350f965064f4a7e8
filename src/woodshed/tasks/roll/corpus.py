"""Rolls to learn from: the JSB chorales with their official split, or a folder of score files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from woodshed.data.corpora import jsb_chorales
from woodshed.data.corpora.nottingham import tune_family
from woodshed.data.example import Skipped
from woodshed.data.symbolic_corpus import PARTS, SymbolicCorpus, each_usable, score_paths, source_of
from woodshed.errors import ParameterError, ScoreError
from woodshed.score import DRUM_CHANNEL
from woodshed.symbolic.file import read_scores
from woodshed.tokens.roll import PianoRoll

ROLL_SOURCES = ("jsb_chorales",)

Frames = tuple[tuple[int, ...], ...]
"""The MIDI pitches of each frame."""


def read_roll_corpus(source: str, tokens: PianoRoll) -> SymbolicCorpus:
    """Read pieces as frames, each a tuple of the MIDI pitches that sound in it.

    Parameters
    ----------
    source
        ``jsb_chorales:PATH``, or a folder (or file) of MIDI, MusicXML or ABC; drums are left out there.
    tokens
        Grid and range of the roll. The JSB chorales have one frame a beat, all in C; or four, in their keys.

    Raises
    ------
    DataError
        If the source is unknown, or has no piece that can be used.
    ParameterError
        If the chorales have no such grid.
    """
    name, place = source_of(source, ROLL_SOURCES)
    if name:
        return _jsb(place, tokens.steps_per_beat)
    skipped: list[Skipped] = []
    rows = list(each_usable(score_paths(place), lambda path: _rolls_of(path, tokens), skipped))
    single = {frames: (title, family) for frames, title, family in reversed(rows)}
    return SymbolicCorpus(
        Path(place).name,
        tuple(single)[::-1],
        tuple(title for title, _ in single.values())[::-1],
        tuple(family for _, family in single.values())[::-1],
        skipped=tuple(skipped),
        n_copies=len(rows) - len(single),
    )


def _jsb(place: str, steps_per_beat: int) -> SymbolicCorpus:
    grids = {1: "quarter", 4: "sixteenth"}
    if steps_per_beat not in grids:
        raise ParameterError(
            f"The JSB chorales have 1 or 4 frames in a beat, not {steps_per_beat}. Set --steps-per-beat to 1 "
            "or 4."
        )
    pieces, titles, parts = [], [], []
    for part in PARTS:
        for k, piece in enumerate(jsb_chorales.chorales(place, part, grid=grids[steps_per_beat]), start=1):
            pieces.append(tuple(tuple(sorted({pitch for pitch in step if pitch >= 0})) for step in piece))
            titles.append(f"chorale {k} of the {part} part")
            parts.append(part)
    return SymbolicCorpus(
        "jsb_chorales",
        tuple(pieces),
        tuple(titles),
        tuple(titles),
        parts=tuple(parts),
        licence=jsb_chorales.FACTS.licence,
        citation=jsb_chorales.FACTS.citation,
    )


def _rolls_of(path: Path, tokens: PianoRoll) -> Iterator[tuple[Frames, str, str]]:
    """Yield frames, title and family of each piece of a file."""
    for score in read_scores(path):
        notes = [note for note in score.notes if note.channel != DRUM_CHANNEL]
        if not notes:
            raise ScoreError("it has drums only, and a roll is of pitches. Leave it out.")
        roll = tokens.encode(replace(score, notes=notes))
        title = score.title or path.stem
        frames = tuple(tuple((np.flatnonzero(frame) + tokens.low).tolist()) for frame in roll)
        yield frames, title, tune_family(title)
