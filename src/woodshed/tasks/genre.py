"""Genre: tell which kind of music a recording is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class GenreRecogniser(Recogniser):
    """Recognise which of several kinds of music a recording belongs to.

    Music is heard in windows of three seconds at up to 22,050 Hz, and the answers over a whole recording are
    averaged. Give the artist or the album as the group: a net that knows an artist's sound names the genre
    of that artist's other songs without having understood any (A. Flexer, "A closer look on artist filters
    for musical genre classification", 2007). Of MIDI files a classical model (``--net logistic``) reads the
    notes, with metre and tempo hidden (`woodshed.features.NoteSummary`); a net hears them played. All
    settings: `woodshed.recognition.estimator.AudioEstimator`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> recogniser = GenreRecogniser(net="svm").fit(clips, ["noise"] * 4 + ["drone"] * 4)
    >>> recogniser.predict([sine(350)]).tolist()
    ['drone']
    """

    task: ClassVar[str] = "genre"
    highest_rate: ClassVar[int] = 22050
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.05,
        warp=0.02,
        shift_bands=1,
        noise_share=0.1,
        noise_range_db=(20.0, 60.0),
        colour_db=3,
        mix=0.4,
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.94, 1.06)

    width: int = 16
    window_s: float = 3.0
    n_mels: int = 64
    frame_s: float = 0.046
    hop_s: float = 0.023
    channel_norm: float = 0.0
    epochs: int = 60
    patience: int = 20
    batch_size: int = 32
    learning_rate: float = 2e-3
    n_augmentations: int = 3
