"""Confidence: how sure a model's answers really are, and when it had better give none.

All of it is found on sounds of groups that were not learned from, answered by models that had not learned
from them: the same folds that an experiment tests on. What is then said about it (`cross_fit`) is about
sounds on which it was not found.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.metrics.temperature_scaling import Calibration, fit_shrunken_calibration
from woodshed.metrics.threshold import class_thresholds, threshold_for_false_positives_per_hour
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.experiments.result import CalibratedPredictions
from woodshed.recognition.novelty_detection import NoveltyDetector, SpectralEmbedding

Probabilities = NDArray[np.float64]

CONFIDENCE_NAME, FAMILIAR_NAME = "confidence.json", "familiar.npz"
"""The files of a model folder that hold it."""

SILENCE_DB = -50.0
"""What stays below this, measured as by `woodshed.recognition.novelty_detection.loudest_db`, is silence to any model."""

SILENT_SHARE, STRANGE_SHARE = 0.005, 0.005
"""Share of the model's own sounds that may be taken for silence, and for something strange."""

GROUP_SHARE, CERTAINTY = 0.02, 0.975
"""With so much certainty no more than this share of a group that is new is taken for something strange."""

FALSE_ALARM_RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
"""For these, thresholds are kept, as far as there were sounds enough to promise anything of new ones."""

FALSE_ALARMS_PER_HOUR = (1000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0)
"""For these, thresholds are kept, as far as there was sound enough to see one false alarm."""

N_PARTS = 10
"""Into so many parts at most the groups are dealt to judge what was found on the others."""


