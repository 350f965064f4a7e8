"""AudioEstimator: what recogniser, tagger and regressor share: settings, what was learned, and asking it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.augment import Speed, WaveformAugmentation
from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import ParameterError, check_seed, near_miss
from woodshed.features.log_mel import LogMel
from woodshed.features.played import PlayedNotes
from woodshed.features.row import RowFeature
from woodshed.features.summary import Summary
from woodshed.nets import NETS
from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.fit_classical import fit_classical
from woodshed.recognition.window import SILENT_DB, SpectrogramAugmentation, overlapping_windows
from woodshed.training.estimator import Estimator
from woodshed.training.inference import (
    KERAS_NAME,
    ONNX_NAME,
    PredictFunction,
    keras_to_net,
    predict_keras,
    predict_onnx,
)
from woodshed.training.model_folder import MODEL_NAME
from woodshed.training.progress import LearningCurve, OnEpoch
from woodshed.training.stderr import suppress_stderr

_HIGHEST = {
    **dict.fromkeys(("dropout", "channel_norm", "ensemble_share", "swa_share"), 1),
    **{"validation_share": 0.5, "augment": 3},
}
"""Highest value of the settings that may be anything from 0 up to it."""


@dataclass(kw_only=True, eq=False)
class AudioEstimator(Estimator):
    """Hear clips and answer with a row of numbers for each; what they mean is the subclass's.

    It has scikit-learn's manners (``get_params``; it can be cloned and searched over) with clips where
    scikit-learn has rows of numbers. It is not used itself, but as one of its kinds:
    `woodshed.recognition.recogniser.Recogniser` (one of several names), `woodshed.recognition.tagger.Tagger` (any of
    several tags) and `woodshed.recognition.regressor.Regressor` (numbers).

    Parameters
    ----------
    net
        Name of a net (`woodshed.nets.NETS`), or of a classical model
        (`woodshed.recognition.classical.CLASSICAL`), which is fitted to one row of summary features per clip
        and uses no other settings than sample_rate, seed, store and n_jobs.
    width
        Size of the net; its meaning is the architecture's.
    dropout
        Share of the last features dropped while learning, 0 to 1.
    window_s
        Length of sound the net hears at once, in seconds. Shorter clips are padded with silence, longer
        ones are heard in overlapping windows whose answers are averaged.
    sample_rate
        Rate at which sound is heard, in hertz. None takes the commonest lowest rate of the training
        clips, at most the job's own.
    n_mels
        Bands of the log-mel spectrogram.
    frame_s
        Length of an analysis frame, in seconds.
    hop_s
        Step from one frame to the next, in seconds.
    channel_norm
        Share of each clip's own spectral colour that is removed before the net, 0 to 1.
    ensemble_share
        Weight of a kernel machine on sound textures whose answers are pooled with the net's, 0 to 1
        (`woodshed.nets.texture`); 0 asks the net alone. Only for names, not for tags or values.
    epochs
        Passes over the training clips at most.
    patience
        Passes without a better validation loss after which learning stops.
    batch_size
        Windows in a training step.
    learning_rate
        Highest step size.
    swa_share
        Share of the epochs, the last ones, whose weights are averaged, 0 to 1; 0 keeps those of one epoch.
    n_augmentations
        Versions of each training clip that are kept: the recording itself and copies played faster or
        slower.
    augment
        Strength of all variation while learning: 0 none, 1 the job's own.
    validation_share
        Share of the groups (of the clips, when there are no groups) that is kept out of learning to
        choose the best weights; 0 learns from everything and keeps the last.
    seed
        Source of every random draw, 0 or more.
    store
        Folder in which features are kept for the next run; None uses a temporary one.
    n_jobs
        Processes that compute features.

    Attributes
    ----------
    classes_ : numpy.ndarray
        What each number of an answer is about: names, tags or targets.
    sample_rate_, feature_
        What it hears: `LogMel` for a net, the job's row feature (`Summary` in most) for a classical model.
    files_ : dict of bytes
        What was learned, by the name of the file that it is in a model folder.
    curve_ : woodshed.training.progress.LearningCurve
        How the training went; no epochs for a classical model.
    skipped_ : list of woodshed.data.example.Skipped
        Clips that could not be used, and why.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    task: ClassVar[str] = "sound"
    fit_call: ClassVar[str] = "fit(clips, labels)"
    # An inference session cannot be copied, and a net need not be: copies make their own.
    derived_names: ClassVar[tuple[str, ...]] = ("_predict_rows", "net_")
    highest_rate: ClassVar[int] = 16000
    variation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation()
    change: ClassVar[WaveformAugmentation | None] = Speed(0.85, 1.18)
    answer: ClassVar[str] = "classes"
    summary: ClassVar[type[RowFeature]] = Summary
    notes: ClassVar[type[PlayedNotes]] = PlayedNotes
    notes_net: ClassVar[str] = "logistic"
    n_augmented_rows: ClassVar[int] = 1

    net: str = "conv-residual"
    width: int = 24
    dropout: float = 0.3
    window_s: float = 1.0
    sample_rate: int | None = None
    n_mels: int = 40
    frame_s: float = 0.032
    hop_s: float = 0.01
    channel_norm: float = 1.0
    ensemble_share: float = 0.0
    epochs: int = 40
    patience: int = 12
    batch_size: int = 64
    learning_rate: float = 3e-3
    swa_share: float = 0.0
    n_augmentations: int = 5
    augment: float = 1.0
    validation_share: float = 0.15
    seed: int = 0
    store: str | None = None
    n_jobs: int = 1

    def set_learned(
        self,
        *,
        classes: NDArray[np.str_],
        feature: LogMel | RowFeature | PlayedNotes,
        files: dict[str, bytes],
        curve: LearningCurve,
        skipped: list[Skipped],
    ) -> None:
        """Take over what was learned, or loaded: plain values, so that copies are cheap and safe."""
        self.classes_ = classes
        self.feature_ = feature
        self.sample_rate_ = feature.sample_rate
        self.files_ = files
        self.curve_ = curve
        self.skipped_ = skipped
        self.drop_derived()

    @functools.cached_property
    def net_(self) -> Any:
        """The Keras net, or the estimator of scikit-learn, to look inside or to train on."""
        files = self.fitted("files_")
        if MODEL_NAME not in files:
            return keras_to_net(files[KERAS_NAME])
        from woodshed.recognition.classical.serialization import bytes_to_estimator

        return bytes_to_estimator(
            files[MODEL_NAME], self.fitted("feature_").n_values, len(self.classes_), self.answer
        )

    @functools.cached_property
    def _predict_rows(self) -> PredictFunction:
        """The function that asks what was learned."""
        if ONNX_NAME in self.files_:
            return predict_onnx(self.files_[ONNX_NAME])
        if MODEL_NAME not in self.files_:
            return predict_keras(self.net_)
        from woodshed.recognition.classical.serialization import predict_estimator

        return predict_estimator(self.net_)

    def check_settings(self) -> None:
        """Refuse values that cannot work, all in the same words."""
        if self.net not in (*NETS, *CLASSICAL):
            known = near_miss(self.net, [*NETS, *CLASSICAL])
            raise ParameterError(f"There is no net called {self.net!r}. {known}")
        positive = ("width", "window_s", "n_mels", "frame_s", "hop_s", "epochs", "patience", "batch_size")
        for name in (*positive, "learning_rate", "n_augmentations", "n_jobs"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be positive, got {getattr(self, name)!r}.")
        for name, high in _HIGHEST.items():
            if not 0 <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be from 0 to {high}, got {getattr(self, name)!r}.")
        check_seed(self.seed)
        if self.ensemble_share and self.answer != "classes":
            raise ParameterError(
                f"ensemble_share is about names, which a {type(self).__name__} does not say: leave it at 0."
            )
        if self.window_s < 4 * self.hop_s:
            raise ParameterError(f"window_s must hold at least four steps of hop_s, got {self.window_s!r}.")

    def learn(
        self,
        clips: Sequence[Clip],
        answers: Sequence[Any],
        groups: Sequence[str] | None,
        sample_weight: Sequence[float] | None,
        checkpoint: Path | None,
        on_epoch: OnEpoch,
    ) -> Self:
        """Learn by a net or a classical model, as the settings say; every kind's ``fit`` ends here."""
        self.check_settings()
        check_weights(sample_weight, len(clips))
        if self.is_classical:
            fit_classical(self, clips, answers, groups, sample_weight)
            return self
        with suppress_stderr():
            from woodshed.recognition.fit_net import learn
        learn(self, clips, answers, groups, sample_weight, checkpoint=checkpoint, on_epoch=on_epoch)
        return self

    def encode(self, answers: Sequence[Any]) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
        """Turn the right answers into what a net is to say.

        Returns
        -------
        names, rows
            What the columns are about, and shape ``(n_clips, n_names)``; NaN where it is not known.
        """
        raise NotImplementedError

    def learn_from_answers(
        self, truth: NDArray[np.float32], ask: Callable[[], NDArray[np.floating]]
    ) -> dict[str, bytes]:
        """Learn what there is to learn from the answers to clips that were held out.

        Parameters
        ----------
        truth
            Shape ``(n_clips, n_names)``; no rows if nothing was held out.
        ask
            Answers those clips, in the same shape.

        Returns
        -------
        dict of bytes
            Files that belong to the model folder, by name.
        """
        return {}

    # -- asking -----------------------------------------------------------------------------------

    def hear(self, clip: Clip) -> NDArray[np.float64]:
        """Hear a clip as one row, or in windows, and average the answers of those that hold sound.

        Returns
        -------
        numpy.ndarray
            What the net or the classical model answers, shape ``(n_answers,)``.
        """
        feature: LogMel | RowFeature | PlayedNotes = self.fitted("feature_")
        heard = feature(resample(clip, feature.sample_rate))
        if heard.ndim == 1:
            answers = self._predict_rows(heard[np.newaxis])
        else:
            windows = overlapping_windows(heard, self.n_frames)
            peak_db = windows.max(axis=(1, 2))
            answers = self._predict_rows(windows[peak_db >= peak_db.max() - SILENT_DB])
        mean: NDArray[np.float64] = answers.mean(axis=0, dtype=np.float64)
        return mean

    @property
    def is_classical(self) -> bool:
        """Whether the settings ask for a classical model instead of a net."""
        return self.net in CLASSICAL

    @property
    def n_frames(self) -> int:
        """Frames in a window."""
        return max(4, round(self.window_s / self.hop_s))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")


def check_weights(sample_weight: Sequence[float] | None, n_clips: int) -> None:
    """Refuse weights that are not one number from 0 up for each clip.

    Raises
    ------
    ParameterError
        If they are not, or all are 0.
    """
    if sample_weight is None:
        return
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n_clips,) or not (weights >= 0).all() or not np.isfinite(weights).all():
        raise ParameterError(
            f"sample_weight must be one number from 0 up for each of {n_clips} clips, got {sample_weight!r}."
        )
    if not weights.any():
        raise ParameterError("sample_weight is 0 for every clip, and nothing is left to learn from.")
