"""Report of classifiers: scores by class and group, ROC curves and calibration."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from woodshed.errors import counted, printable
from woodshed.html.chart import legend
from woodshed.html.document import Markup, element, join, name_of, table
from woodshed.metrics import calibration, confusion, interval, probability
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.confidence import CalibratedPredictions
from woodshed.recognition.experiments.result import Evaluation, Experiment, SplitResult
from woodshed.report.recognition import figures
from woodshed.report.recognition.confusion import confusion_section
from woodshed.report.recognition.figures import map_section
from woodshed.report.recognition.head_report import HeadReport, Section, learning_section, outputs_text
from woodshed.report.recognition.scores import (
    MEASURES,
    ClassPredictions,
    GroupScore,
    MeasuredScore,
    Rates,
    class_predictions,
    class_rates,
    group_scores,
    measured_score,
)
from woodshed.report.wording import (
    UNKNOWN,
    decimal,
    decimal_range,
    percent,
    percent_range,
)

MAX_GROUPS = 40
MAX_SMALL_ROCS = 24


def class_section(labels: Sequence[str], rates: Rates) -> Markup:
    """Return the table of every one-against-rest score of every class, and the averages."""
    by_class = (
        [
            name_of(label),
            *(_rate(name, float(values[k])) for name, values in rates.per_class.items()),
            str(rates.support[k]),
        ]
        for k, label in enumerate(labels)
    )
    averages = (
        [
            f"{average} average",
            *(_rate(name, values[name]) for name in rates.per_class),
            str(rates.support.sum()),
        ]
        for average, values in rates.averages.items()
    )
    return join(
        [
            table(
                ["class", *rates.per_class, "clips"],
                [*by_class, *averages],
                caption="Each class against all others",
                class_="classes",
            ),
            element(
                "p",
                "FPR, FNR: false positive and false negative rate. NPV: negative predictive value. AUC: area "
                "under the ROC curve. Micro averages pool all decisions; weighted averages weight classes by "
                f"their clips. {UNKNOWN}: undefined (0/0).",
                class_="note",
            ),
        ]
    )


def roc_section(labels: Sequence[str], predictions: ClassPredictions) -> Markup:
    """Draw the ROC curves: all together with their mean, then one by one, the worst first."""
    curves = figures.roc_curves(predictions)
    macro = figures.macro_roc(curves)
    if macro is None:
        return element("p", "ROC curves need test clips of at least two classes.")
    by_auc = sorted(
        ((label, curve) for label, curve in zip(labels, curves, strict=True) if curve is not None),
        key=lambda pair: pair[1].auc,
    )
    small = [figures.small_roc_figure(label, curve) for label, curve in by_auc[:MAX_SMALL_ROCS]]
    more = f" ({MAX_SMALL_ROCS} of {len(by_auc)})" if len(by_auc) > MAX_SMALL_ROCS else ""
    return join(
        [
            element(
                "p",
                "True positive rate over false positive rate for every threshold, each class against all "
                "others. The bold line is the mean over the classes, the dashed diagonal is chance. The "
                f"small charts show each class with its area under the curve, the worst first{more}.",
            ),
            element(
                "div",
                element("figure", figures.roc_figure(curves, macro)),
                element("div", *small, class_="small"),
                class_="pair",
            ),
        ]
    )


def group_section(groups: Sequence[GroupScore]) -> Markup:
    """Draw the accuracy of each group, the worst first."""
    if not groups:
        return element("p", "The groups of the clips (speaker, song or recording) are unknown.")
    rows = [(group.name, group.score, f"of {group.n}") for group in groups[:MAX_GROUPS]]
    per_chart = math.ceil(len(rows) / 2) if len(rows) > 8 else len(rows)
    charts = [
        element("figure", figures.accuracy_figure("Accuracy by group", rows[k : k + per_chart]))
        for k in range(0, len(rows), per_chart)
    ]
    more = f" ({MAX_GROUPS} of {len(groups)})" if len(groups) > MAX_GROUPS else ""
    return join(
        [
            element(
                "p",
                "Accuracy for each speaker, song or recording with its 95 % Wilson interval, the worst first"
                f"{more}.",
            ),
            element("div", *charts, class_="charts"),
        ]
    )


def _rate(name: str, value: float) -> str:
    return decimal(value) if name == "AUC" else percent(value, 1)


def confidence_section(predictions: ClassPredictions, calibrated: CalibratedPredictions | None) -> Markup:
    """Draw the reliability diagram, and explain the calibration if there is one."""
    words = element(
        "p",
        "Reliability diagram: accuracy over confidence, the probability of the predicted class. On the "
        "dashed diagonal, 80 % of the predictions with a confidence of 80 % are correct; below it the "
        "model is overconfident, above it underconfident. The area of a dot is proportional to the number "
        "of predictions; the bars are 95 % intervals.",
    )
    after = calibration.reliability(*predictions.scored)
    if calibrated is None:
        error = f"Expected calibration error: {decimal(calibration_error(predictions))}."
        return join(
            [words, element("figure", figures.reliability_figure(after)), element("p", error, class_="note")]
        )
    before = replace(predictions, probabilities=calibrated.raw)
    return join(
        [
            words,
            element("p", _calibration_text(calibrated)),
            legend((("main", "calibrated"), ("other", "uncalibrated"))),
            element("figure", figures.reliability_figure(after, calibration.reliability(*before.scored))),
            table(
                ["", "value"],
                [
                    _error_row("before calibration", before),
                    _error_row("after calibration", predictions),
                    *(_refusal_row(kind, predictions, calibrated) for kind in (SILENCE, NONE_OF_THESE)),
                ],
                caption="Calibration and rejection",
            ),
        ]
    )


def confidence_scores(predictions: ClassPredictions, calibrated: CalibratedPredictions) -> dict[str, Any]:
    """Return the effect of the calibration as plain values, for ``metrics.json``."""
    before, after = (
        calibration.evaluate(predictions.truth, probabilities, predictions.classes, predictions.groups)
        for probabilities in (calibrated.raw, calibrated.calibrated)
    )
    return {
        "temperatures": list(calibrated.temperatures),
        "guess_shares": list(calibrated.guess_shares),
        "before": before,
        "after": after,
        "refused": {
            kind: interval.evaluate(calibrated.refusals == kind, predictions.groups)
            for kind in (SILENCE, NONE_OF_THESE)
        },
    }


def calibration_error(predictions: ClassPredictions) -> float:
    """Return the expected calibration error over the bins of the reliability diagram."""
    return calibration.expected_calibration_error(*predictions.scored)


def refused_share(
    predictions: ClassPredictions, calibrated: CalibratedPredictions, kind: str
) -> MeasuredScore:
    """Return the share of the tested clips that is rejected as one kind, with its 95 % interval."""
    is_refused = calibrated.refusals == kind
    return MeasuredScore(float(is_refused.mean()), interval.share_interval(is_refused, predictions.groups))


def _calibration_text(calibrated: CalibratedPredictions) -> str:
    """Explain how the probabilities were calibrated."""
    low, high = min(calibrated.temperatures), max(calibrated.temperatures)
    most = max(calibrated.guess_shares)
    details = f" Share of guesses: up to {percent(most, 1)}." if most >= 0.001 else ""
    if low < 1:
        details += (
            " A temperature below 1 raises probabilities: fully for sounds that are as near to the training "
            "data as half of the held-out ones, and less for others."
        )
    if len(calibrated.temperatures) == 1:
        return f"Temperature scaling with the temperature of the model, {low:.2f}.{details}"
    if low == high == 1:
        return (
            "The probabilities are not calibrated: the groups do not agree on a temperature. The rejection "
            "limits of each part of the groups were learned on all other groups."
        )
    return (
        "Temperature scaling: the temperature and the rejection limits of each part of the groups were "
        f"learned on all other groups. Temperatures: {low:.2f} to {high:.2f}.{details}"
    )


def _error_row(when: str, predictions: ClassPredictions) -> tuple[str, Markup]:
    spread = calibration.calibration_interval(*predictions.scored, groups=predictions.groups)
    error = decimal(calibration_error(predictions))
    return f"expected calibration error {when}", _cell(error, decimal_range(spread))


def _refusal_row(
    kind: str, predictions: ClassPredictions, calibrated: CalibratedPredictions
) -> tuple[str, Markup]:
    share = refused_share(predictions, calibrated, kind)
    cell = _cell(percent(share.value, 1), percent_range(share.interval, 1))
    return f"clips of the classes rejected as “{kind}”", cell


def _cell(value: str, spread: str) -> Markup:
    return join([value, element("span", spread, class_="sub")])


def _refusal_remarks(predictions: ClassPredictions, result: SplitResult) -> list[str]:
    """Return the sentence with the accuracy of the answered clips and the number of the refused ones."""
    if result.refused is None or result.judged is None:
        return []
    n_refused = int(predictions.refused.sum())
    if not n_refused:
        return ["No recording was refused."]
    kinds = [
        f"{int((result.judged.refusals == kind).sum())} as “{kind}”"
        for kind in (NONE_OF_THESE, SILENCE)
        if (result.judged.refusals == kind).any()
    ]
    n_answered = len(predictions.refused) - n_refused
    correct = f": {percent(_accuracy_of_answered(predictions))} of them correct" if n_answered else ""
    return [
        f"{n_refused} of {counted(len(predictions.refused), 'recording')} refused ({', '.join(kinds)}), "
        f"which counts as wrong. Answered {n_answered}{correct}."
    ]


def _accuracy_of_answered(predictions: ClassPredictions) -> float:
    """Return the share of correct predictions among the clips that are given a class; NaN without any."""
    answered = ~predictions.refused
    return float(predictions.hits[answered].mean()) if answered.any() else math.nan


def _label_remarks(evaluation: Evaluation) -> list[str]:
    """Return sentences about labels that were matched to classes, and about those that no class matches."""
    remarks = []
    if evaluation.spellings:
        pairs = ", ".join(
            f"{printable(label)!r} as {printable(name)!r}" for label, name in evaluation.spellings.items()
        )
        remarks.append(f"Labels matched to the classes of the model: {pairs}.")
    if evaluation.unknown:
        labels = ", ".join(sorted({printable(example.label) for example in evaluation.unknown}))
        n, n_refused = len(evaluation.unknown), int(evaluation.is_refused.sum())
        remarks.append(
            f"Not part of this score: {counted(n, 'recording')} of classes that the model does not have "
            f"({labels}). Refused, as is right: {n_refused} of {n}."
        )
    return remarks


def _unknown_section(evaluation: Evaluation) -> Markup:
    """Return the table of the recordings of classes that the model does not have."""
    labels = [example.label for example in evaluation.unknown]
    rows = []
    for label in sorted(set(labels)):
        own = [refused for name, refused in zip(labels, evaluation.is_refused, strict=True) if name == label]
        rows.append([name_of(label), str(len(own)), str(int(sum(own)))])
    words = element(
        "p",
        "The model does not have these classes, so the right prediction is a refusal: “none of these” or "
        "“silence”. They are not part of the scores above.",
    )
    return join([words, table(["class", "recordings", "refused"], rows, caption="Unknown classes")])


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

    def remarks(self, experiment: Experiment, result: SplitResult) -> list[str]:
        """Return how many clips are refused, and what happened to other spellings and to unknown classes."""
        return [
            *_refusal_remarks(class_predictions(experiment, result), result),
            *([] if experiment.evaluation is None else _label_remarks(experiment.evaluation)),
            *super().remarks(experiment, result),
        ]

    def sections(self, experiment: Experiment, result: SplitResult, max_confused: int) -> list[Section]:
        """Return confusion matrix, scores by class and group, ROC curves, calibration and learning curves."""
        predictions = class_predictions(experiment, result)
        names = experiment.names
        curves: Section = ("learning", "Learning curves", learning_section(result.curves))
        return [
            (
                "confusion",
                "Confusion matrix",
                confusion_section(experiment, result, predictions, max_confused),
            ),
            ("classes", "Scores by class", class_section(names, class_rates(predictions))),
            ("roc", "ROC curves", roc_section(names, predictions)),
            ("groups", "Accuracy by group", group_section(group_scores(predictions))),
            ("reliability", "Calibration", confidence_section(predictions, result.judged)),
            *([curves] if experiment.summary is None else []),  # only a network has them
        ]

    def data_sections(self, experiment: Experiment) -> list[Section]:
        """Return the feature map of a classical estimator, or the recordings of classes that it lacks."""
        if experiment.evaluation is not None and experiment.evaluation.unknown:
            return [("unknown", "Recordings of unknown classes", _unknown_section(experiment.evaluation))]
        if experiment.summary is None:
            return []
        return [("map", "Feature map", map_section(experiment.summary, experiment.corpus.labels))]

    def split_values(self, experiment: Experiment, result: SplitResult) -> dict[str, object]:
        """Return the scores of every method, and the effect of the calibration."""
        predictions = {method: class_predictions(experiment, result, method) for method in result.outputs}
        methods = {
            method: {
                **confusion.evaluate(made.confusion, n_refused=made.n_refused),
                **probability.evaluate(*made.scored),
                "expected_calibration_error": calibration_error(made),
            }
            for method, made in predictions.items()
        }
        if result.judged is None:
            return {"methods": methods}
        answered = {}
        if result.refused is not None:
            own = predictions[result.method]
            answered = {
                "n_answered": int((~own.refused).sum()),
                "n_refused": int(own.refused.sum()),
                "accuracy_of_answered": _accuracy_of_answered(own),
            }
        confidence = confidence_scores(predictions[result.method], result.judged)
        return {"methods": methods, **answered, "confidence": confidence}

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
