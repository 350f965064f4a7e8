from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from woodshed import audio
from woodshed.clip import Clip
from woodshed.data.example import Example
from woodshed.errors import AudioError, ParameterError
from woodshed.html.clip import MAX_S, N_LEVELS, flac, png, sound_of, spectrogram_png, waveform_svg


def pixels_of(content: bytes) -> np.ndarray:
    """Decode with Pillow, which did not write it: shape (height, width, 4), 0 to 1."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGBA"), dtype=np.float32) / 255


def test_png_is_read_back_point_by_point() -> None:
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (7, 4), dtype=np.uint8)
    pixels = rng.integers(0, 7, (5, 9), dtype=np.uint8)
    assert np.array_equal(np.rint(pixels_of(png(pixels, palette)) * 255), palette[pixels])


def test_png_refuses_a_point_without_colour() -> None:
    with pytest.raises(ParameterError, match="one for each value"):
        png(np.full((2, 2), 3, np.uint8), np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize("sample_rate", [8000, 11025, 16000])
def test_spectrogram_rises_with_the_pitch(sample_rate: int) -> None:
    sweep = audio.chirp(200.0, 3500.0, duration_s=2.0, sample_rate=sample_rate)
    ink = pixels_of(spectrogram_png(sweep))[..., 3]
    height = ink.argmax(axis=0)[5:-5]
    assert ink.shape[0] == 48
    assert ink.shape[1] <= 500
    assert np.corrcoef(np.arange(height.size), height)[0, 1] < -0.9  # rows count from the top


def test_spectrogram_of_silence_is_paper() -> None:
    assert not pixels_of(spectrogram_png(Clip(np.zeros(8000), 8000)))[..., 3].any()


def test_spectrogram_is_small() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, 5 * 16000)
    assert len(spectrogram_png(Clip(noise, 16000))) < 48 * 260 * np.log2(N_LEVELS) / 8 * 1.1


def test_waveform_shows_where_it_is_loud() -> None:
    samples = np.concatenate([np.zeros(800), np.sin(np.arange(800))]).astype(np.float32)
    path = ET.fromstring(waveform_svg(samples, 16))[0].get("d")
    assert path is not None
    points = [tuple(map(int, point.split())) for point in path[1:-1].split("L")]
    assert len(points) == 32
    heights = [max(y for x, y in points if x == k) - min(y for x, y in points if x == k) for k in range(16)]
    assert max(heights[:8]) <= 1 < 90 < min(heights[8:])


@pytest.mark.parametrize("samples", [np.zeros(1), np.zeros(100), np.array([0.5])])
def test_waveform_of_next_to_nothing(samples: np.ndarray) -> None:
    ET.fromstring(waveform_svg(samples.astype(np.float32)))


def test_flac_keeps_16_bits_and_clips() -> None:
    samples, rate = soundfile.read(io.BytesIO(flac(Clip(np.array([[0.25, 2.0], [0.75, 2.0]]), 16000))))
    assert rate == 16000
    assert np.allclose(samples, [0.5, 1.0], atol=1 / 32768)


def test_sound_is_the_examples_stretch_at_most_five_seconds(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    samples = np.concatenate([np.zeros(44100), 0.5 * np.ones(44100 * 7)])
    soundfile.write(path, np.stack([samples, samples], axis=1), 44100)
    sound = sound_of(Example(path, "x", start_s=2.0))
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(sound.audio_uri.split(",")[1])))
    assert (rate, heard.ndim, heard.size) == (16000, 1, MAX_S * 16000)
    assert (sound.duration_s, sound.cut) == (5.0, True)
    assert np.median(heard) == pytest.approx(0.5, abs=0.01)
    short = sound_of(Example(path, "x", start_s=0.5, end_s=0.75))
    assert (short.duration_s, short.cut) == (0.25, False)


def test_sound_of_a_missing_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: there is no such file"):
        sound_of(Example(tmp_path / "gone.wav", "x"))
