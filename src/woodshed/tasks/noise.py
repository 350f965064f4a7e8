"""Environmental sound and noise: tell which sound it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class NoiseRecogniser(Recogniser):
    """Recognise which of several sounds of the world a recording holds: rain, a dog, a clock, a drill.

    Sounds are heard in windows of two and a half seconds at up to 32 kHz; while learning, a window is cut
    where something can be heard. Unlike in speech the colour of a sound is part of what it is, so it is
    kept (``channel_norm`` is 0; the overall level still does not matter), and training windows are warped
    less and get less noise. Two of them are played at once (`woodshed.recognition.window.mix_pairs`), which keeps
    the net from learning few recordings by heart. A second opinion has half the say: a kernel machine on
    how the bands of a window move (`woodshed.nets.texture`). Without a net, and about as good, learns
    ``net="kernel-ridge"``: it compares whole clips in four views (`woodshed.features.Views`), also with
    copies that are played a little faster or slower. It learns sooner and answers later. All settings:
    `Recogniser`.

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
        colour_db=3,
        mask_bands=8,
        mask_share=0.15,
        mix=1.0,
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.8, 1.25)
    row_front_end: ClassVar[str] = "views"
    n_augmented_rows: ClassVar[int] = 5

    net: str = "conv-residual"
    width: int = 16
    window_s: float = 2.5
    n_mels: int = 64
    frame_s: float = 0.046
    hop_s: float = 0.025
    channel_norm: float = 0.0
    ensemble_share: float = 0.5
    epochs: int = 300
    patience: int = 60
    batch_size: int = 16
    learning_rate: float = 2e-3
    swa_share: float = 0.33
