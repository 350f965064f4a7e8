"""Report of classifiers."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from woodshed.metrics import calibration, confusion, probability
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.numbers import percent
from woodshed.report.recognition import sections
from woodshed.report.recognition.confidence import confidence_scores, confidence_section, refused_share
from woodshed.report.recognition.confusion import confusion_section
from woodshed.report.recognition.decision_map import map_section
from woodshed.report.recognition.head_report import HeadReport, Section, outputs_text
from woodshed.report.recognition.scores import (
    MEASURES,
    MeasuredScore,
    class_predictions,
    class_rates,
    group_scores,
    measured_score,
)


class ClassesReport(HeadReport):
    """Accuracy, confusion matrix, scores of each class and group, calibration."""

    purpose: ClassVar[str] = "Predicts one of"
    measures: ClassVar[Collection[str]] = tuple(MEASURES)
    shares: ClassVar[frozenset[str]] = frozenset({"accuracy", "balanced accuracy", "macro-F1"})
    explanation: ClassVar[str] = (
        "Balanced accuracy is the mean recall of the classes, macro-F1 the mean of their F1 scores. Log "
        "loss is in nats; lower is better. AUC is the mean area under the ROC curves of each class against "
        "all others."
    )
    n_resamples: ClassVar[int] = 1000

    def score(self, experiment: Experiment, result: SplitResult, method: str, measure: str) -> MeasuredScore:
        """Return one of the measures of a method."""
        return measured_score(class_predictions(experiment, result, method), measure)

    def sections(self, experiment: Experiment, result: SplitResult, max_confused: int) -> list[Section]:
        """Return confusion matrix, scores by class and group, ROC curves, calibration and learning curves."""
        predictions = class_predictions(experiment, result)
        names = experiment.names
        parts: list[Section] = [
            (
                "confusion",
                "Confusion matrix",
                confusion_section(experiment, result, predictions, max_confused),
            ),
            ("classes", "Scores by class", sections.class_section(names, class_rates(predictions))),
            ("roc", "ROC curves", sections.roc_section(names, predictions)),
            ("groups", "Accuracy by group", sections.group_section(group_scores(predictions))),
            ("reliability", "Calibration", confidence_section(predictions, result.judged)),
        ]
        if experiment.summary is None:  # only a network has learning curves
            parts.append(("learning", "Learning curves", sections.learning_section(result.curves)))
        return parts

    def data_sections(self, experiment: Experiment) -> list[Section]:
        """Return the feature map of a classical estimator."""
        if experiment.summary is None:
            return []
        return [("map", "Feature map", map_section(experiment.summary, experiment.corpus.labels))]

    def split_values(self, experiment: Experiment, result: SplitResult) -> dict[str, object]:
        """Return the scores of every method, and the effect of the calibration."""
        methods: dict[str, object] = {}
        for method in result.outputs:
            predictions = class_predictions(experiment, result, method)
            arrays = (predictions.truth, predictions.probabilities, predictions.classes)
            methods[method] = {
                **confusion.evaluate(predictions.confusion),
                **probability.evaluate(*arrays),
                "expected_calibration_error": calibration.expected_calibration_error(*arrays),
            }
        if result.judged is None:
            return {"methods": methods}
        confidence = confidence_scores(class_predictions(experiment, result), result.judged)
        return {"methods": methods, "confidence": confidence}

    def limits(self, experiment: Experiment, result: SplitResult) -> list[str]:
        """Return what is predicted for clips of no class."""
        only = f"Limited to the {outputs_text(experiment)} above."
        if result.judged is None:
            return [f"{only} One of them is predicted for any clip, silence and noise included."]
        predictions = class_predictions(experiment, result)
        shares = [
            f"{percent(refused_share(predictions, result.judged, kind).value, 1)} as “{kind}”"
            for kind in (SILENCE, NONE_OF_THESE)
        ]
        return [
            f"{only} Silence and clips far from the training data are rejected; of the clips of these "
            f"classes, {' and '.join(shares)}. Other sounds that resemble a class are not rejected."
        ]


REPORT = ClassesReport()
