"""Example: one row to learn from, and the small amount of bookkeeping around many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True)
class Example:
    """One labelled stretch of sound.

    Parameters
    ----------
    path
        The audio file.
    label
        The right answer where there is one; empty for a sound that only has tags or values.
    group
        Who or what it was recorded from: speaker, song, source recording. Examples that share a group
        must not sit on both sides of a split. None when it is not known.
    start_s, end_s
        The stretch of the file, in seconds; ``end_s`` None means to the end.
    split
        The part the corpus itself puts it in: ``train``, ``validation``, ``test``, or the name of a
        fold. None when the corpus says nothing.
    labels
        Its tags: all that are true of it.
    values
        Numbers that belong to it, such as valence and arousal, by name; one that is not known is left out.

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
    """A file that could not be used, and why; the run went on without it."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Corpus:
    """Labelled examples, with what is known about them as a whole.

    Parameters
    ----------
    name
        Short name for headings, such as ``fsdd`` or the name of the folder.
    examples
        The rows, in a fixed order.
    skipped
        What was found and cannot be used.
    folds
        True when ``split`` names the folds of an official cross-validation, False when it names
        ``train`` / ``validation`` / ``test``.
    licence, citation
        One line each; empty when the data are the user's own.
    group_word
        What a group is called: ``speaker``, ``recording``, ``song``.
    unlabelled
        Rows whose label is not known. They are in ``skipped`` too, with that reason, unless somebody takes
        them from there: see `woodshed.recognition.self_training`.
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
        """The label of each example, in order."""
        return [example.label for example in self.examples]

    @property
    def groups(self) -> list[str] | None:
        """The group of each example, or None when no example has one.

        An example without a group, among others that have one, is a group of its own.
        """
        if all(example.group is None for example in self.examples):
            return None
        return [
            example.group if example.group is not None else f"alone {k}"
            for k, example in enumerate(self.examples)
        ]

    @property
    def has_official_split(self) -> bool:
        """Whether every example says which part of the official split it belongs to."""
        return bool(self.examples) and all(example.split is not None for example in self.examples)

    @property
    def tags(self) -> list[str]:
        """All tags of all examples, sorted."""
        return sorted({tag for example in self.examples for tag in example.labels})

    @property
    def targets(self) -> list[str]:
        """The names of all values that some example has, in the order in which they come."""
        return list(dict.fromkeys(name for example in self.examples for name in example.values))

    def without_labels(self) -> Corpus:
        """Return the same without class labels, for a job that learns something else from the sounds.

        Examples
        --------
        >>> corpus = Corpus("some", (Example(Path("a.wav"), "reel", labels=("fast",)),))
        >>> corpus.without_labels().labels, corpus.without_labels().tags
        ([''], ['fast'])
        """
        return replace(self, examples=tuple(replace(example, label="") for example in self.examples))

    def counts(self) -> dict[str, int]:
        """Count the examples of each label, labels in sorted order."""
        return dict(sorted(Counter(self.labels).items()))

    def subset(self, indices: Sequence[int]) -> tuple[Example, ...]:
        """Return the examples at ``indices``."""
        return tuple(self.examples[k] for k in indices)
