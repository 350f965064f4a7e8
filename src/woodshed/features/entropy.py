"""Entropy: whether energy comes in few places or in many, in time and over the spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import OfSamples, OfSpectrum
from woodshed.features.spectral_flux import shares

_TINY = np.finfo(np.float32).tiny


def block_entropy(energy: Samples, n_blocks: int) -> Samples:
    """Return how evenly energy is spread over blocks, shape ``(n_frames,)``, in bits; 0 in silence.

    Each row is cut into ``n_blocks`` blocks, equal to within one value. With ``e`` the share of a block in
    the sum: ``H = -Σ e log2 e``, from 0 (all in one) to ``log2 n_blocks`` (the same in each).

    Examples
    --------
    >>> energy = np.array([[1, 1, 1, 1], [8, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    >>> block_entropy(energy, 4).tolist()
    [2.0, 0.0, 0.0]
    """
    starts = np.arange(n_blocks) * energy.shape[1] // n_blocks
    share = shares(np.add.reduceat(energy, starts, axis=1))
    bits: Samples = np.einsum("ij,ij->i", share, np.log2(np.maximum(share, _TINY)))
    # Adding 0 makes a plain zero of a negative one.
    return np.float32(0.0) - bits


def _check_blocks(n_blocks: int, n_values: int, owner: str, what: str) -> None:
    if n_blocks > n_values:
        raise ParameterError(f"{owner} expects n_blocks of at most {n_values} ({what}), got {n_blocks}.")


@dataclass(frozen=True, kw_only=True)
class EnergyEntropy(OfSamples):
    """Whether a frame's energy is steady or comes at once: low at attacks, high in held sounds.

    A frame is cut into ``n_blocks``; with ``e`` the share of a block in the energy of the frame,
    ``H(t) = -Σ e log2 e``. Unit: bits, 0 (and in silence) to ``log2 n_blocks``. Giannakopoulos and Pikrakis
    (2014).

    Parameters
    ----------
    n_blocks
        Number of blocks, 2 or more; default 10.
    sample_rate, frame_length, hop_length
        As in `woodshed.features.time_domain.AmplitudeEnvelope`.

    Examples
    --------
    >>> from woodshed.audio import clicks, noise
    >>> [round(float(EnergyEntropy()(clip)[50, 0]), 1) for clip in (clicks(0.1), noise())]
    [0.0, 3.3]

    Steady noise, struck three times:

    >>> from woodshed.audio import clicks, noise
    >>> from woodshed.clip import Clip
    >>> from woodshed.features.picture import picture
    >>> hiss = noise(duration_s=0.6, level_db=-40)
    >>> clip = Clip(hiss.samples + clicks(0.2, 0.6).samples, 16000)
    >>> feature = EnergyEntropy()
    >>> print(picture(feature(clip), feature))
    energy_entropy_bits
    4 ┤
      │  █████████████████   █████████████████   █████████████████
      │  █████████████████   █████████████████   ██████████████████
    2 ┤  █████████████████   █████████████████   ██████████████████
      │  █████████████████   █████████████████   ██████████████████
      │▂▄█████████████████▆▆▄█████████████████▄▄▄██████████████████
    0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "energy-entropy/1"
    gain_invariant = True

    n_blocks: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(n_blocks=2)
        _check_blocks(self.n_blocks, self.frame_length, "EnergyEntropy", "frame_length")

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("energy_entropy_bits",)

    def _of_samples(self, frames: Samples) -> Samples:
        return block_entropy(np.square(frames), self.n_blocks)


@dataclass(frozen=True, kw_only=True)
class SpectralEntropy(OfSpectrum):
    """Whether a spectrum is concentrated or spread out: low for tones and voices, high for noise.

    The bins are cut into ``n_blocks`` bands of equal width; with ``e`` the share of a band in the power of
    the frame, ``H(t) = -Σ e log2 e``. Unit: bits, 0 (and in silence) to ``log2 n_blocks``. Giannakopoulos
    and Pikrakis (2014); with as many bands as bins it is Shannon's entropy of the power spectrum.

    Parameters
    ----------
    n_blocks
        Number of bands, 2 or more; default 10.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_moment.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> [round(float(SpectralEntropy()(clip)[50, 0]), 1) for clip in (sine(1000), noise())]
    [0.0, 3.3]

    A tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralEntropy()
    >>> print(picture(feature(clip), feature))
    spectral_entropy_bits
    4 ┤
      │                               ████████████▆█████▆█▆████▆███
      │                               █████████████████████████████
    2 ┤                               █████████████████████████████
      │                               █████████████████████████████
      │▂                             ██████████████████████████████
    0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "spectral-entropy/1"
    gain_invariant = True

    n_blocks: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(n_blocks=2)
        _check_blocks(self.n_blocks, self.n_fft_bins, "SpectralEntropy", "bins of the transform")

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("spectral_entropy_bits",)

    def _of_power(self, power: Samples) -> Samples:
        return block_entropy(power, self.n_blocks)
