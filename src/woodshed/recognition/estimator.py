"""Estimators of clips: recognisers, taggers, regressors and their base."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.clip_sequence import as_clips, each_clip
from woodshed.data.example import Sounds
from woodshed.data.store import FeatureStore
from woodshed.decoding import parse_json
from woodshed.errors import DataError, ParameterError, check_seed, near_miss
from woodshed.interruption import check_interruption
from woodshed.metrics.calibration import Calibration
from woodshed.prediction import ClipPrediction
from woodshed.recognition.clip_item import clip_items
from woodshed.recognition.clip_model import ClipModel, without_resources
from woodshed.recognition.confidence import CONFIDENCE_NAME, NOVELTY_NAME, Confidence
from woodshed.recognition.front_ends import front_end_class, front_end_to_dict
from woodshed.recognition.heads.classes import ClassesHead, label_array
from woodshed.recognition.heads.head import Head
from woodshed.recognition.heads.tags import DEFAULT_THRESHOLD, THRESHOLDS_NAME, TagsHead
from woodshed.recognition.heads.values import RANGES_NAME, Values, ValuesHead
from woodshed.recognition.learners import Learner, TrainingData, all_file_names, learner_of
from woodshed.recognition.self_training import SELF_TRAINING_MODES, PseudoLabels, fit_with_unlabelled
from woodshed.recognition.window import SILENT_DB, overlapping_windows
from woodshed.training.inference import PredictFunction
from woodshed.training.model_folder import (
    CHECKED_FILES,
    CHECKSUMS_NAME,
    FORMAT,
    LABELS_NAME,
    SETTINGS_NAME,
    make_folder,
    record_checksums,
    remove_checksums,
    to_json,
)
from woodshed.training.progress import OnEpoch, ignore_epoch

_POSITIVE = (
    "width",
    "window_s",
    "n_mels",
    "frame_s",
    "hop_s",
    "n_steps",
    "epochs",
    "patience",
    "batch_size",
    "learning_rate",
    "n_augmentations",
)
"""Settings that must be greater than 0."""

_MAXIMUM = {
    "dropout": 1,
    "channel_norm": 1,
    "ensemble_share": 1,
    "swa_share": 1,
    "validation_share": 0.5,
    "augment": 3,
}
"""Settings that must be at least 0 -> their maximum."""


@dataclass(kw_only=True, eq=False)
class AudioEstimator(ClipModel):
    """Estimator that maps clips to targets; the base of `Recogniser`, `Tagger` and `Regressor`.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``score``, ``get_params``; it can be
    cloned and searched over), with clips in place of rows of numbers. Three axes define a subclass: its
    ``head`` (`woodshed.recognition.heads`), and the settings ``net`` (`woodshed.recognition.learners`) and
    ``front_end`` (`woodshed.recognition.front_ends`).

    All settings and learned attributes: `woodshed.recognition.clip_model.ClipModel`.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    # -- fitting ----------------------------------------------------------------------------------

    @property
    def learner(self) -> Learner:
        """What fits the setting ``net``."""
        return learner_of(self.net)

    def fit(
        self,
        clips: Any,
        targets: Sequence[Any],
        groups: Sequence[Any] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Fit to clips and their targets.

        Parameters
        ----------
        clips
            Sounds at any rates, in any form that `woodshed.as_clips` takes: paths, `Clip`, pairs
            ``(samples, sample_rate)``, dicts of Hugging Face data sets, or a lazy sequence
            (`woodshed.Sounds`): a corpus larger than memory is read clip by clip.
        targets
            The target of each clip: a label, tags, or values.
        groups
            Speaker, song or source recording of each clip, so that the part that chooses the best weights
            shares no group with the part that is trained on.
        sample_weight
            Weight of each clip, 0 or more; None weights all equally.
        checkpoint
            File in which the state of the training is stored after an epoch. If it exists, the training
            continues from it to the result it would have had.
        on_epoch
            Called with the epoch, the training loss and the validation accuracy (or None). A classical
            estimator has no epochs, and so uses neither this nor a checkpoint.

        Returns
        -------
        AudioEstimator
            The fitted estimator itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If the targets cannot be learned, or nothing usable is left.
        KeyboardInterrupt
            Raised again. If an epoch had ended, the estimator is left fitted with the best weights so far.
        """
        self.check_settings()
        clips, targets = as_clips(clips), list(targets)
        groups = None if groups is None else list(groups)
        check_weights(sample_weight, len(clips))
        self.learner.fit(self, TrainingData(clips, targets, groups, sample_weight, checkpoint, on_epoch))
        return self

    @functools.cached_property
    def net_(self) -> Any:
        """The Keras network, or the classical estimator."""
        self.fitted("files_")
        return learner_of(self.fitted_settings_["net"]).model(self)

    @functools.cached_property
    def _predict_rows(self) -> PredictFunction:
        """The function from windows or rows to outputs."""
        return learner_of(self.fitted_settings_["net"]).predictor(self)

    def check_settings(self) -> None:
        """Raise `ParameterError` if a setting is out of its range."""
        learner_of(self.net)  # raises for an unknown name
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ParameterError(f"{name} must be positive, got {value!r}.")
        for name, maximum in _MAXIMUM.items():
            if not 0 <= getattr(self, name) <= maximum:
                raise ParameterError(f"{name} must be from 0 to {maximum}, got {getattr(self, name)!r}.")
        check_seed(self.seed)
        if self.n_jobs < 1 and self.n_jobs != -1:
            raise ParameterError(
                f"n_jobs must be positive, or -1 for one process per core, got {self.n_jobs!r}."
            )
        if self.front_end is not None:
            front_end_class(self.front_end)  # raises for an unknown name
        if self.ensemble_share and not self.head.balances_classes:
            raise ParameterError(
                f"ensemble_share is for classes, which a {type(self).__name__} does not predict. "
                "Leave it at 0."
            )
        if self.window_s < 4 * self.hop_s:
            raise ParameterError(f"window_s must be at least four times hop_s, got {self.window_s!r}.")

    # -- prediction -------------------------------------------------------------------------------

    def output(self, clip: Clip) -> NDArray[np.float64]:
        """Return the output for one clip, shape ``(n_names,)``: calibrated probabilities, or values."""
        return self.head.calibrate(self, self.raw_output(clip))

    def raw_output(self, clip: Clip) -> NDArray[np.float64]:
        """Return the output before calibration, averaged over the windows that contain sound."""
        feature = self.fitted("feature_")
        return self._output_of(feature(resample(clip, feature.sample_rate)))

    def _output_of(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the output before calibration for the features of a clip."""
        if values.ndim == 1:
            outputs = self._predict_rows(values[np.newaxis])
        else:
            windows = overlapping_windows(values, self.n_frames_)
            peak_db = windows.max(axis=(1, 2))
            outputs = self._predict_rows(windows[peak_db >= peak_db.max() - SILENT_DB])
        return np.asarray(outputs.mean(axis=0, dtype=np.float64))

    def outputs(self, clips: Any) -> NDArray[np.float64]:
        """Return the outputs for all clips, shape ``(n_clips, n_names)``; ``clips`` as for `predict`."""
        n_names = len(self.fitted("classes_"))
        rows = []
        for values in self._features_of(clips):
            check_interruption()
            rows.append(self.head.calibrate(self, self._output_of(values)))
        return np.stack(rows) if rows else np.empty((0, n_names))

    def _features_of(self, clips: Any) -> Iterator[NDArray[np.floating]]:
        """Yield the features of each clip; rows of features of files come from the store, if there is one.

        Spectrograms are stored in half precision and computed quickly, so these are computed.
        """
        feature = self.fitted("feature_")
        reads_rows = learner_of(self.fitted_settings_["net"]).reads_rows
        if self.store is None or not reads_rows or not isinstance(clips, Sounds):
            for clip in each_clip(clips):
                yield feature(resample(clip, feature.sample_rate))
            return
        store, items = FeatureStore(self.store, feature), clip_items(clips, feature.sample_rate)
        store.fill(items, n_jobs=self.n_jobs)
        for item in items:  # one that cannot be used raises here
            yield store.get(item)

    def predict(self, clips: Any) -> NDArray[Any]:
        """Return the prediction for each clip: labels, rows of 0 and 1, or rows of values.

        Parameters
        ----------
        clips
            Sounds at any rate, with any number of channels, of any length, in any form that
            `woodshed.as_clips` takes; or an iterator of them. A single sound gives a result of length 1.
        """
        return self.head.decide(self, self.outputs(clips))

    def score(self, clips: Any, targets: Sequence[Any]) -> float:
        """Return the main measure of the head: accuracy, mean ROC-AUC of the tags, or mean R²."""
        names = self.fitted("classes_").tolist()
        return self.head.main_score(self.head.encode_as(list(targets), names), self.outputs(clips))

    def predictions(self, clips: Any, **options: Any) -> Iterator[ClipPrediction]:
        """Yield a prediction with its details for each clip in turn; nothing is kept.

        Parameters
        ----------
        clips
            As for `predict`.
        options
            Of the head: ``false_positive_rate`` for classes.
        """
        self.fitted("files_")
        return self.head.predictions(self, each_clip(clips), **options)

    # -- model folder -----------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write the fitted estimator into a folder, which `woodshed.load` reads without running code of it.

        ``settings.json`` comes after the files whose digests it holds, so that a folder in which writing was
        interrupted, or whose files do not belong together, is refused when it is loaded. ``SHA256SUMS`` is
        last. Settings of the machine, such as ``store``, are left out.

        Parameters
        ----------
        folder
            Made if it is missing. A model in it is replaced, each file whole or not at all.

        Raises
        ------
        OutputError
            If the folder cannot be made or written to.
        NotFittedError
            If the estimator is not fitted.
        """
        labels = self.fitted("classes_").tolist()
        folder = Path(folder)
        make_folder(folder)
        remove_checksums(folder)
        contents = {LABELS_NAME: to_json(labels).encode(), **self.files_, **self.extra_files()}
        for name, content in contents.items():
            write_whole(folder / name, content)
        learner_of(self.fitted_settings_["net"]).check_files(self)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        settings = {
            "format": FORMAT,
            "checksums": CHECKSUMS_NAME,
            "task": type(self).task,
            "settings": without_resources(self.fitted_settings_),
            "feature": front_end_to_dict(self.feature_),
            "curve": asdict(self.curve_),
            "files": digests,
            CHECKED_FILES: digests,
        }
        write_whole(folder / SETTINGS_NAME, to_json(settings))
        for name in (all_file_names() | self.head.files | self.extra_names) - set(contents):
            (folder / name).unlink(missing_ok=True)  # of another model that was here before
        record_checksums(folder, [SETTINGS_NAME, *contents])

    def word(self, values: Mapping[str, float]) -> str:
        """Return a word that sums up predicted values, such as a mood; empty unless the task has one."""
        return ""


@dataclass(kw_only=True, eq=False)
class Recogniser(AudioEstimator):
    """Classifier of clips: exactly one of several classes is right.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``predict_proba``, ``score``,
    ``get_params``; it can be cloned and searched over), with clips in place of rows of numbers. A task is a
    subclass with other defaults. All other settings: `AudioEstimator`.

    Parameters
    ----------
    unlabelled
        What to do with clips without a label: ``pseudo`` trains on those that are predicted with enough
        confidence, for about five times the work (`woodshed.recognition.self_training`); None skips them.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The classes, sorted, in the type of the labels; the columns of every array of probabilities.
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

    head: ClassVar[Head] = ClassesHead()
    extra_names: ClassVar[frozenset[str]] = frozenset({CONFIDENCE_NAME, NOVELTY_NAME})
    confidence_: ClassVar[Confidence] = Confidence()
    pseudo_labels_: ClassVar[PseudoLabels | None] = None

    unlabelled: str | None = None

    def check_settings(self) -> None:
        """Raise `ParameterError` if a setting is out of its range."""
        super().check_settings()
        if self.unlabelled is not None and self.unlabelled not in SELF_TRAINING_MODES:
            hint = near_miss(self.unlabelled, SELF_TRAINING_MODES)
            raise ParameterError(f"Invalid value {self.unlabelled!r} of unlabelled. {hint}")

    def fit(
        self,
        clips: Any,
        targets: Sequence[Any],
        groups: Sequence[Any] | None = None,
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
            The label of each clip: text, whole numbers or booleans, all of one type, which that of
            ``classes_`` and `predict` is; None where it is unknown. Clips without a label are skipped, or
            used as the setting ``unlabelled`` says.

        Returns
        -------
        Recogniser
            The fitted recogniser itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If there are fewer than two classes, labels of several types, or nothing usable is left.
        KeyboardInterrupt
            Raised again. If an epoch had ended, the recogniser is left fitted with the best weights so far.
        """
        self.check_settings()
        clips, targets = as_clips(clips), list(targets)
        self.__dict__.pop("pseudo_labels_", None)
        fit = functools.partial(super().fit, checkpoint=checkpoint, on_epoch=on_epoch)
        if any(label is None for label in targets):
            self.__dict__["pseudo_labels_"] = fit_with_unlabelled(
                self, fit, clips, targets, groups, sample_weight
            )
            return self
        return fit(clips, targets, groups, sample_weight)

    def predict_proba(self, clips: Any) -> NDArray[np.float64]:
        """Return the probability of every class for every clip.

        Parameters
        ----------
        clips
            As for `predict`.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_clips, n_classes)``, columns in the order of ``classes_``; rows sum to 1.
        """
        return self.outputs(clips)

    def score(self, clips: Any, targets: Sequence[Any]) -> float:
        """Return the accuracy of `predict`, 0 to 1; a label that the model does not know counts as an error.

        Raises
        ------
        DataError
            If the labels are of another type than the classes, such as 1 and "1".
        """
        truth, classes = label_array(list(targets)), self.fitted("classes_")
        if truth.dtype.kind != classes.dtype.kind and len(truth):
            raise DataError(
                f"The classes of the model are {classes.dtype.name} ({classes[0].item()!r}), the labels "
                f"{truth.dtype.name} ({truth[0].item()!r}). Convert the labels."
            )
        return float(np.mean(self.predict(clips) == truth))

    def decide(self, clips: Any, *, false_positive_rate: float | None = None) -> NDArray[np.str_]:
        """Return a class, "silence" or "none of these" for each clip as text, shape ``(n_clips,)``.

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
            input_tags=InputTags(two_d_array=False, string=True, dict=True),
        )


