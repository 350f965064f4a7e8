"""Tuning: settings are sought on inner folds of the training part, and judged on the test part once.

Of a net, some of its settings are sought. A classical model has none that are worth a search, but there are
several of them: which one is sought, the one that was asked for being the first to be tried.

Only the first fold of the honest split is tested then. The test parts of the other folds lie in its
training part: they took part in the choice, and their scores would flatter it. To choose anew inside every
fold would be as honest and use all folds, for that many times the trainings.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, Split, make_split
from woodshed.errors import DataError, MissingPackageError, ParameterError, WoodshedError
from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.model import classical_model
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.cross_validation import deciding_settings
from woodshed.recognition.experiments.model_comparison import BenchmarkTask, main_score, prepare, try_fold
from woodshed.recognition.experiments.search_result import SearchResult, Trial
from woodshed.recognition.items import common_rate
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState, fingerprint

SEARCHED = ("learning_rate", "width", "dropout", "augment", "window_s", "n_mels")
"""The settings of a net that are sought, unless they are given."""

N_INNER = 3
"""Inner folds, if there are as many groups."""

MEASURES = {"classes": "share of right answers", "tags": "mean ROC-AUC", "values": "mean R²"}
"""Kind of answer -> what is made as high as possible."""


def first_fold_of(split: Split) -> Split:
    """Return the first fold of a split alone, under a name that says so.

    Examples
    --------
    >>> from woodshed.data.split import group_folds
    >>> split = group_folds(["no", "yes"] * 6, ["ann"] * 4 + ["bob"] * 4 + ["eve"] * 4)
    >>> first_fold_of(split).name
    'unheard groups, 3 folds of which the first is tested'
    """
    if len(split.folds) == 1:
        return split
    return Split(f"{split.name} of which the first is tested", split.folds[:1], split.leaky)


def inner_split(corpus: Corpus, seed: int) -> Split:
    """Split the training part again: by group if that can be, else at random."""
    if corpus.groups is not None:
        try:
            return make_split(corpus, f"group-folds:{N_INNER}", seed)
        except DataError:  # one group only, or a class that comes from one group only
            pass
    return make_split(corpus, f"random-folds:{N_INNER}", seed)


@dataclass
class Search:
    """Seek the settings that do best on inner folds of one training part.

    Parameters
    ----------
    listener
        Unfitted; a net, or a classical model.
    corpus
        Checked examples, all of them.
    fold
        What is held out; nothing of its test part is heard.
    n_trials
        How many sets of settings are tried, the first being the listener's own; of classical models at most
        as many as there are.
    given
        Names of settings that stay as they are; ``net`` says which classical model is tried first.
    notebook
        Where each inner fold of each trial is written down.
    resume
        Go on with what is written down there, to the result that it would have had.
    watcher
        See `woodshed.training.progress.Watcher`.
    """

    estimator: AudioEstimator
    corpus: Corpus
    fold: Fold
    n_trials: int
    given: tuple[str, ...] = ()
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def run(self) -> SearchResult:
        """Try settings, chosen by a tree-structured Parzen estimator from how the earlier ones did.

        A trial that does worse than the median of the earlier ones, after as many inner folds, is stopped.
        Classical models are tried one after the other instead, and none is stopped.

        Returns
        -------
        Tuning
            Every trial, and which is best.

        Raises
        ------
        ParameterError
            If there is nothing to seek.
        MissingPackageError
            If it is a net, and Optuna is not installed.
        DataError
            If every trial failed.

        References
        ----------
        J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter optimization",
        NeurIPS 2011. T. Akiba et al., "Optuna: a next-generation hyperparameter optimization framework",
        KDD 2019.
        """
        check_tuning(self.estimator, self.n_trials, self.given)
        self.training = replace(self.corpus, examples=self.corpus.subset(self.fold.train.tolist()))
        self.inner = inner_split(self.training, self.estimator.seed)
        self._sample_rate = self.estimator.sample_rate or common_rate(
            Sounds(self.corpus.examples), type(self.estimator).highest_rate
        )
        mark = deciding_settings(self.estimator, self.estimator.get_params())
        mark |= {"task": type(self.estimator).task, "given": sorted(self.given), "rate": self._sample_rate}
        self.run_state.open(fingerprint(mark, self.training, [self.inner]), resume=self.resume)
        study: _Study = (
            _Nets(self.estimator) if self.estimator.is_classical else _Parzen(self.estimator, self._names)
        )
        with tempfile.TemporaryDirectory() as temporary:
            self._store = self.estimator.store or temporary
            trials = tuple(self._try(k, study) for k in range(min(self.n_trials, study.n_most)))
        scores = [-np.inf if t.score is None or t.state != "complete" else t.score for t in trials]
        best = int(np.argmax(scores))
        if not np.isfinite(scores[best]):
            raise DataError(f"No settings could be tried. The first: {trials[0].state}")
        measure = MEASURES[self.estimator.answer]
        return SearchResult(self.inner.name, len(self.training.examples), measure, trials, best)

    @property
    def _names(self) -> list[str]:
        return [name for name in SEARCHED if name not in self.given]

    def _try(self, number: int, study: _Study) -> Trial:
        """Carry one trial out, or recall it: the same seed asks for the same settings again."""
        settings = study.ask()
        scores, duration_s, state = [], 0.0, "complete"
        for f, fold in enumerate(self.inner.folds):
            try:
                score, took_s = self._fold(f"trial-{number}-fold-{f}", settings, fold, number)
            except WoodshedError as error:
                study.fail()
                return Trial(settings, None, duration_s, str(error))
            scores.append(score)
            duration_s += took_s
            if study.is_hopeless(float(np.mean(scores)), f) and f + 1 < len(self.inner.folds):
                study.stop()
                return Trial(settings, float(np.mean(scores)), duration_s, "stopped")
        value = float(np.mean(scores))
        if np.isnan(value):
            study.fail()
            return Trial(settings, None, duration_s, "its score is not a number")
        study.tell(value)
        return Trial(settings, value, duration_s, state)

    def _fold(self, name: str, settings: Mapping[str, Any], fold: Fold, number: int) -> tuple[float, float]:
        """Learn from the rest of the training part and score one inner fold."""
        written = self.run_state.recall(name)
        if written is None:
            kind, fixed = type(self.estimator), {"sample_rate": self._sample_rate, "store": self._store}
            estimator = kind(**self.estimator.get_params() | fixed | dict(settings))
            contest = BenchmarkTask(estimator, self.training, self.inner)
            contest.check()
            n_epochs = 0 if estimator.is_classical else self.estimator.epochs
            self.watcher.begin(f"trial {number + 1} of {self.n_trials}, inner {fold.name}", n_epochs)
            prepare(estimator, self.training)
            part = try_fold(contest, estimator, fold, lambda told: self.watcher.epoch(*told[1:]))
            score = main_score(estimator.answer, contest.encoded[1][fold.test], part["answers"])
            written = {"score": np.asarray(score), "train_s": part["train_s"]}
            self.run_state.write(name, written)
            self.watcher.end(score if estimator.answer == "classes" else None)
            if "keras" in sys.modules:  # else the graphs of all trials pile up in memory
                sys.modules["keras"].utils.clear_session()
        return float(written["score"]), float(written["train_s"])


class _Nets:
    """Asks for one classical model after the other."""

    def __init__(self, estimator: AudioEstimator) -> None:
        self._names = classical_order(estimator)
        self.n_most = len(self._names)

    def ask(self) -> dict[str, Any]:
        return {"net": self._names.pop(0)}

    def is_hopeless(self, score: float, fold: int) -> bool:
        return False

    def tell(self, value: float) -> None: ...
    def stop(self) -> None: ...
    def fail(self) -> None: ...


class _Parzen:
    """Asks for settings by what was told of earlier ones; Optuna does the work."""

    def __init__(self, estimator: AudioEstimator, names: list[str]) -> None:
        self._optuna = _optuna()
        self._listener, self._names, self.n_most = estimator, names, sys.maxsize
        self._study = self._optuna.create_study(
            direction="maximize",
            sampler=self._optuna.samplers.TPESampler(seed=estimator.seed),
            pruner=self._optuna.pruners.MedianPruner(n_startup_trials=4),
        )
        self._study.enqueue_trial({name: getattr(estimator, name) for name in names})

    def ask(self) -> dict[str, Any]:
        self._asked = self._study.ask()
        return suggest(self._asked, self._listener, self._names)

    def is_hopeless(self, score: float, fold: int) -> bool:
        self._asked.report(score, fold)
        return bool(self._asked.should_prune())

    def tell(self, value: float) -> None:
        self._study.tell(self._asked, value)

    def stop(self) -> None:
        self._study.tell(self._asked, state=self._optuna.trial.TrialState.PRUNED)

    def fail(self) -> None:
        self._study.tell(self._asked, state=self._optuna.trial.TrialState.FAIL)


_Study = _Nets | _Parzen


def classical_order(estimator: AudioEstimator) -> list[str]:
    """Return the classical models in the order in which they are tried: the estimator's own comes first.

    Models that share their estimator of values are tried once.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> classical_order(Recogniser(net="forest"))
    ['forest', 'svm', 'logistic', 'knn', 'discriminant', 'kernel-ridge']
    """
    names = list(dict.fromkeys((estimator.net, *CLASSICAL)))
    if estimator.answer != "values":
        return names
    first = {classical_model(name).build_regressor: name for name in reversed(names)}
    return [name for name in names if name in first.values()]


def suggest(trial: Any, estimator: AudioEstimator, names: list[str]) -> dict[str, Any]:
    """Ask Optuna for settings around a listener's own: from a half to the double, rates from a quarter."""

    def around(name: str, factor: float) -> tuple[float, float]:
        own = getattr(estimator, name)
        return own / factor, own * factor

    found: dict[str, Any] = {}
    for name in names:
        low, high = around(name, 4 if name == "learning_rate" else 2)
        if name in ("width", "n_mels"):
            found[name] = trial.suggest_int(name, max(1, round(low)), round(high), log=True)
        elif name == "dropout":
            found[name] = trial.suggest_float(name, 0.0, max(0.6, estimator.dropout))
        elif name == "augment":
            found[name] = trial.suggest_float(name, 0.0, max(2.0, estimator.augment))
        else:
            found[name] = trial.suggest_float(name, low, high, log=True)
    return {name: _short(value) for name, value in found.items()}


