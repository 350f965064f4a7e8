"""Confidence of a classifier: calibration, decision thresholds, and rejection of silence and novel sounds."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.decoding import parse_arrays, parse_json
from woodshed.errors import ParameterError, counted
from woodshed.features.mel import LogMel
from woodshed.metrics.calibration import Calibration, fit_shrunken_calibration
from woodshed.metrics.threshold import class_thresholds, threshold_for_false_positives_per_hour
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.units import duration_text, s_to_samples

Rows = NDArray[np.float64]
"""Values or probabilities of clips, a row each."""

N_BANDS = 32
"""Number of mel bands of `SpectralEmbedding`."""

RANGE_DB = 60.0
"""Dynamic range below the peak of a clip, in decibels; lower values are clipped."""

ACTIVE_DB = 35.0
"""Frames whose loudest band is further below the peak of the clip, in decibels, are not active."""

LEVEL_S = 0.02
"""Length of the frames whose highest level is the peak level of a clip, in seconds."""

LOWEST_DB = -200.0
"""Level of digital silence, in decibels."""

SHRINKAGE = 0.6
"""Share of the covariance that is replaced by a multiple of the identity."""

_MIN_STD_DB = 1.0
"""Lower bound of the standard deviation of a value within classes, in decibels."""

CONFIDENCE_NAME, NOVELTY_NAME = "confidence.json", "familiar.npz"
"""Files of a model folder: the confidence, and its novelty detector."""
# The name familiar.npz, its array "middles", and the keys "hourly" and "furthest" of confidence.json are of a
# former vocabulary. They are kept so that earlier models can be loaded.

SILENCE_DB = -50.0
"""Highest threshold of silence, as a peak level in decibels (`peak_level_db`)."""

SILENT_SHARE, NOVEL_SHARE = 0.005, 0.005
"""Share of the held-out clips that may be rejected as silence, and as novel."""

NOVEL_GROUP_SHARE, CONFIDENCE_LEVEL = 0.02, 0.975
"""Share of the clips of a further group that may be rejected as novel, and the level of that bound."""

FALSE_POSITIVE_RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
"""Rates with thresholds, as far as there are enough held-out clips to bound the rate for further clips."""

FALSE_POSITIVES_PER_HOUR = (1000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0)
"""Hourly rates with a threshold, as far as the held-out clips are long enough for one false positive."""

N_FOLDS = 10
"""Maximum number of folds of `cross_fit`."""


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
            arrays = parse_arrays(content)
            centres, whitening = (arrays[name].astype(np.float64) for name in ("middles", "whitening"))
            if not (np.isfinite(centres).all() and np.isfinite(whitening).all()):
                raise ValueError("its values are not finite")
        except (ValueError, KeyError) as error:
            raise ParameterError(
                f"The file is not a novelty detector: {error}. Copy the model again."
            ) from error
        n_values = 3 * N_BANDS
        if centres.shape[1:] != (n_values,) or whitening.shape != (n_values, n_values):
            raise ParameterError(
                f"A novelty detector has {n_values} values, got shapes {centres.shape} and {whitening.shape}."
            )
        return cls(centres=centres, whitening=whitening)


@dataclass(frozen=True)
class HeldOut:
    """Held-out predictions: for clips of groups that the predicting model was not trained on.

    Parameters
    ----------
    truth
        True label of each clip, shape ``(n,)``.
    probabilities
        Uncalibrated probabilities, shape ``(n, n_classes)``.
    levels_db, distances
        Peak level of each clip, and its distance to the training data of its model, shape ``(n,)``.
    groups
        Group of each clip, shape ``(n,)``; None if unknown.
    hours
        Total duration of the clips; 0 if unknown.
    """

    truth: NDArray[np.str_]
    probabilities: Rows
    levels_db: NDArray[np.float64]
    distances: NDArray[np.float64]
    groups: NDArray[np.str_] | None = None
    hours: float = 0.0

    def subset(self, rows: NDArray[np.bool_]) -> HeldOut:
        """Return the predictions where a mask is True."""
        return HeldOut(
            self.truth[rows],
            self.probabilities[rows],
            self.levels_db[rows],
            self.distances[rows],
            None if self.groups is None else self.groups[rows],
            self.hours * float(np.mean(rows)),
        )


@dataclass(frozen=True)
class CalibratedPredictions:
    """Held-out probabilities, calibrated by a confidence fitted to *other* groups.

    Parameters
    ----------
    raw, calibrated
        Shape ``(n, n_classes)``: probabilities before and after calibration.
    refusals
        Shape ``(n,)``: what is predicted instead of a class; empty where a class is predicted.
    temperatures, guess_shares
        One for each fold; see `woodshed.metrics.calibration.Calibration`.
    """

    raw: NDArray[np.float64]
    calibrated: NDArray[np.float64]
    refusals: NDArray[np.str_]
    temperatures: tuple[float, ...]
    guess_shares: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """Calibration, thresholds and rejection levels of a classifier; the default changes and rejects nothing.

    Parameters
    ----------
    temperature, guess_share
        Calibration of the mean probabilities: `woodshed.metrics.calibration.Calibration`.
    false_positive_rates, thresholds
        False positive rates in descending order, and for each the probability of each class from which on the
        expected rate is at most that for clips like the held-out ones.
    false_positives_per_hour, hourly_thresholds
        False positives per hour of sound in descending order, and for each the threshold of all classes.
    silence_db
        Clips with a lower peak level are predicted as "silence".
    max_distance
        Clips at a greater distance to the training data are predicted as "none of these".
    novelty_detector
        Detector fitted to the training data; None if there is none.
    n_held_out, n_others
        Number of held-out clips, and of those that are not of the most frequent class; 0 if unknown.
    hours
        Total duration of the held-out clips; 0 if unknown.

    Examples
    --------
    >>> confidence = Confidence(temperature=2.0)
    >>> confidence.calibrate(np.array([[0.9, 0.1]])).round(2).tolist()
    [[0.75, 0.25]]
    """

    temperature: float = 1.0
    guess_share: float = 0.0
    false_positive_rates: tuple[float, ...] = ()
    thresholds: tuple[tuple[float, ...], ...] = ()
    false_positives_per_hour: tuple[float, ...] = ()
    hourly_thresholds: tuple[float, ...] = ()
    silence_db: float = -math.inf
    max_distance: float = math.inf
    novelty_detector: NoveltyDetector | None = None
    n_held_out: int = 0
    n_others: int = 0
    hours: float = 0.0

    def calibrate(self, probabilities: Rows) -> Rows:
        """Return calibrated probabilities of the same shape; rows sum to 1."""
        return Calibration(self.temperature, self.guess_share)(probabilities)

    def refusals(self, levels_db: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return what is predicted instead of a class, shape ``(n,)``; empty where a class is predicted."""
        novel = np.where(distances > self.max_distance, NONE_OF_THESE, "")
        return np.where(levels_db < self.silence_db, SILENCE, novel)

    def refusal(self, clip: Clip) -> str:
        """Return what is predicted instead of a class for a clip at the model's rate; empty for a class."""
        if self.novelty_detector is None:
            return ""
        row = SpectralEmbedding(sample_rate=clip.sample_rate)(clip)[np.newaxis].astype(np.float64)
        return str(self.refusals(row[:, -1], self.novelty_detector.distance(row))[0])

    def thresholds_at(self, false_positive_rate: float) -> tuple[float, ...]:
        """Return the thresholds of the classes at the next lower false positive rate that has any.

        Raises
        ------
        ParameterError
            If the rate is not greater than 0 and at most 1, or lower than all rates with thresholds.
        """
        if not 0 < false_positive_rate <= 1:
            raise ParameterError(
                f"false_positive_rate must be greater than 0 and at most 1, got {false_positive_rate!r}. "
                "For 1 % pass 0.01."
            )
        for rate, thresholds in zip(self.false_positive_rates, self.thresholds, strict=True):
            if rate <= false_positive_rate:
                return thresholds
        rates = ", ".join(f"{rate:g}" for rate in self.false_positive_rates) or "none"
        raise ParameterError(
            f"This model has no thresholds for a false positive rate of {false_positive_rate!r}. Available: "
            f"{rates}. {self._shortage_of_clips(false_positive_rate)}"
        )

    def _shortage_of_clips(self, false_positive_rate: float) -> str:
        """Return how many test clips a rate needs."""
        supported = [rate for rate in FALSE_POSITIVE_RATES if rate <= false_positive_rate]
        if not supported:
            return f"The lowest possible rate is {FALSE_POSITIVE_RATES[-1]:g}."
        if not self.n_others:
            return "Lower rates need more test recordings."
        n_needed = math.ceil((1 / max(supported) - 1) * self.n_held_out / self.n_others)
        verb = "is" if self.n_held_out == 1 else "are"
        return (
            f"{counted(self.n_held_out, 'test recording')} {verb} too few for this threshold; about "
            f"{n_needed} of the same classes are needed."
        )

    def hourly_threshold_at(self, per_hour: float) -> float:
        """Return the threshold of all classes at the next lower number of false positives per hour.

        Raises
        ------
        ParameterError
            If the number is not positive, or lower than all numbers with a threshold.
        """
        if not 0 < per_hour < math.inf:
            raise ParameterError(f"False positives per hour must be positive, got {per_hour!r}.")
        for number, threshold in zip(self.false_positives_per_hour, self.hourly_thresholds, strict=True):
            if number <= per_hour:
                return threshold
        numbers = ", ".join(f"{number:g}" for number in self.false_positives_per_hour) or "none"
        raise ParameterError(
            f"This model has no threshold for {per_hour:g} false positives per hour. Available: {numbers}. "
            f"{self._shortage_of_hours(per_hour)}"
        )

    def _shortage_of_hours(self, per_hour: float) -> str:
        """Return how long test recordings must be for a number of false positives per hour."""
        supported = [number for number in FALSE_POSITIVES_PER_HOUR if number <= per_hour]
        if not supported:
            return f"The lowest possible number is {FALSE_POSITIVES_PER_HOUR[-1]:g}."
        if not self.hours:
            return "Lower numbers need longer test recordings."
        return (
            f"{duration_text(3600 * self.hours)} of test recordings are too short for this threshold; about "
            f"{duration_text(3600 / max(supported))} are needed."
        )

    def to_files(self) -> dict[str, bytes]:
        """Return the files of a model folder, by name; infinite limits become null."""
        values = {
            "temperature": self.temperature,
            "guess_share": self.guess_share,
            "false_positive_rates": list(self.false_positive_rates),
            "thresholds": [[_finite(threshold) for threshold in row] for row in self.thresholds],
            "false_positives_per_hour": list(self.false_positives_per_hour),
            "hourly": [_finite(threshold) for threshold in self.hourly_thresholds],
            "silence_db": _finite(self.silence_db),
            "furthest": _finite(self.max_distance),
            "n_held_out": self.n_held_out,
            "n_others": self.n_others,
            "hours": self.hours,
        }
        files = {CONFIDENCE_NAME: (json.dumps(values, indent=2) + "\n").encode()}
        if self.novelty_detector is not None:
            files[NOVELTY_NAME] = self.novelty_detector.to_bytes()
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], n_classes: int) -> Self:
        """Return the confidence in files of `to_files`; the default if there is none, as in older models.

        Raises
        ------
        ParameterError
            If the files cannot be parsed.
        """
        if CONFIDENCE_NAME not in files:
            return cls()
        try:
            values = parse_json(files[CONFIDENCE_NAME])
            thresholds = tuple(
                tuple(_limit(value, math.inf) for value in row) for row in values["thresholds"]
            )
            rates = tuple(float(rate) for rate in values["false_positive_rates"])
            if [len(row) for row in thresholds] != [n_classes] * len(rates):
                raise ValueError("each rate needs one threshold for each class")
            confidence = cls(
                temperature=float(values["temperature"]),
                guess_share=float(values.get("guess_share", 0.0)),
                false_positive_rates=rates,
                thresholds=thresholds,
                false_positives_per_hour=tuple(float(n) for n in values.get("false_positives_per_hour", [])),
                hourly_thresholds=tuple(_limit(value, math.inf) for value in values.get("hourly", [])),
                silence_db=_limit(values["silence_db"], -math.inf),
                max_distance=_limit(values["furthest"], math.inf),
                n_held_out=int(values.get("n_held_out", 0)),
                n_others=int(values.get("n_others", 0)),
                hours=float(values.get("hours", 0.0)),
            )
            confidence.calibrate(np.ones((1, 1)))  # raises for an invalid calibration
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(
                f"{CONFIDENCE_NAME} cannot be parsed ({error}). Copy the model again."
            ) from error
        if NOVELTY_NAME not in files:
            return confidence
        return replace(confidence, novelty_detector=NoveltyDetector.from_bytes(files[NOVELTY_NAME]))


