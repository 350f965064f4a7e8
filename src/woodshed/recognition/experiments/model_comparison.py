"""Comparison of several models on the same folds, each in a process of its own, with their costs.

The peak memory is the highest resident set size of the whole process, as the operating system counts it:
Python, the libraries that this model needs, features, training and prediction. ``tracemalloc`` is not enough:
TensorFlow and BLAS allocate outside Python.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus, Skipped, Sounds
from woodshed.data.split import Fold, Split
from woodshed.errors import DataError, ParameterError, WoodshedError
from woodshed.interruption import acknowledge_interruption, signals_blocked_in_children
from woodshed.recognition.clip_item import common_rate
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.cross_validation import fingerprint
from woodshed.recognition.experiments.run_files import RunFiles
from woodshed.recognition.heads.head import Head, constant_outputs
from woodshed.recognition.learners import learner_of
from woodshed.training.model_folder import provenance
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState

Send = Callable[[tuple[Any, ...]], None]
"""Sends an event, such as ``("epoch", 3, 0.5, None)``, to the observer of the progress."""

USUAL = ("mlp", "conv-stack", "svm", "forest", "logistic")
"""Models that a task's own is compared with by default."""

_NOT_SHARED = ("net", "store", "n_jobs", "sample_rate")


@dataclass(frozen=True)
class BenchmarkTask:
    """Inputs shared by all candidates.

    Parameters
    ----------
    estimator
        Unfitted; its sample rate is set and it has a store.
    corpus
        Checked examples.
    split
        The folds that all are tested on.
    files
        Files of the corpus, some of which may be lost during the run.
    """

    estimator: AudioEstimator
    corpus: Corpus
    split: Split
    files: RunFiles

    @cached_property
    def targets(self) -> list[Any]:
        """The target of each example, as ``fit`` takes it."""
        return [self.estimator.head.target_of(example) for example in self.corpus.examples]

    @cached_property
    def encoded(self) -> tuple[list[str], NDArray[np.float64]]:
        """Names of the outputs, and encoded targets of shape ``(n_examples, n_names)``."""
        names, rows = self.estimator.head.encode(self.targets, type(self.estimator).names)
        return [str(name) for name in names], np.asarray(rows, np.float64)

    def check(self) -> None:
        """Raise `DataError` if a fold tests a class that is not in its training part."""
        names, rows = self.encoded
        for fold in self.split.folds:
            self.estimator.head.check_fold(fold, f"{self.split.name}: {fold.name}", names, rows)


def run_candidate(task: BenchmarkTask, net: str, run_state: RunState, send: Send) -> None:
    """Train and test each fold that is not stored yet, and store it.

    Features are computed first, so that the training time is comparable whichever candidate comes first.
    """
    estimator = type(task.estimator)(**task.estimator.get_params() | {"net": net})
    estimator.check_settings()
    missing = [f for f in range(len(task.split.folds)) if recall_part(run_state, net, f) is None]
    if missing:
        extract(task, estimator)
    for f in missing:
        fold = task.split.folds[f]
        if not len(task.files.remaining_rows(fold.test)):
            continue
        n_epochs = estimator.learner.n_epochs(estimator, len(fold.train))
        send(("begin", f"{net}: {fold.name}", n_epochs))
        part = run_fold(task, estimator, fold, send)
        run_state.write(part_name(net, f), part)
        truth = task.encoded[1][part["indices"]]
        send(("end", task.estimator.head.accuracy(truth, part["outputs"])))


def extract(task: BenchmarkTask, estimator: AudioEstimator) -> None:
    """Compute the features of all remaining examples into the store of an estimator."""
    task.files.retry(
        lambda: estimator.learner.extract(estimator, Sounds(task.files.remaining(task.corpus.examples)))
    )


def part_name(net: str, fold: int) -> str:
    """Return the name under which a fold of a candidate is stored."""
    return f"{net}-fold-{fold}"


def recall_part(run_state: RunState, net: str, fold: int) -> dict[str, NDArray[Any]] | None:
    """Return what `run_fold` returned for a fold of a candidate; None if it is to be run."""
    part = run_state.recall(part_name(net, fold))
    return part if part is not None and "indices" in part else None  # an earlier version stored none


