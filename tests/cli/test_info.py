"""``woodshed info`` and the frame around all verbs: help, version, exit codes, and what is not imported."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import woodshed
from woodshed.cli import VERBS
from woodshed.score import Note, Score
from woodshed.symbolic.rendering import play
from woodshed.tasks import task_class
from woodshed.tasks.genre import GenreRecogniser
from woodshed.training.model_folder import record_checksums

HEAVY = ("keras", "tensorflow", "librosa", "numba", "sklearn", "matplotlib", "onnxruntime", "scipy")


def test_info_tells_what_the_model_is(cli: Callable[..., Any], model_folder: Path) -> None:
    finished = cli("info", model_folder)
    assert (finished.code, finished.err) == (0, "")
    said = " ".join(finished.out.split())
    assert said.startswith("speech model, 3 classes: fall, pulse, rise")
    assert "mlp on 16 mel bands at 8000 Hz, windows of 0.35 s" in said
    assert "unseen groups, 2 folds" in said
    assert "leaky" in said
    assert "seed" in said
    metrics = json.loads((model_folder / "metrics.json").read_text("utf-8"))
    assert all(f"{100 * row['value']:.1f}" in said for row in metrics["scores"])


def test_info_as_json_can_be_read_by_a_program(cli: Callable[..., Any], model_folder: Path) -> None:
    finished = cli("info", model_folder, "--json")
    assert (finished.code, finished.err) == (0, "")
    described = json.loads(finished.out)
    assert (described["task"], described["labels"]) == ("speech", ["fall", "pulse", "rise"])
    assert described["settings"]["width"] == 32
    assert len(described["scores"]) == 6
    assert described["provenance"]["seed"] == "0"


def test_info_states_the_licence_of_the_training_data(
    cli: Callable[..., Any], model_folder: Path, tmp_path: Path
) -> None:
    told = " ".join(cli("info", model_folder).out.split())
    assert "Licence of the training data: unknown: yours to state, in a file LICENSE or ATTRIBUTION" in told
    assert "Attribution: none given" in told
    shutil.copytree(model_folder, tmp_path / "model")
    metrics = json.loads((model_folder / "metrics.json").read_text("utf-8"))
    metrics |= {"licence": "CC BY-SA 4.0", "citation": "Z. Jackson"}
    (tmp_path / "model" / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    record_checksums(tmp_path / "model", ["metrics.json"])
    told = " ".join(cli("info", tmp_path / "model").out.split())
    assert "Licence of the training data: CC BY-SA 4.0 Attribution: Z. Jackson" in told
    described = json.loads(cli("info", tmp_path / "model", "--json").out)
    assert (described["licence"], described["citation"]) == ("CC BY-SA 4.0", "Z. Jackson")


def test_info_on_a_model_that_was_never_tested(
    cli: Callable[..., Any], model_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "model" / "metrics.json").unlink()
    finished = cli("info", tmp_path / "model")
    assert finished.code == 0
    assert finished.out.startswith("speech model, 3 classes")


@pytest.mark.parametrize(
    ("task", "answers", "said"),
    [
        ("tags", [["glides"] if k % 3 else [] for k in range(27)], "tags model, 1 tag: glides svm on"),
        ("mood", [{"arousal": k % 3} for k in range(27)], "mood model, 1 value: arousal svm on"),
        ("emotion", None, "emotion model, 3 classes: fall, pulse, rise svm on"),
    ],
)
def test_info_calls_answers_and_features_by_their_name(
    task: str, answers: list[Any] | None, said: str, cli: Callable[..., Any], toy: Any, tmp_path: Path
) -> None:
    model = task_class(task)(net="svm").fit(toy.clips, answers or toy.labels)
    model.save(tmp_path)
    told = " ".join(cli("info", tmp_path).out.split())
    kind = {"emotion": "voice-course", "tags": "views"}.get(task, "summary")
    n_values = model.feature_.n_values
    expected = f"{said} {n_values} features of the whole sound at 8000 Hz (front end: {kind})"
    assert told.startswith(expected)


def test_info_on_a_model_that_comes_with_woodshed(cli: Callable[..., Any]) -> None:
    told = cli("info", "tune").out
    assert told.startswith("tune model, vocabulary of 137 tokens\nlstm-lm: 2 layers of 512 units")
    assert "card.md" in told.split("Card: ")[1]


def test_info_on_a_model_that_reads_notes(cli: Callable[..., Any], tmp_path: Path) -> None:
    clips = [play(Score([Note(k, 1, pitch) for k in range(4)])) for pitch in (60, 61, 72, 73)]
    model = GenreRecogniser(net="svm").fit(clips, ["low", "low", "high", "high"])
    model.save(tmp_path)
    told = " ".join(cli("info", tmp_path).out.split())
    n_values = model.feature_.n_values
    assert told == f"genre model, 2 classes: high, low svm on {n_values} features of the notes of a MIDI file"


def test_info_on_what_is_no_model(cli: Callable[..., Any], tmp_path: Path) -> None:
    finished = cli("info", tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("error ")
    assert "is not a woodshed model" in finished.err
    assert "Traceback" not in finished.err


# -- the frame ------------------------------------------------------------------------------------


def test_help_names_every_verb(cli: Callable[..., Any]) -> None:
    finished = cli("--help")
    assert finished.code == 0
    assert all(verb in finished.out for verb in VERBS)
    assert cli("-h").out == finished.out


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_help_that_begins_with_its_summary(verb: str, cli: Callable[..., Any]) -> None:
    finished = cli(verb, "--help")
    assert finished.code == 0
    assert VERBS[verb] in " ".join(finished.out.split())


def test_the_version_is_that_of_the_package(cli: Callable[..., Any]) -> None:
    assert cli("--version").out.strip() == f"woodshed {woodshed.__version__}"
    assert metadata.version("woodshed") == woodshed.__version__


def test_the_command_is_installed() -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="woodshed")
    assert script.value == "woodshed.cli:main"


@pytest.mark.parametrize(
    "arguments", [["predikt", "m", "a.wav"], ["predict"], ["info", "a", "b"], ["--frobnicate"]]
)
def test_a_command_that_is_not_understood_exits_with_2(arguments: list[str], cli: Callable[..., Any]) -> None:
    finished = cli(*arguments)
    assert (finished.code, finished.out) == (2, "")
    assert "Usage" in finished.err
    assert "Traceback" not in finished.err


def test_an_interrupt_exits_as_shells_expect(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("woodshed.workflows.info.describe_model", interrupted)
    finished = cli("info", tmp_path)
    assert finished.code == 130
    assert "Interrupted." in finished.err


def test_a_fault_of_our_own_shows_its_trace(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(_: Any) -> None:
        raise ZeroDivisionError("our bug")

    monkeypatch.setattr("woodshed.workflows.info.describe_model", faulty)
    with pytest.raises(ZeroDivisionError, match="our bug"):
        cli("info", tmp_path)


@pytest.mark.parametrize("program", ["import woodshed", "from woodshed.cli import main; main(['--help'])"])
def test_importing_and_help_load_nothing_heavy(
    program: str, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    told = f"print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    ran = python(f"import sys\ntry:\n    {program}\nexcept SystemExit:\n    pass\n{told}")
    assert (ran.returncode, ran.stderr.strip()) == (0, "")
