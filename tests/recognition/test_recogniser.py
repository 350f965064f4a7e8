"""How a recogniser hears a clip: windows, silence, levels; and what it does with clips it cannot use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.errors import AudioError, DataError
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import PAD_DB, overlapping_windows


@pytest.mark.parametrize(("n_frames", "length"), [(10, 11), (10, 25), (10, 1000), (35, 36), (4, 9), (11, 57)])
def test_windows_cover_all_of_a_clip_and_overlap_by_about_a_half(n_frames: int, length: int) -> None:
    spectrogram = np.repeat(np.arange(length, dtype=np.float32)[:, None], 3, axis=1)
    windows = overlapping_windows(spectrogram, n_frames)
    starts = windows[:, 0, 0].astype(int)
    assert (windows[:, :, 0] == starts[:, None] + np.arange(n_frames)).all()
    assert (starts[0], starts[-1]) == (0, length - n_frames)
    steps = np.diff(starts)
    assert steps.max() <= -(-n_frames // 2)
    assert steps.max() - steps.min() <= 1  # evenly spread
    assert len(starts) <= 2 + 2 * (length - n_frames) // (n_frames - 1)  # and no more than it takes


def test_a_short_clip_is_heard_in_one_padded_window() -> None:
    windows = overlapping_windows(np.zeros((3, 2), np.float32), 5)
    assert windows[0, :, 0].tolist() == [PAD_DB, 0, 0, 0, PAD_DB]
    assert overlapping_windows(np.zeros((5, 2), np.float32), 5).tolist() == np.zeros((1, 5, 2)).tolist()


class Asked:
    """Stands in for a net: keeps what it is asked, and answers by how loud a window is."""

    def __init__(self) -> None:
        self.windows = np.zeros((0, 0, 0))

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        self.windows = windows
        share = np.clip(windows.max(axis=(1, 2)) / 100 + 1, 0, 1)
        return np.stack([share, 1 - share], axis=1).astype(np.float32)


@pytest.fixture
def estimator() -> tuple[Recogniser, Asked]:
    """Return a recogniser with a stand-in for its net."""
    from woodshed.features import LogMel
    from woodshed.training.progress import LearningCurve

    recogniser, asked = Recogniser(window_s=0.2, hop_s=0.01), Asked()
    recogniser.set_learned(
        classes=np.array(["loud", "soft"]),
        feature=LogMel(sample_rate=8000, n_fft=256, hop_length=80, n_mels=16),
        files={"net.keras": b""},
        curve=LearningCurve("a", (), (), (), 0),
        skipped=[],
    )
    recogniser.__dict__["_predict_rows"] = asked
    return recogniser, asked


def noise(duration_s: float, level: float, sample_rate: int = 8000) -> np.ndarray:
    return level * np.random.default_rng(0).standard_normal(round(duration_s * sample_rate))


def test_the_answers_of_all_windows_are_averaged(estimator: tuple[Recogniser, Asked]) -> None:
    recogniser, asked = estimator
    clip = Clip(np.concatenate([noise(0.5, 0.5), noise(0.5, 0.05)]), 8000)
    answer = recogniser.predict_proba([clip])[0]
    assert asked.windows.shape == (10, 20, 16)  # 101 frames, a new window every nine
    assert answer == pytest.approx(Asked()(asked.windows).mean(axis=0), abs=1e-6)


def test_windows_without_sound_are_not_asked(estimator: tuple[Recogniser, Asked]) -> None:
    recogniser, asked = estimator
    sound = noise(0.2, 0.5)
    mostly_hum = np.concatenate([noise(20, 1e-4), sound, noise(20, 1e-4)])  # 74 dB below
    recogniser.predict_proba([Clip(mostly_hum, 8000)])
    assert 1 <= len(asked.windows) <= 5
    quiet = np.concatenate([noise(1, 0.02), sound])  # 28 dB below: that is sound too
    recogniser.predict_proba([Clip(quiet, 8000)])
    assert len(asked.windows) >= 10


def test_digital_silence_has_an_answer_too(estimator: tuple[Recogniser, Asked]) -> None:
    answer = estimator[0].predict_proba([Clip(np.zeros(8000), 8000)])
    assert answer.tolist() == [[0, 1]]


def test_the_score_is_the_share_that_is_right(estimator: tuple[Recogniser, Asked]) -> None:
    clips = [Clip(noise(0.2, level), 8000) for level in (0.5, 0.5, 1e-4, 1e-4)]
    assert estimator[0].predict(clips).tolist() == ["loud", "loud", "soft", "soft"]
    assert estimator[0].score(clips, ["loud", "soft", "soft", "soft"]) == 0.75


def test_a_clip_too_short_for_the_rate_is_named(estimator: tuple[Recogniser, Asked]) -> None:
    with pytest.raises(AudioError, match="blip has only 1 samples at 48000 Hz, none of them left at 8000 Hz"):
        estimator[0].predict([Clip(np.ones(1), 48000, "blip")])


def test_the_last_answers_do_not_stay_when_it_learns_anew(estimator: tuple[Recogniser, Asked]) -> None:
    recogniser, _ = estimator
    recogniser.set_learned(
        classes=recogniser.classes_,
        feature=recogniser.feature_,
        files={"net.keras": b"", "net.onnx": b"not a net"},
        curve=recogniser.curve_,
        skipped=[],
    )
    with pytest.raises(ValueError, match=r"net\.onnx cannot be run"):
        recogniser.predict([Clip(np.ones(800), 8000)])


@pytest.mark.train
def test_a_clip_that_cannot_be_used_is_set_aside_and_no_other(toy: Any, tiny: dict[str, Any]) -> None:
    from woodshed.tasks.speech import SpeechRecogniser

    # All have the name that a clip has by default.
    clips = [Clip(clip.samples, clip.sample_rate) for clip in toy.clips]
    clips[4] = Clip(np.ones(1), 48000)
    model = SpeechRecogniser(**tiny | {"epochs": 1}).fit(clips, toy.labels)
    assert [str(entry.path) for entry in model.skipped_] == ["clip"]
    assert "none of them left at 8000 Hz" in model.skipped_[0].reason
    assert model.score(clips[:4] + clips[5:], toy.labels[:4] + toy.labels[5:]) >= 0
    assert model.classes_.tolist() == ["fall", "pulse", "rise"]


def test_nothing_usable_says_why(toy: Any, tiny: dict[str, Any]) -> None:
    clips = [Clip(np.ones(1), 48000, f"blip {k}") for k in range(4)]
    with pytest.raises(DataError, match=r"None of 4 clips could be used\. The first: blip 0 has only 1"):
        Recogniser(**tiny, sample_rate=8000).fit(clips, ["a", "b"] * 2)


@pytest.mark.train
def test_a_keyboard_interrupt_leaves_it_fitted_with_the_best_so_far(toy: Any, tiny: dict[str, Any]) -> None:
    def interrupt(epoch: int, loss: float, accuracy: float | None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    model = Recogniser(**tiny)
    with pytest.raises(KeyboardInterrupt):
        model.fit(toy.clips, toy.labels, on_epoch=interrupt)
    assert len(model.curve_.train_loss) == 3
    assert model.predict(toy.clips[:2]).shape == (2,)
