"""``woodshed train``: what it writes, what it says, and what it refuses before any work is done."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import woodshed

FILES = [
    "SHA256SUMS",
    "card.md",
    "confidence.json",
    "familiar.npz",
    "heard.json",
    "labels.json",
    "metrics.json",
    "net.keras",
    "net.onnx",
    "recordings.npz",
    "report.html",
    "settings.json",
]


def test_the_folder_holds_a_model_its_scores_its_card_and_its_report(model_folder: Path) -> None:
    assert sorted(path.name for path in model_folder.iterdir()) == FILES  # and no notebook any more


def test_the_terminal_shows_every_score_with_its_badge_beside_the_baselines(train_run: Any) -> None:
    folder, finished = train_run
    assert finished.code == 0, finished.err
    lines = [line for line in finished.out.splitlines() if line.strip()]
    heads = [k for k, line in enumerate(lines) if line.startswith("Tested on")]
    assert [lines[k].split("   ")[0].strip() for k in heads] == [
        "Tested on unseen groups, 2 folds",
        "Tested on random, 26 % held out",
    ]
    assert "leaky" not in lines[heads[0]]
    assert "(leaky)" in lines[heads[1]]
    for k in heads:
        methods = [line.strip() for line in lines[k + 1 : k + 4]]
        names = [re.split(r"  +", method)[0] for method in methods]
        assert names == ["net", "SVM on summary features", "majority class"]
    assert f"Model and report: {folder}" in finished.out


def test_the_scores_on_disk_are_those_of_the_terminal(train_run: Any) -> None:
    folder, finished = train_run
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert [(split["split"], split["leaky"]) for split in metrics["splits"]] == [
        ("unseen groups, 2 folds", False),
        ("random, 26 % held out", True),
    ]
    assert [list(split["methods"]) for split in metrics["splits"]] == [["net", "svm", "majority"]] * 2
    for row in metrics["scores"]:
        assert f"{100 * row['value']:.1f} %" in finished.out
    assert metrics["labels"] == ["fall", "pulse", "rise"]
    assert metrics["provenance"]["seed"] == "0"


def test_what_it_learned_is_a_model_that_names_sounds(model_folder: Path, unseen_toy: Any) -> None:
    model = woodshed.load(model_folder)
    assert (type(model).task, model.width, model.sample_rate, model.epochs) == ("speech", 32, 8000, 8)
    assert model.score(unseen_toy.clips, unseen_toy.labels) > 0.5


def test_the_card_and_the_report_are_whole(model_folder: Path) -> None:
    card = (model_folder / "card.md").read_text("utf-8")
    headings = [line for line in card.splitlines() if line.startswith("#")]
    assert headings[0].startswith("# speech: trained on")
    assert headings[1:] == [
        "## Training data",
        "## Scores",
        "## Limitations",
        "## Settings",
        "## Provenance",
    ]
    assert "**leaky**" in card
    assert "27" in card
    page = (model_folder / "report.html").read_text("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert "leaky" in page
    assert "data:audio" in page or "<audio" in page
    for outside in ("http://", "https://"):
        assert f'src="{outside}' not in page
        assert f'href="{outside}' not in page.replace('href="https://doi.org', "")


def test_where_things_lie_on_this_machine_is_not_told(model_folder: Path, toy_folder: Path) -> None:
    import os

    cache = os.environ["WOODSHED_CACHE"]
    for name in ("card.md", "settings.json", "metrics.json", "report.html"):
        assert cache not in (model_folder / name).read_text("utf-8"), name


def test_learned_from_what_was_heard(model_folder: Path) -> None:
    heard = json.loads((model_folder / "heard.json").read_text("utf-8"))
    assert heard["groups"] == ["ann", "bob"]
    assert len(heard["sounds"]) == 27


# -- a dry run ------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    cli: Callable[..., Any], train_arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WOODSHED_CACHE", str(tmp_path / "cache"))
    finished = cli(*train_arguments, "--dry-run", "--out", tmp_path / "model")
    assert finished.code == 0, finished.err
    assert list(tmp_path.iterdir()) == []
    said = " ".join(finished.out.split())
    assert "27 sounds with 3 classes, processed at 8000 Hz" in said
    assert "fall 9 pulse 9 rise 9" in said
    assert "2 groups: ann, bob" in said
    assert "tested on: unseen groups, 2 folds tested on: random, 26 % held out (leaky)" in said
    assert "4 trainings of at most 8 epochs, 38,083 weights: about" in said
    assert said.endswith("Nothing was trained or written.")


def test_a_dry_run_without_groups_says_how_to_tell_them(cli: Callable[..., Any], toy_folder: Path) -> None:
    finished = cli("train", toy_folder, "--dry-run", "--net", "mlp")
    assert finished.code == 0, finished.err
    assert "cannot be measured without groups. Set --group-by." in finished.err
    assert "(groups unknown)" in finished.out
    rows = [" ".join(line.split()) for line in finished.out.splitlines()]
    assert "--group-by part:2 group 2 27 ann, bob" in rows
    assert "To use one, repeat the command with its --group-by" in finished.out
    for told in (["--group-by", "part:2"], ["--group-by", "none"]):
        again = cli("train", toy_folder, "--dry-run", "--net", "svm", *told)
        assert again.code == 0
        assert "These are guesses" not in again.out


def test_a_guess_at_groups_is_named_and_not_used_and_the_checkup_is_in_the_report(
    cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    import shutil

    place = tmp_path / "my sounds"
    shutil.copytree(toy_folder, place)
    soundfile.write(place / "rise" / "099_ann.wav", np.zeros(4000), 8000)
    finished = cli("train", place, "--net", "svm", "--out", tmp_path / "model")
    assert finished.code == 0, finished.err
    assert finished.err.count("set --group-by part:2. --dry-run lists all guesses.") == 1
    assert "groups unknown" in finished.out
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text("utf-8"))
    assert [split["leaky"] for split in metrics["splits"]] == [None]
    notes = [line for line in finished.err.splitlines() if "(harm" in line]
    kinds = [re.match(r"note (.*) \(harm", line)[1] for line in notes]  # type: ignore[index]
    harms = [float(re.search(r"harm ([0-9.]+)", line)[1]) for line in notes]  # type: ignore[index]
    assert "silent" in kinds
    assert len(set(kinds)) == len(kinds)
    assert harms == sorted(harms, reverse=True)
    assert f"woodshed doctor '{place}'" in finished.err
    page = (tmp_path / "model" / "report.html").read_text("utf-8")
    part = page.split('<section id="checkup">')[1].split("</section>")[0]
    assert "only silence" in part
    assert "099_ann.wav" in part


def test_the_honest_and_the_leaky_score_stand_together_with_the_gap_in_words(train_run: Any) -> None:
    folder, finished = train_run
    rows = json.loads((folder / "metrics.json").read_text("utf-8"))["scores"]
    honest, leaky = (next(row for row in rows if row["badge"] == badge) for badge in ("", "leaky"))
    assert (honest["method"], leaky["method"]) == ("net", "net")
    from woodshed.report.recognition.classes import REPORT

    said = REPORT.leakage_text("accuracy", honest["value"], leaky["value"])
    assert said in finished.out.replace("\n", " ")
    assert said in (folder / "report.html").read_text("utf-8")


# -- refused --------------------------------------------------------------------------------------

REFUSED = [
    (["--epohs", "3"], "No such option: --epohs"),
    (["--net", "conv-stak"], "Unknown net 'conv-stak'. Did you mean conv-stack?"),
    (["--epochs", "0"], "epochs must be positive, got 0."),
    (["--seed", "-1"], "seed must be 0 or more, got -1."),
    (["--dropout", "1.5"], "dropout must be from 0 to 1, got 1.5."),
    (["--epochs", "many"], "Invalid value for '--epochs'"),
    (["--task", "spech"], "Unknown task 'spech'. Did you mean speech?"),
    (["--split", "grup"], "Unknown split 'grup'. Did you mean group?"),
    (["--split", "random:3"], "The split 'random' takes no number"),
    (["--split", "group-folds"], "Set group_by"),
    (["--group-by", "part:9"], "File names have no 9th part (at most 2)"),
    (["--group-by", "speaker"], "speaker"),
]


@pytest.mark.parametrize(("flags", "message"), REFUSED, ids=[" ".join(flags) for flags, _ in REFUSED])
def test_what_cannot_be_done_is_said_without_a_trace(
    flags: list[str], message: str, cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    finished = cli("train", toy_folder, "--out", tmp_path / "model", *flags)
    assert finished.code == 2
    assert finished.out == ""
    assert message in " ".join(finished.err.replace("│", " ").split())
    assert "Traceback" not in finished.err
    assert not (tmp_path / "model" / "settings.json").exists()


def test_a_misspelt_split_is_refused_before_any_sound_is_opened(
    cli: Callable[..., Any], toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_none(*_: Any, **__: Any) -> None:
        raise AssertionError("a sound was opened")

    monkeypatch.setattr("woodshed.data.doctor.inspection.inspect_sounds", open_none)
    finished = cli("train", toy_folder, "--split", "grup")
    assert finished.code == 2
    assert "Did you mean group?" in finished.err


def test_a_misspelt_flag_names_the_near_miss(cli: Callable[..., Any], toy_folder: Path) -> None:
    finished = cli("train", toy_folder, "--lerning-rate", "0.1")
    assert finished.code == 2
    assert "--learning-rate" in finished.err


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("nowhere", "nowhere: there is no such folder or table. Check the name."),
        ("empty", "contains no sounds: it is empty."),
        ("esc10", "esc10 is a published corpus. Add its folder: esc10:PATH."),
        ("one class", "has one class only (a). At least two classes are needed."),
        ("fsdd:nowhere", "nowhere: there is no such folder"),
        ("fsd:somewhere", "Unknown corpus 'fsd'. Did you mean fsdd?"),
    ],
)
def test_data_that_cannot_be_learned_from_is_refused(
    data: str, message: str, cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "one class" / "a").mkdir(parents=True)
    (tmp_path / "one class" / "a" / "1.wav").write_bytes(b"")
    finished = cli("train", data, "--out", tmp_path / "model")
    assert finished.code == 2
    assert message in finished.err
    assert not (tmp_path / "model").exists()


# -- where to write -------------------------------------------------------------------------------


def test_a_folder_that_holds_something_is_not_written_to(
    cli: Callable[..., Any], train_arguments: list[object], model_folder: Path
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in model_folder.iterdir()}
    finished = cli(*train_arguments, "--out", model_folder)
    assert finished.code == 2
    assert (
        "already exists and is not empty. Give --out another folder, or replace its content with --force"
        in finished.err
    )
    resumed = cli(*train_arguments, "--out", model_folder, "--resume")
    assert resumed.code == 0
    assert "is a finished model, and nothing is left to resume" in resumed.out
    other = cli(*train_arguments, "--width", "33", "--out", model_folder, "--resume")
    assert other.code == 2
    assert "holds a finished model with other settings (width)" in other.err
    assert {path.name: path.stat().st_mtime_ns for path in model_folder.iterdir()} == before


def test_an_unfinished_training_is_not_lost_by_mistake(
    cli: Callable[..., Any], train_arguments: list[object], tmp_path: Path
) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "run.txt").write_text("another run")
    finished = cli(*train_arguments, "--out", tmp_path)
    assert finished.code == 2
    assert (
        "holds an unfinished training. Continue it with --resume, or start again with --force."
        in finished.err
    )
    finished = cli(*train_arguments, "--out", tmp_path, "--resume")
    assert finished.code == 2
    assert "holds an unfinished training with other settings or other data" in finished.err
    assert (tmp_path / "training" / "run.txt").read_text() == "another run"


def test_out_that_is_a_file_is_refused(
    cli: Callable[..., Any], train_arguments: list[object], tmp_path: Path
) -> None:
    (tmp_path / "model").write_text("my notes")
    finished = cli(*train_arguments, "--out", tmp_path / "model")
    assert finished.code == 2
    assert "model is a file. Give --out the name of a folder." in finished.err
    assert (tmp_path / "model").read_text() == "my notes"
    finished = cli(*train_arguments, "--out", tmp_path / "model" / "deeper")
    assert finished.code == 2
    assert "cannot be created (Not a directory)" in finished.err


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EROFS, "may not be written to. Choose another folder, or change its permissions."),
        (errno.EACCES, "may not be written to. Choose another folder, or change its permissions."),
        (errno.ENOSPC, "the disk is full. Make room, or write to another disk."),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_noticed_before_the_work(
    number: int,
    message: str,
    cli: Callable[..., Any],
    train_arguments: list[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import builtins

    opened = builtins.open

    def open_read_only(path: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if "x" in mode and str(path).startswith(str(tmp_path)):
            raise OSError(number, "cannot")
        return opened(path, mode, *arguments, **named)

    def learn(*_: Any, **__: Any) -> None:
        pytest.fail("it began to learn")

    monkeypatch.setattr("woodshed.recognition.estimator.Recogniser.fit", learn)
    monkeypatch.setattr(builtins, "open", open_read_only)
    finished = cli(*train_arguments, "--out", tmp_path / "model")
    assert finished.code == 2
    assert message in finished.err
    assert list((tmp_path / "model").iterdir()) == []


# -- files that cannot be used --------------------------------------------------------------------


@pytest.fixture(scope="module")
def bat_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of class folders with bursts of noise at 45 to 55 and at 70 to 80 kHz."""
    folder = tmp_path_factory.mktemp("bats")
    rng = np.random.default_rng(0)
    hz = np.fft.rfftfreq(38400, 1 / 192000)
    for label, low_hz in (("high", 70000), ("low", 45000)):
        (folder / label).mkdir()
        for k in range(8):
            spectrum = np.fft.rfft(rng.normal(size=38400)) * ((hz > low_hz) & (hz < low_hz + 10000))
            soundfile.write(folder / label / f"{k}.flac", 0.8 * np.fft.irfft(spectrum), 192000)
    return folder


