"""What every head implements, with defaults for heads of several independent outputs."""

from __future__ import annotations

import abc
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.table import TABLE_SUFFIXES, read_columns
from woodshed.errors import DataError, ParameterError, printable
from woodshed.recognition.classical.model import PLAIN, Case, fit_columns, predict_columns

if TYPE_CHECKING:
    from woodshed.clip import Clip
    from woodshed.data.split import Fold
    from woodshed.prediction import ClipPrediction
    from woodshed.recognition.confidence import CalibratedPredictions
    from woodshed.training.loop import Loss


Rows = NDArray[np.float64]
"""Encoded targets or outputs, shape ``(n_clips, n_names)``."""

Names = NDArray[Any]
"""Names of the outputs, shape ``(n_names,)``: text; of classes in the type of the labels."""


@dataclass(frozen=True)
class TestSet:
    """What of a corpus a fitted estimator can be tested on.

    Parameters
    ----------
    corpus
        The examples with a target that the estimator predicts.
    truth
        Their encoded targets, shape ``(n_examples, n_names)``.
    unknown
        The examples with another target.
    spellings
        Target -> name of the output that it is another spelling of.
    """

    __test__: ClassVar[bool] = False  # the name does not make it a test
    corpus: Corpus
    truth: NDArray[np.float32]
    unknown: tuple[Example, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)


