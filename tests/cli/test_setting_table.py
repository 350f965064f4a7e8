"""The table of settings, from which the command line gets its flags without importing tasks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from woodshed.cli import setting_table
from woodshed.cli.setting_table import PATH, Setting, settings_of, table_text, task_settings
from woodshed.tasks import GENERATORS, TASKS


def test_the_table_is_that_of_the_classes() -> None:
    assert json.loads(PATH.read_text("utf-8")) == json.loads(table_text()), (
        "A setting or its description changed. Run: python -m woodshed.cli.setting_table"
    )


def test_every_setting_is_described() -> None:
    for verb, tasks in {"train": TASKS, "generate": GENERATORS}.items():
        for task, settings in task_settings(verb, tasks).items():
            assert settings, task
            assert all(setting.description for setting in settings.values()), task


def test_a_task_that_is_not_in_the_table_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Toy:
        """Model of a toy.

        Parameters
        ----------
        width
            Number of channels.
        """

        width: int | None = 3

    monkeypatch.setattr(setting_table, "CLASSES", {"train": lambda task: Toy})
    assert task_settings("train", ["toy"]) == {"toy": {"width": Setting("int", "3", "Number of channels.")}}


def test_a_setting_of_an_unknown_type_is_refused() -> None:
    @dataclass
    class Toy:
        width: complex = 1j

    with pytest.raises(TypeError, match="Add the type to KINDS"):
        settings_of(Toy)


@pytest.mark.parametrize("verb", ["train", "compare", "generate", "predict", "doctor"])
def test_the_help_of_a_verb_imports_no_heavy_package(python: Callable[..., Any], verb: str) -> None:
    heavy = ["numpy", "scipy", "keras", "sklearn", "matplotlib", "pydantic"]
    program = (
        "import sys\nfrom woodshed.cli import main\ntry:\n    main([sys.argv[1], '--help'])\n"
        f"except SystemExit:\n    print([name for name in {heavy} if name in sys.modules])"
    )
    ran = python(program.replace("sys.argv[1]", repr(verb)))
    assert ran.stdout.split("\n")[-2] == "[]", ran.stderr
    assert "Usage" in ran.stdout
