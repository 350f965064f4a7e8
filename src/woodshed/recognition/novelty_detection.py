"""Novelty detection: distance of a clip to the training data, and its peak level.

A classifier outputs one of its classes for any sound, often with high probability. Sounds of other classes
are detected from the signal, independently of the model: `SpectralEmbedding` summarises a clip, and
`NoveltyDetector` computes the distance of the summary to those of the training clips.
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
from woodshed.features.mel import LogMel
from woodshed.units import s_to_samples

Rows = NDArray[np.float64]

N_BANDS = 32
RANGE_DB = 60.0
"""Dynamic range below the peak of a clip; lower values are clipped."""

ACTIVE_DB = 35.0
"""Frames whose loudest band is further below the peak of the clip are not active."""

LEVEL_S = 0.02
"""Length of the frames whose highest level is the peak level of a clip, in seconds."""

LOWEST_DB = -200.0
"""Level of digital silence."""

SHRINKAGE = 0.6
"""Share of the covariance that is replaced by a multiple of the identity."""

_MIN_STD_DB = 1.0
"""Lower bound of the standard deviation of a value within classes."""


@dataclass(frozen=True, kw_only=True)
class SpectralEmbedding:
    """Summary of the spectrum of a clip, independent of its level and length, followed by its peak level.

    For each of 32 mel bands it has the mean and standard deviation of the level over the active frames, and
    the mean absolute difference of successive frames, in decibels relative to the peak of the spectrogram.
    The last value is the level of the loudest 20 ms relative to an RMS of 1, without any constant offset.

    Parameters
    ----------
    sample_rate
        Sample rate of the clips, in hertz.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> embedding = SpectralEmbedding(sample_rate=8000)
    >>> loud, soft = (embedding(sine(440, sample_rate=8000, amplitude=size)) for size in (0.5, 0.05))
    >>> loud.shape, bool(abs(loud - soft)[:-1].max() < 0.01), round(float(loud[-1] - soft[-1]), 2)
    ((97,), True, 20.0)
    """

    key: ClassVar[str] = "spectral-embedding/1"
    sample_rate: int

    def __call__(self, clip: Clip) -> Samples:
        """Return the embedding of a clip, shape ``(3 * 32 + 1,)``, float32."""
        n_fft = 2 ** round(np.log2(0.032 * self.sample_rate))
        hop = max(1, s_to_samples(0.01, self.sample_rate))
        level_db = LogMel(sample_rate=self.sample_rate, n_fft=n_fft, hop_length=hop, n_mels=N_BANDS)(clip)
        level_db -= level_db.max()
        np.maximum(level_db, -RANGE_DB, out=level_db)
        active = level_db[level_db.max(axis=1) >= -ACTIVE_DB]
        steps = np.abs(np.diff(level_db, axis=0)) if len(level_db) > 1 else np.zeros((1, N_BANDS))
        return np.concatenate(
            [active.mean(axis=0), active.std(axis=0), steps.mean(axis=0), [peak_level_db(clip)]],
            dtype=np.float32,
            casting="unsafe",
        )


def peak_level_db(clip: Clip) -> float:
    """Return the level of the loudest 20 ms of the mono mix, relative to an RMS of 1, in decibels.

    Examples
    --------
    >>> peak_level_db(Clip(np.full(8000, 0.5), 8000))  # a constant offset is not sound
    -200.0
    >>> round(peak_level_db(Clip(np.tile([0.1, -0.1], 4000), 8000)), 3)
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
    """Mahalanobis distance to the nearest class mean, with one covariance for all classes.

    After K. Lee et al., "A simple unified framework for detecting out-of-distribution samples and adversarial
    attacks" (2018), with spectral embeddings in place of the last features of a network. The covariance is
    shrunk by `SHRINKAGE` towards a multiple of the identity: a value that hardly varies within the classes of
    the training data still varies between speakers or recordings, so its weight is limited.

    Parameters
    ----------
    centres
        Whitened mean embedding of each class, shape ``(n_classes, n_values)``.
    whitening
        Linear map from an embedding to values of unit variance, shape ``(n_values, n_values)``.
    """

    centres: Rows
    whitening: Rows

    @classmethod
    def fit(cls, rows: Rows, labels: NDArray[np.str_]) -> Self:
        """Fit to the embeddings of labelled clips, shape ``(n_clips, 97)``; the level is not used.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> detector = NoveltyDetector.fit(rng.normal(size=(40, 97)), np.array(["a", "b"] * 20))
        >>> near, far = detector.distance(np.stack([np.zeros(97), np.full(97, 9.0)]))
        >>> bool(near < far)
        True
        """
        values = np.asarray(rows, dtype=np.float64)[:, :-1]
        names, columns = np.unique(labels, return_inverse=True)
        means = np.stack([values[columns == k].mean(axis=0) for k in range(len(names))])
        within = values - means[columns]
        scale = np.maximum(within.std(axis=0), _MIN_STD_DB)
        covariance = (within / scale).T @ (within / scale) / len(within)
        variance = max(covariance.trace() / len(scale), 1e-3)  # it is 0 for one clip of each class
        covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * variance * np.eye(len(scale))
        whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T / scale[:, np.newaxis]
        # Rounded as in a file, so that saving a model does not change its rejections.
        return cls.from_bytes(cls(centres=means @ whitening, whitening=whitening).to_bytes())

    def distance(self, rows: Rows) -> NDArray[np.float64]:
        """Return the distance of each embedding to the nearest class, shape ``(n_clips,)``; typically 1."""
        whitened = np.asarray(rows, dtype=np.float64)[:, :-1] @ self.whitening
        differences = whitened[:, np.newaxis] - self.centres
        return np.asarray(np.sqrt(np.square(differences).mean(axis=2).min(axis=1)))

    def to_bytes(self) -> bytes:
        """Return the arrays as ``.npz``, in float32."""
        content = io.BytesIO()
        np.savez(
            content,
            allow_pickle=False,
            middles=self.centres.astype(np.float32),
            whitening=self.whitening.astype(np.float32),
        )
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the detector from its `to_bytes`; no code in it is run.

        Raises
        ------
        ParameterError
            If the content is not that of a detector.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                centres, whitening = (arrays[name].astype(np.float64) for name in ("middles", "whitening"))
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise ParameterError(
                f"The file is not a novelty detector: {error}. Copy the model again."
            ) from error
        n_values = 3 * N_BANDS
        if centres.shape[1:] != (n_values,) or whitening.shape != (n_values, n_values):
            raise ParameterError(
                f"A novelty detector has {n_values} values, got shapes {centres.shape} and {whitening.shape}."
            )
        return cls(centres=centres, whitening=whitening)
