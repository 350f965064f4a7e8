"""Emotion as values: valence and arousal of a voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Chain, Noise, Speed, Tone, WaveformAugmentation
from woodshed.recognition.clip_model import RowInput
from woodshed.tasks.mood import MoodRegressor


@dataclass(kw_only=True, eq=False)
class EmotionValuesRegressor(MoodRegressor):
    """Regressor of the valence (unpleasant to pleasant) and arousal (calm to excited) of a voice, -1 to 1.

    Unlike the labels of `woodshed.tasks.emotion.EmotionRecogniser`, values can express mixed emotions, and
    emotions that are not in the training data. They are read from the columns ``valence`` and ``arousal``
    of a table; the seven labels of EMO-DB have fixed values (`woodshed.data.corpora.emodb.VALUES`).

    - Net: ``svm``, support vector regression, since corpora of emotional speech are small.
    - Front end: `woodshed.features.voice.VoiceSummary`, one row of acoustic measures of speech research for
      each clip.
    - Augmentation: that of `EmotionRecogniser`, four copies of each recording.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = [sine(200 + 20 * k) for k in range(8)]
    >>> moods = [{"valence": k / 4 - 0.9, "arousal": k / 4 - 0.9} for k in range(8)]
    >>> next(EmotionValuesRegressor().fit(clips, moods).predictions([sine(330)])).word
    'happy, excited'
    """

    task: ClassVar[str] = "emotion_values"
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Chain(
        (Speed(0.88, 1.12), Tone(), Noise(15.0, 40.0)), 0.7
    )
    rows: ClassVar[RowInput] = RowInput("voice", 5)

    net: str = "svm"
