"""Novelty detection: distance of a clip to the training data, against synthetic background sounds.

Three scores of a `SoundEmbedding` are combined: the Mahalanobis distances of all its values and of the course
alone to the nearest class (K. Lee et al., "A simple unified framework for detecting out-of-distribution
samples and adversarial attacks", 2018), and a classifier of the classes against a background class (D.
Hendrycks et al., "Deep anomaly detection with outlier exposure", 2019), whose sounds are synthetic.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.decoding import parse_arrays
from woodshed.errors import ParameterError
from woodshed.features.sound_embedding import ALL, COURSE, SPECTRUM

Rows = NDArray[np.float64]
"""Embeddings of clips, a row each."""

SHRINKAGE = 0.6
"""Share of the covariance that is replaced by a multiple of the identity."""

N_LANDMARKS = 400
"""Maximum number of training rows of the classifier's kernel; half of them are background sounds."""

KERNEL_WIDTH, RIDGE = 0.5, 3e-3
"""Inverse width of the kernel, relative to the median squared distance of clips; and the regularisation."""

MAX_DEVIATION = 8.0
"""Limit of a value's deviation from the training data in the classifier, in standard deviations."""

WEIGHTS = (0.25, 0.25, 0.5)
"""Weights of the three scores: distance of all values, distance of the course, and background."""

MIN_STD_DB = 1.0
"""Lower bound of the standard deviation of a value of the spectrum within classes, in decibels."""

