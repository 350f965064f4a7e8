"""Mfcc and its deltas against librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import LogMel, Mfcc
from woodshed.features.mel import delta


def sound(n_samples: int = 16000) -> Clip:
    noise = np.random.default_rng(0).standard_normal(n_samples) * np.hanning(n_samples + 2)[1:-1]
    return Clip(0.1 * noise, 16000)


def test_coefficients_equal_librosa() -> None:
    clip = sound()
    expected = librosa.feature.mfcc(S=LogMel()(clip).T, n_mfcc=20).T
    assert np.allclose(Mfcc()(clip), expected, atol=1e-3)


def test_coefficients_equal_librosa_from_samples() -> None:
    clip = sound()
    feature = Mfcc(n_mfcc=13, n_mels=40, f_min_hz=0.0, formula="htk")
    mel = librosa.feature.melspectrogram(
        y=clip.mono(), sr=16000, n_fft=512, hop_length=160, n_mels=40, htk=True
    )
    expected = librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=13).T
    assert np.allclose(feature(clip), expected, atol=5e-3)


@pytest.mark.parametrize("width", [3, 5, 9, 15])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("n_frames", [15, 16, 200])
def test_deltas_equal_librosa(width, order, n_frames) -> None:
    values = np.random.default_rng(0).standard_normal((n_frames, 7)).astype(np.float32)
    expected = librosa.feature.delta(values.T, width=width, order=order, mode="interp").T
    ours = delta(values, width=width, order=order)
    assert ours.dtype == np.float32
    assert np.allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize(("n_frames", "width"), [(8, 7), (7, 7), (4, 3), (3, 3)])
@pytest.mark.parametrize("order", [1, 2])
def test_a_short_sound_takes_the_widest_window_that_fits(n_frames, width, order) -> None:
    values = np.random.default_rng(0).standard_normal((n_frames, 2)).astype(np.float32)
    expected = librosa.feature.delta(values.T, width=width, order=order).T
    assert np.allclose(delta(values, width=9, order=order), expected, atol=1e-5)
    assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("n_frames", [1, 2])
def test_two_frames_are_too_few_for_a_change(n_frames) -> None:
    assert not delta(np.ones((n_frames, 3), dtype=np.float32) * [1, 2, 3]).any()


def test_a_ramp_has_its_slope_everywhere_and_no_acceleration() -> None:
    ramp = 0.5 * np.arange(30, dtype=np.float32)[:, np.newaxis]
    assert np.allclose(delta(ramp), 0.5, atol=1e-6)
    assert np.allclose(delta(ramp, order=2), 0.0, atol=1e-6)


def test_changes_stand_beside_the_coefficients() -> None:
    clip = sound()
    plain, both = Mfcc(n_mfcc=13)(clip), Mfcc(n_mfcc=13, deltas=2, delta_width=5)(clip)
    assert both.shape == (101, 39)
    assert np.array_equal(both[:, :13], plain)
    assert np.array_equal(both[:, 13:26], delta(plain, width=5))
    assert np.array_equal(both[:, 26:], delta(plain, width=5, order=2))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_mfcc": 0}, "at least 1 for n_mfcc, got 0"),
        ({"n_mfcc": 65}, "n_mfcc of at most n_mels=64, got 65"),
        ({"deltas": 3}, "0, 1 or 2 for deltas, got 3"),
        ({"deltas": -1}, "at least 0 for deltas, got -1"),
        ({"delta_width": 8}, "odd delta_width, got 8"),
        ({"delta_width": 1}, "at least 3 for delta_width, got 1"),
    ],
)
def test_a_bad_setting_is_named(settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        Mfcc(**settings)
