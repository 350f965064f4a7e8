"""Scores of classes become one score."""

import math

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.per_class import check_average, mean_over_classes


def test_weights_are_the_true_counts() -> None:
    values, support = np.array([0.2, 1.0]), np.array([9, 1])
    assert mean_over_classes(values, support, "macro") == pytest.approx(0.6)
    assert mean_over_classes(values, support, "weighted") == pytest.approx(0.28)


def test_undefined_classes_take_their_weight_with_them() -> None:
    values, support = np.array([0.2, np.nan, 1.0]), np.array([3, 100, 1])
    assert mean_over_classes(values, support, "macro") == pytest.approx(0.6)
    assert mean_over_classes(values, support, "weighted") == pytest.approx(0.4)
    assert math.isnan(mean_over_classes(np.array([np.nan]), np.array([3]), "macro"))
    assert math.isnan(mean_over_classes(np.array([1.0, np.nan]), np.array([0, 3]), "weighted"))


def test_an_average_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ParameterError, match="micro, macro, weighted or None, got 'samples'"):
        check_average("samples")
