"""Cut short for real: a process that is killed, and one that is interrupted, in the middle of training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.data.example import Corpus, Sounds
from woodshed.recognition.estimator import Recogniser
from woodshed.tasks import task_class

pytestmark = [pytest.mark.train, pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")]

LIMIT_S = 600


def begin(arguments: list[object], folder: Path) -> subprocess.Popen[str]:
    """Start ``woodshed`` in a process of its own."""
    words = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in arguments]
    program = "from woodshed.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *words, "--out", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a file is there; the process must still be at work."""
    until = time.monotonic() + LIMIT_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"{path.name} was never written: {process.communicate()}")
        time.sleep(0.002)


def scores(folder: Path) -> Any:
    return json.loads((folder / "metrics.json").read_text("utf-8"))["splits"]


def test_a_killed_training_goes_on_to_the_scores_of_one_that_was_not(
    cli: Callable[..., Any], train_arguments: list[object], model_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    process = begin(train_arguments, folder)
    wait_for(folder / "training" / "split-0-fold-1.checkpoint.npz", process)  # the second of four trainings
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == -signal.SIGKILL
    kept = sorted(path.name for path in (folder / "training").iterdir() if not path.name.startswith("."))
    assert "split-0-fold-0.npz" in kept
    assert not (folder / "settings.json").exists()  # it was in the middle
    refused = cli("predict", folder, tmp_path)
    assert (refused.code, "is not a woodshed model" in refused.err) == (2, True)

    resumed = cli(*train_arguments, "--out", folder, "--resume")
    assert resumed.code == 0, resumed.err
    assert "unseen groups, 2 folds: fold 1" not in resumed.err  # that training is not done again
    assert "final model, all data" in resumed.err
    assert scores(folder) == scores(model_folder)
    assert not (folder / "training").exists()
    paths = sorted(Path(str(train_arguments[1])).glob("*/*.wav"))
    clips = [woodshed.read(path) for path in paths[::5]]
    assert np.array_equal(
        woodshed.load(folder).predict_proba(clips), woodshed.load(model_folder).predict_proba(clips)
    )


def test_ctrl_c_leaves_a_model_that_says_it_was_interrupted(
    cli: Callable[..., Any], train_arguments: list[object], tmp_path: Path, toy: Any
) -> None:
    folder = tmp_path / "model"
    process = begin([*train_arguments, "--epochs", "5000", "--patience", "5000"], folder)
    wait_for(folder / "training" / "split-0-fold-0.checkpoint.npz", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "The training was not finished: the model has the best weights so far." in err
    assert "Interrupted. To continue, repeat the command with --resume." in err
    assert out.count("Tested on") == 1  # the one fold that was run
    model = woodshed.load(folder)
    assert model.predict(toy.clips[:3]).shape == (3,)
    assert "interrupted" in json.loads((folder / "metrics.json").read_text("utf-8"))["provenance"]
    assert "interrupted" in (folder / "card.md").read_text("utf-8")
    assert (folder / "training" / "split-0-fold-0.checkpoint.npz").exists()  # it can still go on


def test_a_fit_that_is_killed_goes_on_from_its_checkpoint_to_the_same_net(
    python: Callable[..., Any],
    fitted: Callable[[str], Recogniser],
    toy_corpus: Corpus,
    toy_folder: Path,
    tiny: dict[str, Any],
    tmp_path: Path,
) -> None:
    program = (
        "import json, os, signal, sys\n"
        "from woodshed.data.folder import read_folder\n"
        "from woodshed.data.example import Sounds\n"
        "from woodshed.tasks import task_class\n"
        "corpus = read_folder(sys.argv[1], group_by='part:2')\n"
        "def kill(epoch, loss, accuracy):\n"
        "    if epoch == 11:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "model = task_class('speech')(**json.loads(sys.argv[3]))\n"
        "model.fit(Sounds(corpus.examples), corpus.labels, checkpoint=sys.argv[2], on_epoch=kill)\n"
    )
    checkpoint = tmp_path / "checkpoint.npz"
    ran = python(program, toy_folder, checkpoint, json.dumps(tiny))
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    epochs: list[int] = []
    resumed = task_class("speech")(**tiny).fit(
        Sounds(toy_corpus.examples),
        toy_corpus.labels,
        checkpoint=checkpoint,
        on_epoch=lambda epoch, loss, accuracy: epochs.append(epoch),
    )
    assert 1 <= epochs[0] <= 12  # not every short epoch has a checkpoint
    assert epochs == list(range(epochs[0], 20))
    assert resumed.curve_ == fitted("speech").curve_
    assert all(map(np.array_equal, resumed.net_.get_weights(), fitted("speech").net_.get_weights()))
