"""``woodshed doctor``: a set of sounds in, a ranked list of what is wrong with it out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed.audio import noise, silence, write

Cli = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label, seed in (("dog", 0), ("rain", 50)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for k in range(4):
            write(noise(duration_s=0.2, seed=seed + k), tmp_path / "set" / label / f"{k}_ann.wav")
    write(silence(0.2), tmp_path / "set" / "dog" / "8_bob.wav")
    write(silence(0.3), tmp_path / "set" / "dog" / "9_bob.wav")
    write(noise(duration_s=0.2, seed=0), tmp_path / "set" / "rain" / "7_bob.flac")
    return tmp_path / "set"


def test_text_ranks_the_findings_and_names_files(cli: Cli, folder: Path) -> None:
    finished = cli("doctor", folder, "-n", 1)
    assert finished.code == 0, finished.err
    assert "11 sounds of 2 classes" in finished.out
    assert finished.out.index("duplicate across classes") < finished.out.index("silent")
    assert "8_bob.wav" in finished.out
    assert "... and 1 more" in finished.out
    assert "fix: " in finished.out


def test_json_holds_all_and_goes_to_a_file(cli: Cli, folder: Path, tmp_path: Path) -> None:
    printed = cli("doctor", folder, "--format", "json", "--group-by", "part:2")
    assert printed.code == 0, printed.err
    told = json.loads(printed.out)
    written = cli("doctor", folder, "--format", "json", "--group-by", "part:2", "--out", tmp_path / "d.json")
    assert written.code == 0, written.err
    assert json.loads((tmp_path / "d.json").read_text("utf-8")) == told
    silent = next(found for found in told["findings"] if found["kind"] == "silent")
    assert [Path(name).name for name in silent["files"]] == ["8_bob.wav", "9_bob.wav"]


def test_a_bad_file_is_a_finding_and_not_the_end(cli: Cli, folder: Path) -> None:
    (folder / "dog" / "bad.wav").write_text("no sound")
    finished = cli("doctor", folder, "--jobs", 1)
    assert finished.code == 0, finished.err
    assert "unreadable" in finished.out
    assert "bad.wav" in finished.out


@pytest.mark.parametrize(
    ("words", "says"), [(["--format", "xml"], "text or json"), (["--group-by", "fold"], "no way to group by")]
)
def test_mistakes_are_named(cli: Cli, folder: Path, words: list[str], says: str) -> None:
    finished = cli("doctor", folder, *words)
    assert finished.code == 2
    assert says in finished.err


def test_no_such_folder(cli: Cli, tmp_path: Path) -> None:
    assert cli("doctor", tmp_path / "nowhere").code == 2


def test_a_flat_folder_and_a_single_file_are_checked(cli: Cli, folder: Path) -> None:
    (folder / "dog" / "phone.m4a").write_bytes(b"an unknown container")
    (folder / "dog" / "talk.mp4").write_bytes(b"an unknown container")
    finished = cli("doctor", folder / "dog", "-n", 9)
    assert finished.code == 0, finished.err
    assert "silent" in finished.out
    assert "phone.m4a" in finished.out
    assert "talk.mp4" in finished.out
    assert "mv" not in finished.out
    single = cli("doctor", folder / "dog" / "8_bob.wav")
    assert single.code == 0, single.err
    assert "8_bob.wav: 1 sound. 1 finding." in single.out


@pytest.mark.skipif(sys.platform == "win32", reason="the command is for a POSIX shell")
def test_after_the_advice_the_excluded_files_are_not_checked(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    told = json.loads(cli("doctor", ".", "--format", "json").out)
    (copies,) = (found for found in told["findings"] if found["kind"] == "duplicate across classes")
    subprocess.run(copies["repair"][copies["repair"].index("mkdir") :], shell=True, cwd=folder, check=True)
    after = json.loads(cli("doctor", ".", "--format", "json").out)
    assert (told["n_sounds"], after["n_sounds"], after["n_classes"]) == (11, 10, 2)
    assert not any(found["kind"].startswith("duplicate") for found in after["findings"])
