"""Calibration section: reliability before and after calibration, and rejected clips."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from woodshed.html.chart import legend
from woodshed.html.markup import Markup, element, join, table
from woodshed.metrics import calibration, interval
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.confidence import CalibratedPredictions
from woodshed.report.numbers import decimal, decimal_range, percent, percent_range
from woodshed.report.recognition import figures
from woodshed.report.recognition.scores import ClassPredictions, MeasuredScore


def confidence_section(predictions: ClassPredictions, calibrated: CalibratedPredictions | None) -> Markup:
    """Draw the reliability diagram, and explain the calibration if there is one."""
    words = element(
        "p",
        "Reliability diagram: accuracy over confidence, the probability of the predicted class. On the "
        "dashed diagonal, 80 % of the predictions with a confidence of 80 % are correct; below it the "
        "model is overconfident, above it underconfident. The area of a dot is proportional to the number "
        "of predictions; the bars are 95 % intervals.",
    )
    after = figures.reliability(predictions)
    if calibrated is None:
        error = f"Expected calibration error: {decimal(calibration_error(predictions))}."
        figure = element("figure", figures.reliability_figure(after))
        return join([words, figure, element("p", error, class_="note")])
    before = replace(predictions, probabilities=calibrated.raw)
    figure = element("figure", figures.reliability_figure(after, figures.reliability(before)))
    return join(
        [
            words,
            element("p", _calibration_text(calibrated)),
            legend((("main", "calibrated"), ("other", "uncalibrated"))),
            figure,
            table(["", "value"], _rows(predictions, before, calibrated), caption="Calibration and rejection"),
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
    return calibration.expected_calibration_error(
        predictions.truth, predictions.probabilities, predictions.classes
    )


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
    guesses = f" Share of guesses: up to {percent(most, 1)}." if most >= 0.001 else ""
    if len(calibrated.temperatures) == 1:
        return f"Temperature scaling with the temperature of the model, {low:.2f}.{guesses}"
    if low == high == 1:
        return (
            "The probabilities are not calibrated: the groups do not agree on a temperature. The rejection "
            "limits of each part of the groups were learned on all other groups."
        )
    return (
        "Temperature scaling: the temperature and the rejection limits of each part of the groups were "
        f"learned on all other groups. Temperatures: {low:.2f} to {high:.2f}.{guesses}"
    )


def _rows(
    predictions: ClassPredictions, before: ClassPredictions, calibrated: CalibratedPredictions
) -> list[tuple[str, Markup]]:
    rows = []
    for when, made in (("before calibration", before), ("after calibration", predictions)):
        spread = calibration.calibration_interval(
            made.truth, made.probabilities, made.classes, groups=made.groups
        )
        value = decimal(calibration_error(made))
        rows.append((f"expected calibration error {when}", _cell(value, decimal_range(spread))))
    for kind in (SILENCE, NONE_OF_THESE):
        share = refused_share(predictions, calibrated, kind)
        cell = _cell(percent(share.value, 1), percent_range(share.interval, 1))
        rows.append((f"clips of the classes rejected as “{kind}”", cell))
    return rows


def _cell(value: str, spread: str) -> Markup:
    return join([value, element("span", spread, class_="sub")])