@dataclass(frozen=True)
class HeldOut:
    """What models answered to sounds of groups that they had not learned from.

    Parameters
    ----------
    truth
        Shape ``(n,)``: the right label of each sound.
    probabilities
        Shape ``(n, n_classes)``: as the net gave them.
    levels_db, distances
        Shape ``(n,)``: level of each sound, and its distance from what its model learned from.
    groups
        Shape ``(n,)``: who or what each was recorded from; None if that is not known.
    hours
        How long all the sounds are together; 0 if that is not known.
    """

    truth: NDArray[np.str_]
    probabilities: Probabilities
    levels_db: NDArray[np.float64]
    distances: NDArray[np.float64]
    groups: NDArray[np.str_] | None = None
    hours: float = 0.0

    def at(self, rows: NDArray[np.bool_]) -> HeldOut:
        """Return some of the sounds."""
        groups = None if self.groups is None else self.groups[rows]
        return HeldOut(
            self.truth[rows],
            self.probabilities[rows],
            self.levels_db[rows],
            self.distances[rows],
            groups,
            self.hours * float(np.mean(rows)),
        )


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """What turns a net's answer into one that can be acted on; by default it changes and refuses nothing.

    Parameters
    ----------
    temperature, guess_share
        Calibration of the net's mean probabilities: `woodshed.metrics.temperature_scaling.Calibration`.
    false_positive_rates, thresholds
        Wanted false alarms for each sound of another class, and for each of them the least probability of
        each class that keeps to it, in the mean, with new sounds like those that were held out.
    false_positives_per_hour, hourly
        Wrong names for each hour of sound, and for each of them the least probability of any class that keeps
        to it.
    silence_db
        A sound whose loudest 20 ms are below this is answered "silence".
    furthest
        A sound further than this from all that was learned from is answered "none of these".
    familiar
        What was learned from; None if that was not kept.

    Examples
    --------
    >>> careful = Confidence(temperature=2.0)
    >>> careful.calibrate(np.array([[0.9, 0.1]])).round(2).tolist()
    [[0.75, 0.25]]
    """

    temperature: float = 1.0
    guess_share: float = 0.0
    false_positive_rates: tuple[float, ...] = ()
    thresholds: tuple[tuple[float, ...], ...] = ()
    false_positives_per_hour: tuple[float, ...] = ()
    hourly: tuple[float, ...] = ()
    silence_db: float = -math.inf
    furthest: float = math.inf
    novelty_detector: NoveltyDetector | None = None

    def calibrate(self, probabilities: Probabilities) -> Probabilities:
        """Return probabilities that mean what they say, shape as given; rows sum to 1."""
        return Calibration(self.temperature, self.guess_share)(probabilities)

    def refusals(self, levels_db: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return what is answered instead of a class, shape ``(n,)``; empty where nothing is."""
        refused = np.where(distances > self.furthest, NONE_OF_THESE, "")
        return np.where(levels_db < self.silence_db, SILENCE, refused)

    def refusal(self, clip: Clip) -> str:
        """Return what is answered instead of a class to a clip at the model's rate; empty if nothing is."""
        if self.novelty_detector is None:
            return ""
        row = SpectralEmbedding(sample_rate=clip.sample_rate)(clip)[np.newaxis].astype(np.float64)
        return str(self.refusals(row[:, -1], self.novelty_detector.distance(row))[0])

    def least_probabilities(self, false_positive_rate: float) -> tuple[float, ...]:
        """Return the thresholds of the classes for a wanted rate of false alarms: the next lower one kept.

        Raises
        ------
        ParameterError
            If the rate is not above 0 to 1, or no thresholds are kept for it or a lower one.
        """
        if not 0 < false_positive_rate <= 1:
            raise ParameterError(
                f"false_positive_rate must be above 0 to 1, got {false_positive_rate!r}. For 1 % pass 0.01."
            )
        for rate, least in zip(self.false_positive_rates, self.thresholds, strict=True):
            if rate <= false_positive_rate:
                return least
        known = ", ".join(f"{rate:g}" for rate in self.false_positive_rates) or "none"
        raise ParameterError(
            f"This model has no thresholds for a false alarm rate of {false_positive_rate!r}. It has: {known}. "
            "To know a rarer one, it must be tested on more sounds."
        )

    def least_probability(self, per_hour: float) -> float:
        """Return the threshold of all classes for so many false alarms an hour: the next lower one kept.

        Raises
        ------
        ParameterError
            If the number is not above 0, or no threshold is kept for it or a lower one.
        """
        if not 0 < per_hour < math.inf:
            raise ParameterError(f"False alarms by the hour must be above 0, got {per_hour!r}.")
        for number, least in zip(self.false_positives_per_hour, self.hourly, strict=True):
            if number <= per_hour:
                return least
        known = ", ".join(f"{number:g}" for number in self.false_positives_per_hour)
        raise ParameterError(
            f"This model has no threshold for {per_hour:g} false alarms an hour. It has: {known or 'none'}. "
            "To know a rarer one, it must be tested on more sound."
        )

    def to_files(self) -> dict[str, bytes]:
        """Write it as files of a model folder, by name; a limit that is none becomes null."""
        told = {
            "temperature": self.temperature,
            "guess_share": self.guess_share,
            "false_positive_rates": list(self.false_positive_rates),
            "thresholds": [[_known(least) for least in row] for row in self.thresholds],
            "false_positives_per_hour": list(self.false_positives_per_hour),
            "hourly": [_known(least) for least in self.hourly],
            "silence_db": _known(self.silence_db),
            "furthest": _known(self.furthest),
        }
        files = {CONFIDENCE_NAME: (json.dumps(told, indent=2) + "\n").encode()}
        return (
            files
            if self.novelty_detector is None
            else files | {FAMILIAR_NAME: self.novelty_detector.to_bytes()}
        )

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], n_classes: int) -> Self:
        """Read what `to_files` wrote; files without it, of an older version, change and refuse nothing.

        Raises
        ------
        ParameterError
            If they hold something else.
        """
        if CONFIDENCE_NAME not in files:
            return cls()
        try:
            told = json.loads(files[CONFIDENCE_NAME])
            thresholds = tuple(tuple(_limit(least, math.inf) for least in row) for row in told["thresholds"])
            rates = tuple(float(rate) for rate in told["false_positive_rates"])
            if [len(row) for row in thresholds] != [n_classes] * len(rates):
                raise ValueError("each rate needs one threshold for each class")
            found = cls(
                temperature=float(told["temperature"]),
                guess_share=float(told.get("guess_share", 0.0)),
                false_positive_rates=rates,
                thresholds=thresholds,
                false_positives_per_hour=tuple(float(n) for n in told.get("false_positives_per_hour", [])),
                hourly=tuple(_limit(least, math.inf) for least in told.get("hourly", [])),
                silence_db=_limit(told["silence_db"], -math.inf),
                furthest=_limit(told["furthest"], math.inf),
            )
            found.calibrate(np.ones((1, 1)))  # refuses what is none
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(f"{CONFIDENCE_NAME} cannot be understood ({error}).") from error
        if FAMILIAR_NAME not in files:
            return found
        return replace(found, novelty_detector=NoveltyDetector.from_bytes(files[FAMILIAR_NAME]))


