"""Musical instrument recognition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import (
    Attack,
    Band,
    Chain,
    Gain,
    Noise,
    Phrase,
    Room,
    Speed,
    Tone,
    WaveformAugmentation,
)
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation

_OTHER_RECORDING = Chain(
    (
        Chain((Tone(10.0),), probability=0.8),
        Chain((Room(0.2, 1.2, 0.0, 20.0),), probability=0.5),
        Chain((Band(),), probability=0.3),
        Chain((Noise(15.0, 50.0),), probability=0.5),
    )
)
"""Another microphone and room, a narrower band, and noise."""


@dataclass(kw_only=True, eq=False)
class InstrumentRecogniser(Recogniser):
    """Recogniser of the instrument that plays alone, in a note or a phrase.

    - Net: ``kernel-ridge``, kernel ridge regression (C. Saunders et al., 1998), since corpora of single
      notes are small and uniform (`woodshed.recognition.classical.kernel_ridge`).
    - Front end: `woodshed.features.Views`, one row with four descriptions of a clip; one of them is the
      balance of the partials and its course.
    - Augmentation: four copies of each recording at other pitches and levels, without the attack, as short
      phrases, and with the response of other rooms and microphones.

    Accuracy is high for other recordings of the players in the training data and lower for other players or
    samplers (``benchmarks/quality/instrument.md``), so train on several if possible.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> recogniser = InstrumentRecogniser().fit(clips, ["shaker"] * 4 + ["flute"] * 4)
    >>> recogniser.predict([sine(350)]).tolist()
    ['flute']
    """

    task: ClassVar[str] = "instrument"
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.1,
        warp=0.05,
        shift_bands=1.5,
        noise_share=0.3,
        noise_range_db=(20.0, 60.0),
        equaliser_db=3,
        mix=1.0,
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Chain(
        (
            Speed(0.7, 1.4),
            Chain((Phrase(6, 4.0),), probability=0.55),
            Chain((Attack(),), probability=0.4),
            Chain((_OTHER_RECORDING,), probability=0.7),
            Gain(-20.0, 12.0),
        )
    )
    rows: ClassVar[RowInput] = RowInput("views", 5)

    net: str = "kernel-ridge"
    width: int = 16
    window_s: float = 0.8
    n_mels: int = 64
    frame_s: float = 0.064
    hop_s: float = 0.025
    channel_norm: float = 0.0
    batch_size: int = 16
