"""Musical instrument: tell which one plays."""

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
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation

_ELSEWHERE = Chain(
    (
        Chain((Tone(10.0),), probability=0.8),
        Chain((Room(0.2, 1.2, 0.0, 20.0),), probability=0.5),
        Chain((Band(),), probability=0.3),
        Chain((Noise(15.0, 50.0),), probability=0.5),
    )
)
"""Another microphone, another room, a narrower band, some noise."""


@dataclass(kw_only=True, eq=False)
class InstrumentRecogniser(Recogniser):
    """Recognise which musical instrument plays alone, in a note or in a phrase.

    Recordings of notes are few and even. The default is therefore no net but a kernel ridge on four views of
    a sound (`Views`; one of them is how partials are balanced and move), which learns from each recording and
    from four copies of it: at other pitches and levels, without the attack, strung together to short phrases,
    and as if recorded elsewhere. It knows other recordings of the players it learned from well, and other
    players or samplers less well (``benchmarks/quality/instrument.md``): learn from several, if there are.
    ``--net`` takes the nets as well. All settings: `woodshed.recognition.estimator.AudioEstimator`.

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
        colour_db=3,
        mix=1.0,
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Chain(
        (
            Speed(0.7, 1.4),
            Chain((Phrase(6, 4.0),), probability=0.55),
            Chain((Attack(),), probability=0.4),
            Chain((_ELSEWHERE,), probability=0.7),
            Gain(-20.0, 12.0),
        )
    )
    row_front_end: ClassVar[str] = "views"
    n_augmented_rows: ClassVar[int] = 5

    net: str = "kernel-ridge"
    width: int = 16
    window_s: float = 0.8
    n_mels: int = 64
    frame_s: float = 0.064
    hop_s: float = 0.025
    channel_norm: float = 0.0
    epochs: int = 60
    batch_size: int = 16
