"""Which cues count as shortcuts: the limits of informedness."""

from __future__ import annotations

import pytest

from woodshed.data.doctor.shortcut import MIN_CLASS_INFORMEDNESS, CueScore


@pytest.mark.parametrize(
    ("mean", "mean_low", "best_low", "expected"),
    [
        (0.25, 0.1, 0.0, True),
        (0.24, 0.1, 0.0, False),
        (0.25, 0.0, 0.0, False),
        (0.1, -0.1, MIN_CLASS_INFORMEDNESS, True),
        (0.1, -0.1, MIN_CLASS_INFORMEDNESS - 0.01, False),
    ],
)
def test_a_shortcut_predicts_the_classes_or_one_of_them(mean, mean_low, best_low, expected) -> None:
    score = CueScore("level", mean, mean_low, 0.9, "dog", 0.9, best_low, 1.0)
    assert score.is_shortcut is expected
