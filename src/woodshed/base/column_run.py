"""Experiments with a tagger or a regressor: learn and test on every fold, beside the plain baselines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.base import baseline
from woodshed.base.classical import time_fits
from woodshed.base.column import ask_columns, fit_columns
from woodshed.base.column_result import ColumnExperiment, ColumnResult
from woodshed.base.experiment import Plan, Watcher, deciding_settings, method_of
from woodshed.base.listener import Listener
from woodshed.base.material import common_rate
from woodshed.base.notebook import Notebook, fingerprint
from woodshed.base.provenance import provenance
from woodshed.base.quiet import quiet_stderr
from woodshed.base.regressor import Regressor
from woodshed.base.result import LearningCurve
from woodshed.base.tagger import Tagger
from woodshed.data.example import Corpus, Example, SetAside
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, Split
from woodshed.errors import DataError

Columns = Tagger | Regressor


def columns_of(listener: Listener, corpus: Corpus) -> Corpus:
    """Return what a tagger or a regressor can learn from a corpus: the class labels play no part.

    Examples that say nothing about it are set aside.

    Raises
    ------
    DataError
        If no example says anything about it.
    """
    usable = [bool(answer_of(listener, example)) for example in corpus.examples]
    if listener.answer == "tags" and corpus.tags:
        usable = [True] * len(usable)  # a sound without any tag is one that has none of them
    if not any(usable):
        what = "tags" if listener.answer == "tags" else "values"
        raise DataError(
            f"{corpus.name} has no {what} to learn. Give a table with "
            + ("a column 'tags', such as drums|fast" if what == "tags" else "columns of numbers")
            + ", or name its columns by --target NAME,NAME."
        )
    left_out = tuple(
        SetAside(example.path, "nothing that is to be learned is known of it.")
        for example, kept in zip(corpus.examples, usable, strict=True)
        if not kept
    )
    examples = tuple(example for example, kept in zip(corpus.examples, usable, strict=True) if kept)
    return replace(corpus, examples=examples, set_aside=corpus.set_aside + left_out).without_labels()


def answer_of(listener: Listener, example: Example) -> Any:
    """Return what is to be learned of an example: its tags, or its values, which may also stand for tags."""
    if listener.answer == "tags" and not example.values:
        return list(example.labels)
    return dict(example.values)


@dataclass
class ColumnRun:
    """One run with a tagger or a regressor; parameters as for `woodshed.base.experiment.Run`."""

    listener: Columns
    corpus: Corpus
    splits: Sequence[Split]
    notebook: Notebook = field(default_factory=Notebook)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def __post_init__(self) -> None:
        kind = type(self.listener)
        settings = self.listener.get_params()
        self.sounds = Sounds(self.corpus.examples)
        self.sample_rate = settings["sample_rate"] or common_rate(self.sounds, kind.highest_rate)
        self.settings = settings | {"sample_rate": self.sample_rate}
        self.answers = [answer_of(self.listener, example) for example in self.corpus.examples]
        names, self.targets = self.listener.encode(self.answers)
        self.names = [str(name) for name in names]
        self.method = method_of(self.listener)
        self.n_epochs = 0 if self.listener.is_classical else settings["epochs"]
        self.interrupted = False

    def measure(self) -> tuple[ColumnExperiment, Columns]:
        """Test on every fold, then make the model to keep; as `woodshed.base.experiment.Run.measure`."""
        began = time.monotonic()
        self.listener.check_settings()
        mark = deciding_settings(self.listener, self.settings) | {
            "job": type(self.listener).job,
            "targets": np.nan_to_num(self.targets, nan=-1e9),
            "names": self.names,
        }
        self.notebook.open(fingerprint(mark, self.corpus, self.splits), resume=self.resume)
        rows = baseline.summarise(
            self.sounds, self.sample_rate, store=self.listener.store, n_jobs=self.listener.n_jobs
        )
        results = [self._test_split(s, split, rows) for s, split in enumerate(self.splits)]
        everything = np.arange(len(self.answers))
        kept = self._learn(everything, "the model to keep, from everything", "everything")
        self.watcher.end(None)
        source = provenance(self.listener.seed, time.monotonic() - began)
        if self.interrupted:
            source["interrupted"] = "yes: trainings were cut short, and scores are those of their best so far"
        experiment = ColumnExperiment(
            job=type(self.listener).job,
            answer=self.listener.answer,
            corpus=self.corpus,
            names=tuple(self.names),
            splits=tuple(results),
            settings=deciding_settings(self.listener, self.settings),
            provenance=source,
            learned=everything,
        )
        return experiment, kept

    def plan(self) -> Plan:
        """Estimate the work from a few training steps on noise."""
        self.listener.check_settings()
        sizes = [len(fold.train) for split in self.splits for fold in split.folds] + [len(self.answers)]
        n_columns = len(self.names)
        if self.listener.is_classical:
            return Plan(len(sizes), 0, 0, time_fits(self.listener, n_columns, sizes))
        with quiet_stderr():
            from woodshed.base.learning import time_step
        step_s, n_weights = time_step(self.listener, n_columns)
        n_steps = sum(max(1, size // self.settings["batch_size"]) for size in sizes)
        return Plan(len(sizes), self.n_epochs, n_weights, step_s * n_steps * self.n_epochs)

    def _learn(self, rows: NDArray[np.int64], title: str, name: str) -> Columns:
        """Fit a fresh model to some rows of the corpus."""
        groups = self.corpus.groups
        self.watcher.begin(title, self.n_epochs)
        fresh = type(self.listener)(**self.settings)
        checkpoint: Path | None = self.notebook.checkpoint(name)
        try:
            fresh.fit(
                Sounds(self.corpus.subset(rows.tolist())),
                [self.answers[k] for k in rows],
                None if groups is None else np.asarray(groups)[rows].tolist(),
                checkpoint=checkpoint,
                on_epoch=self.watcher.epoch,
            )
        except KeyboardInterrupt:
            if not hasattr(fresh, "classes_"):
                raise
            self.interrupted = True
        return fresh

    def _test_split(self, s: int, split: Split, rows: NDArray[np.float64]) -> ColumnResult:
        parts = []
        for f, fold in enumerate(split.folds):
            name = f"split-{s}-fold-{f}"
            part = self.notebook.recall(name)
            parts.append(self._test(fold, f"{split.name}: {fold.name}", name, rows) if part is None else part)
        return _join(split, parts, list(dict.fromkeys((self.method, "svm", "mean"))))

    def _test(self, fold: Fold, title: str, name: str, rows: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """Learn from one part of the corpus, answer the other, and write it down."""
        train = self.targets[fold.train]
        fitted = self._learn(fold.train, title, name)
        answers = baseline.means(train, len(fold.test))
        said = answers.copy()
        clips = Sounds(self.corpus.subset(fold.test.tolist()))
        columns = [self.names.index(str(known)) for known in fitted.classes_]
        given = fitted.predict_proba(clips) if isinstance(fitted, Tagger) else fitted.predict(clips)
        answers[:, columns] = given
        said[:, columns] = given >= fitted.thresholds_ if isinstance(fitted, Tagger) else given
        plain = fit_columns("svm", rows[fold.train], train, answer=self.listener.answer)
        part = {
            "indices": fold.test,
            "folds": np.full(len(fold.test), fold.name),
            "truth": self.targets[fold.test].astype(np.float64),
            "svm": ask_columns(plain, rows[fold.test]),
            "mean": baseline.means(train, len(fold.test)),
            self.method: answers,  # the model's own, also when that is the support vector machine
            "said": np.round(said) if self.listener.answer == "tags" else said,
            **{field_: np.asarray(value) for field_, value in asdict(fitted.curve_).items()},
            "fold": np.asarray(fold.name),
        }
        if not self.interrupted:
            self.notebook.write(name, part)
        self.watcher.end(None)
        return part


def evaluate_columns(listener: Columns, corpus: Corpus, *, leaky: bool | None) -> ColumnExperiment:
    """Answer every example of a corpus and keep the answers beside the truth; what is not known is NaN.

    Raises
    ------
    DataError
        If the corpus says nothing about what the model knows.
    """
    from woodshed.base.regressor import value_rows
    from woodshed.base.tagger import tag_rows

    began = time.monotonic()
    names = [str(name) for name in listener.fitted("classes_")]
    right = [answer_of(listener, example) for example in corpus.examples]
    tagger = isinstance(listener, Tagger)
    truth = tag_rows(right, names) if tagger else value_rows(right, names, only=names)[1]
    if np.isnan(truth).all() or (tagger and not (truth == 1).any()):
        raise DataError(
            f"{corpus.name} says nothing about {', '.join(names)}, which is what the model knows."
        )
    clips = Sounds(corpus.examples)
    answers = listener.predict_proba(clips) if isinstance(listener, Tagger) else listener.predict(clips)
    said = answers >= listener.thresholds_ if isinstance(listener, Tagger) else answers
    result = ColumnResult(
        split="all of it",
        leaky=leaky,
        indices=np.arange(len(truth)),
        folds=np.full(len(truth), "all"),
        truth=truth.astype(np.float64),
        answers={method_of(listener): answers},
        said=said.astype(np.float64),
    )
    return ColumnExperiment(
        job=type(listener).job,
        answer=listener.answer,
        corpus=corpus,
        names=tuple(names),
        splits=(result,),
        settings=deciding_settings(listener, listener.get_params()),
        provenance=provenance(listener.seed, time.monotonic() - began),
    )


def _join(split: Split, parts: Sequence[Mapping[str, NDArray[Any]]], methods: Sequence[str]) -> ColumnResult:
    """Put the answers of all folds together."""

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([part[name] for part in parts])

    return ColumnResult(
        split=split.name,
        leaky=split.leaky,
        indices=joined("indices"),
        folds=joined("folds"),
        truth=joined("truth"),
        answers={method: joined(method) for method in methods},
        said=joined("said"),
        curves=tuple(curve for curve in map(LearningCurve.from_dict, parts) if curve.train_loss),
    )
