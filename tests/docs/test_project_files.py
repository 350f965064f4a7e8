"""The files about the project agree with the code: CONTRIBUTING, CITATION and SECURITY."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import woodshed
from woodshed.workflows.listing import REGISTRIES

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "woodshed"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

MADE_BY_THE_FIRST = {"composition/algorithmic"}
"""Packages that the first addition of their kind makes."""


def test_the_drawing_of_the_layers_is_the_import_contract() -> None:
    drawing = re.search(r"```\n(__main__ .*?)```", CONTRIBUTING, re.S)[1]
    drawn = [re.split(r" {2,}", line)[0].split(" | ") for line in drawing.splitlines()]
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    assert [set(layer) for layer in drawn] == [set(layer.split(" | ")) for layer in contract["layers"]]


def test_every_file_that_contributing_names_is_there() -> None:
    paths = re.findall(r"`([\w./]+/[\w./]*)`", CONTRIBUTING)
    assert len(paths) > 60
    generated = ("site/", "src/woodshed/")
    for path in paths:
        if path in generated:
            continue
        folder, placeholder, _ = path.partition("NAME")
        if folder.rstrip("/") in MADE_BY_THE_FIRST:
            continue
        place = folder if placeholder else path
        assert (ROOT / place).exists() or (SOURCE / place).exists(), path


def test_a_reading_path_has_ten_files() -> None:
    section = CONTRIBUTING.split("## Reading path")[1].split("\n## ")[0]
    files = re.findall(r"^\d+\. `([\w/.]+)`", section, re.MULTILINE)
    assert len(files) == len(set(files)) == 20
    assert all((SOURCE / file).is_file() for file in files)


@pytest.mark.parametrize("name", REGISTRIES)
def test_contributing_says_how_to_add_to_every_registry(name: str) -> None:
    module, _, attribute = REGISTRIES[name].place.partition(":")
    file = module.removeprefix("woodshed.").replace(".", "/") + "/__init__.py"
    rows = [row for row in CONTRIBUTING.splitlines() if row.startswith("| ") and f"in `{file}`" in row]
    assert any(f"`{attribute}`" in row for row in rows)


def test_the_classical_estimators_and_verbs_are_where_contributing_says() -> None:
    assert import_module("woodshed.recognition.classical").CLASSICAL
    assert import_module("woodshed.cli").VERBS
    assert import_module("woodshed.cli.audio").VERBS


def test_the_changelog_names_the_replacement_of_every_former_flag_and_verb() -> None:
    from woodshed.cli import FORMER_FLAGS, FORMER_VERBS

    text = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## 0.1.0")[0]
    rows = dict(re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", text, re.MULTILINE))
    replaced = {before.removeprefix("woodshed ").removesuffix(" N"): now for before, now in rows.items()}
    replaced["--list"] = replaced.pop("features --list")
    for before, now in (FORMER_FLAGS | FORMER_VERBS).items():
        assert replaced[before].removesuffix(" N") == now


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {woodshed.__version__}\n" in citation
    assert f"\nlicense: {PROJECT['project']['license']}\n" in citation


def test_the_limit_that_security_states_is_that_of_the_code() -> None:
    from woodshed.recognition.classical.model import MAX_ELEMENTS

    assert MAX_ELEMENTS == 2**26
    assert "2²⁶ elements" in (ROOT / "SECURITY.md").read_text("utf-8").replace("\n", " ")
