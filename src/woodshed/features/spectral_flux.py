"""Spectral flux: how much the spectrum changes from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import Framed, SpectrumSettings
from woodshed.features.spectral_moment import per_total


def shares(magnitude: Samples) -> Samples:
    """Divide each spectrum by its sum; a silent one stays 0.

    Examples
    --------
    >>> shares(np.array([[1, 3], [0, 0]], dtype=np.float32)).tolist()
    [[0.25, 0.75], [0.0, 0.0]]
    """
    return per_total(magnitude, np.broadcast_to(magnitude.sum(axis=1, keepdims=True), magnitude.shape))


def flux(share: Samples, before: Samples | None) -> Samples:
    """Return the squared distance of each spectrum from the one before, shape ``(n_frames,)``.

    Parameters
    ----------
    share
        Shape ``(n_frames, n_bins)``, see `shares`.
    before
        The spectrum before the first, shape ``(n_bins,)``; None if there is none: its flux is then 0.

    Examples
    --------
    >>> flux(np.array([[1, 0], [0.5, 0.5]], dtype=np.float32), None).tolist()
    [0.0, 0.5]
    """
    first = share[:1] if before is None else before[np.newaxis]
    step = np.diff(share, axis=0, prepend=first)
    squared: Samples = np.einsum("ij,ij->i", step, step)
    return squared


@dataclass(frozen=True, kw_only=True)
class SpectralFlux(SpectrumSettings, Framed):
    """How much the shape of the spectrum changes from one frame to the next.

    ``SF(t) = Σ (m(n, t) / Σ m(t) - m(n, t-1) / Σ m(t-1))²`` over the bins ``n``, ``m`` being magnitude: 0 for
    a held tone or a mere change of level, up to 2 when all the energy jumps elsewhere. The first frame has
    0. No unit. Giannakopoulos and Pikrakis (2014). librosa has only the rise of decibels, which is
    `woodshed.features.onset_strength.OnsetStrength`.

    Parameters
    ----------
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import chirp, sine
    >>> steady, gliding = (SpectralFlux()(clip)[50, 0] for clip in (sine(1000), chirp(100, 6400)))
    >>> bool(gliding > 1000 * steady)
    True

    Three tones: only the change counts, not the pitch:

    >>> from woodshed.audio import join, sine
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(f0_hz, 0.2) for f0_hz in (500, 1000, 3000)])
    >>> feature = SpectralFlux()
    >>> print(picture(feature(clip), feature))
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

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_flux",)

    @property
    def n_context(self) -> int:
        """Half a window, and the frame before."""
        return self.n_fft // 2 + self.hop_length

    def _frames(self, samples: Samples) -> Samples:
        out = np.empty((self.n_frames(len(samples)), 1), dtype=np.float32)
        before = None
        for rows, power in self.power_blocks(samples):
            share = shares(np.sqrt(power))
            out[rows, 0] = flux(share, before)
            before = share[-1]
        return out
