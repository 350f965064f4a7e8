"""Small random changes to a clip that do not change what it is: more to learn from than was recorded.

Each change is a frozen dataclass that is called with a clip and a random generator and returns a clip of the
same rate and number of channels. Used on the training part only, and drawn anew in every epoch.

>>> louder_or_softer = Gain(-6.0, 6.0)
>>> clip = louder_or_softer(Clip(np.ones(4), 8000), np.random.default_rng(0))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import scipy.fft

from woodshed.audio import edit
from woodshed.audio.signals import COLOURS, coloured
from woodshed.clip import Clip
from woodshed.errors import ParameterError, near_miss
from woodshed.units import db_to_amplitude, s_to_samples

WaveformAugmentation = Callable[[Clip, np.random.Generator], Clip]

LOWEST_TONE_HZ = 62.5
"""`Tone` sets one gain at this frequency and at every octave above it."""


@dataclass(frozen=True)
class Gain:
    """Make the clip louder or softer, by a gain drawn evenly between two in decibels.

    Examples
    --------
    >>> Gain(20.0, 20.0)(Clip(np.full(2, 0.05), 8000), np.random.default_rng(0)).samples.tolist()
    [[0.5, 0.5]]
    """

    key: ClassVar[str] = "gain/1"
    min_db: float = -6.0
    max_db: float = 6.0

    def __post_init__(self) -> None:
        _check_order(self, "min_db", "max_db")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip at its new level."""
        return edit.gain(clip, rng.uniform(self.min_db, self.max_db))


