"""Names of modules and classes: each says what it holds, and none occurs twice."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from tests.architecture.source import modules, place, tree

N_MODULES = 30
"""Most modules in a folder."""

FOLDERS_OF_EQUALS = {"corpora": 60, "nets": 45, "features": 50}
"""Folders with one module for each entry of a registry, and the most that each may hold."""

VAGUE = re.compile(
    r"(answering|arrays?|candidate|column|common|composing|deal|errand|familiar|hearing|helpers?|learning|likeness"
    r"|lobotomy|machine|material|misc|meter|notebook|opening|pen|plane|quiet|reading|second_opinion|steady"
    r"|stepping|stuff|trial|utils?|written)"
)
"""Names of modules that do not say what is in them."""


def test_no_two_public_classes_have_one_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for name, path in modules().items():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_no_folder_is_crowded() -> None:
    paths = modules().values()
    sizes = {folder: len(list(folder.glob("[!_]*.py"))) for folder in {path.parent for path in paths}}
    crowded = {
        place(folder): size
        for folder, size in sizes.items()
        if size > FOLDERS_OF_EQUALS.get(folder.name, N_MODULES)
    }
    assert crowded == {}


def test_names_of_modules_say_what_is_in_them() -> None:
    assert [place(path) for path in modules().values() if VAGUE.fullmatch(path.stem)] == []
