"""Recogniser: clips in, one of several names out. The base of every closed-set listening job."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.augment import Change, Speed
from woodshed.audio.edit import resample
from woodshed.base.classical import MODEL_NAME, MODELS, learn_in_one_go
from woodshed.base.inference import KERAS_NAME, ONNX_NAME, Ask, ask_keras, ask_onnx, keras_to_net
from woodshed.base.quiet import quiet_stderr
from woodshed.base.result import LearningCurve
from woodshed.base.window import SILENT_DB, STILL, Variation, cut_windows
from woodshed.clip import Clip
from woodshed.data.example import SetAside
from woodshed.errors import NotFittedError, ParameterError, SettingNameError, near_miss
from woodshed.features.log_mel import LogMel
from woodshed.features.summary import Summary
from woodshed.nets import NETS
from woodshed.prediction import Prediction

Probabilities = NDArray[np.float64]
OnEpoch = Callable[[int, float, float | None], None]

# An inference session cannot be copied, and a net need not be: copies make their own.
_MADE_ON_DEMAND = ("_ask", "net_")


def ignore_epoch(epoch: int, loss: float, accuracy: float | None) -> None:
    """Say nothing about an epoch."""


@dataclass(kw_only=True, eq=False)
class Recogniser:
    """Learn which of several names a clip has, and say it of new clips.

    It has scikit-learn's manners (``fit``, ``predict``, ``predict_proba``, ``score``, ``get_params``;
    it can be cloned and searched over) with clips where scikit-learn has rows of numbers. A job is a
    subclass that changes defaults.

    Parameters
    ----------
    net
        What learns: a net (conv-residual, conv-stack, conv-tdnn, mlp), or a classical model (svm, forest,
        logistic, knn), which sees a row of summary features of the whole clip, learns in one go, and
        heeds no other setting than sample_rate, seed, store and n_jobs.
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
    frame_s, hop_s
        Length of an analysis frame and the step to the next, in seconds.
    colour_norm
        Share of each clip's own spectral colour that is removed before the net, 0 to 1.
    epochs
        Passes over the training clips at most.
    patience
        Passes without a better validation loss after which learning stops.
    batch_size, learning_rate
        Windows in a training step, and the highest step size.
    n_versions
        Versions of each training clip that are kept: the recording itself and copies played faster or
        slower.
    augment
        Strength of all variation while learning: 0 none, 1 the job's own.
    validation_share
        Share of the groups (of the clips, when there are no groups) that is kept out of learning to
        choose the best weights; 0 learns from everything and keeps the last.
    seed
        Source of every random draw.
    store
        Folder in which features are kept for the next run; None uses a temporary one.
    n_jobs
        Processes that compute features.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The names, sorted; the columns of every probability array.
    sample_rate_, feature_
        What it hears: `LogMel` for a net, `Summary` for a classical model.
    files_ : dict of bytes
        What was learned, by the name of the file that it is in a model folder.
    curve_ : woodshed.base.result.LearningCurve
        How the training went; no epochs for a classical model.
    set_aside_ : list of woodshed.data.example.SetAside
        Clips that could not be used, and why.

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

    job: ClassVar[str] = "sound"
    highest_rate: ClassVar[int] = 16000
    variation: ClassVar[Variation] = Variation()
    change: ClassVar[Change | None] = Speed(0.85, 1.18)

    net: str = "conv-residual"
    width: int = 24
    dropout: float = 0.3
    window_s: float = 1.0
    sample_rate: int | None = None
    n_mels: int = 40
    frame_s: float = 0.032
    hop_s: float = 0.01
    colour_norm: float = 1.0
    epochs: int = 40
    patience: int = 12
    batch_size: int = 64
    learning_rate: float = 3e-3
    n_versions: int = 5
    augment: float = 1.0
    validation_share: float = 0.15
    seed: int = 0
    store: str | None = None
    n_jobs: int = 1

    def __new__(cls, **settings: Any) -> Self:
        """Refuse a misspelt setting by naming the near miss, before anything else is said about it."""
        known = [setting.name for setting in fields(cls)]
        for name in settings:
            if name not in known:
                raise SettingNameError(f"{cls.__name__} has no setting {name}. {near_miss(name, known)}")
        return super().__new__(cls)

    # -- learning ---------------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        groups: Sequence[str] | None = None,
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
            The right name of each clip.
        groups
            Who or what each clip was recorded from, so that the part that chooses the best weights
            shares no group with the part that is learned from.
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
        if self.is_classical:
            learn_in_one_go(self, clips, labels, groups)
            return self
        with quiet_stderr():
            from woodshed.base.learning import learn
        learn(self, clips, labels, groups, checkpoint=checkpoint, on_epoch=on_epoch)
        return self

    def set_learned(
        self,
        *,
        classes: NDArray[np.str_],
        feature: LogMel | Summary,
        files: dict[str, bytes],
        curve: LearningCurve,
        set_aside: list[SetAside],
    ) -> None:
        """Take over what was learned, or loaded: plain values, so that copies are cheap and safe."""
        self.classes_ = classes
        self.feature_ = feature
        self.sample_rate_ = feature.sample_rate
        self.files_ = files
        self.curve_ = curve
        self.set_aside_ = set_aside
        for name in _MADE_ON_DEMAND:
            self.__dict__.pop(name, None)

    @functools.cached_property
    def net_(self) -> Any:
        """The Keras net, or the estimator of scikit-learn, to look inside or to train on."""
        files = self.fitted("files_")
        if MODEL_NAME not in files:
            return keras_to_net(files[KERAS_NAME])
        from woodshed.base.estimator import bytes_to_estimator

        return bytes_to_estimator(files[MODEL_NAME], self.fitted("feature_").n_values, len(self.classes_))

    @functools.cached_property
    def _ask(self) -> Ask:
        """The function that asks what was learned."""
        if ONNX_NAME in self.files_:
            return ask_onnx(self.files_[ONNX_NAME])
        if MODEL_NAME not in self.files_:
            return ask_keras(self.net_)
        from woodshed.base.estimator import ask_estimator

        return ask_estimator(self.net_)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _MADE_ON_DEMAND}

    def check_settings(self) -> None:
        """Refuse values that cannot work, all in the same words."""
        if self.net not in (*NETS, *MODELS):
            known = near_miss(self.net, [*NETS, *MODELS])
            raise ParameterError(f"There is no net called {self.net!r}. {known}")
        positive = ("width", "window_s", "n_mels", "frame_s", "hop_s", "epochs", "patience", "batch_size")
        for name in (*positive, "learning_rate", "n_versions", "n_jobs"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be positive, got {getattr(self, name)!r}.")
        for name, high in (("dropout", 1), ("colour_norm", 1), ("validation_share", 0.5), ("augment", 3)):
            if not 0 <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be from 0 to {high}, got {getattr(self, name)!r}.")
        if self.window_s < 4 * self.hop_s:
            raise ParameterError(f"window_s must hold at least four steps of hop_s, got {self.window_s!r}.")

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

    def listen(self, clips: Iterable[Clip]) -> Iterator[Prediction]:
        """Yield the answer for each clip in turn, in the order of the clips; nothing is kept."""
        names = self.fitted("classes_").tolist()
        for clip in clips:
            row = self._probability(clip)
            best = int(row.argmax())
            by_name = {name: float(p) for name, p in zip(names, row, strict=True)}
            yield Prediction(clip.source, names[best], float(row[best]), by_name, 0.0, clip.duration_s)

    def _probability(self, clip: Clip) -> NDArray[np.float64]:
        """Hear a clip as one row, or in windows, and average the answers of those that hold sound."""
        feature: LogMel | Summary = self.fitted("feature_")
        heard = feature(resample(clip, feature.sample_rate))
        if heard.ndim == 1:
            answers = self._ask(heard[np.newaxis])
        else:
            windows = overlapping_windows(heard, self.n_frames)
            peak_db = windows.max(axis=(1, 2))
            answers = self._ask(windows[peak_db >= peak_db.max() - SILENT_DB])
        mean: NDArray[np.float64] = answers.mean(axis=0, dtype=np.float64)
        mean /= mean.sum()
        return mean

    @property
    def is_classical(self) -> bool:
        """Whether the settings ask for a classical model instead of a net."""
        return self.net in MODELS

    @property
    def n_frames(self) -> int:
        """Frames in a window."""
        return max(4, round(self.window_s / self.hop_s))

    def fitted(self, name: str) -> Any:
        """Return something that was learned, or say that nothing was.

        Raises
        ------
        NotFittedError
            If the recogniser has not learned.
        """
        if not hasattr(self, name):
            raise NotFittedError(
                f"This {type(self).__name__} has not learned yet. "
                "Call fit(clips, labels), or load a model, first."
            )
        return getattr(self, name)

    # -- scikit-learn's manners -------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all settings by name; ``deep`` changes nothing, there are no nested estimators."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self)}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; takes effect at the next ``fit``."""
        type(self)(**settings)  # refuses what does not exist
        for name, value in settings.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that this is a classifier whose X is not a table."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")


def overlapping_windows(spectrogram: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
    """Cut a spectrogram of any length into windows that overlap by about a half, evenly spread.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_windows, n_frames, n_bands)``; one padded window when the clip is shorter.

    Examples
    --------
    >>> overlapping_windows(np.zeros((25, 4), np.float32), 10).shape
    (4, 10, 4)
    """
    if len(spectrogram) <= n_frames:
        return cut_windows([spectrogram], n_frames, STILL)
    slack = len(spectrogram) - n_frames
    n_windows = 1 + -(-slack // (n_frames // 2))
    starts = np.linspace(0, slack, n_windows).round().astype(int)
    return np.stack([spectrogram[start : start + n_frames] for start in starts])
