"""Comparison: several nets on the same folds, each in a process of its own, and what each costs."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.data.split import Split
from woodshed.errors import DataError, ParameterError, near_miss
from woodshed.nets import NETS
from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.model_comparison import BenchmarkTask, part_name, work
from woodshed.recognition.items import common_rate
from woodshed.training.progress import Watcher
from woodshed.training.provenance import provenance
from woodshed.training.run_state import RunState, fingerprint

USUAL = ("mlp", "conv-stack", "svm", "forest", "logistic")
"""What a job's own net is compared with, when nothing else is said."""

_NOT_SHARED = ("net", "store", "n_jobs", "sample_rate")


@dataclass(frozen=True)
class Costs:
    """What a candidate takes.

    Parameters
    ----------
    train_s
        Seconds for one training, mean of the folds; features were there already.
    n_weights
        Weights of a net; 0 for a classical model, which has none.
    size_bytes
        What was learned, as the files of a model folder.
    predict_s
        Seconds for one clip, from the file to the answer, one clip after the other.
    peak_bytes
        The most memory that its process ever held; NaN where that cannot be known.
    """

    train_s: float
    n_weights: int
    size_bytes: int
    predict_s: float
    peak_bytes: float

    @classmethod
    def of(cls, parts: Sequence[Mapping[str, NDArray[Any]]]) -> Costs:
        """Put the folds together: times are averaged, sizes are the largest."""

        def of_folds(name: str) -> list[float]:
            return [float(part[name]) for part in parts]

        return cls(
            train_s=float(np.mean(of_folds("train_s"))),
            n_weights=int(max(of_folds("n_weights"))),
            size_bytes=int(max(of_folds("size_bytes"))),
            predict_s=float(np.mean(of_folds("predict_s"))),
            peak_bytes=max(of_folds("peak_bytes")),
        )


@dataclass(frozen=True)
class Comparison:
    """What was found: everything its page and tables show.

    Parameters
    ----------
    job, answer, corpus, settings, provenance
        As for `woodshed.recognition.experiments.column_result.ColumnExperiment`; ``answer`` may also be ``classes``.
    names
        Classes, tags or values, in the order of the columns of every array.
    split, leaky, indices
        As for `woodshed.recognition.experiments.result.SplitResult`.
    truth
        Shape ``(n_test, n_names)``; for classes a single 1 in each row; NaN where it is not known.
    answers
        Net -> array ``(n_test, n_names)``, all to the same clips; last the plain ``majority`` or ``mean``.
    costs
        Net -> what it takes.
    failed
        Net -> why it has no answers.
    interrupted
        Whether some candidates were not tried.
    """

    task: str
    answer: str
    corpus: Corpus
    names: tuple[str, ...]
    split: str
    leaky: bool | None
    indices: NDArray[np.int64]
    truth: NDArray[np.float64]
    answers: Mapping[str, NDArray[np.float64]]
    costs: Mapping[str, Costs]
    failed: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False


def candidates_of(estimator: AudioEstimator, nets: str | None = None) -> tuple[str, ...]:
    """Read the names of the nets to compare, with commas between; None is the job's own and the usual ones.

    Raises
    ------
    ParameterError
        If there is no such net, or only one.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> candidates_of(Recogniser(net="mlp"))
    ('mlp', 'conv-stack', 'svm', 'forest', 'logistic')
    >>> candidates_of(Recogniser(), "svm, forest")
    ('svm', 'forest')
    """
    asked = [estimator.net, *USUAL] if nets is None else [name.strip() for name in nets.split(",")]
    for name in asked:
        if name not in (*NETS, *CLASSICAL):
            raise ParameterError(f"There is no net called {name!r}. {near_miss(name, [*NETS, *CLASSICAL])}")
    found = tuple(dict.fromkeys(asked))
    if len(found) < 2:
        raise ParameterError(f"To compare takes two nets or more, got {found[0]} alone. Name another one.")
    return found


