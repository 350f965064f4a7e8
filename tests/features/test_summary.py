"""Summary: each of its numbers against librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import Mfcc, Summary
from woodshed.features.mel import delta

FRAMING = {"n_fft": 512, "hop_length": 160}


def sound(n_samples: int = 16000) -> Clip:
    noise = np.random.default_rng(0).standard_normal(n_samples)
    tone = np.sin(2 * np.pi * 440 * np.arange(n_samples) / 16000)
    swell = np.linspace(0, 1, n_samples)
    return Clip(0.2 * (tone * swell + noise * (1 - swell)), 16000)


def by_name(feature: Summary, clip: Clip) -> dict[str, float]:
    row = feature(clip)
    return dict(zip(feature.names, row.tolist(), strict=True))


def test_row_holds_mean_and_spread_of_each_track() -> None:
    clip = sound()
    samples, values = clip.mono(), by_name(Summary(), clip)
    mfcc = Mfcc()(clip)
    tracks = {
        "centroid_{}_hz": librosa.feature.spectral_centroid(y=samples, sr=16000, **FRAMING),
        "zero_crossing_rate_{}": librosa.feature.zero_crossing_rate(
            samples, frame_length=512, hop_length=160
        ),
        "rms_{}_db": 20 * np.log10(librosa.feature.rms(y=samples, frame_length=512, hop_length=160)),
        "mfcc0_{}": mfcc[:, 0],
        "mfcc19_{}": mfcc[:, 19],
    }
    for name, track in tracks.items():
        assert values[name.format("mean")] == pytest.approx(track.mean(), rel=1e-3, abs=1e-3), name
        assert values[name.format("std")] == pytest.approx(track.std(), rel=1e-3, abs=1e-3), name
    assert values["mfcc3_delta_std"] == pytest.approx(delta(mfcc)[:, 3].std(), rel=1e-4)


def test_parts_keep_the_order_of_time() -> None:
    clip = sound(15840)  # 100 frames: the parts are 33, 33 and 34
    values, mfcc = by_name(Summary(), clip), Mfcc()(clip)
    for part, stretch in enumerate((mfcc[:33], mfcc[33:66], mfcc[66:]), start=1):
        assert values[f"mfcc5_mean_part{part}"] == pytest.approx(stretch[:, 5].mean(), rel=1e-4, abs=1e-4)
    backwards = by_name(Summary(), Clip(clip.samples[:, ::-1], 16000))
    assert backwards["mfcc1_mean"] == pytest.approx(values["mfcc1_mean"], abs=1.0)
    assert abs(backwards["mfcc1_mean_part1"] - values["mfcc1_mean_part1"]) > 5


@pytest.mark.parametrize("n_segments", [1, 3, 7])
def test_row_has_a_name_for_each_value(n_segments) -> None:
    feature = Summary(n_segments=n_segments)
    assert len(set(feature.names)) == feature.n_values == 66 + 20 * n_segments
    assert feature(sound(100)).shape == (feature.n_values,)


def test_silence_is_at_the_floor_without_a_pitch() -> None:
    values = by_name(Summary(), Clip(np.zeros(16000), 16000))
    assert values["rms_mean_db"] == -100
    assert values["centroid_mean_hz"] == values["zero_crossing_rate_mean"] == values["mfcc0_std"] == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_segments": 0}, "at least 1 for n_segments, got 0"),
        ({"n_mels": 19}, "n_mels of at least 20, got 19"),
    ],
)
def test_a_bad_setting_is_named(settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        Summary(**settings)
