"""Chroma features: energy of the twelve pitch classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import SpectrumFeature
from woodshed.features.spectral_flux import unit_sum
from woodshed.features.spectral_shape import safe_divide

ChromaNorm = Literal["max", "sum", "none"]

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

# Octaves have Gaussian weights centred on the fifth octave above 27.5 Hz (880 Hz), two octaves wide.
_CENTRE_OCTAVE, _OCTAVE_WIDTH = 5.0, 2.0


@lru_cache(maxsize=16)
def chroma_filters(sample_rate: int, n_fft: int, tuning: float = 0.0) -> Samples:
    """Return the weights that map the bins of a spectrum to pitch classes.

    Each bin has a Gaussian over the pitch classes, centred on its frequency and half a semitone wide, or half
    a bin where bins are wider. The weights of a bin have unit norm, and octaves far from 880 Hz count less.
    Equal to ``librosa.filters.chroma``. Ellis, "Chroma feature analysis and synthesis" (2007).

    Parameters
    ----------
    sample_rate, n_fft
        Settings of the spectrum.
    tuning
        Deviation of the tuning from A = 440 Hz, in semitones.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_bins, 12)``, float32, read-only, from C to B.

    Examples
    --------
    >>> filters = chroma_filters(22050, 4096)
    >>> filters.shape, PITCH_CLASSES[filters[round(440 * 4096 / 22050)].argmax()]
    ((2049, 12), 'A')
    """
    f_hz = np.arange(1, 2 + n_fft // 2) * (sample_rate / n_fft)
    semitone = 12 * np.log2(f_hz / 27.5) - tuning  # above A0
    # 0 Hz has no pitch: as in librosa it lies one and a half octaves below the first bin and is very wide.
    semitone = np.concatenate([[semitone[0] - 18], semitone])
    width = np.maximum(np.diff(semitone), 1.0)
    semitone = semitone[:-1]
    pitch_class = np.arange(12) - 9  # C is nine semitones below A
    distance = np.mod(semitone[:, np.newaxis] - pitch_class + 6, 12) - 6
    weights = np.exp(-0.5 * (2 * distance / width[:, np.newaxis]) ** 2)
    weights /= np.sqrt(np.sum(weights**2, axis=1, keepdims=True))
    octave_weights = np.exp(-0.5 * ((semitone / 12 - _CENTRE_OCTAVE) / _OCTAVE_WIDTH) ** 2)
    filters: Samples = (weights * octave_weights[:, np.newaxis]).astype(np.float32)
    filters.setflags(write=False)
    return filters


def normalise_chroma(chroma: Samples, norm: ChromaNorm) -> Samples:
    """Scale each frame to a maximum or a sum of 1; silent frames stay 0.

    Examples
    --------
    >>> normalise_chroma(np.array([[1, 4, 0], [0, 0, 0]], dtype=np.float32), "max").tolist()
    [[0.25, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if norm == "none":
        return chroma
    if norm == "sum":
        return unit_sum(chroma)
    largest = chroma.max(axis=1, keepdims=True)
    return safe_divide(chroma, np.broadcast_to(largest, chroma.shape))


@dataclass(frozen=True, kw_only=True)
class ChromaSettings(SpectrumFeature):
    """Settings of the features that fold a power spectrum into pitch classes."""

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    tuning: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._finite("tuning")

    def _fold(self, power: Samples) -> Samples:
        return power @ chroma_filters(self.sample_rate, self.n_fft, self.tuning)


@dataclass(frozen=True, kw_only=True)
class Chroma(ChromaSettings):
    """Chroma: energy of the twelve pitch classes in each frame, from C to B.

    ``C(c, t) = Σ w(c, n) P(n, t)`` over the bins ``n``, with power ``P`` and weights ``w`` from
    `chroma_filters`; then normalised frame by frame. No unit; silence has 0. Fujishima (1999); Ellis (2007).
    Equal to ``librosa.feature.chroma_stft`` with the same tuning. librosa estimates the tuning of each clip
    by default; here it is a setting, so that a frame does not depend on the rest of the clip.

    Parameters
    ----------
    norm
        ``max`` (default): the strongest pitch class has 1. ``sum``: the pitch classes sum to 1. ``none``:
        weighted power.
    tuning
        Deviation of the tuning from A = 440 Hz, in semitones; default 0.
    sample_rate
        Required sample rate of clips, in hertz; default 22050.
    n_fft
        Length of the Hann window in samples, even; default 2048 (93 ms).
    hop_length
        Samples from one frame to the next; default 512 (23 ms).

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> PITCH_CLASSES[Chroma()(sine(440, sample_rate=22050))[20].argmax()]
    'A'

    C, E, G and the next C:

    >>> from woodshed.audio import join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> tones_hz = (261.6, 329.6, 392.0, 523.3)
    >>> clip = join([sine(f0_hz, 0.4, sample_rate=22050) for f0_hz in tones_hz])
    >>> feature = Chroma()
    >>> print(text_plot(feature(clip), feature, height=12))
    chroma_*:  ░ 0.2  ▒ 0.4  ▓ 0.6  █ 0.8
     B ┤▒░░░░░░░░░░░░░░▒                              ░
    A# ┤
     A ┤
    G# ┤                               ░░░░░░░░░░░░░░░
     G ┤                              ░███████████████
    F# ┤                              ░░░░░░░░░░░░░░░░
     F ┤               ▒░░░░░░░░░░░░░░▒
     E ┤               ████████████████
    D# ┤               ░░░░░░░░░░░░░░░░
     D ┤
    C# ┤▒░░░░░░░░░░░░░░▒                              ░
     C ┤████████████████                              ██████████████
       └0──────────────────0.5───────────────1──────────────────1.5─ s
    """

    key = "chroma/1"
    norm: ChromaNorm = "max"

    @property
    def gain_invariant(self) -> bool:
        """Whether frames are normalised."""
        return self.norm != "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("norm", ChromaNorm)

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each pitch class."""
        return tuple(f"chroma_{name}" for name in PITCH_CLASSES)

    def _of_power(self, power: Samples) -> Samples:
        return normalise_chroma(self._fold(power), self.norm)


@dataclass(frozen=True, kw_only=True)
class ChromaDeviation(ChromaSettings):
    """Standard deviation of the chroma of each frame: high for few pitch classes, low for many.

    With ``c`` the chroma of a frame, normalised to a sum of 1: ``sqrt(mean (c - 1/12)²)``, from 0 (uniform,
    or silence) to 0.276 (a single pitch class). No unit. Giannakopoulos and Pikrakis (2014).

    Parameters
    ----------
    sample_rate, n_fft, hop_length, tuning
        As in `Chroma`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = sine(440, sample_rate=22050), noise(sample_rate=22050)
    >>> [round(float(ChromaDeviation()(clip)[20, 0]), 1) for clip in clips]
    [0.2, 0.0]

    One tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(440, 0.6, sample_rate=22050), noise(duration_s=0.6, sample_rate=22050)])
    >>> feature = ChromaDeviation()
    >>> print(text_plot(feature(clip), feature))
    chroma_std
    0.2 ┤ ▄▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▄
        │▄█████████████████████████
        │███████████████████████████
    0.1 ┤███████████████████████████
        │███████████████████████████
        │███████████████████████████▆▄▄▄▂▂▂▂▂▂▄▄▂▂▂▂▄▄▂▂▂▂▂▂▄
      0 └0──────────0.25───────0.5───────0.75───────1──────── s
    """

    key = "chroma-deviation/1"
    gain_invariant = True
    names = ("chroma_std",)

    def _of_power(self, power: Samples) -> Samples:
        deviation: Samples = unit_sum(self._fold(power)).std(axis=1)
        return deviation
