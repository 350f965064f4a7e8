"""Report of taggers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from woodshed.metrics import tagging
from woodshed.recognition.experiments.result import SplitResult
from woodshed.report.recognition.multi_output import Measure, MultiOutputReport, Rows


class TagsReport(MultiOutputReport):
    """Areas under the ROC and precision-recall curves, and scores at the thresholds."""

    explanation: ClassVar[str] = (
        "ROC-AUC is the probability that a clip with the tag is ranked above a clip without it; chance is "
        "0.5. PR-AUC is the average precision; chance is the prevalence. Precision, recall and F1 are "
        "computed at the threshold of each tag."
    )
    measures: ClassVar[Mapping[str, Measure]] = {
        "macro ROC-AUC": lambda truth, outputs: tagging.roc_auc(truth, outputs, average="macro"),
        "micro ROC-AUC": lambda truth, outputs: tagging.roc_auc(truth, outputs, average="micro"),
        "macro PR-AUC": lambda truth, outputs: tagging.pr_auc(truth, outputs, average="macro"),
        "micro PR-AUC": lambda truth, outputs: tagging.pr_auc(truth, outputs, average="micro"),
        "precision at 1": lambda truth, outputs: tagging.precision_at(truth, outputs, 1),
    }

    def scores_by_output(self, result: SplitResult) -> dict[str, Rows]:
        """Return the scores of each tag."""
        outputs = result.outputs[result.method]
        return {
            "ROC-AUC": tagging.roc_auc(result.truth, outputs),
            "PR-AUC": tagging.pr_auc(result.truth, outputs),
            "prevalence": tagging.prevalence(result.truth),
            **tagging.at_thresholds(result.truth, result.decisions),
        }


REPORT = TagsReport()
