"""``woodshed compare``: tables, page, resume, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def arguments(toy_folder: Path) -> list[object]:
    asked = ["compare", toy_folder, "--task", "noise", "--group-by", "part:2"]
    return [*asked, "--epochs", 2, "--width", 8, "--n-augmentations", 1, "--window-s", 0.35]


@pytest.mark.train
def test_a_net_and_a_classical_model_are_compared_and_a_third_is_added(
    cli: Callable[..., Any], arguments: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "compared"
    finished = cli(*arguments, "--n-mels", 10, "--nets", "mlp,svm,course-cnn", "--out", out)
    assert finished.code == 0, finished.err
    assert "Tested on unseen groups, 2 folds, 27 clips" in finished.out
    assert "the best" in finished.out
    assert "peak" in finished.out
    assert "Skipped course-cnn: " in finished.err
    assert "with --resume" in finished.err
    found = json.loads((out / "comparison.json").read_text("utf-8"))
    costs = {one["net"]: one["costs"] for one in found["candidates"]}
    assert costs["mlp"]["n_weights"] > 0 == costs["svm"]["n_weights"]
    assert (
        costs["mlp"]["peak_bytes"] > costs["svm"]["peak_bytes"]
    )  # TensorFlow is in the one, not in the other
    resumed = cli(*arguments, "--n-mels", 10, "--nets", "mlp,svm,knn", "--out", out, "--resume")
    assert resumed.code == 0, resumed.err
    again = json.loads((out / "comparison.json").read_text("utf-8"))
    assert {one["net"]: one["costs"] for one in again["candidates"]}["mlp"] == costs["mlp"]
    assert [path.name for path in sorted(out.iterdir())] == [
        "comparison.html",
        "comparison.json",
        "comparison.md",
    ]


def test_taggers_are_compared_too(cli: Callable[..., Any], toy_folder: Path, tmp_path: Path) -> None:
    tags = {"rise": "glides|up", "fall": "glides", "pulse": ""}
    sounds = sorted(toy_folder.glob("*/*.wav"))
    lines = [f"{path},{tags[path.parent.name]},g{k % 12}" for k, path in enumerate(sounds)]
    (tmp_path / "table.csv").write_text("\n".join(["path,tags,group", *lines]))
    out = tmp_path / "compared"
    finished = cli("compare", tmp_path / "table.csv", "--task", "tags", "--nets", "svm,knn", "--out", out)
    assert finished.code == 0, finished.err
    found = json.loads((out / "comparison.json").read_text("utf-8"))
    assert found["measure"] == "macro ROC-AUC"
    best, *_, last = found["candidates"]
    assert best["score"]["value"] > 0.8
    assert last["net"] == "mean"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--nets", "svm,forrest"], "Unknown net 'forrest'. Did you mean forest?"),
        (["--nets", "svm"], "A comparison needs two models or more, got svm alone. Name another."),
        (["--net", "mlp"], "--net names one net. To compare, use --nets mlp,svm or others."),
        (["--split", "grup"], "Unknown split 'grup'. Did you mean group?"),
        (["--epochs", "0"], "epochs must be positive, got 0."),
    ],
)
def test_what_cannot_be_compared_is_said(
    flags: list[str], message: str, cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    finished = cli("compare", toy_folder, "--out", tmp_path / "out", *flags)
    assert (finished.code, finished.out) == (2, "")
    assert message in finished.err
    assert "Traceback" not in finished.err
