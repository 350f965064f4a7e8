"""Notes of a tune in folk tokens as written, without repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.symbolic.folk.bar import lengths_of
from woodshed.symbolic.folk.vocabulary import BAR_LINES, PITCH_PLACES, REST, SIGNATURES, pitch_of
from woodshed.symbolic.spelling import alterations_of


@dataclass(frozen=True, eq=False)
class FolkNotes:
    """Melody of a tune, without repeats; the highest note of each chord.

    Parameters
    ----------
    pitch_midi
        MIDI pitches, shape ``(n_notes,)``.
    duration_beats
        Durations in quarter notes, shape ``(n_notes,)``.
    bar
        Number of the bar of each note, from 1, shape ``(n_notes,)``.
    """

    pitch_midi: NDArray[np.int64]
    duration_beats: NDArray[np.float64]
    bar: NDArray[np.int64]


def folk_notes(tune: str) -> FolkNotes:
    """Return the notes of a tune; an accidental holds to the end of its bar, in its octave.

    Parameters
    ----------
    tune
        Metre, mode and music, as `woodshed.tokens.folk.tokenizer.FolkAbc.decode` returns.

    Examples
    --------
    >>> notes = folk_notes("M:6/8 K:Cmin |: C 3 =E 2 E | z [ C E ] 2 E 3 :|")
    >>> notes.pitch_midi.tolist(), notes.duration_beats.tolist(), notes.bar.tolist()
    ([60, 64, 64, 63, 63], [1.5, 1.0, 0.5, 1.0, 1.5], [1, 1, 1, 2, 2])
    """
    metre, mode, *words = tune.split()
    alterations = alterations_of(SIGNATURES[mode])
    pitches: list[int] = []
    eighths: list[float] = []
    bars: list[int] = []
    for number, inside in enumerate(_bars(words), start=1):
        sounding = _pitches(inside, alterations)
        # Freely sampled tokens may have a chord that is never closed, which has no length.
        for pitch, length in zip(sounding, lengths_of(tuple(inside), metre), strict=False):
            if pitch is not None:
                pitches.append(pitch)
                eighths.append(float(length))
                bars.append(number)
    return FolkNotes(np.array(pitches, np.int64), np.array(eighths) / 2, np.array(bars, np.int64))


def _bars(words: Sequence[str]) -> list[list[str]]:
    """Split tokens at the bar lines, without empty bars."""
    bars: list[list[str]] = [[]]
    for word in words:
        if word not in BAR_LINES:
            bars[-1].append(word)
        elif bars[-1]:
            bars.append([])
    return [bar for bar in bars if bar]


def _pitches(words: Sequence[str], alterations: Sequence[int]) -> list[int | None]:
    """Return the pitch of each event of a bar, None for a rest."""
    altered: dict[int, int] = {}
    pitches: list[int | None] = []
    chord: list[int] | None = None
    for word in words:
        if word == "[":
            chord = []
        elif word == "]" and chord:
            pitches.append(max(chord))
            chord = None
        elif word == REST:
            pitches.append(None)
        elif word in PITCH_PLACES:
            step, accidental = PITCH_PLACES[word]
            if accidental is not None:
                altered[step] = accidental
            pitch = pitch_of(step) + altered.get(step, alterations[step % 7])
            if chord is None:
                pitches.append(pitch)
            else:
                chord.append(pitch)
    return pitches
