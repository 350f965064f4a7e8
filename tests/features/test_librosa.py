"""Every feature that librosa has too, against librosa: on recordings and on made-up sounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from woodshed.audio import read
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.features import (
    Chroma,
    ChromaCqt,
    Cqt,
    FrameFeature,
    HarmonicShare,
    OnsetStrength,
    Power,
    Pyin,
    Rms,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralContrast,
    SpectralFlatness,
    SpectralRolloff,
    Stft,
    Tempogram,
    Tonnetz,
    Yin,
    ZeroCrossingRate,
)

RATE = 22050
SPECTRUM: dict[str, Any] = {"sample_rate": RATE, "n_fft": 2048, "hop_length": 512}
FRAMES: dict[str, Any] = {"sample_rate": RATE, "frame_length": 2048, "hop_length": 512}
PITCH: dict[str, Any] = {"fmin": 80.0, "fmax": 400.0, "sr": RATE, "frame_length": 2048, "hop_length": 512}

Case = tuple[FrameFeature, Callable[[np.ndarray], np.ndarray]]

EXACT: dict[str, Case] = {
    "rms": (Rms(**FRAMES), lambda y: librosa.feature.rms(y=y)),
    "zero-crossing-rate": (ZeroCrossingRate(**FRAMES), librosa.feature.zero_crossing_rate),
    "spectral-centroid": (
        SpectralCentroid(**SPECTRUM),
        lambda y: librosa.feature.spectral_centroid(y=y, sr=RATE),
    ),
    "spectral-bandwidth": (
        SpectralBandwidth(**SPECTRUM),
        lambda y: librosa.feature.spectral_bandwidth(y=y, sr=RATE),
    ),
    "spectral-bandwidth-1": (
        SpectralBandwidth(**SPECTRUM, p=1),
        lambda y: librosa.feature.spectral_bandwidth(y=y, sr=RATE, p=1),
    ),
    "spectral-flatness": (SpectralFlatness(**SPECTRUM), lambda y: librosa.feature.spectral_flatness(y=y)),
    "spectral-contrast": (
        SpectralContrast(**SPECTRUM),
        lambda y: librosa.feature.spectral_contrast(y=y, sr=RATE),
    ),
    "chroma": (Chroma(**SPECTRUM), lambda y: librosa.feature.chroma_stft(y=y, sr=RATE, tuning=0)),
    "chroma-tuned": (
        Chroma(**SPECTRUM, tuning=0.3, norm="sum"),
        lambda y: librosa.feature.chroma_stft(y=y, sr=RATE, tuning=0.3, norm=1),
    ),
    "cqt": (Cqt(), lambda y: np.abs(librosa.cqt(y, sr=RATE))),
    "chroma-cqt": (ChromaCqt(), lambda y: librosa.feature.chroma_cqt(y=y, sr=RATE, tuning=0)),
    "tonnetz": (Tonnetz(), lambda y: librosa.feature.tonnetz(y=y, sr=RATE, tuning=0)),
    "yin": (
        Yin(**FRAMES, f_min_hz=80.0, f_max_hz=400.0),
        lambda y: librosa.yin(y, **PITCH)[np.newaxis],
    ),
    "pyin": (
        Pyin(**FRAMES, f_min_hz=80.0, f_max_hz=400.0),
        lambda y: np.nan_to_num(np.stack(librosa.pyin(y, **PITCH)).astype(float)),
    ),
}
"""Equal to 1e-4 of each value."""

OF_THE_LARGEST: dict[str, Case] = {
    "stft": (Stft(**SPECTRUM), lambda y: np.abs(librosa.stft(y))),
    "power": (Power(**SPECTRUM), lambda y: np.abs(librosa.stft(y)) ** 2),
    "onset-strength": (
        OnsetStrength(),
        lambda y: librosa.onset.onset_strength(y=y, sr=RATE)[np.newaxis],
    ),
    "tempogram": (Tempogram(), lambda y: librosa.feature.tempogram(y=y, sr=RATE)),
}
"""Equal to 1e-4 of the largest value: what is far below it is the rounding of a float32 transform."""


def glide() -> Clip:
    """Return a tone that rises through noise, three seconds long."""
    noise = np.random.default_rng(0).standard_normal(3 * RATE) * 0.01
    chirp = librosa.chirp(fmin=100, fmax=6000, sr=RATE, duration=3.0)
    return Clip(0.3 * chirp * np.linspace(0.1, 1, 3 * RATE) + noise, RATE)


def shipped() -> Clip:
    """Return twelve of the spoken digits that come with woodshed, one after the other."""
    paths = sorted((sample_folder() / "recordings").glob("*.flac"))[::77][:12]
    return Clip(np.concatenate([read(p, sample_rate=RATE).samples for p in paths], axis=1), RATE)


def recordings(folder: Path) -> list[Path]:
    """Return a few files of each kind, the same every time."""
    found = sorted(folder.glob("solo_phrases/audio/*/*.flac"))[::8]
    found += sorted(folder.glob("drum_oneshots/audio/*.flac"))[::30]
    found += sorted(folder.glob("esc10/audio/*/*.ogg"))[::100]
    assert len(found) >= 8
    return found


def assert_equal(case: Case, clip: Clip, *, of_the_largest: bool) -> None:
    feature, reference = case
    ours, theirs = feature(clip), reference(clip.mono()).T
    assert ours.shape == theirs.shape
    assert np.abs(theirs).max() > 0
    if of_the_largest:
        assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max()
    else:
        assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-7 * np.abs(theirs).max())


@pytest.mark.parametrize("make", [glide, shipped])
@pytest.mark.parametrize("word", EXACT)
def test_equals_librosa(word, make) -> None:
    assert_equal(EXACT[word], make(), of_the_largest=False)


@pytest.mark.parametrize("make", [glide, shipped])
@pytest.mark.parametrize("word", OF_THE_LARGEST)
def test_equals_librosa_within_the_largest_value(word, make) -> None:
    assert_equal(OF_THE_LARGEST[word], make(), of_the_largest=True)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning")
@pytest.mark.parametrize("word", [word for word in EXACT if word not in ("pyin", "yin")])
def test_equals_librosa_on_recordings(shared_data, word) -> None:
    for path in recordings(shared_data):
        clip = read(path, sample_rate=RATE, mono=True)
        if word in ("cqt", "chroma-cqt", "tonnetz"):  # a drum is shorter than a filter
            clip = Clip(np.pad(clip.samples, ((0, 0), (0, 70000))), RATE)
        assert_equal(EXACT[word], clip, of_the_largest=False)


@pytest.mark.data
@pytest.mark.parametrize("word", OF_THE_LARGEST)
def test_equals_librosa_on_recordings_within_the_largest_value(shared_data, word) -> None:
    for path in recordings(shared_data):
        assert_equal(OF_THE_LARGEST[word], read(path, sample_rate=RATE, mono=True), of_the_largest=True)


@pytest.mark.parametrize("make", [glide, shipped])
@pytest.mark.parametrize("roll_percent", [0.85, 0.1])
def test_rolloff_equals_librosa_but_for_rounding_at_the_threshold(make, roll_percent) -> None:
    clip = make()
    ours = SpectralRolloff(**SPECTRUM, roll_percent=roll_percent)(clip)
    theirs = librosa.feature.spectral_rolloff(y=clip.mono(), sr=RATE, roll_percent=roll_percent).T
    assert np.mean(np.isclose(ours, theirs, rtol=1e-4)) > 0.98
    assert np.abs(ours - theirs).max() <= 1.001 * RATE / 2048


@pytest.mark.parametrize("make", [glide, shipped])
def test_magnitude_equals_librosa(make) -> None:
    clip = make()
    theirs = np.abs(librosa.stft(clip.mono())).T
    ours = Stft(**SPECTRUM)(clip)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max()


@pytest.mark.parametrize("make", [glide, shipped])
def test_harmonic_share_is_that_of_librosas_masks(make) -> None:
    clip = make()
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(clip.mono()), mask=True)
    power = np.abs(librosa.stft(clip.mono())) ** 2
    shares = np.stack([(mask * power).sum(axis=0) / power.sum(axis=0) for mask in (harmonic, percussive)])
    assert np.allclose(HarmonicShare()(clip), shares.T, atol=1e-4)
