"""Shape and change of the spectrum.

Moments (centroid, bandwidth and spread), roll-off, band energy ratio, flatness, flux, contrast, and harmonic
share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import EvenNumber, FrameFeature, SpectrumFeature, SpectrumSettings
from woodshed.features.mel import TopDb, limit_range, power_to_db
from woodshed.features.validation import between, check_between, whole

_FLOOR_DB = -100.0
"""Minimum level of power in decibels, as in librosa."""

_MIN_POWER = np.float32(10 ** (_FLOOR_DB / 10))
"""Power at the minimum level: 1e-10, as ``amin`` in librosa."""

_MAX_RATIO = np.float32(1e10)
"""Maximum band energy ratio: power 100 dB below the rest of a frame is rounding error."""


def safe_divide(values: Samples, total: Samples) -> Samples:
    """Divide element-wise, with 0 where the total is 0, as for silent frames.

    Examples
    --------
    >>> safe_divide(np.array([3.0, 0.0], np.float32), np.array([2.0, 0.0], np.float32)).tolist()
    [1.5, 0.0]
    """
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def centroid_hz(magnitude: Samples, bins_hz: Samples) -> Samples:
    """Return the centroid of each spectrum, shape ``(n_frames,)``, in hertz; 0 in silence.

    Examples
    --------
    >>> magnitude = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], dtype=np.float32)
    >>> centroid_hz(magnitude, np.array([0, 1000, 2000, 3000], dtype=np.float32)).tolist()
    [2500.0, 0.0]
    """
    return safe_divide(magnitude @ bins_hz, magnitude.sum(axis=1))


def bandwidth_hz(magnitude: Samples, bins_hz: Samples, p: float = 2.0) -> Samples:
    """Return the bandwidth of each spectrum, shape ``(n_frames,)``, in hertz; 0 in silence.

    See `SpectralBandwidth` for the formula.

    Examples
    --------
    >>> magnitude = np.array([[0, 3, 0, 0, 1]], dtype=np.float32)
    >>> bins_hz = np.array([0, 1000, 2000, 3000, 4000], dtype=np.float32)
    >>> bandwidth_hz(magnitude, bins_hz, p=1).tolist(), bandwidth_hz(magnitude, bins_hz).round().tolist()
    ([1125.0], [1299.0])
    """
    deviation_hz = bins_hz - centroid_hz(magnitude, bins_hz)[:, np.newaxis]
    powers = np.square(deviation_hz) if p == 2 else np.abs(deviation_hz) ** np.float32(p)
    mean: Samples = safe_divide(np.einsum("ij,ij->i", magnitude, powers), magnitude.sum(axis=1))
    return mean ** np.float32(1 / p)


@dataclass(frozen=True, kw_only=True)
class SpectralCentroid(SpectrumFeature):
    """Spectral centroid: mean frequency weighted by magnitude, in hertz, a measure of brightness.

    ``SC(t) = Σ f(n) m(n) / Σ m(n)`` over the bins ``n`` of frame ``t``, with frequency ``f`` and magnitude
    ``m``; 0 in silence. Equal to ``librosa.feature.spectral_centroid``. Peeters, "A large set of audio
    features for sound description" (2004).

    Parameters
    ----------
    sample_rate
        Required sample rate of clips, in hertz; default 16000.
    n_fft
        Length of the Hann window and of the transform in samples, even; default 512 (32 ms).
    hop_length
        Samples from one frame to the next; default 160 (10 ms).

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(SpectralCentroid()(sine(1000))[50, 0]))
    1000

    An exponential chirp:

    >>> from woodshed.audio import chirp
    >>> from woodshed.features.text_plot import text_plot
    >>> feature = SpectralCentroid()
    >>> print(text_plot(feature(chirp(500, 3800, 0.6)), feature))
    spectral_centroid_hz
    4000 ┤                                                         ▂▂▆
         │                                                   ▂▂▄▆▆████
         │                                           ▂▂▄▄▆▆███████████
    2000 ┤                               ▂▂▂▂▄▄▄▆▆████████████████████
         │            ▂▂▂▂▂▂▄▄▄▄▄▆▆▆▆▆████████████████████████████████
         │█▆▆▆▆███████████████████████████████████████████████████████
       0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-centroid/1"
    gain_invariant = True
    names = ("spectral_centroid_hz",)

    def _of_power(self, power: Samples) -> Samples:
        return centroid_hz(np.sqrt(power), self.bins_hz)


