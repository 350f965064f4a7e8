"""Settings of an estimator of clips, and the attributes that it learns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.data.example import Skipped
from woodshed.recognition.heads.head import Head
from woodshed.recognition.window import SpectrogramAugmentation
from woodshed.training.estimator import Estimator
from woodshed.training.progress import LearningCurve

MIN_EPOCHS = 20
"""Minimum number of epochs that is chosen for a corpus of any size."""

FEW_CLIPS = 200
"""Number of training clips below which further augmented copies raise the score of some tasks."""

RESOURCE_SETTINGS = frozenset({"store", "n_jobs"})
"""Settings of the machine and not of the model: they change no result, and are not stored with a model."""


def without_resources(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without those of the machine on which a model was trained.

    Examples
    --------
    >>> without_resources({"width": 8, "store": "features", "n_jobs": 4})
    {'width': 8}
    """
    return {name: value for name, value in settings.items() if name not in RESOURCE_SETTINGS}


@dataclass(frozen=True)
class RowInput:
    """What classical estimators are fitted to.

    Parameters
    ----------
    front_end
        Front end that describes a clip by one row (`woodshed.recognition.front_ends.FRONT_ENDS`).
    n_versions
        Rows of each training clip: that of the recording and those of augmented copies.
    n_versions_of_few
        The same where there are fewer than `FEW_CLIPS` training clips, if that is more.
    """

    front_end: str = "summary"
    n_versions: int = 1
    n_versions_of_few: int = 1

    def n_versions_for(self, n_clips: int) -> int:
        """Return the rows of each of a number of training clips.

        Examples
        --------
        >>> row_input = RowInput("sound-views", n_versions_of_few=3)
        >>> row_input.n_versions_for(100), row_input.n_versions_for(400)
        (3, 1)
        """
        return max(self.n_versions, self.n_versions_of_few if n_clips < FEW_CLIPS else 1)