@dataclass(kw_only=True, eq=False)
class Tagger(AudioEstimator):
    """Multi-label classifier of clips: several tags may be right, or none.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``predict_proba``, ``score``). Targets of
    ``fit`` are the tags of each clip: names, all others being absent; or 1 and 0 by name, all others being
    unknown. A network minimises the binary cross-entropy of the known tags; a classical estimator is fitted
    to each tag. Settings: `AudioEstimator`.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The tags, sorted; the columns of every array of probabilities.
    calibration_, thresholds_
        Learned on held-out clips: calibration of the probabilities, and the probability from which each tag
        is predicted.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(6)] + [sine(300 + 20 * k) for k in range(6)]
    >>> tagger = Tagger(net="svm").fit(clips, [["hiss"]] * 6 + [["hum", "steady"]] * 6)
    >>> tagger.predict([sine(350)]).tolist()
    [[0, 1, 1]]
    """

    task: ClassVar[str] = "tags"
    head: ClassVar[Head] = TagsHead()

    @property
    def thresholds_(self) -> NDArray[np.float64]:
        """Probability from which each tag is predicted, shape ``(n_tags,)``."""
        default = [DEFAULT_THRESHOLD] * len(self.fitted("classes_"))
        return np.asarray(self._held_out.get("thresholds", default), np.float64)

    @property
    def calibration_(self) -> Calibration:
        """Calibration of the probabilities; it changes nothing if none was learned."""
        values = self._held_out
        return Calibration(values.get("temperature", 1.0), values.get("guess_share", 0.0))

    @property
    def _held_out(self) -> dict[str, Any]:
        """What was learned on held-out clips."""
        return dict(parse_json(self.fitted("files_").get(THRESHOLDS_NAME, b"{}")))

    def predict_proba(self, clips: Any) -> NDArray[np.float64]:
        """Return the probability of every tag for every clip.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_clips, n_tags)``, 0 to 1, columns in the order of ``classes_``.
        """
        return self.outputs(clips)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: a multi-label classifier whose X is not a table."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True, multi_output=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(two_d_array=False, string=True, dict=True),
        )


