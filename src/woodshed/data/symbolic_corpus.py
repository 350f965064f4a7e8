"""Symbolic corpora: pieces in the representation of a task, with their families and the skipped files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import woodshed.symbolic as symbolic
from woodshed.data.corpora import split_name
from woodshed.data.corpora.nottingham import tune_family
from woodshed.data.example import Skipped
from woodshed.data.licence import licence_beside
from woodshed.errors import (
    DataError,
    ParameterError,
    ScoreError,
    ScoreFileError,
    WoodshedError,
    counted,
    near_miss,
    printable,
)
from woodshed.score import DRUM_CHANNEL, Key, Score
from woodshed.symbolic.notation import sharps_of_pitch_class

if TYPE_CHECKING:
    from woodshed.data.corpora.jsb_chorales import Chorale

PARTS = ("train", "validation", "test")

LEAST_FAMILIES = 3
"""Minimum number of families for holding out both a validation and a test part."""


@dataclass(frozen=True)
class SymbolicCorpus:
    """Pieces of music for training.

    Parameters
    ----------
    name
        Name of the corpus, such as ``jsb_chorales``.
    pieces
        Distinct pieces in the representation of the task.
    titles
        Title of each piece.
    families
        Family of each piece: variants of one piece share it and are always in the same part of a split.
    parts
        Part of the official split of each piece, ``train``, ``validation`` or ``test``; empty without one.
    skipped
        Files, or pieces in them, that cannot be used, with the reason.
    n_copies
        Number of duplicates left out.
    licence, citation
        Empty if unknown.

    Raises
    ------
    DataError
        If there are no pieces.
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
            first = f" The first: {printable(self.skipped[0].reason)}" if self.skipped else ""
            raise DataError(
                f"{printable(self.name)}: there is nothing to learn from; "
                f"{counted(len(self.skipped), 'piece')} cannot be used.{first}"
            )

    def divide(self, *, test: float = 0.1, validation: float = 0.05, seed: int = 0) -> dict[str, list[int]]:
        """Split the pieces into training, validation and test parts, keeping families together.

        Parameters
        ----------
        test, validation
            Shares of the pieces, if there is no official split.
        seed
            Seed of the shuffle of the families.

        Returns
        -------
        dict
            Name of the part -> indices of its pieces. A part is empty with too few families or a share of 0.

        Examples
        --------
        >>> pieces = tuple("abcdefgh")
        >>> split = SymbolicCorpus("r", pieces, pieces, tuple("11223344")).divide(test=0.25, validation=0.25)
        >>> [len(split[part]) for part in PARTS]
        [4, 2, 2]
        """
        if self.parts:
            return {part: [k for k, name in enumerate(self.parts) if name == part] for part in PARTS}
        members: dict[str, list[int]] = {}
        for k, family in enumerate(self.families):
            members.setdefault(family, []).append(k)
        shuffled = [list(members.values())[k] for k in np.random.default_rng(seed).permutation(len(members))]
        split: dict[str, list[int]] = {part: [] for part in PARTS}
        if len(members) >= LEAST_FAMILIES:
            for part, share in (("test", test), ("validation", validation)):
                n_target = max(1, round(share * len(self.pieces))) if share else 0
                for indices in list(shuffled):
                    if len(split[part]) >= n_target or len(shuffled) <= 1:
                        break
                    if len(indices) <= max(1, n_target - len(split[part])):
                        split[part] += indices
                        shuffled.remove(indices)
        split["train"] = [k for indices in shuffled for k in indices]
        return {part: sorted(indices) for part, indices in split.items()}


def jsb_corpus(place: str, grid: str, piece_of: Callable[[Chorale], Any]) -> SymbolicCorpus:
    """Read the JSB chorales with their official split.

    Parameters
    ----------
    place
        Folder of the corpus.
    grid
        ``quarter`` or ``sixteenth``; see `woodshed.data.corpora.jsb_chorales.chorales`.
    piece_of
        Returns the representation of the task of a chorale.
    """
    from woodshed.data.corpora import jsb_chorales

    rows = [
        (piece_of(piece), f"chorale {k} of the {part} part", part)
        for part in PARTS
        for k, piece in enumerate(jsb_chorales.chorales(place, part, grid=grid), start=1)
    ]
    pieces, titles, parts = zip(*rows, strict=True)
    return SymbolicCorpus(
        "jsb_chorales",
        pieces,
        titles,
        families=titles,
        parts=parts,
        licence=jsb_chorales.FACTS.licence,
        citation=jsb_chorales.FACTS.citation,
    )


def corpus_without_copies(
    name: str,
    rows: Iterable[tuple[Any, str, str]],
    skipped: Sequence[Skipped],
    *,
    key: Callable[[Any], Any] = lambda piece: piece,
    licence: str = "",
    citation: str = "",
) -> SymbolicCorpus:
    """Make a corpus of pieces, without those whose ``key`` equals that of an earlier one.

    Parameters
    ----------
    name
        Name of the corpus.
    rows
        Piece, title and family of each.
    skipped
        Files that could not be used.
    key
        What equal pieces have in common; a hashable value.
    licence, citation
        As far as they are known.

    Raises
    ------
    DataError
        If there is no piece.

    Examples
    --------
    >>> corpus = corpus_without_copies("r", [("a", "One", "1"), ("a", "Two", "1"), ("b", "Three", "2")], [])
    >>> corpus.titles, corpus.n_copies
    (('One', 'Three'), 1)
    """
    rows = list(rows)
    single = list({key(row[0]): row for row in reversed(rows)}.values())[::-1]
    pieces, titles, families = zip(*single, strict=True) if single else ((), (), ())
    return SymbolicCorpus(
        name,
        pieces,
        titles,
        families,
        skipped=tuple(skipped),
        n_copies=len(rows) - len(single),
        licence=licence,
        citation=citation,
    )


