"""Mood of music or of a voice: how pleasant and how excited it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.regressor import Regressor
from woodshed.recognition.window import SpectrogramAugmentation

QUADRANTS = {
    (True, True): "happy, excited",
    (False, True): "angry, tense",
    (False, False): "sad, depressed",
    (True, False): "calm, relaxed",
}
"""Whether valence and arousal are above the middle -> words (J. Russell, "A circumplex model of affect")."""


@dataclass(kw_only=True, eq=False)
class MoodRegressor(Regressor):
    """Measure mood: valence (unpleasant to pleasant) and arousal (calm to excited).

    The words of an answer are those of its quadrant, which need a scale with its middle at 0: -1 to 1.
    Sound is heard at up to 16 kHz in windows of three seconds, and copies are not played faster or slower:
    tempo is half of arousal. Other values are learned just as well. Of MIDI files a classical model
    (``--net logistic``, ``svm``, ``forest``) reads the notes, tempo and dynamics among them; a net hears them
    played. All settings: `woodshed.recognition.estimator.AudioEstimator`.

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
        stretch=0.05, warp=0.02, shift_bands=1, noise_share=0.2, colour_db=2, mask_bands=8
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    note_front_end: ClassVar[str] = "timed-notes"

    window_s: float = 3.0
    n_mels: int = 64
    hop_s: float = 0.016
    channel_norm: float = 0.0
    epochs: int = 60
    patience: int = 15
    batch_size: int = 32
    n_augmentations: int = 1

    def word(self, values: Mapping[str, float]) -> str:
        """Name the quadrant of valence and arousal; nothing, if one of them is not measured.

        Nor if all that was learned lies on one side of 0: on a scale from 1 to 9 the middle is elsewhere.

        Examples
        --------
        >>> MoodRegressor().word({"valence": 0.3, "arousal": -0.2})
        'calm, relaxed'
        """
        if not {"valence", "arousal"} <= set(values):
            return ""
        if not all(low < 0 < high for low, high in self.ranges_.values()):
            return ""
        return QUADRANTS[values["valence"] >= 0, values["arousal"] >= 0]
