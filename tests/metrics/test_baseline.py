"""N-gram baselines against probabilities computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.metrics.baseline import probabilities


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        # Counts 3, 2 and 1: one token occurs once and one twice, so the discount is 1 / (1 + 2 * 1).
        ([0, 0, 0, 0, 1, 1, 2], [(3 - 1 / 3 + 3 / 3 / 4) / 6, (0 + 3 / 3 / 4) / 6]),
        # Counts 2 and 2: no token occurs once, so the discount is 1/2.
        ([0, 0, 0, 1, 1], [(2 - 0.5 + 2 * 0.5 / 4) / 4, (0 + 2 * 0.5 / 4) / 4]),
    ],
)
def test_the_discount_of_kneser_and_ney(train, expected) -> None:
    found = probabilities([np.array(train)], [np.array([0, 0, 3])], order=1, n_tokens=4)
    assert np.allclose(found, expected)
