"""What a tagger learns from the clips that were held out."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from woodshed.audio import noise, sine
from woodshed.audio.augmentation import Gain, WaveformAugmentation
from woodshed.metrics.calibration import Calibration
from woodshed.metrics.tagging import roc_auc
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Tagger
from woodshed.recognition.heads.head import Head
from woodshed.recognition.heads.tags import TagsHead, calibrate_tags


@pytest.fixture(scope="module")
def fitted() -> Tagger:
    clips = [noise(seed=k) for k in range(6)] + [sine(300 + 20 * k) for k in range(6)]
    return Tagger(net="svm").fit(clips, [["hiss"]] * 6 + [["hum", "steady"]] * 6)


def learned(fitted: Tagger, truth: Any, told: Any) -> Tagger:
    """Let a tagger learn from other answers than its own."""
    other = Tagger(net="svm")
    extra = other.head.fit_held_out(np.asarray(truth, np.float32), lambda: np.asarray(told))
    other.set_learned(
        classes=fitted.classes_,
        feature=fitted.feature_,
        files=fitted.files_ | extra,
        curve=fitted.curve_,
        skipped=(),
    )
    return other


def test_a_tagger_that_is_too_sure_learns_to_be_less_so(fitted: Tagger) -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((400, 3)) < 0.5
    right = rng.random(truth.shape) < 0.75
    told = np.where(truth == right, 0.97, 0.03)  # right three times out of four, and says 97 %
    tagger = learned(fitted, truth, told)
    assert calibrate_tags(tagger.calibration_, np.array(0.97)) == pytest.approx(0.75, abs=0.03)
    assert np.all((tagger.thresholds_ > 0.25) & (tagger.thresholds_ < 0.75))


def test_tags_that_are_not_known_calibrate_nothing(fitted: Tagger) -> None:
    tagger = learned(fitted, np.full((5, 3), np.nan), np.full((5, 3), 0.9))
    assert tagger.calibration_ == Calibration()


def test_what_is_heard_is_calibrated_and_thresholds_are_of_the_same_scale(fitted: Tagger) -> None:
    bare = learned(fitted, np.empty((0, 3)), None)
    shy = learned(fitted, [[1, 0, 0], [0, 1, 1]] * 50, [[0.6, 0.4, 0.4], [0.4, 0.6, 0.6]] * 50)
    clip = sine(350)
    assert np.allclose(shy.output(clip), calibrate_tags(shy.calibration_, bare.raw_output(clip)))
    assert shy.calibration_.temperature < 1
    assert shy.predict([clip]).tolist() == [[0, 1, 1]]


def test_copies_of_a_clip_are_not_judged_by_what_learned_from_another() -> None:
    held_out: list[Any] = []

    class Noting(TagsHead):
        def fit_held_out(self, truth: Any, predict: Any) -> dict[str, bytes]:
            held_out.extend([truth, predict()])
            return super().fit_held_out(truth, predict)

    class Copying(Tagger):
        head: ClassVar[Head] = Noting()
        rows: ClassVar[RowInput] = RowInput(n_versions=3)
        waveform_augmentation: ClassVar[WaveformAugmentation | None] = Gain(-1.0, 1.0)

    rng = np.random.default_rng(0)
    clips = [noise(colour="white", seed=k, duration_s=0.2) for k in range(40)]
    tags = [["x"] if there else [] for there in rng.random(40) < 0.5]  # nothing to be learned
    Copying(net="knn", sample_rate=8000).fit(clips, tags)
    truth, answers = held_out
    assert len(truth) == 120
    assert roc_auc(truth, answers)[0] < 0.75  # neighbours that know a copy are always right
