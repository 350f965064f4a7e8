"""Spectral contrast: how far peaks stand out from valleys, octave by octave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import Framed, SpectrumSettings
from woodshed.features.log_mel import cut_far_below_top, power_to_db

_FLOOR_DB = -100.0  # librosa: power counts as at least 1e-10


@dataclass(frozen=True, kw_only=True)
class SpectralContrast(SpectrumSettings, Framed):
    """Peaks over valleys in each octave: large for clear tones, small for noise.

    In every octave the mean of the strongest bins (the ``quantile`` of them) and the mean of the weakest
    are each turned into decibels and subtracted: ``10 log10(peak) - 10 log10(valley)``. Jiang et al., "Music
    type classification by spectral contrast feature" (ICME 2002). Equal to
    ``librosa.feature.spectral_contrast``, which takes these means of magnitudes, so that a value is half of
    what it would be of power; the first band reaches from 0 Hz to ``f_min_hz``, the last to half of
    ``sample_rate``. Unit: dB.

    Parameters
    ----------
    n_octaves
        Number of octaves above ``f_min_hz``; a frame has one value more. Default 6.
    f_min_hz
        Lower end of the first octave in hertz; default 200.
    quantile
        Share of an octave's bins that are taken for peaks, and for valleys; default 0.02, at least one bin.
    top_db
        Peaks and valleys are cut this far below the highest of the whole clip; default 80, as in librosa.
        None: not cut, so that a frame does not depend on the others.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or an octave holds no bin or lies beyond half of ``sample_rate``.

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
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralContrast(n_fft=2048)
    >>> print(picture(feature(clip), feature, height=7))
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
        """One value for what is below the first octave, then one for each octave."""
        return tuple(f"spectral_contrast{k}_db" for k in range(self.n_octaves + 1))

    @property
    def n_context(self) -> int:
        """Half a window."""
        return self.n_fft // 2

    @property
    def exact_in_blocks(self) -> bool:
        """Whether nothing is set relative to the whole clip."""
        return self.top_db is None

    @property
    def _octaves(self) -> list[tuple[slice, int]]:
        """The bins of each band, and how many of them are peaks."""
        bins_hz = np.arange(self.n_fft_bins) * (self.sample_rate / self.n_fft)
        edges_hz = [0.0, *(self.f_min_hz * 2.0 ** np.arange(self.n_octaves + 1))]
        octaves = []
        for k in range(self.n_octaves + 1):
            inside = np.flatnonzero((bins_hz >= edges_hz[k]) & (bins_hz <= edges_hz[k + 1]))
            last = k == self.n_octaves
            if len(inside) == 0:
                return [(slice(0, 0), 1)]
            # As librosa counts: a band starts one bin early, and all but the last give up their last bin.
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
            exact = power.astype(np.float32)  # to seven digits each, however small: enough from here on
            for band, (bins, n_peaks) in enumerate(octaves):
                ordered = np.sort(exact[:, bins], axis=1)
                valleys[rows, band] = np.sqrt(ordered[:, :n_peaks]).mean(axis=1)
                peaks[rows, band] = np.sqrt(ordered[:, -n_peaks:]).mean(axis=1)
        for means in (peaks, valleys):
            cut_far_below_top(power_to_db(means, _FLOOR_DB), self.top_db)
        return peaks - valleys
