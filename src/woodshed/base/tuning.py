"""Tuning: settings are sought on inner folds of the training part, and judged on the test part once.

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

from woodshed.base.candidate import Contest, main_score, prepare, try_fold
from woodshed.base.fold_run import Watcher, deciding_settings
from woodshed.base.listener import Listener
from woodshed.base.material import common_rate
from woodshed.base.notebook import Notebook, fingerprint
from woodshed.base.trial import Trial, Tuning
from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, Split, make_split
from woodshed.errors import DataError, MissingPackageError, ParameterError, WoodshedError

SEARCHED = ("learning_rate", "width", "dropout", "augment", "window_s", "n_mels")
"""The settings that are sought, unless they are given."""

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
        Unfitted; a net.
    corpus
        Checked examples, all of them.
    fold
        What is held out; nothing of its test part is heard.
    n_trials
        How many sets of settings are tried, the first being the listener's own.
    given
        Names of settings that stay as they are.
    notebook
        Where each inner fold of each trial is written down.
    resume
        Go on with what is written down there, to the result that it would have had.
    watcher
        See `woodshed.base.fold_run.Watcher`.
    """

    listener: Listener
    corpus: Corpus
    fold: Fold
    n_trials: int
    given: tuple[str, ...] = ()
    notebook: Notebook = field(default_factory=Notebook)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def run(self) -> Tuning:
        """Try settings, chosen by a tree-structured Parzen estimator from how the earlier ones did.

        A trial that does worse than the median of the earlier ones, after as many inner folds, is stopped.

        Returns
        -------
        Tuning
            Every trial, and which is best.

        Raises
        ------
        ParameterError
            If there is nothing to seek.
        MissingPackageError
            If Optuna is not installed.
        DataError
            If every trial failed.

        References
        ----------
        J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter optimization",
        NeurIPS 2011. T. Akiba et al., "Optuna: a next-generation hyperparameter optimization framework",
        KDD 2019.
        """
        optuna = check_tuning(self.listener, self.n_trials, self.given)
        self.training = replace(self.corpus, examples=self.corpus.subset(self.fold.train.tolist()))
        self.inner = inner_split(self.training, self.listener.seed)
        self._sample_rate = self.listener.sample_rate or common_rate(
            Sounds(self.corpus.examples), type(self.listener).highest_rate
        )
        mark = deciding_settings(self.listener, self.listener.get_params())
        mark |= {"job": type(self.listener).job, "given": sorted(self.given), "rate": self._sample_rate}
        self.notebook.open(fingerprint(mark, self.training, [self.inner]), resume=self.resume)
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=self.listener.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        )
        own = {name: getattr(self.listener, name) for name in self._names}
        study.enqueue_trial(own)
        with tempfile.TemporaryDirectory() as temporary:
            self._store = self.listener.store or temporary
            trials = tuple(self._try(k, study, optuna) for k in range(self.n_trials))
        scores = [-np.inf if t.score is None or t.state != "complete" else t.score for t in trials]
        best = int(np.argmax(scores))
        if not np.isfinite(scores[best]):
            raise DataError(f"No settings could be tried. The first: {trials[0].state}")
        measure = MEASURES[self.listener.answer]
        return Tuning(self.inner.name, len(self.training.examples), measure, trials, best)

    @property
    def _names(self) -> list[str]:
        return [name for name in SEARCHED if name not in self.given]

    def _try(self, number: int, study: Any, optuna: Any) -> Trial:
        """Carry one trial out, or recall it: the same seed asks for the same settings again."""
        asked = study.ask()
        settings = suggest(asked, self.listener, self._names)
        scores, duration_s, state = [], 0.0, "complete"
        for f, fold in enumerate(self.inner.folds):
            try:
                score, took_s = self._fold(f"trial-{number}-fold-{f}", settings, fold, number)
            except WoodshedError as error:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
                return Trial(settings, None, duration_s, str(error))
            scores.append(score)
            duration_s += took_s
            asked.report(float(np.mean(scores)), f)
            if f + 1 < len(self.inner.folds) and asked.should_prune():
                study.tell(asked, state=optuna.trial.TrialState.PRUNED)
                return Trial(settings, float(np.mean(scores)), duration_s, "stopped")
        value = float(np.mean(scores))
        if np.isnan(value):
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            return Trial(settings, None, duration_s, "its score is not a number")
        study.tell(asked, value)
        return Trial(settings, value, duration_s, state)

    def _fold(self, name: str, settings: Mapping[str, Any], fold: Fold, number: int) -> tuple[float, float]:
        """Learn from the rest of the training part and score one inner fold."""
        written = self.notebook.recall(name)
        if written is None:
            kind, fixed = type(self.listener), {"sample_rate": self._sample_rate, "store": self._store}
            listener = kind(**self.listener.get_params() | fixed | dict(settings))
            contest = Contest(listener, self.training, self.inner)
            contest.check()
            self.watcher.begin(
                f"trial {number + 1} of {self.n_trials}, inner {fold.name}", self.listener.epochs
            )
            prepare(listener, self.training)
            part = try_fold(contest, listener, fold, lambda told: self.watcher.epoch(*told[1:]))
            score = main_score(listener.answer, contest.encoded[1][fold.test], part["answers"])
            written = {"score": np.asarray(score), "train_s": part["train_s"]}
            self.notebook.write(name, written)
            self.watcher.end(score if listener.answer == "classes" else None)
            if "keras" in sys.modules:  # else the graphs of all trials pile up in memory
                sys.modules["keras"].utils.clear_session()
        return float(written["score"]), float(written["train_s"])


