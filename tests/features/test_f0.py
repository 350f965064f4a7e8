"""Pitch trackers, against tones whose pitch is known."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from woodshed.audio import noise, read, silence, sine
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import Pyin, Yin

RATE = 16000


def voice(f0_hz: float, duration_s: float = 0.5) -> np.ndarray:
    return sum(sine(k * f0_hz, duration_s, amplitude=0.3 / k).samples[0] for k in range(1, 6))


@pytest.mark.parametrize("f0_hz", [70.0, 110.0, 220.5, 987.0])
def test_yin_measures_tones_within_a_tenth_of_a_semitone(f0_hz) -> None:
    track = Yin()(Clip(voice(f0_hz), RATE))[5:-5, 0]
    assert (np.abs(12 * np.log2(track / f0_hz)) < 0.1).all()


def test_pyin_says_where_there_is_a_voice_and_where_not() -> None:
    parts = [voice(150), np.zeros(8000), 0.1 * noise(duration_s=0.5, seed=2).samples[0], voice(300)]
    track = Pyin(f_max_hz=600.0, hop_length=320)(Clip(np.concatenate(parts), RATE))
    f0_hz, voiced, probability = (column.reshape(-1)[: 4 * 25].reshape(4, 25)[:, 4:-4] for column in track.T)
    assert np.allclose(f0_hz[0], 150, rtol=0.01)
    assert np.allclose(f0_hz[3], 300, rtol=0.01)
    assert voiced[[0, 3]].all()
    assert not voiced[1].any()
    assert not f0_hz[1].any(), "no pitch is 0 Hz, not NaN"
    assert voiced[2].mean() < 0.3
    assert probability[[0, 3]].min() > 0.5 > probability[1:3].mean()


@pytest.mark.parametrize("feature", [Yin(), Pyin()])
def test_silence_has_no_pitch(feature) -> None:
    assert not feature(silence(0.2)).any()


def test_the_threshold_of_yin_decides_between_octaves() -> None:
    """Two periods fit a sound whose periods alternate better than one, but one is good enough below 0.1."""
    clip = Clip(voice(400) + 0.12 * voice(200), RATE)
    low, high = (np.median(Yin(trough_threshold=t)(clip)[5:-5]) for t in (0.001, 0.3))
    assert low == pytest.approx(200, rel=0.01)
    assert high == pytest.approx(400, rel=0.01)


@pytest.mark.data
def test_yin_finds_the_notes_of_phrases(shared_data) -> None:
    with open(shared_data / "solo_phrases" / "notes.csv", encoding="utf-8") as file:
        notes = [row for row in csv.DictReader(file) if row["path"] == "audio/violin/violin_0300.flac"]
    clip = read(shared_data / "solo_phrases" / "audio" / "violin" / "violin_0300.flac", sample_rate=RATE)
    track = Yin(f_min_hz=180.0)(clip)[:, 0]
    errors = []
    for note in notes:
        start, stop = (int(100 * float(note[name])) for name in ("onset_s", "offset_s"))
        middle = track[start + 8 : stop - 4]
        if len(middle):
            pitch = 69 + 12 * np.log2(np.median(middle) / 440)
            errors.append(abs(pitch - int(note["midi_pitch"])))
    assert len(errors) > 20
    assert np.mean(np.array(errors) < 0.5) > 0.9


@pytest.mark.parametrize("kind", [Yin, Pyin])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"f_max_hz": 9000.0}, "f_min_hz < f_max_hz <= 8000 .half of sample_rate., got f_min_hz=65"),
        ({"f_min_hz": 500.0, "f_max_hz": 400.0}, "got f_min_hz=500, f_max_hz=400"),
        (
            {"f_min_hz": 500.0, "f_max_hz": 550.0},
            "at least two semitones above f_min_hz=500, got f_max_hz=550",
        ),
        ({"f_min_hz": 20.0}, "two periods of f_min_hz=20 in a frame, more than 1600 samples, got frame_len"),
    ],
)
def test_a_bad_setting_is_named(kind, settings, message) -> None:
    with pytest.raises(ParameterError, match=f"{kind.__name__} .*{message}"):
        kind(**settings)