@dataclass
class ModelComparison:
    """Compare nets on the same folds of the same corpus.

    Each candidate learns and answers in a fresh Python process, one after the other, so that times are
    not disturbed and memory is its own. A program that uses this must be able to be imported (``if
    __name__ == "__main__":``), as for every use of `multiprocessing`.

    Parameters
    ----------
    listener
        Unfitted, with the settings that all share; its own net plays no part.
    corpus
        Checked examples.
    split
        The folds that every candidate is tested on.
    nets
        The candidates; see `candidates_of`.
    notebook
        Where each fold is written down when it is done. Nets may be added when a run goes on.
    resume
        Go on with what is written down there.
    watcher
        See `woodshed.training.progress.Watcher`.
    """

    estimator: AudioEstimator
    corpus: Corpus
    split: Split
    nets: Sequence[str]
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def measure(self) -> Comparison:
        """Let every candidate learn and answer; Ctrl-C keeps those that are done.

        Raises
        ------
        DataError
            If no candidate could be tested.
        OutputError
            If the notebook holds another run.
        """
        settings = self.estimator.get_params()
        rate = settings["sample_rate"] or common_rate(
            Sounds(self.corpus.examples), type(self.estimator).highest_rate
        )
        with tempfile.TemporaryDirectory() as temporary:
            run_state = RunState(self.run_state.folder or Path(temporary) / "notebook")
            folder = run_state.folder or Path(temporary)
            store = settings["store"] or str(Path(temporary) / "features")
            kind = type(self.estimator)
            contest = BenchmarkTask(
                kind(**settings | {"sample_rate": rate, "store": store}), self.corpus, self.split
            )
            contest.check()
            shared = {name: value for name, value in settings.items() if name not in _NOT_SHARED}
            mark = shared | {"task": kind.task, "sample_rate": rate, "comparison": contest.encoded[1]}
            run_state.open(fingerprint(mark, self.corpus, [self.split]), resume=self.resume)
            began = time.monotonic()
            failed: dict[str, str] = {}
            interrupted = False
            try:
                for net in self.nets:
                    reason = run_apart(contest, net, folder, self.watcher)
                    if reason:
                        failed[net] = reason
            except KeyboardInterrupt:
                interrupted = True
            found = gather(contest, self.nets, run_state)
        if interrupted and not found.costs:
            raise KeyboardInterrupt
        if not found.costs:
            told = " ".join(f"{net}: {reason}" for net, reason in failed.items())
            raise DataError(f"No candidate could be tested. {told}")
        return replace(
            found,
            failed=failed,
            settings=shared | {"sample_rate": rate},
            provenance=provenance(self.estimator.seed, time.monotonic() - began),
            interrupted=interrupted,
        )


def run_apart(contest: BenchmarkTask, net: str, folder: Path, watcher: Watcher) -> str:
    """Let a candidate compete in a process of its own; return why it failed, or nothing."""
    apart = multiprocessing.get_context("spawn")
    here, there = apart.Pipe(duplex=False)
    process = apart.Process(target=work, args=(contest, net, folder, there))
    process.start()
    there.close()
    try:
        while True:
            try:
                word, *told = here.recv()
            except EOFError:
                process.join()
                return f"its process ended with status {process.exitcode}; perhaps memory was short."
            if word == "done":
                return ""
            if word == "failed":
                return str(told[0])
            getattr(watcher, word)(*told)
    except BaseException:
        process.terminate()  # a fold is written down whole or not at all
        raise
    finally:
        process.join()
        here.close()


def gather(contest: BenchmarkTask, nets: Sequence[str], run_state: RunState) -> Comparison:
    """Put the folds of every candidate that has done all of them together."""
    folds = contest.split.folds
    names, truth = contest.encoded
    indices = np.concatenate([fold.test for fold in folds])
    answers: dict[str, NDArray[np.float64]] = {}
    costs = {}
    for net in nets:
        parts = [part for f in range(len(folds)) if (part := run_state.recall(part_name(net, f))) is not None]
        if len(parts) == len(folds):
            answers[net] = np.concatenate([part["answers"] for part in parts])
            costs[net] = Costs.of(parts)
    plain = "majority" if contest.estimator.answer == "classes" else "mean"
    answers[plain] = np.concatenate([contest.plain(fold) for fold in folds])
    return Comparison(
        task=type(contest.estimator).task,
        answer=contest.estimator.answer,
        corpus=contest.corpus,
        names=tuple(names),
        split=contest.split.name,
        leaky=contest.split.leaky,
        indices=indices,
        truth=truth[indices],
        answers=answers,
        costs=costs,
    )
