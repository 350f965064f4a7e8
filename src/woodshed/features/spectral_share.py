"""How the energy is shared out over the spectrum: roll-off, band energy ratio, flatness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import OfSpectrum

# Power below this counts as this (-100 dB): librosa's `amin`.
_LEAST_POWER = np.float32(1e-10)
# A band energy ratio is not above this: what is 100 dB below the rest of a frame is rounding.
_HIGHEST_RATIO = np.float32(1e10)


def rolloff_bin(spectrum: Samples, share: float) -> Samples:
    """Return the first bin up to which at least ``share`` of each spectrum lies, shape ``(n_frames,)``.

    Examples
    --------
    >>> spectrum = np.array([[1, 1, 1, 1], [0, 0, 5, 0], [0, 0, 0, 0]], dtype=np.float32)
    >>> rolloff_bin(spectrum, 0.75).tolist()
    [2.0, 2.0, 0.0]
    """
    below = np.cumsum(spectrum, axis=1)
    reached: Samples = (below >= np.float32(share) * below[:, -1:]).argmax(axis=1).astype(np.float32)
    return reached


@dataclass(frozen=True, kw_only=True)
class SpectralRolloff(OfSpectrum):
    """The frequency below which most of the spectrum lies, in hertz.

    The lowest bin ``F`` with ``Σ m(n ≤ F) ≥ roll_percent · Σ m(n)``, ``m`` being magnitude; 0 in silence.
    Equal to ``librosa.feature.spectral_rolloff``, but that a frame whose sum meets the threshold within
    rounding may come out one bin higher or lower. Scheirer and Slaney, "Construction and evaluation of a
    robust multifeature speech/music discriminator" (1997).

    Parameters
    ----------
    roll_percent
        The share that lies below, between 0 and 1; default 0.85.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> round(float(SpectralRolloff()(noise(duration_s=20.0)).mean()), -2)
    6800.0

    Brown, pink and white noise: ever more treble:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.picture import picture
    >>> clip = join([noise(colour, 0.2) for colour in ("brown", "pink", "white")])
    >>> feature = SpectralRolloff()
    >>> print(picture(feature(clip), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_rolloff_hz",)

    def _of_power(self, power: Samples) -> Samples:
        reached: Samples = rolloff_bin(np.sqrt(power), self.roll_percent)
        return reached * np.float32(self.sample_rate / self.n_fft)


@dataclass(frozen=True, kw_only=True)
class BandEnergyRatio(OfSpectrum):
    """Power below a frequency over power above it: large for voices and music, small for hiss.

    ``BER(t) = Σ P(n < F) / Σ P(n ≥ F)`` over the frequency bins ``n``; ``F`` is the first bin at or above
    ``split_hz``. The spectrum has ``1 + n_fft / 2`` bins from 0 to half of ``sample_rate``, so ``F`` follows
    from these alone, whatever the length of the clip. Silence has 0, and where the upper band is empty the
    ratio stops at 1e10 (100 dB), beyond which float32 only rounds. No unit. As the course "Audio Signal
    Processing for Machine Learning" defines it.

    Parameters
    ----------
    split_hz
        The frequency between the bands, above 0 and up to half of ``sample_rate``; default 2000.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

    Examples
    --------
    A quarter of white noise is below 2000 of 8000 Hz, a third of what is above.

    >>> from woodshed.audio import noise, silence
    >>> ratio = BandEnergyRatio()(noise(duration_s=20.0))
    >>> round(float(np.exp(np.log(ratio).mean())), 1), float(BandEnergyRatio()(silence()).max())
    (0.3, 0.0)

    White noise, then pink noise, which has more bass:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.picture import picture
    >>> clip = join([noise("white", 0.3), noise("pink", 0.3)])
    >>> feature = BandEnergyRatio()
    >>> print(picture(feature(clip), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("band_energy_ratio",)

    @property
    def split_bin(self) -> int:
        """The first bin of the upper band."""
        return int(np.ceil(self.split_hz * self.n_fft / self.sample_rate))

    def _of_power(self, power: Samples) -> Samples:
        lower = power[:, : self.split_bin].sum(axis=1)
        upper = np.maximum(power[:, self.split_bin :].sum(axis=1), lower / _HIGHEST_RATIO)
        ratio: Samples = np.divide(lower, upper, out=np.zeros_like(lower), where=upper > 0)
        return ratio


@dataclass(frozen=True, kw_only=True)
class SpectralFlatness(OfSpectrum):
    """How much a spectrum is like noise: 1 is flat, a tone is near 0 (Wiener entropy).

    ``SF(t) = (Π P(n)) ^ (1/N) / (Σ P(n) / N)``, the geometric over the arithmetic mean of the power of
    ``N`` bins, each taken as at least 1e-10, so that silence is flat (1). Equal to
    ``librosa.feature.spectral_flatness``. No unit. Johnston (1988); Dubnov (2004).

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

    Examples
    --------
    A bin of white noise has exponentially distributed power: e⁻ᵞ = 0.56, γ being Euler's constant.

    >>> from woodshed.audio import noise, sine
    >>> clips = noise(duration_s=20.0), sine(1000)
    >>> [round(float(np.median(SpectralFlatness()(clip))), 2) for clip in clips]
    [0.56, 0.0]

    A tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralFlatness()
    >>> print(picture(feature(clip), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_flatness",)

    def _of_power(self, power: Samples) -> Samples:
        heard = np.maximum(power, _LEAST_POWER)
        flatness: Samples = np.exp(np.log(heard).mean(axis=1)) / heard.mean(axis=1)
        return flatness
