"""Distribution of the energy over the spectrum: roll-off, band energy ratio and flatness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import SpectrumFeature

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
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

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
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

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
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

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
