"""Batches: balanced, drawn anew each epoch, the same for the same seed; the measure of a held-out part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from woodshed.recognition.heads.classes import ClassesHead
from woodshed.recognition.net_training import Batches, balanced_order, validate_on
from woodshed.recognition.window import NO_AUGMENTATION, SpectrogramAugmentation

N_FRAMES, N_BANDS, N_CLASSES = 6, 12, 3
MILD = SpectrogramAugmentation(shift_bands=0.5, mask_bands=1, noise_range_db=(30, 40))


def spectrogram_of(k: int, version: int = 0) -> np.ndarray:
    """Return one example, nine frames of noise that no other example or version has."""
    return np.random.default_rng([k, version]).normal(-60, 5, (9, N_BANDS)).astype(np.float32)


def make_batches(seed: int = 0, **change: Any) -> Batches:
    settings = {"n_augmentations": 2, "n_frames": N_FRAMES, "augmentation": MILD, "batch_size": 10}
    targets = np.eye(N_CLASSES, dtype=np.float32)[[k % N_CLASSES for k in range(30)]]
    return Batches(spectrogram_of, targets, **(settings | {"seed": seed} | change))


@pytest.mark.parametrize("counts", [(90, 10), (1, 98, 1), (5, 5, 5), (7, 1)])
def test_every_class_has_an_equal_share_of_an_epoch(counts: tuple[int, ...]) -> None:
    classes = np.repeat(np.arange(len(counts)), counts)
    order = balanced_order(classes, np.random.default_rng(0))
    assert len(order) == len(classes)
    shares = np.bincount(classes[order], minlength=len(counts))
    assert shares.max() - shares.min() <= len(counts)
    assert shares.min() >= len(classes) // len(counts) - len(counts)


def test_each_example_comes_before_any_comes_again() -> None:
    classes = np.repeat([0, 1], [40, 9])
    order = balanced_order(classes, np.random.default_rng(0))
    rare = np.bincount(order[classes[order] == 1], minlength=49)[40:]
    assert rare.max() - rare.min() <= 1
    assert rare.sum() >= 24
    assert np.bincount(order[classes[order] == 0]).max() == 1


def test_the_order_is_shuffled_by_the_generator_alone() -> None:
    classes = np.repeat([0, 1], 50)
    first, again, other = (balanced_order(classes, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert abs(classes[first][:50].mean() - 0.5) < 0.2  # the classes are mixed, not one after the other


def test_a_batch_depends_on_seed_epoch_and_place_and_on_nothing_else() -> None:
    first, again, other = make_batches(), make_batches(), make_batches(seed=1)
    assert first.steps_per_epoch == 3
    in_order = [first[k] for k in range(3)]
    backwards = [again[k] for k in (2, 1, 0)][::-1]  # a run that resumes never drew those before
    for one, same in zip(in_order, backwards, strict=True):
        assert np.array_equal(one[0], same[0])
        assert np.array_equal(one[1], same[1])
    assert not np.array_equal(in_order[0][0], other[0][0])
    assert not np.array_equal(in_order[0][0], first[3][0])  # the next epoch


def test_an_epoch_holds_each_example_once_and_draws_its_versions() -> None:
    asked: list[tuple[int, int]] = []

    def read(k: int, version: int) -> np.ndarray:
        asked.append((k, version))
        return spectrogram_of(k, version)

    batches = make_batches(augmentation=NO_AUGMENTATION)
    batches.read = read
    windows, targets = zip(*(batches[k] for k in range(3)), strict=True)
    assert sorted(k for k, _ in asked) == list(range(30))
    assert {version for _, version in asked} == {0, 1}
    for (k, version), window, target in zip(
        asked, np.concatenate(windows), np.concatenate(targets), strict=True
    ):
        assert np.array_equal(window, spectrogram_of(k, version)[1 : 1 + N_FRAMES])
        assert target.argmax() == k % N_CLASSES


def test_a_batch_is_never_larger_than_the_data() -> None:
    assert make_batches(batch_size=64).steps_per_epoch == 1
    assert make_batches(batch_size=64)[0][0].shape == (30, N_FRAMES, N_BANDS)


def test_one_hot_follows_the_order_of_the_classes() -> None:
    rows = ClassesHead().encode_as(["b", "a", "c"], ["c", "b", "a"])
    assert rows.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


# -- validation -----------------------------------------------------------------------------------


def test_validation_is_the_mean_log_loss_and_the_share_that_is_right() -> None:
    table = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.0, 0.9], [0.6, 0.3, 0.1]], np.float32)

    def net(windows: np.ndarray, training: bool) -> np.ndarray:
        assert not training
        return table[windows[:, 0, 0].astype(int)]

    windows = np.arange(4, dtype=np.float32)[:, None, None]
    targets = np.eye(3, dtype=np.float32)[[0, 1, 1, 0]]
    loss, accuracy = validate_on(windows.__getitem__, targets, batch_size=3)(net)  # type: ignore[arg-type]
    assert loss == pytest.approx(-np.log([0.7, 0.5, 1e-7, 0.6]).mean())
    assert accuracy == 0.75


def test_validation_holds_no_more_than_a_batch_of_windows() -> None:
    asked: list[slice] = []

    def cut(part: slice) -> np.ndarray:
        asked.append(part)
        return np.zeros((len(range(*part.indices(5))), 1), np.float32)

    validation = validate_on(cut, np.ones((5, 1), np.float32), batch_size=2)
    assert asked == []
    validation(lambda windows, training: np.ones((len(windows), 1)))  # type: ignore[arg-type]
    assert asked == [slice(0, 2), slice(2, 4), slice(4, 6)]