def run_fold(
    task: BenchmarkTask, estimator: AudioEstimator, fold: Fold, send: Send
) -> dict[str, NDArray[Any]]:
    """Train on one part of the corpus and predict the other, and measure time and memory.

    Returns
    -------
    dict of numpy.ndarray
        ``indices``: the tested rows of the corpus, without the files that were lost meanwhile; ``outputs``
        for them, shape ``(n_test, n_names)``; and the values of `Costs`.

    Raises
    ------
    DataError
        If no file of the test part is left, or the estimator cannot be fitted.
    """
    model, train_s = task.files.retry(lambda: _fit_timed(task, estimator, fold, send))
    test, predicted, predict_s = task.files.retry(lambda: _predict_timed(task, model, fold))
    names, rows = task.encoded
    outputs = task.estimator.head.outputs_of_missing(rows[fold.train], len(test))
    outputs[:, [names.index(str(name)) for name in model.classes_]] = predicted
    return {
        "indices": test,
        "outputs": outputs,
        "train_s": np.asarray(train_s),
        "predict_s": np.asarray(predict_s),
        "n_weights": np.asarray(model.learner.n_weights(model)),
        "size_bytes": np.asarray(sum(len(content) for content in model.files_.values())),
        "peak_bytes": np.asarray(peak_memory_bytes()),
    }


def _fit_timed(
    task: BenchmarkTask, estimator: AudioEstimator, fold: Fold, send: Send
) -> tuple[AudioEstimator, float]:
    """Return a model fitted to the training part of a fold, and the time that it took, in seconds."""
    groups, train = task.corpus.groups, task.files.remaining_rows(fold.train)
    model = type(estimator)(**estimator.get_params())
    began = time.perf_counter()
    model.fit(
        Sounds(task.corpus.subset(train.tolist())),
        [task.targets[k] for k in train],
        None if groups is None else np.asarray(groups)[train].tolist(),
        on_epoch=lambda *event: send(("epoch", *event)),
    )
    return model, time.perf_counter() - began


def _predict_timed(
    task: BenchmarkTask, model: AudioEstimator, fold: Fold
) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
    """Return the tested rows, the outputs of a model for them, and the time for one clip, in seconds."""
    test = task.files.remaining_rows(fold.test)
    if not len(test):
        raise DataError(f"{fold.name}: no file of the test part is left.")
    clips = Sounds(task.corpus.subset(test.tolist()))
    model.outputs(clips[:1])  # the first prediction also loads the model
    began = time.perf_counter()
    outputs = model.outputs(clips)
    return test, outputs, (time.perf_counter() - began) / len(clips)


