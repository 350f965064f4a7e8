"""Recogniser: clips in, one of several names out. The base of every closed-set listening job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.errors import ParameterError, near_miss
from woodshed.prediction import NONE_OF_THESE, Prediction
from woodshed.recognition.confidence import Confidence
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.items import class_names
from woodshed.recognition.self_training import SELF_TRAINING_MODES, PseudoLabels, fit_with_unlabelled
from woodshed.training.progress import OnEpoch, ignore_epoch

Probabilities = NDArray[np.float64]


@dataclass(kw_only=True, eq=False)
class Recogniser(AudioEstimator):
    """Learn which of several names a clip has, and say it of new clips.

    It has scikit-learn's manners (``fit``, ``predict``, ``predict_proba``, ``score``, ``get_params``;
    it can be cloned and searched over) with clips where scikit-learn has rows of numbers. A job is a
    subclass that changes defaults.

    All other settings: `woodshed.recognition.estimator.AudioEstimator`.

    Parameters
    ----------
    unlabelled
        What to do with clips that have no label: ``pseudo`` learns from those that it can name surely, for
        about five times the work; None leaves them aside.

    Attributes
    ----------
    pseudo_labels_ : woodshed.recognition.self_training.PseudoLabels or None
        What became of clips without a label; None if there were none, or they were left aside.
    classes_ : numpy.ndarray
        The names, sorted; the columns of every probability array.
    confidence_ : woodshed.recognition.confidence.Confidence
        How sure its answers really are, and when it gives none. An experiment finds it on held-out groups
        (`woodshed train` does); after ``fit`` alone it changes and refuses nothing.

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
    confidence_: ClassVar[Confidence] = Confidence()
    pseudo_labels_: ClassVar[PseudoLabels | None] = None

    unlabelled: str | None = None

    def check_settings(self) -> None:
        """Refuse values that cannot work, all in the same words."""
        super().check_settings()
        if self.unlabelled is not None and self.unlabelled not in SELF_TRAINING_MODES:
            known = near_miss(self.unlabelled, SELF_TRAINING_MODES)
            raise ParameterError(f"There is no way {self.unlabelled!r} to use unlabelled clips. {known}")

    # -- learning ---------------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str | None],
        groups: Sequence[str] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Learn from clips and their names.

        Parameters
        ----------
        clips
            Any sequence of `Clip`, at any rates. It may be lazy (`woodshed.data.sound.Sounds`): a
            corpus larger than memory is read clip by clip.
        labels
            The right name of each clip; None where nobody has said it. Such clips are set aside, or learned
            from by the names that they are given here: see the setting ``unlabelled`` and
            `woodshed.recognition.self_training`.
        groups
            Who or what each clip was recorded from, so that the part that chooses the best weights
            shares no group with the part that is learned from.
        sample_weight
            How much each clip counts, 0 or more; None counts all alike.
        checkpoint
            File in which the run is written down after every epoch. If it is there already, the run
            goes on from it to the result it would have had.
        on_epoch
            Called with the epoch, the training loss and the validation accuracy (or None). A classical
            model has no epochs, and so neither this nor a checkpoint.

        Returns
        -------
        Recogniser
            Itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If there are fewer than two classes, or nothing usable is left.
        KeyboardInterrupt
            Handed on. If an epoch had ended, the recogniser is left fitted with the best weights so far.
        """
        self.check_settings()
        self.__dict__.pop("pseudo_labels_", None)
        if any(label is None for label in labels):
            told = fit_with_unlabelled(self, clips, labels, groups, sample_weight, checkpoint, on_epoch)
            self.__dict__["pseudo_labels_"] = told
            return self
        return self.learn(clips, labels, groups, sample_weight, checkpoint, on_epoch)

    def encode(self, answers: Sequence[str]) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
        """Return the classes, and a row with a single 1 for each label."""
        names = np.asarray(answers, dtype=str)
        classes = class_names(names)
        return classes, np.eye(len(classes), dtype=np.float32)[np.searchsorted(classes, names)]

    # -- answering --------------------------------------------------------------------------------

    def predict_proba(self, clips: Iterable[Clip]) -> Probabilities:
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
        rows = [self._probability(clip) for clip in clips]
        return np.stack(rows) if rows else np.empty((0, len(self.fitted("classes_"))))

    def predict(self, clips: Iterable[Clip]) -> NDArray[np.str_]:
        """Return the most probable name of each clip, shape ``(n_clips,)``."""
        names: NDArray[np.str_] = self.fitted("classes_")
        best: NDArray[np.str_] = names[self.predict_proba(clips).argmax(axis=1)]
        return best

    def score(self, clips: Iterable[Clip], labels: Sequence[str]) -> float:
        """Return the share of clips that are named right."""
        return float(np.mean(self.predict(clips) == np.asarray(labels)))

    def decide(self, clips: Iterable[Clip], *, false_positive_rate: float | None = None) -> NDArray[np.str_]:
        """Return what is answered to each clip, shape ``(n_clips,)``: a name, "silence" or "none of these".

        Parameters
        ----------
        clips, false_positive_rate
            As for `listen`.
        """
        return np.asarray(
            [a.label for a in self.listen(clips, false_positive_rate=false_positive_rate)], dtype=str
        )

    def listen(
        self, clips: Iterable[Clip], *, false_positive_rate: float | None = None
    ) -> Iterator[Prediction]:
        """Yield the answer for each clip in turn, in the order of the clips; nothing is kept.

        Parameters
        ----------
        clips
            As for `predict_proba`.
        false_positive_rate
            How often a clip of another class may be given a name, for each name: 0.01 is one in a hundred.
            What is not sure enough for that is answered "none of these". None takes the most probable name.

        Raises
        ------
        ParameterError
            If no threshold is known for such a rate.
        """
        names = self.fitted("classes_").tolist()
        least = [0.0] * len(names)
        if false_positive_rate is not None:
            least = list(self.confidence_.least_probabilities(false_positive_rate))
        for clip in clips:
            heard = resample(clip, self.fitted("sample_rate_"))
            row = self._probability(heard)
            best = int(row.argmax())
            label = self.confidence_.refusal(heard) or (
                names[best] if row[best] >= least[best] else NONE_OF_THESE
            )
            sure = float(row[best]) if label == names[best] else None
            by_name = {name: float(p) for name, p in zip(names, row, strict=True)}
            yield Prediction(clip.source, label, sure, by_name, 0.0, clip.duration_s)

    def _probability(self, clip: Clip) -> NDArray[np.float64]:
        """Return the probability of every class for one clip."""
        mean = self.hear(clip)
        mean /= mean.sum()
        calibrated: NDArray[np.float64] = self.confidence_.calibrate(mean[np.newaxis])[0]
        return calibrated

    def set_learned(self, **learned: Any) -> None:
        """Take over what was learned; nothing is known yet of how sure its answers are."""
        super().set_learned(**learned)
        self.__dict__.pop("confidence_", None)

    def set_confidence(self, confidence: Confidence) -> None:
        """Take over how sure its answers really are, and when it had better give none."""
        self.__dict__["confidence_"] = confidence

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that this is a classifier whose X is not a table."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False),
        )