def suggest(trial: Any, listener: Listener, names: list[str]) -> dict[str, Any]:
    """Ask Optuna for settings around a listener's own: from a half to the double, rates from a quarter."""

    def around(name: str, factor: float) -> tuple[float, float]:
        own = getattr(listener, name)
        return own / factor, own * factor

    found: dict[str, Any] = {}
    for name in names:
        low, high = around(name, 4 if name == "learning_rate" else 2)
        if name in ("width", "n_mels"):
            found[name] = trial.suggest_int(name, max(1, round(low)), round(high), log=True)
        elif name == "dropout":
            found[name] = trial.suggest_float(name, 0.0, max(0.6, listener.dropout))
        elif name == "augment":
            found[name] = trial.suggest_float(name, 0.0, max(2.0, listener.augment))
        else:
            found[name] = trial.suggest_float(name, low, high, log=True)
    return {name: _short(value) for name, value in found.items()}


def _short(value: float) -> float:
    """Round to three digits, which are enough and can be typed again."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


def check_tuning(listener: Listener, n_trials: int, given: Collection[str] = ()) -> Any:
    """Refuse, before any work is done, what cannot be tuned; return Optuna.

    Raises
    ------
    ParameterError
        If there is nothing to seek.
    MissingPackageError
        If Optuna is not installed.
    """
    listener.check_settings()
    if n_trials < 1:
        raise ParameterError(f"The number of settings to try must be positive, got {n_trials}.")
    if listener.is_classical:
        raise ParameterError(
            f"{listener.net} has no settings to tune: it learns with those that are known to do well. Leave "
            "out --tune, or choose a net by --net."
        )
    if set(SEARCHED) <= set(given):
        raise ParameterError(f"All of {', '.join(SEARCHED)} are given, and nothing is left to tune.")
    try:
        import optuna
    except ImportError as error:
        raise MissingPackageError('--tune needs Optuna: pip install "woodshed[tune]"') from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def tuned(listener: Listener, tuning: Tuning) -> Listener:
    """Return an unfitted listener with the settings that were found."""
    return type(listener)(**listener.get_params() | tuning.chosen)


def tuning_notebook(folder: Path) -> Notebook:
    """Return where a search is written down, inside the notebook of the training that comes after it."""
    return Notebook(folder / "tuning")