def test_what_a_model_does_not_hear_is_said(cli: Callable[..., Any], bat_folder: Path) -> None:
    done = cli("train", bat_folder, "--task", "noise", "--dry-run")
    assert done.code == 0
    said = " ".join(done.err.split())
    assert "16 sounds with energy above 16000 Hz, half of the sample rate of the model" in said
    assert "median share 100%" in said
    done = cli("train", bat_folder, "--task", "noise", "--dry-run", "--sample-rate", 192000)
    assert "with energy above" not in done.err


@pytest.mark.train
@pytest.mark.parametrize("net", ["conv-residual", "svm"])
def test_a_model_can_hear_as_high_as_its_sounds(
    cli: Callable[..., Any], bat_folder: Path, tmp_path: Path, net: str
) -> None:
    settings = [] if net == "svm" else ["--epochs", 4, "--window-s", 0.2, "--n-augmentations", 1]
    arguments = ["train", bat_folder, "--task", "noise", "--sample-rate", 192000, "--net", net, *settings]
    done = cli(*arguments, "--out", tmp_path / "model")
    assert done.code == 0, done.err
    sounds = sorted(bat_folder.rglob("*.flac"))
    done = cli("predict", tmp_path / "model", *sounds, "--format", "csv")
    assert done.code == 0, done.err
    assert "above" not in done.err
    assert (
        sum(
            f"/{label}/" in line and label in line.split(",")[1:]
            for label in ("high", "low")
            for line in done.out.splitlines()
        )
        >= 12
    )


