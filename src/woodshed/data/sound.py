"""Examples as sound: a sequence that reads each clip when it is asked for, and keeps none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from woodshed.audio.read import read
from woodshed.clip import Clip
from woodshed.data.example import Example


class Sounds(Sequence[Clip]):
    """The clips of some examples, read on access; a corpus larger than memory fits.

    Parameters
    ----------
    examples
        What to read, in order.
    sample_rate
        Rate to resample every clip to, in hertz; None keeps each file's own.

    Raises
    ------
    AudioFileError
        On access, if that file cannot be used; `woodshed.data.check.check` finds such files beforehand.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> sounds = Sounds(load(sample_folder()).examples, sample_rate=16000)
    >>> len(sounds) > 500, sounds[0].sample_rate, len(sounds[:3])
    (True, 16000, 3)
    """

    def __init__(self, examples: Iterable[Example], *, sample_rate: int | None = None) -> None:
        self.examples = tuple(examples)
        self.sample_rate = sample_rate

    def __len__(self) -> int:
        return len(self.examples)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sounds: ...
    def __getitem__(self, index: int | slice) -> Clip | Sounds:
        """Read one clip, or return a shorter sequence without reading anything."""
        if isinstance(index, slice):
            return Sounds(self.examples[index], sample_rate=self.sample_rate)
        example = self.examples[index]
        return read(example.path, sample_rate=self.sample_rate, start_s=example.start_s, end_s=example.end_s)

    def __repr__(self) -> str:
        rate = "own rates" if self.sample_rate is None else f"{self.sample_rate} Hz"
        return f"Sounds({len(self)} clips, {rate})"
