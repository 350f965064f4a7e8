"""Calibration by temperature and guesses: both are found where both are there, else neither."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.calibration import (
    Calibration,
    apply_temperature,
    expected_calibration_error,
    fit_calibration,
    fit_shrunken_calibration,
    fit_temperature,
    is_sharpening_proven,
)

CLASSES = [0, 1, 2, 3]
Draw = tuple[np.ndarray, np.ndarray]


def answers(n: int, *, sharpened: float, guess_share: float, seed: int = 0) -> Draw:
    """Draw truth from probabilities, a share of it by lot, and say the probabilities too sharply."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (n, 4))
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = (rng.random((n, 1)) > true.cumsum(axis=1)[:, :-1]).sum(axis=1)
    lot = rng.random(n) < guess_share
    truth[lot] = rng.integers(0, 4, lot.sum())
    return truth, apply_temperature(true, 1 / sharpened)


@pytest.mark.parametrize(("sharpened", "guess_share"), [(2.0, 0.1), (0.5, 0.2)])
def test_both_are_found(sharpened: float, guess_share: float) -> None:
    found = fit_calibration(*answers(20000, sharpened=sharpened, guess_share=guess_share), CLASSES)
    assert found.temperature == pytest.approx(sharpened, rel=0.1)
    assert found.guess_share == pytest.approx(guess_share, abs=0.02)


def test_where_nobody_guesses_it_is_the_temperature_alone() -> None:
    truth, given = answers(3000, sharpened=1.5, guess_share=0.0)
    assert fit_calibration(truth, given, CLASSES) == Calibration(fit_temperature(truth, given, CLASSES))


def test_a_temperature_alone_leaves_answers_shy_if_some_are_guesses() -> None:
    truth, given = answers(4000, sharpened=0.5, guess_share=0.15)
    other, asked = answers(4000, sharpened=0.5, guess_share=0.15, seed=1)
    plain = apply_temperature(asked, fit_temperature(truth, given, CLASSES))
    both = fit_calibration(truth, given, CLASSES)(asked)
    assert expected_calibration_error(other, plain, CLASSES) > 0.05
    assert expected_calibration_error(other, both, CLASSES) < 0.03


def test_rows_stay_probabilities_in_their_order_and_nothing_is_changed_by_default() -> None:
    given = np.random.default_rng(2).dirichlet([0.5] * 4, 50)
    changed = Calibration(0.6, 0.2)(given)
    assert changed.sum(axis=1) == pytest.approx(1)
    assert (changed.argsort(axis=1) == given.argsort(axis=1)).all()
    assert changed.min() >= 0.05
    assert np.array_equal(Calibration()(given), given)
    with pytest.raises(ParameterError, match=r"guess_share must be from 0 to below 1, got 1\.5"):
        Calibration(1.0, 1.5)(given)


def test_a_few_right_answers_do_not_make_it_certain() -> None:
    found = fit_calibration([0, 1, 2, 3], np.eye(4) * 0.6 + 0.1, CLASSES, smoothing=1 / 6)
    assert found.guess_share == pytest.approx(0, abs=0.05)
    assert found(np.eye(4) * 0.6 + 0.1).max() < 0.95


def test_a_temperature_below_one_needs_evidence_in_the_held_out_groups() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(6), 50)

    def fitted(shares: Sequence[float]) -> Calibration:
        right = rng.random(300) < np.repeat(shares, 50)
        truth = np.where(right, "a", "b")
        return fit_shrunken_calibration(truth, np.tile([0.8, 0.2], (300, 1)), ["a", "b"], groups)

    assert fitted([0.95] * 6).temperature < 0.8  # every group is more often right than its confidence says
    assert fitted([1.0, 1.0, 1.0, 1.0, 0.95, 0.4]).temperature >= 1  # one group would be misled
    assert fitted([0.6] * 6).temperature > 1  # less confidence needs no such evidence
    assert not is_sharpening_proven(
        ["a"], [[0.8, 0.2]], ["a", "b"], np.zeros(1, np.int64), [Calibration(0.5)]
    )


def test_shrinkage_is_by_the_jackknife_variance() -> None:
    truth = np.repeat(["a", "b", "a", "b"], [70, 30, 80, 20])
    probabilities = np.tile([0.9, 0.1], (200, 1))
    groups = np.repeat([0, 1], 100)

    def parameters(rows: np.ndarray) -> np.ndarray:
        found = fit_calibration(truth[rows], probabilities[rows], ["a", "b"], smoothing=1 / (rows.sum() + 2))
        return np.array([np.log(found.temperature), found.guess_share])

    overall = parameters(np.full(200, True))
    difference = parameters(groups == 0) - parameters(groups == 1)
    # Of two groups: half of the squares around the mean, which are half of the squared difference.
    factor = 1 - np.square(difference).sum() / 4 / np.square(overall).sum()
    assert 0.5 < factor < 0.999
    found = fit_shrunken_calibration(truth, probabilities, ["a", "b"], groups)
    assert np.isclose(np.log(found.temperature), factor * overall[0])
    assert np.isclose(found.guess_share, factor * overall[1])
