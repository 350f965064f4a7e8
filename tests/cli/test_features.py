"""``woodshed features``: sounds in, a table out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio import read, sine, write
from woodshed.features import SpectralCentroid

Cli = Callable[..., Any]


@pytest.fixture
def sounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WOODSHED_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "sounds"
    folder.mkdir()
    for hz in (500, 2000):
        write(sine(hz, duration_s=0.5, sample_rate=16000), folder / f"{hz}.wav")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_a_row_for_each_sound(cli: Cli, sounds: Path, tmp_path: Path) -> None:
    words = ("features", sounds, "--feature", "spectral-centroid", "--statistic", "mean", "--out")
    finished = cli(*words, tmp_path / "t.csv")
    assert finished.code == 0, finished.err
    assert "2 rows of 1 value from 2 sounds" in finished.out
    by_name = {Path(row["path"]).stem: row for row in rows_of(tmp_path / "t.csv")}
    for name in ("500", "2000"):
        (value,) = (float(v) for key, v in by_name[name].items() if key != "path")
        assert value == pytest.approx(float(name), rel=0.2)
    again = cli(*words, tmp_path / "t.csv")
    assert (again.code, "exists already" in again.err) == (2, True)


def test_frames_and_settings(cli: Cli, sounds: Path, tmp_path: Path) -> None:
    finished = cli(
        *(
            "features",
            sounds / "500.wav",
            "--feature",
            "spectral-centroid",
            "--frames",
            "--set",
            "hop_length=80",
        ),
        *("--out", tmp_path / "t.csv"),
    )
    assert finished.code == 0, finished.err
    rows = rows_of(tmp_path / "t.csv")
    expected = SpectralCentroid(hop_length=80)(read(sounds / "500.wav"))[:, 0]
    values = np.array([float(list(row.values())[-1]) for row in rows])
    assert values == pytest.approx(expected, rel=1e-4)
    assert float(rows[3]["time_s"]) == pytest.approx(3 * 80 / 16000)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--feature", "mfc"], "Did you mean mfcc?"),
        (["--set", "hop=3"], "no setting 'hop'"),
        (["--set", "hop"], "Expected NAME=VALUE"),
        (["--statistic", "men"], "Did you mean mean?"),
        (["--out", "t.doc"], "cannot write a table as .doc"),
    ],
)
def test_mistakes_name_the_near_miss(cli: Cli, sounds: Path, flags: list[str], words: str) -> None:
    finished = cli("features", sounds, *flags)
    assert finished.code == 2
    assert words in finished.err


def test_bad_files_are_named_and_strict_refuses(cli: Cli, sounds: Path, tmp_path: Path) -> None:
    (sounds / "bad.wav").write_text("not a sound")
    finished = cli("features", sounds, "--feature", "rms", "--out", tmp_path / "t.csv")
    assert (finished.code, len(rows_of(tmp_path / "t.csv"))) == (0, 2)
    assert "bad.wav" in finished.err
    strict = cli("features", sounds, "--feature", "rms", "--out", tmp_path / "s.csv", "--strict")
    assert strict.code == 2
    assert not (tmp_path / "s.csv").exists()


def test_without_sounds_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    finished = cli("features", tmp_path / "empty", "--out", tmp_path / "t.csv")
    assert (finished.code, "No input files" in finished.err) == (2, True)
    assert not (tmp_path / "t.csv").exists()
