"""Spectral flux: change of the spectrum between frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import FrameFeature, SpectrumSettings
from woodshed.features.spectral_shape import safe_divide


def unit_sum(magnitude: Samples) -> Samples:
    """Normalise each spectrum to a sum of 1; silent ones stay 0.

    Examples
    --------
    >>> unit_sum(np.array([[1, 3], [0, 0]], dtype=np.float32)).tolist()
    [[0.25, 0.75], [0.0, 0.0]]
    """
    return safe_divide(magnitude, np.broadcast_to(magnitude.sum(axis=1, keepdims=True), magnitude.shape))


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
    `woodshed.features.onset_strength.OnsetStrength`.

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

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
