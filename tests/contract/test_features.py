"""What every feature promises, whatever it measures."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest

from woodshed import features
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError, SettingNameError
from woodshed.features import (
    FEATURES,
    Chroma,
    ChromaCqt,
    ChromaDeviation,
    Cqt,
    FrameFeature,
    HarmonicShare,
    LogFrequency,
    LogMel,
    Mfcc,
    MidTerm,
    MomentaryLoudness,
    OnsetStrength,
    Pyin,
    Rms,
    ShortTerm,
    SpectralContrast,
    Summary,
    Tempogram,
    Tonnetz,
    Yin,
    feature_class,
    features_of_blocks,
    make_features,
)

RATE = 8000
COARSE: dict[str, Any] = {"sample_rate": RATE, "hop_length": 256}
SMALL: dict[str, FrameFeature] = {
    "chroma": Chroma(**COARSE, n_fft=1024),
    "chroma-cqt": ChromaCqt(**COARSE, f_min_hz=110.0, n_octaves=4),
    "chroma-deviation": ChromaDeviation(**COARSE, n_fft=1024),
    "cqt": Cqt(**COARSE, f_min_hz=110.0, n_bins=36),
    "harmonic-share": HarmonicShare(**COARSE, n_fft=512, kernel_size=9),
    "log-frequency": LogFrequency(**COARSE, n_fft=1024, n_bins=60),
    "log-mel": LogMel(sample_rate=RATE, n_fft=256, hop_length=80, n_mels=40),
    "mfcc": Mfcc(n_mels=40, deltas=2),
    "mid-term": MidTerm(
        feature=ShortTerm(sample_rate=RATE, frame_length=400, hop_length=200), window_s=0.3, step_s=0.2
    ),
    "momentary-loudness": MomentaryLoudness(sample_rate=RATE, hop_length=800),
    "onset-strength": OnsetStrength(**COARSE, n_fft=1024, n_mels=40),
    "pyin": Pyin(**COARSE, f_min_hz=100.0, f_max_hz=400.0),
    "short-term": ShortTerm(sample_rate=RATE, frame_length=400, hop_length=200),
    "spectral-contrast": SpectralContrast(**COARSE, n_fft=1024, n_octaves=4),
    "tempogram": Tempogram(**COARSE, n_fft=1024, n_mels=40, win_length=32),
    "tonnetz": Tonnetz(**COARSE, f_min_hz=110.0, n_octaves=4),
    "yin": Yin(**COARSE),
}
"""Settings that are quick to compute; the others are taken as they are."""

FRAMED = {word: SMALL.get(word) or feature_class(word)() for word in FEATURES}
EVERY: dict[str, FrameFeature | Summary] = {**FRAMED, "summary": Summary()}

OTHER_VALUES: dict[str, Any] = {
    **{"sample_rate": 11025, "n_fft": 2048, "frame_length": 600, "hop_length": 128, "window": "hann"},
    **{"n_mels": 30, "f_min_hz": 120.0, "f_max_hz": 3000.0, "formula": "htk", "floor_db": -80.0},
    **{"n_mfcc": 7, "deltas": 1, "delta_width": 5, "n_segments": 2, "absolute": True, "p": 1.0},
    **{"roll_percent": 0.5, "split_hz": 700.0, "n_octaves": 3, "quantile": 0.2, "top_db": 3.0, "n_blocks": 5},
    **{"tuning": 0.3, "norm": "sum", "n_bins": 24, "bins_per_octave": 24, "trough_threshold": 0.001},
    **{"kernel_size": 5, "win_length": 16, "feature": Rms(sample_rate=RATE), "window_s": 0.6, "step_s": 0.5},
    **{"statistics": ("max",)},
}
# No frame of the test sound is below -80 dB, and its pitch is in no doubt (see tests/features/test_f0.py).
NOT_HEARD = {"sample_rate", "floor_db", "trough_threshold"}

TAKES_OTHER_VALUES: dict[str, dict[str, Any]] = {
    "power": {"floor_db": -80.0},
    "short-term": {"deltas": False, "frame_length": 512},
    "pyin": {"f_max_hz": 150.0, "f_min_hz": 250.0},
    "yin": {"f_max_hz": 150.0, "f_min_hz": 250.0},
    "chroma-cqt": {"hop_length": 512},
    "tonnetz": {"hop_length": 512},
}


def sound(sample_rate: int, n_samples: int = 12345, n_channels: int = 1, seed: int = 0) -> Clip:
    """Return a voice that wavers, swells and hisses, so that no two frames are alike."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / sample_rate
    phase = 2 * np.pi * time_s * rng.uniform(150, 250) + 3 * np.sin(2 * np.pi * 3 * time_s)
    voice = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(5 * phase)
    noise = rng.standard_normal((n_channels, n_samples))
    swell = 0.1 + np.abs(np.sin(2 * np.pi * rng.uniform(1.5, 2.5) * time_s))
    return Clip(0.1 * swell * (voice + 0.2 * noise), sample_rate, "clip.wav")


