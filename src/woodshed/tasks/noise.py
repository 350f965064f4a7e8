"""Environmental sound recognition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class NoiseRecogniser(Recogniser):
    """Recogniser of environmental sounds, such as rain, a dog, a clock or a drill.

    - Model: ``kernel-ridge`` on `woodshed.features.SoundViews`, which describe a whole clip: statistics of
      its spectrum, the movement of its bands, and the embedding of a small network. Where clips are few,
      copies at other speeds are added.
    - ``net="conv-residual"``: a small residual network (K. He et al., "Deep residual learning for image
      recognition", 2016), averaged with a kernel classifier on sound textures (``ensemble_share``,
      `woodshed.nets.texture`). It is about as accurate and predicts faster, but takes ten times as long to
      train.
    - Networks read log-mel frames at up to 32 kHz, in windows of two and a half seconds. The mean spectrum
      is a cue to the sound, so it is not subtracted (``channel_norm`` is 0); only the overall level is
      removed. Augmentation: mixed pairs (Y. Tokozume et al., "Learning from between-class examples for deep
      sound recognition", 2018), which prevent overfitting to few recordings; copies at other speeds; less
      warping and noise than for speech. Training windows are cut where there is sound.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(colour="white", seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> recogniser = NoiseRecogniser(net="mlp", width=16, window_s=0.5, epochs=40, n_augmentations=1)
    >>> recogniser = recogniser.fit(clips, ["hiss"] * 4 + ["hum"] * 4)
    >>> recogniser.predict([sine(350)]).tolist()
    ['hum']
    """

    task: ClassVar[str] = "noise"
    highest_rate: ClassVar[int] = 32000
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.1,
        warp=0.05,
        shift_bands=3,
        noise_share=0.1,
        noise_range_db=(20.0, 60.0),
        equaliser_db=3,
        mask_bands=8,
        mask_share=0.15,
        mix=1.0,
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.8, 1.25)
    rows: ClassVar[RowInput] = RowInput("sound-views", n_versions_of_few=5)
    thorough_rows: ClassVar[RowInput | None] = RowInput("sound-views", 5)

    net: str = "kernel-ridge"
    width: int = 16
    window_s: float = 2.5
    n_mels: int = 64
    frame_s: float = 0.046
    hop_s: float = 0.025
    channel_norm: float = 0.0
    ensemble_share: float = 0.5
    n_steps: int = 6000
    batch_size: int = 16
    learning_rate: float = 2e-3
    swa_share: float = 0.33
