from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest

from woodshed.html.chart import Plot, round_ticks
from woodshed.metrics.interval import Interval
from woodshed.report.recognition.figures import accuracy_figure, learning_figure
from woodshed.report.recognition.scores import MeasuredScore
from woodshed.training.progress import LearningCurve

SVG = "{http://www.w3.org/2000/svg}"


def test_scales_put_values_where_they_belong() -> None:
    plot = Plot(200, 100, (0.0, 10.0), (-1.0, 1.0), left=20, right=30, top=5, bottom=15)
    assert (plot.x(0), plot.x(10), plot.y(-1), plot.y(1), plot.y(0)) == (20, 170, 85, 5, 45)


@pytest.mark.parametrize("highest", [0.003, 0.9, 1.0, 2.3, 7.0, 1234.0])
def test_round_ticks_reach_the_highest_value(highest: float) -> None:
    ticks = [value for value, _ in round_ticks(highest)]
    assert ticks[0] == 0
    assert highest <= ticks[-1] <= 2.6 * highest
    assert 3 <= len(ticks) <= 5


def test_dot_lies_on_its_interval_and_unknown_intervals_are_left_out() -> None:
    rows = [
        ("a", MeasuredScore(0.5, Interval(0.25, 0.75)), "of 4"),
        ("b", MeasuredScore(1.0, Interval(math.nan, math.nan)), ""),
    ]
    root = ET.fromstring(accuracy_figure("By group", rows))
    [spread] = [line for line in root.iter(f"{SVG}line") if "spread" in str(line.get("class"))]
    dots = [float(dot.get("cx", "")) for dot in root.iter(f"{SVG}circle")]
    x1, x2 = float(spread.get("x1", "")), float(spread.get("x2", ""))
    assert dots[0] == pytest.approx((x1 + x2) / 2, abs=0.1)
    assert dots[1] - dots[0] == pytest.approx(x2 - x1, abs=0.2)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "50 % (25–75 %) of 4" in texts
    assert "100 %" in texts


def test_kept_epoch_is_marked_where_it_is_and_a_diverged_loss_does_not_break_the_picture() -> None:
    curve = LearningCurve("f", (2.0, 1.0, math.nan), (2.0, 1.0, math.inf), (0.1, 0.7, 0.2), 1)
    loss, share = (ET.fromstring(f"<svg{part}") for part in learning_figure(curve).split("<svg")[1:])
    for root in (loss, share):
        [kept] = [line for line in root.iter(f"{SVG}line") if line.get("class") == "kept"]
        assert float(kept.get("x1", "")) == (46 + 310) / 2  # the second of three epochs
        [dot] = [dot for dot in root.iter(f"{SVG}circle") if dot.get("class") == "kept"]
        assert dot.get("cx") == kept.get("x1")
    lines = {line.get("class"): line.get("points", "").split() for line in loss.iter(f"{SVG}polyline")}
    assert len(lines["main"]) == 2


@pytest.mark.parametrize(
    "name", ["svm", "SVM on summary features", "kernel ridge regression on task features", "m" * 70]
)
@pytest.mark.parametrize("note", ["", "groups unknown"])
def test_a_name_and_its_numbers_do_not_overlap(name: str, note: str) -> None:
    rows = [
        (name, MeasuredScore(0.933, Interval(0.861, 0.978)), note),
        ("majority class", MeasuredScore(0.1, Interval(0.05, 0.2)), ""),
    ]
    root = ET.fromstring(accuracy_figure("accuracy by method", rows))
    boxes = []
    for node in root.iter("{http://www.w3.org/2000/svg}text"):
        width = 6.4 * len(node.text or "")  # of a character of 11.5 px, on average
        x = float(node.get("x", 0)) - {"end": width, "middle": width / 2}.get(node.get("text-anchor", ""), 0)
        boxes.append((x, x + width, float(node.get("y", 0))))
    assert len(boxes) == 9
    for k, (left, right, y) in enumerate(boxes):
        assert right <= 345
        for other_left, other_right, other_y in boxes[k + 1 :]:
            assert abs(y - other_y) >= 12 or right < other_left or other_right < left
