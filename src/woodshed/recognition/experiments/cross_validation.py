"""Cross-validation: train and test on every fold of each split, beside the baselines, with resume.

A fitted model is tested on further examples by `evaluate`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray

from woodshed.data.doctor.recording_index import RecordingPrint, print_rate
from woodshed.data.example import Corpus, Example, Sounds
from woodshed.data.item import file_digest
from woodshed.data.split import Fold, Split
from woodshed.data.store import Entry, FeatureStore, fill_together
from woodshed.errors import DataError
from woodshed.interruption import acknowledge_interruption, check_interruption
from woodshed.recognition.clip_item import clip_items, common_rate, summarise, summary_at
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.plan import Plan, time_features, timed_rows
from woodshed.recognition.experiments.result import Evaluation, Experiment, SplitResult, SummaryTable
from woodshed.recognition.experiments.run_files import RunFiles
from woodshed.recognition.self_training import N_TRAININGS, may_learn
from woodshed.training.model_folder import provenance, to_json
from woodshed.training.progress import LearningCurve, Watcher
from woodshed.training.run_state import RunState

Part = Mapping[str, NDArray[Any]]
"""Arrays of the test part of one fold by name: the outputs of each method, the truth, the learning curve."""

UNKNOWN_TARGET = -1e9
"""Stands for an unknown target in the fingerprint of a run."""


@dataclass
class CrossValidation:
    """Train and test an estimator on every fold of each split, and keep one model.

    With one fold, the model that was tested is kept. With several, a further one is trained on everything;
    the scores are those of the fold models, each of which missed a part. A keyboard interrupt ends the
    training under way with its best weights so far, tests that model and keeps it; no other training begins,
    and the run can be resumed.

    Parameters
    ----------
    estimator
        Unfitted, with the settings to use. A sample rate left open is chosen from all examples.
    corpus
        Checked examples.
    splits
        How to test; the grouped split first.
    run_state
        Where finished folds are stored.
    resume
        Continue the run that is stored there.
    watcher
        Observer of the progress.
    strict
        Whether to raise if a file is deleted, or changed, during the run. Otherwise it is skipped from then
        on and listed in ``files.lost``.
    """

    estimator: AudioEstimator
    corpus: Corpus
    splits: Sequence[Split]
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)
    strict: bool = False

    def __post_init__(self) -> None:
        kind = type(self.estimator)
        settings = self.estimator.get_params()
        self.head = kind.head
        self.sounds = Sounds(self.corpus.examples)
        self.sample_rate = settings["sample_rate"] or common_rate(self.sounds, kind.highest_rate)
        self.settings = settings | {"sample_rate": self.sample_rate}
        self.answers = [self.head.target_of(example) for example in self.corpus.examples]
        names, self.targets = self.head.encode(self.answers, kind.names)
        self.names = [str(name) for name in names]
        self.methods = methods_of(self.estimator, self.head.baselines)
        self.method = self.methods[0]
        self.interrupted = False
        self.summary_rows = np.zeros((0, 0))
        self._evaluator = self.head.evaluator(self)
        self._kept: tuple[AudioEstimator, NDArray[np.int64]] | None = None
        self.files = RunFiles(self.corpus.examples, self.corpus.unlabelled, self.strict)

    # -- plan -------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Return the number of examples of each class or tag, or of known values."""
        return self.head.counts(self.names, self.targets)

    def plan(self, examination_s: float = 0.0) -> Plan:
        """Estimate the work from a few clips and training steps, which are timed.

        Parameters
        ----------
        examination_s
            Time that the examination of the files took.
        """
        self.estimator.check_settings()
        sizes = self._sizes()
        model = type(self.estimator)(**self.settings)
        n_weights, fits_s = model.learner.time_fits(model, len(self.names), sizes)
        if self.corpus.unlabelled:  # self-training takes several fits each
            fits_s *= N_TRAININGS
        n_epochs = max(model.learner.n_epochs(model, size) for size in sizes)
        n_clips = len(self._examples)
        features_s = time_features(
            lambda folder: self._entries(folder, timed_rows(n_clips)),
            n_clips,
            store=model.store,
            n_processes=effective_n_jobs(model.n_jobs),
        )
        return Plan(len(sizes), n_epochs, n_weights, features_s, fits_s, examination_s)

    # -- run --------------------------------------------------------------------------------------

    def measure(self) -> tuple[Experiment, AudioEstimator]:
        """Test on every fold, then make the model to keep.

        Returns
        -------
        experiment, fitted
            The results, and the model to keep.

        Raises
        ------
        DataError
            If a test part has a class that its training part lacks, or too few files are left.
        OutputError
            If another run is stored at the place of this one, or it cannot be written to.
        """
        began = time.monotonic()
        results = self.test()
        model, learned = self.final_model()
        facts = self._evaluator.finish_model(model, learned)
        source = provenance(self.estimator.seed, time.monotonic() - began)
        if self.interrupted:
            source["interrupted"] = "yes: the scores are those of the folds that were run"
        table = SummaryTable(summary_at(self.sample_rate).names, self.summary_rows)
        experiment = Experiment(
            task=type(self.estimator).task,
            head=self.head,
            corpus=self.corpus,
            names=tuple(self.names),
            splits=tuple(results),
            settings=deciding_settings(self.estimator, self.settings),
            provenance=source | facts,
            learned=learned,
            skipped=tuple(self.files.lost.values()),
            summary=table if self.estimator.learner.reads_rows else None,
        )
        return experiment, model

    def test(self) -> list[SplitResult]:
        """Train and test on every fold of every split, up to an interrupt; raises what `measure` raises."""
        self._begin()
        results = []
        for s, split in enumerate(self.splits):
            parts: list[Part] = []
            for f, fold in enumerate(split.folds):
                if self.interrupted:
                    break
                check_interruption()
                name = f"split-{s}-fold-{f}"
                stored = None if self._keeps_tested(s) else self.run_state.recall(name)
                part = stored or self._fit_and_test(s, fold, f"{split.name}: {fold.name}", name)
                parts += [] if part is None else [part]
            if not parts:
                continue
            result = SplitResult(
                split=split.name,
                leaky=split.leaky,
                indices=joined(parts, "indices"),
                folds=joined(parts, "folds"),
                truth=joined(parts, "truth"),
                outputs={method: joined(parts, method) for method in self.methods},
                decisions=joined(parts, "decisions"),
                curves=tuple(curve for curve in map(LearningCurve.from_dict, parts) if curve.train_loss),
            )
            results.append(self._evaluator.finish_split(result, parts))
        if self.splits and not results:
            raise DataError("Nothing could be tested: the files of all test parts were lost during the run.")
        return results

    def final_model(self) -> tuple[AudioEstimator, NDArray[np.int64]]:
        """Return the fitted model to keep, and the rows that it was trained on."""
        if self._kept is None:
            everything = np.arange(len(self.answers))
            model = self._fit(everything, "final model, all data", "everything")
            self._kept = model, self.files.remaining_rows(everything)
            self.watcher.end(None)
        return self._kept

    def _begin(self) -> None:
        """Check the settings, open the stored run, and compute the features of the baselines."""
        self.estimator.check_settings()
        self.files.check()
        unlabelled = [(self.files.digest(e.path), e.start_s, e.group) for e in self.corpus.unlabelled]
        mark = deciding_settings(self.estimator, self.settings) | {
            "task": type(self.estimator).task,
            "targets": np.nan_to_num(self.targets, nan=UNKNOWN_TARGET),
            "names": self.names,
            "unlabelled": unlabelled,
        }
        self.run_state.open(
            fingerprint(mark, self.corpus, self.splits, self.files.digest), resume=self.resume
        )
        self._fill_store()
        store, n_jobs = self.estimator.store, self.estimator.n_jobs
        self.summary_rows = self.files.rows_of(
            lambda sounds: summarise(sounds, self.sample_rate, store=store, n_jobs=n_jobs)
        )

    @property
    def _examples(self) -> tuple[Example, ...]:
        """The labelled examples, then the unlabelled ones."""
        return (*self.corpus.examples, *self.corpus.unlabelled)

    def _fill_store(self) -> None:
        """Compute all features of the run in one pass, if there is a store: each file is decoded once.

        What cannot be used is found, and named, where it is used.
        """
        store, n_clips = self.estimator.store, len(self._examples)
        if store is None:
            return
        self.watcher.begin("features", n_clips)
        fill_together(
            self._entries(store, range(n_clips)),
            n_jobs=self.estimator.n_jobs,
            on_progress=lambda n_done, _: self.watcher.step(n_done),
        )
        self.watcher.end(None)

    def _sizes(self) -> list[int]:
        """Return the number of clips of each training."""
        sizes = [len(fold.train) for split in self.splits for fold in split.folds]
        return sizes if self._keeps_tested(0) else [*sizes, len(self.answers)]

    def _entries(self, folder: str, rows: Sequence[int]) -> list[list[Entry]]:
        """Return all features that the run needs of some examples, in a store."""
        model = type(self.estimator)(**self.settings)
        sounds = Sounds(self._examples[k] for k in rows)
        n_labelled = len(self.corpus.examples)
        is_learned = np.ones(len(self._examples), bool)
        if self._keeps_tested(0):
            is_learned[:n_labelled] = False
            for split in self.splits:
                is_learned[split.folds[0].train] = True
        features: list[Any] = [summary_at(self.sample_rate), *self._evaluator.features()]
        if self.sample_rate == print_rate(self.sample_rate):
            features.append(RecordingPrint(self.sample_rate))  # which the model folder holds
        stores = [FeatureStore(folder, feature) for feature in features]
        items = clip_items(sounds, self.sample_rate)
        own = model.learner.entries(model, sounds, folder, n_learned=min(self._sizes()))
        return [
            [
                *(own[n] if is_learned[k] else own[n][:1]),
                *((store, items[n]) for store in stores if k < n_labelled),
            ]
            for n, k in enumerate(rows)
        ]

    def _keeps_tested(self, s: int) -> bool:
        """Whether the model tested in a split is the one to keep: models of folds are not stored."""
        return s == 0 and len(self.splits[0].folds) == 1

    def _fit(self, rows: NDArray[np.int64], title: str, name: str) -> AudioEstimator:
        """Fit a fresh model to some rows of the corpus, without the files that are lost meanwhile."""
        self.watcher.begin(title, self.estimator.learner.n_epochs(self.estimator, len(rows)))
        return self.files.retry(lambda: self._fit_remaining(self.files.remaining_rows(rows), name))

    def _fit_remaining(self, rows: NDArray[np.int64], name: str) -> AudioEstimator:
        """Fit a fresh model to some rows; an interrupt leaves it with the best weights so far."""
        model = type(self.estimator)(**self.settings)
        try:
            self._fit_rows(model, rows, name)
        except KeyboardInterrupt:
            if not hasattr(model, "classes_"):
                raise
            acknowledge_interruption()
            self.interrupted = True
        return model

    def _fit_rows(self, model: AudioEstimator, rows: NDArray[np.int64], name: str) -> None:
        """Fit a model to some rows of the corpus and the unlabelled examples beside them."""
        groups = self.corpus.groups
        unlabelled = self.files.remaining(self._unlabelled_beside(rows))
        own_groups = None
        if groups is not None:
            own_groups = [*(groups[k] for k in rows), *(str(example.group) for example in unlabelled)]
        model.fit(
            Sounds((*self.corpus.subset(rows.tolist()), *unlabelled)),
            [*(self.answers[k] for k in rows), *(None for _ in unlabelled)],
            own_groups,
            checkpoint=self.run_state.checkpoint(name),
            on_epoch=self.watcher.epoch,
        )

    def _unlabelled_beside(self, rows: NDArray[np.int64]) -> list[Example]:
        """Return the unlabelled examples that share nothing with the rows that are held out."""
        tested = np.setdiff1d(np.arange(len(self.answers)), rows).tolist()
        return may_learn(self.corpus.unlabelled, self.corpus.subset(tested))

    def _fit_and_test(self, s: int, fold: Fold, title: str, name: str) -> Part | None:
        """Train on one part of the corpus, predict the other, and store the outputs.

        Returns None if no file of the test part is left.
        """
        self.head.check_fold(fold, title, self.names, self.targets)
        if not len(self.files.remaining_rows(fold.test)):
            return None
        model = self._fit(fold.train, title, name)
        tested = self.files.retry(lambda: self._test_fold(fold, model))
        if self._keeps_tested(s) or self.interrupted:
            self._kept = model, self.files.remaining_rows(fold.train)
        if tested is None:
            self.watcher.end(None)
            return None
        part = {
            **tested,
            **{name: np.asarray(value) for name, value in asdict(model.curve_).items()},
            "fold": np.asarray(fold.name),
        }
        if not self.interrupted:
            self.run_state.write(name, part)
        self.watcher.end(self.head.accuracy(part["truth"], part[self.method]))
        return part

    def _test_fold(self, fold: Fold, model: AudioEstimator) -> dict[str, NDArray[Any]] | None:
        """Return the arrays of the remaining test part of a fold; None if one part of the fold is empty."""
        train, test = (self.files.remaining_rows(rows) for rows in (fold.train, fold.test))
        if not len(train) or not len(test):
            return None
        fold = replace(fold, train=train, test=test)
        return {
            **self._all_outputs(fold, model),
            **self._evaluator.test_fold(fold),
            "indices": test,
            "folds": np.full(len(test), fold.name),
        }

    def _all_outputs(self, fold: Fold, model: AudioEstimator) -> dict[str, NDArray[Any]]:
        """Return the outputs of the model and the baselines for the test part of a fold."""
        train, truth = self.targets[fold.train], self.targets[fold.test].astype(np.float64)
        outputs = self.head.outputs_of_missing(train, len(truth))
        decisions = self.head.outputs_of_missing(train, len(truth)).round()
        columns = [self.names.index(str(name)) for name in model.classes_]
        outputs[:, columns] = model.outputs(Sounds(self.corpus.subset(fold.test.tolist())))
        decisions[:, columns] = self.head.decisions(model, outputs[:, columns])
        rows = self.summary_rows
        baselines = {
            name: self.head.baseline_outputs(name, rows[fold.train], train, rows[fold.test])
            for name in self.methods[1:]
        }
        return {"truth": truth, self.method: outputs, **baselines, "decisions": decisions}


