"""``woodshed plot``: pictures from the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from woodshed import audio


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """Return a file with a second of a tone."""
    return audio.write(audio.sine(440.0), tmp_path / "tone.wav")


def test_the_picture_is_named_after_the_sound_and_lies_where_one_is(
    cli: Callable[..., Any], tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    finished = cli("plot", tone, "--dpi", 50)
    assert (finished.code, finished.out.strip()) == (0, "waveform, spectrogram of 1 sound: tone.png")
    with Image.open("tone.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 11 * 50
    again = cli("plot", tone)
    assert (again.code, "tone.png already exists" in again.err, "--force" in again.err) == (2, True, True)
    assert cli("plot", tone, "--force").code == 0


def test_every_flag_reaches_the_picture(cli: Callable[..., Any], tone: Path, tmp_path: Path) -> None:
    asked = [
        *("plot", tone, "--as", "waveform,mel", "--as", "chroma", "--start-s", 0.25, "--end-s", 0.75),
        *("--theme", "dark", "--title", "A tone", "--width-in", 6, "--height-in", 5, "--dpi", 60),
    ]
    finished = cli(*asked, "--out", tmp_path / "a.png")
    assert (finished.code, finished.out.split(" of ")[0]) == (0, "waveform, mel, chroma")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (360, 300)
        assert picture.convert("RGB").getpixel((1, 1)) == (0x14, 0x17, 0x1B)
    whole = (tmp_path / "a.png").read_bytes()
    for flag in ("--start-s", "--end-s", "--title"):
        place = asked.index(flag)
        assert cli(*asked[:place], *asked[place + 2 :], "--out", tmp_path / "b.png", "--force").code == 0
        assert (tmp_path / "b.png").read_bytes() != whole, flag


def test_a_page_can_play_what_it_shows(cli: Callable[..., Any], tone: Path, tmp_path: Path) -> None:
    assert cli("plot", tone, "--as", "waveform", "--out", tmp_path / "a.html").code == 0
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<audio") == 1
    assert page.count("data:audio/flac;base64,") == 1
    assert page.count("<img") == 2  # light and dark


def test_a_folder_stands_for_its_sounds_and_a_bad_one_is_named(
    cli: Callable[..., Any], tone: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.wav").write_text("not a sound")
    finished = cli("plot", tmp_path, "--as", "waveform", "--out", tmp_path / "a.svg", "--dpi", 40)
    assert (finished.code, finished.out.split(":")[0]) == (0, "waveform of 1 sound")
    assert "skipped" in finished.err
    assert "broken.wav: it is text, not audio" in finished.err
    strict = cli("plot", tmp_path, "--strict", "--as", "waveform", "--out", tmp_path / "b.svg")
    assert (strict.code, (tmp_path / "b.svg").exists()) == (2, False)
    alone = cli("plot", tmp_path / "broken.wav", "--out", tmp_path / "b.svg")
    assert (alone.code, "broken.wav: it is text, not audio" in alone.err) == (2, True)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Return a folder of two classes: low tones and high ones, louder and louder."""
    for name, f0_hz in (("low", 300.0), ("high", 2000.0)):
        (tmp_path / "words" / name).mkdir(parents=True)
        for k in range(4):
            clip = audio.sine(f0_hz * (1 + 0.1 * k), 0.2, amplitude=0.1 + 0.1 * (k * 3 % 4))
            audio.write(clip, tmp_path / "words" / name / f"{k}.wav")
    return tmp_path / "words"


def test_a_decision_map_is_drawn_by_two_features(
    cli: Callable[..., Any], words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WOODSHED_CACHE", str(tmp_path / "cache"))
    (words / "low" / "bad.wav").write_text("not a sound")
    finished = cli("plot", words, "--as", "decision-map", "--by", "centroid,rms:max", "--dpi", 50)
    assert finished.code == 0, finished.err
    said = "8 clips of 2 classes on spectral_centroid_hz_mean and rms_max: decision-map.png"
    assert finished.out.strip() == said
    assert "bad.wav" in finished.err
    with Image.open("decision-map.png") as picture:
        assert (picture.format, picture.width) == ("PNG", 9 * 50)
    by_itself = cli("plot", words, "--as", "decision-map", "--theme", "dark", "--out", "a.svg")
    assert by_itself.code == 0, by_itself.err
    assert b"#14171b" in Path("a.svg").read_bytes()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--as", "decision-map", "--by", "centroid"], "two different features, got centroid"),
        (["--as", "decision-map,mel"], "decision-map cannot be combined with other views"),
        (
            ["--as", "decision-map", "--start-s", "1"],
            "decision-map cannot be combined with other views, --start-s or --end-s",
        ),
        (["--by", "centroid,rms"], "--by needs --as decision-map"),
        (["--as", "decision-map", "--strict"], "1 file is unusable"),
        (["--as", "decision-map", "--out", "a.bmp"], "a.bmp: unsupported figure format .bmp"),
    ],
)
def test_a_decision_map_that_cannot_be_drawn_says_why(
    flags: list[str],
    message: str,
    cli: Callable[..., Any],
    words: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WOODSHED_CACHE", str(tmp_path / "cache"))
    (words / "low" / "bad.wav").write_text("not a sound")
    finished = cli("plot", words, *flags)
    assert (finished.code, finished.out.strip()) == (2, "")
    assert message in " ".join(finished.err.split())
    assert not (tmp_path / "decision-map.png").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--as", "spectogram"], "Did you mean spectrogram?"),
        (["--theme", "sepia"], "Known: dark, light."),
        (["--out", "a.bmp"], "a.bmp: unsupported figure format .bmp"),
        (["--dpi", "1"], "resolution of 20 to 1200 dpi"),
        (["--start-s", "9"], "has no samples at 9.0 s"),
        (["--start-s", "0.5", "--end-s", "0.2"], "end after its start"),
    ],
)
def test_what_cannot_be_drawn_says_what_can(
    flags: list[str],
    message: str,
    cli: Callable[..., Any],
    tone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = cli("plot", tone, *flags)
    assert (finished.code, finished.out.strip()) == (2, "")
    assert message in " ".join(finished.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]


def test_an_empty_folder_is_no_sound(cli: Callable[..., Any], tmp_path: Path) -> None:
    finished = cli("plot", tmp_path)
    assert (finished.code, "No audio files found" in finished.err) == (2, True)


def test_help_loads_nothing_that_draws(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    program = """
import sys
from woodshed.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(sorted({"matplotlib", "librosa", "numpy"} & set(sys.modules)), file=sys.stderr)
"""
    for arguments in (["--help"], ["plot", "--help"]):
        finished = python(program, *arguments)
        assert "plot" in finished.stdout
        assert finished.stderr.strip().splitlines()[-1] == "[]"
