"""Examples as clips, read on access.

Audio files are read, MIDI files are rendered (`woodshed.symbolic.play.play`), and synthetic examples are
transformed after reading.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

from woodshed.audio.edit import resample
from woodshed.audio.read import info, read, read_blocks
from woodshed.clip import Clip
from woodshed.data.example import Example
from woodshed.symbolic.midi import MIDI_SUFFIXES, read_midi
from woodshed.symbolic.play import RENDER_RATE, play


@dataclass(frozen=True)
class ChangedExample(Example):
    """A synthetic example: a file and a transformation that is applied when it is read.

    Parameters
    ----------
    change
        ``Clip -> Clip``, a frozen dataclass; its settings are part of the example.
    """

    change: Callable[[Clip], Clip] | None = None


def is_score(path: str | os.PathLike[str]) -> bool:
    """Return whether a file contains notes, by its suffix.

    Examples
    --------
    >>> is_score("tune.MID"), is_score("tune.wav")
    (True, False)
    """
    return Path(path).suffix.lower() in MIDI_SUFFIXES


def is_made(example: Example) -> bool:
    """Return whether an example is synthesised when it is read: rendered notes or a transformed file."""
    return is_score(example.path) or isinstance(example, ChangedExample)


def read_or_render(path: str | os.PathLike[str]) -> Clip:
    """Read an audio file, or render a MIDI file.

    Raises
    ------
    AudioFileError
        If it is an audio file that cannot be used.
    ScoreFileError
        If it is a MIDI file that cannot be used or has no notes.
    """
    return play(read_midi(path)) if is_score(path) else read(path)


def read_example(example: Example, *, sample_rate: int | None = None, mono: bool = False) -> Clip:
    """Read the segment of an example; MIDI files are rendered, synthetic examples transformed.

    Parameters
    ----------
    example
        The example.
    sample_rate
        Rate to resample to, in hertz; None keeps that of the file.
    mono
        Whether to average the channels.

    Raises
    ------
    AudioFileError, ScoreFileError
        As for `read_or_render`.
    """
    change = example.change if isinstance(example, ChangedExample) else None
    start_s, end_s = example.start_s, example.end_s
    if is_score(example.path):
        clip = read_or_render(example.path)
        clip = clip if (start_s, end_s) == (0.0, None) else clip.cut(start_s, end_s)
    elif change is None:
        return read(example.path, sample_rate=sample_rate, mono=mono, start_s=start_s, end_s=end_s)
    else:
        clip = read(example.path, start_s=start_s, end_s=end_s)
    clip = clip if change is None else change(clip)
    clip = replace(clip, samples=clip.mono()) if mono and clip.n_channels > 1 else clip
    return clip if sample_rate is None else resample(clip, sample_rate)


def example_blocks(example: Example) -> Iterator[Clip]:
    """Yield the clip of an example in blocks.

    Raises
    ------
    AudioFileError, ScoreFileError
        As for `read_or_render`.
    """
    if is_made(example):
        yield read_example(example)
    else:
        yield from read_blocks(example.path, start_s=example.start_s, end_s=example.end_s)


def codec_of(path: Path) -> str:
    """Return the codec of an audio file, or ``MIDI``."""
    return "MIDI" if is_score(path) else info(path).codec


def own_rate(path: Path) -> int:
    """Return the sample rate of an audio file, or the rate of rendered notes, in hertz."""
    return RENDER_RATE if is_score(path) else info(path).sample_rate


def duration_s(example: Example) -> float:
    """Return the duration of an example, in seconds."""
    if example.end_s is not None:
        return example.end_s - example.start_s
    file_s = read_midi(example.path).duration_s if is_score(example.path) else info(example.path).duration_s
    return file_s - example.start_s


class Sounds(Sequence[Clip]):
    """A sequence of clips, read on access, so that a data set need not fit into memory.

    Parameters
    ----------
    examples
        The examples, in order.
    sample_rate
        Rate to resample every clip to, in hertz; None keeps that of each file.

    Raises
    ------
    AudioFileError, ScoreFileError
        On access, if the file cannot be used; `woodshed.data.check.check` finds such files in advance.

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
        """Read one clip, or return a subsequence without reading."""
        if isinstance(index, slice):
            return Sounds(self.examples[index], sample_rate=self.sample_rate)
        return read_example(self.examples[index], sample_rate=self.sample_rate)

    def __repr__(self) -> str:
        rate = "own rates" if self.sample_rate is None else f"{self.sample_rate} Hz"
        return f"Sounds({len(self)} clips, {rate})"
