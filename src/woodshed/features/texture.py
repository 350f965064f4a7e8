"""Texture features: shape of the spectrum and its rate of change, one row per clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.features.mel import power_to_db
from woodshed.features.mfcc import cepstrum
from woodshed.features.row import RowFeature

LAGS = (1, 2, 4, 8, 16)
"""Lags in frames over which changes are measured."""

MAX_SHAPES = 30
"""Maximum number of cosine coefficients across the mel bands."""

RANGE_DB = 60.0
"""Range below the maximum of all bands, in decibels; lower levels are raised to it."""

_LEAST = 1e-3


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
        row = [shapes[active].mean(axis=0), shapes[active].std(axis=0), maxima]
        row += [_change(shapes, active, lag) for lag in LAGS]
        return [*row, np.array([active.mean()])]


def _change(shapes: Samples, active: NDArray[np.bool_], lag: int) -> NDArray[np.floating]:
    """Return the standard deviation of the change between active frames, at least ``_LEAST``."""
    both = active[lag:] & active[:-lag]
    if not both.any():
        return np.full(shapes.shape[1], _LEAST)
    spread: NDArray[np.floating] = (shapes[lag:] - shapes[:-lag])[both].std(axis=0)
    return np.asarray(np.maximum(spread, _LEAST))
