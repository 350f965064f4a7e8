"""Wrong labels: what all other recordings are like speaks against them, and against little else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from woodshed.audio import sine
from woodshed.data.corpora.fsdd import load
from woodshed.data.doctor.copies import exact_sets, near_sets, recordings
from woodshed.data.doctor.inspection import Inspection, common_rate, described, inspect_sounds
from woodshed.data.doctor.outlier import (
    GAMMA,
    RIDGE,
    centred_on_group,
    label_noise,
    left_out_scores,
    similarity,
    suspicious,
)
from woodshed.data.sample import sample_folder
from woodshed.features.views import Views

Rows = NDArray[np.float64]
Digits = tuple[list[Rows], list[str], list[str], list[str]]


def clouds(
    n_each: int = 40, n_classes: int = 3, *, apart: float = 6.0, seed: int = 0
) -> tuple[Rows, list[str]]:
    """Draw rows around one middle for each class."""
    rng = np.random.default_rng(seed)
    middles = apart * np.eye(n_classes, 5)
    rows = np.repeat(middles, n_each, axis=0) + rng.normal(size=(n_each * n_classes, 5))
    return rows, [f"class {k}" for k in range(n_classes) for _ in range(n_each)]


def mixed_up(labels: list[str], seed: int, n_wrong: int) -> tuple[list[str], set[int]]:
    rng = np.random.default_rng(seed)
    classes = sorted(set(labels))
    wrong = set(rng.choice(len(labels), n_wrong, replace=False).tolist())
    return [
        classes[(classes.index(label) + 1 + int(rng.integers(len(classes) - 1))) % len(classes)]
        if k in wrong
        else label
        for k, label in enumerate(labels)
    ], wrong


def alone(labels: list[str]) -> list[str]:
    return [str(k) for k in range(len(labels))]


def test_the_scores_are_those_of_machines_that_learned_without_the_unit() -> None:
    rows, labels = clouds(6, apart=2.0)
    codes = np.unique(labels, return_inverse=True)[1]
    units = ["twin" if k in (1, 2, 9) else str(k) for k in range(len(labels))]
    alike = similarity(rows)
    scores = left_out_scores(alike, codes, units)
    targets = np.eye(3)[codes]
    for unit in dict.fromkeys(units):
        here = np.array([other == unit for other in units])
        known = alike[np.ix_(~here, ~here)] + RIDGE * np.eye((~here).sum())  # all classes have six rows
        expected = alike[np.ix_(here, ~here)] @ np.linalg.solve(known, targets[~here])
        assert scores[here] == pytest.approx(expected, abs=1e-5)


def test_every_class_counts_alike_however_many_rows_it_has() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(1.5, 1, (20, 2))])
    codes = np.repeat([0, 1], [200, 20])
    right = left_out_scores(similarity(rows), codes, alone(list("x" * 220))).argmax(axis=1) == codes
    assert right[200:].mean() > 0.6


def test_the_share_of_wrong_labels_is_estimated_and_a_view_that_knows_nothing_is_not_heard() -> None:
    rows, labels = clouds()
    given, wrong = mixed_up(labels, 1, 12)
    codes = np.unique(given, return_inverse=True)[1]
    noise = np.random.default_rng(2).normal(size=(120, 8))
    scores = [left_out_scores(similarity(view), codes, alone(labels)) for view in (rows, noise)]
    found = label_noise(scores, codes)
    assert found.share == pytest.approx(0.1, abs=0.03)
    assert set(np.flatnonzero(found.probability > 0.5).tolist()) == wrong
    right = np.unique(labels, return_inverse=True)[1]
    assert (found.other[sorted(wrong)] == right[sorted(wrong)]).all()
    lost = label_noise(scores[1:], codes)
    assert lost.probability.max() < 0.2, "who knows nothing doubts nothing"


def test_what_could_be_either_is_not_doubted() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(0, 1, (200, 1))
    labels = np.where(rng.random(200) < 1 / (1 + np.exp(-2 * rows[:, 0])), "high", "low").tolist()
    assert len(suspicious([rows], labels, alone(labels))) <= 4, "a fifth is on the other side of the middle"


def test_copies_do_not_vouch_for_each_other() -> None:
    rows, labels = clouds()
    rows[41] = rows[40] = rows[0] + 0.01  # of class 0, but both are labelled class 1
    units = ["one" if k in (40, 41) else str(k) for k in range(len(labels))]
    assert {40, 41} <= set(suspicious([rows], labels, units))
    assert set(suspicious([rows], labels, units)) <= {40, 41}


def test_a_class_of_one_or_two_recordings_is_not_judged() -> None:
    rows, labels = clouds()
    labels[5] = labels[50] = "rare"
    units = alone(labels)
    assert suspicious([rows], labels, units) == {}
    assert suspicious([rows[:2]], ["a", "b"], ["0", "1"]) == {}
    assert suspicious([rows], ["same"] * len(rows), units) == {}


def test_each_voice_is_compared_with_itself() -> None:
    rng = np.random.default_rng(5)
    voice = np.repeat(rng.normal(0, 20, (8, 3)), 30, axis=0)  # differs more than the classes do
    labels = ["calm", "angry"] * 120
    rows = (
        voice + rng.normal(0, 0.6, (240, 3)) + np.where(np.array(labels) == "angry", 1.5, -1.5)[:, np.newaxis]
    )
    given, wrong = mixed_up(labels, 3, 12)
    groups = [f"voice {k // 30}" for k in range(240)]
    known = set(suspicious([rows], given, alone(given), groups))
    assert len(known & wrong) >= 11
    assert len(known - wrong) <= 1
    assert len(set(suspicious([rows], given, alone(given))) & wrong) < len(known & wrong)
    assert centred_on_group(rows, given, None) is None
    one_class_each = [f"{group} {label}" for group, label in zip(groups, given, strict=True)]
    assert centred_on_group(rows, given, one_class_each) is None


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Return the views, labels, recordings and speakers of the digits that come with woodshed."""
    rows = load(sample_folder()).examples
    views = Views(sample_rate=common_rate(rows))
    looks = {
        k: seen for k, seen in enumerate(inspect_sounds(rows, views=views)) if isinstance(seen, Inspection)
    }
    near, _ = near_sets(rows, looks)
    told = views.split(np.stack([seen.views for seen in looks.values() if seen.views is not None]))
    units = recordings(len(rows), [*exact_sets(looks), *near])
    return told, [row.label for row in rows], units, [row.group or "" for row in rows]


