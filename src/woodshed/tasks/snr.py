"""Estimation of the signal-to-noise ratio of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Regressor
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class SnrRegressor(Regressor):
    """Regressor of the signal-to-noise ratio of a recording, in decibels.

    It is the ratio of the mean powers of the signal and the noise over the whole recording. For training,
    ``woodshed train noisy:FOLDER --task snr`` mixes noise into clean recordings at -5 to 30 dB
    (`woodshed.data.noisy`); estimates are valid for the kinds of sound and noise of the training data.

    - Net: ``svm``, support vector regression.
    - Front end: `woodshed.features.noise_floor.NoiseFloor`, the level that each band keeps nearly all the
      time (R. Martin, "Noise power spectral density estimation based on optimal smoothing and minimum
      statistics", 2001).
    - Augmentation: none for the default, since it would change the ratio.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.audio import clicks
    >>> from woodshed.data.noisy import Mix
    >>> clean = clicks(0.25, sample_rate=8000)
    >>> clips = [Mix("pink", float(k), k)(clean) for k in range(0, 30, 2)]
    >>> regressor = SnrRegressor().fit(clips, [{"snr_db": k} for k in range(0, 30, 2)])
    >>> bool(abs(regressor.predict([Mix("pink", 15.0, 99)(clean)])[0, 0] - 15) < 3)
    True
    """

    task: ClassVar[str] = "snr"
    names: ClassVar[tuple[str, ...]] = ("snr_db",)
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.1, warp=0.0, shift_bands=0, noise_share=0.0, equaliser_db=0
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    rows: ClassVar[RowInput] = RowInput("noise-floor")

    net: str = "svm"
    channel_norm: float = 0.0
    n_augmentations: int = 1
