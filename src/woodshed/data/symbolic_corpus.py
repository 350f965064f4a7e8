"""Repertoire: pieces to learn from in the words of a job, with their families, and what cannot be used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.data.example import Skipped
from woodshed.errors import (
    DataError,
    ParameterError,
    ScoreError,
    WoodshedError,
    counted,
    near_miss,
    printable,
)
from woodshed.features.chroma import PITCH_CLASSES
from woodshed.features.key import key_of_pitch_classes
from woodshed.score import DRUM_CHANNEL, FIFTHS_ABOVE, Key, Score
from woodshed.symbolic.file import SCORE_SUFFIXES, read_scores

PARTS = ("train", "validation", "test")

LEAST_FAMILIES = 3
"""With fewer families nothing can be held out both to choose the weights and to test."""


@dataclass(frozen=True)
class SymbolicCorpus:
    """Pieces that can be learned from.

    Parameters
    ----------
    name
        What it is called, such as ``jsb_chorales``.
    pieces
        In the form that the job learns from; no two are equal.
    titles
        One for each.
    families
        One for each: versions of one piece have the same, and are learned from or held out together.
    parts
        Of an official split, ``train``, ``validation`` or ``test`` for each; empty if there is none.
    skipped
        Files, or pieces of them, that cannot be used, and why.
    n_copies
        How many were left out because they are there already.
    licence, citation
        As far as they are known.

    Raises
    ------
    DataError
        If there is no piece.
    """

    name: str
    pieces: tuple[Any, ...]
    titles: tuple[str, ...]
    families: tuple[str, ...]
    parts: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    n_copies: int = 0
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        if not self.pieces:
            why = f" The first: {printable(self.skipped[0].reason)}" if self.skipped else ""
            raise DataError(
                f"{printable(self.name)}: there is nothing to learn from; "
                f"{counted(len(self.skipped), 'piece')} cannot be used.{why}"
            )

    def divide(self, *, test: float = 0.1, validation: float = 0.05, seed: int = 0) -> dict[str, list[int]]:
        """Deal the pieces to learn from, to choose the weights by and to test on; whole families each.

        Parameters
        ----------
        test, validation
            Shares of the pieces, where there is no official split.
        seed
            Deals the families.

        Returns
        -------
        dict
            Name of the part -> numbers of its pieces. With too few families, or a share of 0, one is empty.

        Examples
        --------
        >>> pieces = tuple("abcdefgh")
        >>> dealt = SymbolicCorpus("r", pieces, pieces, tuple("11223344")).divide(test=0.25, validation=0.25)
        >>> [len(dealt[part]) for part in PARTS]
        [4, 2, 2]
        """
        if self.parts:
            return {part: [k for k, own in enumerate(self.parts) if own == part] for part in PARTS}
        members: dict[str, list[int]] = {}
        for k, family in enumerate(self.families):
            members.setdefault(family, []).append(k)
        order = [list(members.values())[k] for k in np.random.default_rng(seed).permutation(len(members))]
        dealt: dict[str, list[int]] = {part: [] for part in PARTS}
        if len(members) >= LEAST_FAMILIES:
            for part, share in (("test", test), ("validation", validation)):
                n_wanted = max(1, round(share * len(self.pieces))) if share else 0
                for members_of in list(order):
                    if len(dealt[part]) >= n_wanted or len(order) <= 1:
                        break
                    if len(members_of) <= max(1, n_wanted - len(dealt[part])):
                        dealt[part] += members_of
                        order.remove(members_of)
        dealt["train"] = [k for members_of in order for k in members_of]
        return {part: sorted(numbers) for part, numbers in dealt.items()}


def source_of(text: str, known: Sequence[str]) -> tuple[str, str]:
    """Read what a user names to learn from: a corpus with its folder, a collection, or a folder.

    Parameters
    ----------
    text
        ``NAME:PATH``, ``NAME`` or a path.
    known
        Names of corpora and collections that the job can read.

    Returns
    -------
    name, path
        A folder that is no known corpus has no name; a collection has no path.

    Raises
    ------
    DataError
        If it is neither known nor there.

    Examples
    --------
    >>> source_of("nottingham:music/nottingham", ["nottingham", "folk"])
    ('nottingham', 'music/nottingham')
    >>> source_of("folk", ["nottingham", "folk"])
    ('folk', '')
    """
    if Path(text).exists():
        return "", text
    name, colon, path = text.partition(":")
    if name in known:
        return name, path
    what = f"corpus {name!r} of this job" if colon else "folder or collection"
    raise DataError(
        f"{printable(text)}: there is no such {what}. {near_miss(name, known)} Or give a folder of ABC, MIDI "
        "or MusicXML files."
    )


def score_paths(place: str | os.PathLike[str]) -> list[Path]:
    """List the score files of a folder, inner ones too; a single file is a list of one.

    Raises
    ------
    DataError
        If there are none.
    """
    root = Path(place)
    if root.is_file():
        return [root]
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SCORE_SUFFIXES)
    if not paths:
        raise DataError(
            f"{printable(root)}: there are no score files ({', '.join(SCORE_SUFFIXES)}). Give their folder."
        )
    return paths


def each_usable(
    paths: Iterable[Path], read: Callable[[Path], Iterable[Any]], skipped: list[Skipped]
) -> Iterator[Any]:
    """Yield what is read of each file; one that cannot be is named and set aside, and the rest goes on."""
    for path in paths:
        try:
            yield from read(path)
        except WoodshedError as error:
            skipped.append(Skipped(path, getattr(error, "reason", str(error))))
        except (OSError, RecursionError) as error:
            skipped.append(Skipped(path, f"it cannot be read ({error})"))


def scores_with_keys(path: Path) -> list[Score]:
    """Read the pieces of a file, repeats not played; one without a key gets that which fits its notes best.

    Raises
    ------
    ScoreError
        If it cannot be read.
    """
    return [score if score.keys else _with_key(score) for score in read_scores(path, repeats=False)]


def _with_key(score: Score) -> Score:
    weights = np.zeros(12)
    for note in score.notes:
        if note.channel != DRUM_CHANNEL:
            weights[note.pitch_midi % 12] += note.duration_beats
    try:
        guess = key_of_pitch_classes(weights)
    except ParameterError as error:
        raise ScoreError(f"{printable(score.source)} says no key, and its notes tell none.") from error
    n_sharps = (7 * PITCH_CLASSES.index(guess.name) - FIFTHS_ABOVE[guess.mode] + 5) % 12 - 5
    return replace(score, keys=[Key(0, n_sharps, guess.mode)])