@dataclass(frozen=True, kw_only=True)
class SpectralBandwidth(SpectrumFeature):
    """Spectral bandwidth: deviation from the centroid, in hertz; low for tones, high for noise.

    ``SB(t) = (Σ |f(n) - SC(t)|ᵖ m(n) / Σ m(n)) ^ (1/p)``; 0 in silence. ``p = 2`` (default) is the standard
    deviation, equal to ``librosa.feature.spectral_bandwidth``; ``p = 1`` is the weighted mean deviation
    (first absolute moment), which is less sensitive to weak distant partials. Klapuri and Davy, "Signal
    Processing Methods for Music Transcription" (2006).

    Parameters
    ----------
    p
        Exponent of the deviation, above 0, at most 8; default 2.
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    White noise up to 8000 Hz has a uniform spectrum: 8000 / √12 = 2309 and 8000 / 4 = 2000.

    >>> from woodshed.audio import noise
    >>> clip = noise(duration_s=20.0)
    >>> [round(float(SpectralBandwidth(p=p)(clip).mean()), -2) for p in (2, 1)]
    [2300.0, 2000.0]

    A tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralBandwidth()
    >>> print(text_plot(feature(clip), feature))
    spectral_bandwidth_hz
    3200 ┤
         │                              ▂▄▂▂▂▂▂▄▂▂▂▂▄▂▂▂▄▂▄▄▂▂▂▂▂▂▂▂▂▂
         │                              ██████████████████████████████
    1600 ┤                             ▄██████████████████████████████
         │█▂                           ███████████████████████████████
         │██                           ███████████████████████████████
       0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-bandwidth/1"
    gain_invariant = True
    names = ("spectral_bandwidth_hz",)
    _precision = "float64"

    p: Annotated[float, between(0, 8, include_high=True)] = 2.0

    def _of_power(self, power: Samples) -> Samples:
        return bandwidth_hz(np.sqrt(power), self.bins_hz, self.p)


@dataclass(frozen=True, kw_only=True)
class SpectralSpread(SpectrumFeature):
    """Spectral spread: standard deviation of the spectrum, as a share of the Nyquist frequency.

    ``SS(t) = sqrt(Σ (f(n) - SC(t))² m(n) / Σ m(n)) / (sample_rate / 2)``, 0 to 0.5; 0 in silence. It is
    `SpectralBandwidth` with ``p = 2`` on the scale of Giannakopoulos and Pikrakis (2014), as in
    `woodshed.features.short_term.ShortTerm`.

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> round(float(SpectralSpread()(noise(duration_s=20.0)).mean()), 2)
    0.29

    Brown noise, with mostly low frequencies, then white noise:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([noise("brown", 0.3), noise("white", 0.3)])
    >>> feature = SpectralSpread()
    >>> print(text_plot(feature(clip), feature))
    spectral_spread
    0.4 ┤
        │                              █▄▂▂▂▂▂▄▂▂▂▂▄▂▂▂▄▂▄▄▂▂▂▂▂▂▂▂▂▂
        │▆▂▄▂    ▄▄         ▂         ███████████████████████████████
    0.2 ┤█████▆▄▆██▆▄▂▄▄▄▄▆▆█▆▆▆▂ ▂▂▄▄███████████████████████████████
        │████████████████████████████████████████████████████████████
        │████████████████████████████████████████████████████████████
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-spread/1"
    gain_invariant = True
    names = ("spectral_spread",)
    _precision = "float64"

    def _of_power(self, power: Samples) -> Samples:
        return bandwidth_hz(np.sqrt(power), self.bins_hz) / np.float32(self.sample_rate / 2)


