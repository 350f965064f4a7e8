"""The section about confidence: the numbers are those of the metrics, before and after."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from woodshed.metrics.calibration import Reliability, expected_calibration_error
from woodshed.metrics.interval import wilson_interval
from woodshed.recognition.confidence import CalibratedPredictions
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.classes import confidence_scores, confidence_section, refused_share
from woodshed.report.recognition.figures import reliability_figure
from woodshed.report.recognition.folder import card
from woodshed.report.recognition.head_report import report_of
from woodshed.report.recognition.page import page
from woodshed.report.recognition.scores import class_predictions

SVG = "{http://www.w3.org/2000/svg}"


def labels_of(experiment: Experiment, result: SplitResult) -> np.ndarray:
    return np.asarray(experiment.names)[result.truth.argmax(axis=1)]


@pytest.fixture
def judged(honest: SplitResult) -> CalibratedPredictions:
    """Return answers that were much surer before, of which a quarter is refused."""
    calibrated = honest.outputs["net"]
    raw = calibrated**4 / (calibrated**4).sum(axis=1, keepdims=True)
    refusals = np.where(np.arange(len(raw)) % 4 == 0, "none of these", "")
    return CalibratedPredictions(raw, calibrated, refusals, (3.5, 4.5))


def test_the_numbers_are_those_of_the_metrics(
    experiment: Experiment, honest: SplitResult, judged: CalibratedPredictions
) -> None:
    told = confidence_scores(class_predictions(experiment, honest), judged)
    for when, given in (("before", judged.raw), ("after", judged.calibrated)):
        expected = expected_calibration_error(labels_of(experiment, honest), given, list(experiment.names))
        assert told[when]["expected_calibration_error"] == pytest.approx(expected)
    assert told["before"]["expected_calibration_error"] > 1.2 * told["after"]["expected_calibration_error"]
    assert told["refused"]["none of these"]["share"] == 0.25
    assert told["refused"]["silence"]["share"] == 0
    assert refused_share(class_predictions(experiment, honest), judged, "none of these").value == 0.25


def test_the_section_tells_before_after_and_what_is_refused(
    experiment: Experiment, honest: SplitResult, judged: CalibratedPredictions
) -> None:
    written = confidence_section(class_predictions(experiment, honest), judged)
    assert "3.50 to 4.50" in written
    near = "as near to the training data as half of the held-out ones"
    assert near not in written
    raised = replace(judged, temperatures=(0.5, 1.0))
    assert near in confidence_section(class_predictions(experiment, honest), raised)
    assert "25.0 %" in written
    for given in (judged.raw, judged.calibrated):
        error = expected_calibration_error(labels_of(experiment, honest), given, list(experiment.names))
        assert f"{error:.3f}" in written
    without = confidence_section(class_predictions(experiment, honest), None)
    assert "temperature" not in without
    after = expected_calibration_error(
        labels_of(experiment, honest), judged.calibrated, list(experiment.names)
    )
    assert f"{after:.3f}" in without


def test_page_card_and_metrics_tell_of_it(
    experiment: Experiment, honest: SplitResult, judged: CalibratedPredictions
) -> None:
    splits = (experiment.splits[0], replace(honest, judged=judged))
    sure = replace(experiment, splits=splits)
    assert "calibration error before calibration" in page(sure, max_confused=0)
    assert "calibration error before calibration" not in page(experiment, max_confused=0)
    assert "25.0 % as “none of these”" in card(sure)
    assert "silence and noise included" in card(experiment)
    leaky, told = report_of(sure.head).metrics(sure)["splits"]  # type: ignore[misc, attr-defined]
    assert "confidence" not in leaky
    assert told["confidence"]["temperatures"] == [3.5, 4.5]


def test_each_dot_stands_on_its_interval() -> None:
    bins = Reliability(np.array([0.3, 0.9]), np.array([0.5, 0.8]), np.array([4, 100]))
    before = Reliability(np.array([0.5]), np.array([0.5]), np.array([104]))
    root = ET.fromstring(reliability_figure(bins, before))
    whiskers = [line for line in root.iter(f"{SVG}line") if line.get("class") == "whisker"]
    dots = list(root.iter(f"{SVG}circle"))
    assert [line.get("x1") for line in whiskers] == [dot.get("cx") for dot in dots]
    heights = [abs(float(line.get("y1", "")) - float(line.get("y2", ""))) for line in whiskers]
    inner = 340 - 32 - 40
    for height, accuracy, n in zip(heights, bins.accuracy, bins.n_examples.tolist(), strict=True):
        low, high = wilson_interval(round(accuracy * n), n)
        assert height == pytest.approx(inner * (high - low), abs=0.2)
    assert {line.get("class") for line in root.iter(f"{SVG}polyline")} == {"main", "other"}
