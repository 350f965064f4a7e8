"""``woodshed`` with a classical model: every verb, and nothing said of epochs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed


@pytest.fixture(scope="module")
def arguments(toy_folder: Path) -> list[object]:
    """Return what a ``woodshed train`` of a classical model is asked, but for ``--out``."""
    asked = ["train", toy_folder, "--task", "speech", "--net", "svm"]
    return [*asked, "--split", "random", "--group-by", "part:2"]


@pytest.fixture(scope="module")
def svm_run(
    cli: Callable[..., Any], arguments: list[object], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any]:
    """Return the folder of a classical model, and what was printed while it was made. Read-only."""
    folder = tmp_path_factory.mktemp("models") / "svm"
    return folder, cli(*arguments, "--out", folder)


@pytest.fixture(scope="module")
def svm_folder(svm_run: tuple[Path, Any]) -> Path:
    folder, finished = svm_run
    assert finished.code == 0, finished.err
    return folder


def test_the_folder_holds_a_classical_model(svm_folder: Path, unseen_toy: Any) -> None:
    assert sorted(path.name for path in svm_folder.iterdir()) == [
        "SHA256SUMS",
        "card.md",
        "confidence.json",
        "familiar.npz",
        "heard.json",
        "labels.json",
        "metrics.json",
        "model.onnx",
        "recordings.npz",
        "report.html",
        "settings.json",
    ]
    model = woodshed.load(svm_folder)
    assert (type(model).task, model.net, model.sample_rate_) == ("speech", "svm", 8000)
    assert model.score(unseen_toy.clips, unseen_toy.labels) > 0.75


def test_the_terminal_shows_it_once_beside_the_commonest_class(svm_run: Any) -> None:
    _, finished = svm_run
    assert finished.out.count("Tested on") == 2
    assert finished.out.count("SVM on summary features") == 2
    assert finished.out.count("majority class") == 2
    assert " net " not in finished.out


def test_every_training_is_shown_as_finished(svm_run: Any) -> None:
    _, finished = svm_run
    assert finished.err.count("1/1") == 4
    assert " 0/" not in finished.err
    assert "final model, all data" in finished.err


def test_the_report_has_a_map_and_no_learning_curve(svm_folder: Path) -> None:
    page = (svm_folder / "report.html").read_text("utf-8")
    assert "Feature map" in page
    assert "the model itself uses all" in page
    assert "Learning curves" not in page
    assert "epoch" not in page
    card = (svm_folder / "card.md").read_text("utf-8")
    assert "| net | svm |" in card
    assert "learning\\_rate" not in card  # which it does not heed


def test_metrics_are_under_its_name(svm_folder: Path) -> None:
    metrics = json.loads((svm_folder / "metrics.json").read_text("utf-8"))
    assert [list(split["methods"]) for split in metrics["splits"]] == [["svm", "majority"]] * 2


def test_predicting_needs_neither_keras_nor_tensorflow(
    python: Callable[..., subprocess.CompletedProcess[str]], svm_folder: Path, unseen_folder: Path
) -> None:
    paths = sorted(unseen_folder.glob("*/*.wav"))[::5]
    program = (
        "import sys\nfrom woodshed.cli import main\ntry:\n    main()\nfinally:\n"
        "    heavy = ('keras', 'tensorflow', 'librosa', 'numba', 'matplotlib', 'pandas', 'sklearn')\n"
        "    print(*(name for name in heavy if name in sys.modules), file=sys.stderr)"
    )
    ran = python(program, "predict", svm_folder, *paths, "--format", "jsonl")
    assert (ran.returncode, ran.stderr.strip()) == (0, "")
    rows = [list(json.loads(line)["probabilities"].values()) for line in ran.stdout.splitlines()]
    expected = woodshed.load(svm_folder).predict_proba([woodshed.read(path) for path in paths])
    assert rows == expected.tolist()  # to the bit, in another process
    assert np.sum(rows, axis=1) == pytest.approx(1)


def test_evaluate_and_info_speak_of_it(
    cli: Callable[..., Any], svm_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    finished = cli("evaluate", svm_folder, unseen_folder, "--out", tmp_path / "report")
    assert finished.code == 0, finished.err
    assert "SVM on summary features" in finished.out
    assert "</html>" in (tmp_path / "report" / "report.html").read_text("utf-8")
    told = " ".join(cli("info", svm_folder).out.split())
    assert told.startswith("speech model, 3 classes: fall, pulse, rise")
    assert "svm on 126 features of the whole sound at 8000 Hz (front end: summary)" in told


def test_a_dry_run_builds_no_net(
    python: Callable[..., subprocess.CompletedProcess[str]], arguments: list[object], tmp_path: Path
) -> None:
    program = (
        "import sys\nfrom woodshed.cli import main\ntry:\n    main()\nfinally:\n"
        "    print('keras' in sys.modules, file=sys.stderr)"
    )
    ran = python(program, *arguments, "--dry-run", "--out", tmp_path / "model")
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (0, "False")
    assert "4 trainings: about" in ran.stdout
    assert "epochs" not in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_setting_without_effect_is_named(
    cli: Callable[..., Any], arguments: list[object], tmp_path: Path
) -> None:
    asked = [*arguments, "--dry-run", "--out", tmp_path / "model"]
    told = cli(*asked, "--epochs", 5, "--width", 8).err
    assert "note --width, --epochs have no effect on svm." in " ".join(told.split())
    assert "no effect" not in cli(*asked, "--jobs", 1, "--seed", 1).err


def test_an_unknown_model_names_the_near_miss(cli: Callable[..., Any], toy_folder: Path) -> None:
    finished = cli("train", toy_folder, "--net", "forst", "--dry-run")
    assert finished.code == 2
    assert "Unknown net 'forst'. Did you mean forest?" in finished.err


def test_ctrl_c_leaves_whole_files_and_the_run_can_go_on(
    cli: Callable[..., Any],
    arguments: list[object],
    svm_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from woodshed.recognition.learners.classical import ClassicalLearner

    fit, n_fits = ClassicalLearner.fit, 0

    def interrupted(*given: Any, **named: Any) -> Any:
        nonlocal n_fits
        n_fits += 1
        if n_fits == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return fit(*given, **named)

    monkeypatch.setattr(ClassicalLearner, "fit", interrupted)
    folder = tmp_path / "model"
    finished = cli(*arguments, "--out", folder)
    assert finished.code == 130
    assert "Interrupted." in finished.err
    assert [path.name for path in folder.iterdir()] == ["training"]
    assert sorted(path.name for path in (folder / "training").iterdir()) == ["run.txt", "split-0-fold-0.npz"]
    resumed = cli(*arguments, "--out", folder, "--resume")
    assert resumed.code == 0, resumed.err
    assert "unseen groups, 2 folds: fold 1" not in resumed.err  # that part is not done again
    scores, expected = ((one / "metrics.json").read_text("utf-8") for one in (folder, svm_folder))
    assert json.loads(scores)["splits"] == json.loads(expected)["splits"]


def test_low_probabilities_are_not_raised_if_all_sounds_are_from_one_source(
    cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    """A random forest is right more often than it thinks, in both groups alike."""
    base = ["train", toy_folder, "--task", "speech", "--net", "forest", "--group-by", "part:2"]
    temperatures = []
    for name, flags in {"several": [], "single": ["--single-source"]}.items():
        finished = cli(*base, *flags, "--out", tmp_path / name)
        assert finished.code == 0, finished.err
        assert ("All sounds are from one source" in finished.err) == bool(flags)
        confidence = json.loads((tmp_path / name / "confidence.json").read_text("utf-8"))
        temperatures.append(confidence["temperature"])
    assert temperatures[0] < temperatures[1] == 1.0
