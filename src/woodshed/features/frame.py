"""Frames of a clip: power spectra, and base classes of frame-wise features."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import scipy  # its submodules are loaded at their first use
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, load_package, printable
from woodshed.features.validation import Checked, whole
from woodshed.units import samples_to_frames

HIGHEST_DEFAULT_RATE = 48000
"""Sample rate in hertz up to which features use their default lengths of frames."""

_FRAME_LENGTHS = ("n_fft", "hop_length", "frame_length")

# Size of the blocks of frames in bytes: large enough for the overhead of NumPy calls to be negligible, and
# small enough for the block to stay in the cache during windowing, transform and squaring.
BLOCK_BYTES = 512 * 1024


Precision = Literal["float32", "float64"]

EvenNumber = Annotated[int, whole(2, "even")]


@lru_cache(maxsize=16)
def hann_window(n_fft: int, dtype: Precision = "float32") -> NDArray[Any]:
    """Return the periodic Hann window, shape ``(n_fft,)``, read-only.

    Copies of a periodic window, shifted by a quarter of its length, sum to a constant.

    Examples
    --------
    >>> hann_window(4).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(dtype)
    window.setflags(write=False)
    return window


def power_blocks(
    samples: Samples, *, n_fft: int, hop_length: int, window: NDArray[Any]
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield the power spectrogram in blocks of frames, for callers that reduce each block.

    Parameters are those of `power_spectrogram`. The precision is that of the window: float32 resolves about
    120 dB below the maximum of a frame.

    Yields
    ------
    rows, power
        Range of the frames, and their power, shape ``(n_rows, 1 + n_fft // 2)``. The array is overwritten by
        the next block.

    Examples
    --------
    >>> blocks = power_blocks(np.zeros(640, np.float32), n_fft=64, hop_length=16, window=hann_window(64))
    >>> [(rows.stop, power.shape) for rows, power in blocks]
    [(41, (41, 33))]
    """
    # Zero padding centres the first window on sample 0.
    padded = np.pad(samples, n_fft // 2)
    frames = frames_of(padded, n_fft, hop_length)
    n_rows = min(len(frames), max(1, BLOCK_BYTES // window.nbytes))
    windowed = np.empty((n_rows, n_fft), dtype=window.dtype)
    power = np.empty((n_rows, 1 + n_fft // 2), dtype=window.dtype)
    for start in range(0, len(frames), n_rows):
        block = frames[start : start + n_rows]
        n = len(block)
        np.multiply(block, window, out=windowed[:n])
        spectrum = scipy.fft.rfft(windowed[:n], axis=1, overwrite_x=True)
        # In the real view, real and imaginary parts alternate: squaring in place avoids the square root of
        # abs() and two temporary arrays.
        parts = spectrum.view(window.dtype)
        np.square(parts, out=parts)
        np.add(parts[:, 0::2], parts[:, 1::2], out=power[:n])
        yield slice(start, start + n), power[:n]


def power_spectrogram(samples: Samples, *, n_fft: int, hop_length: int, window: Samples) -> Samples:
    """Compute the power spectrogram.

    Frame ``k`` is centred on sample ``k * hop_length``; the signal is padded with zeros.
    Equal to ``abs(librosa.stft(samples, center=True, pad_mode="constant")) ** 2``, transposed.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, float32, at least one sample.
    n_fft
        Frame length in samples, even.
    hop_length
        Samples from one frame to the next.
    window
        Shape ``(n_fft,)``, float32; usually `hann_window`.

    Returns
    -------
    numpy.ndarray
        Shape ``(1 + n_samples // hop_length, 1 + n_fft // 2)``, float32, not scaled by the window.

    Examples
    --------
    A sine of amplitude 1 at the centre of bin 8 has the square of half the sum of the window.

    >>> sine = np.sin(2 * np.pi * 8 / 64 * np.arange(640)).astype(np.float32)
    >>> power = power_spectrogram(sine, n_fft=64, hop_length=16, window=hann_window(64))
    >>> power.shape, int(power[20].argmax()), round(float(power[20, 8]))
    ((41, 33), 8, 256)
    """
    out = np.empty((samples_to_frames(len(samples), hop_length), 1 + n_fft // 2), dtype=np.float32)
    for rows, power in power_blocks(samples, n_fft=n_fft, hop_length=hop_length, window=window):
        out[rows] = power
    return out


def mono_at(clip: Clip, sample_rate: int, feature: str) -> Samples:
    """Return the mono mix of a clip, shape ``(n_samples,)``, and check its sample rate.

    Features do not resample by themselves: it is slower than most features and should be done once, on
    reading.

    Raises
    ------
    AudioError
        If the clip has another rate.

    Examples
    --------
    >>> mono_at(Clip(np.zeros(80), 8000), 8000, "LogMel").shape
    (80,)
    """
    if clip.sample_rate != sample_rate:
        raise AudioError(
            f"{feature} expects {sample_rate} Hz, got {printable(clip.source)} at {clip.sample_rate} Hz. "
            f"Resample it first: woodshed.audio.resample(clip, {sample_rate})."
        )
    return clip.mono()


def frames_of(padded: Samples, frame_length: int, hop_length: int) -> Samples:
    """Return the frames of a signal as a view without copying, shape ``(n_frames, frame_length)``.

    Examples
    --------
    >>> frames_of(np.arange(5, dtype=np.float32), 3, 2).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]
    """
    return np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]


def load_librosa(purpose: str) -> Any:
    """Return librosa, an optional package, for what is not computed here: ``purpose`` starts the error.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    return load_package("librosa", purpose, 'pip install "woodshed[librosa]"')


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


def frame_settings(kind: type[Any], sample_rate: int) -> dict[str, Any]:
    """Return a sample rate with lengths of frames that suit it, as settings of a feature.

    Up to 48 kHz the lengths in samples are the defaults of the feature. Above they are doubled for every
    octave, so that a frame has the duration and a bin the width that they have from 24 to 48 kHz: frames of
    the default length would be shorter than the bands need.

    Parameters
    ----------
    kind
        Class of the feature, a dataclass.
    sample_rate
        Rate in hertz.

    Examples
    --------
    >>> from woodshed.features.mel import LogMel
    >>> frame_settings(LogMel, 48000)
    {'sample_rate': 48000}
    >>> frame_settings(LogMel, 192000)
    {'sample_rate': 192000, 'n_fft': 2048, 'hop_length': 640}
    """
    factor = 2 ** max(0, math.ceil(math.log2(max(sample_rate, 1) / HIGHEST_DEFAULT_RATE)))
    if factor == 1:
        return {"sample_rate": sample_rate}
    lengths = {field.name: field.default for field in fields(kind) if field.name in _FRAME_LENGTHS}
    return {"sample_rate": sample_rate, **{name: factor * length for name, length in lengths.items()}}


@dataclass(frozen=True, kw_only=True)
class SampleSettings(FrameFeature):
    """Settings of features of the samples of a frame."""

    sample_rate: int = 16000
    frame_length: EvenNumber = 512
    hop_length: int = 160

    @property
    def n_context(self) -> int:
        """Half a frame."""
        return self.frame_length // 2


@dataclass(frozen=True, kw_only=True)
class SpectrumSettings(Checked):
    """Settings of features of the spectrum of a frame, with a Hann window."""

    sample_rate: int = 16000
    n_fft: EvenNumber = 512
    hop_length: int = 160

    @property
    def n_context(self) -> int:
        """Half a window."""
        return self.n_fft // 2

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
        """Yield the power spectrogram in blocks: see `woodshed.features.frame.power_blocks`."""
        window = hann_window(self.n_fft, self._precision)
        return power_blocks(samples, n_fft=self.n_fft, hop_length=self.hop_length, window=window)

    def power_spectrogram(self, samples: Samples) -> Samples:
        """Return the power spectrogram, shape ``(n_frames, n_fft_bins)``, float32."""
        return power_spectrogram(
            samples, n_fft=self.n_fft, hop_length=self.hop_length, window=hann_window(self.n_fft)
        )


@dataclass(frozen=True, kw_only=True)
class SampleFeature(SampleSettings):
    """Base class of features of the samples of each frame."""

    _padding: ClassVar[float] = 0.0
    """Value of the padding at both ends of a clip."""

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

    @abstractmethod
    def _of_power(self, power: Samples) -> Samples:
        """Compute the values of frames from their power, shape ``(n_rows, n_fft_bins)``; may overwrite it."""

    def _frames(self, samples: Samples) -> Samples:
        out = np.empty((self.n_frames(len(samples)), self.n_bands), dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            out[rows] = self._of_power(power).reshape(len(power), -1)
        return out
