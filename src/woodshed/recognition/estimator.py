"""Estimator of clips: the settings and methods that recognisers, taggers and regressors share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import Skipped, read_or_render
from woodshed.errors import AudioError, DataError, ParameterError, ScoreError, check_seed
from woodshed.prediction import ClipPrediction
from woodshed.recognition.clip_model import ClipModel
from woodshed.recognition.learners import learner_of
from woodshed.recognition.learners.learner import Learner, TrainingData
from woodshed.recognition.window import SILENT_DB, overlapping_windows
from woodshed.training.inference import PredictFunction
from woodshed.training.progress import OnEpoch, ignore_epoch

if TYPE_CHECKING:
    from woodshed.prediction import ClipPrediction


_AT_MOST = {
    **dict.fromkeys(("dropout", "channel_norm", "ensemble_share", "swa_share"), 1),
    **{"validation_share": 0.5, "augment": 3},
}
"""Upper bound of the settings that may be anything from 0 to it."""


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
        clips: Sequence[Clip],
        targets: Sequence[Any],
        groups: Sequence[str] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Fit to clips and their targets.

        Parameters
        ----------
        clips
            Any sequence of `Clip`, at any rates. It may be lazy (`woodshed.data.example.Sounds`): a corpus
            larger than memory is read clip by clip.
        targets
            The target of each clip: a label, tags, or values.
        groups
            Speaker, song or source recording of each clip, so that the part that chooses the best weights
            shares no group with the part that is trained on.
        sample_weight
            Weight of each clip, 0 or more; None weights all equally.
        checkpoint
            File in which the state of the training is stored after every epoch. If it exists, the training
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
        positive = ("width", "window_s", "n_mels", "frame_s", "hop_s", "epochs", "patience", "batch_size")
        for name in (*positive, "learning_rate", "n_augmentations", "n_jobs"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be positive, got {getattr(self, name)!r}.")
        for name, high in _AT_MOST.items():
            if not 0 <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be from 0 to {high}, got {getattr(self, name)!r}.")
        check_seed(self.seed)
        if self.front_end is not None:
            from woodshed.recognition.front_ends import front_end_class

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
        values = feature(resample(clip, feature.sample_rate))
        if values.ndim == 1:
            outputs = self._predict_rows(values[np.newaxis])
        else:
            windows = overlapping_windows(values, self.n_frames_)
            peak_db = windows.max(axis=(1, 2))
            outputs = self._predict_rows(windows[peak_db >= peak_db.max() - SILENT_DB])
        return np.asarray(outputs.mean(axis=0, dtype=np.float64))

    def outputs(self, clips: Iterable[Clip]) -> NDArray[np.float64]:
        """Return the outputs for all clips, shape ``(n_clips, n_names)``."""
        rows = [self.output(clip) for clip in clips]
        return np.stack(rows) if rows else np.empty((0, len(self.fitted("classes_"))))

    def predict(self, clips: Iterable[Clip]) -> NDArray[Any]:
        """Return the prediction for each clip: labels, rows of 0 and 1, or rows of values."""
        return self.head.decide(self, self.outputs(clips))

    def score(self, clips: Iterable[Clip], targets: Sequence[Any]) -> float:
        """Return the main measure of the head: accuracy, mean ROC-AUC of the tags, or mean R²."""
        names = self.fitted("classes_").tolist()
        return self.head.main_score(self.head.encode_as(targets, names), self.outputs(clips))

    def predictions(self, clips: Iterable[Clip], **options: Any) -> Iterator[ClipPrediction]:
        """Yield a prediction with its details for each clip in turn; nothing is kept.

        Parameters
        ----------
        clips
            At any rate, with any number of channels, of any length.
        options
            Of the head: ``false_positive_rate`` for classes.
        """
        self.fitted("files_")
        return self.head.predictions(self, iter(clips), **options)

    def word(self, values: Mapping[str, float]) -> str:
        """Return a word that sums up predicted values, such as a mood; empty unless the task has one."""
        return ""

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")


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


Result = TypeVar("Result")


def predict_files(
    estimator: AudioEstimator,
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    strict: bool = False,
    **options: Any,
) -> Iterator[ClipPrediction]:
    """Yield the prediction for each file as soon as it is computed.

    Parameters
    ----------
    estimator
        A fitted one.
    paths
        Audio or MIDI files.
    skipped
        Unusable files are appended to it, with the reason.
    strict
        Raise at the first unusable file instead.
    options
        As for `AudioEstimator.predictions`.

    Raises
    ------
    DataError
        After the last file, if none was usable.
    AudioError
        If ``strict`` and a file is unusable.
    """
    predictions = process_files(
        lambda path: next(estimator.predictions([read_or_render(path)], **options)),
        paths,
        skipped,
        strict=strict,
    )
    return (prediction for _, prediction in predictions)


def process_files(
    process: Callable[[Path], Result], paths: Iterable[Path], skipped: list[Skipped], *, strict: bool = False
) -> Iterator[tuple[Path, Result]]:
    """Yield each path with the result of a function; arguments and errors as for `predict_files`."""
    n_usable = 0
    for path in paths:
        try:
            result = process(path)
        except (AudioError, ScoreError) as error:
            if strict:
                raise
            skipped.append(Skipped(path, str(error)))
        else:
            n_usable += 1
            yield path, result
    if n_usable == 0:
        reason = ": none has the suffix of an audio file, such as .wav or .flac."
        if skipped:
            reason = f". The first: {skipped[0].reason}"
        raise DataError(f"No file could be used{reason}")