def expected_shape(feature: FrameFeature | Summary, n_samples: int) -> tuple[int, ...]:
    if isinstance(feature, Summary):
        return (feature.n_values,)
    if isinstance(feature, MidTerm):
        n_frames = 1 + n_samples // feature.feature.hop_length
        per_row = feature.hop_length // feature.feature.hop_length
        return (-(-n_frames // per_row), len(feature.names))
    return (1 + n_samples // feature.hop_length, len(feature.names))


@pytest.fixture(params=EVERY)
def word(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def feature(word: str) -> FrameFeature | Summary:
    return EVERY[word]


@pytest.fixture(params=FRAMED)
def framed(request: pytest.FixtureRequest) -> FrameFeature:
    return FRAMED[request.param]


def test_every_public_feature_is_listed() -> None:
    public = [getattr(features, name) for name in features.__all__]
    framed = {kind for kind in public if isinstance(kind, type) and issubclass(kind, FrameFeature)} - {
        FrameFeature
    }
    assert {feature_class(word) for word in FEATURES} == framed
    assert len(FEATURES) == len(framed)
    assert list(FEATURES) == sorted(FEATURES)


@pytest.mark.parametrize("word", FEATURES)
def test_a_word_says_its_class_and_the_table_lists_both(word) -> None:
    name = feature_class(word).__name__
    assert name.lower() == word.replace("-", "")
    assert f"``{word}``" in features.__doc__
    assert f"`{name}`" in features.__doc__


@pytest.mark.parametrize("word", FEATURES)
def test_has_defaults_and_says_in_one_line_what_it_is(word) -> None:
    feature = feature_class(word)()
    first, second = feature.__doc__.splitlines()[:2]
    assert first.endswith(".")
    assert not second.strip()
    assert feature.n_context >= 0


@pytest.mark.parametrize("n_samples", [1, 2, 79, 80, 255, 256, 257, 6001])
def test_gives_finite_float32_of_the_promised_shape(feature, n_samples) -> None:
    array = feature(sound(feature.sample_rate, n_samples))
    assert array.dtype == np.float32
    assert array.shape == expected_shape(feature, n_samples)
    assert np.isfinite(array).all()
    assert len(set(feature.names)) == len(feature.names) == array.shape[-1]


def test_counts_frames_and_bands(framed) -> None:
    assert (framed.n_frames(5000), framed.n_bands) == expected_shape(framed, 5000)
    assert framed.frame_rate_hz == framed.sample_rate / framed.hop_length


@pytest.mark.parametrize("n_samples", [1, 3000])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_describes_silence_and_a_constant(feature, n_samples, level) -> None:
    array = feature(Clip(np.full(n_samples, level), feature.sample_rate))
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
    assert not np.allclose(feature(stereo), feature(Clip(stereo.samples[0], feature.sample_rate)), rtol=1e-3)


def test_a_wrong_rate_is_named_with_its_cure(feature) -> None:
    with pytest.raises(AudioError) as caught:
        feature(sound(feature.sample_rate * 2))
    name, rate = type(feature).__name__, feature.sample_rate
    assert str(caught.value) == (
        f"{name} expects {rate} Hz, got clip.wav at {2 * rate} Hz. "
        f"Resample it first: woodshed.audio.resample(clip, {rate})."
    )


@pytest.mark.parametrize("word", [word for word, feature in FRAMED.items() if feature.gain_invariant])
def test_a_quieter_copy_gets_the_same_values_where_that_is_promised(word) -> None:
    feature = FRAMED[word]
    clip = sound(feature.sample_rate)
    quieter = Clip(clip.samples / 8, clip.sample_rate)
    assert np.allclose(feature(quieter), feature(clip), rtol=1e-4, atol=1e-5)


def test_gain_invariance_is_promised_where_it_is_meant() -> None:
    promised = {word for word, feature in FRAMED.items() if feature.gain_invariant}
    levels = {"a-weighted-level", "amplitude-envelope", "energy", "log-mel", "momentary-loudness", "rms"}
    shapes = {"spectral-centroid", "spectral-flux", "zero-crossing-rate", "chroma", "band-energy-ratio"}
    assert shapes <= promised
    assert not levels & promised
    assert not Chroma(norm="none").gain_invariant


def test_a_frame_hears_no_further_than_its_context(framed) -> None:
    if not framed.exact_in_blocks:
        pytest.skip("something is decided over the whole clip")
    hop, reach = framed.hop_length, framed.n_context
    row = reach // hop + 2
    n_samples = (row * hop + reach) * 2 + hop
    clip = sound(framed.sample_rate, n_samples)
    other = sound(framed.sample_rate, n_samples, seed=1).samples.copy()
    other[:, row * hop - reach : row * hop + reach] = clip.samples[:, row * hop - reach : row * hop + reach]
    here, there = framed(clip)[row], framed(Clip(other, clip.sample_rate))[row]
    assert np.allclose(here, there, rtol=2e-4, atol=1e-4 * np.abs(here).max())


@pytest.mark.parametrize("n_block", [1777, 5003])
def test_blocks_together_say_what_the_whole_says(framed, n_block) -> None:
    clip = sound(framed.sample_rate, 6 * framed.n_context + 30011)
    blocks = [
        Clip(clip.samples[:, start : start + n_block], clip.sample_rate)
        for start in range(0, clip.n_samples, n_block)
    ]
    whole, parts = framed(clip), list(features_of_blocks(framed, blocks))
    together = np.concatenate(parts)
    assert together.shape == whole.shape
    assert len(parts) > 1
    assert all(len(part) for part in parts)
    if framed.exact_in_blocks:
        assert np.allclose(together, whole, rtol=1e-4, atol=1e-5 * np.abs(whole).max())
    else:
        assert np.mean(np.isclose(together, whole, rtol=0.01, atol=0.01 * np.abs(whole).max())) > 0.9


def test_settings_print_as_the_call_that_makes_them(feature) -> None:
    again = eval(repr(feature), {name: getattr(features, name) for name in features.__all__})
    assert again == feature
    assert hash(again) == hash(feature)
    assert repr(again) == repr(feature)


def test_every_setting_counts(word, feature) -> None:
    clip = sound(feature.sample_rate)
    values = OTHER_VALUES | TAKES_OTHER_VALUES.get(word, {})
    for setting in fields(feature):
        other = replace(feature, **{setting.name: values[setting.name]})
        assert other != feature, setting.name
        assert repr(other) != repr(feature), setting.name
        if setting.name not in NOT_HEARD:
            assert not np.array_equal(other(clip), feature(clip)), setting.name


def test_settings_of_equal_value_are_the_same_setting(feature) -> None:
    kinds = {int: np.int64, float: np.float64, bool: np.bool_}
    values = {setting.name: getattr(feature, setting.name) for setting in fields(feature)}
    same = replace(
        feature, **{name: kinds[type(value)](value) for name, value in values.items() if type(value) in kinds}
    )
    assert same == feature
    assert repr(same) == repr(feature), "the feature store knows a feature by its repr"


def test_settings_cannot_be_changed_or_given_by_position_or_misspelt(feature) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(feature, fields(feature)[0].name, 8)
    with pytest.raises(TypeError):
        type(feature)(16000)
    with pytest.raises(TypeError, match="hop_lenght"):
        type(feature)(hop_lenght=8)


def test_bad_settings_are_named(feature) -> None:
    own = {setting.name for setting in fields(feature)}
    bad = {
        "sample_rate": [0, 16000.5, float("inf"), None],
        "n_fft": ["512", 511, 0],
        "frame_length": [0, 513, True],
        "hop_length": [-1, True, 0],
        **{name: [float("nan"), "x", -1e9] for name in ("f_min_hz", "f_max_hz", "window_s", "step_s", "p")},
        "floor_db": [3.0, -1000.0, float("nan")],
        "top_db": [0.0, -3.0, float("nan")],
        **{name: [0, 1.5] for name in ("n_bins", "n_octaves", "bins_per_octave", "n_mels", "win_length")},
        **{name: ["bark", 3] for name in ("formula", "norm", "window", "absolute")},
    }
    for name in own & set(bad):
        for value in bad[name]:
            with pytest.raises(ParameterError, match=type(feature).__name__) as caught:
                replace(feature, **{name: value})
            assert name.removesuffix("_hz") in str(caught.value) or name == "formula", (name, value)


def test_survives_pickling(feature) -> None:
    again = pickle.loads(pickle.dumps(feature))
    clip = sound(feature.sample_rate)
    assert again == feature
    assert np.array_equal(again(clip), feature(clip))


def test_no_module_of_features_imports_anything_heavy(python) -> None:
    heavy = (
        "keras",
        "tensorflow",
        "librosa",
        "numba",
        "sklearn",
        "matplotlib",
        "scipy.signal",
        "scipy.stats",
    )
    program = (
        "import sys, importlib, pkgutil, woodshed.features as f; f.__all__; dir(f); "
        "print([m for m in ('scipy', 'soundfile') if m in sys.modules]); "
        "[importlib.import_module(f'woodshed.features.{m.name}') for m in pkgutil.iter_modules(f.__path__)]; "
        "[f.feature_class(word)() for word in f.FEATURES]; "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = python(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_a_misspelt_feature_is_named() -> None:
    with pytest.raises(AttributeError, match="LogMell"):
        _ = features.LogMell
    with pytest.raises(ParameterError, match=r"Unknown feature 'log-mell'. Did you mean log-mel\?"):
        feature_class("log-mell")


def test_features_are_made_of_words_and_shared_settings() -> None:
    made = make_features(["rms", "log-mel"], {"n_mels": 30, "hop_length": 80})
    assert made == [Rms(hop_length=80), LogMel(n_mels=30, hop_length=80)]
    (mid,) = make_features(["mid-term"], {"frame_length": 1000, "window_s": 2.0})
    assert mid == MidTerm(feature=ShortTerm(frame_length=1000), window_s=2.0)
    with pytest.raises(SettingNameError, match=r"rms, log-mel: no setting 'n_mell'. Did you mean n_mels\?"):
        make_features(["rms", "log-mel"], {"n_mell": 30})
    with pytest.raises(ParameterError, match="n_mels, got 0"):
        make_features(["log-mel"], {"n_mels": 0})
