"""Report of classifiers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from woodshed.html.markup import Markup, join
from woodshed.metrics import calibration, confusion, probability
from woodshed.metrics.interval import Interval
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.numbers import percent, percent_range
from woodshed.report.recognition import sections
from woodshed.report.recognition.background import corpus_section, skipped_files, skipped_section
from woodshed.report.recognition.card import card
from woodshed.report.recognition.checkup import checkup_part
from woodshed.report.recognition.confidence import confidence_scores, confidence_section
from woodshed.report.recognition.confusion import confusion_section
from woodshed.report.recognition.decision_map import map_section
from woodshed.report.recognition.head_report import HeadReport, ScoreRow, ordered_splits, score_row
from woodshed.report.recognition.scores import MEASURES, answers_of, class_rates, group_scores, measure
from woodshed.report.recognition.tuning import tuning_part, tuning_values


class ClassesReport(HeadReport):
    """Accuracy, confusion matrix, scores of each class and group, calibration."""

    n_resamples: ClassVar[int] = 1000
    is_share: ClassVar[bool] = True

    def body(self, experiment: Experiment, max_confused: int) -> Markup:
        """Return the sections of the page, each under the badge of the split that its numbers are from."""
        splits = ordered_splits(experiment)
        scored = [(result, _scores(experiment, result)) for result in splits]
        tested = splits[0]
        answers = answers_of(experiment, tested)
        n_groups = None if answers.groups is None else len(np.unique(answers.groups))
        n_skipped = len(skipped_files(experiment))
        parts = [
            ("scores", "Scores", join([sections.score_section(scored), sections.gap_note(experiment)])),
            ("confusion", "Confusion matrix", confusion_section(experiment, tested, answers, max_confused)),
            ("classes", "Scores by class", sections.class_section(experiment.names, class_rates(answers))),
            ("roc", "ROC curves", sections.roc_section(experiment.names, answers)),
            ("groups", "Accuracy by group", sections.group_section(group_scores(answers))),
            _learning_part(experiment, tested),
            ("reliability", "Calibration", confidence_section(answers, tested.judged)),
            *tuning_part(experiment.tuning),
            *checkup_part(experiment.checkup),
            ("skipped", f"Skipped files: {n_skipped}", skipped_section(experiment)),
            ("background", "Training data", corpus_section(experiment)),
        ]
        about_tested = {"confusion", "classes", "roc", "groups", "learning", "reliability"}
        headline = sections.headline(experiment, scored, n_groups)
        return sections.page_of(headline, parts, dict.fromkeys(about_tested, tested))

    def card(self, experiment: Experiment) -> str:
        """Return the model card."""
        return card(experiment)

    def metrics(self, experiment: Experiment) -> dict[str, object]:
        """Return every score of every method on every split."""
        splits = []
        for result in experiment.splits:
            methods: dict[str, object] = {}
            for method in result.outputs:
                answers = answers_of(experiment, result, method)
                predictions = (answers.truth, answers.probabilities, answers.classes)
                methods[method] = {
                    **confusion.evaluate(answers.confusion),
                    **probability.evaluate(*predictions),
                    "expected_calibration_error": calibration.expected_calibration_error(*predictions),
                }
            values: dict[str, object] = {"split": result.split, "leaky": result.leaky, "methods": methods}
            if result.judged is not None:
                values["confidence"] = confidence_scores(answers_of(experiment, result), result.judged)
            splits.append(values)
        return {
            "task": experiment.task,
            "labels": list(experiment.names),
            "scores": [row.to_dict() for row in self.score_rows(experiment)],
            "splits": splits,
            **tuning_values(experiment.tuning),
            "provenance": experiment.provenance,
        }

    def score_rows(self, experiment: Experiment) -> list[ScoreRow]:
        """Return the accuracy of every method on every split."""
        rows = []
        for result in ordered_splits(experiment):
            for method in result.outputs:
                score = measure(answers_of(experiment, result, method), "accuracy")
                rows.append(score_row(result, method, "accuracy", (score.value, score.interval)))
        return rows

    def value_text(self, value: float) -> str:
        """Return an accuracy as a percentage."""
        return percent(value, 1)

    def interval_text(self, interval: Interval) -> str:
        """Return an interval of accuracies as percentages."""
        return percent_range(interval, 1)

    def difference_text(self, value: float) -> str:
        """Return a difference of accuracies in percentage points."""
        return f"{100 * value:+.1f}"


def _learning_part(experiment: Experiment, result: SplitResult) -> tuple[str, str, Markup]:
    """Return the learning curves of a network, or the feature map of a classical estimator."""
    if experiment.summary is None:
        return "learning", "Learning curves", sections.learning_section(result.curves)
    return "map", "Feature map", map_section(experiment.summary, experiment.corpus.labels)


def _scores(experiment: Experiment, result: SplitResult) -> sections.Scores:
    return {
        method: {name: measure(answers_of(experiment, result, method), name) for name in MEASURES}
        for method in result.outputs
    }


REPORT = ClassesReport()