def fit_confidence(
    held_out: HeldOut, classes: Sequence[str], novelty_detector: NoveltyDetector | None = None
) -> Confidence:
    """Fit calibration, thresholds and rejection levels to held-out predictions.

    Parameters
    ----------
    held_out
        At least one prediction; many groups give better estimates.
    classes
        Names of the columns of the probabilities.
    novelty_detector
        Detector fitted to the training data of the final model.

    Examples
    --------
    A model with probability 0.9 for every prediction and an accuracy of 0.75:

    >>> probabilities = np.tile([0.9, 0.1], (400, 1))
    >>> truth = np.repeat(["a", "b"], [300, 100])
    >>> held_out = HeldOut(truth, probabilities, np.full(400, -20.0), np.ones(400))
    >>> confidence = fit_confidence(held_out, ["a", "b"])
    >>> round(confidence.temperature, 1), confidence.silence_db, confidence.max_distance
    (2.0, -50.0, 1.0)
    """
    calibration = fit_shrunken_calibration(held_out.truth, held_out.probabilities, classes, _folds(held_out))
    calibrated = calibration(held_out.probabilities)
    is_right = np.asarray(classes)[calibrated.argmax(axis=1)] == held_out.truth
    n_others = len(held_out.truth) - int(np.unique(held_out.truth, return_counts=True)[1].max())
    rates = tuple(rate for rate in FALSE_POSITIVE_RATES if rate * (n_others + 1) >= 1)
    hourly_rates = tuple(n for n in FALSE_POSITIVES_PER_HOUR if n * held_out.hours >= 1)
    thresholds = (
        class_thresholds(held_out.truth, calibrated, classes, false_positive_rate=rate, for_new=True)
        for rate in rates
    )
    return Confidence(
        temperature=calibration.temperature,
        guess_share=calibration.guess_share,
        false_positive_rates=rates,
        thresholds=tuple(tuple(row.tolist()) for row in thresholds),
        false_positives_per_hour=hourly_rates,
        hourly_thresholds=tuple(
            threshold_for_false_positives_per_hour(
                is_right, calibrated.max(axis=1), held_out.hours, n, for_new=True
            )
            for n in hourly_rates
        ),
        silence_db=min(
            SILENCE_DB, float(np.quantile(held_out.levels_db, SILENT_SHARE, method="inverted_cdf"))
        ),
        max_distance=fit_max_distance(held_out),
        novelty_detector=novelty_detector,
        n_held_out=len(held_out.truth),
        n_others=n_others,
        hours=held_out.hours,
    )


