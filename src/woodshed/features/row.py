"""Base class of features with one row per clip, for classical models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.features.mel import MelSettings
from woodshed.features.spectrum import hann_window, mono_at, power_spectrogram

N_MFCC = 20
"""Number of cepstral coefficients, and minimum number of mel bands."""


@dataclass(frozen=True, kw_only=True)
class RowFeature(MelSettings, ABC):
    """Base class of features that map a clip of any length to one row.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults; ``n_mels`` at least 20.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_mels < N_MFCC:
            name = type(self).__name__
            raise ParameterError(f"{name} expects n_mels of at least {N_MFCC}, got {self.n_mels}.")

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Lengths of the blocks of a row that are separate views of the clip; empty for a single view."""
        return ()

    def __call__(self, clip: Clip) -> Samples:
        """Compute the row of a clip.

        Parameters
        ----------
        clip
            Clip at ``sample_rate``, of at least one sample; channels are averaged.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_values,)``, float32, in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip has another sample rate.
        """
        parts = self.describe(mono_at(clip, self.sample_rate, type(self).__name__))
        return np.concatenate(parts, dtype=np.float32)

    @abstractmethod
    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""

    def power_and_mel(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return the power spectrogram, shape ``(n_frames, n_bins)``, and the power in each mel band."""
        power = power_spectrogram(
            samples, n_fft=self.n_fft, hop_length=self.hop_length, window=hann_window(self.n_fft)
        )
        mel = self.filter_bank()(power, np.empty((len(power), self.n_mels), dtype=np.float32))
        return power, mel
