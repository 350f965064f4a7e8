"""LogMel against librosa, on a made-up sound and on recordings."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import LogMel, Mfcc, Summary

SETTINGS = [
    LogMel(sample_rate=22050, n_fft=2048, hop_length=512, n_mels=128, f_min_hz=0.0),
    LogMel(sample_rate=22050, n_fft=1024, hop_length=300, n_mels=80, f_max_hz=8000.0, formula="htk"),
    LogMel(sample_rate=22050, formula="htk"),
]


def assert_equals_librosa(feature: LogMel, clip: Clip) -> None:
    mel = librosa.feature.melspectrogram(
        y=clip.mono(),
        sr=clip.sample_rate,
        n_fft=feature.n_fft,
        hop_length=feature.hop_length,
        n_mels=feature.n_mels,
        fmin=feature.f_min_hz,
        fmax=feature.f_max_hz,
        htk=feature.formula == "htk",
    ).T
    ours_db = feature(clip)
    ours = 10.0 ** (ours_db.astype(np.float64) / 10)
    heard = mel > 2 * 10 ** (feature.floor_db / 10)
    assert heard.any()
    assert np.abs(ours - mel)[heard].max() <= 1e-5 * mel.max()
    assert (ours_db[~heard] < feature.floor_db + 4).all()
    # librosa's own default cuts 80 dB below the loudest; under that, float32 rounding begins to show.
    theirs_db = librosa.power_to_db(mel, ref=1.0, amin=10 ** (feature.floor_db / 10), top_db=None)
    upper = heard & (theirs_db > theirs_db.max() - 80)
    assert np.abs(ours_db - theirs_db)[upper].max() < 1e-3
    assert np.abs(ours_db - theirs_db)[heard].max() < 0.2


def recordings(shared_data: Path) -> list[Path]:
    """Return a few files of each kind, the same every time."""
    found = [*sorted(shared_data.glob("fsdd/recordings/*.flac"))[::500]]
    found += sorted(shared_data.glob("esc10/audio/*/*.ogg"))[::80]
    assert len(found) >= 8
    return found


@pytest.mark.parametrize("feature", SETTINGS)
def test_equals_librosa_on_a_chirp(feature) -> None:
    chirp = librosa.chirp(fmin=50, fmax=7500, sr=22050, duration=1.7).astype(np.float32)
    assert_equals_librosa(feature, Clip(0.3 * chirp, 22050))


@pytest.mark.parametrize("feature", SETTINGS)
def test_equals_librosa_on_noise(feature) -> None:
    noise = np.random.default_rng(0).standard_normal(30000)
    assert_equals_librosa(feature, Clip(0.1 * noise, 22050))


@pytest.mark.data
@pytest.mark.parametrize("formula", ["slaney", "htk"])
def test_equals_librosa_on_recordings(shared_data, formula) -> None:
    for path in recordings(shared_data):
        samples, sample_rate = soundfile.read(path, dtype="float32")
        feature = LogMel(sample_rate=sample_rate, n_fft=512, hop_length=160, n_mels=40, formula=formula)
        assert_equals_librosa(feature, Clip(samples.T, sample_rate, path.name))


def test_a_louder_clip_is_higher_by_as_many_decibels() -> None:
    """The reference is fixed: nothing is set relative to the loudest frame of the clip."""
    noise = 0.01 * np.random.default_rng(0).standard_normal(16000)
    quiet, loud = LogMel()(Clip(noise, 16000)), LogMel()(Clip(10 * noise, 16000))
    assert np.allclose(loud - quiet, 20.0, atol=1e-3)


def test_a_loud_end_does_not_change_the_beginning() -> None:
    noise = 0.01 * np.random.default_rng(0).standard_normal(16000)
    louder = noise.copy()
    louder[8000:] *= 90
    before, after = LogMel()(Clip(noise, 16000)), LogMel()(Clip(louder, 16000))
    assert np.array_equal(before[:48], after[:48])
    assert not np.allclose(before[60:], after[60:])


def test_silence_lies_exactly_on_the_floor() -> None:
    for floor_db in (-100.0, -80.0, -37.5, -300.0, 0.0):
        values = LogMel(floor_db=floor_db)(Clip(np.zeros(1000), 16000))
        assert np.unique(values).tolist() == [floor_db]


def test_a_sine_is_loudest_in_the_band_that_holds_it() -> None:
    feature = LogMel(n_mels=40)
    sine = Clip(np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000), 16000)
    centres_hz = librosa.mel_frequencies(42, fmin=20, fmax=8000)[1:-1]
    nearest = np.abs(centres_hz - 1000).argmin()
    assert (feature(sine)[5:-5].argmax(axis=1) == nearest).all()


def test_counts_frames_and_their_rate() -> None:
    feature = LogMel(sample_rate=22050, hop_length=441)
    assert feature.frame_rate_hz == 50.0
    assert [feature.n_frames(n) for n in (1, 440, 441, 22050)] == [1, 1, 2, 51]
    assert feature.n_bands == 64


@pytest.mark.parametrize("kind", [LogMel, Mfcc, Summary])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_mels": 400}, "of 400 mel filters fall between two bins of n_fft.*Lower n_mels or raise n_fft"),
        ({"f_min_hz": -1.0}, "got f_min_hz=-1"),
        ({"f_min_hz": 3000.0, "f_max_hz": 2000.0}, "got f_min_hz=3000, f_max_hz=2000"),
        ({"f_max_hz": 99999.0}, r"half of sample_rate\), got f_min_hz=20, f_max_hz=99999"),
        ({"formula": "bark"}, "expects the formula slaney or htk, got 'bark'"),
        ({"floor_db": -1000.0}, "floor_db from -300 to 0, got -1000"),
    ],
)
def test_a_bad_setting_is_named(kind, settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        kind(**settings)