def fit_max_distance(held_out: HeldOut) -> float:
    """Return the distance from which on a clip is rejected as novel: the larger of two limits.

    At most `NOVEL_SHARE` of all held-out clips are beyond the first. The second is an upper prediction bound
    for the ``1 - NOVEL_GROUP_SHARE`` quantile of a further group, at `CONFIDENCE_LEVEL`: by Student's t
    over the quantiles of the held-out groups, whose logarithms are assumed to be normally distributed. It is
    larger for fewer groups, and for groups that differ more.

    Examples
    --------
    Two groups with equal distances, and two with different ones:

    >>> def limit(distances):
    ...     n = len(distances)
    ...     groups = np.array(["one", "two"]).repeat(n // 2)
    ...     return fit_max_distance(HeldOut(np.full(n, "a"), np.ones((n, 1)), np.zeros(n), distances, groups))
    >>> limit(np.full(200, 1.2)), bool(limit(np.repeat([1.0, 1.2], 100)) > 4)
    (1.2, True)
    """
    from scipy.special import stdtrit

    pooled = float(np.quantile(held_out.distances, 1 - NOVEL_SHARE, method="higher"))
    fold_of = _folds(held_out)
    folds = np.unique(fold_of)
    n = len(folds)
    if n < 2:
        return pooled
    limits = [np.quantile(held_out.distances[fold_of == fold], 1 - NOVEL_GROUP_SHARE) for fold in folds]
    logarithms = np.log(np.maximum(limits, 1e-9))
    margin = stdtrit(n - 1, CONFIDENCE_LEVEL) * math.sqrt(1 + 1 / n) * logarithms.std(ddof=1)
    return max(pooled, float(np.exp(logarithms.mean() + margin)))


