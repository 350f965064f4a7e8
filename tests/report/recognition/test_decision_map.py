"""The map of two features: what is drawn lies where the numbers say, and means what the words say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from woodshed.features import Summary
from woodshed.recognition.experiments.feature_map import MAX_CLIPS, FeatureMap, sample_rows, separate
from woodshed.recognition.experiments.result import Experiment, SummaryTable
from woodshed.report.recognition.figures import map_figure, map_section
from woodshed.report.recognition.page import page

SVG = "{http://www.w3.org/2000/svg}"
BOX = (58, 560 - 12, 24, 440 - 40)
"""Left, right, top and bottom edge of the paper, in pixels."""


def clouds(n_classes: int, n: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = np.arange(n_classes * n) % n_classes
    centres = 5 * np.stack([columns % 4, columns // 4], axis=1)
    return (centres + rng.normal(size=(len(columns), 2))) * [1.0, 400.0], columns


def drawn(n_classes: int, names: list[str] | None = None) -> tuple[ET.Element, np.ndarray, np.ndarray]:
    points, columns = clouds(n_classes)
    names = names or [f"class {k}" for k in range(n_classes)]
    figure = map_figure(FeatureMap(points, columns, tuple(names), ("across", "up")))
    return ET.fromstring(figure), points, columns


def to_pixels(points: np.ndarray, all_points: np.ndarray) -> np.ndarray:
    """Return where points belong: the clips fill the paper but for six hundredths of their span around."""
    low, high = all_points.min(axis=0), all_points.max(axis=0)
    low, high = low - 0.06 * (high - low), high + 0.06 * (high - low)
    share = (points - low) / (high - low)
    left, right, top, bottom = BOX
    return np.stack([left + share[:, 0] * (right - left), bottom - share[:, 1] * (bottom - top)], axis=1)


def of_class(root: ET.Element, tag: str, name: str) -> list[ET.Element]:
    return [found for found in root.iter(f"{SVG}{tag}") if found.get("class") == name]


def test_every_clip_is_drawn_where_it_is_with_the_mark_of_its_class() -> None:
    root, points, columns = drawn(3)
    marks = of_class(root, "path", "mark")
    places = [re.findall(r"[\d.]+", str(mark.get("transform"))) for mark in marks]
    assert np.asarray(places, float) == pytest.approx(to_pixels(points, points), abs=0.11)
    looks = [(mark.get("d"), mark.get("fill")) for mark in marks]
    by_class = [{look for look, column in zip(looks, columns, strict=True) if column == k} for k in range(3)]
    assert [len(look) for look in by_class] == [1, 1, 1]
    assert len({look.copy().pop()[0] for look in by_class}) == 3  # the shape alone tells them apart
    assert len({look.copy().pop()[1] for look in by_class}) == 3  # and so does the colour


def test_no_two_of_sixteen_classes_look_the_same() -> None:
    root, _, columns = drawn(16)
    looks = [(mark.get("d"), mark.get("fill")) for mark in of_class(root, "path", "mark")]
    assert len(set(looks)) == len(set(columns)) == 16


def inside(path: ET.Element) -> np.ndarray:
    """Return which pixels of the drawing a region covers."""
    covered = np.zeros((440, 560), int)
    for bar in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", str(path.get("d"))):
        x, y, width, height = map(int, bar)
        covered[y : y + height, x : x + width] += 1
    return covered


@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_regions_fill_the_paper_and_show_what_would_be_answered(n_classes: int) -> None:
    root, points, columns = drawn(n_classes)
    regions = [inside(path) for path in of_class(root, "path", "region")]
    left, right, top, bottom = BOX
    assert (sum(regions)[top:bottom, left:right] == 1).all()
    assert sum(map(np.sum, regions)) == (right - left) * (bottom - top)
    answered = separate(points, columns).class_at(points)
    pixels = to_pixels(points, points).astype(int)
    shown = [regions[column][y, x] for column, (x, y) in zip(answered, pixels, strict=True)]
    assert np.mean(shown) > 0.98  # but for clips within two pixels of a border
    colours = {path.get("fill") for path in of_class(root, "path", "region")}
    assert len(colours) == n_classes
    assert {f"class {k}" for k in range(n_classes)} <= {text.text for text in root.iter(f"{SVG}text")}


def test_two_classes_have_the_line_its_margins_and_rings_around_the_support_vectors() -> None:
    root, points, columns = drawn(2)
    found = separate(points, columns)
    boundary = found.boundary
    assert boundary is not None
    low, high = points.min(axis=0), points.max(axis=0)
    low, high = low - 0.06 * (high - low), high + 0.06 * (high - low)
    left, right, top, bottom = BOX
    levels = []
    for line in [*of_class(root, "line", "margin"), *of_class(root, "line", "boundary")]:
        x, y = (np.array([float(str(line.get(f"{axis}{k}"))) for k in (1, 2)]) for axis in "xy")
        share = np.stack([(x - left) / (right - left), (bottom - y) / (bottom - top)], axis=1)
        f = found.standardise(low + share * (high - low)) @ boundary.weights + boundary.bias
        assert f[0] == pytest.approx(f[1], abs=0.02)  # both ends on one line ...
        assert (((share > -1e-3) & (share < 1 + 1e-3)).all(axis=1)).all()  # ... and on the paper
        levels.append(round(float(f.mean()), 1))
    assert levels == [-1, 1, 0]
    rings = [
        (float(str(ring.get("cx"))), float(str(ring.get("cy")))) for ring in of_class(root, "circle", "ring")
    ]
    assert np.asarray(rings) == pytest.approx(to_pixels(points[boundary.support], points), abs=0.11)


def test_three_classes_have_no_line() -> None:
    root, _, _ = drawn(3)
    assert not [
        *of_class(root, "line", "boundary"),
        *of_class(root, "line", "margin"),
        *root.iter(f"{SVG}circle"),
    ]


# -- which clips ----------------------------------------------------------------------------------


def test_of_many_clips_a_part_is_drawn_and_rare_classes_whole() -> None:
    labels = ["common"] * 5000 + ["rare"] * 30
    rows = sample_rows(labels)
    assert len(rows) == len(set(rows.tolist())) == MAX_CLIPS
    assert sum(labels[row] == "rare" for row in rows) == 30
    assert rows[:370].mean() == pytest.approx(2500, rel=0.1)  # from all over the corpus
    assert np.array_equal(sample_rows(labels), rows)
    assert sample_rows(["a", "b"] * 100).tolist() == list(range(200))


def test_of_many_classes_the_commonest_are_drawn() -> None:
    labels = [f"class {k}" for k in range(40) for _ in range(3 + (k < 16))]
    assert {labels[row] for row in sample_rows(labels)} == {f"class {k}" for k in range(16)}


# -- in words -------------------------------------------------------------------------------------


def table(n_classes: int, n: int = 30) -> tuple[SummaryTable, list[str]]:
    """Return a table whose second and last feature tell the classes apart."""
    points, columns = clouds(n_classes, n)
    rows = np.random.default_rng(5).normal(size=(len(points), 5))
    rows[:, [1, 4]] = points
    return SummaryTable(("a", "b", "c", "d", "e"), rows), [f"class {k}" for k in columns]


def test_the_best_features_are_chosen_and_the_map_says_what_it_is_not() -> None:
    text = map_section(*table(6))
    assert "Each mark is a clip: b on the x axis, e on the y axis." in text
    assert "The map is an illustration: the model itself uses all 5 features." in text
    assert (
        "The decision boundary, its margins and the support vectors are drawn for two classes only." in text
    )
    assert "clips are drawn" not in text
    assert "400 of 1200 clips are drawn, chosen at random." in map_section(*table(6, 200))


def test_the_margin_of_two_classes_is_told() -> None:
    given, labels = table(2)
    text = map_section(given, labels)
    x_name, y_name = re.findall(r"a clip: (\w) on the x axis, (\w) on the y axis", text)[0]
    points = given.rows[:, [given.names.index(name) for name in (x_name, y_name)]]
    boundary = separate(points, np.unique(labels, return_inverse=True)[1]).boundary
    assert boundary is not None
    assert f"= ±1, {boundary.margin:.2f} standard deviations apart" in text
    assert f"Rings: {len(boundary.support)} support vector" in text


def test_where_nothing_differs_no_map_is_drawn() -> None:
    given, labels = table(2)
    same = replace(given, rows=np.ones_like(given.rows))
    assert "no map is drawn" in map_section(same, labels)
    assert "<svg" not in map_section(same, labels)


def test_hostile_names_stay_text() -> None:
    names = ["<script>alert(1)</script>", 'R&B "live"']
    root, _, _ = drawn(2, names)
    assert set(names) <= {text.text for text in root.iter(f"{SVG}text")}
    given, labels = table(2)
    text = map_section(given, [names[label == "class 1"] for label in labels])
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_page_of_a_classical_model_has_the_map_in_place_of_learning_curves(
    experiment: Experiment,
) -> None:
    names = Summary().names
    rows = np.random.default_rng(0).normal(size=(len(experiment.corpus.examples), len(names)))
    splits = tuple(replace(split, curves=()) for split in experiment.splits)
    text = page(replace(experiment, splits=splits, summary=SummaryTable(names, rows)), max_confused=0)
    assert '<section id="map">' in text
    assert "the model itself uses all 126 features" in text
    assert "Learning curves" not in text
    assert "No training was recorded" not in text
    assert 'href="#map"' in text
    assert "<script>alert" not in text
