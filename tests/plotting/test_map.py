"""The decision map as a picture: marks, regions and lines lie where the numbers say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from woodshed.audio import read
from woodshed.data.example import Corpus
from woodshed.errors import DataError, OutputError, ParameterError
from woodshed.features import SpectralCentroid, Summary, Yin, ZeroCrossingRate
from woodshed.plotting.map import (
    check_map_features,
    clip_statistic,
    draw_map,
    feature_map,
    plot_map,
    save_map,
)
from woodshed.recognition.experiments.feature_map import FeatureMap, separate


def clouds(n_classes: int, n: int = 30) -> FeatureMap:
    rng = np.random.default_rng(0)
    columns = np.arange(n_classes * n) % n_classes
    centres = 5 * np.stack([columns % 4, columns // 4], axis=1)
    points = (centres + rng.normal(size=(len(columns), 2))) * [1.0, 400.0]
    return FeatureMap(points, columns, tuple(f"class {k}" for k in range(n_classes)), ("across", "up"))


def marks(axes: Any) -> list[Any]:
    return [found for found in axes.collections if str(found.get_label()).startswith("class")]


def test_every_clip_is_drawn_where_it_is_with_the_mark_of_its_class() -> None:
    shown = clouds(16)
    axes = draw_map(shown).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("across", "up")
    found = marks(axes)
    assert [mark.get_label() for mark in found] == list(shown.classes)
    for column, mark in enumerate(found):
        np.testing.assert_array_equal(mark.get_offsets(), shown.points[shown.columns == column])
    looks = {(mark.get_paths()[0].vertices.tobytes(), to_hex(mark.get_facecolor()[0])) for mark in found}
    assert len(looks) == 16
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(shown.classes)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_regions_show_what_would_be_answered(n_classes: int) -> None:
    shown = clouds(n_classes)
    (image,) = draw_map(shown).axes[0].get_images()
    left, right, bottom, top = image.get_extent()
    given = np.asarray(image.get_array())
    n_up, n_across = given.shape
    # Every clip asked at the place where it is drawn.
    across = ((shown.points[:, 0] - left) / (right - left) * n_across).astype(int)
    up = ((shown.points[:, 1] - bottom) / (top - bottom) * n_up).astype(int)
    answered = separate(shown.points, shown.columns).class_at(shown.points)
    assert np.mean(given[up, across] == answered) > 0.98  # but for clips within a cell of a border
    assert set(np.unique(given)) == set(range(n_classes))


def test_two_classes_have_the_line_its_margins_and_rings_around_the_support_vectors() -> None:
    shown = clouds(2)
    separation = separate(shown.points, shown.columns)
    boundary = separation.boundary
    assert boundary is not None
    figure = draw_map(shown)
    axes = figure.axes[0]
    levels = []
    for line in axes.lines:
        ends = line.get_xydata()
        f = separation.standardise(ends) @ boundary.weights + boundary.bias
        assert f[0] == pytest.approx(f[1], abs=1e-6)
        assert not np.allclose(ends[0], ends[1])
        levels.append(round(float(f.mean()), 6))
    assert sorted(levels) == [-1, 0, 1]
    (rings,) = (found for found in axes.collections if found.get_label() == "support vectors")
    np.testing.assert_array_equal(rings.get_offsets(), shown.points[boundary.support])
    assert f"{boundary.margin:.2f} standard deviations apart" in figure.get_supxlabel().replace("\n", " ")
    three = draw_map(clouds(3))
    assert not three.axes[0].lines
    assert "drawn for two classes only" in three.get_supxlabel()


def test_clips_lie_at_the_statistics_of_the_features_one_names(toy_corpus: Corpus) -> None:
    shown = feature_map(toy_corpus, ["centroid", "zero-crossing-rate:std"])
    assert shown.names == ("spectral_centroid_hz_mean", "zero_crossing_rate_std")
    for k, example in enumerate(toy_corpus.examples):
        clip = read(example.path, sample_rate=16000, mono=True)
        expected = SpectralCentroid()(clip).mean(), ZeroCrossingRate()(clip).std()
        assert shown.points[k] == pytest.approx(expected, rel=1e-3)
        assert shown.classes[shown.columns[k]] == example.label
    figure = plot_map(toy_corpus, ["mfcc1_mean", "rms:max"], title="Toys", size_in=(6, 5), dpi=50)
    assert figure.get_suptitle() == "Toys"
    assert figure.axes[0].get_xlabel() == "mfcc1_mean"
    assert figure.get_size_inches().tolist() == [6, 5]
    chosen = feature_map(toy_corpus)
    assert len(set(chosen.names)) == 2
    assert set(chosen.names) <= set(Summary().names)


def test_a_map_is_written_the_same_twice_and_a_page_follows_the_reader(tmp_path: Path) -> None:
    shown = clouds(2)
    for suffix in (".png", ".svg", ".pdf", ".html"):
        first, second = (
            save_map(shown, tmp_path / f"{name}{suffix}", size_in=(5, 4), dpi=50).read_bytes()
            for name in "ab"
        )
        assert first == second
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2  # light and dark
    assert "60 clips of 2 classes" in page
    one = save_map(shown, tmp_path / "c.html", theme="dark").read_text(encoding="utf-8")
    assert one.count("<img") == 1
    with pytest.raises(OutputError, match=r"a\.png already exists"):
        save_map(shown, tmp_path / "a.png")


def test_words_are_features_and_statistics() -> None:
    assert clip_statistic("spectral-centroid") == clip_statistic("centroid")
    assert clip_statistic("yin:median").feature == Yin()
    assert clip_statistic("rms:percentile:90").name == "rms_percentile90"


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["centroid"], "needs two different features, got centroid"),
        (["centroid", "centroid"], "two different features, got centroid, centroid"),
        (["centroid", "entropi"], r"Unknown feature 'entropi'\."),
        (["mfcc", "centroid"], "one value per frame, such as spectral-centroid; mfcc has 20"),
        (["rms:average", "centroid"], "Unknown statistic 'average'"),
    ],
)
def test_words_that_are_none_are_refused(by: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_map_features(by)


def test_what_cannot_be_mapped_is_refused(toy_corpus: Corpus) -> None:
    one = replace(toy_corpus, examples=tuple(row for row in toy_corpus.examples if row.label == "rise"))
    with pytest.raises(DataError, match="A map needs two classes, got rise"):
        feature_map(one, ["centroid", "rms"])
    with pytest.raises(DataError, match="spectral_flux_min is the same for all clips"):
        feature_map(toy_corpus, ["flux:min", "rms"])
    with pytest.raises(ParameterError, match="Unknown theme 'sepia'"):
        draw_map(clouds(2), theme="sepia")
