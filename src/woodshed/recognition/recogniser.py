"""Recogniser: an estimator that predicts one of several classes for a clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import ParameterError, near_miss
from woodshed.recognition.confidence import CONFIDENCE_NAME, NOVELTY_NAME, Confidence
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.heads.classes import ClassesHead
from woodshed.recognition.heads.head import Head
from woodshed.recognition.self_training import SELF_TRAINING_MODES, PseudoLabels, fit_with_unlabelled
from woodshed.training.progress import OnEpoch, ignore_epoch


@dataclass(kw_only=True, eq=False)
class Recogniser(AudioEstimator):
    """Classifier of clips: exactly one of several classes is right.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``predict_proba``, ``score``,
    ``get_params``; it can be cloned and searched over), with clips in place of rows of numbers. A task is a
    subclass with other defaults. All other settings: `woodshed.recognition.estimator.AudioEstimator`.

    Parameters
    ----------
    unlabelled
        What to do with clips without a label: ``pseudo`` trains on those that are predicted with enough
        confidence, for about five times the work (`woodshed.recognition.self_training`); None skips them.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The classes, sorted; the columns of every array of probabilities.
    confidence_ : woodshed.recognition.confidence.Confidence
        Calibration, thresholds and limits of novelty. They are learned on held-out groups by an experiment
        (``woodshed train``); after ``fit`` alone nothing is calibrated or refused.
    pseudo_labels_ : woodshed.recognition.self_training.PseudoLabels or None
        Labels given to unlabelled clips; None if there were none, or they were skipped.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.

    Examples
    --------
    >>> Recogniser(epohs=3)
    Traceback (most recent call last):
    ...
    woodshed.errors.SettingNameError: Recogniser has no setting epohs. Did you mean epochs?
    """

    task: ClassVar[str] = "sound"
    head: ClassVar[Head] = ClassesHead()
    extra_names: ClassVar[frozenset[str]] = frozenset({CONFIDENCE_NAME, NOVELTY_NAME})
    confidence_: ClassVar[Confidence] = Confidence()
    pseudo_labels_: ClassVar[PseudoLabels | None] = None

    unlabelled: str | None = None

    def check_settings(self) -> None:
        """Raise `ParameterError` if a setting is out of its range."""
        super().check_settings()
        if self.unlabelled is not None and self.unlabelled not in SELF_TRAINING_MODES:
            known = near_miss(self.unlabelled, SELF_TRAINING_MODES)
            raise ParameterError(f"Invalid value {self.unlabelled!r} of unlabelled. {known}")

    def fit(
        self,
        clips: Sequence[Clip],
        targets: Sequence[str | None],
        groups: Sequence[str] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Fit to clips and their labels; as `AudioEstimator.fit`.

        Parameters
        ----------
        clips, groups, sample_weight, checkpoint, on_epoch
            As for `AudioEstimator.fit`.
        targets
            The label of each clip; None where it is unknown. Clips without a label are skipped, or used as
            the setting ``unlabelled`` says.

        Returns
        -------
        Recogniser
            The fitted recogniser itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If there are fewer than two classes, or nothing usable is left.
        KeyboardInterrupt
            Raised again. If an epoch had ended, the recogniser is left fitted with the best weights so far.
        """
        self.check_settings()
        self.__dict__.pop("pseudo_labels_", None)
        if any(label is None for label in targets):
            self.__dict__["pseudo_labels_"] = fit_with_unlabelled(
                self, clips, targets, groups, sample_weight, checkpoint=checkpoint, on_epoch=on_epoch
            )
            return self
        return super().fit(clips, targets, groups, sample_weight, checkpoint=checkpoint, on_epoch=on_epoch)

    def predict_proba(self, clips: Iterable[Clip]) -> NDArray[np.float64]:
        """Return the probability of every class for every clip.

        Parameters
        ----------
        clips
            At any rate, with any number of channels, of any length.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_clips, n_classes)``, columns in the order of ``classes_``; rows sum to 1.
        """
        return self.outputs(clips)

    def score(self, clips: Iterable[Clip], targets: Sequence[str]) -> float:
        """Return the accuracy, 0 to 1; a label that the model does not know counts as an error."""
        return float(np.mean(self.predict(clips) == np.asarray(targets)))

    def decide(self, clips: Iterable[Clip], *, false_positive_rate: float | None = None) -> NDArray[np.str_]:
        """Return a class, "silence" or "none of these" for each clip, shape ``(n_clips,)``.

        Parameters
        ----------
        clips
            As for `predict_proba`.
        false_positive_rate
            Highest share of the clips of other classes that may be given a class by mistake, for each class;
            0.01 is one in a hundred. None takes the most probable class.

        Raises
        ------
        ParameterError
            If no threshold is known for such a rate.
        """
        predictions: Iterable[Any] = self.predictions(clips, false_positive_rate=false_positive_rate)
        return np.asarray([prediction.label for prediction in predictions], dtype=str)

    def set_learned(self, **learned: Any) -> None:
        """Set what was learned; confidence is not part of it."""
        super().set_learned(**learned)
        self.__dict__.pop("confidence_", None)

    def set_confidence(self, confidence: Confidence) -> None:
        """Set calibration, thresholds and limits of novelty."""
        self.__dict__["confidence_"] = confidence

    def extra_files(self) -> dict[str, bytes]:
        """Return the files that hold the confidence; none if there is none."""
        return {} if self.confidence_ == Confidence() else self.confidence_.to_files()

    def set_extra_files(self, contents: Mapping[str, bytes]) -> None:
        """Set the confidence from its files."""
        self.set_confidence(Confidence.from_files(contents, len(self.classes_)))

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: a classifier whose X is not a table."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False),
        )
