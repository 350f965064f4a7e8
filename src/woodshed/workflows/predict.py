"""Prediction of files: one prediction for each, events on a timeline, or events of a live stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woodshed.clip import Clip
from woodshed.data.doctor.fast_checks import input_checks
from woodshed.data.doctor.finding import Finding
from woodshed.data.example import Skipped
from woodshed.errors import ParameterError
from woodshed.prediction import ClipPrediction
from woodshed.recognition.detection.events import EventRule, calibrated_rule, files_timelines
from woodshed.recognition.detection.live import BLOCK_S, LiveDetector, paced
from woodshed.recognition.detection.sliding_window import window_classifier
from woodshed.recognition.estimator import AudioEstimator, Recogniser
from woodshed.recognition.file_prediction import predict_files
from woodshed.timeline import Timeline
from woodshed.training.estimator import check_verb


@dataclass(frozen=True, kw_only=True)
class DetectionSettings:
    """How events are detected; None takes the default of the model.

    Parameters
    ----------
    hop_s
        Step from one window to the next, in seconds; default half a window.
    smooth_s
        Length over which probabilities are averaged, in seconds; default one window.
    min_event_s
        Shorter events are dropped; default 0.1 s.
    false_positive_rate
        Highest share of windows of other classes that may be given a class, for each class.
    false_positives_per_hour
        Highest number of wrong events in an hour of sound.
    """

    hop_s: float | None = None
    smooth_s: float | None = None
    min_event_s: float | None = None
    false_positive_rate: float | None = None
    false_positives_per_hour: float | None = None

    def rule(self, recogniser: Recogniser) -> EventRule:
        """Return the rule by which the model's probabilities become events.

        Raises
        ------
        ParameterError
            If a setting is out of its range, the model has no threshold for such a rate, or it is not a
            classifier.
        """
        durations = {"smooth_s": self.smooth_s, "min_event_s": self.min_event_s}
        settings: dict[str, Any] = {name: value for name, value in durations.items() if value is not None}
        rule = EventRule(**settings)
        check_verb(recogniser, "predict")
        window_classifier(recogniser)  # raises unless events can be detected
        return calibrated_rule(
            recogniser,
            rule,
            false_positive_rate=self.false_positive_rate,
            per_hour=self.false_positives_per_hour,
        )


def predict(
    estimator: AudioEstimator,
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    strict: bool = False,
    false_positive_rate: float | None = None,
) -> Iterator[ClipPrediction]:
    """Yield the prediction for each file as soon as it is computed.

    Parameters
    ----------
    estimator, paths, skipped, strict
        As for `woodshed.recognition.file_prediction.predict_files`.
    false_positive_rate
        Of a classifier: see `woodshed.recognition.estimator.Recogniser.decide`.

    Raises
    ------
    ParameterError
        If a rate is given for anything but a classifier, or the model does not predict.
    """
    check_verb(estimator, "predict")
    if false_positive_rate is None:
        return predict_files(estimator, paths, skipped, strict=strict)
    if "false_positive_rate" not in estimator.head.options:
        raise ParameterError(
            f"A false positive rate is for classifiers, and a model for {estimator.task} predicts "
            f"{estimator.head.name}. Leave it out."
        )
    return predict_files(estimator, paths, skipped, strict=strict, false_positive_rate=false_positive_rate)


def check_inputs(estimator: AudioEstimator, paths: Sequence[Path]) -> list[Finding]:
    """Report recordings that the model does not use as they are, each kind once.

    These are incomplete files, stereo recordings whose channels cancel each other, and recordings with much
    energy above half of the sample rate of the model.
    """
    return input_checks(paths, model_rate=estimator.fitted("sample_rate_"), n_jobs=estimator.n_jobs)


def detect(
    recogniser: Recogniser,
    paths: Sequence[Path],
    skipped: list[Skipped],
    settings: DetectionSettings,
    *,
    strict: bool = False,
) -> Iterator[tuple[Path, Timeline]]:
    """Yield the timeline of each file as soon as it is computed; memory does not grow with its length.

    Parameters
    ----------
    recogniser, paths, skipped, strict
        As for `woodshed.recognition.file_prediction.predict_files`.
    settings
        How events are detected.
    """
    rule = settings.rule(recogniser)
    return files_timelines(recogniser, paths, skipped, hop_s=settings.hop_s, rule=rule, strict=strict)


def live_detector(recogniser: Recogniser, settings: DetectionSettings) -> LiveDetector:
    """Return a detector of events in a stream that is still going on."""
    return LiveDetector(recogniser=recogniser, hop_s=settings.hop_s, rule=settings.rule(recogniser))


def live_blocks(paths: Sequence[Path], sample_rate: int) -> Iterator[Clip]:
    """Return the blocks of the microphone, or those of one file at the pace at which it would be played.

    Raises
    ------
    ParameterError
        If there is more than one file.
    """
    from woodshed.audio.device import record_blocks
    from woodshed.audio.read import read_blocks

    if len(paths) > 1:
        raise ParameterError(
            f"--live processes one file at a time, got {len(paths)}. Give one file, or none."
        )
    if paths:
        return paced(read_blocks(paths[0], block_s=BLOCK_S, mono=True))
    return record_blocks(sample_rate, block_s=BLOCK_S)
