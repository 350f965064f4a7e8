"""Music genre recognition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class GenreRecogniser(Recogniser):
    """Recogniser of the genre of a recording of music.

    Use the artist or the album as the group: a network that recognises the sound of an artist finds the
    genre of other songs by that artist without any other cue (A. Flexer, "A closer look on artist filters
    for musical genre classification", 2007).

    - Net: ``conv-residual``, a small residual network (K. He et al., "Deep residual learning for image
      recognition", 2016); its outputs are averaged over the whole recording.
    - Front end: log-mel frames at up to 22,050 Hz, in windows of three seconds. For MIDI files, a classical
      estimator (``--net logistic``) uses the notes, without metre and tempo
      (`woodshed.features.notes.NoteSummary`); a network uses the rendered sound.
    - Augmentation: small changes of speed, tempo and frequency only, since both are cues to the genre, and
      mixed pairs (Y. Tokozume et al., "Learning from between-class examples for deep sound recognition",
      2018).

    Settings: `woodshed.recognition.clip_model.ClipModel`.

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
        equaliser_db=3,
        mix=0.4,
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.94, 1.06)

    width: int = 16
    window_s: float = 3.0
    n_mels: int = 64
    frame_s: float = 0.046
    hop_s: float = 0.023
    channel_norm: float = 0.0
    batch_size: int = 32
    learning_rate: float = 2e-3
    n_augmentations: int = 3