@dataclass(kw_only=True, eq=False)
class Regressor(AudioEstimator):
    """Regressor of clips: one or several numbers, in the units of the training targets.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``score``). A network minimises the Huber
    loss of the standardised known values; a classical estimator is one regression for each value, and
    ``logistic`` stands for its counterpart, a ridge regression. Settings: `AudioEstimator`.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The names of the values; the columns of every array of predictions.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = [sine(200 + 50 * k) for k in range(8)]
    >>> regressor = Regressor(net="knn").fit(clips, [{"height": k} for k in range(8)])
    >>> round(float(regressor.predict([sine(350)])[0, 0]), 1)
    3.0
    """

    task: ClassVar[str] = "values"
    head: ClassVar[Head] = ValuesHead()

    def fit(
        self,
        clips: Any,
        targets: Values,
        groups: Sequence[Any] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Fit to clips and their values; as `AudioEstimator.fit`.

        Parameters
        ----------
        clips, groups, sample_weight, checkpoint, on_epoch
            As for `AudioEstimator.fit`; the accuracy passed to ``on_epoch`` is the share of values within
            half a standard deviation.
        targets
            Values of each clip by name, unknown ones left out; or shape ``(n_clips, n_values)`` or
            ``(n_clips,)``, NaN where unknown, named by the task or by their number.

        Returns
        -------
        Regressor
            The fitted regressor itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If no value is known, one is not finite, or nothing usable is left.
        """
        return super().fit(
            clips,
            targets if isinstance(targets, Sequence) else list(np.asarray(targets)),
            groups,
            sample_weight,
            checkpoint=checkpoint,
            on_epoch=on_epoch,
        )

    @property
    def ranges_(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value in the training clips, by name; empty if unknown."""
        content = getattr(self, "files_", {}).get(RANGES_NAME, b"{}")
        return {name: (low, high) for name, (low, high) in parse_json(content).items()}

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: a regressor of several outputs whose X is not a table."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True, single_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False, string=True, dict=True),
        )


def check_weights(sample_weight: Sequence[float] | None, n_clips: int) -> None:
    """Raise `ParameterError` unless there is one weight from 0 up for each clip, and one is positive."""
    if sample_weight is None:
        return
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n_clips,) or not (weights >= 0).all() or not np.isfinite(weights).all():
        raise ParameterError(
            f"sample_weight must be one number from 0 up for each of {n_clips} clips, got {sample_weight!r}."
        )
    if not weights.any():
        raise ParameterError("sample_weight is 0 for every clip. Give at least one a positive weight.")
