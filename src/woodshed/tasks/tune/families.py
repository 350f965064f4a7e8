"""Families of folk tunes: versions of one tune, found by title or by common passages."""

from __future__ import annotations

import importlib.util
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from woodshed.data.corpora.nottingham import tune_family
from woodshed.errors import DataError, MissingPackageError, ParameterError, ScoreFileError, printable
from woodshed.symbolic.folk.from_abc import book_to_folk
from woodshed.symbolic.folk.vocabulary import PITCH_PLACES

MUSIC21_COLLECTIONS = {"oneill": "oneills1850", "ryan": "ryansMammoth", "aird": "airdsAirs"}
"""Collection -> its folder in the corpus of music21."""

RUN_STEPS = 17
"""Number of equal consecutive intervals from which two tunes are of one family."""

_KINDS = r"\b(reel|jig|hornpipe|strathspey|polka|waltz|march|clog|slide|song|air|quickstep)s?\b"


@dataclass(frozen=True)
class Tune:
    """A tune in folk tokens.

    Parameters
    ----------
    text
        Metre, mode and music, as `woodshed.symbolic.folk.from_abc.abc_to_folk` writes it.
    title
        Title in the collection.
    collection
        ``oneill``, ``ryan``, ``aird`` or ``nottingham``.
    family
        The same for all versions of a tune; an arbitrary name.
    """

    text: str
    title: str
    collection: str
    family: str = ""


@dataclass(frozen=True)
class Tunes:
    """Usable tunes, and errors of the others.

    Parameters
    ----------
    tunes
        Without copies, each with its family.
    skipped
        One error for each tune that cannot be tokenised, with file, tune and bar.
    copies
        Number of copies that were removed.
    """

    tunes: tuple[Tune, ...]
    skipped: tuple[ScoreFileError, ...]
    copies: int

    @property
    def counts(self) -> dict[str, int]:
        """Number of tunes in each collection."""
        return dict(Counter(tune.collection for tune in self.tunes))


def read_tunes(nottingham: str | os.PathLike[str] | None = None, *, music21: bool = True) -> Tunes:
    """Read the folk tunes of the known collections.

    Parameters
    ----------
    nottingham
        The folder with the ABC files of Nottingham; ``None`` omits it.
    music21
        Whether to read O'Neill, Ryan and Aird from the installed package music21, which is not imported.

    Returns
    -------
    Tunes
        In the order of the collections and files.

    Raises
    ------
    DataError
        If the folder has no ABC files, or there is no usable tune.
    MissingPackageError
        If music21 is not installed.
    """
    tunes: list[Tune] = []
    errors: list[ScoreFileError] = []
    for collection, path in _files(nottingham, music21):
        found, failed = book_to_folk(text_of(path), source=path.name)
        tunes += [Tune(tune.text, tune.title, collection) for tune in found]
        errors += failed
    if not tunes:
        raise DataError("No usable tunes. Give a folder of ABC files, or set music21=True.")
    single = list({tune.text: tune for tune in reversed(tunes)}.values())[::-1]
    return Tunes(with_families(single), tuple(errors), len(tunes) - len(single))


def with_families(tunes: Sequence[Tune]) -> tuple[Tune, ...]:
    """Assign a family to each tune: the transitive closure of equal titles and common passages.

    Titles are compared without articles, numbers and kinds of dance. A passage has `RUN_STEPS` intervals,
    regardless of durations; repeated notes are merged, and passages over two or three pitches do not count.

    Examples
    --------
    >>> one = Tune("M:2/4 K:Cmaj C E G c | e c G E | D F A d | c 4 |", "The Lark", "ryan")
    >>> other = Tune("M:4/4 K:Cmaj C 4 | c 4 |", "Lark - Reel", "aird")
    >>> third = Tune("M:4/4 K:Cmaj G 4 | c 4 |", "The Hen", "aird")
    >>> [tune.family for tune in with_families([one, other, third])]
    ['0', '0', '2']
    """
    parents = list(range(len(tunes)))

    def head(k: int) -> int:
        while parents[k] != k:
            parents[k] = k = parents[parents[k]]
        return k

    seen: dict[object, int] = {}
    for k, tune in enumerate(tunes):
        for mark in _marks(tune):
            other = seen.setdefault(mark, k)
            low, high = sorted((head(k), head(other)))
            parents[high] = low
    return tuple(replace(tune, family=str(head(k))) for k, tune in enumerate(tunes))