@dataclass(kw_only=True, eq=False)
class ClipModel(Estimator):
    """Settings and learned attributes of `woodshed.recognition.estimator.AudioEstimator`.

    Parameters
    ----------
    net
        What is fitted: a network (``woodshed list nets``) or a classical estimator, such as svm or forest
        (``woodshed list classical``). Classical estimators are fitted to one row of features for each clip,
        and use only the settings front_end, thorough, sample_rate, seed, store and n_jobs.
    front_end
        What is computed from each clip (``woodshed list front-ends``). None is log-mel for a network and the
        features that the task chooses for a classical estimator.
    thorough
        Fit a classical estimator to all features and augmented copies that the task has, even where they
        hardly raise the score (``benchmarks/quality/row_features.md``); extraction takes several times as
        long.
    width
        Size of the network; its meaning depends on the architecture.
    dropout
        Dropout rate before the output layer, 0 to 1.
    window_s
        Length of the network's input, in seconds. Shorter clips are padded with silence; of longer ones
        overlapping windows are processed and their outputs averaged.
    sample_rate
        Sample rate at which clips are processed, in hertz. None takes the most frequent rate of the training
        clips, at most that of the task.
    n_mels
        Bands of the log-mel spectrogram.
    frame_s
        Length of an analysis frame, in seconds.
    hop_s
        Step from one frame to the next, in seconds.
    channel_norm
        Share of each clip's mean spectrum that is subtracted before the network, 0 to 1.
    ensemble_share
        Weight of a kernel classifier on sound textures whose probabilities are averaged with the network's,
        0 to 1 (`woodshed.nets.texture`); 0 uses the network alone. Only for classes.
    n_steps
        Training steps, a batch each, that the number of epochs is chosen by: few clips are repeated more
        often than many.
    epochs
        Maximum number of epochs. None takes as many as give ``n_steps`` steps, and at least `MIN_EPOCHS`.
    patience
        Epochs without a better validation loss after which training stops. None is a third of all epochs.
    batch_size
        Number of windows in a batch.
    learning_rate
        Peak learning rate.
    swa_share
        Share of the epochs, the last ones, whose weights are averaged (stochastic weight averaging), 0 to 1;
        0 keeps the weights of one epoch.
    n_augmentations
        Stored versions of each training clip: the recording and copies at another speed.
    augment
        Strength of all augmentation: 0 none, 1 that of the task.
    validation_share
        Share of the groups (of the clips, when there are no groups) that is held out of training to choose
        the best weights; 0 trains on everything and keeps the last. With fewer than `MIN_CLIPS_TO_VALIDATE`
        clips or `MIN_GROUPS_TO_VALIDATE` groups it is taken as 0 (`woodshed.training.holdout`).
    seed
        Seed of all random draws, 0 or more.
    store
        Folder in which features are kept for the next run; None uses a temporary one.
    n_jobs
        Processes that compute features; -1 for one per core.

    Attributes
    ----------
    classes_ : numpy.ndarray
        Names of the outputs: classes, tags or values.
    sample_rate_, feature_
        Rate of the input in hertz, and the front end.
    files_ : dict of bytes
        What was learned, by the name of the file in a model folder.
    curve_ : woodshed.training.progress.LearningCurve
        Losses of the training; no epochs for a classical estimator.
    skipped_ : list of woodshed.data.example.Skipped
        Clips that could not be used, and why.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    task: ClassVar[str] = "sound"
    head: ClassVar[Head]
    names: ClassVar[tuple[str, ...]] = ()
    highest_rate: ClassVar[int] = 16000
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation()
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.85, 1.18)
    frame_front_end: ClassVar[str] = "log-mel"
    rows: ClassVar[RowInput] = RowInput()
    rows_by_net: ClassVar[Mapping[str, RowInput]] = {}
    thorough_rows: ClassVar[RowInput | None] = None
    note_front_end: ClassVar[str] = "notes"
    notes_net: ClassVar[str] = "logistic"
    extra_names: ClassVar[frozenset[str]] = frozenset()
    derived_names: ClassVar[tuple[str, ...]] = ("_predict_rows", "net_")
    verbs: ClassVar[tuple[str, ...]] = ("predict", "evaluate", "info")
    methods: ClassVar[tuple[str, ...]] = ("fit", "predict", "predictions", "score", "save")
    fit_call: ClassVar[str] = "fit(clips, targets)"
    fit_metadata: ClassVar[tuple[str, ...]] = ("groups", "sample_weight")
    learned_name: ClassVar[str] = "classes_"

    net: str = "conv-residual"
    front_end: str | None = None
    thorough: bool = False
    width: int = 24
    dropout: float = 0.3
    window_s: float = 1.0
    sample_rate: int | None = None
    n_mels: int = 40
    frame_s: float = 0.032
    hop_s: float = 0.01
    channel_norm: float = 1.0
    ensemble_share: float = 0.0
    n_steps: int = 3000
    epochs: int | None = None
    patience: int | None = None
    batch_size: int = 64
    learning_rate: float = 3e-3
    swa_share: float = 0.0
    n_augmentations: int = 5
    augment: float = 1.0
    validation_share: float = 0.15
    seed: int = 0
    store: str | None = None
    n_jobs: int = 1

    net_: ClassVar[Any]
    """The fitted network or classical estimator."""

    @classmethod
    def row_inputs(cls) -> set[RowInput]:
        """Return everything that a classical estimator of this task may be fitted to by default."""
        return {cls.rows, *cls.rows_by_net.values(), cls.thorough_rows or cls.rows}

    def row_input(self, *, reads_notes: bool = False) -> RowInput:
        """Return what a classical estimator with these settings is fitted to.

        Parameters
        ----------
        reads_notes
            Whether all clips are rendered scores, whose notes are read. Copies change sound, not notes.

        Examples
        --------
        >>> ClipModel(net="svm").row_input()
        RowInput(front_end='summary', n_versions=1, n_versions_of_few=1)
        >>> ClipModel(net="svm", front_end="mfcc").row_input().front_end
        'mfcc'
        """
        kind = type(self)
        if reads_notes:
            return RowInput(self.front_end or kind.note_front_end)
        chosen = kind.rows_by_net.get(self.net, kind.rows)
        if self.thorough:
            chosen = kind.thorough_rows or kind.rows
        return replace(chosen, front_end=self.front_end or chosen.front_end)

    def n_epochs_for(self, n_clips: int) -> int:
        """Return the maximum number of epochs over a number of training clips.

        Examples
        --------
        >>> model = ClipModel(n_steps=3000, batch_size=16)
        >>> model.n_epochs_for(160), model.n_epochs_for(100_000)
        (300, 20)
        """
        if self.epochs is not None:
            return self.epochs
        steps_per_epoch = max(1, n_clips // self.batch_size)
        return max(MIN_EPOCHS, math.ceil(self.n_steps / steps_per_epoch))

    def extra_files(self) -> dict[str, bytes]:
        """Return files of the model folder beyond ``files_``, by name."""
        return {}

    def set_extra_files(self, contents: Mapping[str, bytes]) -> None:
        """Set what `extra_files` returned."""

    def set_learned(
        self,
        *,
        classes: NDArray[np.str_],
        feature: Any,
        files: dict[str, bytes],
        curve: LearningCurve,
        skipped: list[Skipped],
    ) -> None:
        """Set what was learned, or loaded: plain values, so that copies are cheap and safe."""
        self.fitted_settings_ = self.get_params()  # set_params takes effect at the next fit
        self.n_frames_ = self.n_frames
        self.classes_ = classes
        self.feature_ = feature
        self.sample_rate_ = feature.sample_rate
        self.files_ = files
        self.curve_ = curve
        self.skipped_ = skipped
        self.drop_derived()

    @property
    def n_frames(self) -> int:
        """Frames in a window, by the settings; ``n_frames_`` is that of the fitted model."""
        return max(4, round(self.window_s / self.hop_s))
