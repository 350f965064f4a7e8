"""Examples as sound: a sequence that reads each clip when it is asked for, and keeps none.

What an example is decides how it is heard: a sound file is read, a MIDI file is played
(`woodshed.symbolic.play.play`), and a made-up example is its file after a change.
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
    """An example that is its file after a change: nothing is written, it is made when it is heard.

    Parameters
    ----------
    change
        ``Clip -> Clip``, a frozen dataclass: its settings are part of what the example is.
    """

    change: Callable[[Clip], Clip] | None = None


def is_score(path: str | os.PathLike[str]) -> bool:
    """Tell by the ending whether a file holds notes.

    Examples
    --------
    >>> is_score("tune.MID"), is_score("tune.wav")
    (True, False)
    """
    return Path(path).suffix.lower() in MIDI_SUFFIXES


def is_made(example: Example) -> bool:
    """Whether an example is made when it is heard: notes that are played, or a file that is changed."""
    return is_score(example.path) or isinstance(example, ChangedExample)


def hear_file(path: str | os.PathLike[str]) -> Clip:
    """Read a sound file, or play a MIDI file.

    Raises
    ------
    AudioFileError
        If it is a sound file and cannot be used.
    ScoreFileError
        If it is a MIDI file and cannot be used; one without notes cannot.
    """
    return play(read_midi(path)) if is_score(path) else read(path)


def read_example(example: Example, *, sample_rate: int | None = None, mono: bool = False) -> Clip:
    """Read what an example is: the stretch of its file, played if it is notes, changed if it is made up.

    Parameters
    ----------
    example
        What to read.
    sample_rate
        Rate to resample to, in hertz; None keeps the file's own.
    mono
        Whether the channels are averaged.

    Raises
    ------
    AudioFileError, ScoreFileError
        As for `hear_file`.
    """
    change = example.change if isinstance(example, ChangedExample) else None
    start_s, end_s = example.start_s, example.end_s
    if is_score(example.path):
        clip = hear_file(example.path)
        clip = clip if (start_s, end_s) == (0.0, None) else clip.cut(start_s, end_s)
    elif change is None:
        return read(example.path, sample_rate=sample_rate, mono=mono, start_s=start_s, end_s=end_s)
    else:
        clip = read(example.path, start_s=start_s, end_s=end_s)
    clip = clip if change is None else change(clip)
    clip = replace(clip, samples=clip.mono()) if mono and clip.n_channels > 1 else clip
    return clip if sample_rate is None else resample(clip, sample_rate)


def example_blocks(example: Example) -> Iterator[Clip]:
    """Yield the sound of an example, a long file in blocks; raises what `read_example` raises."""
    if is_made(example):
        yield read_example(example)
    else:
        yield from read_blocks(example.path, start_s=example.start_s, end_s=example.end_s)


def codec_of(path: Path) -> str:
    """Return how a sound file holds its samples; ``MIDI`` if it holds notes."""
    return "MIDI" if is_score(path) else info(path).codec


def own_rate(path: Path) -> int:
    """Return the rate of a sound file, or that at which notes are played, in hertz."""
    return RENDER_RATE if is_score(path) else info(path).sample_rate


def duration_s(example: Example) -> float:
    """Return the length of an example, in seconds."""
    if example.end_s is not None:
        return example.end_s - example.start_s
    whole_s = read_midi(example.path).duration_s if is_score(example.path) else info(example.path).duration_s
    return whole_s - example.start_s


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
    AudioFileError, ScoreFileError
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
        return read_example(self.examples[index], sample_rate=self.sample_rate)

    def __repr__(self) -> str:
        rate = "own rates" if self.sample_rate is None else f"{self.sample_rate} Hz"
        return f"Sounds({len(self)} clips, {rate})"
