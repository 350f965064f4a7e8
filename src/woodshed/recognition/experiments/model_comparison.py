"""Candidate: one net of a comparison, learned and tested in a process of its own, whose memory is its own.

The peak is the highest amount of physical memory that the whole process ever held, as the operating system
counts it: Python, the libraries that this net needs, features, learning and answering. What Python can
count itself (``tracemalloc``) is not enough: TensorFlow and BLAS allocate below it.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, Split
from woodshed.errors import DataError, WoodshedError
from woodshed.metrics import regression, tagging
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments import baseline
from woodshed.recognition.experiments.columns import answer_of
from woodshed.recognition.fit_classical import describe_all
from woodshed.training.run_state import RunState
from woodshed.training.stderr import suppress_stderr

Tell = Callable[[tuple[Any, ...]], None]


@dataclass(frozen=True)
class BenchmarkTask:
    """What every candidate is given, but for the net.

    Parameters
    ----------
    listener
        Unfitted; its sample rate is known and it has a store.
    corpus
        Checked examples.
    split
        The folds that all are tested on.
    """

    estimator: AudioEstimator
    corpus: Corpus
    split: Split

    @cached_property
    def right(self) -> list[Any]:
        """The right answer to each example, as ``fit`` takes it."""
        if self.estimator.answer == "classes":
            return list(self.corpus.labels)
        return [answer_of(self.estimator, example) for example in self.corpus.examples]

    @cached_property
    def encoded(self) -> tuple[list[str], NDArray[np.float64]]:
        """The names that are answered, and the truth, shape ``(n_examples, n_names)``."""
        names, rows = self.estimator.encode(self.right)
        return [str(name) for name in names], np.asarray(rows, np.float64)

    def plain(self, fold: Fold) -> NDArray[np.float64]:
        """Answer a test part without listening: by how common the classes were, or by the mean."""
        return baseline.means(self.encoded[1][fold.train], len(fold.test))

    def check(self) -> None:
        """Refuse a split that tests a class that it does not teach.

        Raises
        ------
        DataError
            If there is such a class.
        """
        if self.estimator.answer != "classes":
            return
        labels = np.asarray(self.corpus.labels)
        for fold in self.split.folds:
            unknown = sorted(set(labels[fold.test]) - set(labels[fold.train]))
            if unknown:
                raise DataError(
                    f"{self.split.name}: {fold.name}: {', '.join(unknown)} would be tested but not learned. "
                    "Record it from more sources, or choose another --split."
                )


def run_candidate(contest: BenchmarkTask, net: str, run_state: RunState, tell: Tell) -> None:
    """Learn and test each fold that is not written down yet, and write it down.

    Features are made first, so that the time to learn is that of learning, whoever comes first.
    """
    estimator = type(contest.estimator)(**contest.estimator.get_params() | {"net": net})
    estimator.check_settings()
    if all(run_state.recall(part_name(net, f)) is not None for f in range(len(contest.split.folds))):
        return
    prepare(estimator, contest.corpus)
    for f, fold in enumerate(contest.split.folds):
        if run_state.recall(part_name(net, f)) is not None:
            continue
        tell(("begin", f"{net}: {fold.name}", 0 if estimator.is_classical else estimator.epochs))
        part = try_fold(contest, estimator, fold, tell)
        run_state.write(part_name(net, f), part)
        tell(("end", fold_accuracy(contest, fold, part["answers"])))


def part_name(net: str, fold: int) -> str:
    """Return the name under which a notebook holds a fold of a candidate."""
    return f"{net}-fold-{fold}"


def prepare(estimator: AudioEstimator, corpus: Corpus) -> None:
    """Fill the store with what the candidate hears."""
    sounds, rate = Sounds(corpus.examples), int(estimator.sample_rate or 0)
    if estimator.is_classical:
        describe_all(estimator, sounds)
        return
    with suppress_stderr():
        from woodshed.recognition.fit_net import Spectrograms, make_feature
    from woodshed.data.store import FeatureStore

    store = FeatureStore(str(estimator.store), make_feature(estimator, sounds), dtype="float16")
    Spectrograms(estimator, store, sounds, rate)


def try_fold(
    contest: BenchmarkTask, estimator: AudioEstimator, fold: Fold, tell: Tell
) -> dict[str, NDArray[Any]]:
    """Learn from one part of the corpus and answer the other, with a stop-watch."""
    groups = contest.corpus.groups
    fresh: Any = type(estimator)(**estimator.get_params())
    began = time.perf_counter()
    fresh.fit(
        Sounds(contest.corpus.subset(fold.train.tolist())),
        [contest.right[k] for k in fold.train],
        None if groups is None else np.asarray(groups)[fold.train].tolist(),
        on_epoch=lambda *told: tell(("epoch", *told)),
    )
    train_s = time.perf_counter() - began
    clips = Sounds(contest.corpus.subset(fold.test.tolist()))
    ask = fresh.predict if fresh.answer == "values" else fresh.predict_proba
    ask(clips[:1])  # the first answer also loads what is asked
    began = time.perf_counter()
    given = ask(clips)
    predict_s = (time.perf_counter() - began) / len(clips)
    names = contest.encoded[0]
    answers = np.zeros((len(clips), len(names))) if fresh.answer == "classes" else contest.plain(fold)
    answers[:, [names.index(str(known)) for known in fresh.classes_]] = given
    measured = {
        "train_s": train_s,
        "predict_s": predict_s,
        "n_weights": 0 if fresh.is_classical else fresh.net_.count_params(),
        "size_bytes": sum(len(content) for content in fresh.files_.values()),
        "peak_bytes": peak_memory_bytes(),
    }
    return {"answers": answers, **{name: np.asarray(value) for name, value in measured.items()}}


def fold_accuracy(contest: BenchmarkTask, fold: Fold, answers: NDArray[np.float64]) -> float | None:
    """Return the share of right answers, where there are classes."""
    if contest.estimator.answer != "classes":
        return None
    return main_score("classes", contest.encoded[1][fold.test], answers)


def main_score(answer: str, truth: NDArray[np.float64], answers: NDArray[np.float64]) -> float:
    """Return the one score by which candidates are ranked, higher is better.

    Parameters
    ----------
    answer
        ``classes``: the share of right answers. ``tags``: the mean ROC-AUC of the tags. ``values``: the
        mean R² of the values.
    truth, answers
        Shape ``(n_clips, n_names)``; NaN where the truth is not known.

    Examples
    --------
    >>> main_score("classes", np.eye(2), np.array([[0.9, 0.1], [0.6, 0.4]]))
    0.5
    """
    if answer == "tags":
        return float(tagging.roc_auc(truth, answers, average="macro"))
    if answer == "values":
        return float(regression.r2(truth, answers, average="macro"))
    return float(np.mean(answers.argmax(axis=1) == truth.argmax(axis=1)))


def peak_memory_bytes() -> float:
    """Return the most physical memory that this process ever held, in bytes; NaN where nobody counts.

    Linux keeps the figure of `getrusage` when a process starts another program, so there it would be that
    of the parent too; the kernel's ``VmHWM`` begins anew.

    Examples
    --------
    >>> peak_memory_bytes() > 10e6
    True
    """
    try:
        status = Path("/proc/self/status").read_text("utf-8")
        return 1024.0 * int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return math.nan
    unit = 1 if sys.platform == "darwin" else 1024
    return float(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def work(contest: BenchmarkTask, net: str, folder: Path, line: Any) -> None:
    """Be the process of a candidate: compete, and tell the other end of the line how it goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; who started this one ends it
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    try:
        run_candidate(contest, net, RunState(folder), line.send)
    except WoodshedError as error:
        line.send(("failed", str(error)))
    except (BrokenPipeError, ConnectionError):  # nobody is interested any more
        return
    except Exception as error:  # a candidate that fails ends only itself
        line.send(("failed", f"{type(error).__name__}: {error}"))
    else:
        line.send(("done",))
