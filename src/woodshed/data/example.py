"""Examples and corpora: labelled segments of sound files, which are read on access."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import woodshed.symbolic as symbolic
from woodshed.audio.edit import resample
from woodshed.audio.read import FileInfo, info, read, read_blocks
from woodshed.clip import Clip
from woodshed.score import MIDI_SUFFIXES


@dataclass(frozen=True)
class Example:
    """One labelled segment of a sound file.

    Parameters
    ----------
    path
        The audio file.
    label
        Its class; empty for a sound with only tags or values.
    group
        Speaker, song or source recording. Examples that share a group must not be on both sides of a split.
        None if unknown.
    start_s, end_s
        Start and end of the segment, in seconds; None is the end of the file.
    split
        Part of the official split: ``train``, ``validation``, ``test``, or the name of a fold. None without
        an official split.
    labels
        All its tags.
    values
        Name -> number, such as valence and arousal, without missing values.

    Examples
    --------
    >>> Example(Path("a.wav"), "seven", group="theo").group
    'theo'
    >>> Example(Path("a.wav"), labels=("drums", "fast"), values={"valence": 0.5}).labels
    ('drums', 'fast')
    """

    path: Path
    label: str = ""
    group: str | None = None
    start_s: float = 0.0
    end_s: float | None = None
    split: str | None = None
    labels: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used, with the reason; the run continued without it."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Corpus:
    """A data set: labelled examples and their common metadata.

    Parameters
    ----------
    name
        Short name for headings, such as ``fsdd`` or the name of the folder.
    examples
        The examples, in a fixed order.
    skipped
        Files that cannot be used.
    folds
        Whether ``Example.split`` contains the folds of an official cross-validation, instead of ``train`` /
        ``validation`` / ``test``.
    licence, citation
        One line each; empty if the data state none.
    group_word
        Word for a group: ``speaker``, ``recording``, ``song``.
    group_reason
        Why these groups are used by default; empty if the data or the user define them.
    single_source
        Whether all sounds are from one source, such as one sampler, so that even held-out groups show
        nothing about another: confidences are then not raised (`woodshed.metrics.calibration`).
    unlabelled
        Examples without a label. They are also in ``skipped``, unless self-training uses them
        (`woodshed.recognition.self_training`).
    """

    name: str
    examples: tuple[Example, ...]
    skipped: tuple[Skipped, ...] = ()
    folds: bool = False
    licence: str = ""
    citation: str = ""
    group_word: str = "group"
    unlabelled: tuple[Example, ...] = ()
    group_reason: str = ""
    single_source: bool = False

    @property
    def labels(self) -> list[str]:
        """Label of each example, in order."""
        return [example.label for example in self.examples]

    @property
    def groups(self) -> list[str] | None:
        """Group of each example, or None if no example has one.

        If only some examples have a group, each of the others is a group of its own.
        """
        if all(example.group is None for example in self.examples):
            return None
        return [
            example.group if example.group is not None else f"alone {k}"
            for k, example in enumerate(self.examples)
        ]

    @property
    def has_official_split(self) -> bool:
        """Whether every example is in a part of the official split."""
        return bool(self.examples) and all(example.split is not None for example in self.examples)

    @property
    def tags(self) -> list[str]:
        """All tags of all examples, sorted."""
        return sorted({tag for example in self.examples for tag in example.labels})

    @property
    def targets(self) -> list[str]:
        """Names of the values that at least one example has, in order of appearance."""
        return list(dict.fromkeys(name for example in self.examples for name in example.values))

    def without_labels(self) -> Corpus:
        """Return the corpus without class labels, for tasks with other targets.

        Examples
        --------
        >>> corpus = Corpus("some", (Example(Path("a.wav"), "reel", labels=("fast",)),))
        >>> corpus.without_labels().labels, corpus.without_labels().tags
        ([''], ['fast'])
        """
        return replace(self, examples=tuple(replace(example, label="") for example in self.examples))

    def counts(self) -> dict[str, int]:
        """Return the number of examples of each label, sorted by label."""
        return dict(sorted(Counter(self.labels).items()))

    def subset(self, indices: Sequence[int]) -> tuple[Example, ...]:
        """Return the examples at ``indices``."""
        return tuple(self.examples[k] for k in indices)


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
    return symbolic.play(symbolic.read_midi(path)) if is_score(path) else read(path)


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


def header_of(path: Path) -> FileInfo | None:
    """Return the header of an audio file, or None for a MIDI file."""
    return None if is_score(path) else info(path)


def own_rate(path: Path) -> int:
    """Return the sample rate of an audio file, or the rate of rendered notes, in hertz."""
    return symbolic.RENDER_RATE if is_score(path) else info(path).sample_rate


def duration_s(example: Example) -> float:
    """Return the duration of an example, in seconds."""
    if example.end_s is not None:
        return example.end_s - example.start_s
    whole = symbolic.read_midi(example.path) if is_score(example.path) else info(example.path)
    return whole.duration_s - example.start_s


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
