"""Summary: a whole clip in one row of numbers, for classical models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.features.log_mel import MelSettings, power_to_db
from woodshed.features.mfcc import cepstrum, delta
from woodshed.features.spectrum import hann_window, mono_at, power_spectrogram, whole_number

_N_MFCC = 20


def centroid_hz(power: Samples, sample_rate: int) -> Samples:
    """Return the centre of gravity of each frame's magnitude spectrum, shape ``(n_frames,)``, in hertz.

    A silent frame has its centre at 0.

    Examples
    --------
    >>> power = np.array([[0, 0, 4, 0, 0], [0, 0, 0, 0, 0]], dtype=np.float32)
    >>> centroid_hz(power, 8000).tolist()
    [2000.0, 0.0]
    """
    magnitude = np.sqrt(power)
    bins_hz = np.linspace(0, sample_rate / 2, power.shape[1], dtype=np.float32)
    total = magnitude.sum(axis=1)
    centroid: Samples = np.divide(magnitude @ bins_hz, total, out=np.zeros_like(total), where=total > 0)
    return centroid


def zero_crossing_rate(samples: Samples, n_fft: int, hop_length: int) -> NDArray[np.float64]:
    """Return the share of steps in each frame at which the sign changes, shape ``(n_frames,)``.

    Frames are centred; the sound is continued beyond its ends by its first and last sample, so that the
    border adds no crossing.

    Examples
    --------
    >>> samples = np.array([1, -1] * 8, dtype=np.float32)
    >>> zero_crossing_rate(samples, n_fft=4, hop_length=4).tolist()
    [0.25, 0.75, 0.75, 0.75, 0.25]
    """
    padded = np.pad(samples, n_fft // 2, mode="edge")
    # Below -200 dB a sign is rounding noise.
    negative = np.signbit(np.where(np.abs(padded) <= 1e-10, 0.0, padded))
    crossings = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])
    starts = np.arange(0, len(padded) - n_fft + 1, hop_length)
    rate: NDArray[np.float64] = (crossings[starts + n_fft - 1] - crossings[starts]) / n_fft
    return rate


def rms_db(samples: Samples, n_fft: int, hop_length: int, floor_db: float) -> Samples:
    """Return the level of each centred frame, shape ``(n_frames,)``, in dB of full scale.

    Examples
    --------
    >>> samples = np.full(64, 0.1, dtype=np.float32)
    >>> [f"{level:.2f}" for level in rms_db(samples, n_fft=16, hop_length=16, floor_db=-100)]
    ['-23.01', '-20.00', '-20.00', '-20.00', '-23.01']
    """
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, n_fft // 2), n_fft)[::hop_length]
    return power_to_db(np.einsum("ij,ij->i", frames, frames) / np.float32(n_fft), floor_db)


@dataclass(frozen=True, kw_only=True)
class Summary(MelSettings):
    """One row of numbers for a clip of any length.

    Mean and spread over time of 20 cepstral coefficients, of their speed (spread alone: its mean is
    only last minus first), of the spectral centroid, the zero-crossing rate and the level; and the mean
    coefficients of equal stretches of time, which keep the order of events. The values have different
    units: scale each to unit variance before a model that measures distances.

    Parameters
    ----------
    n_segments
        Number of equal stretches of time, 1 or more; default 3.
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults; ``n_mels`` at least 20.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    >>> feature = Summary(sample_rate=8000, n_fft=256, hop_length=80)
    >>> feature(Clip(np.zeros(8000), 8000)).shape
    (126,)
    >>> feature.names[60:64]
    ('centroid_mean_hz', 'centroid_std_hz', 'zero_crossing_rate_mean', 'zero_crossing_rate_std')
    """

    n_segments: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        n_segments = whole_number(self.n_segments, "n_segments", low=1, owner="Summary")
        object.__setattr__(self, "n_segments", n_segments)
        if self.n_mels < _N_MFCC:
            raise ParameterError(f"Summary expects n_mels of at least {_N_MFCC}, got {self.n_mels}.")

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value, with its unit if it has one."""
        spread = [f"mfcc{k}_{kind}" for kind in ("mean", "std", "delta_std") for k in range(_N_MFCC)]
        rest = [
            name.format(kind)
            for name in ("centroid_{}_hz", "zero_crossing_rate_{}", "rms_{}_db")
            for kind in ("mean", "std")
        ]
        parts = [f"mfcc{k}_mean_part{part + 1}" for part in range(self.n_segments) for k in range(_N_MFCC)]
        return (*spread, *rest, *parts)

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    def __call__(self, clip: Clip) -> Samples:
        """Describe a clip.

        Parameters
        ----------
        clip
            At ``sample_rate``; channels are averaged. One sample is enough, and silence is allowed.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_values,)``, float32, in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip has another sample rate.
        """
        samples = mono_at(clip, self.sample_rate, "Summary")
        framing = {"n_fft": self.n_fft, "hop_length": self.hop_length}
        power = power_spectrogram(samples, window=hann_window(self.n_fft), **framing)
        mel = self.filter_bank()(power, np.empty((len(power), self.n_mels), dtype=np.float32))
        mfcc = cepstrum(power_to_db(mel, self.floor_db), _N_MFCC)
        tracks = (
            centroid_hz(power, self.sample_rate),
            zero_crossing_rate(samples, **framing),
            rms_db(samples, floor_db=self.floor_db, **framing),
        )
        parts = _equal_parts(mfcc, self.n_segments)
        row = [mfcc.mean(axis=0), mfcc.std(axis=0), delta(mfcc).std(axis=0)]
        row += [np.array([track.mean(), track.std()]) for track in tracks]
        row += [part.mean(axis=0) for part in parts]
        return np.concatenate(row, dtype=np.float32)


def _equal_parts(values: Samples, n_parts: int) -> list[Samples]:
    """Cut the frames into equal parts; with fewer frames than parts, some frames come twice."""
    n_frames = len(values)
    starts = [k * n_frames // n_parts for k in range(n_parts)]
    stops = [max(start + 1, (k + 1) * n_frames // n_parts) for k, start in enumerate(starts)]
    return [values[start:stop] for start, stop in zip(starts, stops, strict=True)]
