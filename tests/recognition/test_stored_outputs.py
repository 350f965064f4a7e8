"""Outputs for files whose rows of features are stored: the same, without computing anything again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.data.example import Corpus, Sounds
from woodshed.errors import WoodshedError
from woodshed.features.summary import Summary
from woodshed.recognition.estimator import Recogniser


def test_the_features_of_files_are_computed_once(
    toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = Sounds(toy_corpus.examples)
    recogniser = Recogniser(net="svm", store=str(tmp_path))
    recogniser.fit(sounds, toy_corpus.labels)
    direct = recogniser.outputs(list(map(sounds.__getitem__, range(len(sounds)))))

    def refuse(self: Any, clip: Clip) -> Any:
        raise AssertionError("computed again")

    monkeypatch.setattr(Summary, "__call__", refuse)
    assert np.array_equal(recogniser.outputs(sounds), direct)


def test_a_file_that_is_lost_is_named(toy_corpus: Corpus, tmp_path: Path) -> None:
    recogniser = Recogniser(net="svm", store=str(tmp_path))
    recogniser.fit(Sounds(toy_corpus.examples), toy_corpus.labels)
    lost = replace(toy_corpus.examples[0], path=tmp_path / "lost.wav")
    with pytest.raises(WoodshedError, match=r"lost\.wav"):
        recogniser.outputs(Sounds((lost,)))