@pytest.fixture
def flawed_folder(toy_folder: Path, tmp_path: Path) -> Path:
    """Return the made-up sounds with three files among them that are none."""
    folder = tmp_path / "flawed"
    for path in toy_folder.glob("*/*.wav"):
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / path.parent.name / path.name).symlink_to(path)
    (folder / "rise" / "900_ann.wav").write_bytes(b"")
    (folder / "rise" / "901_ann.wav").write_bytes(b"this is a letter, not a sound" * 100)
    soundfile.write(folder / "fall" / "902_bob.wav", np.zeros(8000), 8000)
    (folder / "fall" / "notes.txt").write_text("passed over")
    return folder


def test_bad_files_are_named_and_set_aside(cli: Callable[..., Any], flawed_folder: Path) -> None:
    asked = ["train", flawed_folder, "--group-by", "part:2", "--net", "mlp", "--dry-run"]
    finished = cli(*asked)
    assert finished.code == 0, finished.err
    assert "27 sounds with 3 classes" in finished.out
    for name in ("900_ann.wav", "901_ann.wav", "902_bob.wav"):
        assert finished.err.count(name) == 1
    assert "is digital silence" in finished.err
    assert "notes.txt" not in finished.err
    strict = cli(*asked, "--strict")
    assert strict.code == 2
    assert "3 files are unusable. Fix or exclude them, or omit --strict." in strict.err


# -- help -----------------------------------------------------------------------------------------


def test_the_help_has_a_flag_for_every_setting_with_its_default(cli: Callable[..., Any]) -> None:
    from woodshed.tasks import recognition_tasks, task_class

    finished = cli("train", "--help")
    assert finished.code == 0
    said = " ".join(finished.out.replace("│", " ").split())
    for name in task_class("speech")().get_params():
        assert f"--{name.replace('_', '-')[:20]}" in said, name
    for task in recognition_tasks():  # tasks with one default stand together: svm for noise_colour, snr
        assert re.search(rf"\b{task_class(task)().net} for [^;\]]*\b{task}\b", said), task
    assert "Seed of all random draws, 0 or more." in said