def split_by_family(
    tunes: Sequence[Tune], *, held_out: float = 0.05, seed: int = 0
) -> tuple[tuple[Tune, ...], tuple[Tune, ...]]:
    """Split tunes into training and held-out tunes by whole families.

    Parameters
    ----------
    tunes
        With their families.
    held_out
        Share of the tunes that is held out, between 0 and 1.
    seed
        Source of the random order of the families.

    Returns
    -------
    tuple
        Training tunes and held-out tunes, each in their original order. No family is in both.

    Raises
    ------
    ParameterError
        If the share is not between 0 and 1.
    DataError
        If there are fewer than two families.

    Examples
    --------
    >>> tunes = [Tune(f"M:2/4 K:Cmaj C {k}", "", "ryan", str(k // 2)) for k in range(2, 10)]
    >>> train, test = split_by_family(tunes, held_out=0.25)
    >>> len(train), len(test), {tune.family for tune in train} & {tune.family for tune in test}
    (6, 2, set())
    """
    if not 0 < held_out < 1:
        raise ParameterError(f"held_out must be between 0 and 1, got {held_out!r}.")
    sizes = Counter(tune.family for tune in tunes)
    if len(sizes) < 2:
        raise DataError(f"Two families are needed to hold one out, got {len(sizes)}. Give more tunes.")
    names = list(sizes)
    taken: set[str] = set()
    n_wanted, n_taken = max(1, round(held_out * len(tunes))), 0
    for k in np.random.default_rng(seed).permutation(len(names)):
        if n_taken < n_wanted and n_taken + sizes[names[k]] <= n_wanted + max(1, n_wanted // 10):
            taken.add(names[k])
            n_taken += sizes[names[k]]
    train = tuple(tune for tune in tunes if tune.family not in taken)
    return train, tuple(tune for tune in tunes if tune.family in taken)


def _files(nottingham: str | os.PathLike[str] | None, music21: bool) -> Iterator[tuple[str, Path]]:
    """Yield the collection and the path of each ABC file."""
    if music21:
        root = music21_corpus()
        for name, folder in MUSIC21_COLLECTIONS.items():
            for path in sorted((root / folder).glob("*.abc")):
                yield name, path
    if nottingham is not None:
        paths = sorted(Path(nottingham).rglob("*.abc"))
        if not paths:
            raise DataError(
                f"{printable(nottingham)}: there are no .abc files. Give the folder of the corpus."
            )
        for path in paths:
            yield "nottingham", path


def music21_corpus() -> Path:
    """Return the corpus folder of music21 without importing the package, which takes seconds."""
    found = importlib.util.find_spec("music21")
    places = list(found.submodule_search_locations or ()) if found else []
    if not places:
        raise MissingPackageError(
            "O'Neill, Ryan and Aird are part of the package music21: pip install 'woodshed[tunes]'"
        )
    return Path(places[0]) / "corpus"


def text_of(path: Path) -> str:
    """Read an ABC file in UTF-8, or else in Latin-1, like older collections."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _marks(tune: Tune) -> Iterator[object]:
    """Yield what versions of a tune have in common: the plain title, and passages of intervals."""
    if title := _plain_title(tune.title):
        yield title
    places = [PITCH_PLACES[word][0] for word in tune.text.split() if word in PITCH_PLACES]
    line = [here for before, here in pairwise([-1, *places]) if here != before]
    steps = [b - a for a, b in pairwise(line)]
    for start in range(len(steps) - RUN_STEPS + 1):
        if len(set(line[start : start + RUN_STEPS + 1])) > 3:
            yield tuple(steps[start : start + RUN_STEPS])


def _plain_title(title: str) -> str:
    """Return the sorted words of a title without article, number and kind of dance; may be empty."""
    plain = re.sub(_KINDS, " ", re.sub(r"\bno\.?\s*\d+", " ", title.lower()))
    words = tune_family(plain).split()
    return " ".join(sorted(words)) if any(len(word) > 2 for word in words) else ""
