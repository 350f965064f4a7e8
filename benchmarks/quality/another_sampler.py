"""Notes and phrases played by samplers that are not in the training data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from woodshed.audio.augmentation import Attack, Band, Chain, Gain, Noise, Room, Tone
from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import Example
from woodshed.score import Note, Program, Score, Tempo
from woodshed.symbolic.rendering import render
from woodshed.units import s_to_samples

PROGRAMS = {
    "guitar": 24,
    "violin": 40,
    "viola": 41,
    "cello": 42,
    "double bass": 43,
    "trumpet": 56,
    "trombone": 57,
    "tuba": 58,
    "french horn": 60,
    "alto saxophone": 65,
    "oboe": 68,
    "bassoon": 70,
    "clarinet": 71,
    "flute": 73,
}
"""The General MIDI program of each instrument of instrument_notes."""

FONTS = {
    "TimGM6mb.sf2": "used for the choice of settings, among others",
    "sf_GMbank.sf2": "not used for any choice",
}
"""SoundFonts with other recordings than instrument_notes -> their part in the choice of the recipe."""

FONT_FOLDER = Path("/usr/share/sounds/sf2")
"""Where Debian installs SoundFonts."""

NOTE_S = 1.25
N_PHRASES = 10
"""Number of phrases of each instrument."""

VELOCITIES = (45, 80, 115)
STEPS = (-4, -2, -1, 1, 2, 3, 5)
"""Intervals between the notes of a phrase in semitones, drawn with equal probability."""

LENGTHS_S = (0.2, 0.25, 0.4, 0.5, 0.75, 1.0)

ELSEWHERE = Chain(
    (
        Chain((Attack(0.1, 0.05),), probability=0.5),
        Chain((Tone(8.0),), probability=0.9),
        Chain((Room(0.2, 1.0, 0.0, 15.0),), probability=0.6),
        Chain((Band(),), probability=0.3),
        Chain((Noise(15.0, 40.0),), probability=0.6),
        Gain(-20.0, 6.0),
    )
)
"""Simulated recording conditions: another room and microphone, noise, another level."""


@dataclass(frozen=True)
class LabelledClips:
    """Clips of one sample rate, and the instrument of each."""

    clips: Sequence[Clip]
    labels: Sequence[str]

    def elsewhere(self, seed: int = 0) -> LabelledClips:
        """Return the clips with simulated recording conditions, drawn for each clip."""
        rng = np.random.default_rng(seed)
        return replace(self, clips=[ELSEWHERE(clip, rng) for clip in self.clips])


def find_fonts(folder: Path) -> dict[str, Path]:
    """Return the paths of the fonts that are present; none if the package that plays them is missing."""
    if find_spec("tinysoundfont") is None:
        return {}
    return {name: folder / name for name in FONTS if (folder / name).is_file()}


def pitch_ranges(notes: Sequence[Example]) -> dict[str, list[int]]:
    """Return the MIDI pitches of each instrument of instrument_notes, sorted."""
    pitches: dict[str, set[int]] = {}
    for note in notes:
        pitches.setdefault(note.label, set()).add(int(str(note.group)))
    return {name: sorted(of) for name, of in pitches.items()}


def play_notes(font: Path, ranges: Mapping[str, Sequence[int]], sample_rate: int) -> LabelledClips:
    """Play every pitch of every instrument once, as long as the notes of instrument_notes.

    Parameters
    ----------
    font
        The SoundFont.
    ranges
        Instrument -> its MIDI pitches.
    sample_rate
        Sample rate of the clips in hertz.
    """
    clips, labels = [], []
    for name, pitches in ranges.items():
        lines = [
            [(0.0, NOTE_S, pitch, VELOCITIES[k % len(VELOCITIES)])] for k, pitch in enumerate(sorted(pitches))
        ]
        clips += list(_play(font, name, lines, NOTE_S, sample_rate))
        labels += [name] * len(lines)
    return LabelledClips(clips, labels)


def play_phrases(
    font: Path, ranges: Mapping[str, Sequence[int]], sample_rate: int, *, seed: int = 0
) -> LabelledClips:
    """Play synthetic phrases of four to eight notes within the range of each instrument."""
    rng = np.random.default_rng(seed)
    clips, labels = [], []
    for name, pitches in ranges.items():
        lines = [_phrase(min(pitches), max(pitches), rng) for _ in range(N_PHRASES)]
        clips += list(_play(font, name, lines, 0.2, sample_rate))
        labels += [name] * len(lines)
    return LabelledClips(clips, labels)


Line = list[tuple[float, float, int, int]]
"""Notes of a line: onset and duration in seconds, MIDI pitch, velocity."""


def _phrase(lowest: int, highest: int, rng: np.random.Generator) -> Line:
    line: Line = []
    now_s, pitch = 0.0, int(rng.integers(lowest, highest + 1))
    for _ in range(rng.integers(4, 9)):
        length_s = float(rng.choice(LENGTHS_S))
        line.append((now_s, length_s * float(rng.uniform(0.7, 1.0)), pitch, int(rng.integers(50, 110))))
        now_s += length_s
        pitch = int(np.clip(pitch + rng.choice(STEPS), lowest, highest))
    return line


def _play(font: Path, name: str, lines: Sequence[Line], least_s: float, sample_rate: int) -> Iterator[Clip]:
    """Render lines in one score, separated by a second, and yield the clip of each."""
    notes, places, start_s = [], [], 0.0
    for line in lines:
        # At 60 beats a minute a beat is a second.
        notes += [Note(start_s + on, length, pitch, velocity) for on, length, pitch, velocity in line]
        last_s = line[-1][0] + (least_s if len(line) == 1 else least_s + line[-1][1])
        places.append((start_s, start_s + last_s))
        start_s += last_s + 1.0
    score = Score(notes, tempos=[Tempo(0, 60)], programs=[Program(0, 0, PROGRAMS[name])])
    whole = resample(render(score, 44100, font, mono=True), sample_rate)
    for start, stop in places:
        first, last = s_to_samples(start, sample_rate), s_to_samples(stop, sample_rate)
        yield replace(whole, samples=whole.samples[:, first:last])
