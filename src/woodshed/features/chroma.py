"""Chroma, constant-Q transform and tonal centroids."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import EvenNumber, FrameFeature, SpectrumFeature, load_librosa
from woodshed.features.spectral_shape import safe_divide, unit_sum
from woodshed.features.stft import C1_HZ
from woodshed.features.validation import check_between
from woodshed.units import PITCH_CLASSES

ChromaNorm = Literal["max", "sum", "none"]

CHROMA_NAMES = tuple(f"chroma_{name}" for name in PITCH_CLASSES)

# Half of the bandwidth of a Hann window, in bins.
_HALF_HANN = 0.75

_CENTRE_HZ, _SPREAD = 880.0, 2.0  # weight of the octaves: mean, and standard deviation in octaves
_BELOW = 18  # semitones from bin 1 down to bin 0, which has no pitch


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
    bins_hz = np.arange(1, n_fft) * (sample_rate / n_fft)
    pitch = 12 * np.log2(bins_hz / C1_HZ) - tuning  # in semitones above C1
    pitch = np.concatenate([[pitch[0] - _BELOW], pitch])
    width = np.concatenate([np.maximum(np.diff(pitch), 1), [1]])
    distance = (pitch[:, np.newaxis] - np.arange(12) + 6) % 12 - 6
    weights = np.exp(-2 * np.square(distance / width[:, np.newaxis]))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    octaves = pitch / 12 - np.log2(_CENTRE_HZ / C1_HZ)
    weights *= np.exp(-0.5 * np.square(octaves / _SPREAD))[:, np.newaxis]
    filters: Samples = np.ascontiguousarray(weights[: n_fft // 2 + 1], dtype=np.float32)
    filters.setflags(write=False)
    return filters


@dataclass(frozen=True, kw_only=True)
class ChromaSettings(SpectrumFeature):
    """Settings of the features that fold a power spectrum into pitch classes."""

    sample_rate: int = 22050
    n_fft: EvenNumber = 2048
    hop_length: int = 512
    tuning: float = 0.0

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
    names = CHROMA_NAMES
    norm: ChromaNorm = "max"

    @property
    def gain_invariant(self) -> bool:
        """Whether frames are normalised."""
        return self.norm != "none"

    def _of_power(self, power: Samples) -> Samples:
        chroma = self._fold(power)
        if self.norm == "none":
            return chroma
        if self.norm == "sum":
            return unit_sum(chroma)
        return safe_divide(chroma, chroma.max(axis=1, keepdims=True))


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


@dataclass(frozen=True, kw_only=True)
class CqtSettings(FrameFeature):
    """Settings and computation of the constant-Q transform."""

    sample_rate: int = 22050
    hop_length: int = 512
    f_min_hz: float = C1_HZ

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between(type(self).__name__, "f_min_hz", self.f_min_hz, 0, self.sample_rate / 2)
        n_bins, per_octave = self._layout
        edge_hz = self.f_min_hz * 2 ** ((n_bins - 1) / per_octave) * (1 + _HALF_HANN * self._bandwidth)
        if edge_hz > self.sample_rate / 2:
            raise ParameterError(
                f"{type(self).__name__} expects its highest filter to end below {self.sample_rate / 2:g} Hz "
                f"(half of sample_rate), got {edge_hz:.0f} Hz. Lower {self._reach_setting} or f_min_hz."
            )

    _reach_setting = "n_octaves"

    @property
    @abstractmethod
    def _layout(self) -> tuple[int, int]:
        """Number of bins, and of bins per octave."""

    @property
    def _bandwidth(self) -> float:
        """Bandwidth of each filter relative to its frequency, the same for all filters."""
        double = 2.0 ** (2 / self._layout[1])
        return float((double - 1) / (double + 1))

    @property
    def n_context(self) -> int:
        """Length of the longest transform, which exceeds half a filter and the resampling between octaves.

        librosa warns about shorter input; with this context, the last block is long enough.
        """
        longest = self.sample_rate / (self.f_min_hz * self._bandwidth)
        return int(max(2 ** np.ceil(np.log2(longest)), 2 ** (1 + np.ceil(np.log2(self.hop_length)))))

    def _frames(self, samples: Samples) -> Samples:
        librosa = load_librosa("The constant-Q transform")
        n_bins, per_octave = self._layout
        padded = np.pad(samples, (0, max(0, self.n_context - len(samples))))
        transform: Any = librosa.cqt(
            padded,
            sr=self.sample_rate,
            hop_length=self.hop_length,
            fmin=self.f_min_hz,
            n_bins=n_bins,
            bins_per_octave=per_octave,
        )
        magnitude = np.abs(transform[:, : self.n_frames(len(samples))])
        return np.ascontiguousarray(magnitude.T, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Cqt(CqtSettings):
    """Constant-Q transform: magnitude spectrogram with logarithmically spaced bins.

    ``|X(k, t)| = |Σ x(n) w(k, n - t hop) e^(-2πi f(k) n)|`` with ``f(k) = f_min_hz 2^(k / bins_per_octave)``:
    each bin has a window ``w`` of ``Q`` periods of its frequency, about 17 with twelve bins per octave, so
    that the resolution in octaves is constant, at the cost of time resolution at low frequencies. Unit:
    magnitude, scaled as in ``librosa.cqt``, which computes it: a sine of amplitude 1 has half the square root
    of the length of its window in samples. Brown (1991); Schörkhuber and Klapuri (2010).

    Parameters
    ----------
    sample_rate
        Required sample rate of clips, in hertz; default 22050.
    hop_length
        Samples from one frame to the next; default 512 (23 ms). Fastest if it is a multiple of 64.
    f_min_hz
        Frequency of the lowest bin; default 32.70, the lowest C of a piano.
    n_bins
        Number of bins; default 84 (seven octaves).
    bins_per_octave
        Default 12 (semitones).

    Examples
    --------
    A4 is 45 semitones above the lowest C.

    >>> from woodshed.audio import sine
    >>> int(Cqt()(sine(440, sample_rate=22050))[20].argmax())
    45

    Four octaves of A, at equal distances:

    >>> from woodshed.audio import join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(f0_hz, 0.6, sample_rate=22050) for f0_hz in (110, 220, 440, 880)])
    >>> feature = Cqt()
    >>> print(text_plot(feature(clip), feature, height=7))
    cqt*:  ░ 3  ▒ 6  ▓ 9  █ 12
    72 ┤
    60 ┤
    48 ┤                                             ░░░░░░░░░░░░░░░
    36 ┤                              ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
    24 ┤               ▒▓▓▓▓▓▓▓▓▓▓▓▓▓▓░
    12 ┤▒██████████████▒
     0 ┤
       └0───────────0.5──────────1───────────1.5──────────2───────── s
    """

    key = "cqt/1"
    n_bins: int = 84
    bins_per_octave: int = 12

    _reach_setting = "n_bins"

    @property
    def _layout(self) -> tuple[int, int]:
        return self.n_bins, self.bins_per_octave

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each bin, from the lowest."""
        return tuple(f"cqt{k}" for k in range(self.n_bins))


