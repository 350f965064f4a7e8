"""Comparison of several models on the same folds, each in a process of its own, with their costs."""

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

from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import Split
from woodshed.errors import DataError, ParameterError
from woodshed.recognition.clip_item import common_rate
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.benchmark_task import BenchmarkTask, part_name, run_worker
from woodshed.recognition.heads.head import Head
from woodshed.recognition.learners import learner_of
from woodshed.training.model_folder import provenance
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState, fingerprint

USUAL = ("mlp", "conv-stack", "svm", "forest", "logistic")
"""Models that a task's own is compared with by default."""

_NOT_SHARED = ("net", "store", "n_jobs", "sample_rate")


@dataclass(frozen=True)
class Costs:
    """Cost of a candidate.

    Parameters
    ----------
    train_s
        Seconds of one training, mean of the folds, features excluded.
    n_weights
        Weights of a network; 0 for a classical estimator.
    size_bytes
        Size of what was learned, as the files of a model folder.
    predict_s
        Seconds for one clip, from the file to the prediction, one clip after the other.
    peak_bytes
        Peak memory of its process; NaN where it is unknown.
    """

    train_s: float
    n_weights: int
    size_bytes: int
    predict_s: float
    peak_bytes: float

    @classmethod
    def of(cls, parts: Sequence[Mapping[str, NDArray[Any]]]) -> Costs:
        """Combine the folds: times are averaged, sizes are the largest."""

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
    """Results of a model comparison: everything that its page and tables show.

    Parameters
    ----------
    task, head, corpus, names, settings, provenance
        As for `woodshed.recognition.experiments.result.Experiment`.
    split, leaky, indices, truth
        As for `woodshed.recognition.experiments.result.SplitResult`.
    outputs
        Model -> array ``(n_test, n_names)``, all for the same clips; last the constant baseline.
    costs
        Model -> its cost.
    failed
        Model -> why it has no outputs.
    interrupted
        Whether some candidates were not run.
    """

    task: str
    head: Head
    corpus: Corpus
    names: tuple[str, ...]
    split: str
    leaky: bool | None
    indices: NDArray[np.int64]
    truth: NDArray[np.float64]
    outputs: Mapping[str, NDArray[np.float64]]
    costs: Mapping[str, Costs]
    failed: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False


def candidates_of(estimator: AudioEstimator, nets: str | None = None) -> tuple[str, ...]:
    """Read the names of the models to compare, separated by commas; None takes the task's own and the usual.

    Raises
    ------
    ParameterError
        If a name is unknown, or there is only one.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> candidates_of(Recogniser(net="mlp"))
    ('mlp', 'conv-stack', 'svm', 'forest', 'logistic')
    >>> candidates_of(Recogniser(), "svm, forest")
    ('svm', 'forest')
    """
    names = [estimator.net, *USUAL] if nets is None else [name.strip() for name in nets.split(",")]
    for name in names:
        learner_of(name)  # raises for an unknown name
    distinct = tuple(dict.fromkeys(names))
    if len(distinct) < 2:
        raise ParameterError(f"A comparison needs two models or more, got {distinct[0]} alone. Name another.")
    return distinct


