"""Experiments: learn and test on every fold of a split, beside the plain baselines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Example
from woodshed.data.item import file_digest
from woodshed.data.sound import Sounds, duration_s
from woodshed.data.split import Fold
from woodshed.errors import DataError
from woodshed.features.summary import Summary
from woodshed.recognition.confidence import HeldOut, cross_fit, fit_confidence
from woodshed.recognition.experiments import baseline
from woodshed.recognition.experiments.cross_validation import (
    FoldRun,
    Part,
    Plan,
    deciding_settings,
    joined,
    methods_of,
    shared_fields,
)
from woodshed.recognition.experiments.result import Experiment, SplitResult, SummaryTable
from woodshed.recognition.novelty_detection import NoveltyDetector, SpectralEmbedding
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.self_training import N_TRAININGS, may_learn
from woodshed.training.provenance import provenance

BASELINES = ("svm", "majority")
"""What every test part is also answered by."""


@dataclass
class Run(FoldRun[Recogniser]):
    """One run with a recogniser; see `woodshed.recognition.experiments.cross_validation.FoldRun`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.labels = np.asarray(self.corpus.labels)
        self.held_out: list[HeldOut] = []
        self._rows = np.zeros((0, 0))
        self._outlines = np.zeros((0, 0))

    def read_answers(self) -> tuple[list[str], Sequence[str]]:
        """Return the classes, and the label of each example."""
        return sorted(set(self.corpus.labels)), self.corpus.labels

    def unlabelled_beside(self, rows: NDArray[np.int64]) -> list[Example]:
        """Return the unlabelled examples that share nothing with the rows that are not learned from."""
        tested = np.setdiff1d(np.arange(len(self.labels)), rows)
        return may_learn(self.corpus.unlabelled, self.corpus.subset(tested.tolist()))

    def plan(self) -> Plan:
        """Estimate the work; unlabelled sounds make each training one of several."""
        plan = super().plan()
        if not self.corpus.unlabelled:
            return plan
        return replace(plan, duration_s=plan.duration_s * N_TRAININGS)

    def measure(self) -> tuple[Experiment, Recogniser]:
        """Test on every fold, then make the model to keep, and tell it how sure it may be.

        Returns
        -------
        experiment, fitted
            What was measured, and the model to keep.

        Raises
        ------
        DataError
            If a test part has a class that its training part lacks.
        OutputError
            If the notebook holds another run, or cannot be written.
        """
        began = time.monotonic()
        results = self.test()
        recogniser, learned = self.model_to_keep()
        novelty_detector = NoveltyDetector.of(self._outlines[learned], self.labels[learned])
        recogniser.set_confidence(fit_confidence(self.held_out[0], self.names, novelty_detector))
        source = provenance(self.estimator.seed, time.monotonic() - began)
        if self.interrupted:
            source["interrupted"] = "yes: the scores are those of the folds that were run"
        if recogniser.pseudo_labels_ is not None:
            source["unlabelled sounds"] = recogniser.pseudo_labels_.to_text()
        table = SummaryTable(Summary(sample_rate=self.sample_rate).names, self._rows)
        experiment = Experiment(
            task=type(self.estimator).task,
            corpus=self.corpus,
            labels=tuple(self.names),
            splits=tuple(results),
            settings=deciding_settings(self.estimator, self.settings),
            provenance=source,
            learned=learned,
            summary=table if self.estimator.is_classical else None,
        )
        return experiment, recogniser

    def test(self) -> list[SplitResult]:
        """Learn and test on every fold of every split; raises what `measure` raises."""
        marks = [(file_digest(sound.path), sound.start_s, sound.group) for sound in self.corpus.unlabelled]
        self._rows = self.begin(**{"unlabelled sounds": marks} if marks else {})
        outline = SpectralEmbedding(sample_rate=self.sample_rate)
        self._outlines = baseline.describe(
            self.sounds, outline, store=self.estimator.store, n_jobs=self.estimator.n_jobs
        )
        methods = methods_of(self.estimator, BASELINES)
        results = []
        for split, parts in self.test_parts():
            probabilities = {method: joined(parts, method) for method in methods}
            result = SplitResult(**shared_fields(split, parts), probabilities=probabilities)
            results.append(self._judge(result, parts))
        return results

    def check_fold(self, fold: Fold, title: str) -> None:
        """Refuse to test a class that is not learned."""
        unknown = sorted(set(self.labels[fold.test]) - set(self.labels[fold.train]))
        if unknown:
            raise DataError(
                f"{title}: {', '.join(unknown)} would be tested but not learned, because every example of it "
                "is in the test part. Record it from more sources, or choose another --split."
            )

    def test_fold(self, fold: Fold, fitted: Recogniser) -> tuple[dict[str, NDArray[Any]], float]:
        """Answer the test part by the model and the baselines; measure how unlike the training part it is."""
        train, truth = self.labels[fold.train], self.labels[fold.test]
        answers = np.zeros((len(truth), len(self.names)))
        columns = [self.names.index(str(known)) for known in fitted.classes_]
        answers[:, columns] = fitted.predict_proba(Sounds(self.corpus.subset(fold.test.tolist())))
        novelty_detector = NoveltyDetector.of(self._outlines[fold.train], train)
        part = {
            "distances": novelty_detector.distance(self._outlines[fold.test]),
            "truth": truth,
            "svm": baseline.svm(self._rows[fold.train], train.tolist(), self._rows[fold.test], self.names),
            "majority": baseline.majority(train.tolist(), len(truth), self.names),
            self.method: answers,
        }
        return part, float(np.mean(np.asarray(self.names)[answers.argmax(axis=1)] == truth))

    def _judge(self, result: SplitResult, parts: Sequence[Part]) -> SplitResult:
        """Keep the model's answers to learn confidence from, and give each as the other groups' makes it."""
        groups = self.corpus.groups
        held_out = HeldOut(
            truth=result.truth,
            probabilities=result.probabilities[self.method],
            levels_db=self._outlines[result.indices, -1],
            distances=joined(parts, "distances"),
            groups=None if groups is None else np.asarray(groups)[result.indices],
            hours=sum(duration_s(self.corpus.examples[k]) for k in result.indices) / 3600,
        )
        self.held_out.append(held_out)
        judged = cross_fit(held_out, self.names)
        if judged is None:
            return result
        return replace(
            result,
            probabilities={**result.probabilities, self.method: judged.calibrated},
            judged=judged,
        )
