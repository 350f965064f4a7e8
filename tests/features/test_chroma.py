"""Chroma, the constant-Q transform and tonal centroids, against theory."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.audio import noise, sine
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import Chroma, ChromaCqt, ChromaDeviation, Cqt, FrameFeature, Tonnetz
from woodshed.features.chroma import chroma_filters
from woodshed.units import PITCH_CLASSES

RATE = 22050


def tone(midi_pitch: float, duration_s: float = 1.0) -> Clip:
    return sine(440 * 2 ** ((midi_pitch - 69) / 12), duration_s, sample_rate=RATE)


@pytest.mark.parametrize(("sample_rate", "n_fft"), [(22050, 2048), (16000, 800), (44100, 8192)])
@pytest.mark.parametrize("tuning", [0.0, -0.4])
def test_filters_equal_librosas(sample_rate, n_fft, tuning) -> None:
    expected = librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=tuning)
    assert np.abs(chroma_filters(sample_rate, n_fft, tuning) - expected.T).max() < 1e-6


@pytest.mark.parametrize("feature", [Chroma(n_fft=4096), ChromaCqt()], ids=["stft", "cqt"])
@pytest.mark.parametrize("midi_pitch", range(57, 69))
def test_every_tone_is_in_its_pitch_class_in_every_octave(feature, midi_pitch) -> None:
    for octave in (0, 12):
        chroma = feature(tone(midi_pitch + octave))
        assert chroma[20].argmax() == midi_pitch % 12
        assert feature.names[midi_pitch % 12] == f"chroma_{PITCH_CLASSES[midi_pitch % 12]}"


def test_norms() -> None:
    clip = noise(duration_s=0.5, sample_rate=RATE)
    largest, shares, plain = (Chroma(norm=norm)(clip) for norm in ("max", "sum", "none"))
    assert np.allclose(largest.max(axis=1), 1.0)
    assert np.allclose(shares.sum(axis=1), 1.0, atol=1e-5)
    assert np.allclose(plain / plain.sum(axis=1, keepdims=True), shares, atol=1e-5)


@pytest.mark.parametrize("feature", [Chroma(), Chroma(norm="sum"), ChromaDeviation(), ChromaCqt(), Tonnetz()])
def test_silence_has_no_pitch_class(feature: FrameFeature) -> None:
    assert not feature(Clip(np.zeros(RATE), RATE)).any()


def test_a_detuned_tone_is_found_at_its_tuning() -> None:
    clip = tone(69.45)
    at_concert_pitch, tuned = (Chroma(n_fft=8192, tuning=tuning)(clip)[20] for tuning in (0.0, 0.45))
    assert tuned.argmax() == 9
    assert tuned[10] < 0.2
    assert at_concert_pitch[10] > 0.6


def test_deviation_is_that_of_the_shares() -> None:
    clip = Clip(tone(60).samples + 0.1 * noise(sample_rate=RATE).samples, RATE)
    expected = Chroma(norm="sum")(clip).std(axis=1)
    assert np.allclose(ChromaDeviation()(clip)[:, 0], expected, atol=1e-5)
    assert ChromaDeviation()(tone(69))[20, 0] > 4 * ChromaDeviation()(noise(sample_rate=RATE))[20, 0]


@pytest.mark.parametrize("midi_pitch", [36, 60, 84, 96])
def test_constant_q_finds_semitones_low_and_high(midi_pitch) -> None:
    magnitude = Cqt()(tone(midi_pitch, 2.0))[40]
    assert magnitude.argmax() == midi_pitch - 24
    neighbours = magnitude[[midi_pitch - 26, midi_pitch - 22]]
    assert (neighbours < 0.1 * magnitude.max()).all()


def test_tonnetz_puts_related_chords_near_each_other() -> None:
    def chord(*pitches: int) -> np.ndarray:
        return Tonnetz()(Clip(sum(tone(pitch).samples for pitch in pitches) / 3, RATE))[15:30].mean(axis=0)

    c_major, a_minor, f_sharp_major = chord(60, 64, 67), chord(57, 60, 64), chord(66, 70, 73)
    assert np.linalg.norm(c_major - a_minor) < 0.5 * np.linalg.norm(c_major - f_sharp_major)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (Chroma, {"norm": "l2"}, "Chroma does not support norm='l2'. Known: max, none, sum"),
        (Chroma, {"tuning": float("nan")}, "finite number for tuning, got nan"),
        (Cqt, {"n_bins": 120}, "end below 11025 Hz .half of sample_rate., got 32[0-9]+ Hz. Lower n_bins"),
        (Tonnetz, {"sample_rate": 8000}, "end below 4000 Hz .* Lower n_octaves or f_min_hz"),
        (Cqt, {"f_min_hz": 0}, "f_min_hz between 0 and 11025, got 0"),
    ],
)
def test_a_bad_setting_is_named(kind, settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        kind(**settings)
