"""Views: four descriptions one behind the other, each as it is by itself, at any rate."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import noise, resample
from woodshed.features import Summary, TextureSummary, TimbreSummary, Views


@pytest.mark.parametrize("sample_rate", [4000, 8000, 16000, 32000, 44100])
def test_each_part_is_what_its_feature_says(sample_rate: int) -> None:
    clip = noise("pink", 1.0, sample_rate=sample_rate)
    views = Views(sample_rate=sample_rate)
    row = views(clip)
    assert row.shape == (len(views.names),) == (sum(views.blocks),)
    assert np.isfinite(row).all()
    assert len(set(views.names)) == len(views.names)
    summary, _, texture, timbre = (part[0] for part in views.split(row[np.newaxis]))
    low = resample(clip, min(sample_rate, 16000))
    assert np.array_equal(summary, Summary(sample_rate=low.sample_rate)(low))
    assert np.array_equal(timbre, TimbreSummary(sample_rate=low.sample_rate)(low))
    own = views.features["texture"]
    assert isinstance(own, TextureSummary)
    assert own.sample_rate == sample_rate
    assert np.array_equal(texture, own(clip))