@pytest.mark.parametrize("seed", range(3))
def test_digits_under_a_wrong_label_are_found(digits: Digits, seed: int) -> None:
    told, right, units, speakers = digits
    labels, wrong = mixed_up(right, seed, round(0.05 * len(right)))
    found = set(suspicious(told, labels, units, speakers))
    assert len(found & wrong) >= 0.9 * len(wrong)
    assert len(found & wrong) >= 0.8 * len(found)


@pytest.mark.parametrize("sample_rate", [4000, 8000, 11025, 22050, 32000])
def test_sounds_at_any_rate_and_of_any_length_are_described(sample_rate: int) -> None:
    views = Views(sample_rate=sample_rate)
    clips = [sine(440, duration_s, sample_rate=44100) for duration_s in (0.001, 0.3, 20.0)]
    rows = np.stack([described(clip, views) for clip in clips])
    assert np.isfinite(rows).all()
    assert [view.shape[1] for view in views.split(rows)] == list(views.blocks)


def test_the_similarity_of_many_values_is_that_of_their_distances() -> None:
    rng = np.random.default_rng(0)
    view = rng.normal(100.0, rng.uniform(0.1, 50.0, 1300), (20, 1300))  # more than are standardised at a time
    view[:, 7] = 3.0  # a constant value has no influence
    scaled = (view - view.mean(axis=0)) / np.where(np.arange(1300) == 7, np.inf, view.std(axis=0))
    distances = np.square(scaled[:, np.newaxis] - scaled).sum(axis=2)
    assert similarity(view) == pytest.approx(np.exp(-GAMMA * distances / 1300), abs=1e-5)
