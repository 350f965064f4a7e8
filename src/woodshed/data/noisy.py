"""Synthetic noisy data set: clean recordings mixed with noise of several kinds at known levels.

The level of the noise in real recordings is unknown. Mixed onto clean recordings, its kind and the
signal-to-noise ratio are known exactly. No files are written: an example is mixed when it is read, always in
the same way.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.audio.read import read
from woodshed.audio.signals import COLOURS, coloured
from woodshed.clip import Clip
from woodshed.data.example import ChangedExample, Corpus, Example
from woodshed.data.folder import existing_folder, list_sounds
from woodshed.data.licence import licence_beside
from woodshed.errors import DataError, check_choice
from woodshed.units import db_to_amplitude

CLEAN = "clean"
HUM = "hum"
CROWD = "crowd-or-animal"
NOISES = (CROWD, HUM, *COLOURS)
KINDS = (CLEAN, *NOISES)
"""Kinds of noise; ``clean`` is the recording itself."""

SNR_RANGE_DB = (-5.0, 30.0)
"""Range of the uniformly distributed signal-to-noise ratio, in decibels."""

N_VOICES = 6
"""Number of other recordings that are mixed to a crowd."""


@dataclass(frozen=True)
class Mix:
    """Add noise of one kind to a clip at a given signal-to-noise ratio, over the whole clip.

    Parameters
    ----------
    kind
        ``white``, ``pink``, ``brown``, ``hum`` (mains: 50 or 60 Hz with harmonics) or ``crowd-or-animal``
        (recordings).
    snr_db
        Ratio of the mean powers of clip and noise, in decibels.
    seed
        Seed of the noise.
    recordings
        Files to mix for a crowd, each looped from a random position.

    Raises
    ------
    ParameterError
        If there is no such kind.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clean = sine(440)
    >>> added = Mix("pink", 10.0, 0)(clean).samples - clean.samples
    >>> round(float(10 * np.log10(np.mean(clean.samples**2) / np.mean(added**2))), 2)
    10.0
    """

    key: ClassVar[str] = "noise-mix/1"
    kind: str
    snr_db: float
    seed: int
    recordings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("noise", self.kind, NOISES)

    def __call__(self, clip: Clip) -> Clip:
        """Return the clip with noise, the same in all channels."""
        rng = np.random.default_rng(self.seed)
        if self.kind == HUM:
            noise = hum(rng, clip.n_samples, clip.sample_rate)
        elif self.kind == CROWD:
            noise = self._crowd(rng, clip.n_samples, clip.sample_rate)
        else:
            noise = coloured(rng, 1, clip.n_samples, self.kind)[0]
        rms = np.sqrt(np.mean(np.square(clip.samples, dtype=np.float64)))
        noise = noise * rms / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-12)
        mixed = clip.samples + db_to_amplitude(-self.snr_db) * noise
        return replace(clip, samples=mixed.astype(np.float32))

    def _crowd(self, rng: np.random.Generator, n_samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return a mix of the recordings at equal RMS levels, shape ``(n_samples,)``."""
        crowd = np.zeros(n_samples)
        for path in self.recordings:
            voice = resample(read(path, mono=True), sample_rate).mono().astype(np.float64)
            places = (rng.integers(len(voice)) + np.arange(n_samples)) % len(voice)
            crowd += voice[places] / max(float(np.sqrt(np.mean(np.square(voice)))), 1e-9)
        return crowd


def hum(rng: np.random.Generator, n_samples: int, sample_rate: int) -> NDArray[np.float64]:
    """Return random mains hum, shape ``(n_samples,)``: 50 or 60 Hz with up to nine weaker harmonics.

    Examples
    --------
    >>> noise = hum(np.random.default_rng(0), 8000, 8000)
    >>> int(np.abs(np.fft.rfft(noise)).argmax()) % 10
    0
    """
    f0_hz = rng.choice([50.0, 60.0])
    numbers = np.arange(1, rng.integers(4, 11))
    numbers = numbers[numbers * f0_hz < sample_rate / 2]
    levels = rng.uniform(0.3, 1.0, len(numbers)) / numbers ** rng.uniform(0.3, 1.2)
    phases = rng.uniform(0, 2 * np.pi, len(numbers))
    time_s = np.arange(n_samples) / sample_rate
    waves = np.sin(2 * np.pi * f0_hz * np.outer(numbers, time_s) + phases[:, np.newaxis])
    return np.asarray(levels @ waves)


def noisy_examples(clean: Sequence[Example], *, seed: int = 0) -> tuple[Example, ...]:
    """Make six examples of each clean one: the original, and one with each kind of noise at a random level.

    Parameters
    ----------
    clean
        Recordings almost without noise; their labels are ignored. A crowd is a mix of six others of them.
    seed
        Seed of all random draws.

    Returns
    -------
    tuple of Example
        The label is the kind of noise, the value ``snr_db`` the signal-to-noise ratio (missing for clean
        ones), and the group the original recording.

    Raises
    ------
    DataError
        If there are fewer than two recordings.
    """
    if len(clean) < 2:
        raise DataError(f"A noisy corpus needs at least two clean recordings, got {len(clean)}. Record more.")
    rng = np.random.default_rng(seed)
    examples: list[Example] = []
    for place, example in enumerate(clean):
        group = f"{example.path.stem} {place}" if example.group is None else example.group
        examples.append(replace(example, label=CLEAN, group=group, labels=(), values={}, split=None))
        for kind in NOISES:
            snr_db = round(float(rng.uniform(*SNR_RANGE_DB)), 3)
            crowd: tuple[str, ...] = ()
            if kind == CROWD:
                others = rng.choice(len(clean) - 1, min(N_VOICES, len(clean) - 1), replace=False)
                crowd = tuple(str(clean[k + (k >= place)].path) for k in others.tolist())
            examples.append(
                ChangedExample(
                    example.path,
                    kind,
                    group,
                    start_s=example.start_s,
                    end_s=example.end_s,
                    values={"snr_db": snr_db},
                    change=Mix(kind, snr_db, int(rng.integers(1 << 31)), crowd),
                )
            )
    return tuple(examples)


def load(folder: str | os.PathLike[str]) -> Corpus:
    """Make a noisy corpus from all audio files below a folder of clean recordings.

    Raises
    ------
    DataError
        If the folder does not exist or contains fewer than two audio files.
    """
    root = existing_folder(folder)
    clean = [Example(path, group=str(path.relative_to(root))) for path in list_sounds([root])]
    return Corpus("noisy", noisy_examples(clean), licence=licence_beside(root), group_word="recording")
