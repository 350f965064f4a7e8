"""Whether the model knows when it is right: its calibration before and after, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from woodshed.html.markup import Markup, element, join, table
from woodshed.metrics import calibration, interval
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.confidence import CalibratedPredictions
from woodshed.report.numbers import decimal, decimal_range, percent, percent_range
from woodshed.report.recognition import figures
from woodshed.report.recognition.curves import calibration_error, reliability
from woodshed.report.recognition.scores import Answers, MeasuredScore


def confidence_section(answers: Answers, judged: CalibratedPredictions | None) -> Markup:
    """Draw whether the probabilities mean what they say, and tell what was done about it."""
    words = (
        "Of the answers that were 80 % sure, 80 % should be right: dots on the dashed line. Below it the "
        "model is too sure of itself, above it too shy. The bigger a dot, the more answers; the bars are "
        "95 % intervals."
    )
    if judged is None:
        error = f"Expected calibration error {decimal(calibration_error(answers))}."
        figure = element("figure", figures.reliability_figure(reliability(answers)))
        return join([element("p", words), figure, element("p", error, class_="note")])
    before = replace(answers, probabilities=judged.raw)
    lines = (("main", "as answered"), ("other", "as the net gave it"))
    key = element("p", *(_key(*line) for line in lines), class_="note key")
    figure = element("figure", figures.reliability_figure(reliability(answers), reliability(before)))
    return join(
        [
            element("p", words),
            element("p", _told(judged)),
            key,
            figure,
            table(["", "value"], _rows(answers, before, judged), caption="What its confidence is worth"),
        ]
    )


def confidence_scores(answers: Answers, judged: CalibratedPredictions) -> dict[str, Any]:
    """Return the same as plain values, for ``metrics.json``."""
    refused = {
        kind: interval.evaluate(judged.refusals == kind, answers.groups) for kind in (SILENCE, NONE_OF_THESE)
    }
    before, after = (
        calibration.evaluate(answers.truth, given, answers.classes, answers.groups)
        for given in (judged.raw, judged.calibrated)
    )
    return {
        "temperatures": list(judged.temperatures),
        "guess_shares": list(judged.guess_shares),
        "before": before,
        "after": after,
        "refused": refused,
    }


def error_of(answers: Answers) -> MeasuredScore:
    """Return the expected calibration error with its 95 % interval."""
    given = (answers.truth, answers.probabilities, answers.classes)
    found = calibration.calibration_interval(*given, groups=answers.groups)
    return MeasuredScore(calibration_error(answers), found)


def refused_share(answers: Answers, judged: CalibratedPredictions, kind: str) -> MeasuredScore:
    """Return the share of the model's own sounds that it refuses as one kind, with its 95 % interval."""
    refused = judged.refusals == kind
    return MeasuredScore(float(refused.mean()), interval.share_interval(refused, answers.groups))


def _told(judged: CalibratedPredictions) -> str:
    """Say how the probabilities were mended."""
    low, high = min(judged.temperatures), max(judged.temperatures)
    most = max(judged.guess_shares)
    guesses = f" Up to {percent(most, 1)} of the answers are taken for guesses." if most >= 0.001 else ""
    if len(judged.temperatures) == 1:
        return (
            f"The model divides its logarithms of probability by the temperature it came with, {low:.2f}."
            f"{guesses}"
        )
    if low == high == 1:
        return (
            "The groups do not agree on a temperature by which logarithms of probability had better be "
            "divided, so they are left as they were. What is refused was found for each part of them on "
            "all others."
        )
    return (
        "A temperature, by which logarithms of probability are divided, makes them honest. For each part of "
        f"the groups it was found on all others: {low:.2f} to {high:.2f}.{guesses} The same goes for what is "
        "refused."
    )


def _rows(answers: Answers, before: Answers, judged: CalibratedPredictions) -> list[tuple[object, ...]]:
    errors = [
        ("calibration error before", error_of(before)),
        ("calibration error as answered", error_of(answers)),
    ]
    shares = [
        (f"of its own sounds, answered “{kind}”", refused_share(answers, judged, kind))
        for kind in (SILENCE, NONE_OF_THESE)
    ]
    return [
        *((name, _cell(decimal(score.value), decimal_range(score.interval))) for name, score in errors),
        *((name, _cell(percent(score.value, 1), percent_range(score.interval, 1))) for name, score in shares),
    ]


def _cell(value: str, spread: str) -> Markup:
    return join([value, element("span", spread, class_="sub")])


def _key(line: str, name: str) -> Markup:
    return element("span", figures.swatch(line), f" {name}")