def peak_memory_bytes() -> float:
    """Return the highest resident set size of this process so far, in bytes; NaN where it is unknown.

    On Linux the figure of `getrusage` survives the start of another program, and would include the parent;
    ``VmHWM`` of the kernel starts anew.

    Examples
    --------
    >>> peak_memory_bytes() > 10e6
    True
    """
    try:
        return 1024.0 * int(Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return math.nan
    unit = 1 if sys.platform == "darwin" else 1024
    return float(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def run_worker(task: BenchmarkTask, net: str, folder: Path, connection: Any) -> None:
    """Run a candidate in its process, and send its progress through a connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent ends this one
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    try:
        run_candidate(task, net, RunState(folder), connection.send)
    except WoodshedError as error:
        connection.send(("failed", str(error)))
    except (BrokenPipeError, ConnectionError):  # the parent is gone
        return
    except Exception as error:  # a candidate that fails ends only itself
        connection.send(("failed", f"{type(error).__name__}: {error}"))
    else:
        connection.send(("done",))


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
        by_fold = {one.name: [float(part[one.name]) for part in parts] for one in fields(cls)}
        return cls(
            train_s=float(np.mean(by_fold["train_s"])),
            n_weights=int(max(by_fold["n_weights"])),
            size_bytes=int(max(by_fold["size_bytes"])),
            predict_s=float(np.mean(by_fold["predict_s"])),
            peak_bytes=max(by_fold["peak_bytes"]),
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
    skipped
        Files that were lost during the run, after those of the corpus; models are compared on the others.
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
    skipped: tuple[Skipped, ...] = ()


def candidates_of(estimator: AudioEstimator, nets: str | None = None) -> tuple[str, ...]:
    """Read the names of the models to compare, separated by commas; None takes the task's own and the usual.

    Raises
    ------
    ParameterError
        If a name is unknown, or there is only one.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
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
    strict
        Whether to raise if a file is deleted, or changed, during the run. Otherwise no model is tested on it.
    """

    estimator: AudioEstimator
    corpus: Corpus
    split: Split
    nets: Sequence[str]
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)
    strict: bool = False

    def measure(self) -> Comparison:
        """Run every candidate; Ctrl-C keeps those that are finished.

        Raises
        ------
        DataError
            If no candidate could be tested, or a file was lost and the run is strict.
        OutputError
            If another run is stored at the place of this one.
        """
        settings = self.estimator.get_params()
        kind = type(self.estimator)
        files = RunFiles(self.corpus.examples, strict=self.strict)
        files.check()
        rate = settings["sample_rate"] or common_rate(Sounds(self.corpus.examples), kind.highest_rate)
        shared = {name: value for name, value in settings.items() if name not in _NOT_SHARED}
        with tempfile.TemporaryDirectory() as temporary:
            run_state = RunState(self.run_state.folder or Path(temporary) / "run")
            changes = {
                "sample_rate": rate,
                "store": settings["store"] or str(Path(temporary) / "features"),
            }
            task = BenchmarkTask(kind(**settings | changes), self.corpus, self.split, files)
            task.check()
            mark = shared | {"task": kind.task, "sample_rate": rate, "comparison": task.encoded[1]}
            run_state.open(fingerprint(mark, self.corpus, [self.split], files.digest), resume=self.resume)
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
            skipped=tuple(files.lost.values()),
        )

    def _run_all(self, task: BenchmarkTask, folder: Path) -> tuple[dict[str, str], bool]:
        """Run every candidate; return the reasons of those that failed, and whether Ctrl-C ended the run."""
        failed: dict[str, str] = {}
        try:
            for net in self.nets:
                if reason := run_in_process(task, net, folder, self.watcher):
                    failed[net] = reason
                task.files.check()
        except KeyboardInterrupt:
            acknowledge_interruption()
            return failed, True
        return failed, False


def run_in_process(task: BenchmarkTask, net: str, folder: Path, watcher: Watcher) -> str:
    """Run a candidate in a process of its own; return why it failed, or an empty text."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_worker, args=(task, net, folder, sender))
    with signals_blocked_in_children():
        process.start()
    sender.close()
    try:
        while True:
            event, *arguments = receiver.recv()
            if event == "done":
                return ""
            if event == "failed":
                return str(arguments[0])
            getattr(watcher, event)(*arguments)
    except EOFError:
        process.join()
        return f"its process ended with status {process.exitcode}; memory may have run out."
    except BaseException:
        process.terminate()  # a fold is stored whole or not at all
        raise
    finally:
        process.join()
        receiver.close()


def gather(task: BenchmarkTask, nets: Sequence[str], run_state: RunState) -> Comparison:
    """Combine the stored folds of every candidate that has finished all of them.

    A clip whose file was lost during the run counts only if all of them were tested on it.
    """
    folds = [
        (f, fold) for f, fold in enumerate(task.split.folds) if len(task.files.remaining_rows(fold.test))
    ]
    if not folds:
        raise DataError("Nothing could be tested: the files of all test parts were lost during the run.")
    parts = {}
    for net in nets:
        stored = [recall_part(run_state, net, f) for f, _ in folds]
        finished = [part for part in stored if part is not None]
        if len(finished) == len(folds):
            parts[net] = finished
    names, truth = task.encoded
    tested = [
        reduce(_common, (part[k]["indices"] for part in parts.values()), fold.test)
        for k, (_, fold) in enumerate(folds)
    ]
    outputs = {
        net: np.concatenate(
            [part["outputs"][np.isin(part["indices"], rows)] for part, rows in zip(own, tested, strict=True)]
        )
        for net, own in parts.items()
    }
    outputs[task.estimator.head.constant_baseline] = np.concatenate(
        [
            constant_outputs(truth[fold.train], len(rows))
            for (_, fold), rows in zip(folds, tested, strict=True)
        ]
    )
    indices = np.concatenate(tested)
    return Comparison(
        task=type(task.estimator).task,
        head=task.estimator.head,
        corpus=task.corpus,
        names=tuple(names),
        split=task.split.name,
        leaky=task.split.leaky,
        indices=indices,
        truth=truth[indices],
        outputs=outputs,
        costs={net: Costs.of(own) for net, own in parts.items()},
    )


def _common(rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows that are among others too, in their order."""
    return rows[np.isin(rows, others)]
