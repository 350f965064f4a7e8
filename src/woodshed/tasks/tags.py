"""Tags of music and sound: tell which of many words apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.tagger import Tagger
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class TagsTagger(Tagger):
    """Tag recordings: drums, fast, female voice; several may apply, or none.

    The default is no net but a kernel ridge for each tag on four views of a sound (`Views`): of hundreds of
    recordings it learns in a minute what the nets did not learn in ten (``benchmarks/quality/tags.md``).
    ``--net`` takes the nets as well, which are for tens of thousands of recordings; they hear windows of
    three seconds with 64 bands, as music taggers do. Copies are not played faster or slower, since tempo and
    pitch may be what a tag says. All settings: `woodshed.recognition.estimator.AudioEstimator`.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(4)] + [sine(300 + 20 * k) for k in range(4)]
    >>> tagger = TagsTagger().fit(clips, [["hiss"]] * 4 + [["hum", "steady"]] * 4)
    >>> sorted(next(tagger.predictions([sine(350)])).tags)
    ['hum', 'steady']
    """

    task: ClassVar[str] = "tags"
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation(
        stretch=0.05, warp=0.02, shift_bands=1, noise_share=0.2, colour_db=2, mask_bands=8
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    row_front_end: ClassVar[str] = "views"

    net: str = "kernel-ridge"
    window_s: float = 3.0
    n_mels: int = 64
    hop_s: float = 0.016
    channel_norm: float = 0.0
    epochs: int = 60
    patience: int = 15
    batch_size: int = 32
    n_augmentations: int = 1
