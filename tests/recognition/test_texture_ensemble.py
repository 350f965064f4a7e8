"""Texture ensemble: its reference windows, and equal predictions before and after saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import TINY

import woodshed
from woodshed.data.example import Corpus, Sounds
from woodshed.errors import ParameterError
from woodshed.recognition import net_training
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.net_training import reference_windows
from woodshed.tasks.noise import NoiseRecogniser
from woodshed.tasks.snr import SnrRegressor


def read(k: int, version: int) -> np.ndarray:
    """Clip ``k`` holds its number, a tenth more in each version; of clip 2 the second half is silent."""
    spectrogram = np.full((20, 4), k + version / 10, np.float16)
    if k == 2:
        spectrogram[10:] = -90
    return spectrogram


def test_recordings_come_before_copies_and_silence_not_at_all() -> None:
    windows, rows = reference_windows(read, 10, 3, 2, seed=0)
    levels = windows.max(axis=(1, 2))
    first = levels[: len(levels) // 2]
    assert sorted(set(np.round(first, 1).tolist())) == [0, 1, 2]
    assert np.round(levels - rows, 1).tolist() == [0.0] * len(first) + [0.1] * len(first)
    assert (rows[: len(first)] == 0).sum() == 3
    assert (rows[: len(first)] == 2).sum() == 2  # the third of its windows holds nothing


def test_no_more_are_remembered_than_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_training, "MAX_WINDOWS", 7)
    windows, rows = reference_windows(read, 10, 50, 2, seed=0)
    assert windows.shape == (7, 10, 4)
    assert rows.tolist() != reference_windows(read, 10, 50, 2, seed=1)[1].tolist()


@pytest.mark.train
def test_it_knows_how_sounds_move_when_the_net_knows_nothing(
    toy_corpus: Corpus, unseen_toy: Any, tmp_path: Path
) -> None:
    settings = TINY | {"epochs": 1, "learning_rate": 1e-9}
    sounds, labels = Sounds(toy_corpus.examples), toy_corpus.labels
    # A rise moves as much as a fall does; a pulse moves otherwise.
    is_pulse = np.asarray(unseen_toy.labels) == "pulse"
    right = {}
    for share in (0.0, 0.9):
        model = NoiseRecogniser(**settings, ensemble_share=share).fit(sounds, labels)
        right[share] = ((model.predict(unseen_toy.clips) == "pulse") == is_pulse).mean()
    assert right[0.0] < 0.8
    assert right[0.9] > 0.95
    model.save(tmp_path / "model")
    again = woodshed.load(tmp_path / "model")
    assert np.array_equal(again.predict_proba(unseen_toy.clips), model.predict_proba(unseen_toy.clips))
    assert again.net_.output_shape == (None, 3)


def test_only_names_have_one() -> None:
    with pytest.raises(ParameterError, match="ensemble_share is for classes, which a SnrRegressor"):
        SnrRegressor(ensemble_share=0.5).check_settings()
    with pytest.raises(ParameterError, match="ensemble_share must be from 0 to 1, got 2"):
        Recogniser(ensemble_share=2.0).check_settings()
