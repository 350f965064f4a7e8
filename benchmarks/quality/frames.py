"""Corpora as frames of a piano roll, each told by the MIDI pitches that sound in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from woodshed.data.corpora.jsb_chorales import chorales
from woodshed.data.corpora.nottingham import FOLDERS, tune_family
from woodshed.errors import ScoreError
from woodshed.score import Score
from woodshed.symbolic.abc.read import read_abc
from woodshed.symbolic.chord_symbol import read_chord

Frames = tuple[tuple[int, ...], ...]

LOWEST_ROOT = 43
"""Chords have their roots from this G up to the F# above."""

SIZES = {"validation": 170, "test": 173}
"""Tunes in these parts of the Nottingham corpus, as in the usual split; the others are the training part."""

STEPS_PER_BEAT = 2

JSB_MADE = """\
Piano roll, **one frame a quarter note**, every chorale moved so that its keynote is C: the files and the split
(229 / 76 / 77) of Boulanger-Lewandowski et al. (2012), as the JSB-Chorales-dataset has them. A frame is the set of the
pitches that sound at a quarter note; a held note and one struck again are alike, and voices that meet are one. As
all pieces have one keynote, nothing is transposed while learning."""

NOTTINGHAM_MADE = """\
Piano roll, **one frame an eighth note**, every tune moved to the keynote C by at most six semitones. Made here from the
cleaned ABC files, since the MIDI files of our copy hold the melody alone: repeats and endings are played; the melody's
pitch at each eighth (what lies between two of them is not seen), and the notes of the last chord symbol until the next,
with the root from G2 to F#3, and another bass below it; the few tunes without chord symbols are melody alone, and chord
symbols that are not understood are silence. The split is ours, by tune family, in the usual sizes (validation 170, test
173, and the rest), because the usual split belongs to another version of the tunes. So **published values stand beside
ours for orientation; they are of other frames**."""


@dataclass(frozen=True)
class Rolls:
    """A corpus in three parts.

    Parameters
    ----------
    name, made
        What it is called; and how the frames are made, for the page.
    train, validation, test
        Pieces of frames.
    low, high
        Range of the pitches in the training and validation parts; a test pitch beyond would be an error.
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
    """Sample a tune at every eighth, its keynote moved to C: the melody, and the last chord symbol's notes."""
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
    """Lay out a chord: its root at `LOWEST_ROOT` or above, another bass below that; none if it is unknown."""
    try:
        root, intervals, bass = read_chord(name)
    except ScoreError:
        return []
    lowest = LOWEST_ROOT + (root + shift - LOWEST_ROOT) % 12
    pitches = [lowest + interval for interval in intervals]
    return pitches if bass == root else [lowest - (root - bass) % 12, *pitches]


def _rolls(name: str, made: str, train: list[Frames], validation: list[Frames], test: list[Frames]) -> Rolls:
    heard = [pitch for piece in [*train, *validation] for frame in piece for pitch in frame]
    return Rolls(name, made, train, validation, test, min(heard), max(heard))