def _short(value: float) -> float:
    """Round to three digits, which are enough and can be typed again."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


def check_tuning(estimator: AudioEstimator, n_trials: int, given: Collection[str] = ()) -> None:
    """Refuse, before any work is done, what cannot be tuned.

    Raises
    ------
    ParameterError
        If there is nothing to seek.
    MissingPackageError
        If it is a net, and Optuna is not installed.
    """
    estimator.check_settings()
    if n_trials < 1:
        raise ParameterError(f"The number of settings to try must be positive, got {n_trials}.")
    if estimator.is_classical:
        return
    if set(SEARCHED) <= set(given):
        raise ParameterError(f"All of {', '.join(SEARCHED)} are given, and nothing is left to tune.")
    _optuna()


def _optuna() -> Any:
    """Return Optuna, told to be quiet."""
    try:
        import optuna
    except ImportError as error:
        raise MissingPackageError('--tune needs Optuna: pip install "woodshed[tune]"') from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def tuned(estimator: AudioEstimator, tuning: SearchResult) -> AudioEstimator:
    """Return an unfitted listener with the settings that were found."""
    return type(estimator)(**estimator.get_params() | tuning.chosen)


def tuning_notebook(folder: Path) -> RunState:
    """Return where a search is written down, inside the notebook of the training that comes after it."""
    return RunState(folder / "tuning")