def cross_fit(held_out: HeldOut, classes: Sequence[str]) -> CalibratedPredictions | None:
    """Calibrate each fold of groups by the confidence fitted to the others; return None for a single fold.

    Clips take the place of groups if these are unknown.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.choice(["a", "b"], 400, p=[0.75, 0.25])
    >>> held_out = HeldOut(truth, np.tile([0.9, 0.1], (400, 1)), np.zeros(400), np.ones(400))
    >>> predictions = cross_fit(held_out, ["a", "b"])
    >>> bool(abs(predictions.calibrated.max(axis=1).mean() - 0.75) < 0.05), len(predictions.temperatures)
    (True, 10)
    """
    fold_of = _folds(held_out)
    folds = np.unique(fold_of)
    if len(folds) < 2:
        return None
    calibrated = held_out.probabilities.copy()
    refusals = np.full(len(fold_of), "", f"<U{len(NONE_OF_THESE)}")
    confidences = []
    for fold in folds:
        test = fold_of == fold
        confidence = fit_confidence(held_out.subset(~test), classes)
        calibrated[test] = confidence.calibrate(held_out.probabilities[test])
        refusals[test] = confidence.refusals(held_out.levels_db[test], held_out.distances[test])
        confidences.append(confidence)
    return CalibratedPredictions(
        held_out.probabilities,
        calibrated,
        refusals,
        tuple(confidence.temperature for confidence in confidences),
        tuple(confidence.guess_share for confidence in confidences),
    )


def _folds(held_out: HeldOut) -> NDArray[np.int64]:
    """Return the fold of each clip, which is that of its group if groups are known."""
    groups = held_out.groups
    units = np.arange(len(held_out.truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    return np.asarray(units % N_FOLDS)


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


def _limit(value: Any, default: float) -> float:
    return default if value is None else float(value)
