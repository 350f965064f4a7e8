"""Words for moods: quadrants of a scale with its middle at 0, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.audio import sine
from woodshed.tasks import load
from woodshed.tasks.mood import MoodRegressor


@pytest.mark.parametrize(("middle", "word"), [(0.0, "happy, excited"), (5.0, "")])
def test_a_quadrant_has_a_word_only_if_its_middle_is_zero(middle: float, word: str, tmp_path: Path) -> None:
    clips = [sine(200 + 100 * k, duration_s=0.2, sample_rate=8000) for k in range(8)]
    moods = [
        {"valence": k / 4 - 0.9 + middle, "arousal": k / 4 - 0.9 + middle, "dominance": k + 1.0}
        for k in range(8)
    ]
    fitted = MoodRegressor(net="knn").fit(clips, moods)
    assert fitted.ranges_["valence"] == pytest.approx((middle - 0.9, middle + 0.85), abs=1e-5)
    fitted.save(tmp_path)
    for model in (fitted, load(tmp_path)):
        assert next(model.predictions([sine(850, duration_s=0.2, sample_rate=8000)])).word == word
