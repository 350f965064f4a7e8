"""A small made-up experiment with real sound files: 4 classes, 6 groups, two splits, hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.recognition.heads.classes import ClassesHead
from woodshed.report.recognition import scores
from woodshed.training.progress import LearningCurve

LABELS = ("<script>alert(1)</script>", "no", 'R&B "live"', "yes")
NAMES = (
    "<b>&\"'.wav",
    "plain.wav",
    "caf\udce9.wav",
    "\u202egnp.wav",
    "<img src=x onerror=alert(2)>.wav",
)
N = 48


def write_sound(path: Path, k: int, duration_s: float = 0.3) -> None:
    """Write a tone; each of them is another one, so that every clip of a page can be told apart."""
    time_s = np.arange(round(duration_s * 22050)) / 22050
    with open(path, "wb") as file:  # soundfile itself cannot spell a name that is not UTF-8
        soundfile.write(file, 0.4 * np.sin(2 * np.pi * (200 + 15 * k) * time_s), 22050, format="WAV")


def probabilities_of(truth: np.ndarray, wrong: dict[int, int], sureness: np.ndarray) -> np.ndarray:
    """Return answers that are right but for the rows in ``wrong``, each as sure as ``sureness`` says."""
    answer = np.array([wrong.get(row, column) for row, column in enumerate(truth)])
    given = np.repeat((1 - sureness)[:, np.newaxis] / (len(LABELS) - 1), len(LABELS), axis=1)
    given[np.arange(truth.size), answer] = sureness
    return given


def decisions_of(probabilities: np.ndarray) -> np.ndarray:
    """Return a row with a single 1 at the most probable class of each row."""
    return np.eye(len(LABELS))[probabilities.argmax(axis=1)]


@pytest.fixture(scope="session", autouse=True)
def _fewer_draws() -> Iterator[None]:
    """Draw fewer bootstrap samples: the tests ask what the intervals are of, not for their third digit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "N_RESAMPLES", 200)
        patch.setattr(scores, "N_RESAMPLES_AUC", 50)
        yield


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one sound file for each example, some with hostile names."""
    folder = tmp_path_factory.mktemp("sounds")
    for k in range(N):
        (folder / str(k)).mkdir()
        write_sound(folder / str(k) / name_of(k), k)
    return folder


def name_of(k: int) -> str:
    """Return the file name of an example: the first rows have the hostile ones."""
    return NAMES[k] if k < len(NAMES) else f"take {k}.wav"


@pytest.fixture(scope="session")
def experiment(sound_folder: Path) -> Experiment:
    """Return an experiment whose honest split has 10 mistakes of 48, and whose leaky one has 1 of 24."""
    rng = np.random.default_rng(0)
    columns = np.arange(N) % 4
    examples = tuple(
        Example(sound_folder / str(k) / name_of(k), LABELS[columns[k]], f"group <{k // 8}>") for k in range(N)
    )
    corpus = Corpus(
        "made up & small",
        examples,
        skipped=(Skipped(Path("broken <i>.wav"), "it is empty (0 bytes)."),),
        licence="CC BY 4.0",
        citation="A. <Nobody>, 2024",
    )
    truth = np.eye(len(LABELS))[columns]
    sureness = rng.uniform(0.5, 0.95, N)
    wrong = {k: int((columns[k] + 1 + k % 2) % 4) for k in (0, 1, 2, 3, 4, 10, 11, 20, 30, 40)}
    svm_wrong = {k: int((columns[k] + 1) % 4) for k in range(0, N, 2)}
    curve = LearningCurve("fold 1", (1.4, 0.9, 0.5, 0.2), (1.4, 1.0, 0.8, 0.9), (0.2, 0.5, 0.8, 0.75), 2)
    majority = np.tile([0.28, 0.24, 0.24, 0.24], (N, 1))
    outputs = {
        "net": probabilities_of(columns, wrong, sureness),
        "svm": probabilities_of(columns, svm_wrong, sureness),
        "majority": majority,
    }
    honest = SplitResult(
        "unseen groups, 2 folds",
        False,
        np.arange(N),
        np.repeat(["fold 1", "fold 2"], N // 2),
        truth,
        outputs,
        decisions_of(outputs["net"]),
        (curve, replace(curve, fold="fold 2", best_epoch=3)),
    )
    half = np.arange(0, N, 2)
    leaky_outputs = {
        "net": probabilities_of(columns[half], {5: int((columns[half][5] + 1) % 4)}, sureness[half]),
        "majority": majority[half],
    }
    leaky = SplitResult(
        "random half",
        True,
        half,
        np.full(half.size, "test"),
        truth[half],
        leaky_outputs,
        decisions_of(leaky_outputs["net"]),
        (curve,),
    )
    return Experiment(
        "noise",
        ClassesHead(),
        corpus,
        LABELS,
        (leaky, honest),  # the report has to put the honest one first by itself
        {"window_s": 1.0, "seed": 0},
        (Skipped(Path("late.wav"), "it has samples that are NaN."),),
        {"woodshed": "0.1.0", "commit": "abc<def>"},
    )


@pytest.fixture(scope="session")
def honest(experiment: Experiment) -> SplitResult:
    """Return the split that shares no group."""
    return experiment.splits[1]
