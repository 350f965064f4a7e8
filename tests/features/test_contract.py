"""What every feature promises, whatever it measures."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from woodshed import features
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError
from woodshed.features import LogMel, Mfcc, Summary

FEATURES = [
    LogMel(sample_rate=8000, n_fft=256, hop_length=80, n_mels=40),
    Mfcc(n_mels=40, deltas=2),
    Summary(),
]


def sound(sample_rate: int, n_samples: int = 12345, n_channels: int = 1, seed: int = 0) -> Clip:
    """Return noise that swells, so that no two frames are alike."""
    noise = np.random.default_rng(seed).standard_normal((n_channels, n_samples))
    return Clip(0.1 * noise * np.linspace(0, 1, n_samples), sample_rate, "clip.wav")


def expected_shape(feature: Callable[[Clip], np.ndarray], n_samples: int) -> tuple[int, ...]:
    if isinstance(feature, Summary):
        return (feature.n_values,)
    return (1 + n_samples // feature.hop_length, feature.n_bands)


@pytest.fixture(params=FEATURES, ids=lambda feature: type(feature).__name__)
def feature(request: pytest.FixtureRequest) -> LogMel | Mfcc | Summary:
    return request.param


def test_every_public_feature_is_under_contract() -> None:
    assert {type(feature).__name__ for feature in FEATURES} == set(features.__all__)


@pytest.mark.parametrize("n_samples", [1, 2, 79, 80, 255, 256, 257, 12345])
def test_gives_finite_float32_of_the_promised_shape(feature, n_samples) -> None:
    array = feature(sound(feature.sample_rate, n_samples))
    assert array.dtype == np.float32
    assert array.shape == expected_shape(feature, n_samples)
    assert np.isfinite(array).all()


@pytest.mark.parametrize("n_samples", [1, 5000])
def test_describes_silence(feature, n_samples) -> None:
    array = feature(Clip(np.zeros(n_samples), feature.sample_rate))
    assert array.shape == expected_shape(feature, n_samples)
    assert np.isfinite(array).all()


def test_different_sounds_get_different_values(feature) -> None:
    rate = feature.sample_rate
    assert not np.allclose(feature(sound(rate)), feature(sound(rate, seed=1)), rtol=0.01)


def test_a_clip_gets_the_same_values_alone_and_after_others(feature) -> None:
    clip = sound(feature.sample_rate)
    alone = feature(clip)
    kept = alone.copy()
    feature(sound(feature.sample_rate, seed=1))
    assert np.array_equal(feature(clip), kept)
    assert np.array_equal(alone, kept), "an array that was handed out must not be written to later"


def test_leaves_the_clip_as_it_was(feature) -> None:
    clip = sound(feature.sample_rate)
    before = clip.samples.copy()
    feature(clip)
    assert np.array_equal(clip.samples, before)


def test_stereo_is_described_as_the_mean_of_its_channels(feature) -> None:
    stereo = sound(feature.sample_rate, n_channels=2)
    mean = Clip(stereo.samples.mean(axis=0), feature.sample_rate)
    assert np.array_equal(feature(stereo), feature(mean))
    assert not np.allclose(feature(stereo), feature(Clip(stereo.samples[0], feature.sample_rate)), rtol=0.01)


def test_a_wrong_rate_is_named_with_its_cure(feature) -> None:
    with pytest.raises(AudioError) as caught:
        feature(sound(feature.sample_rate * 2))
    name, rate = type(feature).__name__, feature.sample_rate
    assert str(caught.value) == (
        f"{name} expects {rate} Hz, got clip.wav at {2 * rate} Hz. "
        f"Resample it first: woodshed.audio.resample(clip, {rate})."
    )


def test_settings_print_as_the_call_that_makes_them(feature) -> None:
    again = eval(repr(feature))
    assert again == feature
    assert hash(again) == hash(feature)
    assert repr(again) == repr(feature)


def test_every_setting_counts_in_comparison(feature) -> None:
    others = {"sample_rate": 11025, "n_fft": 1024, "hop_length": 100, "n_mels": 30, "f_min_hz": 50.0}
    others |= {"f_max_hz": 3000.0, "formula": "htk", "floor_db": -80.0}
    others |= {"n_mfcc": 7, "deltas": 1, "delta_width": 5, "n_segments": 2}
    clip = sound(feature.sample_rate)
    for setting in fields(feature):
        other = replace(feature, **{setting.name: others[setting.name]})
        assert other != feature, setting.name
        assert repr(other) != repr(feature), setting.name
        if setting.name not in ("sample_rate", "floor_db"):  # no frame of this clip is below -80 dB
            assert not np.array_equal(other(clip), feature(clip)), setting.name


def test_settings_of_equal_value_are_the_same_setting(feature) -> None:
    same = replace(feature, sample_rate=np.int64(feature.sample_rate), f_min_hz=np.float32(20))
    assert same == feature
    assert repr(same) == repr(feature), "the feature store knows a feature by its repr"


def test_settings_cannot_be_changed_or_given_by_position(feature) -> None:
    with pytest.raises(FrozenInstanceError):
        feature.n_fft = 8
    with pytest.raises(TypeError):
        type(feature)(16000)


def test_survives_pickling(feature) -> None:
    again = pickle.loads(pickle.dumps(feature))
    clip = sound(feature.sample_rate)
    assert again == feature
    assert np.array_equal(again(clip), feature(clip))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_rate": 0}, "at least 1 for sample_rate, got 0"),
        ({"sample_rate": 16000.5}, "whole number of at least 1 for sample_rate, got 16000.5"),
        ({"sample_rate": float("inf")}, "whole number of at least 1 for sample_rate, got inf"),
        ({"n_fft": "512"}, "whole number of at least 2 for n_fft, got '512'"),
        ({"n_fft": 511}, "even n_fft, got 511. Take 512"),
        ({"hop_length": -1}, "at least 1 for hop_length, got -1"),
        ({"hop_length": True}, "at least 1 for hop_length, got True"),
        ({"n_mels": 0}, "at least 1 for n_mels, got 0"),
        ({"n_mels": 400}, "of 400 mel filters fall between two bins of n_fft.*Lower n_mels or raise n_fft"),
        ({"f_min_hz": -1.0}, "got f_min_hz=-1"),
        ({"f_min_hz": float("nan")}, "finite number for f_min_hz, got nan"),
        ({"f_min_hz": 3000.0, "f_max_hz": 2000.0}, "got f_min_hz=3000, f_max_hz=2000"),
        ({"f_max_hz": 99999.0}, r"half of sample_rate\), got f_min_hz=20, f_max_hz=99999"),
        ({"formula": "bark"}, "formulas slaney and htk, got 'bark'"),
        ({"floor_db": 3.0}, "floor_db from -300 to 0, got 3"),
        ({"floor_db": -1000.0}, "floor_db from -300 to 0, got -1000"),
    ],
)
def test_a_bad_setting_is_named(feature, settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        replace(feature, **settings)


def test_the_package_of_features_imports_nothing_heavy() -> None:
    code = (
        "import sys, woodshed.features as f; f.__all__; dir(f); "
        "print([m for m in ('scipy', 'keras', 'librosa', 'sklearn', 'soundfile') if m in sys.modules]); "
        "f.Summary; print([m for m in ('scipy.signal', 'keras', 'librosa', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_a_misspelt_feature_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="LogMell"):
        _ = features.LogMell
