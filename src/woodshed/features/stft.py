"""Spectrograms: magnitude, power, and power on a logarithmic frequency axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import EvenNumber, SpectrumFeature
from woodshed.features.mel import FilterBank, Floor, check_floor, power_to_db
from woodshed.features.validation import check_between, optional

C1_HZ = 440.0 * 2 ** (-45 / 12)
"""Frequency of C1, the lowest C of a piano, in hertz: 32.70."""


@dataclass(frozen=True, kw_only=True)
class Stft(SpectrumFeature):
    """Magnitude of the short-time Fourier transform.

    ``|X(k, t)| = |Σ x(n + t hop) w(n) e^(-2πi k n / n_fft)|`` with the periodic Hann window ``w``, without
    normalisation: a sine of amplitude 1 at the centre of a bin has ``n_fft / 4``. Equal to the magnitude of
    ``librosa.stft``. Allen and Rabiner, "A unified approach to short-time Fourier analysis and synthesis"
    (1977).

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> feature = Stft()
    >>> feature(sine(1000)).shape, int(feature(sine(1000))[50].argmax()), float(feature.bins_hz[32])
    ((101, 257), 32, 1000.0)

    An exponential chirp on the linear frequency axis:

    >>> from woodshed.audio import chirp
    >>> from woodshed.features.text_plot import text_plot
    >>> feature = Stft()
    >>> print(text_plot(feature(chirp(250, 8000, 0.6)), feature, height=8))
    magnitude_bin*:  ░ 15  ▒ 30  ▓ 45  █ 60
    231 ┤                                                          ░░
    198 ┤                                                       ░░░░
    165 ┤                                                    ░░░░░
    132 ┤                                                ░░░░░
     99 ┤                                           ░░░░░░░
     66 ┤                                    ░▒▒▒▒▒▒▒░
     33 ┤                        ▒▓▓▓▓▒▒▒▒▒▒▒▒░
      0 ┤▒▓█▓█▓▓█▓▓▓██▓▓▓▓▓▓▓▓▓▓▓▓░
        └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "stft/1"

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each bin, from 0 Hz."""
        return tuple(f"magnitude_bin{k}" for k in range(self.n_fft_bins))

    def _of_power(self, power: Samples) -> Samples:
        return np.sqrt(power)


@dataclass(frozen=True, kw_only=True)
class Power(SpectrumFeature):
    """Power spectrogram: the square of `Stft`, linear or in decibels.

    ``P(k, t) = |X(k, t)|²``. Unit: square of that of `Stft`; 0 dB is a power of 1. Allen and Rabiner (1977).

    Parameters
    ----------
    floor_db
        None (default): linear power. A number from -300 to 0: ``10 log10(P)`` in dB, at least this value.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clip = sine(1000, amplitude=1.0)
    >>> round(float(Power()(clip)[50, 32])), round(float(Power(floor_db=-100)(clip)[50, 32]), 2)
    (16384, 42.14)

    A sustained tone is a horizontal line, clicks are vertical lines:

    >>> from woodshed.audio import clicks, sine
    >>> from woodshed.clip import Clip
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = Clip(sine(2500, 0.6).samples + clicks(0.2, 0.6).samples, 16000)
    >>> feature = Power(floor_db=-20)
    >>> print(text_plot(feature(clip), feature, height=8))
    power_bin*_db:  ░ -15  ▒ 0  ▓ 15  █ 30
    231 ┤░░                 ░▒░                 ░▒░
    198 ┤░░                 ░▒░                 ░▒░
    165 ┤░░                 ░▒░                 ░▒░
    132 ┤░░                 ░▒░                 ░▒░                 ░
     99 ┤░░                 ░▒░                 ░▒░                 ░
     66 ┤████████████████████████████████████████████████████████████
     33 ┤▒░                 ░▒░                 ░▒░                 ░
      0 ┤▒░                 ░▒░                 ░▒░                 ░
        └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "power/1"
    floor_db: Annotated[float | None, optional(check_floor)] = None

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each bin, from 0 Hz."""
        unit = "" if self.floor_db is None else "_db"
        return tuple(f"power_bin{k}{unit}" for k in range(self.n_fft_bins))

    def _of_power(self, power: Samples) -> Samples:
        return power if self.floor_db is None else power_to_db(power, self.floor_db)


@lru_cache(maxsize=16)
def log_bank(sample_rate: int, n_fft: int, n_bins: int, f_min_hz: float, bins_per_octave: int) -> FilterBank:
    """Return a cached bank of triangular filters that are equally spaced in octaves.

    A filter reaches from the centre of the previous to the centre of the next, but at least one bin to either
    side: at low frequencies, where a semitone is narrower than a bin, it interpolates. Its weights sum to 1,
    so that white noise has the same level in each band.

    Examples
    --------
    >>> bank = log_bank(22050, 2048, 84, C1_HZ, 12)
    >>> flat = bank(np.ones((1, 1025), dtype=np.float32), np.empty((1, 84), dtype=np.float32))
    >>> bool(np.allclose(flat, 1))
    True
    """
    bins_hz = np.arange(1 + n_fft // 2) * (sample_rate / n_fft)
    centre_hz = f_min_hz * 2.0 ** (np.arange(-1, n_bins + 1) / bins_per_octave)
    left, centre, right = (centre_hz[k : n_bins + k, np.newaxis] for k in range(3))
    width_hz = sample_rate / n_fft
    rising = 1 + (bins_hz - centre) / np.maximum(centre - left, width_hz)
    falling = 1 - (bins_hz - centre) / np.maximum(right - centre, width_hz)
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters /= filters.sum(axis=1, keepdims=True)
    return FilterBank(filters.astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class LogFrequency(SpectrumFeature):
    """Spectrogram on a logarithmic frequency axis, in decibels.

    ``L(b, t) = 10 log10(Σ w(b, k) P(k, t))``: the bins of the power spectrum are averaged with triangular
    filters ``w`` that are equally spaced in octaves, see `log_bank`. Unit: dB. The resolution is limited
    below about 200 Hz, where a semitone is narrower than a bin; `woodshed.features.chroma.Cqt` uses longer
    windows there, but is much slower. Müller, "Fundamentals of Music Processing" (2015), section 3.1.1, uses
    rectangular filters.

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`; default 22050, 2048 (93 ms), 512 (23 ms).
    n_bins
        Number of bands; default 84 (seven octaves).
    f_min_hz
        Centre of the lowest band in hertz; default 32.70 (C1).
    bins_per_octave
        Number of bands per octave; default 12 (semitones).
    floor_db
        Lowest value, -300 to 0; default -100.

    Examples
    --------
    A4 is 45 semitones above the lowest C.

    >>> from woodshed.audio import sine
    >>> int(LogFrequency()(sine(440, sample_rate=22050))[20].argmax())
    45

    An exponential chirp is a straight line on the logarithmic axis:

    >>> from woodshed.audio import chirp
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = chirp(65, 4000, 1.3, sample_rate=22050)
    >>> feature = LogFrequency(floor_db=-20)
    >>> print(text_plot(feature(clip), feature, height=7))
    log_frequency*_db:  ░ 0  ▒ 20  ▓ 40  █ 60
    72 ┤                                             ░▒▒▒▒▒▒▒▒▒▒
    60 ┤                                    ▒▒▒▒▒▒▒▒▒▒▒▒▒
    48 ┤                          ░▒▓▓▓▓▓▓▓▒▒▒▒░
    36 ┤░              ░░▒▓▓▓▓▓▓▓▓▓▓▓▒░
    24 ┤░░ ░░░▒▒▓▓▓▓▓▓▓▓▓▓▓▓▒░░
    12 ┤▓▓▓▓▓▓▓▓▓▓▓▒▒░░
     0 ┤▓▓▓▒▒░░░
       └0──────────0.25───────0.5───────0.75───────1──────────── s
    """

    key = "log-frequency/1"
    sample_rate: int = 22050
    n_fft: EvenNumber = 2048
    hop_length: int = 512
    n_bins: int = 84
    f_min_hz: float = C1_HZ
    bins_per_octave: int = 12
    floor_db: Floor = -100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between("LogFrequency", "f_min_hz", self.f_min_hz, 0, self.sample_rate / 2)
        if self.highest_hz > self.sample_rate / 2:
            raise ParameterError(
                f"LogFrequency expects its highest band up to {self.sample_rate / 2:g} Hz (half of "
                f"sample_rate), got {self.highest_hz:.0f} Hz. Lower n_bins or f_min_hz."
            )

    @property
    def highest_hz(self) -> float:
        """Centre of the highest band in hertz."""
        return float(self.f_min_hz * 2.0 ** ((self.n_bins - 1) / self.bins_per_octave))

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each band, from the lowest."""
        return tuple(f"log_frequency{k}_db" for k in range(self.n_bins))

    def _of_power(self, power: Samples) -> Samples:
        bank = log_bank(self.sample_rate, self.n_fft, self.n_bins, self.f_min_hz, self.bins_per_octave)
        bands = bank(power, np.empty((len(power), self.n_bins), dtype=np.float32))
        return power_to_db(bands, self.floor_db)
