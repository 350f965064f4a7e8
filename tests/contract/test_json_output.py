"""Every verb that reports prints, with ``--json``, one JSON document on standard output and nothing else."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed import cli as command_line
from woodshed.data.sample import sample_folder

SOUND = sample_folder() / "recordings" / "7_theo_0.flac"
TUNES = [f"X:1\nT:Scale {k}\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|cBAG|FED{note}|\n" for k, note in enumerate("CDE")]
TRAIN = "train {toys} --task speech --net svm --group-by part:2 --split group-folds:2"

REPORTING = {
    "train": TRAIN + " --out {new}",
    "train --dry-run": TRAIN + " --dry-run",
    "train --dry-run of a composer": "train {tunes} --task tune --dry-run",
    "predict": "predict {model} {toys}",
    "predict --timeline": "predict {model} {sound} --timeline",
    "evaluate": "evaluate {model} {toys} --group-by part:2",
    "compare": "compare {toys} --task speech --nets svm,knn --group-by part:2 --split group-folds:2"
    " --out {new}",
    "info": "info {model}",
    "info of a composer": "info tune",
    "doctor": "doctor {toys}",
    "features": "features {sound} --jobs 1 --out {new}.csv",
    "explain": "explain tune --tunes 1 --out {new}",
    "generate": "generate tune -n 1 --formats abc --out {new}",
    "list": "list nets",
    "corpus info": "corpus info fsdd",
    "corpus check": f"corpus check fsdd:{shlex.quote(str(sample_folder()))} --quick",
    "audio info": "audio info {sound} {silence}",
    "audio silence": "audio silence {sound}",
    "audio tempo": "audio tempo {sound}",
    "audio key": "audio key {sound}",
    "score info": "score info {tunes}",
}
"""What a command is called here -> its words without ``--json``."""


@pytest.fixture(scope="module")
def places(
    cli: Callable[..., Any], toy_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    from woodshed.audio import silence, write

    folder = tmp_path_factory.mktemp("json")
    (folder / "tunes").mkdir()
    for k, text in enumerate(TUNES):
        (folder / "tunes" / f"{k}.abc").write_text(text, "utf-8")
    write(silence(0.5), folder / "silence.wav")
    words = TRAIN.format(toys=shlex.quote(str(toy_folder)))
    finished = cli(*shlex.split(words), "--out", folder / "model")
    assert finished.code == 0, finished.err
    return {
        "toys": toy_folder,
        "model": folder / "model",
        "sound": SOUND,
        "silence": folder / "silence.wav",
        "tunes": folder / "tunes",
    }


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture(scope="module")
def document(
    cli: Callable[..., Any], places: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Any]:
    """Return the document that a command prints; each command runs once."""

    @functools.cache
    def printed(name: str) -> Any:
        new = tmp_path_factory.mktemp("outputs") / "new"
        words = [word.format(**places, new=new) for word in shlex.split(REPORTING[name])]
        finished = cli(*words, "--json")
        assert finished.code == 0, finished.err
        return json.loads(finished.out, parse_constant=refuse)

    return printed


@pytest.mark.parametrize("name", REPORTING)
def test_json_is_all_that_is_printed(document: Callable[[str], Any], name: str) -> None:
    assert document(name)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("train", ["splits"]),
        ("evaluate", ["splits"]),
        ("compare", ["candidates", 0, "score", "value"]),
        ("features", ["n_values"]),
        ("generate", ["items", 0, "copied_run"]),
        ("corpus check", ["n_examples"]),
        ("audio info", [0, "sample_rate"]),
        ("audio key", [0, "strength"]),
        ("predict", [0, "probability"]),
        ("train --dry-run", ["plan", "duration_s"]),
    ],
)
def test_numbers_are_numbers(document: Callable[[str], Any], name: str, path: list[Any]) -> None:
    value = document(name)
    for key in path:
        value = value[key]
    assert isinstance(value, int | float | list)


def test_every_verb_that_prints_a_table_has_the_flag() -> None:
    import inspect

    with_table = set()
    for verb in set(command_line.VERBS) - {"demo"}:  # which explains what it shows
        module = __import__(f"woodshed.cli.{verb}", fromlist=["VERBS"])
        for name, command in getattr(module, "VERBS", {"": getattr(module, "command", None)}).items():
            source = inspect.getsource(command)
            if "print_table(" in source or "print_experiment(" in source or "print_bits(" in source:
                with_table.add(f"{verb} {name}".strip())
                assert "json_" in inspect.signature(command).parameters, f"{verb} {name}"
    assert with_table >= {"audio info", "audio key", "info", "generate", "list", "evaluate"}