@dataclass
class ModelComparison:
    """Compare models on the same folds of the same corpus.

    Each candidate is trained and tested in a fresh Python process, one after the other, so that times are not
    disturbed and memory is its own. A program that uses this must be importable (``if __name__ ==
    "__main__":``), as for every use of `multiprocessing`.

    Parameters
    ----------
    estimator
        Unfitted, with the settings that all candidates share; its own ``net`` plays no part.
    corpus
        Checked examples.
    split
        The folds that every candidate is tested on.
    nets
        The candidates; see `candidates_of`.
    run_state
        Where finished folds are stored. Candidates may be added when a run is resumed.
    resume
        Continue the run that is stored there.
    watcher
        Observer of the progress.
    """

    estimator: AudioEstimator
    corpus: Corpus
    split: Split
    nets: Sequence[str]
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def measure(self) -> Comparison:
        """Run every candidate; Ctrl-C keeps those that are finished.

        Raises
        ------
        DataError
            If no candidate could be tested.
        OutputError
            If another run is stored at the place of this one.
        """
        settings = self.estimator.get_params()
        kind = type(self.estimator)
        rate = settings["sample_rate"] or common_rate(Sounds(self.corpus.examples), kind.highest_rate)
        shared = {name: value for name, value in settings.items() if name not in _NOT_SHARED}
        with tempfile.TemporaryDirectory() as temporary:
            run_state = RunState(self.run_state.folder or Path(temporary) / "run")
            store = settings["store"] or str(Path(temporary) / "features")
            estimator = kind(**settings | {"sample_rate": rate, "store": store})
            task = BenchmarkTask(estimator, self.corpus, self.split)
            task.check()
            mark = shared | {"task": kind.task, "sample_rate": rate, "comparison": task.encoded[1]}
            run_state.open(fingerprint(mark, self.corpus, [self.split]), resume=self.resume)
            began = time.monotonic()
            failed, interrupted = self._run_all(task, run_state.folder or Path(temporary))
            comparison = gather(task, self.nets, run_state)
        if interrupted and not comparison.costs:
            raise KeyboardInterrupt
        if not comparison.costs:
            reasons = " ".join(f"{net}: {reason}" for net, reason in failed.items())
            raise DataError(f"No candidate could be tested. {reasons}")
        return replace(
            comparison,
            failed=failed,
            settings=shared | {"sample_rate": rate},
            provenance=provenance(self.estimator.seed, time.monotonic() - began),
            interrupted=interrupted,
        )

    def _run_all(self, task: BenchmarkTask, folder: Path) -> tuple[dict[str, str], bool]:
        """Run the candidates one after the other; return why some failed, and whether Ctrl-C was pressed."""
        failed: dict[str, str] = {}
        try:
            for net in self.nets:
                reason = run_in_process(task, net, folder, self.watcher)
                if reason:
                    failed[net] = reason
        except KeyboardInterrupt:
            return failed, True
        return failed, False


def run_in_process(task: BenchmarkTask, net: str, folder: Path, watcher: Watcher) -> str:
    """Run a candidate in a process of its own; return why it failed, or an empty text."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_worker, args=(task, net, folder, sender))
    process.start()
    sender.close()
    try:
        while True:
            try:
                event, *arguments = receiver.recv()
            except EOFError:
                process.join()
                return f"its process ended with status {process.exitcode}; memory may have run out."
            if event == "done":
                return ""
            if event == "failed":
                return str(arguments[0])
            getattr(watcher, event)(*arguments)
    except BaseException:
        process.terminate()  # a fold is stored whole or not at all
        raise
    finally:
        process.join()
        receiver.close()


def gather(task: BenchmarkTask, nets: Sequence[str], run_state: RunState) -> Comparison:
    """Combine the stored folds of every candidate that has finished all of them."""
    folds = task.split.folds
    names, truth = task.encoded
    indices = np.concatenate([fold.test for fold in folds])
    outputs: dict[str, NDArray[np.float64]] = {}
    costs = {}
    for net in nets:
        parts = [part for f in range(len(folds)) if (part := run_state.recall(part_name(net, f))) is not None]
        if len(parts) == len(folds):
            outputs[net] = np.concatenate([part["outputs"] for part in parts])
            costs[net] = Costs.of(parts)
    outputs[task.head.constant_baseline] = np.concatenate([task.constant(fold) for fold in folds])
    return Comparison(
        task=type(task.estimator).task,
        head=task.head,
        corpus=task.corpus,
        names=tuple(names),
        split=task.split.name,
        leaky=task.split.leaky,
        indices=indices,
        truth=truth[indices],
        outputs=outputs,
        costs=costs,
    )
