"""The softmax layer: the closed form is the softmax; directions and correlations are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.softmax_layer import (
    change_for_factor,
    correlations,
    decompose,
    effects,
)


def softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


@pytest.mark.parametrize("change", [-3.0, -0.1, 0.0, 0.1, 0.7, 3.0])
def test_the_change_of_one_logit_multiplies_its_probability_in_the_softmax(change: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        logits = rng.normal(0, 4, 137)
        moved = logits.copy()
        moved[5] += change
        before, after = softmax(logits)[5], softmax(moved)[5]
        assert change_for_factor(before, after / before) == pytest.approx(change, abs=1e-9)


def test_change_and_factor_undo_each_other_to_nine_digits() -> None:
    p = np.linspace(1e-6, 0.99, 201)[:, np.newaxis]
    change = np.linspace(-8, 8, 101)
    factor = np.exp(change) / (1 + p * np.expm1(change))
    assert np.abs(change_for_factor(p, factor) - change).max() < 1e-9
    assert (factor < 1 / p).all()


@pytest.mark.parametrize(
    ("probability", "factor", "message"),
    [(0.5, 2.0, "below 1 / probability"), (0.5, 0.0, "above 0"), (0.0, 1.0, "probability must be above 0")],
)
def test_what_no_change_can_reach_is_refused(probability: float, factor: float, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        change_for_factor(probability, factor)


def test_what_is_common_to_all_tokens_changes_no_chance() -> None:
    rng = np.random.default_rng(1)
    kernel, values = rng.normal(size=(8, 137)), rng.uniform(-1, 1, 8)
    shifted = kernel + rng.normal(size=(8, 1))
    assert np.abs(effects(shifted) - effects(kernel)).max() < 1e-12
    assert np.abs(softmax(values @ effects(shifted)) - softmax(values @ kernel)).max() < 1e-12


def test_correlations_are_those_of_numpy() -> None:
    rng = np.random.default_rng(2)
    kernel, bias = rng.normal(size=(6, 30)), rng.normal(size=30)
    kernel[3] = 2.0  # favours nothing
    with_bias, among = correlations(kernel, bias)
    for unit in (0, 1, 2, 4, 5):
        assert with_bias[unit] == pytest.approx(np.corrcoef(kernel[unit], bias)[0, 1], abs=1e-12)
        assert among[unit, 0] == pytest.approx(np.corrcoef(kernel[unit], kernel[0])[0, 1], abs=1e-12)
    assert with_bias[3] == 0
    assert among[3].tolist() == [0] * 6


def test_directions_make_up_the_kernel_and_the_null_space_is_silent() -> None:
    rng = np.random.default_rng(3)
    kernel = rng.normal(size=(40, 5)) @ rng.normal(size=(5, 12))
    directions = decompose(kernel)
    assert (directions.rank, directions.n_null) == (5, 35)
    assert np.abs(directions.without([]) - kernel).max() < 1e-9
    assert np.linalg.norm(directions.without([0]), 2) == pytest.approx(directions.sizes[1])
    assert np.abs(directions.without(range(5))).max() < 1e-9
    null = np.linalg.svd(kernel.T)[2][directions.rank :]
    assert null.shape == (35, 40)
    assert np.abs(null @ kernel).max() < 1e-9
    with pytest.raises(ParameterError, match="Directions go from 0 to 11, got 2 to 12"):
        directions.without([2, 12])


def test_a_direction_that_moves_all_alike_is_known() -> None:
    directions = decompose(np.outer([1.0, 2.0], np.ones(9)))
    assert directions.common_shares[0] == pytest.approx(1.0)
    assert decompose(np.outer([1.0, 2.0], [1.0, -1.0])).common_shares[0] == pytest.approx(0.0)
