"""Where the spectrum has its weight, and how wide it spreads: centroid, bandwidth, spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import OfSpectrum


def per_total(values: Samples, total: Samples) -> Samples:
    """Divide, with 0 where there is nothing to divide by: silence has no centre and no shares.

    Examples
    --------
    >>> per_total(np.array([3.0, 0.0], np.float32), np.array([2.0, 0.0], np.float32)).tolist()
    [1.5, 0.0]
    """
    ratio: Samples = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    return ratio


def centroid_hz(magnitude: Samples, bins_hz: Samples) -> Samples:
    """Return the centre of gravity of each spectrum, shape ``(n_frames,)``, in hertz; 0 in silence.

    Examples
    --------
    >>> magnitude = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], dtype=np.float32)
    >>> centroid_hz(magnitude, np.array([0, 1000, 2000, 3000], dtype=np.float32)).tolist()
    [2500.0, 0.0]
    """
    return per_total(magnitude @ bins_hz, magnitude.sum(axis=1))


def bandwidth_hz(magnitude: Samples, bins_hz: Samples, p: float = 2.0) -> Samples:
    """Return how far the spectrum lies from its centroid, shape ``(n_frames,)``, in hertz; 0 in silence.

    See `SpectralBandwidth` for the formula.

    Examples
    --------
    >>> magnitude = np.array([[0, 3, 0, 0, 1]], dtype=np.float32)
    >>> bins_hz = np.array([0, 1000, 2000, 3000, 4000], dtype=np.float32)
    >>> bandwidth_hz(magnitude, bins_hz, p=1).tolist(), bandwidth_hz(magnitude, bins_hz).round().tolist()
    ([1125.0], [1299.0])
    """
    away_hz = bins_hz - centroid_hz(magnitude, bins_hz)[:, np.newaxis]
    moved = np.square(away_hz) if p == 2 else np.abs(away_hz) ** np.float32(p)
    mean: Samples = per_total(np.einsum("ij,ij->i", magnitude, moved), magnitude.sum(axis=1))
    return mean ** np.float32(1 / p)


@dataclass(frozen=True, kw_only=True)
class SpectralCentroid(OfSpectrum):
    """Centre of gravity of each magnitude spectrum, in hertz: how bright a sound is.

    ``SC(t) = Σ f(n) m(n) / Σ m(n)`` over the bins ``n`` of frame ``t``, with frequency ``f`` and magnitude
    ``m``; 0 in silence. Equal to ``librosa.feature.spectral_centroid``. Peeters, "A large set of audio
    features for sound description" (2004).

    Parameters
    ----------
    sample_rate
        The rate that clips must have, in hertz; default 16000.
    n_fft
        Length of the Hann window and of the transform in samples, even; default 512 (32 ms).
    hop_length
        Samples from one frame to the next; default 160 (10 ms).

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(SpectralCentroid()(sine(1000))[50, 0]))
    1000

    A tone that rises by the same number of octaves every second:

    >>> from woodshed.audio import chirp
    >>> from woodshed.features.picture import picture
    >>> feature = SpectralCentroid()
    >>> print(picture(feature(chirp(500, 3800, 0.6)), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_centroid_hz",)

    def _of_power(self, power: Samples) -> Samples:
        return centroid_hz(np.sqrt(power), self.bins_hz)


@dataclass(frozen=True, kw_only=True)
class SpectralBandwidth(OfSpectrum):
    """How far the spectrum lies from its centroid, in hertz: a tone is narrow, noise is wide.

    ``SB(t) = (Σ |f(n) - SC(t)|ᵖ m(n) / Σ m(n)) ^ (1/p)``; 0 in silence. Two definitions are in use.
    ``p = 2`` (default) is the standard deviation, equal to ``librosa.feature.spectral_bandwidth``;
    ``p = 1`` is the weighted mean distance (first absolute moment), which far and weak partials move less.
    Klapuri and Davy, "Signal Processing Methods for Music Transcription" (2006).

    Parameters
    ----------
    p
        Power of the distance, more than 0 and at most 8; default 2.
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    White noise up to 8000 Hz is spread evenly: 8000 / √12 = 2309 and 8000 / 4 = 2000.

    >>> from woodshed.audio import noise
    >>> clip = noise(duration_s=20.0)
    >>> [round(float(SpectralBandwidth(p=p)(clip).mean()), -2) for p in (2, 1)]
    [2300.0, 2000.0]

    A tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralBandwidth()
    >>> print(picture(feature(clip), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_bandwidth_hz",)

    def _of_power(self, power: Samples) -> Samples:
        return bandwidth_hz(np.sqrt(power), self.bins_hz, self.p)


@dataclass(frozen=True, kw_only=True)
class SpectralSpread(OfSpectrum):
    """Standard deviation of the spectrum about its centroid, as a share of half the sample rate.

    ``SS(t) = sqrt(Σ (f(n) - SC(t))² m(n) / Σ m(n)) / (sample_rate / 2)``, 0 to 0.5; 0 in silence. It is
    `SpectralBandwidth` with ``p = 2`` on the scale that Giannakopoulos and Pikrakis (2014) use, as it
    stands among the values of `woodshed.features.short_term.ShortTerm`.

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> round(float(SpectralSpread()(noise(duration_s=20.0)).mean()), 2)
    0.29

    Brown noise, which is mostly bass, then white noise, which is everywhere:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.picture import picture
    >>> clip = join([noise("brown", 0.3), noise("white", 0.3)])
    >>> feature = SpectralSpread()
    >>> print(picture(feature(clip), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_spread",)

    def _of_power(self, power: Samples) -> Samples:
        spread: Samples = bandwidth_hz(np.sqrt(power), self.bins_hz) / np.float32(self.sample_rate / 2)
        return spread
