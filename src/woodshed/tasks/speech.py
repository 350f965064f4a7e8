"""Speech recognition: single words of a closed vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.recognition.estimator import Recogniser


@dataclass(kw_only=True, eq=False)
class SpeechRecogniser(Recogniser):
    """Recogniser of single words of a closed vocabulary.

    - Net: ``conv-tdnn``, a time-delay network (A. Waibel et al., "Phoneme recognition using time-delay
      neural networks", 1989), which keeps the frequency of each band, since the position of energy in
      frequency determines the vowel (`woodshed.nets.conv_tdnn`). It is averaged with a kernel classifier on
      sound textures (``ensemble_share``, `woodshed.nets.texture`), which makes other errors, and has the
      mean weights of the last quarter of its epochs (``swa_share``).
    - Front end: log-mel frames at up to 16 kHz, in windows of one second. The mean spectrum of each clip is
      subtracted (``channel_norm``), which removes the influence of the microphone and the room.
    - Augmentation: copies at other speeds (T. Ko et al., "Audio augmentation for speech recognition",
      2015), and the default changes of the spectrogram, a scaled vocal tract among them (N. Jaitly and G.
      Hinton, 2013), for generalisation to new speakers.

    Settings: `woodshed.recognition.clip_model.ClipModel`.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.example import Sounds
    >>> some = [example for example in load(sample_folder()).examples if example.label in "07"][::10]
    >>> recogniser = SpeechRecogniser(net="mlp", epochs=2, n_augmentations=1)
    >>> recogniser = recogniser.fit(Sounds(some), [example.label for example in some])
    >>> recogniser.predict_proba(Sounds(some[:3])).shape
    (3, 2)
    """

    task: ClassVar[str] = "speech"
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.85, 1.18)

    net: str = "conv-tdnn"
    width: int = 16
    ensemble_share: float = 0.3
    n_steps: int = 3400
    batch_size: int = 32
    learning_rate: float = 4e-3
    swa_share: float = 0.25
