"""Spectral contrast: difference of peaks and valleys in each octave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import FrameFeature, SpectrumSettings
from woodshed.features.mel import limit_range, power_to_db

_FLOOR_DB = -100.0  # as in librosa, where power is at least 1e-10


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
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

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
    quantile: float = 0.02
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(n_octaves=1)
        self._within("quantile", 0, 1)
        self._within("f_min_hz", 0, self.sample_rate / 2)
        if self.top_db is not None:
            self._within("top_db", 0, 1000)
        if self.f_min_hz * 2 ** (self.n_octaves - 1) >= self.sample_rate / 2:
            raise ParameterError(
                f"SpectralContrast expects its last octave to start below {self.sample_rate / 2:g} Hz "
                f"(half of sample_rate), got {self.n_octaves} from {self.f_min_hz:g} Hz. Lower n_octaves."
            )
        if any(bins.stop - bins.start < 1 for bins, _ in self._octaves):
            raise ParameterError(
                f"SpectralContrast: an octave from {self.f_min_hz:g} Hz holds no bin of n_fft={self.n_fft} "
                f"at {self.sample_rate} Hz. Raise n_fft or f_min_hz."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the band below the first octave, and of each octave."""
        return tuple(f"spectral_contrast{k}_db" for k in range(self.n_octaves + 1))

    @property
    def n_context(self) -> int:
        """Half a window."""
        return self.n_fft // 2

    @property
    def exact_in_blocks(self) -> bool:
        """Whether there is no threshold relative to the whole clip."""
        return self.top_db is None

    @property
    def _octaves(self) -> list[tuple[slice, int]]:
        """Bins of each band, and number of peaks."""
        bins_hz = np.arange(self.n_fft_bins) * (self.sample_rate / self.n_fft)
        edges_hz = [0.0, *(self.f_min_hz * 2.0 ** np.arange(self.n_octaves + 1))]
        octaves = []
        for k in range(self.n_octaves + 1):
            inside = np.flatnonzero((bins_hz >= edges_hz[k]) & (bins_hz <= edges_hz[k + 1]))
            last = k == self.n_octaves
            if len(inside) == 0:
                return [(slice(0, 0), 1)]
            # As in librosa, bands start one bin early, and all except the last omit their last bin.
            start = int(inside[0]) - (k > 0)
            stop = self.n_fft_bins if last else int(inside[-1]) + 1
            n_peaks = max(1, int(np.rint(self.quantile * (stop - start))))
            octaves.append((slice(start, stop - (not last)), n_peaks))
        return octaves

    def _frames(self, samples: Samples) -> Samples:
        octaves = self._octaves
        shape = (self.n_frames(len(samples)), len(octaves))
        peaks, valleys = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            single = power.astype(np.float32)  # sufficient from here on
            for band, (bins, n_peaks) in enumerate(octaves):
                ordered = np.sort(single[:, bins], axis=1)
                valleys[rows, band] = np.sqrt(ordered[:, :n_peaks]).mean(axis=1)
                peaks[rows, band] = np.sqrt(ordered[:, -n_peaks:]).mean(axis=1)
        for means in (peaks, valleys):
            limit_range(power_to_db(means, _FLOOR_DB), self.top_db)
        return peaks - valleys
