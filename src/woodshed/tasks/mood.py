"""Mood of music or of a voice as valence and arousal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.estimator import Regressor
from woodshed.recognition.window import SpectrogramAugmentation

QUADRANTS = {
    (True, True): "happy, excited",
    (False, True): "angry, tense",
    (False, False): "sad, depressed",
    (True, False): "calm, relaxed",
}
"""Signs of valence and arousal -> word (J. Russell, "A circumplex model of affect", 1980)."""


@dataclass(kw_only=True, eq=False)
class MoodRegressor(Regressor):
    """Regressor of mood: valence (unpleasant to pleasant) and arousal (calm to excited).

    Predictions have a word for their quadrant if the training targets lie on both sides of 0, as on a scale
    from -1 to 1. Columns with other names are predicted as well.

    - Net: ``conv-residual``, a small residual network (K. He et al., "Deep residual learning for image
      recognition", 2016).
    - Front end: log-mel frames at up to 16 kHz, in windows of three seconds. For MIDI files, a classical
      estimator (``--net logistic``, ``svm``, ``forest``) uses the notes, with tempo and dynamics; a network
      uses the rendered sound.
    - Augmentation: only small changes of the spectrogram, and no copies at other speeds, since tempo is the
      most important cue to arousal.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = [sine(200 + 100 * k) for k in range(8)]
    >>> moods = [{"valence": k / 4 - 0.9, "arousal": k / 4 - 0.9} for k in range(8)]
    >>> regressor = MoodRegressor(net="knn").fit(clips, moods)
    >>> next(regressor.predictions([sine(850)])).word
    'happy, excited'
    """

    task: ClassVar[str] = "mood"
    names: ClassVar[tuple[str, ...]] = ("valence", "arousal")
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.05, warp=0.02, shift_bands=1, noise_share=0.2, equaliser_db=2, mask_bands=8
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    note_front_end: ClassVar[str] = "timed-notes"

    window_s: float = 3.0
    n_mels: int = 64
    hop_s: float = 0.016
    channel_norm: float = 0.0
    batch_size: int = 32
    n_augmentations: int = 1

    def word(self, values: Mapping[str, float]) -> str:
        """Return the word for the quadrant of valence and arousal.

        It is empty if one of them is not predicted, or if its training targets lie on one side of 0, as on a
        scale from 1 to 9, whose middle is elsewhere.

        Examples
        --------
        >>> MoodRegressor().word({"valence": 0.3, "arousal": -0.2})
        'calm, relaxed'
        """
        if not {"valence", "arousal"} <= set(values):
            return ""
        ranges = [self.ranges_[name] for name in ("valence", "arousal") if name in self.ranges_]
        if not all(low < 0 < high for low, high in ranges):
            return ""
        return QUADRANTS[values["valence"] >= 0, values["arousal"] >= 0]
