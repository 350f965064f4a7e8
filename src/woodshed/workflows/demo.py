"""Demonstration: train and test a recogniser on the recordings that come with woodshed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from woodshed.data import sample
from woodshed.data.corpora.fsdd import load
from woodshed.data.example import Corpus, Example, Sounds
from woodshed.data.split import honest_splits
from woodshed.interruption import deferred
from woodshed.lock import FolderLock
from woodshed.prediction import Prediction
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.folder import write_model_folder
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.training.progress import Watcher
from woodshed.workflows.files import prepare_folder

HELD_OUT = ("7_theo_4", "3_george_4", "9_yweweler_4")
"""Names of the recordings that are kept out of every training, for the model to predict at the end."""


@dataclass(frozen=True)
class Demo:
    """A demonstration that is ready to run.

    Parameters
    ----------
    recogniser
        Unfitted recogniser.
    corpus
        Recordings for training and testing.
    held_out
        Recordings that are kept out of every training.
    folder
        Folder for the model and its report.
    lock
        Right to write the folder, released by `run_demo`.
    """

    recogniser: SpeechRecogniser
    corpus: Corpus
    held_out: tuple[Example, ...]
    folder: Path
    lock: FolderLock


@dataclass(frozen=True)
class DemoResult:
    """Result of a demonstration.

    Parameters
    ----------
    experiment
        Scores on both splits, with baselines.
    predictions
        Prediction for each recording of ``Demo.held_out``.
    interrupted
        Whether the run was interrupted, so that some trainings are missing.
    """

    experiment: Experiment
    predictions: tuple[Prediction, ...]
    interrupted: bool


def prepare_demo(
    folder: Path, *, store: str, epochs: int = 30, seed: int = 0, overwrite: bool = False
) -> Demo:
    """Check the settings, create the output folder and load the recordings.

    Parameters
    ----------
    folder
        Folder for the model and its report.
    store
        Folder of the feature store.
    epochs
        Number of epochs of each training.
    seed
        Seed of all random draws, 0 or more.
    overwrite
        Whether the content of the folder is replaced.

    Raises
    ------
    ParameterError
        If a setting is out of its range.
    OutputError
        If the folder is not empty and not to be replaced, or cannot be written to.
    """
    recogniser = SpeechRecogniser(epochs=epochs, seed=seed, store=store)
    recogniser.check_settings()
    recogniser.learner.check_installed()
    corpus = load(sample.sample_folder())
    held_out = tuple(example for example in corpus.examples if example.path.stem in HELD_OUT)
    rest = tuple(example for example in corpus.examples if example not in held_out)
    lock = prepare_folder(folder, force=overwrite)  # last, since an error would leave it locked
    return Demo(recogniser, replace(corpus, examples=rest), held_out, folder, lock)


def run_demo(demo: Demo, watcher: Watcher | None = None) -> DemoResult:
    """Train and test on both splits, write the model and predict the held-out recordings.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    splits = honest_splits(demo.corpus, "random", demo.recogniser.seed)
    run = CrossValidation(demo.recogniser, demo.corpus, splits, watcher=watcher or Watcher())
    with demo.lock, deferred():
        experiment, model = run.measure()
        write_model_folder(model, experiment, demo.folder)
    predictions = model.predictions(Sounds(list(demo.held_out)))
    return DemoResult(experiment, cast("tuple[Prediction, ...]", tuple(predictions)), run.interrupted)
