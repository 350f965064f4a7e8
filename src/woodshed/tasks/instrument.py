"""Musical instrument: tell which one plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augment import Chain, Change, Gain, Speed
from woodshed.audio.room import Phrase
from woodshed.base.recogniser import Recogniser
from woodshed.base.window import Variation


@dataclass(kw_only=True, eq=False)
class InstrumentRecogniser(Recogniser):
    """Recognise which musical instrument plays alone, in a note or in a phrase.

    Recordings of notes are few and even. The default is therefore no net but a support vector machine,
    which learns from each recording and from four copies of it: at other levels and pitches, and strung
    together to short phrases (`woodshed.audio.room.Phrase`). It knows the recordings it learned from well
    and those of other players or samplers much less (``benchmarks/quality/instrument.md``): learn from
    recordings like those that will be asked about. ``--net`` takes the nets as well. All settings:
    `woodshed.base.listener.Listener`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> recogniser = InstrumentRecogniser().fit(clips, ["shaker"] * 4 + ["flute"] * 4)
    >>> recogniser.predict([sine(350)]).tolist()
    ['flute']
    """

    job: ClassVar[str] = "instrument"
    variation: ClassVar[Variation] = Variation(
        stretch=0.1,
        warp=0.05,
        shift_bands=1.5,
        noise_share=0.3,
        noise_range_db=(20.0, 60.0),
        colour_db=3,
        mix=1.0,
    )
    change: ClassVar[Change | None] = Chain(
        (Gain(-20.0, 12.0), Speed(0.75, 1.33), Chain((Phrase(),), probability=0.5))
    )
    n_row_versions: ClassVar[int] = 5

    net: str = "svm"
    width: int = 16
    window_s: float = 0.8
    n_mels: int = 64
    frame_s: float = 0.064
    hop_s: float = 0.025
    colour_norm: float = 0.0
    epochs: int = 60
    batch_size: int = 16
