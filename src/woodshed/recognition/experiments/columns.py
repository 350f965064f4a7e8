"""Experiments with a tagger or a regressor: learn and test on every fold, beside the plain baselines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold
from woodshed.errors import DataError
from woodshed.recognition.classical.fitting import fit_columns, predict_columns
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments import baseline
from woodshed.recognition.experiments.column_result import ColumnExperiment, ColumnResult
from woodshed.recognition.experiments.cross_validation import (
    FoldRun,
    deciding_settings,
    joined,
    method_of,
    methods_of,
    shared_fields,
)
from woodshed.recognition.regressor import Regressor
from woodshed.recognition.tagger import Tagger
from woodshed.training.provenance import provenance

BASELINES = ("svm", "mean")
"""What every test part is also answered by."""

Columns = Tagger | Regressor


def columns_of(estimator: AudioEstimator, corpus: Corpus) -> Corpus:
    """Return what a tagger or a regressor can learn from a corpus: the class labels play no part.

    Examples that say nothing about it are set aside.

    Raises
    ------
    DataError
        If no example says anything about it.
    """
    usable = [bool(answer_of(estimator, example)) for example in corpus.examples]
    if estimator.answer == "tags" and corpus.tags:
        usable = [True] * len(usable)  # a sound without any tag is one that has none of them
    if not any(usable):
        what = "tags" if estimator.answer == "tags" else "values"
        raise DataError(
            f"{corpus.name} has no {what} to learn. Give a table with "
            + ("a column 'tags', such as drums|fast" if what == "tags" else "columns of numbers")
            + ", or name its columns by --target NAME,NAME."
        )
    left_out = tuple(
        Skipped(example.path, "nothing that is to be learned is known of it.")
        for example, kept in zip(corpus.examples, usable, strict=True)
        if not kept
    )
    examples = tuple(example for example, kept in zip(corpus.examples, usable, strict=True) if kept)
    return replace(corpus, examples=examples, skipped=corpus.skipped + left_out).without_labels()


def answer_of(estimator: AudioEstimator, example: Example) -> Any:
    """Return what is to be learned of an example: its tags, or its values, which may also stand for tags."""
    if estimator.answer == "tags" and not example.values:
        return list(example.labels)
    return dict(example.values)


@dataclass
class ColumnRun(FoldRun[Columns]):
    """One run with a tagger or a regressor; see `woodshed.recognition.experiments.cross_validation.FoldRun`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._rows = np.zeros((0, 0))

    def read_answers(self) -> tuple[list[str], Sequence[Any]]:
        """Return the tags or the names of values, and what is known of each example."""
        answers = [answer_of(self.estimator, example) for example in self.corpus.examples]
        names, self.targets = self.estimator.encode(answers)
        return [str(name) for name in names], answers

    def counts(self) -> dict[str, int]:
        """Count the examples that have each tag, or of which each value is known."""
        there = self.targets > 0.5 if self.estimator.answer == "tags" else ~np.isnan(self.targets)
        return dict(zip(self.names, there.sum(axis=0).tolist(), strict=True))

    def measure(self) -> tuple[ColumnExperiment, Columns]:
        """Test on every fold, then make the model to keep; as `woodshed.recognition.experiments.classes.Run.measure`."""
        began = time.monotonic()
        results = self.test()
        kept, learned = self.model_to_keep()
        source = provenance(self.estimator.seed, time.monotonic() - began)
        if self.interrupted:
            source["interrupted"] = "yes: the scores are those of the folds that were run"
        experiment = ColumnExperiment(
            task=type(self.estimator).task,
            answer=self.estimator.answer,
            corpus=self.corpus,
            names=tuple(self.names),
            splits=tuple(results),
            settings=deciding_settings(self.estimator, self.settings),
            provenance=source,
            learned=learned,
        )
        return experiment, kept

    def test(self) -> list[ColumnResult]:
        """Learn and test on every fold of every split; raises what `measure` raises."""
        self._rows = self.begin(targets=np.nan_to_num(self.targets, nan=-1e9), names=self.names)
        methods = methods_of(self.estimator, BASELINES)
        return [
            ColumnResult(
                **shared_fields(split, parts),
                answers={method: joined(parts, method) for method in methods},
                said=joined(parts, "said"),
            )
            for split, parts in self.test_parts()
        ]

    def test_fold(self, fold: Fold, fitted: Columns) -> tuple[dict[str, NDArray[Any]], None]:
        """Answer the test part by the model and the baselines; what was not learned gets the mean."""
        train = self.targets[fold.train]
        plain = fit_columns("svm", self._rows[fold.train], train, discrete=self.estimator.answer == "tags")
        mean = baseline.means(train, len(fold.test))
        clips = Sounds(self.corpus.subset(fold.test.tolist()))
        columns = [self.names.index(str(known)) for known in fitted.classes_]
        given, taken = _answers_of(fitted, clips)
        answers, said = mean.copy(), mean.copy()
        answers[:, columns], said[:, columns] = given, taken
        part = {
            "truth": self.targets[fold.test].astype(np.float64),
            "svm": predict_columns(plain, self._rows[fold.test]),
            "mean": mean,
            self.method: answers,
            "said": np.round(said) if self.estimator.answer == "tags" else said,
        }
        return part, None


def _answers_of(fitted: Columns, clips: Sounds) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the model's numbers for each clip, and what it says by them: tags are 1 or 0."""
    if isinstance(fitted, Tagger):
        answers = fitted.predict_proba(clips)
        return answers, (answers >= fitted.thresholds_).astype(np.float64)
    answers = fitted.predict(clips)
    return answers, answers


def evaluate_columns(estimator: Columns, corpus: Corpus, *, leaky: bool | None) -> ColumnExperiment:
    """Answer every example of a corpus and keep the answers beside the truth; what is not known is NaN.

    Raises
    ------
    DataError
        If the corpus says nothing about what the model knows.
    """
    from woodshed.recognition.regressor import value_rows
    from woodshed.recognition.tagger import tag_rows

    began = time.monotonic()
    names = [str(name) for name in estimator.fitted("classes_")]
    right = [answer_of(estimator, example) for example in corpus.examples]
    tagger = isinstance(estimator, Tagger)
    truth = tag_rows(right, names) if tagger else value_rows(right, names, only=names)[1]
    if np.isnan(truth).all() or (tagger and not (truth == 1).any()):
        raise DataError(
            f"{corpus.name} says nothing about {', '.join(names)}, which is what the model knows."
        )
    answers, said = _answers_of(estimator, Sounds(corpus.examples))
    result = ColumnResult(
        split="all of it",
        leaky=leaky,
        indices=np.arange(len(truth)),
        folds=np.full(len(truth), "all"),
        truth=truth.astype(np.float64),
        answers={method_of(estimator): answers},
        said=said,
    )
    return ColumnExperiment(
        task=type(estimator).task,
        answer=estimator.answer,
        corpus=corpus,
        names=tuple(names),
        splits=(result,),
        settings=deciding_settings(estimator, estimator.get_params()),
        provenance=provenance(estimator.seed, time.monotonic() - began),
    )