def rolloff_bin(spectrum: Samples, share: float) -> Samples:
    """Return the first bin at which the cumulative spectrum reaches ``share``, shape ``(n_frames,)``.

    Examples
    --------
    >>> spectrum = np.array([[1, 1, 1, 1], [0, 0, 5, 0], [0, 0, 0, 0]], dtype=np.float32)
    >>> rolloff_bin(spectrum, 0.75).tolist()
    [2.0, 2.0, 0.0]
    """
    cumulative = np.cumsum(spectrum, axis=1)
    bins = (cumulative >= np.float32(share) * cumulative[:, -1:]).argmax(axis=1)
    return np.asarray(bins.astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class SpectralRolloff(SpectrumFeature):
    """Spectral roll-off: frequency below which a given share of the magnitude lies, in hertz.

    The lowest bin ``F`` with ``Σ m(n ≤ F) ≥ roll_percent · Σ m(n)`` for magnitude ``m``; 0 in silence. Equal
    to ``librosa.feature.spectral_rolloff``, up to one bin where rounding decides. Scheirer and Slaney,
    "Construction and evaluation of a robust multifeature speech/music discriminator" (1997).

    Parameters
    ----------
    roll_percent
        Share of the magnitude below the roll-off, between 0 and 1; default 0.85.
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> round(float(SpectralRolloff()(noise(duration_s=20.0)).mean()), -2)
    6800.0

    Brown, pink and white noise:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([noise(colour, 0.2) for colour in ("brown", "pink", "white")])
    >>> feature = SpectralRolloff()
    >>> print(text_plot(feature(clip), feature))
    spectral_rolloff_hz
    8000 ┤                                          ▂▂     ▂▂▂▂      ▂
         │                     ▄▄▄▂▄ ▂▂▂▄▄▄▄▄▂▄▄▂▄████████████████████
         │                    ████████████████████████████████████████
    4000 ┤  ▆ ▆               ████████████████████████████████████████
         │██████▂   ▆▄▂▆█▄▄▆▆▆████████████████████████████████████████
         │████████▆███████████████████████████████████████████████████
       0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-rolloff/1"
    gain_invariant = True
    names = ("spectral_rolloff_hz",)

    roll_percent: Annotated[float, between(0, 1)] = 0.85

    def _of_power(self, power: Samples) -> Samples:
        return rolloff_bin(np.sqrt(power), self.roll_percent) * np.float32(self.sample_rate / self.n_fft)


@dataclass(frozen=True, kw_only=True)
class BandEnergyRatio(SpectrumFeature):
    """Band energy ratio: power below a frequency relative to that above; high for voice, low for hiss.

    ``BER(t) = Σ P(n < F) / Σ P(n ≥ F)`` over the frequency bins ``n``; ``F`` is the first bin at or above
    ``split_hz``. Silence has 0, and the ratio is at most 1e10 (100 dB), the resolution of float32. No unit.
    Definition of the course "Audio Signal Processing for Machine Learning".

    Parameters
    ----------
    split_hz
        Frequency between the bands in hertz, above 0, at most the Nyquist frequency; default 2000.
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    A quarter of white noise up to 8000 Hz is below 2000 Hz, a third of the rest.

    >>> from woodshed.audio import noise, silence
    >>> ratio = BandEnergyRatio()(noise(duration_s=20.0))
    >>> round(float(np.exp(np.log(ratio).mean())), 1), float(BandEnergyRatio()(silence()).max())
    (0.3, 0.0)

    White noise, then pink noise, which has more low frequencies:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([noise("white", 0.3), noise("pink", 0.3)])
    >>> feature = BandEnergyRatio()
    >>> print(text_plot(feature(clip), feature))
    band_energy_ratio
    20 ┤                                                      ▆
       │                                    █     ▂           █
       │                                    █    ▂█           █ ▄
    10 ┤                                   ▄█    ██  ▆▆       █▆█  ▄
       │                                  ▄██▆▄▂▂███▄████▂█▆ █████▆█
       │▂   ▂ ▂                       ▄██▆██████████████████████████
     0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "band-energy-ratio/1"
    gain_invariant = True
    names = ("band_energy_ratio",)

    split_hz: float = 2000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.split_hz <= self.sample_rate / 2:
            raise ParameterError(
                f"BandEnergyRatio expects split_hz above 0 and up to {self.sample_rate / 2:g} (half of "
                f"sample_rate), got {self.split_hz:g}."
            )

    @property
    def split_bin(self) -> int:
        """First bin of the upper band."""
        return int(np.ceil(self.split_hz * self.n_fft / self.sample_rate))

    def _of_power(self, power: Samples) -> Samples:
        lower = power[:, : self.split_bin].sum(axis=1)
        upper = np.maximum(power[:, self.split_bin :].sum(axis=1), lower / _MAX_RATIO)
        return safe_divide(lower, upper)


@dataclass(frozen=True, kw_only=True)
class SpectralFlatness(SpectrumFeature):
    """Spectral flatness (Wiener entropy): near 1 for white noise, near 0 for a tone.

    ``SF(t) = (Π P(n)) ^ (1/N) / (Σ P(n) / N)``, the ratio of the geometric and the arithmetic mean of the
    power of ``N`` bins. Power is at least 1e-10, so that silence has 1. Equal to
    ``librosa.feature.spectral_flatness``. No unit. Johnston (1988); Dubnov (2004).

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    The power of white noise in a bin is exponentially distributed: e⁻ᵞ = 0.56, with Euler's constant γ.

    >>> from woodshed.audio import noise, sine
    >>> clips = noise(duration_s=20.0), sine(1000)
    >>> [round(float(np.median(SpectralFlatness()(clip))), 2) for clip in clips]
    [0.56, 0.0]

    A tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralFlatness()
    >>> print(text_plot(feature(clip), feature))
    spectral_flatness
    0.8 ┤
        │                                ▂▄▄▄▄ ▂▄▂▄▂ ▂▂ ▂▄▂ ▂▂ ▄▄ ▄ ▂
        │                               ██████▄██████████████████▆███
    0.4 ┤                               █████████████████████████████
        │                               █████████████████████████████
        │                              ▄█████████████████████████████
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-flatness/1"
    names = ("spectral_flatness",)
    _precision = "float64"

    def _of_power(self, power: Samples) -> Samples:
        power = np.maximum(power, _MIN_POWER)
        flatness: Samples = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
        return flatness


def unit_sum(magnitude: Samples) -> Samples:
    """Normalise each spectrum to a sum of 1; silent ones stay 0.

    Examples
    --------
    >>> unit_sum(np.array([[1, 3], [0, 0]], dtype=np.float32)).tolist()
    [[0.25, 0.75], [0.0, 0.0]]
    """
    return safe_divide(magnitude, magnitude.sum(axis=1, keepdims=True))


def flux(share: Samples, previous: Samples | None) -> Samples:
    """Return the squared distance of each spectrum from the previous one, shape ``(n_frames,)``.

    Parameters
    ----------
    share
        Normalised spectra, shape ``(n_frames, n_bins)``, see `unit_sum`.
    previous
        Spectrum before the first, shape ``(n_bins,)``; None sets the flux of the first frame to 0.

    Examples
    --------
    >>> flux(np.array([[1, 0], [0.5, 0.5]], dtype=np.float32), None).tolist()
    [0.0, 0.5]
    """
    first = share[:1] if previous is None else previous[np.newaxis]
    step = np.diff(share, axis=0, prepend=first)
    squared: Samples = np.einsum("ij,ij->i", step, step)
    return squared


@dataclass(frozen=True, kw_only=True)
class SpectralFlux(SpectrumSettings, FrameFeature):
    """Spectral flux: squared change of the normalised magnitude spectrum between frames.

    ``SF(t) = Σ (m(n, t) / Σ m(t) - m(n, t-1) / Σ m(t-1))²`` over the bins ``n``, with magnitude ``m``: 0 for
    a sustained tone or a change of level, up to 2 if all energy moves to other bins. The first frame has 0.
    No unit. Giannakopoulos and Pikrakis (2014). The flux of librosa, the rise in decibels, is
    `woodshed.features.rhythm.OnsetStrength`.

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import chirp, sine
    >>> steady, gliding = (SpectralFlux()(clip)[50, 0] for clip in (sine(1000), chirp(100, 6400)))
    >>> bool(gliding > 1000 * steady)
    True

    Three tones; the flux depends on the change, not on the pitch:

    >>> from woodshed.audio import join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(f0_hz, 0.2) for f0_hz in (500, 1000, 3000)])
    >>> feature = SpectralFlux()
    >>> print(text_plot(feature(clip), feature))
    spectral_flux
     0.1 ┤                    ▄▄
         │ ▂                  ██                 ▂▂▂▂
         │ █                  ██                 ████                ▂
    0.05 ┤ █                 ▆██▆                ████                █
         │ █▄                ████                ████                █
         │ ██                ████                ████                █
       0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-flux/1"
    gain_invariant = True
    names = ("spectral_flux",)

    @property
    def n_context(self) -> int:
        """Half a window, and the previous frame."""
        return self.n_fft // 2 + self.hop_length

    def _frames(self, samples: Samples) -> Samples:
        out = np.empty((self.n_frames(len(samples)), 1), dtype=np.float32)
        previous = None
        for rows, power in self.power_blocks(samples):
            share = unit_sum(np.sqrt(power))
            out[rows, 0] = flux(share, previous)
            previous = share[-1]
        return out


