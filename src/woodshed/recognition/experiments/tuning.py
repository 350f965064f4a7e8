"""Hyperparameter search on inner folds of the training part; the test part is used once, at the end.

For a network some settings are searched. Classical estimators have none that are worth a search: the
estimators themselves are compared, the one of the settings first.

Only the first fold of the grouped split is tested afterwards. The test parts of the other folds are in its
training part: they took part in the choice, and their scores would be too high. Nested cross-validation would
use all folds, at several times the cost.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import Fold, Split, make_split
from woodshed.errors import DataError, ParameterError, WoodshedError, load_package
from woodshed.recognition.clip_item import common_rate
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.cross_validation import deciding_settings, fingerprint
from woodshed.recognition.experiments.model_comparison import BenchmarkTask, extract, run_fold
from woodshed.recognition.experiments.result import SearchResult, Trial
from woodshed.recognition.experiments.run_files import RunFiles
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState

SEARCHED = ("learning_rate", "width", "dropout", "augment", "window_s", "n_mels")
"""Settings of a network that are searched unless the user sets them."""

N_INNER = 3
"""Maximum number of inner folds; there are fewer with fewer groups."""


def first_fold_of(split: Split) -> Split:
    """Return the first fold of a split alone, under a name that says so.

    Examples
    --------
    >>> from woodshed.data.split import group_folds
    >>> split = group_folds(["no", "yes"] * 6, ["ann"] * 4 + ["bob"] * 4 + ["eve"] * 4)
    >>> first_fold_of(split).name
    'unseen groups, 3 folds of which the first is tested'
    """
    if len(split.folds) == 1:
        return split
    return Split(f"{split.name} of which the first is tested", split.folds[:1], split.leaky)


def inner_split(corpus: Corpus, seed: int) -> Split:
    """Split the training part again: by group if possible, else at random."""
    if corpus.groups is not None:
        try:
            return make_split(corpus, f"group-folds:{N_INNER}", seed)
        except DataError:  # there is one group only, or a class is in one group only
            pass
    return make_split(corpus, f"random-folds:{N_INNER}", seed)


@dataclass
class Search:
    """Search for the settings with the best score on inner folds of a training part.

    Parameters
    ----------
    estimator
        Unfitted network or classical estimator.
    corpus
        All examples, checked.
    fold
        Training part, and test part that takes no part in the search.
    n_trials
        Number of trials, the first one with the settings of the estimator; at most the number of classical
        estimators for these.
    fixed
        Names of settings that are not searched.
    run_state
        Where each inner fold of each trial is stored.
    resume
        Whether to continue a stored search, to the result it would have had.
    watcher
        Callbacks that observe the search.
    strict
        Whether to raise if a file is deleted, or changed, during the search. Otherwise it is left out of the
        further trainings and tests.
    """

    estimator: AudioEstimator
    corpus: Corpus
    fold: Fold
    n_trials: int
    fixed: tuple[str, ...] = ()
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)
    strict: bool = False

    def run(self) -> SearchResult:
        """Run the trials.

        The settings of a network are proposed by a tree-structured Parzen estimator. A trial whose score is
        below the median of the earlier ones after as many inner folds is stopped. Classical estimators are
        tried in turn, and none is stopped.

        Returns
        -------
        SearchResult
            All trials, and the index of the best.

        Raises
        ------
        ParameterError
            If there is nothing to search.
        MissingPackageError
            If the estimator is a network, and Optuna is not installed.
        DataError
            If every trial failed, or a file was lost and the search is strict.

        References
        ----------
        J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter optimization",
        NeurIPS 2011. T. Akiba et al., "Optuna: a next-generation hyperparameter optimization framework",
        KDD 2019.
        """
        check_tuning(self.estimator, self.n_trials, self.fixed)
        self.training = replace(self.corpus, examples=self.corpus.subset(self.fold.train.tolist()))
        self.inner = inner_split(self.training, self.estimator.seed)
        self._files = RunFiles(self.training.examples, strict=self.strict)
        self._files.check()
        self._sample_rate = self.estimator.sample_rate or common_rate(
            Sounds(self.corpus.examples), type(self.estimator).highest_rate
        )
        inputs = deciding_settings(self.estimator, self.estimator.get_params())
        inputs |= {"task": type(self.estimator).task, "fixed": sorted(self.fixed), "rate": self._sample_rate}
        self.run_state.open(
            fingerprint(inputs, self.training, [self.inner], self._files.digest), resume=self.resume
        )
        models = self.estimator.learner.alternatives(self.estimator)
        with tempfile.TemporaryDirectory() as temporary:
            self._store = self.estimator.store or temporary
            if models:
                trials = [self._try(k, {"net": net}) for k, net in enumerate(models[: self.n_trials])]
            else:
                trials = self._optimise()
        scores = [-np.inf if t.score is None or t.state != "complete" else t.score for t in trials]
        best = int(np.argmax(scores))
        if not np.isfinite(scores[best]):
            raise DataError(f"Every trial of the search failed. The first: {trials[0].state}")
        return SearchResult(
            split=self.inner.name,
            n_clips=len(self.training.examples),
            measure=type(self.estimator).head.main_measure,
            trials=tuple(trials),
            best=best,
        )

    def _optimise(self) -> list[Trial]:
        """Run trials with settings that Optuna proposes; the same seed proposes the same ones again."""
        optuna = _optuna()
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=self.estimator.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        )
        names = [name for name in SEARCHED if name not in self.fixed]
        study.enqueue_trial({name: getattr(self.estimator, name) for name in names})
        states = optuna.trial.TrialState
        trials: list[Trial] = []
        for number in range(self.n_trials):
            proposal = study.ask()
            trial = self._try(number, suggest(proposal, self.estimator, names), proposal)
            if trial.state == "complete":
                study.tell(proposal, trial.score)
            else:
                study.tell(proposal, state=states.PRUNED if trial.state == "stopped" else states.FAIL)
            trials.append(trial)
        return trials

    def _try(self, number: int, settings: dict[str, Any], proposal: Any = None) -> Trial:
        """Return the trial of some settings on the inner folds, which may be stored already.

        A proposal of Optuna is told the mean score after each fold, and may stop the trial.
        """
        scores, duration_s = [], 0.0
        for f, fold in enumerate(self.inner.folds):
            try:
                score, train_s = self._score(f"trial-{number}-fold-{f}", settings, fold, number)
            except WoodshedError as error:
                self._files.check()  # a lost file ends a strict search, and not only this trial
                return Trial(settings, None, duration_s, str(error))
            scores.append(score)
            duration_s += train_s
            mean = float(np.mean(scores))
            if proposal is not None:
                proposal.report(mean, f)
                if proposal.should_prune() and f + 1 < len(self.inner.folds):
                    return Trial(settings, mean, duration_s, "stopped")
        if np.isnan(mean):
            return Trial(settings, None, duration_s, "the score is not a number")
        return Trial(settings, mean, duration_s)

    def _score(self, name: str, settings: Mapping[str, Any], fold: Fold, number: int) -> tuple[float, float]:
        """Return the score of an inner fold and the time to train on the other folds, in seconds."""
        part = self.run_state.recall(name)
        if part is None:
            changes = {"sample_rate": self._sample_rate, "store": self._store, **settings}
            estimator = type(self.estimator)(**self.estimator.get_params() | changes)
            task = BenchmarkTask(estimator, self.training, self.inner, self._files)
            task.check()
            self.watcher.begin(
                f"trial {number + 1} of {self.n_trials}, inner {fold.name}",
                estimator.learner.n_epochs(estimator, len(fold.train)),
            )
            extract(task, estimator)
            result = run_fold(task, estimator, fold, lambda event: self.watcher.epoch(*event[1:]))
            truth = task.encoded[1][result["indices"]]
            part = {
                "score": np.asarray(task.estimator.head.main_score(truth, result["outputs"])),
                "train_s": result["train_s"],
            }
            self.run_state.write(name, part)
            self.watcher.end(task.estimator.head.accuracy(truth, result["outputs"]))
            if "keras" in sys.modules:  # else the graphs of all trials accumulate in memory
                sys.modules["keras"].utils.clear_session()
        return float(part["score"]), float(part["train_s"])


def suggest(trial: Any, estimator: AudioEstimator, names: list[str]) -> dict[str, Any]:
    """Return settings proposed by Optuna, from half to double those of the estimator.

    The learning rate is from a quarter to four times; dropout and augmentation start at 0.
    """
    settings: dict[str, Any] = {}
    for name in names:
        value, factor = getattr(estimator, name), 4 if name == "learning_rate" else 2
        if name in ("width", "n_mels"):
            low, high = max(1, round(value / factor)), round(value * factor)
            settings[name] = trial.suggest_int(name, low, high, log=True)
        elif name in ("dropout", "augment"):
            high = max(0.6 if name == "dropout" else 2.0, value)
            settings[name] = trial.suggest_float(name, 0.0, high)
        else:
            settings[name] = trial.suggest_float(name, value / factor, value * factor, log=True)
    # Three digits are precise enough, and easy to enter again.
    return {name: v if isinstance(v, int) else float(f"{v:.3g}") for name, v in settings.items()}


def check_tuning(estimator: AudioEstimator, n_trials: int, fixed: Collection[str] = ()) -> None:
    """Raise an error if settings cannot be searched, before any work is done.

    Raises
    ------
    ParameterError
        If there is nothing to search.
    MissingPackageError
        If the estimator is a network, and Optuna is not installed.
    """
    estimator.check_settings()
    if n_trials < 1:
        raise ParameterError(f"The number of trials must be positive, got {n_trials}.")
    if estimator.learner.alternatives(estimator):
        return
    if set(SEARCHED) <= set(fixed):
        raise ParameterError(f"All of {', '.join(SEARCHED)} are set, so nothing is left to tune.")
    _optuna()


def _optuna() -> Any:
    """Return Optuna, with its messages turned off."""
    optuna = load_package("optuna", "--n-trials", 'pip install "woodshed[tuning]"')
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
