"""Features of the baselines that are scored beside every model."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.store import FeatureStore
from woodshed.errors import ParameterError
from woodshed.features.summary import Summary
from woodshed.recognition.clip_item import clip_items
from woodshed.recognition.novelty_detection import SpectralEmbedding


def summarise(
    clips: Sequence[Clip], sample_rate: int, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Return one row of summary features (`woodshed.features.Summary`) for each clip.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_clips, n_values)``.
    """
    return describe(clips, Summary(sample_rate=sample_rate), store=store, n_jobs=n_jobs)


def describe(
    clips: Sequence[Clip], feature: Summary | SpectralEmbedding, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Return the row of a feature for each clip, shape ``(n_clips, n_values)``."""
    sample_rate = feature.sample_rate
    with tempfile.TemporaryDirectory() as temporary:
        kept = FeatureStore(store or temporary, feature)
        items = clip_items(clips, sample_rate)
        skipped = kept.fill(items, n_jobs=n_jobs)
        if skipped:
            raise ParameterError(f"Baselines need usable clips: {skipped[0].reason}")
        return np.stack([kept.get(item) for item in items]).astype(np.float64)
