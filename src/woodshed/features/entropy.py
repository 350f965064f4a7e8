"""Entropy of the energy over time and over the spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import SampleFeature, SpectrumFeature
from woodshed.features.spectral_shape import unit_sum
from woodshed.features.validation import Checked, whole

_TINY = np.finfo(np.float32).tiny


def block_entropy(energy: Samples, n_blocks: int) -> Samples:
    """Return the entropy of energy over blocks, shape ``(n_frames,)``, in bits; 0 in silence.

    Each row is divided into ``n_blocks`` blocks of equal length, up to one value. With ``e`` the share of a
    block in the sum: ``H = -Σ e log2 e``, from 0 (a single block) to ``log2 n_blocks`` (uniform).

    Examples
    --------
    >>> energy = np.array([[1, 1, 1, 1], [8, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    >>> block_entropy(energy, 4).tolist()
    [2.0, 0.0, 0.0]
    """
    starts = np.arange(n_blocks) * energy.shape[1] // n_blocks
    share = unit_sum(np.add.reduceat(energy, starts, axis=1))
    bits: Samples = np.einsum("ij,ij->i", share, np.log2(np.maximum(share, _TINY)))
    # Subtracted from 0, so that the entropy of silence is 0 and not -0.
    return np.float32(0.0) - bits


@dataclass(frozen=True, kw_only=True)
class EntropySettings(Checked):
    """Number of blocks of an entropy, with its validation."""

    n_blocks: Annotated[int, whole(2)] = 10

    def _check_blocks(self, n_values: int, what: str) -> None:
        if self.n_blocks > n_values:
            raise ParameterError(
                f"{type(self).__name__} expects n_blocks of at most {n_values} ({what}), got {self.n_blocks}."
            )


@dataclass(frozen=True, kw_only=True)
class EnergyEntropy(EntropySettings, SampleFeature):
    """Entropy of the energy within each frame: low at attacks, high in sustained sounds.

    A frame is divided into ``n_blocks``; with ``e`` the share of a block in the energy of the frame,
    ``H(t) = -Σ e log2 e``. Unit: bits, from 0 (also for silence) to ``log2 n_blocks``. Giannakopoulos and
    Pikrakis (2014).

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

    Steady noise with three clicks:

    >>> from woodshed.audio import clicks, noise
    >>> from woodshed.clip import Clip
    >>> from woodshed.features.text_plot import text_plot
    >>> hiss = noise(duration_s=0.6, level_db=-40)
    >>> clip = Clip(hiss.samples + clicks(0.2, 0.6).samples, 16000)
    >>> feature = EnergyEntropy()
    >>> print(text_plot(feature(clip), feature))
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
    names = ("energy_entropy_bits",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_blocks(self.frame_length, "frame_length")

    def _of_samples(self, frames: Samples) -> Samples:
        return block_entropy(np.square(frames), self.n_blocks)


@dataclass(frozen=True, kw_only=True)
class SpectralEntropy(EntropySettings, SpectrumFeature):
    """Entropy of the power spectrum of each frame: low for tones and voices, high for noise.

    The bins are divided into ``n_blocks`` bands of equal width; with ``e`` the share of a band in the power
    of the frame, ``H(t) = -Σ e log2 e``. Unit: bits, from 0 (also for silence) to ``log2 n_blocks``.
    Giannakopoulos and Pikrakis (2014); with as many bands as bins it is the Shannon entropy of the power
    spectrum.

    Parameters
    ----------
    n_blocks
        Number of bands, 2 or more; default 10.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> [round(float(SpectralEntropy()(clip)[50, 0]), 1) for clip in (sine(1000), noise())]
    [0.0, 3.3]

    A tone, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(1000, 0.3), noise(duration_s=0.3)])
    >>> feature = SpectralEntropy()
    >>> print(text_plot(feature(clip), feature))
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
    names = ("spectral_entropy_bits",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_blocks(self.n_fft_bins, "bins of the transform")

    def _of_power(self, power: Samples) -> Samples:
        return block_entropy(power, self.n_blocks)
