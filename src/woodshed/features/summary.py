"""Features with one row per clip: base class, summary and texture."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import frames_of, mono_at
from woodshed.features.mel import MelSettings, cepstrum, delta, power_to_db
from woodshed.features.row import NamedRow
from woodshed.features.spectral_shape import centroid_hz
from woodshed.features.time_domain import mean_power, zero_crossing_rate

N_MFCC = 20
"""Number of cepstral coefficients, and minimum number of mel bands."""

LAGS = (1, 2, 4, 8, 16)
"""Lags in frames over which changes are measured."""

MAX_SHAPES = 30
"""Maximum number of cosine coefficients across the mel bands."""

RANGE_DB = 60.0
"""Range below the maximum of all bands, in decibels; lower levels are raised to it."""

_LEAST = 1e-3


@dataclass(frozen=True, kw_only=True)
class RowFeature(MelSettings, NamedRow):
    """Base class of features that map the sound of a clip of any length to one row.

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
        power = self.power_spectrogram(samples)
        mel = self.filter_bank()(power, np.empty((len(power), self.n_mels), dtype=np.float32))
        return power, mel


@dataclass(frozen=True, kw_only=True)
class Summary(RowFeature):
    """Summary of a clip of any length, one row per clip.

    The row holds mean and standard deviation over time of 20 cepstral coefficients, spectral centroid,
    zero-crossing rate and level, the standard deviation of the deltas of the coefficients, and the mean
    coefficients of equal segments, which preserve the order of events. The values have different units:
    standardise them for models that are based on distances.

    Parameters
    ----------
    n_segments
        Number of equal segments, 1 or more; default 3.
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults; ``n_mels`` at least 20.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    >>> from woodshed.clip import Clip
    >>> feature = Summary(sample_rate=8000, n_fft=256, hop_length=80)
    >>> feature(Clip(np.zeros(8000), 8000)).shape
    (126,)
    >>> feature.names[60:64]
    ('centroid_mean_hz', 'centroid_std_hz', 'zero_crossing_rate_mean', 'zero_crossing_rate_std')
    """

    key = "summary/1"
    n_segments: int = 3

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        return (
            *(f"mfcc{k}_{kind}" for kind in ("mean", "std", "delta_std") for k in range(N_MFCC)),
            *("centroid_mean_hz", "centroid_std_hz", "zero_crossing_rate_mean", "zero_crossing_rate_std"),
            *("rms_mean_db", "rms_std_db"),
            *(f"mfcc{k}_mean_part{part + 1}" for part in range(self.n_segments) for k in range(N_MFCC)),
        )

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""
        power, mel = self.power_and_mel(samples)
        mfcc = cepstrum(power_to_db(mel, self.floor_db), N_MFCC)
        frames = frames_of(np.pad(samples, self.n_fft // 2), self.n_fft, self.hop_length)
        tracks = (
            centroid_hz(np.sqrt(power), self.bins_hz),
            zero_crossing_rate(samples, self.n_fft, self.hop_length),
            power_to_db(mean_power(frames), self.floor_db),
        )
        return [
            *(mfcc.mean(axis=0), mfcc.std(axis=0), delta(mfcc).std(axis=0)),
            *(np.array([track.mean(), track.std()]) for track in tracks),
            *(part.mean(axis=0) for part in _equal_parts(mfcc, self.n_segments)),
        ]


def _equal_parts(values: Samples, n_parts: int) -> list[Samples]:
    """Divide the frames into equal parts; with fewer frames than parts, some frames are repeated."""
    edges = [k * len(values) // n_parts for k in range(n_parts + 1)]
    return [values[start : max(start + 1, stop)] for start, stop in pairwise(edges)]


@dataclass(frozen=True, kw_only=True)
class TextureSummary(RowFeature):
    """Sound texture of a clip, one row per clip, which separates sounds such as rain, waves and crackle.

    The log-mel spectrum of each frame, relative to the level of the clip, is transformed by a DCT over the
    bands. For each of the lowest coefficients the row holds mean and standard deviation over time, the value
    in the spectrum of maxima, and the standard deviation of its change over 1, 2, 4, 8 and 16 frames: a
    crackle changes as much in one frame as in sixteen, a wave does not. The last value is the share of active
    frames. The row does not depend on the overall level. `woodshed.nets.texture.Texture` is the counterpart
    for neural networks.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults; ``n_mels`` at least 20.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    Noise changes as much over one frame as over sixteen; a tone does not change:

    >>> from woodshed.audio import noise, sine
    >>> feature = TextureSummary(hop_length=512)
    >>> near, far = (feature.names.index(f"shape5_change_{lag}_std") for lag in (1, 16))
    >>> hiss, tone = feature(noise("white", 2.0)), feature(sine(1000, 2.0))
    >>> bool(abs(hiss[near] / hiss[far] - 1) < 0.2), bool(tone[near] < hiss[near] / 4)
    (True, True)

    References
    ----------
    J. McDermott and E. Simoncelli, "Sound texture perception via statistics of the auditory periphery",
    Neuron 71, 2011; here with fewer statistics, of a log-mel spectrogram.
    """

    key = "texture-summary/1"

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value; the unit is 10 dB, except for the last, which is a share."""
        changes = [f"change_{lag}_std" for lag in LAGS]
        kinds = ("mean", "std", "of_maxima", *changes)
        return (*(f"shape{k}_{kind}" for kind in kinds for k in range(self._n_shapes)), "active_share")

    @property
    def _n_shapes(self) -> int:
        return min(MAX_SHAPES, self.n_mels)

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""
        _, mel = self.power_and_mel(samples)
        level_db = power_to_db(mel, self.floor_db)
        floor_db = level_db.max() - RANGE_DB
        raised = np.maximum(level_db, floor_db)
        active = level_db.max(axis=1) > floor_db
        middle_db = raised[active].mean()
        shapes = cepstrum((raised - middle_db) / 10, self._n_shapes)
        maxima = cepstrum((raised.max(axis=0, keepdims=True) - middle_db) / 10, self._n_shapes)[0]
        return [
            *(shapes[active].mean(axis=0), shapes[active].std(axis=0), maxima),
            *(_change(shapes, active, lag) for lag in LAGS),
            np.array([active.mean()]),
        ]


def _change(shapes: Samples, active: NDArray[np.bool_], lag: int) -> NDArray[np.floating]:
    """Return the standard deviation of the change between active frames, at least ``_LEAST``."""
    both = active[lag:] & active[:-lag]
    if not both.any():
        return np.full(shapes.shape[1], _LEAST)
    spread: NDArray[np.floating] = (shapes[lag:] - shapes[:-lag])[both].std(axis=0)
    return np.asarray(np.maximum(spread, _LEAST))