@dataclass(frozen=True)
class Shift:
    """Move the sound earlier or later in the clip; what falls off is lost, what opens up is silent.

    Parameters
    ----------
    max_s
        The largest move in seconds; the move is drawn evenly between ``-max_s`` and ``max_s``.

    Examples
    --------
    >>> clip = Clip(np.arange(1, 9), 8)
    >>> Shift(0.25)(clip, np.random.default_rng(0)).samples.tolist()
    [[0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]
    """

    key: ClassVar[str] = "shift/1"
    max_s: float = 0.1

    def __post_init__(self) -> None:
        if self.max_s < 0:
            raise ParameterError(f"Shift expects max_s of 0 or more, got {self.max_s!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip with its sound moved; the length stays."""
        most = min(s_to_samples(self.max_s, clip.sample_rate), clip.n_samples - 1)
        later = int(rng.integers(-most, most + 1))
        moved = np.zeros_like(clip.samples)
        if later >= 0:
            moved[:, later:] = clip.samples[:, : clip.n_samples - later]
        else:
            moved[:, :later] = clip.samples[:, -later:]
        return replace(clip, samples=moved)


@dataclass(frozen=True)
class Speed:
    """Play faster or slower, as a tape does: tempo, pitch and formants move together, the length changes.

    The cheap and strong change for speech of T. Ko, V. Peddinti, D. Povey, S. Khudanpur, *Audio augmentation
    for speech recognition*, Interspeech 2015 (there 0.9, 1.0 and 1.1; here any factor between the two).

    Examples
    --------
    >>> Speed(1.1, 1.1)(Clip(np.zeros(8800), 8000), np.random.default_rng(0)).n_samples
    8000
    """

    key: ClassVar[str] = "speed/1"
    min_factor: float = 0.9
    max_factor: float = 1.1

    def __post_init__(self) -> None:
        _check_order(self, "min_factor", "max_factor")
        if self.min_factor <= 0:
            raise ParameterError(f"Speed expects positive factors, got min_factor={self.min_factor!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip at its new speed."""
        return edit.change_speed(clip, rng.uniform(self.min_factor, self.max_factor))


@dataclass(frozen=True)
class Noise:
    """Add noise at a signal-to-noise ratio drawn evenly between two, in decibels.

    The ratio is that of mean powers over the whole clip and all its channels. Digital silence stays silent.

    Parameters
    ----------
    min_snr_db, max_snr_db
        The smaller, the noisier; 0 is as much noise as sound.
    colour
        ``white``, ``pink`` or ``brown``.

    Examples
    --------
    >>> clip = Clip(np.ones(8000), 8000)
    >>> noisy = Noise(20.0, 20.0)(clip, np.random.default_rng(0))
    >>> round(float(10 * np.log10(1 / np.mean((noisy.samples - clip.samples) ** 2))), 2)
    20.0
    """

    key: ClassVar[str] = "noise/1"
    min_snr_db: float = 10.0
    max_snr_db: float = 30.0
    colour: str = "pink"

    def __post_init__(self) -> None:
        _check_order(self, "min_snr_db", "max_snr_db")
        if self.colour not in COLOURS:
            raise ParameterError(f"Noise has no colour {self.colour!r}. {near_miss(self.colour, COLOURS)}")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip with noise in each channel."""
        snr_db = rng.uniform(self.min_snr_db, self.max_snr_db)
        rms = float(np.sqrt(np.mean(np.square(clip.samples, dtype=np.float64))))
        noise = coloured(rng, clip.n_channels, clip.n_samples, self.colour)
        noisy = clip.samples + rms * db_to_amplitude(-snr_db) * noise
        return replace(clip, samples=noisy.astype(np.float32))


@dataclass(frozen=True)
class Tone:
    """Colour the sound a little, as another microphone or room would: a random, gentle equaliser.

    One gain is drawn evenly between ``-max_db`` and ``max_db`` for 62.5 Hz and each octave above it; between
    them the gain in decibels is linear in octaves. Phases stay, and nothing wraps around the ends.

    Examples
    --------
    >>> toned = Tone(6.0)(Clip(np.ones(8000), 8000), np.random.default_rng(1))
    >>> round(float(20 * np.log10(toned.samples[0, 4000])), 1)
    0.1
    """

    key: ClassVar[str] = "tone/1"
    max_db: float = 6.0

    def __post_init__(self) -> None:
        if self.max_db < 0:
            raise ParameterError(f"Tone expects max_db of 0 or more, got {self.max_db!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip with its balance of low and high changed."""
        n_octaves = max(1, int(np.ceil(np.log2(clip.sample_rate / 2 / LOWEST_TONE_HZ))))
        gains_db = rng.uniform(-self.max_db, self.max_db, n_octaves + 1)
        # The filter rings symmetrically for a few milliseconds; half a clip of zeros takes in both ends.
        n_fft = scipy.fft.next_fast_len(clip.n_samples + max(clip.n_samples // 2, clip.sample_rate // 10))
        frequency_hz = np.fft.rfftfreq(n_fft, 1 / clip.sample_rate)
        octave = np.log2(np.maximum(frequency_hz, LOWEST_TONE_HZ) / LOWEST_TONE_HZ)
        response = 10 ** (np.interp(octave, np.arange(n_octaves + 1), gains_db) / 20)
        samples = scipy.fft.irfft(scipy.fft.rfft(clip.samples, n_fft) * response, n_fft)
        return replace(clip, samples=samples[:, : clip.n_samples].astype(np.float32))


@dataclass(frozen=True)
class Chain:
    """Apply several changes in order, each with the same probability.

    Parameters
    ----------
    changes
        Any callables ``(clip, rng) -> clip``.
    probability
        How often each of them is applied, 0 to 1.

    Examples
    --------
    >>> chain = Chain((Gain(20.0, 20.0), Gain(-20.0, -20.0)))
    >>> chain(Clip(np.ones(2), 8000), np.random.default_rng(0)).samples.tolist()
    [[1.0, 1.0]]
    """

    key: ClassVar[str] = "chain/1"
    changes: tuple[WaveformAugmentation, ...]
    probability: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ParameterError(f"Chain expects a probability from 0 to 1, got {self.probability!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip after all changes whose lot was drawn."""
        for change in self.changes:
            if rng.random() < self.probability:
                clip = change(clip, rng)
        return clip


def _check_order(change: object, low: str, high: str) -> None:
    if not getattr(change, low) <= getattr(change, high):
        raise ParameterError(
            f"{type(change).__name__} expects {low} not above {high}, "
            f"got {getattr(change, low)!r} and {getattr(change, high)!r}."
        )