def fit_confidence(
    held_out: HeldOut, classes: Sequence[str], novelty_detector: NoveltyDetector | None = None
) -> Confidence:
    """Find calibration, thresholds and refusal levels on held-out answers.

    Parameters
    ----------
    held_out
        The more groups, the better; at least one sound.
    classes
        Names of the columns of the probabilities.
    familiar
        What the model that is kept learned from.

    Examples
    --------
    Always 90 % sure, and right three times in four:

    >>> answers = np.tile([0.9, 0.1], (400, 1))
    >>> held_out = HeldOut(np.repeat(["a", "b"], [300, 100]), answers, np.full(400, -20.0), np.ones(400))
    >>> found = fit_confidence(held_out, ["a", "b"])
    >>> round(found.temperature, 1), found.silence_db, found.furthest
    (2.0, -50.0, 1.0)
    """
    found = fit_shrunken_calibration(held_out.truth, held_out.probabilities, classes, _parts(held_out))
    calibrated = found(held_out.probabilities)
    is_right = np.asarray(classes)[calibrated.argmax(axis=1)] == held_out.truth
    n_others = len(held_out.truth) - int(np.unique(held_out.truth, return_counts=True)[1].max())
    rates = tuple(rate for rate in FALSE_ALARM_RATES if rate * (n_others + 1) >= 1)
    countable = tuple(n for n in FALSE_ALARMS_PER_HOUR if n * held_out.hours >= 1)
    answers = (held_out.truth, calibrated, classes)
    return Confidence(
        temperature=found.temperature,
        guess_share=found.guess_share,
        false_positive_rates=rates,
        thresholds=tuple(
            tuple(class_thresholds(*answers, false_positive_rate=rate, for_new=True).tolist())
            for rate in rates
        ),
        false_positives_per_hour=countable,
        hourly=tuple(
            threshold_for_false_positives_per_hour(
                is_right, calibrated.max(axis=1), held_out.hours, n, for_new=True
            )
            for n in countable
        ),
        silence_db=min(
            SILENCE_DB, float(np.quantile(held_out.levels_db, SILENT_SHARE, method="inverted_cdf"))
        ),
        furthest=furthest_own(held_out),
        novelty_detector=novelty_detector,
    )


def furthest_own(held_out: HeldOut) -> float:
    """Find how far the model's own sounds may be: what is further is refused.

    Two promises are made. Of all the sounds that were held out, no more than `STRANGE_SHARE` is further. And
    of a group yet to come, no more than `GROUP_SHARE`: each known group has a limit at which it would keep to
    that, and with the given `CERTAINTY` that of another group is nearer than the one returned, by Student's
    t, as if their logarithms were normal. The fewer groups, and the less they agree, the further away it is.

    Examples
    --------
    Two groups that are alike, and two that are not:

    >>> def furthest(distances):
    ...     n = len(distances)
    ...     groups = np.array(["one", "two"]).repeat(n // 2)
    ...     return furthest_own(HeldOut(np.full(n, "a"), np.ones((n, 1)), np.zeros(n), distances, groups))
    >>> furthest(np.full(200, 1.2)), bool(furthest(np.repeat([1.0, 1.2], 100)) > 4)
    (1.2, True)
    """
    from scipy.special import stdtrit

    pooled = float(np.quantile(held_out.distances, 1 - STRANGE_SHARE, method="higher"))
    part_of = _parts(held_out)
    parts = np.unique(part_of)
    n = len(parts)
    if n < 2:
        return pooled
    limits = [np.quantile(held_out.distances[part_of == part], 1 - GROUP_SHARE) for part in parts]
    logarithms = np.log(np.maximum(limits, 1e-9))
    margin = stdtrit(n - 1, CERTAINTY) * math.sqrt(1 + 1 / n) * logarithms.std(ddof=1)
    return max(pooled, float(np.exp(logarithms.mean() + margin)))


def cross_fit(held_out: HeldOut, classes: Sequence[str]) -> CalibratedPredictions | None:
    """Judge each part of the held-out groups by the confidence found on all others; None if there is one.

    Where groups are not known, single sounds are dealt into parts.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.choice(["a", "b"], 400, p=[0.75, 0.25])
    >>> held_out = HeldOut(truth, np.tile([0.9, 0.1], (400, 1)), np.zeros(400), np.ones(400))
    >>> judged = cross_fit(held_out, ["a", "b"])
    >>> bool(abs(judged.calibrated.max(axis=1).mean() - 0.75) < 0.05), len(judged.temperatures)
    (True, 10)
    """
    part_of = _parts(held_out)
    parts, n = np.unique(part_of), len(part_of)
    if len(parts) < 2:
        return None
    calibrated, refusals = held_out.probabilities.copy(), np.full(n, "", f"<U{len(NONE_OF_THESE)}")
    temperatures, guess_shares = [], []
    for part in parts:
        here = part_of == part
        found = fit_confidence(held_out.at(~here), classes)
        calibrated[here] = found.calibrate(held_out.probabilities[here])
        refusals[here] = found.refusals(held_out.levels_db[here], held_out.distances[here])
        temperatures.append(found.temperature)
        guess_shares.append(found.guess_share)
    return CalibratedPredictions(
        held_out.probabilities, calibrated, refusals, tuple(temperatures), tuple(guess_shares)
    )


def _parts(held_out: HeldOut) -> NDArray[np.int64]:
    """Deal the groups, or where they are not known the sounds, into parts; return that of each sound."""
    groups = held_out.groups
    units = np.arange(len(held_out.truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    return np.asarray(units % N_PARTS)


def _known(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


def _limit(told: Any, none: float) -> float:
    return none if told is None else float(told)
