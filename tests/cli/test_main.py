"""Options before the verb, and completion by the shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed.nets import NETS
from woodshed.tasks import TASKS
from woodshed.workflows.listing import REGISTRIES

Cli = Callable[..., Any]


@pytest.fixture
def mixed(tmp_path: Path, unseen_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the current folder, with a sound and a file that is none."""
    (tmp_path / "a.wav").write_bytes(next(iter(sorted((unseen_folder / "rise").iterdir()))).read_bytes())
    (tmp_path / "b.wav").write_text("no sound", "utf-8")
    monkeypatch.chdir(tmp_path)  # a long path would be cut in the table
    return "."


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_quiet_prints_results_only(cli: Cli, mixed: str, flag: str) -> None:
    assert "b.wav" in cli("audio", "info", mixed).err
    finished = cli(flag, "audio", "info", mixed)
    assert (finished.code, finished.err) == (0, "")
    assert "a.wav" in finished.out
    assert "b.wav" in cli("audio", "info", mixed).err  # quiet lasts for one run


def test_quiet_still_prints_errors(cli: Cli, tmp_path: Path) -> None:
    finished = cli("-q", "info", tmp_path / "none")
    assert finished.code == 2
    assert "error" in finished.err


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
def test_verbose_prints_the_traceback(cli: Cli, tmp_path: Path, flag: str) -> None:
    finished = cli(flag, "info", tmp_path / "none")
    assert finished.code == 2
    assert "Traceback" in finished.err
    assert "Traceback" not in cli("info", tmp_path / "none").err


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("woodshed ge", ["generate"]),
        ("woodshed -q inf", ["info"]),
        ("woodshed audio no", ["normalise"]),
        ("woodshed list ", list(REGISTRIES)),
        ("woodshed list ne", ["nets"]),
        ("woodshed train x --task ", list(TASKS)),
        ("woodshed train x --task speech --net mu", [name for name in NETS if name.startswith("mu")]),
        ("woodshed audio info --js", ["--json"]),
    ],
)
def test_the_shell_completes(python: Callable[..., Any], line: str, expected: list[str]) -> None:
    words = line.split()
    ran = python(
        "from woodshed.cli import main; main([])",
        _WOODSHED_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=str(len(words) if line.endswith(" ") else len(words) - 1),
    )
    assert ran.stdout.split() == expected, ran.stderr


def test_the_script_for_the_shell_is_shown(python: Callable[..., Any]) -> None:
    program = "from woodshed.cli import main; main(['--show-completion', 'bash'])"
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # there may be no shell above the tests
    assert "_WOODSHED_COMPLETE=complete_bash" in python(program, **named).stdout


def test_completion_stays_light(python: Callable[..., Any]) -> None:
    heavy = ["numpy", "scipy", "keras", "sklearn", "matplotlib"]
    program = (
        "import sys\nfrom woodshed.cli import main\ntry:\n    main([])\nexcept SystemExit:\n"
        f"    print([name for name in {heavy} if name in sys.modules])"
    )
    ran = python(program, _WOODSHED_COMPLETE="complete_bash", COMP_WORDS="woodshed ge", COMP_CWORD="1")
    assert ran.stdout.split("\n")[-2] == "[]", ran.stderr
