"""Summary of a clip by statistics of cepstrum, centroid, zero-crossing rate and level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.features.frame import frames_of
from woodshed.features.mel import power_to_db
from woodshed.features.mfcc import cepstrum, delta
from woodshed.features.row import N_MFCC, RowFeature
from woodshed.features.spectral_shape import centroid_hz
from woodshed.features.time_domain import mean_power, zero_crossing_rate


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

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(n_segments=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        spread = [f"mfcc{k}_{kind}" for kind in ("mean", "std", "delta_std") for k in range(N_MFCC)]
        rest = [
            name.format(kind)
            for name in ("centroid_{}_hz", "zero_crossing_rate_{}", "rms_{}_db")
            for kind in ("mean", "std")
        ]
        parts = [f"mfcc{k}_mean_part{part + 1}" for part in range(self.n_segments) for k in range(N_MFCC)]
        return (*spread, *rest, *parts)

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
        parts = _equal_parts(mfcc, self.n_segments)
        row: list[NDArray[np.floating]] = [mfcc.mean(axis=0), mfcc.std(axis=0), delta(mfcc).std(axis=0)]
        row += [np.array([track.mean(), track.std()]) for track in tracks]
        row += [part.mean(axis=0) for part in parts]
        return row


def _equal_parts(values: Samples, n_parts: int) -> list[Samples]:
    """Divide the frames into equal parts; with fewer frames than parts, some frames are repeated."""
    n_frames = len(values)
    starts = [k * n_frames // n_parts for k in range(n_parts)]
    stops = [max(start + 1, (k + 1) * n_frames // n_parts) for k, start in enumerate(starts)]
    return [values[start:stop] for start, stop in zip(starts, stops, strict=True)]
