"""``woodshed evaluate``: other sounds, an honest score, and a mark where it flatters."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed.audio import gain, read, resample, write


def test_it_prints_the_score_and_writes_a_report(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    finished = cli("evaluate", model_folder, unseen_folder, "--out", tmp_path / "report")
    assert finished.code == 0, finished.err
    assert "Tested on these 18 recordings" in finished.out
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["metrics.json", "report.html"]
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))
    (row,) = metrics["scores"]
    assert f"{100 * row['value']:.1f} %" in finished.out
    assert metrics["splits"][0]["methods"]["net"]["accuracy"] == row["value"] > 0.5
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert page.rstrip().endswith("</html>")


def test_without_out_nothing_is_written(
    cli: Callable[..., Any],
    model_folder: Path,
    unseen_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(model_folder.iterdir())
    assert cli("evaluate", model_folder, unseen_folder).code == 0
    assert list(tmp_path.iterdir()) == []
    assert sorted(model_folder.iterdir()) == before


def test_what_it_learned_from_is_marked_leaky(
    cli: Callable[..., Any], model_folder: Path, toy_folder: Path
) -> None:
    finished = cli("evaluate", model_folder, toy_folder)
    assert finished.code == 0, finished.err
    assert "(leaky)" in finished.out
    assert "The model was trained on some of these sounds or groups: the score is too high." in finished.err


def test_a_sound_that_it_learned_from_is_noticed_after_changes_and_named(
    cli: Callable[..., Any], model_folder: Path, toy_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(unseen_folder, tmp_path / "data")
    learned = sorted((toy_folder / "rise").glob("*.wav"))[0]
    clip = read(learned)
    write(resample(gain(clip, -12), 11025), tmp_path / "data" / "rise" / "new name.ogg")
    finished = cli("evaluate", model_folder, tmp_path / "data")
    assert finished.code == 0, finished.err
    assert "(leaky)" in finished.out
    assert f"1 recording was in the training data: new name.ogg (version of {learned.name})." in finished.out
    shutil.copytree(model_folder, tmp_path / "older")
    (tmp_path / "older" / "recordings.npz").unlink()
    finished = cli("evaluate", tmp_path / "older", tmp_path / "data")
    assert finished.code == 0, finished.err
    assert "(leaky)" not in finished.out


def test_a_voice_it_learned_from_is_marked_leaky_and_a_new_one_is_not(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    known = cli("evaluate", model_folder, unseen_folder, "--group-by", "part:2")
    assert "(leaky)" in known.out
    for path in unseen_folder.glob("*/*.wav"):
        new = tmp_path / path.parent.name / path.name.replace("ann", "eve").replace("bob", "kim")
        new.parent.mkdir(exist_ok=True)
        shutil.copy(path, new)
    unknown = cli("evaluate", model_folder, tmp_path, "--group-by", "part:2")
    assert unknown.code == 0, unknown.err
    assert "(" not in unknown.out.splitlines()[0] + unknown.out.splitlines()[1]
    assert "flatters" not in unknown.err


def test_where_nobody_knows_the_voices_the_score_says_so(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    finished = cli("evaluate", model_folder, unseen_folder)
    assert "(groups unknown)" in finished.out
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "model" / "heard.json").unlink()
    finished = cli("evaluate", tmp_path / "model", unseen_folder, "--group-by", "part:2")
    assert finished.code == 0
    assert "(groups unknown)" in finished.out


def test_labels_that_the_model_does_not_know_are_named(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(unseen_folder, tmp_path / "data")
    (tmp_path / "data" / "pulse").rename(tmp_path / "data" / "bark")
    (tmp_path / "data" / "rise" / "broken.wav").write_bytes(b"no sound")
    finished = cli("evaluate", model_folder, tmp_path / "data", "--out", tmp_path / "report")
    assert finished.code == 0, finished.err
    assert "Tested on these 12 recordings" in finished.out
    assert (
        "6 recordings of classes that the model does not have (bark). Refused, as is right: " in finished.out
    )
    assert finished.err.count("broken.wav") == 1
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))
    assert metrics["scores"]
    assert metrics["evaluation"]["unknown_classes"]["bark"]["n"] == 6
    assert "bark" in (tmp_path / "report" / "report.html").read_text("utf-8")
    strict = cli("evaluate", model_folder, tmp_path / "data", "--strict", "--out", tmp_path / "strict")
    assert strict.code == 2
    assert "unusable. Fix or exclude them, or omit --strict." in strict.err
    assert not list((tmp_path / "strict").glob("*"))


def test_data_without_a_known_label_is_refused(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(unseen_folder, tmp_path / "zoo")
    for label in ("pulse", "rise", "fall"):
        (tmp_path / "zoo" / label).rename(tmp_path / "zoo" / f"animal {label}")
    finished = cli("evaluate", model_folder, tmp_path / "zoo")
    assert finished.code == 2
    assert (
        "zoo has the labels animal fall, animal pulse, animal rise, but the model knows fall, pulse, rise"
        in finished.err
    )


@pytest.mark.parametrize("names", [["rise"], ["rise", "fall"]])
def test_to_be_tested_one_class_or_one_sound_of_each_is_enough(
    names: list[str], cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / "few" / name).mkdir(parents=True)
        shutil.copy(sorted((unseen_folder / name).iterdir())[0], tmp_path / "few" / name)
    finished = cli("evaluate", model_folder, tmp_path / "few", "--out", tmp_path / "report")
    assert finished.code == 0, finished.err
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))
    assert metrics["splits"][0]["methods"]["net"]["n_examples"] == len(names)


def test_an_older_report_is_replaced_only_by_force(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text("mine")
    finished = cli("evaluate", model_folder, unseen_folder, "--out", tmp_path)
    assert finished.code == 2
    assert (tmp_path / "report.html").read_text() == "mine"
    assert cli("evaluate", model_folder, unseen_folder, "--out", tmp_path, "--force").code == 0
    assert (tmp_path / "report.html").read_text("utf-8") != "mine"


def test_a_disk_that_is_full_leaves_no_half_file(
    cli: Callable[..., Any],
    model_folder: Path,
    unseen_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import os

    def full(*_: Any) -> None:
        if os.path.getsize(_[0]) > 0:  # an empty file still has room: the check beforehand passes
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(*_)

    replace = os.replace
    monkeypatch.setattr(os, "replace", full)
    finished = cli("evaluate", model_folder, unseen_folder, "--out", tmp_path / "report")
    assert finished.code == 2
    assert (
        "metrics.json could not be written: the disk is full. Make room, or write to another disk."
        in finished.err
    )
    assert "Traceback" not in finished.err
    assert list((tmp_path / "report").iterdir()) == []
