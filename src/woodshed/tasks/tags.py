"""Tagging of music and sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Tagger
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class TagsTagger(Tagger):
    """Tagger of recordings: drums, fast, female voice; any number of tags may apply, or none.

    - Net: ``kernel-ridge``, one kernel ridge regression (C. Saunders et al., 1998) for each tag. With
      hundreds of recordings it is more accurate after a minute of training than the networks after ten
      (``benchmarks/quality/tags.md``); networks (``--net``) are for tens of thousands of recordings.
    - Front end: `woodshed.features.Views`, one row with four descriptions of a clip; for networks, log-mel
      frames of 64 bands in windows of three seconds.
    - Augmentation: only small changes of the spectrogram, and no copies at other speeds, since tempo and
      pitch may be what a tag describes.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

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
        stretch=0.05, warp=0.02, shift_bands=1, noise_share=0.2, equaliser_db=2, mask_bands=8
    )
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = None
    rows: ClassVar[RowInput] = RowInput("views")

    net: str = "kernel-ridge"
    window_s: float = 3.0
    n_mels: int = 64
    hop_s: float = 0.016
    channel_norm: float = 0.0
    batch_size: int = 32
    n_augmentations: int = 1
