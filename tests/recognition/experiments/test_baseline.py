"""The plain baselines: what a net must beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from woodshed.data.example import Corpus, Sounds
from woodshed.errors import AudioError
from woodshed.recognition.clip_item import summarise
from woodshed.recognition.heads.classes import ClassesHead

HEAD = ClassesHead()


def svm(rows: np.ndarray, labels: list[str], test_rows: np.ndarray, classes: list[str]) -> np.ndarray:
    return HEAD.baseline_outputs("svm", rows, HEAD.encode_as(labels, classes), test_rows)


def test_majority_is_the_shares_of_the_classes_it_learned_from() -> None:
    rows = np.array([[0.0], [1.0], [0.1], [0.2]])
    train = HEAD.encode_as(["b", "a", "b", "b"], ["a", "b", "c"])
    outputs = HEAD.baseline_outputs("majority", rows, train, np.zeros((3, 1)))
    assert outputs.tolist() == [[0.25, 0.75, 0.0]] * 3


def blobs(n_classes: int, seed: int) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    labels = [f"class {k % n_classes}" for k in range(20 * n_classes)]
    centres = np.arange(n_classes)[:, None] * np.array([6.0, -1000.0, 0.0])
    rows = np.stack([centres[k % n_classes] for k in range(len(labels))])
    return rows + rng.normal(0, [1, 100, 1e-3], rows.shape), labels


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_svm_learns_from_columns_of_any_scale(n_classes: int) -> None:
    classes = [f"class {k}" for k in range(n_classes)]
    rows, labels = blobs(n_classes, 0)
    test_rows, test_labels = blobs(n_classes, 1)
    answers = svm(rows, labels, test_rows, classes)
    assert answers.shape == (len(test_labels), n_classes)
    assert answers.sum(axis=1) == pytest.approx(1)
    right = np.asarray(classes)[answers.argmax(axis=1)] == np.asarray(test_labels)
    assert right.mean() > 0.95


def test_the_svm_gives_a_class_it_has_not_learned_no_chance() -> None:
    rows, labels = blobs(2, 0)
    answers = svm(rows, labels, rows[:5], ["aaa", "class 0", "class 1"])
    assert (answers[:, 0] == 0).all()
    assert (answers[:, 1:] > 0).all()


def test_the_summary_of_sounds_lets_the_svm_name_them(
    toy_corpus: Corpus, make_toy: Callable[..., Any], tmp_path: Any
) -> None:
    rows = summarise(Sounds(toy_corpus.examples), 8000, store=str(tmp_path))
    other = make_toy(4, seed=5)
    test_rows = summarise(other.clips, 8000)
    assert rows.shape == (len(toy_corpus.examples), test_rows.shape[1])
    classes = sorted(set(toy_corpus.labels))
    answers = svm(rows, toy_corpus.labels, test_rows, classes)
    right = np.asarray(classes)[answers.argmax(axis=1)] == np.asarray(other.labels)
    assert right.mean() > 2 / 3
    in_memory = summarise(list(Sounds(toy_corpus.examples)), 8000)
    assert np.array_equal(rows, in_memory)


def test_a_clip_without_a_summary_is_named(make_toy: Callable[..., Any]) -> None:
    from woodshed.clip import Clip

    clips = [*make_toy(1).clips, Clip(np.ones(1), 48000, "blip")]
    with pytest.raises(AudioError, match="Features need usable clips: blip has only 1 samples"):
        summarise(clips, 8000)
