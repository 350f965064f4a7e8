"""Public names of `woodshed`: the list is exact, and a name is imported at its first use."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

import woodshed
from woodshed.tasks import TASKS, task_class


def test_every_public_name_is_there_and_is_listed_once() -> None:
    assert woodshed.__all__ == sorted(set(woodshed.__all__))
    assert all(getattr(woodshed, name) is not None for name in woodshed.__all__)
    assert set(woodshed.__all__) <= set(dir(woodshed))


def test_every_task_is_public() -> None:
    for task in TASKS:
        kind = task_class(task)
        assert kind.__name__ in woodshed.__all__
        assert getattr(woodshed, kind.__name__) is kind


def test_type_checkers_see_the_names_that_are_not_tasks() -> None:
    tree = ast.parse(Path(inspect.getfile(woodshed)).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(woodshed.__all__) - {task_class(task).__name__ for task in TASKS}


def test_names_are_those_of_their_definitions() -> None:
    for name in woodshed.__all__:
        value = getattr(woodshed, name)
        assert value.__name__ == name
        assert value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'woodshed' has no attribute 'Clap'"):
        _ = woodshed.Clap


def test_importing_the_package_imports_no_library(python: Any) -> None:
    ran = python(
        "import sys, woodshed\nwoodshed.__all__, dir(woodshed)\n"
        "heavy = ('numpy', 'scipy', 'soundfile', 'sklearn', 'matplotlib', 'keras', 'onnxruntime')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert ran.stdout.strip() == "[]", ran.stderr