_MIN_STD, _MIN_SHARE = 1e-3, 1e-2
"""Lower bounds of the standard deviation of any value within classes: absolute, and relative to the whole."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MahalanobisDistance:
    """Mahalanobis distance to the nearest class mean, with one covariance for all classes.

    The covariance is shrunk by `SHRINKAGE` towards a multiple of the identity: a value that hardly varies
    within the classes of the training data still varies between speakers or recordings, so its weight is
    limited.

    Parameters
    ----------
    centres
        Whitened mean of each class, shape ``(n_classes, n_values)``.
    whitening
        Linear map to values of unit variance, shape ``(n_values, n_values)``.
    """

    centres: Rows
    whitening: Rows

    @classmethod
    def fit(cls, values: Rows, labels: NDArray[np.str_], *, min_std: float = _MIN_STD) -> Self:
        """Fit to the values of labelled clips, shape ``(n_clips, n_values)``."""
        names, columns = np.unique(labels, return_inverse=True)
        means = np.stack([values[columns == k].mean(axis=0) for k in range(len(names))])
        within = values - means[columns]
        scale = np.maximum(within.std(axis=0), _MIN_SHARE * values.std(axis=0) + min_std)
        covariance = (within / scale).T @ (within / scale) / len(within)
        variance = max(covariance.trace() / len(scale), 1e-3)  # it is 0 for one clip of each class
        covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * variance * np.eye(len(scale))
        whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T / scale[:, np.newaxis]
        return cls(centres=means @ whitening, whitening=whitening)

    def __call__(self, values: Rows) -> Rows:
        """Return the distance of each clip to the nearest class, shape ``(n_clips,)``; typically 1."""
        differences = (values @ self.whitening)[:, np.newaxis] - self.centres
        return np.asarray(np.sqrt(np.square(differences).mean(axis=2).min(axis=1)))


@dataclass(frozen=True, kw_only=True, eq=False)
class BackgroundClassifier:
    """Kernel ridge regression of the classes and a background class, on landmarks (Nyström's method).

    After C. Williams and M. Seeger, "Using the Nyström method to speed up kernel machines" (2001). The own
    clips and the background sounds have the same total weight.

    Parameters
    ----------
    mean, scale
        Mean and standard deviation of the values of the own clips, shape ``(n_values,)``.
    landmarks
        Standardised values of the landmarks, shape ``(n_landmarks, n_values)``.
    width
        Factor of the squared distance in the exponent of the kernel.
    weights, intercepts
        Linear map from the kernel to the scores of the background and the classes, shapes
        ``(n_landmarks, 1 + n_classes)`` and ``(1 + n_classes,)``.
    """

    mean: Rows
    scale: Rows
    landmarks: Rows
    width: float
    weights: Rows
    intercepts: Rows

    @classmethod
    def fit(cls, values: Rows, labels: NDArray[np.str_], background: Rows) -> Self:
        """Fit to the values of labelled clips and of background sounds."""
        both = np.concatenate([values, background])
        n_own, n = len(values), len(both)
        mean, scale = values.mean(axis=0), values.std(axis=0) + _MIN_SHARE * both.std(axis=0) + 1e-6
        rows = _standardised(both, mean, scale)
        rng = np.random.default_rng(0)
        firsts, seconds = rng.integers(0, n_own, (2, 500))
        distance = np.median(np.square(rows[firsts] - rows[seconds]).sum(axis=1))
        width = float(KERNEL_WIDTH / max(distance, 1.0))
        chosen = [rng.permutation(n_own), n_own + rng.permutation(n - n_own)]
        landmarks = rows[np.concatenate([part[: N_LANDMARKS // 2] for part in chosen])]
        # As in a file, so that saving a model does not change its rejections.
        landmarks = landmarks.astype(np.float16).astype(np.float64)
        columns = np.concatenate([1 + np.unique(labels, return_inverse=True)[1], np.zeros(n - n_own, int)])
        targets = np.eye(columns.max() + 1)[columns]
        shares = np.repeat([0.5 / n_own, 0.5 / (n - n_own)], [n_own, n - n_own])
        kernel = _kernel(rows, landmarks, width)
        centre, mean_target = shares @ kernel, shares @ targets
        weighted = (kernel - centre).T * shares
        products = weighted @ (kernel - centre)
        ridge = RIDGE * products.trace() / len(products) + 1e-12
        weights = np.linalg.solve(
            products + ridge * np.eye(len(products)), weighted @ (targets - mean_target)
        )
        return cls(
            mean=mean,
            scale=scale,
            landmarks=landmarks,
            width=width,
            weights=weights,
            intercepts=mean_target - centre @ weights,
        )

    def __call__(self, values: Rows) -> Rows:
        """Return the score of the background minus that of the best class, shape ``(n_clips,)``."""
        rows = _standardised(values, self.mean, self.scale)
        scores = _kernel(rows, self.landmarks, self.width) @ self.weights + self.intercepts
        return np.asarray(scores[:, 0] - scores[:, 1:].max(axis=1))


def _standardised(values: Rows, mean: Rows, scale: Rows) -> Rows:
    return np.asarray(np.clip((values - mean) / scale, -MAX_DEVIATION, MAX_DEVIATION))


def _kernel(rows: Rows, landmarks: Rows, width: float) -> Rows:
    """Return the Gaussian kernel, shape ``(n_rows, n_landmarks)``."""
    squares = np.square(rows).sum(axis=1)[:, np.newaxis] + np.square(landmarks).sum(axis=1)
    return np.asarray(np.exp(-width * np.maximum(squares - 2 * rows @ landmarks.T, 0)))


@dataclass(frozen=True, kw_only=True, eq=False)
class NoveltyScores:
    """The three scores that a detector combines; larger is more novel.

    Parameters
    ----------
    nearest, course
        Distance of all values, and of the course.
    background
        Classifier of the classes against background sounds.
    """

    nearest: MahalanobisDistance
    course: MahalanobisDistance
    background: BackgroundClassifier

    @classmethod
    def fit(cls, rows: Rows, labels: NDArray[np.str_], background: Rows) -> Self:
        """Fit to the embeddings of labelled clips and of background sounds."""
        return cls(
            nearest=MahalanobisDistance.fit(rows[:, ALL], labels),
            course=MahalanobisDistance.fit(rows[:, COURSE], labels),
            background=BackgroundClassifier.fit(rows[:, ALL], labels, background[:, ALL]),
        )

    def __call__(self, rows: Rows) -> Rows:
        """Return the scores of each clip, shape ``(n_clips, 3)``."""
        return np.stack(
            [self.nearest(rows[:, ALL]), self.course(rows[:, COURSE]), self.background(rows[:, ALL])], axis=1
        )

    def to_arrays(self) -> dict[str, Any]:
        """Return the arrays of a file by name."""
        return {
            "all_centres": self.nearest.centres,
            "all_whitening": self.nearest.whitening,
            "course_centres": self.course.centres,
            "course_whitening": self.course.whitening,
            **{f"background_{name}": value for name, value in vars(self.background).items()},
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class StandardisedScores:
    """Weighted mean of ``log(1 + exp(z))`` over the standardised scores ``z``, with `WEIGHTS`.

    Parameters
    ----------
    scores
        The scores.
    middles, spreads
        Median and spread of each score on held-out halves of the training data, shape ``(3,)``.
    """

    scores: NoveltyScores
    middles: Rows
    spreads: Rows

    @classmethod
    def fit(cls, rows: Rows, labels: NDArray[np.str_], background: Rows) -> Self:
        """Fit to the embeddings of labelled clips and of background sounds."""
        is_first = np.empty(len(rows), dtype=bool)
        is_first[np.argsort(labels, kind="stable")] = np.arange(len(rows)) % 2 == 0  # half of each class
        scores = np.concatenate(
            [
                NoveltyScores.fit(rows[half], labels[half], background)(rows[~half])
                for half in (is_first, ~is_first)
            ]
        )
        middles, high = np.quantile(scores, [0.5, 0.9], axis=0)
        return cls(
            scores=NoveltyScores.fit(rows, labels, background),
            middles=middles,
            spreads=(high - middles) / 1.28 + 1e-3,  # 1.28 is the 90 % quantile of a normal distribution
        )

    def __call__(self, rows: Rows) -> Rows:
        """Return the combined score of each clip, shape ``(n_clips,)``; positive."""
        return np.asarray(np.logaddexp(0, (self.scores(rows) - self.middles) / self.spreads) @ WEIGHTS)

    def to_arrays(self) -> dict[str, Any]:
        """Return the arrays of a file by name."""
        return self.scores.to_arrays() | {"score_middles": self.middles, "score_spreads": self.spreads}


@dataclass(frozen=True, kw_only=True, eq=False)
class NoveltyDetector:
    """Distances of a clip to the training data, and their file.

    Parameters
    ----------
    spectrum
        Distance of the spectrum alone, for parts of sounds.
    scores
        Combined scores, for whole sounds; None in models of former versions.
    """

    spectrum: MahalanobisDistance
    scores: StandardisedScores | None = None

    @classmethod
    def fit(cls, rows: Rows, labels: NDArray[np.str_], background: Rows) -> Self:
        """Fit to the embeddings of labelled clips and of background sounds; the level is not used.

        Parameters
        ----------
        rows
            Embeddings of the training data, shape ``(n_clips, N_VALUES + 1)``.
        labels
            Label of each clip, shape ``(n_clips,)``.
        background
            Embeddings of other sounds: see `woodshed.recognition.background.background_rows`.

        Examples
        --------
        >>> from woodshed.features.sound_embedding import N_VALUES
        >>> rng = np.random.default_rng(0)
        >>> rows, others = rng.normal(size=(2, 40, N_VALUES + 1))
        >>> detector = NoveltyDetector.fit(rows, np.array(["a", "b"] * 20), others + 5)
        >>> near, far = detector.distance(np.stack([np.zeros(N_VALUES + 1), np.full(N_VALUES + 1, 5.0)]))
        >>> bool(near < far)
        True
        """
        rows, background = (np.asarray(part, dtype=np.float64) for part in (rows, background))
        detector = cls(
            spectrum=MahalanobisDistance.fit(rows[:, SPECTRUM], labels, min_std=MIN_STD_DB),
            scores=StandardisedScores.fit(rows, labels, background),
        )
        # Rounded as in a file, so that saving a model does not change its rejections.
        return cls.from_bytes(detector.to_bytes())

    def distance(self, rows: Rows) -> Rows:
        """Return the distance of each embedding to the training data, shape ``(n_clips,)``; positive."""
        if self.scores is None:
            return self.spectrum_distance(rows)
        return self.scores(np.asarray(rows, dtype=np.float64))

    def spectrum_distance(self, rows: Rows) -> Rows:
        """Return the distance of the spectrum alone, shape ``(n_clips,)``; typically 1."""
        return self.spectrum(np.asarray(rows, dtype=np.float64)[:, SPECTRUM])

    def to_bytes(self) -> bytes:
        """Return the arrays as ``.npz``, in float32, and float16 for the landmarks."""
        arrays: dict[str, Any] = {"middles": self.spectrum.centres, "whitening": self.spectrum.whitening}
        if self.scores is not None:
            arrays |= self.scores.to_arrays()
        precisions = {name: _PRECISIONS.get(name, "f4") for name in arrays}
        content = io.BytesIO()
        rounded = {name: np.asarray(value, dtype=precisions[name]) for name, value in arrays.items()}
        np.savez(content, allow_pickle=False, **rounded)
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the detector from its `to_bytes`, or that of a former version; no code in it is run.

        Raises
        ------
        ParameterError
            If the content is not that of a detector.
        """
        try:
            arrays = {name: array.astype(np.float64) for name, array in parse_arrays(content).items()}
            if not all(np.isfinite(array).all() for array in arrays.values()):
                raise ValueError("its values are not finite")
            return cls(
                spectrum=_distance_in(arrays, "middles", "whitening", SPECTRUM),
                scores=_scores_in(arrays) if "score_middles" in arrays else None,
            )
        except (ValueError, KeyError) as error:
            raise ParameterError(
                f"The file is not a novelty detector: {error}. Copy the model again."
            ) from error


_PRECISIONS = {"background_landmarks": "f2"}
"""Type of the arrays of a file that are not float32."""


def _scores_in(arrays: Mapping[str, Rows]) -> StandardisedScores:
    """Return the combined scores in the arrays of a file."""
    return StandardisedScores(
        scores=NoveltyScores(
            nearest=_distance_in(arrays, "all_centres", "all_whitening", ALL),
            course=_distance_in(arrays, "course_centres", "course_whitening", COURSE),
            background=_classifier_in(arrays),
        ),
        middles=_shaped(arrays, "score_middles", (len(WEIGHTS),)),
        spreads=_shaped(arrays, "score_spreads", (len(WEIGHTS),)),
    )


def _shaped(arrays: Mapping[str, Rows], name: str, shape: tuple[int | None, ...]) -> Rows:
    """Return an array of a file whose shape is as expected; None stands for any length.

    Raises
    ------
    ValueError
        If it has another shape.
    """
    found = arrays[name].shape
    if len(found) != len(shape) or any(n not in (None, m) for n, m in zip(shape, found, strict=True)):
        expected = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has the shape {found}, expected ({expected})")
    return arrays[name]


def _distance_in(
    arrays: Mapping[str, Rows], centres: str, whitening: str, columns: slice
) -> MahalanobisDistance:
    n = columns.stop - columns.start
    return MahalanobisDistance(
        centres=_shaped(arrays, centres, (None, n)), whitening=_shaped(arrays, whitening, (n, n))
    )


def _classifier_in(arrays: Mapping[str, Rows]) -> BackgroundClassifier:
    landmarks = _shaped(arrays, "background_landmarks", (None, ALL.stop))
    intercepts = _shaped(arrays, "background_intercepts", (None,))
    return BackgroundClassifier(
        mean=_shaped(arrays, "background_mean", (ALL.stop,)),
        scale=_shaped(arrays, "background_scale", (ALL.stop,)),
        landmarks=landmarks,
        width=float(_shaped(arrays, "background_width", ())),
        weights=_shaped(arrays, "background_weights", (len(landmarks), len(intercepts))),
        intercepts=intercepts,
    )
