"""Writing: whole, as asked, and never over another file by accident."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import info, noise, read, sine, write
from woodshed.audio.write import Writer, check_target, quantise
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
    with pytest.raises(OutputError, match=r"a\.wav already exists.*overwrite=True"):
        write(noise(), path)
    assert read(write(noise(duration_s=0.5), path, overwrite=True)).duration_s == 0.5


def test_samples_beyond_full_scale_are_clipped_and_counted(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"a\.wav: 2 samples beyond ±1 were clipped"):
        write(Clip(np.array([0.5, 1.5, -7.0]), 8000), tmp_path / "a.wav")
    np.testing.assert_allclose(read(tmp_path / "a.wav").samples, [[0.5, 1.0, -1.0]], atol=1e-4)


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"old")
    with pytest.raises(
        OutputError, match=r"MP3 does not support 1 channel at 12345 Hz .*only supports.*Resample"
    ):
        write(sine(440, sample_rate=12345), tmp_path / "a.mp3", overwrite=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_unknown_suffix_and_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"cannot write \.wave?v\. Did you mean \.wav"):
        write(sine(440), tmp_path / "a.wavv")
    with pytest.raises(ParameterError, match="cannot write a file without suffix"):
        check_target(tmp_path / "a")
    with pytest.raises(OutputError, match="nowhere"):
        write(sine(440), tmp_path / "nowhere" / "a.wav")


@pytest.mark.parametrize(
    ("name", "encoding", "codec"),
    [
        ("a.wav", None, "WAV PCM_16"),
        ("a.wav", "pcm8", "WAV PCM_U8"),
        ("a.wav", "pcm24", "WAV PCM_24"),
        ("a.wav", "pcm32", "WAV PCM_32"),
        ("a.wav", "float32", "WAV FLOAT"),
        ("a.wav", "float64", "WAV DOUBLE"),
        ("a.aiff", "pcm8", "AIFF PCM_S8"),
        ("a.flac", "pcm8", "FLAC PCM_S8"),
        ("a.flac", "pcm24", "FLAC PCM_24"),
        ("a.ogg", 0.5, "OGG VORBIS"),
        ("a.opus", None, "OGG OPUS"),
        ("a.mp3", 0.0, "MP3 MPEG_LAYER_III"),
    ],
)
def test_each_format_has_its_encodings(
    tmp_path: Path, name: str, encoding: str | float | None, codec: str
) -> None:
    clip = Clip(np.random.default_rng(0).uniform(-0.99, 0.99, (2, 4800)), 48000)
    path = write(clip, tmp_path / name, encoding=encoding)
    assert info(path).codec.replace("MPEG MPEG", "MP3 MPEG") == codec
    n_bits = {"8": 8, "6": 16, "4": 24, "2": 24}.get(codec[-1])  # float32 holds 24 bits
    if n_bits:
        np.testing.assert_allclose(read(path).samples, clip.samples, atol=0.51 / 2 ** (n_bits - 1))
    elif encoding in ("float32", "float64"):
        assert read(path) == clip


def test_floats_are_not_clipped(tmp_path: Path) -> None:
    loud = Clip(np.array([0.5, 1.5, -7.0]), 8000)
    assert read(write(loud, tmp_path / "a.wav", encoding="float32")) == loud


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".mp3"])
def test_a_better_quality_takes_more_room_and_errs_less(tmp_path: Path, suffix: str) -> None:
    clip = noise("pink", 2.0, sample_rate=48000)
    poor, good = (write(clip, tmp_path / f"{q}{suffix}", encoding=q) for q in (0.0, 1.0))
    assert good.stat().st_size > 1.5 * poor.stat().st_size
    spectra = [np.abs(np.fft.rfft(c.samples[0, :96000])) for c in (clip, read(poor), read(good))]
    assert np.abs(spectra[2] - spectra[0]).mean() < np.abs(spectra[1] - spectra[0]).mean()


@pytest.mark.parametrize(
    ("name", "encoding", "words"),
    [
        (
            "a.flac",
            "float32",
            r"a\.flac: \.flac does not support the encoding 'float32'. Known: pcm16, pcm24, pcm8",
        ),
        ("a.wav", "pcm12", r"does not support the encoding 'pcm12'\. Did you mean pcm"),
        ("a.wav", 0.5, r"does not support the encoding 0\.5"),
        ("a.mp3", "pcm16", r"\.mp3 expects a quality from 0 \(small\) to 1 \(best\), got 'pcm16'"),
        ("a.ogg", 1.5, r"got 1\.5"),
        ("a.ogg", float("nan"), "got nan"),
    ],
)
def test_encodings_that_a_format_does_not_have_are_refused(
    tmp_path: Path, name: str, encoding: str | float, words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        write(sine(440), tmp_path / name, encoding=encoding)
    assert not list(tmp_path.iterdir())


def test_rounding_is_to_the_nearest_step_in_the_middle_of_the_scale() -> None:
    steps = quantise(np.array([0.4, 0.6, -0.4, -0.6, 1e9, -1e9], np.float32) / 128, 8, None) >> 24
    assert steps.tolist() == [0, 1, 0, -1, 127, -128]


def test_dither_is_triangular_noise_of_one_step() -> None:
    """Its error has no mean and a variance of 1/4 step, whatever the value: theory for triangular dither."""
    for value in (0.0, 0.25, 0.5):
        steps = quantise(np.full(200_000, value / 128, np.float32), 8, np.random.default_rng(1)) / 2**24
        assert steps.mean() == pytest.approx(value, abs=0.005)
        assert steps.var() == pytest.approx(0.25, abs=0.005)


FULL_DISK = """
import resource, signal, sys
import numpy as np
from woodshed.audio import write
from woodshed.clip import Clip
from woodshed.errors import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
for path in sys.argv[1:]:
    try:
        write(Clip(np.random.default_rng(0).normal(0, 0.1, 400000), 48000), path, overwrite=True)
    except OutputError as error:
        sys.stdout.write(f"{error}\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_told_and_leaves_the_old_file(
    tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    paths = [tmp_path / f"a{suffix}" for suffix in (".flac", ".mp3", ".ogg", ".opus", ".wav")]
    for path in paths:
        path.write_bytes(b"old")
    ended = python(FULL_DISK, *paths)
    for path, line in zip(paths, ended.stdout.splitlines(), strict=True):
        assert line.startswith(f"{path} could not be written")
        assert "disk is full" in line
    assert ended.stderr == ""
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(paths, b"old")


def test_an_interruption_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(sine(440), tmp_path / "a.wav")
    old = path.read_bytes()

    whole = Writer.write

    def interrupted(self: Writer, samples: np.ndarray) -> None:
        whole(self, samples)
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(noise(), path, overwrite=True)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [old]
