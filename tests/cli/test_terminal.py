"""Terminal output, and the folder of the feature store."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from woodshed.cli import terminal
from woodshed.cli.setting_table import parameter_help
from woodshed.data.doctor.finding import Checkup, Finding
from woodshed.data.example import Skipped
from woodshed.tasks import recognition_tasks, task_class


def test_all_files_are_named_or_a_few_if_a_report_names_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = [Skipped(Path(f"{k}.wav"), "is empty.") for k in range(25)]
    terminal.list_skipped(left_out)
    assert capsys.readouterr().err.count("is empty.") == 25
    terminal.list_skipped(left_out, in_report=True)
    err = capsys.readouterr().err
    assert err.count("is empty.") == 10
    assert "9.wav: is empty." in err
    assert "... and 15 more" in err


def test_the_hint_to_see_more_looks_at_the_same_columns(capsys: pytest.CaptureFixture[str]) -> None:
    found = Checkup(
        "set", 3, 0, (Finding("silent", 0.5, (Path("a.wav"),), "1 sound is silent.", "Remove it."),)
    )
    terminal.name_findings(found, "my table.csv", "valence,arousal")
    terminal.name_findings(found, "sounds")
    told = capsys.readouterr().err
    assert "woodshed doctor 'my table.csv' --target valence,arousal\n" in told
    assert "woodshed doctor sounds\n" in told


def test_a_file_is_named_once_even_if_the_reason_names_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.list_skipped(
        [Skipped(Path("a.wav"), "a.wav: is empty."), Skipped(Path("caf\udce9.wav"), "is odd.")]
    )
    assert capsys.readouterr().err.splitlines() == [
        "note skipped a.wav: is empty.",
        r"note skipped caf\xe9.wav: is odd.",
    ]


def test_brackets_in_names_are_not_taken_for_colours(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("[red]dog[/red].wav [bold]")
    terminal.note("[/]")
    terminal.problem("[blink]")
    terminal.print_table(("[a]", "b"), [("[/b]", "[c]")])
    captured = capsys.readouterr()
    assert captured.out.startswith("[red]dog[/red].wav [bold]\n")
    assert all(word in captured.out for word in ("[/b]", "[c]"))
    assert captured.err == "note [/]\nerror [blink]\n"


def test_long_lines_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("x" * 500)
    terminal.problem("y " * 300)
    captured = capsys.readouterr()
    assert captured.out.count("\n") == captured.err.count("\n") == 1


def test_the_progress_of_each_training_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress_bar() as watcher:
        watcher.begin("unseen [speakers]: fold 1", 4)
        watcher.epoch(0, 1.25, None)
        watcher.epoch(1, 0.75, 0.5)
        watcher.end(0.875)
        watcher.begin("everything", 4)
        watcher.epoch(0, 1.0, None)
        watcher.end(None)
    err = capsys.readouterr().err
    assert "unseen [speakers]: fold 1" in err
    assert "accuracy 88% on held-out data" in err
    assert "everything" in err
    assert "done" in err


@pytest.mark.parametrize("task", sorted(recognition_tasks()))
def test_every_setting_has_its_words_in_the_docstring(task: str) -> None:
    from woodshed.recognition.estimator import Recogniser

    told = parameter_help(Recogniser)
    settings = set(task_class(task)().get_params())
    assert settings <= set(told)
    assert all(len(told[name]) > 10 and "`" not in told[name] for name in settings)


def test_features_are_kept_where_one_says_or_the_system_keeps_such_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WOODSHED_CACHE", str(tmp_path))
    assert terminal.feature_folder() == str(tmp_path / "features")
    monkeypatch.delenv("WOODSHED_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    expected = platformdirs.user_cache_path("woodshed", appauthor=False)
    assert terminal.feature_folder() == str(expected / "features")
    assert sys.platform != "linux" or expected == tmp_path / "xdg" / "woodshed"


WITH_OUTPUT = [
    ["list", "features"],
    ["info", "tune"],
    ["--help"],
    ["features", "{sounds}", "--out", "{out}/f.csv", "--jobs", "1"],
    ["audio", "info", "{sounds}"],
]
"""Commands that print something."""

PROGRAM = "from woodshed.cli import main; main()"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", WITH_OUTPUT)
def test_a_full_disk_for_the_output_is_a_message(
    arguments: list[str], toy_folder: Path, tmp_path: Path
) -> None:
    words = [word.format(sounds=toy_folder, out=tmp_path) for word in arguments]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ran.returncode == 2
    assert "error The output could not be written: No space left on device." in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ")
@pytest.mark.parametrize("arguments", [["list", "features"], ["info", "tune"], ["audio", "info", "{sounds}"]])
def test_a_reader_that_has_ended_is_no_error(arguments: list[str], toy_folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = [word.format(sounds=toy_folder) for word in arguments]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_an_error_of_the_system_in_any_verb_is_a_message(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, toy_folder: Path, tmp_path: Path
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "store")

    monkeypatch.setattr("woodshed.workflows.features.extract", full)
    finished = cli("features", toy_folder, "--out", tmp_path / "f.csv")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err == "error store: No space left on device. Check the disk and the permissions.\n"
