"""Recognition of the kind of noise in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class NoiseColourRecogniser(Recogniser):
    """Recogniser of the noise under speech or music: white, pink, brown, hum, a crowd, animals, or none.

    No labels are needed: ``woodshed train noisy:FOLDER --task noise_colour`` mixes noise into clean
    recordings (`woodshed.data.noisy`). Labelled recordings of noise can be used as well.

    - Net: ``svm``, a support vector machine (C. Cortes and V. Vapnik, 1995).
    - Front end: `woodshed.features.noise_floor.NoiseFloor`, the level that each band keeps nearly all the
      time (R. Martin, "Noise power spectral density estimation based on optimal smoothing and minimum
      statistics", 2001).
    - Augmentation: none for the default, since it would change the noise itself.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

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
        stretch=0.1, warp=0.0, shift_bands=0, noise_share=0.0, equaliser_db=0
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    rows: ClassVar[RowInput] = RowInput("noise-floor")

    net: str = "svm"
    channel_norm: float = 0.0
    n_augmentations: int = 1