@dataclass(frozen=True, kw_only=True)
class SpectralContrast(SpectrumSettings, FrameFeature):
    """Spectral contrast: level of peaks relative to valleys in each octave; high for tones, low for noise.

    In each octave, the means of the strongest and of the weakest bins (a share of ``quantile`` each) are
    converted to decibels and subtracted: ``10 log10(peak) - 10 log10(valley)``. Jiang et al., "Music type
    classification by spectral contrast feature" (ICME 2002). Equal to ``librosa.feature.spectral_contrast``,
    which averages magnitudes, so that values are half of those of power. The first band reaches from 0 Hz to
    ``f_min_hz``, the last to the Nyquist frequency. Unit: dB.

    Parameters
    ----------
    n_octaves
        Number of octaves above ``f_min_hz``, default 6; a frame has ``n_octaves + 1`` values.
    f_min_hz
        Lower edge of the first octave in hertz; default 200.
    quantile
        Share of the bins of an octave that count as peaks, and as valleys; default 0.02, at least one bin.
    top_db
        Range of peaks and valleys below their maximum in the clip, in decibels; default 80, as in librosa.
        None: no limit, so that frames are independent.
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or an octave has no bin or lies above the Nyquist frequency.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> feature = SpectralContrast(n_fft=2048)
    >>> feature(noise()).shape
    (101, 7)
    >>> bool(feature(sine(1000))[50, 3] > feature(noise())[50, 3] + 20)
    True

    A tone at 1000 Hz, in the octave from 800 Hz, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralContrast(n_fft=2048)
    >>> print(text_plot(feature(clip), feature, height=7))
    spectral_contrast*_db:  ░ 25  ▒ 50  ▓ 75  █ 100
    6 ┤
    5 ┤
    4 ┤
    3 ┤   ░░░░█████████████████░░░░░░
    2 ┤
    1 ┤
    0 ┤
      └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-contrast/1"
    _precision = "float64"

    n_octaves: int = 6
    f_min_hz: float = 200.0
    quantile: Annotated[float, between(0, 1)] = 0.02
    top_db: TopDb = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between("SpectralContrast", "f_min_hz", self.f_min_hz, 0, self.sample_rate / 2)
        if self.f_min_hz * 2 ** (self.n_octaves - 1) >= self.sample_rate / 2:
            raise ParameterError(
                f"SpectralContrast expects its last octave to start below {self.sample_rate / 2:g} Hz "
                f"(half of sample_rate), got {self.n_octaves} from {self.f_min_hz:g} Hz. Lower n_octaves."
            )
        self._octaves()  # raises if an octave holds no bin

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the band below the first octave, and of each octave."""
        return tuple(f"spectral_contrast{k}_db" for k in range(self.n_octaves + 1))

    @property
    def exact_in_blocks(self) -> bool:
        """Whether there is no threshold relative to the whole clip."""
        return self.top_db is None

    def _octaves(self) -> list[tuple[slice, int]]:
        """Return the bins and the number of peaks of each band.

        Raises
        ------
        ParameterError
            If a band holds no bin.
        """
        bins_hz = np.arange(self.n_fft_bins) * (self.sample_rate / self.n_fft)
        edges_hz = [0.0, *(self.f_min_hz * 2.0 ** np.arange(self.n_octaves + 1))]
        octaves = []
        for k in range(self.n_octaves + 1):
            is_last = k == self.n_octaves
            # As in librosa, bands start one bin early, and all except the last omit their last bin.
            start = int(np.searchsorted(bins_hz, edges_hz[k], "left")) - (k > 0)
            stop = self.n_fft_bins if is_last else int(np.searchsorted(bins_hz, edges_hz[k + 1], "right"))
            bins = slice(start, stop - (not is_last))
            if bins.start >= bins.stop:
                raise ParameterError(
                    f"SpectralContrast: an octave from {self.f_min_hz:g} Hz holds no bin of "
                    f"n_fft={self.n_fft} at {self.sample_rate} Hz. Raise n_fft or f_min_hz."
                )
            n_peaks = max(1, int(np.rint(self.quantile * (stop - start))))
            octaves.append((bins, n_peaks))
        return octaves

    def _frames(self, samples: Samples) -> Samples:
        octaves = self._octaves()
        shape = (self.n_frames(len(samples)), len(octaves))
        peaks, valleys = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            single = power.astype(np.float32)  # sufficient from here on
            for band, (bins, n_peaks) in enumerate(octaves):
                ordered = np.sort(single[:, bins], axis=1)
                valleys[rows, band] = np.sqrt(ordered[:, :n_peaks]).mean(axis=1)
                peaks[rows, band] = np.sqrt(ordered[:, -n_peaks:]).mean(axis=1)
        peaks_db, valleys_db = (
            limit_range(power_to_db(means, _FLOOR_DB), self.top_db) for means in (peaks, valleys)
        )
        return peaks_db - valleys_db


