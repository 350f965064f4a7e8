"""``woodshed train --tune``: trials beside the scores, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import woodshed


@pytest.mark.train
def test_trials_are_in_the_report_and_the_best_settings_in_the_model(
    cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    asked = ["train", toy_folder, "--task", "speech", "--group-by", "part:2", "--net", "mlp", "--epochs", 2]
    asked += ["--window-s", 0.35, "--n-mels", 16, "--n-augmentations", 1, "--augment", 0.2]
    finished = cli(*asked, "--n-trials", 2, "--out", out)
    assert finished.code == 0, finished.err
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    trials = metrics["tuning"]["trials"]
    assert [sorted(trial["settings"]) for trial in trials] == [["dropout", "learning_rate", "width"]] * 2
    assert metrics["splits"][0]["split"] == "unseen groups, 2 folds of which the first is tested"
    model = woodshed.load(out)
    chosen = trials[metrics["tuning"]["best"]]["settings"]
    assert {name: getattr(model, name) for name in chosen} == chosen
    assert (model.n_mels, model.augment) == (16, 0.2)
    page = (out / "report.html").read_text("utf-8")
    assert "Hyperparameter search" in page
    assert "No test clip was used for the choice" in page
    assert all(str(trial["settings"]["learning_rate"]) in page for trial in trials)
    assert not (out / "training").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n-trials", "-2"], "The number of trials must be positive, got -2."),
    ],
)
def test_what_cannot_be_tuned_is_said_before_any_work(
    flags: list[str], message: str, cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    finished = cli("train", toy_folder, "--out", tmp_path / "model", *flags)
    assert (finished.code, finished.out) == (2, "")
    assert message in finished.err
    assert not (tmp_path / "model").exists()


def test_of_classical_models_the_best_is_sought(
    cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    finished = cli("train", toy_folder, "--net", "knn", "--n-trials", "3", "--out", tmp_path / "model")
    assert finished.code == 0, finished.err
    trials = json.loads((tmp_path / "model" / "metrics.json").read_text("utf-8"))["tuning"]["trials"]
    nets = [trial["settings"]["net"] for trial in trials]
    assert nets[0] == "knn"
    assert len(set(nets)) == 3
