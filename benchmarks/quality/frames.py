"""Corpora as frames of a piano roll: the MIDI pitches that sound at each time step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.quality.chord_symbol import read_chord
from woodshed.data.corpora.jsb_chorales import chorales
from woodshed.data.corpora.nottingham import FOLDERS, tune_family
from woodshed.errors import ScoreError
from woodshed.score import Score
from woodshed.symbolic.abc.read import read_abc

Frames = tuple[tuple[int, ...], ...]

LOWEST_ROOT = 43
"""Lowest root of a chord, G; the highest is the F# above."""

SIZES = {"validation": 170, "test": 173}
"""Number of tunes of the validation and test part of Nottingham, as in the usual split."""

STEPS_PER_BEAT = 2

JSB_MADE = """\
Piano roll, **one frame per quarter note**, every chorale transposed to the keynote C: the files and the split
(229 / 76 / 77) of Boulanger-Lewandowski et al. (2012), from the JSB-Chorales-dataset. A frame is the set of
pitches that sound at a quarter note; held and repeated notes are not distinguished, and unisons are one note. As
all pieces have one keynote, there is no transposition during training."""

NOTTINGHAM_MADE = """\
Piano roll, **one frame per eighth note**, every tune transposed to the keynote C by at most six semitones. Derived from the
cleaned ABC files, since the available MIDI files have the melody alone: repeats and endings are played; the pitch of
the melody at each eighth (notes between two eighths are ignored), and the notes of the current chord symbol,
with the root from G2 to F#3 and a different bass below it; the few tunes without chord symbols are melody alone, and
unknown chord symbols are silence. The split is by tune family, in the usual sizes (validation 170, test
173, and the rest), because the usual split belongs to another version of the tunes. **Published values are therefore
only for orientation: they are for other frames**."""


@dataclass(frozen=True)
class Rolls:
    """A corpus in three parts.

    Parameters
    ----------
    name, made
        Name, and description of the frames for the page.
    train, validation, test
        Pieces of frames.
    low, high
        Range of the pitches in the training and validation parts; a test pitch outside raises an error.
    """

    name: str
    made: str
    train: Sequence[Frames]
    validation: Sequence[Frames]
    test: Sequence[Frames]
    low: int
    high: int


def jsb_rolls(data: Path) -> Rolls:
    """Read the chorales on the quarter grid."""
    parts = [list(chorales(data / "jsb_chorales", part)) for part in ("train", "validation", "test")]
    return _rolls("JSB chorales", JSB_MADE, *parts)


def nottingham_rolls(data: Path) -> Rolls:
    """Read the Nottingham tunes with their chords on a grid of eighths, and split them by tune family."""
    root = data / "nottingham"
    folder = next(root / abc for abc, _ in FOLDERS if (root / abc).is_dir())
    families: dict[str, list[Frames]] = {}
    for path in sorted(folder.glob("*.abc")):
        for tune in read_abc(path).tunes:
            families.setdefault(tune_family(tune.title), []).append(tune_frames(tune))
    names = sorted(families)
    left = [names[k] for k in np.random.default_rng(0).permutation(len(names))]
    parts: dict[str, list[Frames]] = {"train": [], "validation": [], "test": []}
    for part, size in SIZES.items():
        while len(parts[part]) < size:
            parts[part] += families[left.pop()]
    parts["train"] = [frames for name in left for frames in families[name]]
    return _rolls("Nottingham", NOTTINGHAM_MADE, parts["train"], parts["validation"], parts["test"])


def tune_frames(tune: Score) -> Frames:
    """Sample a tune at every eighth, transposed to C: the melody, and the notes of the current chord symbol."""
    tonic = tune.keys[0].tonic if tune.keys else 0
    shift = (5 - tonic) % 12 - 5
    n_frames = int(np.ceil(tune.duration_beats * STEPS_PER_BEAT - 1e-6))
    frames: list[set[int]] = [set() for _ in range(n_frames)]
    for note in tune.notes:
        first = int(np.ceil(note.onset_beats * STEPS_PER_BEAT - 1e-6))
        last = int(np.ceil(note.end_beats * STEPS_PER_BEAT - 1e-6))
        for at in range(first, min(last, n_frames)):
            frames[at].add(note.pitch_midi + shift)
    ends = [*(chord.onset_beats for chord in tune.chords[1:]), tune.duration_beats]
    for chord, end in zip(tune.chords, ends, strict=False):
        pitches = chord_pitches(chord.name, shift)
        for at in range(int(np.ceil(chord.onset_beats * STEPS_PER_BEAT - 1e-6)), n_frames):
            if at >= end * STEPS_PER_BEAT - 1e-6:
                break
            frames[at].update(pitches)
    return tuple(tuple(sorted(frame)) for frame in frames)


def chord_pitches(name: str, shift: int) -> list[int]:
    """Return the pitches of a chord symbol, the root from `LOWEST_ROOT` up; none if the symbol is unknown."""
    try:
        root, intervals, bass = read_chord(name)
    except ScoreError:
        return []
    lowest = LOWEST_ROOT + (root + shift - LOWEST_ROOT) % 12
    pitches = [lowest + interval for interval in intervals]
    return pitches if bass == root else [lowest - (root - bass) % 12, *pitches]


def _rolls(name: str, made: str, train: list[Frames], validation: list[Frames], test: list[Frames]) -> Rolls:
    pitches = [pitch for piece in [*train, *validation] for frame in piece for pitch in frame]
    return Rolls(name, made, train, validation, test, min(pitches), max(pitches))
