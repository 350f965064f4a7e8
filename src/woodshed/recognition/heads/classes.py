"""Head of classifiers: exactly one of several classes is right."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import Corpus, Example, Skipped, duration_s
from woodshed.data.label import match_labels
from woodshed.data.split import Fold
from woodshed.data.table import NO_LABEL
from woodshed.errors import DataError, ParameterError, WoodshedError
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.prediction import NONE_OF_THESE, Prediction
from woodshed.recognition.background import background_rows
from woodshed.recognition.classical.model import PLAIN, Case, fit_model, probabilities
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import (
    CalibratedPredictions,
    Confidence,
    HeldOut,
    cross_fit,
    fit_confidence,
)
from woodshed.recognition.heads.head import Evaluator, Head, Names, Rows, TestSet
from woodshed.recognition.novelty_detection import NoveltyDetector
from woodshed.recognition.self_training import with_unlabelled

if TYPE_CHECKING:
    from woodshed.training.loop import Loss


class ClassesHead(Head):
    """One class for each clip: softmax output, cross-entropy, accuracy.

    Targets are labels; outputs are probabilities, whose rows sum to 1.

    Examples
    --------
    >>> names, rows = ClassesHead().encode(["yes", "no", "yes"])
    >>> names.tolist(), rows.tolist()
    (['no', 'yes'], [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    """

    name: ClassVar[str] = "classes"
    noun: ClassVar[str] = "class"
    activation: ClassVar[str | None] = "softmax"
    constant_baseline: ClassVar[str] = "majority"
    balances_classes: ClassVar[bool] = True
    main_measure: ClassVar[str] = "accuracy"
    options: ClassVar[frozenset[str]] = frozenset({"false_positive_rate"})

    # -- targets ----------------------------------------------------------------------------------

    def encode(self, targets: Sequence[Any], order: Sequence[str] = ()) -> tuple[Names, NDArray[np.float32]]:
        """Return the sorted classes, in the type of the labels, and a row with a single 1 for each label.

        Raises
        ------
        DataError
            If there are fewer than two classes, or labels of several types.

        Examples
        --------
        >>> ClassesHead().encode([10, 9, 10])[0]
        array([ 9, 10])
        """
        classes = np.unique(label_array(targets))
        if len(classes) < 2:
            only = ", ".join(map(str, classes)) or "none"
            raise DataError(f"There is only one class to learn: {only}. Give at least two.")
        return classes, self.encode_as(targets, classes.tolist())

    def encode_as(self, targets: Sequence[Any], names: Sequence[Any]) -> NDArray[np.float32]:
        """Return a row with a single 1 for each label, which must be one of the names; compared as text."""
        column = {str(name): k for k, name in enumerate(names)}
        return np.eye(len(names), dtype=np.float32)[[column[str(label)] for label in targets]]

    def names_of(self, values: Sequence[Any]) -> Names:
        """Return the classes that a model folder lists, in the type of the labels."""
        return label_array(values)

    def target_of(self, example: Example) -> str:
        """Return the label of an example."""
        return example.label or ""

    # -- corpora ----------------------------------------------------------------------------------

    def columns(self, estimator: Any, data: str, targets: Sequence[str]) -> list[str]:
        """Refuse target columns: labels are read from the column ``label`` or from folders."""
        if targets:
            raise ParameterError(
                f"--target is for tags and values, but {estimator.task} learns classes. "
                "Use --task tags or --task mood."
            )
        return []

    def select(self, corpus: Corpus, estimator: Any, *, to_fit: bool) -> Corpus:
        """Return the labelled examples; the others are skipped, or kept to be trained on unlabelled."""
        if corpus.examples and not any(corpus.labels):
            raise DataError(f"{corpus.name} has tags but no labels. To learn tags, use --task tags.")
        bare = [example for example in corpus.examples if not example.label]
        labelled = replace(
            corpus,
            examples=tuple(example for example in corpus.examples if example.label),
            skipped=(*corpus.skipped, *(Skipped(example.path, NO_LABEL) for example in bare)),
            unlabelled=(*corpus.unlabelled, *bare),
        )
        return with_unlabelled(estimator if to_fit else None, labelled)

    def known_to(self, estimator: Any, corpus: Corpus) -> TestSet:
        """Return the examples whose label is a class of the model, in any spelling, and the others."""
        classes = [str(name) for name in estimator.fitted("classes_")]
        matches = match_labels(corpus.labels, classes)
        known = (
            replace(example, label=matches[example.label])
            for example in corpus.examples
            if example.label in matches
        )
        usable = replace(corpus, examples=tuple(known))
        if not usable.examples:
            raise DataError(
                f"{corpus.name} has the labels {', '.join(sorted(set(corpus.labels)))}, but the model knows "
                f"{', '.join(classes)}. Rename the class folders to match, or train on this corpus."
            )
        return TestSet(
            usable,
            self.encode_as(usable.labels, classes),
            tuple(example for example in corpus.examples if example.label not in matches),
            {label: name for label, name in matches.items() if label != name},
        )

    def check_fold(self, fold: Fold, title: str, names: Sequence[str], rows: NDArray[np.floating]) -> None:
        """Raise `DataError` if a class is tested that is not in the training part."""
        missing = np.asarray(rows[fold.test].any(axis=0) & ~rows[fold.train].any(axis=0))
        if missing.any():
            classes = ", ".join(name for name, is_missing in zip(names, missing, strict=True) if is_missing)
            raise DataError(
                f"{title}: {classes} would be tested but not learned, because every example of it is in the "
                "test part. Record it from more sources, or choose another --split."
            )

    # -- networks ---------------------------------------------------------------------------------

    def loss(self, rows: NDArray[np.float32]) -> Loss | None:
        """Return None: the cross-entropy of classes is the default of the training loop."""
        return None

    def is_right(self, truth: NDArray[np.float32], outputs: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return for each class whether it is rightly chosen or rightly not chosen."""
        return np.asarray((outputs == outputs.max(axis=1, keepdims=True)) == (truth > 0.5))

    def strata(self, names: Names, rows: NDArray[np.float32]) -> list[str]:
        """Return the label of each row."""
        return [str(name) for name in names[rows.argmax(axis=1)]]

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
        """Fit one classifier; classes without an example are left out and get probability 0."""
        present, columns = np.unique(targets.argmax(axis=1), return_inverse=True)
        model = fit_model(name, rows, columns, case=case, weights=weights)
        return model if len(present) == targets.shape[1] else _Partial(model, present, targets.shape[1])

    def predict_classical(self, model: Any, rows: Rows) -> Rows:
        """Return class probabilities."""
        if not isinstance(model, _Partial):
            return probabilities(model, rows)
        outputs = np.zeros((len(rows), model.n_names))
        outputs[:, model.present] = probabilities(model.model, rows)
        return outputs

    # -- predictions ------------------------------------------------------------------------------

    def calibrate(self, estimator: Any, row: Rows) -> Rows:
        """Normalise the mean output of a clip to sum 1, and calibrate it."""
        return np.asarray(estimator.confidence_.calibrate((row / row.sum())[np.newaxis])[0])

    def decide(self, estimator: Any, outputs: Rows) -> Names:
        """Return the most probable class of each clip, shape ``(n_clips,)``."""
        return np.asarray(estimator.fitted("classes_")[outputs.argmax(axis=1)])

    def decisions(self, estimator: Any, outputs: Rows) -> Rows:
        """Return a single 1 for the most probable class of each clip."""
        return np.asarray(np.eye(outputs.shape[1])[outputs.argmax(axis=1)])

    def predictions(
        self,
        estimator: Any,
        clips: Iterator[Clip],
        *,
        false_positive_rate: float | None = None,
        **options: Any,
    ) -> Iterator[Prediction]:
        """Yield a `Prediction` for each clip; silence and novel sounds get no class.

        Parameters
        ----------
        estimator, clips
            A fitted recogniser, and clips at any rate.
        false_positive_rate
            Highest share of the clips of other classes that may be given a class by mistake, for each class;
            0.01 is one in a hundred. Clips below the threshold are "none of these". None takes the most
            probable class.

        Raises
        ------
        ParameterError
            If no threshold is known for such a rate.
        """
        names = [str(name) for name in estimator.fitted("classes_")]
        confidence = estimator.confidence_
        thresholds = np.zeros(len(names))
        if false_positive_rate is not None:
            thresholds = confidence.thresholds_at(false_positive_rate)
        for clip in clips:
            at_rate = resample(clip, estimator.fitted("sample_rate_"))
            levels_db, distances = confidence.levels_and_distances([at_rate])
            row = estimator.output(at_rate).tolist()
            best = int(np.argmax(row))
            label = NONE_OF_THESE if row[best] < thresholds[best] else names[best]
            label = str(confidence.refusals(levels_db, distances)[0]) or label
            probability = row[best] if label == names[best] else None
            yield Prediction(
                clip.source, label, probability, dict(zip(names, row, strict=True)), 0.0, clip.duration_s
            )

    def check_timeline(self, task: str) -> None:
        """Accept: classes can be placed on a timeline."""

    # -- evaluation -------------------------------------------------------------------------------

    def main_score(self, truth: NDArray[np.floating], outputs: Rows) -> float:
        """Return the accuracy.

        Examples
        --------
        >>> ClassesHead().main_score(np.eye(2), np.array([[0.9, 0.1], [0.6, 0.4]]))
        0.5
        """
        return float(np.mean(outputs.argmax(axis=1) == truth.argmax(axis=1)))

    def accuracy(self, truth: NDArray[np.floating], outputs: Rows) -> float:
        """Return the accuracy."""
        return self.main_score(truth, outputs)

    def outputs_of_missing(self, train: NDArray[np.floating], n_test: int) -> Rows:
        """Return probability 0 for classes that a model did not learn."""
        return np.zeros((n_test, train.shape[1]))

    def judge(self, estimator: Any, clips: Sequence[Clip]) -> CalibratedPredictions | None:
        """Return the probabilities before and after calibration, and what is refused."""
        confidence = estimator.confidence_
        if confidence == Confidence():
            return None
        uncalibrated = copy.copy(estimator)
        uncalibrated.set_confidence(Confidence())
        raw = uncalibrated.predict_proba(clips)
        levels_db, distances = confidence.levels_and_distances(
            resample(clip, estimator.sample_rate_) for clip in clips
        )
        return CalibratedPredictions(
            raw=raw,
            calibrated=confidence.calibrate(raw),
            refusals=confidence.refusals(levels_db, distances),
            temperatures=(confidence.temperature,),
            guess_shares=(confidence.guess_share,),
        )

    def evaluator(self, run: Any) -> Evaluator:
        """Return the evaluator that also calibrates confidence on held-out groups."""
        return ConfidenceEvaluator(run)


def label_array(labels: Sequence[Any]) -> NDArray[Any]:
    """Return labels as an array of their own type: text, whole numbers or booleans.

    Raises
    ------
    DataError
        If they are of several types, or of another one.

    Examples
    --------
    >>> label_array([1, np.int64(3)]), label_array([True, False]).dtype
    (array([1, 3]), dtype('bool'))
    >>> label_array([1, "one"])
    Traceback (most recent call last):
    woodshed.errors.DataError: The labels are of several types: int (1) and str ('one'). Make them one, such
    as [str(label) for label in labels].
    """
    firsts = {_kind_of(label): label for label in reversed(list(labels))}
    if len(firsts) > 1:
        kinds = " and ".join(f"{kind} ({label!r})" for kind, label in sorted(firsts.items()))
        raise DataError(
            f"The labels are of several types: {kinds}. Make them one, such as [str(label) for label in "
            "labels]."
        )
    for kind, label in firsts.items():
        if kind not in _LABEL_TYPES:
            raise DataError(
                f"A label is {label!r} ({kind}). Expected text, a whole number or a boolean. For numbers on "
                "a scale use a Regressor."
            )
        return np.asarray(list(labels), dtype=_LABEL_TYPES[kind])
    return np.zeros(0, dtype=str)


_LABEL_TYPES: dict[str, Any] = {"str": str, "int": np.int64, "bool": bool, "whole float": np.float64}
"""Name of a type of labels -> NumPy's type of the classes."""


def _kind_of(label: Any) -> str:
    """Return the name of the type of a label; Python's and NumPy's types have the same."""
    if isinstance(label, str):
        return "str"
    if isinstance(label, bool | np.bool_):
        return "bool"
    if isinstance(label, int | np.integer):
        return "int"
    is_whole = isinstance(label, float | np.floating) and float(label).is_integer()
    return "whole float" if is_whole else type(label).__name__


class _Partial:
    """A classifier of some of the classes."""

    def __init__(self, model: Any, present: NDArray[np.int64], n_names: int) -> None:
        self.model, self.present, self.n_names = model, present, n_names


class ConfidenceEvaluator(Evaluator):
    """Evaluator that calibrates probabilities and rejections on held-out groups.

    Parameters
    ----------
    run
        The cross-validation that is evaluated.

    Attributes
    ----------
    held_out
        Held-out predictions of each split, to which confidence is fitted.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._labels = np.asarray(run.corpus.labels)
        self.held_out: list[HeldOut] = []

    @functools.cached_property
    def _embeddings(self) -> Rows:
        """The embedding of each example; 0 for files that were lost during the run."""
        run = self._run
        (feature,) = self.features()
        rows: Rows = run.files.rows_of(
            lambda sounds: describe(sounds, feature, store=run.estimator.store, n_jobs=run.estimator.n_jobs)
        )
        return rows

    def features(self) -> tuple[Any, ...]:
        """Return the embedding, from which novelty is detected."""
        return (SoundEmbedding(sample_rate=self._run.sample_rate),)

    def _fit_detector(self, train: NDArray[np.int64]) -> NoveltyDetector:
        background = background_rows(self._run.sample_rate)
        return NoveltyDetector.fit(self._embeddings[train], self._labels[train], background)

    def test_fold(self, fold: Fold) -> Mapping[str, NDArray[Any]]:
        """Return the distances of each test clip to the training part."""
        detector = self._fit_detector(fold.train)
        rows = self._embeddings[fold.test]
        return {
            "distances": detector.distance(rows),
            "spectrum_distances": detector.spectrum_distance(rows),
        }

    def finish_split(self, result: Any, parts: Sequence[Mapping[str, NDArray[Any]]]) -> Any:
        """Replace the probabilities of the model by those calibrated on the other groups."""
        run, groups = self._run, self._run.corpus.groups
        held_out = HeldOut(
            truth=self._labels[result.indices],
            probabilities=result.outputs[run.method],
            levels_db=self._embeddings[result.indices, -1],
            distances=np.concatenate([part["distances"] for part in parts]),
            spectrum_distances=np.concatenate([part["spectrum_distances"] for part in parts]),
            groups=None if groups is None else np.asarray(groups)[result.indices],
            single_source=run.corpus.single_source,
            hours=sum(_duration_s(run.corpus.examples[k]) for k in result.indices) / 3600,
        )
        self.held_out.append(held_out)
        predictions = cross_fit(held_out, run.names)
        if predictions is None:
            return result
        return replace(
            result, outputs={**result.outputs, run.method: predictions.calibrated}, judged=predictions
        )

    def finish_model(self, model: Any, learned: NDArray[np.int64]) -> dict[str, str]:
        """Fit the confidence of the final model."""
        detector = self._fit_detector(learned)
        model.set_confidence(fit_confidence(self.held_out[0], self._run.names, detector))
        if model.pseudo_labels_ is None:
            return {}
        return {"unlabelled sounds": model.pseudo_labels_.to_text()}


def _duration_s(example: Example) -> float:
    """Return the duration of a tested example; 0 if its file was deleted since."""
    try:
        return duration_s(example)
    except WoodshedError:
        return 0.0