@dataclass(frozen=True, kw_only=True)
class HarmonicShare(SpectrumSettings, FrameFeature):
    """Harmonic and percussive share of the energy of each frame; they sum to 1.

    In a spectrogram, sustained tones are horizontal and percussive sounds vertical lines. The magnitude ``m``
    is median-filtered along time (``H``) and along frequency (``P``), and the soft mask ``H² / (H² + P²)``
    separates both: the harmonic share is ``Σ mask m² / Σ m²`` over the bins of a frame. No unit; silence has
    0 and 0. Equal to the masks of ``librosa.decompose.hpss``. Fitzgerald (2010).

    Parameters
    ----------
    kernel_size
        Length of both median filters, in frames and in bins, odd; default 31.
    sample_rate
        Required sample rate of clips, in hertz; default 22050.
    n_fft
        Length of the Hann window in samples, even; default 2048 (93 ms).
    hop_length
        Samples from one frame to the next; default 512 (23 ms).

    Examples
    --------
    >>> from woodshed.audio import clicks, sine
    >>> clips = sine(440, sample_rate=22050), clicks(0.25, sample_rate=22050)
    >>> [HarmonicShare()(clip)[22].round().tolist() for clip in clips]
    [[1.0, 0.0], [0.0, 1.0]]

    Harmonic share of a sustained tone, then clicks:

    >>> from woodshed.audio import clicks, join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(440, 1.0, sample_rate=22050), clicks(0.1, 1.0, sample_rate=22050)])
    >>> feature = HarmonicShare()
    >>> print(text_plot(feature(clip), feature, bands=["harmonic_share"]))
    harmonic_share
      1 ┤ █████████████████████████████    ▂        █  ▄     █  ▄
        │▆█████████████████████████████▆▄  █  ▄   ▄ █  █     █  █
        │████████████████████████████████  █▂ █   █ █▄ █     █  █
    0.5 ┤████████████████████████████████  ██ █▆  █ ██ █▂  █ ██ █
        │████████████████████████████████  ██ ███ █▂██ ███ █ ██ █▂▆
        │████████████████████████████████▆ ██▄███ ████████ █▆██▆███
      0 └0──────────────0.5────────────1──────────────1.5──────────── s
    """

    key = "harmonic-share/1"
    gain_invariant = True
    names = ("harmonic_share", "percussive_share")

    sample_rate: int = 22050
    n_fft: EvenNumber = 2048
    hop_length: int = 512
    kernel_size: Annotated[int, whole(1, "odd")] = 31

    @property
    def n_context(self) -> int:
        """Half a window, and the frames of the median filter."""
        return self.n_fft // 2 + self.kernel_size * self.hop_length

    def _frames(self, samples: Samples) -> Samples:
        from scipy.ndimage import median_filter

        power = self.power_spectrogram(samples)
        magnitude = np.sqrt(power)
        along_time = np.square(median_filter(magnitude, (self.kernel_size, 1)))
        along_frequency = np.square(median_filter(magnitude, (1, self.kernel_size)))
        both = along_time + along_frequency
        mask = np.where(both > 0, safe_divide(along_time, both), 0.5)
        total = power.sum(axis=1)
        share = np.minimum(safe_divide((mask * power).sum(axis=1), total), 1)
        return np.stack([share, np.where(total > 0, 1 - share, 0)], axis=1, dtype=np.float32)
