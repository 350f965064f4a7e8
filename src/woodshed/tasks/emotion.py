"""Voice emotion: tell how something was said, whatever was said and whoever said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Chain, Noise, Speed, Tone, WaveformAugmentation
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class EmotionRecogniser(Recogniser):
    """Recognise the emotion in a voice: anger, sadness, boredom, whatever the recordings are labelled with.

    Corpora of emotional speech are small, and who speaks changes a voice more than how it is meant. So the
    default is no net but a ridge regression on likeness (`woodshed.recognition.classical.kernel_ridge`) in those of the numbers of
    speech research that tell the emotions apart (`VoiceCourse`: melody, rhythm, effort, colour, and their
    course), which learns from each recording and from four copies of it, played a little faster or slower,
    through another microphone, with some noise. ``--net`` takes the nets as well; they
    need more voices than most corpora have (``benchmarks/quality/emotion.md``). All settings:
    `woodshed.recognition.estimator.AudioEstimator`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> recogniser = EmotionRecogniser().fit(clips, ["excited"] * 4 + ["calm"] * 4)
    >>> recogniser.predict([sine(350)]).tolist()
    ['calm']
    """

    task: ClassVar[str] = "emotion"
    highest_rate: ClassVar[int] = 16000
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.1, warp=0.05, shift_bands=1, noise_share=0.3, colour_db=3, mix=1.0
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Chain(
        (Speed(0.88, 1.12), Tone(), Noise(15.0, 40.0)), 0.7
    )
    row_front_end: ClassVar[str] = "voice-course"
    n_augmented_rows: ClassVar[int] = 5

    net: str = "kernel-ridge"
    width: int = 16
    window_s: float = 2.5
    n_mels: int = 64
    frame_s: float = 0.046
    hop_s: float = 0.025
    channel_norm: float = 0.0
    epochs: int = 100
    patience: int = 100
    batch_size: int = 16