def read_score_corpus(
    place: str | os.PathLike[str],
    convert: Callable[[Score], Any],
    *,
    key: Callable[[Any], Any] = lambda piece: piece,
) -> SymbolicCorpus:
    """Read a folder of score files.

    Parameters
    ----------
    place
        The folder, or a single file.
    convert
        Converts a score to a piece; a score for which it raises a `WoodshedError` is skipped.
    key
        See `corpus_without_copies`.

    Raises
    ------
    DataError
        If there is no usable file.
    """
    skipped: list[Skipped] = []
    rows = list(each_usable(score_paths(place), lambda path: _rows_of(path, convert, skipped), skipped))
    return corpus_without_copies(
        Path(place).name, rows, skipped, key=key, licence=licence_beside(Path(place))
    )


def _rows_of(
    path: Path, convert: Callable[[Score], Any], skipped: list[Skipped]
) -> Iterator[tuple[Any, str, str]]:
    """Yield piece, title and family of each score of a file; unusable ones are appended to ``skipped``."""
    errors: list[ScoreFileError] = []
    scores = symbolic.read_scores(path, errors=errors)
    skipped += [Skipped(path, error.reason) for error in errors]
    for score in scores:
        title = score.title or path.stem
        try:
            piece = convert(score)
        except WoodshedError as error:
            reason = getattr(error, "reason", str(error))
            skipped.append(Skipped(path, f"{title}: {reason}" if len(scores) > 1 else reason))
            continue
        yield piece, title, tune_family(title)


def source_of(text: str, names: Sequence[str]) -> tuple[str, str]:
    """Parse the name of training data: a corpus with its folder, a collection, or a folder.

    Parameters
    ----------
    text
        ``NAME:PATH``, ``NAME`` or a path; an existing path wins.
    names
        Corpora and collections that the task can read.

    Returns
    -------
    name, path
        The name is empty for a folder, the path for a collection.

    Raises
    ------
    DataError
        If the name is unknown and the path does not exist.

    Examples
    --------
    >>> source_of("nottingham:music/nottingham", ["nottingham", "folk"])
    ('nottingham', 'music/nottingham')
    >>> source_of("folk", ["nottingham", "folk"])
    ('folk', '')
    """
    if Path(text).exists():
        return "", text
    name, path = split_name(text)
    if name in names:
        return name, path
    if text in names:
        return text, ""
    kind = f"corpus {name!r} for this task" if name else "folder or collection"
    raise DataError(
        f"{printable(text)}: there is no such {kind}. {near_miss(name or text, names)} Or give a folder of "
        "ABC, MIDI or MusicXML files."
    )


def score_paths(place: str | os.PathLike[str]) -> list[Path]:
    """List the score files in a folder and its subfolders; a single file is a list of one.

    Raises
    ------
    DataError
        If there are none.
    """
    root = Path(place)
    if root.is_file():
        return [root]
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in symbolic.SCORE_SUFFIXES)
    if not paths:
        raise DataError(
            f"{printable(root)}: there are no score files ({', '.join(symbolic.SCORE_SUFFIXES)}). "
            "Give their folder."
        )
    return paths


def each_usable(
    paths: Iterable[Path], read: Callable[[Path], Iterable[Any]], skipped: list[Skipped]
) -> Iterator[Any]:
    """Yield the pieces of each file; a file that cannot be read is appended to ``skipped``."""
    for path in paths:
        try:
            yield from read(path)
        except WoodshedError as error:
            skipped.append(Skipped(path, getattr(error, "reason", str(error))))
        except (OSError, RecursionError) as error:
            skipped.append(Skipped(path, f"it cannot be read ({error})"))


def scores_with_keys(path: Path) -> list[Score]:
    """Read the pieces of a file without unfolding repeats; a missing key is estimated from the notes.

    Raises
    ------
    ScoreError
        If the file cannot be read, or a missing key cannot be estimated.
    """
    return [score if score.keys else _with_key(score) for score in symbolic.read_scores(path, repeats=False)]


def _with_key(score: Score) -> Score:
    """Add the key estimated from the pitch-class durations (Krumhansl's profiles)."""
    from woodshed.features.key import key_of_pitch_classes

    weights = np.zeros(12)
    for note in score.notes:
        if note.channel != DRUM_CHANNEL:
            weights[note.pitch_midi % 12] += note.duration_beats
    try:
        guess = key_of_pitch_classes(weights)
    except ParameterError as error:
        raise ScoreError(
            f"{printable(score.source)} has no key signature, and none can be estimated from its notes."
        ) from error
    n_sharps = sharps_of_pitch_class(guess.tonic, guess.mode)
    return replace(score, keys=[Key(0, n_sharps, guess.mode)])
