"""Confidence of a classifier: calibration, decision thresholds, and rejection of silence and novel sounds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.decoding import parse_json
from woodshed.errors import ParameterError, counted
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.metrics.calibration import Calibration, fit_shrunken_calibration
from woodshed.metrics.threshold import class_thresholds, threshold_for_false_positives_per_hour
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.novelty_detection import NoveltyDetector
from woodshed.units import duration_text

Rows = NDArray[np.float64]
"""Probabilities of clips, a row each."""

CONFIDENCE_NAME, NOVELTY_NAME = "confidence.json", "familiar.npz"
"""Files of a model folder: the confidence, and its novelty detector."""
# The name familiar.npz, its array "middles", and the keys "hourly" and "furthest" of confidence.json are of a
# former vocabulary. They are kept so that earlier models can be loaded.

SILENCE_DB = -50.0
"""Highest threshold of silence, as a peak level in decibels (`peak_level_db`)."""

SILENT_SHARE, NOVEL_SHARE = 0.005, 0.05
"""Share of the clips of further groups that may be rejected as silence, and as novel."""

NOVEL_SHARES = (0.045, 0.04, 0.035, 0.03, 0.025, 0.02, 0.015, 0.01, 0.005)
"""Shares of the held-out clips beyond the limit, which are tried in this order."""

NOVEL_GROUP_SHARE, CONFIDENCE_LEVEL = 0.02, 0.975
"""Share of the clips of a further group beyond a bound for few groups, and the level of that bound."""

MIN_GROUPS = 4
"""Number of groups from which on the rejections of further groups are estimated by cross-validation."""

FALSE_POSITIVE_RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
"""Rates with thresholds, as far as there are enough held-out clips to bound the rate for further clips."""

FALSE_POSITIVES_PER_HOUR = (1000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0)
"""Hourly rates with a threshold, as far as the held-out clips are long enough for one false positive."""

N_FOLDS = 10
"""Maximum number of folds of `cross_fit`."""


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
    spectrum_distances
        Distance of the spectrum alone, shape ``(n,)``; None if unknown.
    single_source
        Whether all clips are from one source, so that the groups show nothing about other sources.
    """

    truth: NDArray[np.str_]
    probabilities: Rows
    levels_db: NDArray[np.float64]
    distances: NDArray[np.float64]
    groups: NDArray[np.str_] | None = None
    hours: float = 0.0
    spectrum_distances: NDArray[np.float64] | None = None
    single_source: bool = False

    def subset(self, rows: NDArray[np.bool_]) -> HeldOut:
        """Return the predictions where a mask is True."""
        return HeldOut(
            self.truth[rows],
            self.probabilities[rows],
            self.levels_db[rows],
            self.distances[rows],
            None if self.groups is None else self.groups[rows],
            self.hours * float(np.mean(rows)),
            None if self.spectrum_distances is None else self.spectrum_distances[rows],
            self.single_source,
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
    max_spectrum_distance
        Limit of the distance of the spectrum alone, for the windows of a timeline: these are parts of sounds,
        whose course differs from that of the whole sounds of the training data.
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
    max_spectrum_distance: float = math.inf
    novelty_detector: NoveltyDetector | None = None
    n_held_out: int = 0
    n_others: int = 0
    hours: float = 0.0

    def calibrate(self, probabilities: Rows) -> Rows:
        """Return calibrated probabilities of the same shape ``(n, n_classes)``; rows sum to 1."""
        return Calibration(self.temperature, self.guess_share)(probabilities)

    def refusals(self, levels_db: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return what is predicted instead of a class, shape ``(n,)``; empty where a class is predicted."""
        novel = np.where(distances > self.max_distance, NONE_OF_THESE, "")
        return np.where(levels_db < self.silence_db, SILENCE, novel)

    def levels_and_distances(self, clips: Iterable[Clip]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the peak level in decibels of each clip, and its distance to the training data.

        Parameters
        ----------
        clips
            At least one clip, at the rate of the model.

        Returns
        -------
        levels_db, distances
            Shape ``(n,)`` each. Without a detector nothing is measured: levels are infinite, distances 0.
        """
        if self.novelty_detector is None:
            n = sum(1 for _ in clips)
            return np.full(n, math.inf), np.zeros(n)
        rows = np.stack([SoundEmbedding(sample_rate=clip.sample_rate)(clip) for clip in clips]).astype(
            np.float64
        )
        return rows[:, -1], self.novelty_detector.distance(rows)

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
            "furthest": _finite(self.max_spectrum_distance),
            "max_distance": _finite(self.max_distance),
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
                max_distance=_limit(values.get("max_distance", values["furthest"]), math.inf),
                max_spectrum_distance=_limit(values["furthest"], math.inf),
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
    calibration = fit_shrunken_calibration(
        held_out.truth,
        held_out.probabilities,
        classes,
        _folds(held_out),
        may_sharpen=not held_out.single_source,
    )
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
        max_spectrum_distance=(
            math.inf
            if held_out.spectrum_distances is None
            else prediction_bound(held_out.spectrum_distances, _folds(held_out))
        ),
        novelty_detector=novelty_detector,
        n_held_out=len(held_out.truth),
        n_others=n_others,
        hours=held_out.hours,
    )


def fit_max_distance(held_out: HeldOut) -> float:
    """Return the distance from which on a clip is rejected as novel.

    The limit is a quantile of the distances of the held-out clips: the largest of `NOVEL_SHARES` for which
    groups that the limit was not fitted to lose at most `NOVEL_SHARE` of their clips, with one standard error
    added. With fewer than `MIN_GROUPS` groups, or too few clips for any share, it is `prediction_bound`.

    Examples
    --------
    Five equal groups of 100 clips, and two different ones:

    >>> def limit(distances, n_groups):
    ...     n = len(distances)
    ...     groups = np.arange(n_groups).repeat(n // n_groups).astype(str)
    ...     return fit_max_distance(HeldOut(np.full(n, "a"), np.ones((n, 1)), np.zeros(n), distances, groups))
    >>> limit(np.tile(np.arange(1.0, 101.0), 5), 5), bool(limit(np.repeat([1.0, 1.2], 100), 2) > 4)
    (96.0, True)
    """
    distances, fold_of = held_out.distances, _folds(held_out)
    folds = np.unique(fold_of)
    for share in NOVEL_SHARES if len(folds) >= MIN_GROUPS else ():
        lost = [
            distances[fold_of == fold] > _upper_quantile(distances[fold_of != fold], share) for fold in folds
        ]
        rate = np.concatenate(lost).mean()
        if rate + np.sqrt(rate * (1 - rate) / len(distances)) <= NOVEL_SHARE:
            return _upper_quantile(distances, share)
    return prediction_bound(distances, fold_of)


def prediction_bound(distances: NDArray[np.float64], fold_of: NDArray[np.int64]) -> float:
    """Return a careful limit: the larger of two.

    Hardly any held-out clip is beyond the first. The second is an upper prediction bound for the
    ``1 - NOVEL_GROUP_SHARE`` quantile of a further group, at `CONFIDENCE_LEVEL`: by Student's t over the
    quantiles of the held-out groups, whose logarithms are assumed to be normally distributed. It is larger
    for fewer groups, and for groups that differ more.

    Parameters
    ----------
    distances, fold_of
        Distance and group of each held-out clip, shape ``(n,)``.

    Examples
    --------
    >>> groups = np.repeat([0, 1], 100)
    >>> prediction_bound(np.full(200, 1.2), groups), bool(prediction_bound(1 + 0.2 * groups, groups) > 4)
    (1.2, True)
    """
    from scipy.special import stdtrit

    pooled = _upper_quantile(distances, NOVEL_SHARES[-1])
    folds = np.unique(fold_of)
    n = len(folds)
    if n < 2:
        return pooled
    limits = [np.quantile(distances[fold_of == fold], 1 - NOVEL_GROUP_SHARE) for fold in folds]
    logarithms = np.log(np.maximum(limits, 1e-9))
    margin = stdtrit(n - 1, CONFIDENCE_LEVEL) * math.sqrt(1 + 1 / n) * logarithms.std(ddof=1)
    return max(pooled, float(np.exp(logarithms.mean() + margin)))


def _upper_quantile(distances: NDArray[np.float64], share: float) -> float:
    return float(np.quantile(distances, 1 - share, method="higher"))


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
