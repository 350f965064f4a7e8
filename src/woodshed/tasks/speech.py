"""Speech of a closed vocabulary: tell which word it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.audio.augmentation import Speed, WaveformAugmentation
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import SpectrogramAugmentation


@dataclass(kw_only=True, eq=False)
class SpeechRecogniser(Recogniser):
    """Recognise which word of a closed vocabulary a short recording holds.

    Made for voices it has not heard: the colour of microphone and room is taken out of every clip
    (``channel_norm``), training copies are played faster and slower and read as if by longer and shorter
    vocal tracts, and the default net reads all bands of a moment together (`woodshed.nets.conv_tdnn`).
    Words are heard in a window of one second at up to 16 kHz. All settings: `Recogniser`.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sound import Sounds
    >>> some = [example for example in load(sample_folder()).examples if example.label in "07"][::10]
    >>> recogniser = SpeechRecogniser(net="mlp", epochs=2, n_augmentations=1)
    >>> recogniser = recogniser.fit(Sounds(some), [example.label for example in some])
    >>> recogniser.predict_proba(Sounds(some[:3])).shape
    (3, 2)
    """

    task: ClassVar[str] = "speech"
    highest_rate: ClassVar[int] = 16000
    spectrogram_augmentation: ClassVar[SpectrogramAugmentation] = SpectrogramAugmentation()
    waveform_augmentation: ClassVar[WaveformAugmentation | None] = Speed(0.85, 1.18)

    net: str = "conv-tdnn"
    epochs: int = 60
    patience: int = 20
    batch_size: int = 32
    learning_rate: float = 4e-3