class Head(abc.ABC):
    """A kind of answer. It has no state: what is learned belongs to the estimator.

    Attributes
    ----------
    name
        Key in `woodshed.recognition.heads.HEADS`, and name of the module in `woodshed.report.recognition`.
    noun
        One of the outputs, for messages: ``class``, ``tag`` or ``value``.
    activation
        Activation of the last layer of a network: ``softmax``, ``sigmoid``, or None for a linear layer.
    constant_baseline
        Name of the baseline that predicts the mean of the training targets for every clip.
    binary_outputs
        Whether each output is a binary decision of its own, for which a classical classifier is fitted.
    balances_classes
        Whether training batches contain every class equally often.
    main_measure
        Name of the score that models are ranked by; higher is better.
    files
        Names of the files of a model folder that hold what `fit_outputs` and `fit_held_out` learn.
    fits_held_out
        Whether `fit_held_out` learns something: a network then holds out a part of any number of clips.
    options
        Names of the options that `predictions` takes.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    activation: ClassVar[str | None] = None
    constant_baseline: ClassVar[str] = "mean"
    binary_outputs: ClassVar[bool] = False
    balances_classes: ClassVar[bool] = False
    main_measure: ClassVar[str]
    files: ClassVar[frozenset[str]] = frozenset()
    fits_held_out: ClassVar[bool] = False
    options: ClassVar[frozenset[str]] = frozenset()

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of the baselines that are scored beside every model."""
        return ("svm", self.constant_baseline)

    # -- targets ----------------------------------------------------------------------------------

    @abc.abstractmethod
    def encode(self, targets: Sequence[Any], order: Sequence[str] = ()) -> tuple[Names, NDArray[np.float32]]:
        """Encode the targets of training clips.

        Parameters
        ----------
        targets
            The target of each clip, as ``fit`` takes it.
        order
            Names that come first, if they occur.

        Returns
        -------
        names, rows
            Names of the outputs, and shape ``(n_clips, n_names)``; NaN where a target is unknown.

        Raises
        ------
        DataError
            If there is nothing to learn.
        """

    @abc.abstractmethod
    def encode_as(self, targets: Sequence[Any], names: Sequence[str]) -> NDArray[np.float32]:
        """Encode targets for the given names, shape ``(n_clips, n_names)``; NaN where unknown."""

    def names_of(self, values: Sequence[Any]) -> Names:
        """Return the names that a model folder lists as an array; a `DataError` if they are unsuitable."""
        return np.asarray(values, dtype=str)

    def target_of(self, example: Example) -> Any:
        """Return the target of an example of a corpus, as ``fit`` takes it."""
        return dict(example.values)

    def counts(self, names: Sequence[str], rows: NDArray[np.floating]) -> dict[str, int]:
        """Count the examples of each output."""
        return dict(zip(names, (rows > 0.5).sum(axis=0).tolist(), strict=True))

    # -- corpora ----------------------------------------------------------------------------------

    def columns(self, estimator: Any, data: str, targets: Sequence[str]) -> list[str]:
        """Return the columns of a table that hold the targets.

        Parameters
        ----------
        estimator
            A fitted one looks for the columns that it was trained on.
        data
            The source as the user named it; anything but a table has no columns.
        targets
            The columns that the user named.

        Raises
        ------
        DataError
            If no column can be chosen.
        """
        place = Path(data)
        if targets or place.suffix.lower() not in TABLE_SUFFIXES or not place.is_file():
            return list(targets)
        columns = read_columns(place)
        if self.is_listed_in(columns):
            return []
        outputs = getattr(estimator, "classes_", estimator.names)
        own = [str(name) for name in outputs if name in columns]
        if not own and "label" not in columns:
            raise DataError(
                f"{printable(place)}: the target columns of {estimator.task} are unknown. Name them with "
                f"--target NAME,NAME. The table has: {', '.join(columns)}."
            )
        return own

    def is_listed_in(self, columns: Sequence[str]) -> bool:
        """Return whether a table lists the targets in one column of a fixed name."""
        return False

    def select(self, corpus: Corpus, estimator: Any, *, to_fit: bool) -> Corpus:
        """Return the part of a corpus that has targets of this kind; the rest is skipped with a reason.

        Parameters
        ----------
        corpus
            As it was read.
        estimator
            Its settings decide what becomes of unlabelled examples.
        to_fit
            Whether it is to be trained on; otherwise it is to be tested on.

        Raises
        ------
        DataError
            If no example has a target.
        """
        usable = [self.has_target(example, corpus) for example in corpus.examples]
        if not any(usable):
            raise DataError(
                f"{corpus.name} has no {self.name}. Give a table with {self.table_hint}, "
                "or name its columns with --target NAME,NAME."
            )
        left_out = (
            Skipped(example.path, f"it has no {self.noun}.")
            for example, is_usable in zip(corpus.examples, usable, strict=True)
            if not is_usable
        )
        return replace(
            corpus,
            examples=tuple(itertools.compress(corpus.examples, usable)),
            skipped=(*corpus.skipped, *left_out),
            unlabelled=(),
        ).without_labels()

    table_hint: ClassVar[str] = "columns of numbers"
    """How a table holds such targets, for messages."""

    def has_target(self, example: Example, corpus: Corpus) -> bool:
        """Return whether an example can be trained or tested on."""
        return bool(self.target_of(example))

    def known_to(self, estimator: Any, corpus: Corpus) -> TestSet:
        """Return what of a corpus a fitted estimator can be tested on, and the rest.

        Raises
        ------
        DataError
            If nothing can be.
        """
        names = [str(name) for name in estimator.fitted("classes_")]
        truth = self.encode_as([self.target_of(example) for example in corpus.examples], names)
        if not self.is_testable(truth):
            raise DataError(f"{corpus.name} has no {self.noun} that the model predicts: {', '.join(names)}.")
        return TestSet(corpus, truth)

    def is_testable(self, truth: NDArray[np.float32]) -> bool:
        """Return whether encoded targets hold anything to test."""
        return not bool(np.isnan(truth).all())

    def check_fold(  # noqa: B027  # most heads accept every fold
        self, fold: Fold, title: str, names: Sequence[str], rows: NDArray[np.floating]
    ) -> None:
        """Raise `DataError` if a fold tests what its training part does not contain."""

    # -- networks ---------------------------------------------------------------------------------

    def scale(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean and deviation, shape ``(n_names,)``, that a network's targets are standardised by.

        By default they are 0 and 1, which leave targets unchanged.
        """
        return np.zeros(rows.shape[1], np.float32), np.ones(rows.shape[1], np.float32)

    @abc.abstractmethod
    def loss(self, rows: NDArray[np.float32]) -> Loss | None:
        """Return the loss of a network for these training targets; None is the cross-entropy of classes."""

    @abc.abstractmethod
    def is_right(self, truth: NDArray[np.float32], outputs: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which outputs of a network count as right while it is validated; the shape of the truth."""

    def strata(self, names: Names, rows: NDArray[np.float32]) -> list[str]:
        """Return the stratum of each row: both parts of a hold-out need clips of every stratum."""
        return [""] * len(rows)

    # -- classical estimators ---------------------------------------------------------------------

    def fit_classical(
        self,
        name: str,
        rows: Rows,
        targets: NDArray[np.floating],
        *,
        case: Case = PLAIN,
        weights: NDArray[np.float64] | None = None,
    ) -> Any:
        """Fit the classical estimator of a name to rows of features and encoded targets.

        By default one estimator is fitted for each output, to the rows where its target is known.
        """
        return fit_columns(name, rows, targets, discrete=self.binary_outputs, case=case, weights=weights)

    def predict_classical(self, model: Any, rows: Rows) -> Rows:
        """Return the outputs of what `fit_classical` returned, shape ``(n_clips, n_names)``."""
        return predict_columns(model, rows)

    def n_fits(self, n_folds: int) -> int:
        """Return how many fits one training takes, if held-out outputs need ``n_folds``."""
        return 1

    def alternatives(self, names: Sequence[str]) -> list[str]:
        """Return the classical estimators that differ for this kind of answer, in the given order."""
        return list(names)

    # -- what is learned beside the model ---------------------------------------------------------

    def fit_outputs(self, names: Names, rows: NDArray[np.float32]) -> dict[str, bytes]:
        """Return files of the model folder that depend on the training targets alone."""
        return {}

    def fit_held_out(
        self, truth: NDArray[np.float32], predict: Callable[[], NDArray[np.floating]]
    ) -> dict[str, bytes]:
        """Return files of the model folder that are learned from held-out outputs, such as thresholds.

        Parameters
        ----------
        truth
            Shape ``(n_clips, n_names)``; no rows if nothing was held out.
        predict
            Returns the outputs for those clips, in the same shape.
        """
        return {}

    # -- predictions ------------------------------------------------------------------------------

    def calibrate(self, estimator: Any, row: Rows) -> Rows:
        """Return the output of one clip, shape ``(n_names,)``, after calibration."""
        return row

    @abc.abstractmethod
    def decide(self, estimator: Any, outputs: Rows) -> NDArray[Any]:
        """Return what ``predict`` returns for outputs, one row or label for each clip."""

    def decisions(self, estimator: Any, outputs: Rows) -> Rows:
        """Return decisions in the shape of the outputs, as a report scores them."""
        return self.decide(estimator, outputs).astype(np.float64)

    @abc.abstractmethod
    def predictions(self, estimator: Any, clips: Iterator[Clip], **options: Any) -> Iterator[ClipPrediction]:
        """Yield the prediction for each clip in turn."""

    def check_timeline(self, task: str) -> None:
        """Raise `ParameterError` unless predictions of this kind can be placed on a timeline."""
        raise ParameterError(
            f"Event detection requires a classifier; a model for {task} predicts {self.name}. "
            "Predict whole files: leave out --timeline and --live."
        )

    # -- evaluation -------------------------------------------------------------------------------

    @abc.abstractmethod
    def main_score(self, truth: NDArray[np.floating], outputs: Rows) -> float:
        """Return the main measure; truth and outputs have shape ``(n_clips, n_names)``."""

    def accuracy(self, truth: NDArray[np.floating], outputs: Rows) -> float | None:
        """Return the share of correct predictions, or None where that is not defined."""
        return None

    def outputs_of_missing(self, train: NDArray[np.floating], n_test: int) -> Rows:
        """Return the outputs for names that a model did not learn, shape ``(n_test, n_names)``."""
        return constant_outputs(train, n_test)

    def baseline_outputs(
        self, name: str, train_rows: Rows, train: NDArray[np.floating], test_rows: Rows
    ) -> Rows:
        """Return the outputs of a baseline for the test part of a fold, shape ``(n_test, n_names)``.

        Parameters
        ----------
        name
            One of `baselines`.
        train_rows, test_rows
            Summary features, shape ``(n_clips, n_values)``.
        train
            Encoded targets of the training part, shape ``(n_train, n_names)``.
        """
        if name == self.constant_baseline:
            return constant_outputs(train, len(test_rows))
        return self.predict_classical(self.fit_classical(name, train_rows, train), test_rows)

    def judge(self, estimator: Any, clips: Sequence[Clip]) -> CalibratedPredictions | None:
        """Return calibrated probabilities and refusals for clips; None if there are none."""
        return None

    def evaluator(self, run: Any) -> Evaluator:
        """Return what a cross-validation measures beyond the outputs themselves."""
        return Evaluator()


class Evaluator:
    """What a cross-validation measures beyond the outputs; by default nothing."""

    def features(self) -> tuple[Any, ...]:
        """Return the features of all clips that are measured."""
        return ()

    def test_fold(self, fold: Fold) -> Mapping[str, NDArray[Any]]:
        """Return further arrays of a tested fold, to be stored with its outputs."""
        return {}

    def finish_split(self, result: Any, parts: Sequence[Mapping[str, NDArray[Any]]]) -> Any:
        """Return the result of a split, completed."""
        return result

    def finish_model(self, model: Any, learned: NDArray[np.int64]) -> dict[str, str]:
        """Complete the model that is kept; return facts for the provenance."""
        return {}


def constant_outputs(train: NDArray[np.floating], n_test: int) -> Rows:
    """Return the mean of the known training targets for every test clip.

    Examples
    --------
    >>> constant_outputs(np.array([[1.0, 0.0], [np.nan, 1.0]]), 2).tolist()
    [[1.0, 0.5], [1.0, 0.5]]
    """
    n_known = (~np.isnan(train)).sum(axis=0)
    sums = np.nansum(train.astype(np.float64), axis=0)
    return np.tile(sums / np.maximum(n_known, 1), (n_test, 1))
