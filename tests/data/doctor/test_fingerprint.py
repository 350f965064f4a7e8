"""The fingerprint: one recording is found again after small changes, and another take is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio.edit import resample
from woodshed.audio.read import read
from woodshed.clip import Clip
from woodshed.data.doctor.copies import ALIKE, WITHIN_DB
from woodshed.data.doctor.fingerprint import fingerprint, likeness, narrowed, neighbours


def db_apart(a: Clip, b: Clip) -> float:
    return float(np.sqrt(np.mean((fingerprint(narrowed(a)) - fingerprint(narrowed(b))) ** 2)))


def again(clip: Clip, place: Path, **how: str) -> Clip:
    soundfile.write(place, clip.samples.T, clip.sample_rate, **how)
    return read(place)


@pytest.fixture(scope="module")
def words(sample_corpus_folder: Path) -> list[Clip]:
    recordings = sample_corpus_folder / "recordings"
    return [read(path) for digit in (4, 9) for path in sorted(recordings.glob(f"{digit}_nicolas_*.flac"))]


@pytest.mark.parametrize("how", ["softer", "turned over", "ogg", "mp3", "trimmed", "resampled", "all"])
def test_found_again_after(how: str, words: list[Clip], tmp_path: Path) -> None:
    for clip in words[:4]:
        n = clip.n_samples
        higher = resample(clip, 11025)
        changed = {
            "softer": lambda clip=clip: Clip(clip.samples * 0.1, clip.sample_rate),
            "turned over": lambda clip=clip: Clip(-clip.samples, clip.sample_rate),
            "ogg": lambda clip=clip: again(clip, tmp_path / "a.ogg"),
            "mp3": lambda higher=higher: again(resample(higher, 16000), tmp_path / "a.mp3"),
            "trimmed": lambda clip=clip, n=n: Clip(clip.samples[:, n // 40 : n - n // 40], clip.sample_rate),
            "resampled": lambda higher=higher: higher,
            "all": lambda higher=higher: again(
                Clip(0.5 * higher.samples[:, 150:], higher.sample_rate), tmp_path / "b.ogg"
            ),
        }[how]()
        assert db_apart(clip, changed) < WITHIN_DB
        assert likeness(narrowed(clip), narrowed(changed)) > ALIKE


def test_takes_of_one_word_are_told_apart(words: list[Clip]) -> None:
    assert len(words) > 8
    heard = [narrowed(clip) for clip in words]
    alike = [likeness(a, b) for k, a in enumerate(heard) for b in heard[:k]]
    assert max(alike) < ALIKE


def test_likeness_is_the_correlation_at_the_best_shift() -> None:
    rng = np.random.default_rng(0)
    wave, other = rng.normal(size=(2, 4000)).astype(np.float32)
    # Independent parts: the correlation of x with x + y is 1 / sqrt(2).
    mixed = (wave + other * np.linalg.norm(wave) / np.linalg.norm(other)).astype(np.float32)
    assert likeness(wave, mixed) == pytest.approx(1 / np.sqrt(2), abs=0.03)
    assert likeness(wave, wave[137:]) == pytest.approx(1, abs=1e-6)
    assert likeness(wave[137:], wave) == pytest.approx(1, abs=1e-6)


def test_half_a_sample_late_is_still_alike() -> None:
    rng = np.random.default_rng(1)
    wave = np.convolve(rng.normal(size=8000), np.hanning(5), "same")
    half = np.fft.irfft(np.fft.rfft(wave) * np.exp(-1j * np.pi * np.fft.rfftfreq(8000)), 8000)
    assert likeness(wave.astype(np.float32), half.astype(np.float32)) > 0.97


def test_silence_is_like_nothing() -> None:
    silence = np.zeros(4000, dtype=np.float32)
    noise = np.random.default_rng(0).normal(size=4000).astype(np.float32)
    assert likeness(silence, noise) < 0.1


def test_neighbours_are_those_of_a_plain_search() -> None:
    prints = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    apart = np.sqrt(np.mean((prints[:, np.newaxis] - prints) ** 2, axis=2))
    expected = {(a, b) for a in range(60) for b in range(a + 1, 60) if apart[a, b] < 0.9}
    assert set(neighbours(prints, within_db=0.9, n_most=59)) == expected
    assert 0 < len(expected) < 60 * 59 / 2
    assert neighbours(prints[:1], within_db=9) == []
