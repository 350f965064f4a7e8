"""Signal-to-noise ratio: tell how far a recording rises above the noise under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.regressor import Regressor
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class SnrRegressor(Regressor):
    """Measure the signal-to-noise ratio of a recording, in decibels.

    The ratio is that of the mean power of the sound to that of the noise, over the whole recording. To
    learn it, ``woodshed train noisy:FOLDER --task snr`` mixes noise onto clean recordings, from -5 to 30 dB
    (`woodshed.data.noisy`). The default is no net but a support vector regression on what each band keeps up
    all the time (`NoiseFloor`); it knows the kinds of sound and noise that it was made from. All settings:
    `woodshed.recognition.estimator.AudioEstimator`.

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
        stretch=0.1, warp=0.0, shift_bands=0, noise_share=0.0, colour_db=0
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    row_front_end: ClassVar[str] = "noise-floor"

    net: str = "svm"
    channel_norm: float = 0.0
    n_augmentations: int = 1