def joined(parts: Sequence[Part], name: str) -> NDArray[Any]:
    """Concatenate one array of all folds."""
    return np.concatenate([part[name] for part in parts])


def method_of(estimator: AudioEstimator) -> str:
    """Return the name of a model in a report: ``net``, or that of a classical estimator.

    A classical estimator on other features than the plain summary, or trained on augmented copies too, is
    not the baseline of the same name: it is called ``own-svm``.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> method_of(Recogniser(net="mlp")), method_of(Recogniser(net="svm"))
    ('net', 'svm')
    """
    return estimator.learner.method_name(estimator)


def methods_of(estimator: AudioEstimator, baselines: Sequence[str]) -> list[str]:
    """Return the model and the baselines in the order of the report, each once.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> methods_of(Recogniser(net="mlp"), ("svm", "majority"))
    ['net', 'svm', 'majority']
    >>> methods_of(Recogniser(net="svm"), ("svm", "majority"))
    ['svm', 'majority']
    """
    return list(dict.fromkeys((method_of(estimator), *baselines)))


def deciding_settings(estimator: AudioEstimator, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that affect the result, without those of place, speed and unused ones.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> recogniser = Recogniser(net="svm", sample_rate=8000)
    >>> deciding_settings(recogniser, recogniser.get_params())
    {'net': 'svm', 'sample_rate': 8000, 'seed': 0}
    """
    optional = {"unlabelled", "front_end", "thorough"}  # None and False change nothing
    names = estimator.learner.effective_settings(settings)
    return {
        name: value for name, value in settings.items() if name in names and (value or name not in optional)
    }


def evaluate(
    estimator: AudioEstimator,
    corpus: Corpus,
    *,
    leaky: bool | None,
    learned_from: Mapping[Path, str] | None = None,
) -> Experiment:
    """Predict every example of a corpus, and return outputs and truth.

    What the model refuses counts as wrong. Examples of classes that it does not have are predicted too, and
    reported apart: the right prediction for them is a refusal.

    Parameters
    ----------
    estimator
        A fitted one.
    corpus
        Checked examples.
    leaky
        Whether the model was trained on some of these files or groups; None if that is not known.
    learned_from
        Files that the model was trained on -> name of the training file of which they are a version.

    Raises
    ------
    DataError
        If the corpus has no target that the model predicts.
    """
    files = RunFiles(corpus.examples)

    def evaluate_remaining() -> Experiment:
        examples = tuple(files.remaining(corpus.examples))
        skipped = (*corpus.skipped, *files.lost.values())
        remaining = replace(corpus, examples=examples, skipped=skipped)
        return _evaluate(estimator, remaining, leaky=leaky, learned_from=learned_from)

    return files.retry(evaluate_remaining)


def _evaluate(
    estimator: AudioEstimator, corpus: Corpus, *, leaky: bool | None, learned_from: Mapping[Path, str] | None
) -> Experiment:
    """Evaluate an estimator on files of which none is lost meanwhile."""
    began = time.monotonic()
    head = type(estimator).head
    tested = head.known_to(estimator, corpus)
    sounds = Sounds(tested.corpus.examples)
    outputs, n = estimator.outputs(sounds), len(sounds)
    judged = head.judge(estimator, sounds)
    result = SplitResult(
        split=f"these {n} recordings" if n > 1 else "this recording",
        leaky=leaky,
        indices=np.arange(n),
        folds=np.full(n, "all"),
        truth=tested.truth.astype(np.float64),
        outputs={method_of(estimator): outputs},
        decisions=head.decisions(estimator, outputs),
        judged=judged,
        refused=None if judged is None else judged.refusals != "",
    )
    return Experiment(
        task=type(estimator).task,
        head=head,
        corpus=tested.corpus,
        names=tuple(str(name) for name in estimator.fitted("classes_")),
        splits=(result,),
        settings=deciding_settings(estimator, estimator.get_params()),
        provenance=provenance(estimator.seed, time.monotonic() - began),
        evaluation=Evaluation(
            tested.spellings,
            tested.unknown,
            _are_refused(estimator, tested.unknown),
            dict(learned_from or {}),
        ),
    )


def _are_refused(estimator: AudioEstimator, examples: Sequence[Example]) -> NDArray[np.bool_]:
    """Return whether a model refuses each of some examples."""
    judged = type(estimator).head.judge(estimator, Sounds(examples)) if examples else None
    return np.zeros(len(examples), bool) if judged is None else np.asarray(judged.refusals != "")


def fingerprint(
    settings: Mapping[str, Any],
    corpus: Corpus,
    splits: Sequence[Split],
    digest_of: Callable[[Path], str] = file_digest,
) -> str:
    """Return a digest of all inputs of a run: settings, recordings, labels and splits.

    Returns
    -------
    str
        64 hexadecimal digits, equal for equal inputs in every process.
    """
    rows = [
        (digest_of(example.path), example.label, example.group, example.start_s, example.end_s)
        for example in corpus.examples
    ]
    parts = [[split.name, [fold.test.tolist() for fold in split.folds]] for split in splits]
    return hashlib.sha256(to_json([dict(settings), rows, parts]).encode()).hexdigest()