@dataclass(frozen=True, kw_only=True)
class ChromaCqtSettings(CqtSettings):
    """Settings and computation of chroma from a constant-Q transform."""

    n_octaves: int = 7

    gain_invariant = True

    @property
    def _layout(self) -> tuple[int, int]:
        return 36 * self.n_octaves, 36

    def _chroma(self, samples: Samples) -> Samples:
        """Return chroma in the layout of librosa, shape ``(12, n_frames)``."""
        librosa = load_librosa("The constant-Q transform")
        chroma: Samples = librosa.feature.chroma_cqt(
            C=super()._frames(samples).T, sr=self.sample_rate, hop_length=self.hop_length, fmin=self.f_min_hz
        )
        return chroma


@dataclass(frozen=True, kw_only=True)
class ChromaCqt(ChromaCqtSettings):
    """Chroma from a constant-Q transform with three bins per semitone.

    ``C(c, t) = Σ |X(k, t)| / max over c`` over the bins ``k`` of pitch class ``c``, with ``X`` from `Cqt`. No
    unit: the strongest pitch class of a frame has 1; silence has 0. Low notes are resolved better than by
    `Chroma`, but it is much slower. Computed by ``librosa.feature.chroma_cqt`` with its tuning at A = 440 Hz.
    Fujishima, "Realtime chord recognition of musical sound" (1999); Brown (1991).

    Parameters
    ----------
    n_octaves
        Number of octaves above ``f_min_hz``; default 7.
    sample_rate, hop_length, f_min_hz
        As in `Cqt`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> PITCH_CLASSES[ChromaCqt()(sine(440, sample_rate=22050))[20].argmax()]
    'A'

    C, E, G and C two octaves lower, where `Chroma` does not resolve them:

    >>> from woodshed.audio import join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> tones_hz = (65.4, 82.4, 98.0, 130.8)
    >>> clip = join([sine(f0_hz, 0.6, sample_rate=22050) for f0_hz in tones_hz])
    >>> feature = ChromaCqt()
    >>> print(text_plot(feature(clip), feature, height=12))
    chroma_*:  ░ 0.2  ▒ 0.4  ▓ 0.6  █ 0.8
     B ┤░░░          ░░░░░                          ░░░            ░
    A# ┤                                             ░
     A ┤                              ░              ░
    G# ┤                            ░░░░░          ░░░░
     G ┤                            ░▓████████████████▒░
    F# ┤                             ░░░           ░░░░
     F ┤              ░░░░           ░░░
     E ┤            ░░▓████████████████▓▒░
    D# ┤             ░░░░░          ░░▒░░░
     D ┤               ░░            ░░░
    C# ┤░░░          ░░░░░░           ░             ░░░            ░
     C ┤█████████████████▒▒░                       ░▓███████████████
       └0───────────0.5──────────1───────────1.5──────────2───────── s
    """

    key = "chroma-cqt/1"
    names = CHROMA_NAMES

    def _frames(self, samples: Samples) -> Samples:
        return np.ascontiguousarray(self._chroma(samples).T, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Tonnetz(ChromaCqtSettings):
    """Tonal centroids: position on the circles of fifths, minor thirds and major thirds.

    Chroma, normalised to a sum of 1, weights the points of three circles of radius 1, 1 and 1/2; the values
    are the coordinates of the three centroids: ``x = r Σ C(c) sin(a c)`` and ``y = r Σ C(c) cos(a c)`` over
    the pitch classes ``c``, counted from C, with ``a`` 7π/6, 3π/2 and 2π/3. Chords with common notes are
    close to each other. No unit; silence has 0. Computed by ``librosa.feature.tonnetz`` from `ChromaCqt`.
    Harte, Sandler and Gasser (2006).

    Parameters
    ----------
    sample_rate, hop_length, f_min_hz, n_octaves
        As in `ChromaCqt`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> Tonnetz()(sine(440, sample_rate=22050)).shape
    (44, 6)

    The circle of fifths, from C over G, D, A, ... to C:

    >>> from woodshed.audio import join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> tones_hz = [261.6 * 2 ** (7 * k % 12 / 12) for k in range(13)]
    >>> clip = join([sine(f0_hz, 0.25, sample_rate=22050) for f0_hz in tones_hz])
    >>> feature = Tonnetz(f_min_hz=130.8, n_octaves=5)
    >>> print(text_plot(feature(clip), feature, bands=["tonnetz_fifth_y"]))
    tonnetz_fifth_y
     1 ┤  ▆▂   ▄                                             ▂   ▆▆
       │ ███  ██▆  ▄▂                                   ▄▂  ██▆ ▄██▆
       │▆████████▄███▆▂                               ▂███▆████▆████
     0 ┤██████████████████▆▂   ▄        ▂    ▄   ▄██████████████████
       │████████████████████▄▆██▂  ██   █▄  ▆██▄▆███████████████████
       │█████████████████████████▄▆██▄▂███▆▆████████████████████████
    -1 └0─────────────────1──────────────────2─────────────────3──── s
    """

    key = "tonnetz/1"
    names = tuple(
        f"tonnetz_{circle}_{axis}" for circle in ("fifth", "minor_third", "major_third") for axis in "xy"
    )

    def _frames(self, samples: Samples) -> Samples:
        librosa = load_librosa("Tonnetz")
        centroids = librosa.feature.tonnetz(chroma=self._chroma(samples), sr=self.sample_rate)
        return np.ascontiguousarray(centroids.T, dtype=np.float32)
