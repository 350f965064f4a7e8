"""Noise colour: tell which kind of noise lies under a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class NoiseColourRecogniser(Recogniser):
    """Recognise the noise under speech or music: white, pink or brown, hum, a crowd or animals, or none.

    Nobody needs to label anything: ``woodshed train noisy:FOLDER --task noise_colour`` mixes noise onto clean
    recordings (`woodshed.data.noisy`). The default is no net but a support vector machine on what each band
    keeps up all the time (`NoiseFloor`). Own recordings of noise are learned just as well. All settings:
    `woodshed.recognition.estimator.AudioEstimator`.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> clips = [noise(colour, seed=k) for colour in ("white", "brown") for k in range(4)]
    >>> recogniser = NoiseColourRecogniser().fit(clips, ["white"] * 4 + ["brown"] * 4)
    >>> recogniser.predict([noise("brown", seed=9)]).tolist()
    ['brown']
    """

    task: ClassVar[str] = "noise_colour"
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.1, warp=0.0, shift_bands=0, noise_share=0.0, colour_db=0
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    row_front_end: ClassVar[str] = "noise-floor"

    net: str = "svm"
    channel_norm: float = 0.0
    n_augmentations: int = 1
