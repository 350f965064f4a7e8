"""Shape of the spectrum: moments, roll-off, band energy ratio and flatness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import SpectrumFeature


def safe_divide(values: Samples, total: Samples) -> Samples:
    """Divide element-wise, with 0 where the total is 0, as for silent frames.

    Examples
    --------
    >>> safe_divide(np.array([3.0, 0.0], np.float32), np.array([2.0, 0.0], np.float32)).tolist()
    [1.5, 0.0]
    """
    ratio: Samples = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    return ratio


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
    _precision = "float64"

    p: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._within("p", 0, 8 + 1e-9)

    names = ("spectral_bandwidth_hz",)

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
    _precision = "float64"

    names = ("spectral_spread",)

    def _of_power(self, power: Samples) -> Samples:
        spread: Samples = bandwidth_hz(np.sqrt(power), self.bins_hz) / np.float32(self.sample_rate / 2)
        return spread


# Minimum power (-100 dB), as `amin` in librosa.
_MIN_POWER = np.float32(1e-10)
# Maximum band energy ratio: power 100 dB below the rest of a frame is rounding error.
_MAX_RATIO = np.float32(1e10)


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
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

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

    roll_percent: float = 0.85

    def __post_init__(self) -> None:
        super().__post_init__()
        self._within("roll_percent", 0, 1)

    names = ("spectral_rolloff_hz",)

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
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

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

    split_hz: float = 2000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._finite("split_hz")
        if not 0 < self.split_hz <= self.sample_rate / 2:
            raise ParameterError(
                f"BandEnergyRatio expects split_hz above 0 and up to {self.sample_rate / 2:g} (half of "
                f"sample_rate), got {self.split_hz:g}."
            )

    names = ("band_energy_ratio",)

    @property
    def split_bin(self) -> int:
        """First bin of the upper band."""
        return int(np.ceil(self.split_hz * self.n_fft / self.sample_rate))

    def _of_power(self, power: Samples) -> Samples:
        lower = power[:, : self.split_bin].sum(axis=1)
        upper = np.maximum(power[:, self.split_bin :].sum(axis=1), lower / _MAX_RATIO)
        ratio: Samples = np.divide(lower, upper, out=np.zeros_like(lower), where=upper > 0)
        return ratio


@dataclass(frozen=True, kw_only=True)
class SpectralFlatness(SpectrumFeature):
    """Spectral flatness (Wiener entropy): near 1 for white noise, near 0 for a tone.

    ``SF(t) = (Π P(n)) ^ (1/N) / (Σ P(n) / N)``, the ratio of the geometric and the arithmetic mean of the
    power of ``N`` bins. Power is at least 1e-10, so that silence has 1. Equal to
    ``librosa.feature.spectral_flatness``. No unit. Johnston (1988); Dubnov (2004).

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

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
    _precision = "float64"

    names = ("spectral_flatness",)

    def _of_power(self, power: Samples) -> Samples:
        power = np.maximum(power, _MIN_POWER)
        flatness: Samples = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
        return flatness
