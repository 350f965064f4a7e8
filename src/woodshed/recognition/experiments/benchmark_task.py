"""One candidate of a model comparison, trained and tested in a process of its own.

The peak memory is the highest resident set size of the whole process, as the operating system counts it:
Python, the libraries that this model needs, features, training and prediction. ``tracemalloc`` is not enough:
TensorFlow and BLAS allocate outside Python.
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

from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import Fold, Split
from woodshed.errors import WoodshedError
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.heads.head import Head, constant_outputs
from woodshed.training.run_state import RunState

Send = Callable[[tuple[Any, ...]], None]
"""Sends an event, such as ``("epoch", 3, 0.5, None)``, to the observer of the progress."""


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
    """

    estimator: AudioEstimator
    corpus: Corpus
    split: Split

    @property
    def head(self) -> Head:
        """The kind of answer."""
        return type(self.estimator).head

    @cached_property
    def targets(self) -> list[Any]:
        """The target of each example, as ``fit`` takes it."""
        return [self.head.target_of(example) for example in self.corpus.examples]

    @cached_property
    def encoded(self) -> tuple[list[str], NDArray[np.float64]]:
        """Names of the outputs, and encoded targets of shape ``(n_examples, n_names)``."""
        names, rows = self.head.encode(self.targets, type(self.estimator).names)
        return [str(name) for name in names], np.asarray(rows, np.float64)

    def constant(self, fold: Fold) -> NDArray[np.float64]:
        """Return the constant baseline for the test part of a fold."""
        return constant_outputs(self.encoded[1][fold.train], len(fold.test))

    def check(self) -> None:
        """Raise `DataError` if a fold tests a class that is not in its training part."""
        names, rows = self.encoded
        for fold in self.split.folds:
            self.head.check_fold(fold, f"{self.split.name}: {fold.name}", names, rows)


def run_candidate(task: BenchmarkTask, net: str, run_state: RunState, send: Send) -> None:
    """Train and test each fold that is not stored yet, and store it.

    Features are computed first, so that the training time is comparable whichever candidate comes first.
    """
    estimator = type(task.estimator)(**task.estimator.get_params() | {"net": net})
    estimator.check_settings()
    if all(run_state.recall(part_name(net, f)) is not None for f in range(len(task.split.folds))):
        return
    estimator.learner.extract(estimator, Sounds(task.corpus.examples))
    for f, fold in enumerate(task.split.folds):
        if run_state.recall(part_name(net, f)) is not None:
            continue
        send(("begin", f"{net}: {fold.name}", estimator.learner.n_epochs(estimator)))
        part = run_fold(task, estimator, fold, send)
        run_state.write(part_name(net, f), part)
        send(("end", task.head.accuracy(task.encoded[1][fold.test], part["outputs"])))


def part_name(net: str, fold: int) -> str:
    """Return the name under which a fold of a candidate is stored."""
    return f"{net}-fold-{fold}"


def run_fold(
    task: BenchmarkTask, estimator: AudioEstimator, fold: Fold, send: Send
) -> dict[str, NDArray[Any]]:
    """Train on one part of the corpus and predict the other, and measure time and memory."""
    groups = task.corpus.groups
    model = type(estimator)(**estimator.get_params())
    began = time.perf_counter()
    model.fit(
        Sounds(task.corpus.subset(fold.train.tolist())),
        [task.targets[k] for k in fold.train],
        None if groups is None else np.asarray(groups)[fold.train].tolist(),
        on_epoch=lambda *event: send(("epoch", *event)),
    )
    train_s = time.perf_counter() - began
    clips = Sounds(task.corpus.subset(fold.test.tolist()))
    model.outputs(clips[:1])  # the first prediction also loads the model
    began = time.perf_counter()
    predicted = model.outputs(clips)
    predict_s = (time.perf_counter() - began) / len(clips)
    names, rows = task.encoded
    outputs = task.head.outputs_of_missing(rows[fold.train], len(clips))
    outputs[:, [names.index(str(name)) for name in model.classes_]] = predicted
    measured = {
        "train_s": train_s,
        "predict_s": predict_s,
        "n_weights": model.learner.n_weights(model),
        "size_bytes": sum(len(content) for content in model.files_.values()),
        "peak_bytes": peak_memory_bytes(),
    }
    return {"outputs": outputs, **{name: np.asarray(value) for name, value in measured.items()}}


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
