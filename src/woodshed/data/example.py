"""Examples and corpora: labelled segments of sound files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path


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
        One line each; empty for your own data.
    group_word
        Word for a group: ``speaker``, ``recording``, ``song``.
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
