"""``woodshed list``: what can be chosen by name, and how former spellings are answered."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from woodshed import cli as command_line
from woodshed.cli import FORMER_FLAGS, audio, corpus, score
from woodshed.data.corpora import CORPORA
from woodshed.features import FEATURES
from woodshed.tasks import task_class
from woodshed.workflows.listing import REGISTRIES, list_entries, registry

Cli = Callable[..., Any]


@pytest.mark.parametrize("name", REGISTRIES)
def test_every_registry_is_listed_with_descriptions(cli: Cli, name: str) -> None:
    module, _, attribute = registry(name).place.partition(":")
    names = list(getattr(import_module(module), attribute))
    finished = cli("list", name)
    assert finished.code == 0, finished.err
    assert all(f"\n{one} " in finished.out for one in names)
    listed = json.loads(cli("list", name, "--json").out)
    assert [one["name"] for one in listed] == names
    assert all(len(one["description"]) > 10 and "\n" not in one["description"] for one in listed)
    assert set(registry(name).columns) <= set(listed[0])


def test_a_description_is_the_first_line_of_the_docstring() -> None:
    for entry in list_entries("tasks"):
        assert entry.description == (task_class(entry.name).__doc__ or "").partition("\n")[0]


def test_the_table_of_corpora_shows_a_dash_where_a_number_is_unknown(cli: Cli) -> None:
    out = cli("list", "corpora").out
    cells = {line.split()[0]: line.split()[-2:] for line in out.splitlines() if line[:1].strip()}
    assert set(CORPORA) <= set(cells)
    assert cells["esc50"] == ["2,000", "2.8"]
    assert cells["philharmonia"] == ["–", "–"]


def test_json_of_corpora_holds_all_that_info_tells(cli: Cli) -> None:
    listed = {one["name"]: one for one in json.loads(cli("list", "corpora", "--json").out)}
    assert list(listed) == list(CORPORA)
    facts = json.loads(cli("corpus", "info", "esc50", "--json").out)
    assert facts.items() <= listed["esc50"].items()


def test_what_matters_of_an_entry_is_told() -> None:
    assert {entry.name: entry.facts["output"] for entry in list_entries("tasks")}.items() >= {
        "noise": "classes",
        "tags": "tags",
        "mood": "values",
    }.items()
    assert {entry.name: entry.facts["n_values"] for entry in list_entries("features")}["chroma"] == 12
    assert len(list_entries("features")) == len(FEATURES)


def test_an_unknown_name_is_answered_by_the_near_miss(cli: Cli) -> None:
    finished = cli("list", "feature")
    assert (finished.code, "Did you mean features?" in finished.err) == (2, True)
    without = cli("list")
    assert without.code == 2
    assert f"Choose what to list: {', '.join(REGISTRIES)}." in without.err


def test_listing_nets_loads_nothing_heavy(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    program = """
import sys
from woodshed.cli import main
try:
    main(["list", "nets"])
except SystemExit:
    pass
print(sorted({"keras", "tensorflow", "sklearn", "librosa"} & set(sys.modules)), file=sys.stderr)
"""
    ran = python(program)
    assert "crnn" in ran.stdout
    assert ran.stderr.strip().splitlines()[-1] == "[]"


# -- former spellings ------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", FORMER_FLAGS)
def test_a_former_flag_is_answered_by_the_new_one(cli: Cli, flag: str) -> None:
    words = ["predict", "model", "a.wav"] if flag.startswith("--false") else ["train", "sounds"]
    finished = cli(*words, flag, "x")
    assert finished.code == 2
    assert f"No such option: {flag}. Use {FORMER_FLAGS[flag]}." in " ".join(finished.err.split())


def test_a_former_flag_with_an_equals_sign_is_answered_too(cli: Cli) -> None:
    finished = cli("train", "sounds", "--job=noise")
    assert (finished.code, "No such option: --job. Use --task." in finished.err) == (2, True)


def test_a_flag_that_the_verb_lacks_is_not_recommended(cli: Cli) -> None:
    finished = cli("doctor", "sounds", "--job", "noise")
    assert (finished.code, "No such option: --job" in finished.err) == (2, True)
    assert "--task" not in finished.err


def test_other_unknown_flags_are_answered_as_before(cli: Cli) -> None:
    finished = cli("doctor", "sounds", "--forman", "text")
    assert (finished.code, "No such option: --forman" in finished.err) == (2, True)
    assert "--format" in finished.err


def test_a_former_verb_is_answered_by_the_new_one(cli: Cli) -> None:
    finished = cli("corpus", "list", "--json")
    assert (finished.code, finished.out) == (2, "")
    assert "No such command 'list' under corpus. Use: woodshed list corpora" in finished.err


# -- help ------------------------------------------------------------------------------------------

GROUPS = {"audio": audio, "score": score, "corpus": corpus}
COMMANDS = {
    **{
        verb: import_module(f"woodshed.cli.{verb}").command
        for verb in command_line.VERBS
        if verb not in GROUPS
    },
    **{f"{group} {verb}": one for group, module in GROUPS.items() for verb, one in module.VERBS.items()},
}


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_example_in_the_help_of_a_verb_is_understood(cli: Cli, verb: str) -> None:
    text = str(COMMANDS[verb].__doc__)
    assert text.startswith(command_line.VERBS.get(verb, ""))
    words = shlex.split(text.partition("Example: ")[2])
    assert words[: 1 + len(verb.split())] == ["woodshed", *verb.split()]
    finished = cli(*words[1:], "--help")  # an option that does not exist is refused before help is shown
    assert finished.code == 0, finished.err
    assert "Example: woodshed" in " ".join(finished.out.split())


# -- flags of one task ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["train", "compare", "generate"])
def test_a_missing_argument_is_named(cli: Cli, verb: str) -> None:
    finished = cli(verb)
    assert (finished.code, "Missing argument" in finished.err, "Traceback" in finished.err) == (
        2,
        True,
        False,
    )


def test_help_for_a_task_lists_its_settings_alone(cli: Cli) -> None:
    assert "--n-augmentations" in cli("train", "--task", "speech", "--help").out
    assert "--n-augmentations" not in cli("train", "--task", "roll", "--help").out
    assert "--harmonise" not in cli("generate", "tune", "--help").out
    assert "--harmonise" in cli("generate", "--out", "tune", "chorale", "--help").out


def test_help_without_a_model_names_the_models_that_have_a_flag(cli: Cli) -> None:
    text = " ".join(cli("generate", "--help").out.replace("│", " ").split())
    assert re.search(r"--key [^\]]*\[chorale, tune\]", text)
    assert re.search(r"--metre [^\]]*\[tune\]", text)


def test_a_flag_of_another_task_is_refused_with_the_name_of_the_task(cli: Cli) -> None:
    finished = cli("generate", "tune", "--harmonise", "a.mid")
    assert (finished.code, "--harmonise is not supported by task 'tune'" in finished.err) == (2, True)


@pytest.mark.parametrize("words", [("predict", "tune", "a.wav"), ("evaluate", "tune", "fsdd:sounds")])
def test_a_model_that_generates_cannot_predict(cli: Cli, words: tuple[str, ...]) -> None:
    finished = cli(*words)
    assert (finished.code, "A model of the task 'tune' has the verbs generate" in finished.err) == (2, True)


def test_composers_are_not_compared(cli: Cli) -> None:
    finished = cli("compare", "fsdd:sounds", "--task", "tune")
    assert (finished.code, "Unknown recognition task 'tune'" in finished.err) == (2, True)
