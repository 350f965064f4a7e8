"""Writing: whole, as asked, and never over another file by accident."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import info, noise, read, sine, write
from woodshed.clip import Clip
from woodshed.errors import OutputError, ParameterError


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".WAV"])
def test_16_bit_files_give_back_the_samples_to_half_a_step(tmp_path: Path, suffix: str) -> None:
    clip = Clip(np.random.default_rng(0).uniform(-0.99, 0.99, (2, 1000)), 22050)
    back = read(write(clip, tmp_path / f"a{suffix}"))
    assert back.sample_rate == 22050
    np.testing.assert_allclose(back.samples, clip.samples, atol=1.01 / 32768)
    assert info(tmp_path / f"a{suffix}").codec.endswith("PCM_16")


@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_lossy_files_keep_a_tone(tmp_path: Path, suffix: str) -> None:
    back = read(write(sine(1000, 1.0), tmp_path / f"a{suffix}"))
    spectrum = np.abs(np.fft.rfft(back.samples[0, :16000]))
    assert int(spectrum.argmax()) == pytest.approx(1000, abs=2)


def test_a_file_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    path = write(sine(440), tmp_path / "a.wav")
    with pytest.raises(OutputError, match=r"a\.wav is there already.*overwrite=True"):
        write(noise(), path)
    assert read(write(noise(duration_s=0.5), path, overwrite=True)).duration_s == 0.5


def test_samples_beyond_full_scale_are_clipped_and_counted(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"a\.wav: 2 samples beyond ±1 were clipped"):
        write(Clip(np.array([0.5, 1.5, -7.0]), 8000), tmp_path / "a.wav")
    np.testing.assert_allclose(read(tmp_path / "a.wav").samples, [[0.5, 1.0, -1.0]], atol=1e-4)


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"old")
    with pytest.raises(OutputError, match="MP3 cannot hold it"):
        write(sine(440, sample_rate=12345), tmp_path / "a.mp3", overwrite=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_unknown_suffix_and_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"cannot write \.wave?v\. Did you mean \.wav"):
        write(sine(440), tmp_path / "a.wavv")
    with pytest.raises(OutputError, match="nowhere"):
        write(sine(440), tmp_path / "nowhere" / "a.wav")
