"""Taggers and regressors by the command line: train, predict, evaluate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def table(toy_folder: Path, tmp_path: Path) -> Path:
    """Write a table of the made-up sounds with tags and values, from twelve groups."""
    lines = ["path,tags,slope,group"]
    slopes, tags = {"rise": 1, "fall": -1, "pulse": 0}, {"rise": "glides|up", "fall": "glides", "pulse": ""}
    for k, path in enumerate(sorted(toy_folder.glob("*/*.wav"))):
        name = path.parent.name
        lines.append(f"{path},{tags[name]},{slopes[name] if k else ''},g{k % 12}")
    place = tmp_path / "table.csv"
    place.write_text("\n".join(lines))
    return place


def test_tags_are_trained_tested_and_told(table: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    planned = " ".join(cli("train", table, "--task", "tags", "--net", "svm", "--dry-run").out.split())
    assert "27 sounds with 2 tags, processed at 8000 Hz tag sounds glides 18 up 9" in planned
    model = tmp_path / "model"
    trained = cli("train", table, "--task", "tags", "--net", "svm", "--out", model)
    assert trained.code == 0, trained.err
    assert "macro ROC-AUC" in trained.out
    assert "unseen groups" in trained.out
    metrics = json.loads((model / "metrics.json").read_text())
    methods = metrics["splits"][0]["methods"]
    assert list(methods) == ["own-svm", "svm", "mean"]
    assert methods["own-svm"]["macro ROC-AUC"][0] > 0.8 > methods["mean"]["macro ROC-AUC"][0]
    page = (model / "report.html").read_text()
    assert "prevalence" in page
    sound = (
        next(table.parent.parent.glob("**/rise/*.wav"), None)
        or table.read_text().split("\n")[1].split(",")[0]
    )
    told = cli("predict", model, sound, "--format", "json")
    assert set(json.loads(told.out)[0]["probabilities"]) == {"glides", "up"}
    tested = cli("evaluate", model, table, "--out", tmp_path / "tested")
    assert "leaky" in tested.out
    assert "macro ROC-AUC" in cli("info", model).out

    _, *rows = table.read_text().split("\n")
    half_known = tmp_path / "half-known.csv"  # nobody knows which of these sounds go up
    rows = [f"{row.split(',')[0]},{int('glides' in row)},,{row.split(',')[-1]}" for row in rows]
    half_known.write_text("\n".join(["path,glides,up,group", *rows]))
    tested = cli("evaluate", model, half_known)  # the model knows which columns are meant
    assert tested.code == 0, tested.err
    assert "macro ROC-AUC" in tested.out


def test_values_are_trained_tested_and_told(table: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    model = tmp_path / "model"
    arguments = ("train", table, "--task", "mood", "--net", "svm", "--target", "slope", "--out", model)
    trained = cli(*arguments)
    assert trained.code == 0, trained.err
    assert "mean R²" in trained.out
    page = (model / "report.html").read_text()
    assert "slope: predicted over true values of 26 clips" in page  # of one it is not known
    sound = table.read_text().split("\n")[1].split(",")[0]
    told = cli("predict", model, sound, "--format", "csv").out.splitlines()
    assert told[0] == "source,word,start_s,end_s,slope"
    planned = " ".join(cli(*arguments[:-2], "--dry-run").out.split())
    assert "value sounds slope 26" in planned  # of one it is not known
    assert "mean R²" in cli("evaluate", model, table).out  # the model knows which column is meant
    assert "mean R²" in cli("info", model).out
    assert "--target" in cli("train", table, "--task", "noise", "--target", "slope").err


def test_columns_that_nobody_named_are_asked_for(table: Path, cli: Callable[..., Any]) -> None:
    bare = table.with_name("bare.csv")
    bare.write_text(table.read_text().replace("path,tags,slope", "path,words,slope"))
    refused = cli("train", bare, "--task", "mood", "--dry-run")
    assert "--target NAME,NAME. The table has: path, words, slope, group." in " ".join(refused.err.split())
    assert "or of tags as 0 and 1, with --target" in " ".join(cli("doctor", bare).err.split())
    looked = cli("doctor", bare, "--target", "slope")
    assert (looked.code, "26 sounds" in looked.out or "27 sounds" in looked.out) == (0, True)
    named = table.with_name("named.csv")  # a job knows the names of its own values
    named.write_text(table.read_text().replace("path,tags,slope", "path,words,valence"))
    planned = " ".join(cli("train", named, "--task", "mood", "--net", "svm", "--dry-run").out.split())
    assert "value sounds valence 26" in planned
    refused = cli("train", table, "--task", "noise", "--dry-run")
    assert "To learn tags, use --task tags." in " ".join(refused.err.split())
