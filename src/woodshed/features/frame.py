"""Base classes of frame-wise features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.features.spectrum import BLOCK_BYTES, Precision, hann_window, mono_at, power_blocks
from woodshed.features.validation import Checked
from woodshed.units import samples_to_frames


def frames_of(padded: Samples, frame_length: int, hop_length: int) -> Samples:
    """Return the frames of a signal as a view without copying, shape ``(n_frames, frame_length)``.

    Examples
    --------
    >>> frames_of(np.arange(5, dtype=np.float32), 3, 2).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]
    """
    return np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]


class FrameFeature(Checked, ABC):
    """Base class of frame-wise features.

    Frame ``k`` is centred on sample ``k * hop_length``, as in librosa, so that features with the same rate
    and hop length are aligned.
    """

    @property
    @abstractmethod
    def sample_rate(self) -> int:
        """Required sample rate of clips, in hertz."""

    @property
    @abstractmethod
    def hop_length(self) -> int:
        """Samples from one frame to the next."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Name of each value of a frame, with its unit."""

    @property
    @abstractmethod
    def n_context(self) -> int:
        """Number of samples before and after its centre on which a frame may depend."""

    @property
    def gain_invariant(self) -> bool:
        """Whether the values are independent of the level of the clip."""
        return False

    @property
    def exact_in_blocks(self) -> bool:
        """Whether frames only depend on ``n_context`` samples: see `woodshed.features.streaming`."""
        return True

    @abstractmethod
    def _frames(self, samples: Samples) -> Samples:
        """Compute the frames of a mono signal, shape ``(n_samples,)``."""

    @property
    def n_bands(self) -> int:
        """Number of values in a frame."""
        return len(self.names)

    @property
    def frame_rate_hz(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    def n_frames(self, n_samples: int) -> int:
        """Return the number of frames of a clip of ``n_samples``."""
        return samples_to_frames(n_samples, self.hop_length)

    def __call__(self, clip: Clip) -> Samples:
        """Compute the feature of a clip.

        Parameters
        ----------
        clip
            Clip at ``sample_rate``, of at least one sample; channels are averaged.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_frames, n_bands)``, float32, finite, with columns in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip has another sample rate.
        """
        return self._frames(mono_at(clip, self.sample_rate, type(self).__name__))


@dataclass(frozen=True, kw_only=True)
class SampleSettings(Checked):
    """Settings of features of the samples of a frame."""

    sample_rate: int = 16000
    frame_length: int = 512
    hop_length: int = 160

    def __post_init__(self) -> None:
        self._whole(sample_rate=1, frame_length=2, hop_length=1)
        self._even("frame_length")


@dataclass(frozen=True, kw_only=True)
class SpectrumSettings(Checked):
    """Settings of features of the spectrum of a frame, with a Hann window."""

    sample_rate: int = 16000
    n_fft: int = 512
    hop_length: int = 160

    def __post_init__(self) -> None:
        self._whole(sample_rate=1, n_fft=2, hop_length=1)
        self._even("n_fft")

    @property
    def n_fft_bins(self) -> int:
        """Number of frequency bins, from 0 Hz to the Nyquist frequency."""
        return 1 + self.n_fft // 2

    @property
    def bins_hz(self) -> Samples:
        """Frequency of each bin, shape ``(n_fft_bins,)``, in hertz."""
        return (np.arange(self.n_fft_bins) * (self.sample_rate / self.n_fft)).astype(np.float32)

    _precision: ClassVar[Precision] = "float32"
    """Precision of the transform: float64 if bins far below the maximum of a frame matter."""

    def power_blocks(self, samples: Samples) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield the power spectrogram in blocks: see `woodshed.features.spectrum.power_blocks`."""
        window = hann_window(self.n_fft, self._precision)
        return power_blocks(samples, n_fft=self.n_fft, hop_length=self.hop_length, window=window)


@dataclass(frozen=True, kw_only=True)
class SampleFeature(SampleSettings, FrameFeature):
    """Base class of features of the samples of each frame."""

    _padding: ClassVar[float] = 0.0
    """Value of the padding at both ends of a clip."""

    @property
    def n_context(self) -> int:
        """Half a frame."""
        return self.frame_length // 2

    @abstractmethod
    def _of_samples(self, frames: Samples) -> Samples:
        """Compute the values of frames, shape ``(n_rows, frame_length)``, read-only."""

    def _frames(self, samples: Samples) -> Samples:
        padded = np.pad(samples, self.frame_length // 2, constant_values=self._padding)
        frames = frames_of(padded, self.frame_length, self.hop_length)
        out = np.empty((len(frames), self.n_bands), dtype=np.float32)
        n_rows = max(1, BLOCK_BYTES // (self.frame_length * samples.itemsize))
        for start in range(0, len(frames), n_rows):
            block = frames[start : start + n_rows]
            out[start : start + n_rows] = self._of_samples(block).reshape(len(block), -1)
        return out


@dataclass(frozen=True, kw_only=True)
class SpectrumFeature(SpectrumSettings, FrameFeature):
    """Base class of features of the power spectrum of each frame."""

    @property
    def n_context(self) -> int:
        """Half a window."""
        return self.n_fft // 2

    @abstractmethod
    def _of_power(self, power: Samples) -> Samples:
        """Compute the values of frames from their power, shape ``(n_rows, n_fft_bins)``; may overwrite it."""

    def _frames(self, samples: Samples) -> Samples:
        out = np.empty((self.n_frames(len(samples)), self.n_bands), dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            out[rows] = self._of_power(power).reshape(len(power), -1)
        return out
