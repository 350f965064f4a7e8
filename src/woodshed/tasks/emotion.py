"""Emotion recognition from the voice, independent of the words and the speaker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Chain, Noise, Speed, Tone, WaveformAugmentation
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class EmotionRecogniser(Recogniser):
    """Recogniser of the emotion in a voice, such as anger, sadness or boredom, as labelled in training.

    - Net: ``kernel-ridge``, kernel ridge regression (C. Saunders et al., 1998), which weights each value by
      how well it separates the emotions (`woodshed.recognition.classical.kernel_ridge`). Corpora of
      emotional speech are small, and speakers differ more than emotions: networks need more speakers than
      most corpora have (``benchmarks/quality/emotion.md``).
    - Front end: `woodshed.features.voice_course.VoiceCourse`, one row of acoustic measures of speech
      research for each clip: pitch, rhythm, voice quality, spectrum, and their course over time.
    - Augmentation: four copies of each recording at other speeds, with another frequency response and with
      noise, which stand for other speakers and microphones.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> recogniser = EmotionRecogniser().fit(clips, ["excited"] * 4 + ["calm"] * 4)
    >>> recogniser.predict([sine(350)]).tolist()
    ['calm']
    """

    task: ClassVar[str] = "emotion"
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.1, warp=0.05, shift_bands=1, noise_share=0.3, equaliser_db=3, mix=1.0
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Chain(
        (Speed(0.88, 1.12), Tone(), Noise(15.0, 40.0)), 0.7
    )
    rows: ClassVar[RowInput] = RowInput("voice-course", 2)
    rows_by_net: ClassVar[Mapping[str, RowInput]] = {"kernel-ridge": RowInput("voice-course", 5)}
    thorough_rows: ClassVar[RowInput | None] = RowInput("voice-course", 5)

    net: str = "kernel-ridge"
    width: int = 16
    window_s: float = 2.5
    n_mels: int = 64
    frame_s: float = 0.046
    hop_s: float = 0.025
    channel_norm: float = 0.0
    batch_size: int = 16
