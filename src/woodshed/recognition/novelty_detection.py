"""Familiar: how far a sound is from all that a model learned from, and whether there is a sound at all.

A net gives every sound one of its names, and is often sure of it. What it was never shown has to be told
from the sound itself: `SpectralEmbedding` describes a clip coarsely, `NoveltyDetector` measures how far that is from the
clips that were learned from. Both look at the sound beside the net, so they do the same for every model.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.features.log_mel import LogMel
from woodshed.units import s_to_samples

Rows = NDArray[np.float64]

N_BANDS = 32
RANGE_DB = 60.0
"""What is further below the loudest band and moment of a clip is not looked at."""

ACTIVE_DB = 35.0
"""A frame is part of the sound if any band comes so close to the loudest."""

LEVEL_S = 0.02
"""The level of a clip is that of its loudest stretch of this length, in seconds."""

LOWEST_DB = -200.0
"""Level of digital silence."""

SHRINKAGE = 0.6
"""Share of the covariance that is replaced by an even spread."""

_LEAST_STD_DB = 1.0
"""A value that varies less than this between clips counts as if it varied so much."""


@dataclass(frozen=True, kw_only=True)
class SpectralEmbedding:
    """Describe a clip coarsely, by a row that depends neither on its level nor its length, and the level.

    Mean and spread over the active frames of a log-mel spectrogram relative to its loudest value, and the
    mean size of the step from one frame to the next; all in decibels. The last value is the level of the
    loudest 20 ms, relative to an RMS of 1, without any constant offset.

    Parameters
    ----------
    sample_rate
        The rate that clips must have, in hertz.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> outline = SpectralEmbedding(sample_rate=8000)
    >>> loud, soft = (outline(sine(440, sample_rate=8000, amplitude=size)) for size in (0.5, 0.05))
    >>> loud.shape, bool(abs(loud - soft)[:-1].max() < 0.01), round(float(loud[-1] - soft[-1]), 2)
    ((97,), True, 20.0)
    """

    key: ClassVar[str] = "spectral-embedding/1"
    sample_rate: int

    def __call__(self, clip: Clip) -> Samples:
        """Return the row of a clip, shape ``(3 * 32 + 1,)``, float32."""
        n_fft = 2 ** round(np.log2(0.032 * self.sample_rate))
        hop = max(1, s_to_samples(0.01, self.sample_rate))
        feature = LogMel(sample_rate=self.sample_rate, n_fft=n_fft, hop_length=hop, n_mels=N_BANDS)
        level_db = feature(clip)
        level_db -= level_db.max()
        np.maximum(level_db, -RANGE_DB, out=level_db)
        active = level_db[level_db.max(axis=1) >= -ACTIVE_DB]
        steps = np.abs(np.diff(level_db, axis=0)) if len(level_db) > 1 else np.zeros((1, N_BANDS))
        row = [active.mean(axis=0), active.std(axis=0), steps.mean(axis=0), [loudest_db(clip)]]
        return np.concatenate(row, dtype=np.float32, casting="unsafe")


def loudest_db(clip: Clip) -> float:
    """Return the level of the loudest 20 ms of the mono mix, relative to an RMS of 1, in decibels.

    Examples
    --------
    >>> loudest_db(Clip(np.full(8000, 0.5), 8000))  # an offset is no sound
    -200.0
    >>> round(loudest_db(Clip(np.tile([0.1, -0.1], 4000), 8000)), 3)
    -20.0
    """
    samples = clip.mono().astype(np.float64)
    samples -= samples.mean()
    n_frame = max(1, s_to_samples(LEVEL_S, clip.sample_rate))
    samples = np.pad(samples, (0, -len(samples) % n_frame))
    power = np.square(samples).reshape(-1, n_frame).mean(axis=1).max()
    return float(10 * np.log10(max(power, 10 ** (LOWEST_DB / 10))))


@dataclass(frozen=True, kw_only=True, eq=False)
class NoveltyDetector:
    """What the clips that were learned from look like: a middle for each class, and one common spread.

    The distance is that of Mahalanobis to the nearest middle (K. Lee et al., "A simple unified framework for
    detecting out-of-distribution samples and adversarial attacks", 2018), taken in outlines instead of a
    net's last features. The covariance is shrunk by `SHRINKAGE` towards a sphere: what hardly varies within a
    class varies from one speaker or recording to the next, and must not count for much.

    Parameters
    ----------
    middles
        Mean outline of each class, whitened; shape ``(n_classes, n_values)``.
    whitening
        What turns an outline into values of unit spread, shape ``(n_values, n_values)``.
    """

    middles: Rows
    whitening: Rows

    @classmethod
    def of(cls, rows: Rows, labels: NDArray[np.str_]) -> Self:
        """Learn from the outlines of labelled clips, shape ``(n_clips, 97)``; the level is not looked at.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> known = NoveltyDetector.of(rng.normal(size=(40, 97)), np.array(["a", "b"] * 20))
        >>> near, far = known.distance(np.stack([np.zeros(97), np.full(97, 9.0)]))
        >>> bool(near < far)
        True
        """
        shapes = np.asarray(rows, dtype=np.float64)[:, :-1]
        names, place = np.unique(labels, return_inverse=True)
        middles = np.stack([shapes[place == k].mean(axis=0) for k in range(len(names))])
        within = shapes - middles[place]
        scale = np.maximum(within.std(axis=0), _LEAST_STD_DB)
        covariance = (within / scale).T @ (within / scale) / len(within)
        spread = max(covariance.trace() / len(scale), 1e-3)  # one clip of each class has none
        covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * spread * np.eye(len(scale))
        whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T / scale[:, np.newaxis]
        # Through a file and back, so that a saved model refuses just what it refused before.
        return cls.from_bytes(cls(middles=middles @ whitening, whitening=whitening).to_bytes())

    def distance(self, rows: Rows) -> NDArray[np.float64]:
        """Return how far each outline is from the nearest class, shape ``(n_clips,)``; about 1 is usual."""
        whitened = np.asarray(rows, dtype=np.float64)[:, :-1] @ self.whitening
        between = whitened[:, np.newaxis] - self.middles
        nearest = np.square(between).mean(axis=2).min(axis=1)
        return np.asarray(np.sqrt(nearest))

    def to_bytes(self) -> bytes:
        """Write the arrays as ``.npz``, in float32."""
        content = io.BytesIO()
        kept = {"middles": self.middles, "whitening": self.whitening}
        np.savez(content, allow_pickle=False, **{name: x.astype(np.float32) for name, x in kept.items()})
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote; nothing in it is run.

        Raises
        ------
        ParameterError
            If it is something else.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                middles, whitening = (arrays[name].astype(np.float64) for name in ("middles", "whitening"))
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise ParameterError(f"These are not the arrays of a Familiar: {error}.") from error
        n_values = 3 * N_BANDS
        if middles.shape[1:] != (n_values,) or whitening.shape != (n_values, n_values):
            raise ParameterError(
                f"A Familiar has {n_values} values, got shapes {middles.shape} and {whitening.shape}."
            )
        return cls(middles=middles, whitening=whitening)
