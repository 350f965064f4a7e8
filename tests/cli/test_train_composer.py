"""``woodshed train`` for jobs that write: bad files are named, families are held out, the model writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import woodshed
from woodshed.score import Metre, Note, Score
from woodshed.symbolic import write_midi

TINY = ("--epochs", 2, "--width", 16, "--n-layers", 1, "--n-steps", 64, "--batch-size", 2, "--dropout", 0)


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 24 tunes that have nothing in common, a tune in MIDI, and three bad files."""
    folder = tmp_path_factory.mktemp("tunes")
    letters = "CDEFGABcdefgab"
    for k in range(24):
        notes = [letters[(3 * k + step * (1 + k % 5)) % 14] for step in range(12)]
        music = "|".join(" ".join(notes[at : at + 4]) for at in (0, 4, 8))
        text = f"X:1\nT:Number {chr(97 + k)}{chr(120 - k)}song\nM:4/4\nL:1/4\nK:C\n{music}|C4|\n"
        (folder / f"{k:02}.abc").write_text(text, "utf-8")
    played = Score([Note(k, 1, 60 + (5 * k) % 12) for k in range(8)], metres=[Metre(0, 4, 4)])
    write_midi(played, folder / "played.mid")
    (folder / "no.abc").write_text("This is a letter, not a tune.\n", "utf-8")
    (folder / "five.abc").write_text("X:1\nT:Five\nM:5/4\nL:1/4\nK:C\nCDEFG|C5|\n", "utf-8")
    (folder / "broken.mid").write_bytes(b"MThd\x00\x00")
    return folder


@pytest.fixture(scope="module")
def model(cli: Callable[..., Any], tunes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "tune"
    finished = cli("train", tunes, "--task", "tune", *TINY, "--out", out)
    assert finished.code == 0, finished.err
    for name in ("no.abc", "five.abc", "broken.mid"):
        assert f"{name}" in finished.err
    assert "bits per token" in finished.out
    return out


@pytest.mark.train
def test_the_folder_holds_model_card_and_scores(model: Path) -> None:
    metrics = json.loads((model / "metrics.json").read_text("utf-8"))
    assert metrics["pieces"] == {"train": 22, "validation": 1, "test": 2}
    assert metrics["bits"][0]["method"] == "the model"
    assert any(one["method"].startswith("n-gram of order") for one in metrics["bits"])
    assert all(0 < one["bits"] < 20 for one in metrics["bits"])
    assert len(metrics["skipped"]) == 3
    card = (model / "card.md").read_text("utf-8")
    assert "An n-gram predicts held-out pieces better" in card
    assert "22 pieces only and will copy them" in card
    assert "| licence of the training data | unknown: yours to state" in card
    assert metrics["licence"] == ""
    assert len(woodshed.load(model).known_) == 22
    assert not (model / "training").exists()


@pytest.mark.train
def test_info_tells_the_bits_and_the_model_writes(
    cli: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    told = cli("info", model)
    assert told.code == 0
    assert "the model" in told.out
    assert "bits per token" in told.out
    assert "1 layer of 16 units" in told.out
    finished = cli(
        "generate", model, "-n", 1, "--metre", "4/4", "--key", "C major", "--bars", 2, "--ends", "any",
        "--formats", "abc", "--out", tmp_path / "out",
    )  # fmt: skip
    assert finished.code == 0, finished.err


@pytest.mark.train
def test_an_interrupted_training_keeps_the_best_and_goes_on(
    cli: Callable[..., Any], tunes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from woodshed.training.loop import TrainingState

    ended = TrainingState.end_epoch

    def interrupt(self: TrainingState, *arguments: Any) -> None:
        ended(self, *arguments)
        if len(self.train_loss) == 2:
            raise KeyboardInterrupt

    asked = ("train", tunes, "--task", "tune", *TINY, "--epochs", 4, "--out", tmp_path / "model")
    with monkeypatch.context() as patch:
        patch.setattr(TrainingState, "end_epoch", interrupt)
        stopped = cli(*asked)
    assert stopped.code == 130, stopped.err
    assert "--resume" in stopped.err
    assert len(woodshed.load(tmp_path / "model").curve_.train_loss) == 2
    assert cli(*asked, "--resume").code == 0
    assert len(woodshed.load(tmp_path / "model").curve_.train_loss) == 4


@pytest.mark.train
def test_chorales_are_learned_from_midi(cli: Callable[..., Any], tmp_path: Path) -> None:
    """Four parts without names are told by their heights; three parts are set aside."""
    (tmp_path / "in").mkdir(exist_ok=True)
    for k in range(6):
        rows = [(72 + k % 3, 0), (67, 1), (60, 2), (48 + k, 3)]
        notes = [Note(beat, 1, pitch, channel=3 - voice) for beat in range(8) for pitch, voice in rows]
        write_midi(Score(notes), tmp_path / "in" / f"{chr(97 + k) * 4}.mid")
    write_midi(Score([Note(0, 1, 60, channel=k) for k in range(3)]), tmp_path / "in" / "trio.mid")
    finished = cli(
        "train", tmp_path / "in", "--task", "chorale", "--epochs", 1, "--width", 8, "--n-layers", 1,
        "--n-steps", 16, "--batch-size", 2, "--out", tmp_path / "model",
    )  # fmt: skip
    assert finished.code == 0, finished.err
    assert "trio.mid" in finished.err
    composer = woodshed.load(tmp_path / "model")
    piece = composer.to_generation(composer.known_[0][1])
    assert piece.grid[0, 1:3].tolist() == [67, 60]


@pytest.mark.parametrize(
    ("data", "flags", "message"),
    [
        ("there-is-no-such", [], "no such folder or collection"),
        ("notingham:x", [], "Did you mean nottingham?"),
        (".", ["--target", "valence"], "--target is not supported by generation tasks"),
        (".", ["--net", "lstm"], "Unknown net 'lstm'"),
        (".", ["--n-mels", 3], "--n-mels is not supported by task 'tune'"),
        (".", ["--seed", -1], "seed must be 0 or more, got -1."),
    ],
)
def test_what_cannot_be_learned_is_said_before_any_work(
    data: str, flags: list[Any], message: str, cli: Callable[..., Any], tmp_path: Path
) -> None:
    finished = cli("train", data, "--task", "tune", "--out", tmp_path / "model", *flags)
    assert (finished.code, finished.out) == (2, "")
    assert message in finished.err
    assert not (tmp_path / "model").exists()


def test_an_empty_corpus_is_refused(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    nothing = cli("train", tmp_path / "empty", "--task", "tune", "--out", tmp_path / "model")
    assert nothing.code == 2
    assert "there are no score files" in nothing.err
    (tmp_path / "empty" / "letter.abc").write_text("Dear Sir,\n", "utf-8")
    useless = cli("train", tmp_path / "empty", "--task", "tune", "--out", tmp_path / "model")
    assert useless.code == 2
    assert "nothing to learn from; 1 piece cannot be used" in useless.err
    assert "no line begins with X:" in useless.err


def test_a_dry_run_trains_nothing(cli: Callable[..., Any], tunes: Path, tmp_path: Path) -> None:
    finished = cli("train", tunes, "--task", "tune", "--dry-run", "--out", tmp_path / "model")
    assert finished.code == 0, finished.err
    assert "25 pieces" in finished.out
    assert "Nothing was trained or written." in finished.out
    assert not (tmp_path / "model").exists()
