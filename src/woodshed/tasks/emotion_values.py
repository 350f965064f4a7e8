"""Emotion as values: tell how pleasant and how excited a voice sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Chain, Noise, Speed, Tone, WaveformAugmentation
from woodshed.tasks.mood import MoodRegressor


@dataclass(kw_only=True, eq=False)
class EmotionValuesRegressor(MoodRegressor):
    """Measure valence (unpleasant to pleasant) and arousal (calm to excited) of a voice, each from -1 to 1.

    What `woodshed.tasks.emotion.EmotionRecogniser` names, this places on the plane of the two: it can say a
    little of both, and of emotions that it was never shown. It learns from a table with the columns
    ``valence`` and ``arousal``, or from EMO-DB, whose seven names stand for places on the plane
    (`woodshed.data.corpora.emodb.VALUES`). The default is no net but a support vector regression on what
    speech research measures, learned from each recording and four changed copies. All settings:
    `woodshed.recognition.estimator.AudioEstimator`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = [sine(200 + 20 * k) for k in range(8)]
    >>> moods = [{"valence": k / 4 - 0.9, "arousal": k / 4 - 0.9} for k in range(8)]
    >>> next(EmotionValuesRegressor().fit(clips, moods).predictions([sine(330)])).word
    'happy, excited'
    """

    task: ClassVar[str] = "emotion_values"
    highest_rate: ClassVar[int] = 16000
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Chain(
        (Speed(0.88, 1.12), Tone(), Noise(15.0, 40.0)), 0.7
    )
    row_front_end: ClassVar[str] = "voice"
    n_augmented_rows: ClassVar[int] = 5

    net: str = "svm"
