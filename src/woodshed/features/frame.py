"""Frames: what every feature that describes a clip frame by frame shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.features.setting import Checked
from woodshed.features.spectrum import BLOCK_BYTES, Precision, hann_window, mono_at, power_blocks
from woodshed.units import samples_to_frames, samples_to_s


def frames_of(padded: Samples, frame_length: int, hop_length: int) -> Samples:
    """Return the frames of a sound as a view, shape ``(n_frames, frame_length)``; nothing is copied.

    Examples
    --------
    >>> frames_of(np.arange(5, dtype=np.float32), 3, 2).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]
    """
    return np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]


class Framed(Checked, ABC):
    """A feature that describes a clip frame by frame.

    Frame ``k`` is centred on sample ``k * hop_length``, as in librosa, so that features with one rate and
    one hop stand side by side row by row.
    """

    @property
    @abstractmethod
    def sample_rate(self) -> int:
        """The rate that clips must have, in hertz."""

    @property
    @abstractmethod
    def hop_length(self) -> int:
        """Samples from one frame to the next."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The name of each value in a frame, with its unit if it has one."""

    @property
    @abstractmethod
    def n_context(self) -> int:
        """How many samples a frame may hear before, and as many after, the sample it is centred on."""

    @property
    def gain_invariant(self) -> bool:
        """Whether a louder copy of a clip gets the same values."""
        return False

    @property
    def exact_in_blocks(self) -> bool:
        """Whether frames depend on nothing beyond ``n_context``: see `woodshed.features.block`."""
        return True

    @abstractmethod
    def _frames(self, samples: Samples) -> Samples:
        """Describe the mono mix, shape ``(n_samples,)``."""

    @property
    def n_bands(self) -> int:
        """Number of values in a frame."""
        return len(self.names)

    @property
    def frame_rate_hz(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    @property
    def context_s(self) -> float:
        """``n_context`` in seconds."""
        return samples_to_s(self.n_context, self.sample_rate)

    def n_frames(self, n_samples: int) -> int:
        """Count the frames of a clip of ``n_samples``."""
        return samples_to_frames(n_samples, self.hop_length)

    def __call__(self, clip: Clip) -> Samples:
        """Describe a clip.

        Parameters
        ----------
        clip
            At ``sample_rate``; channels are averaged. One sample is enough, and silence is allowed.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_frames, n_bands)``, float32, finite; the columns are in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip has another sample rate.
        """
        return self._frames(mono_at(clip, self.sample_rate, type(self).__name__))


@dataclass(frozen=True, kw_only=True)
class SampleSettings(Checked):
    """The settings of features that look at the samples of a frame."""

    sample_rate: int = 16000
    frame_length: int = 512
    hop_length: int = 160

    def __post_init__(self) -> None:
        self._whole(sample_rate=1, frame_length=2, hop_length=1)
        self._even("frame_length")


@dataclass(frozen=True, kw_only=True)
class SpectrumSettings(Checked):
    """The settings of features that look at the spectrum of a frame under a Hann window."""

    sample_rate: int = 16000
    n_fft: int = 512
    hop_length: int = 160

    def __post_init__(self) -> None:
        self._whole(sample_rate=1, n_fft=2, hop_length=1)
        self._even("n_fft")

    @property
    def n_fft_bins(self) -> int:
        """Number of frequency bins of the transform, 0 Hz and half of ``sample_rate`` included."""
        return 1 + self.n_fft // 2

    @property
    def bins_hz(self) -> Samples:
        """Frequency of each bin, shape ``(n_fft_bins,)``, in hertz."""
        return (np.arange(self.n_fft_bins) * (self.sample_rate / self.n_fft)).astype(np.float32)

    _precision: ClassVar[Precision] = "float32"
    """Of the transform: float64 where what is far below the loudest bin of a frame counts."""

    def power_blocks(self, samples: Samples) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield the power spectrogram in blocks: `woodshed.features.spectrum.power_blocks`."""
        window = hann_window(self.n_fft, self._precision)
        return power_blocks(samples, n_fft=self.n_fft, hop_length=self.hop_length, window=window)


@dataclass(frozen=True, kw_only=True)
class OfSamples(SampleSettings, Framed):
    """A feature of each frame's samples alone."""

    _beyond: ClassVar[float] = 0.0
    """The value that is assumed beyond both ends of a clip."""

    @property
    def n_context(self) -> int:
        """Half a frame."""
        return self.frame_length // 2

    @abstractmethod
    def _of_samples(self, frames: Samples) -> Samples:
        """Describe frames, ``(n_rows, frame_length)``, read-only."""

    def _frames(self, samples: Samples) -> Samples:
        padded = np.pad(samples, self.frame_length // 2, constant_values=self._beyond)
        frames = frames_of(padded, self.frame_length, self.hop_length)
        out = np.empty((len(frames), self.n_bands), dtype=np.float32)
        n_rows = max(1, BLOCK_BYTES // (self.frame_length * samples.itemsize))
        for start in range(0, len(frames), n_rows):
            block = frames[start : start + n_rows]
            out[start : start + n_rows] = self._of_samples(block).reshape(len(block), -1)
        return out


@dataclass(frozen=True, kw_only=True)
class OfSpectrum(SpectrumSettings, Framed):
    """A feature of each frame's power spectrum alone, computed while the spectrum is in the cache."""

    @property
    def n_context(self) -> int:
        """Half a window."""
        return self.n_fft // 2

    @abstractmethod
    def _of_power(self, power: Samples) -> Samples:
        """Describe frames by their power, ``(n_rows, n_fft_bins)``, to be overwritten at will."""

    def _frames(self, samples: Samples) -> Samples:
        out = np.empty((self.n_frames(len(samples)), self.n_bands), dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            out[rows] = self._of_power(power).reshape(len(power), -1)
        return out
