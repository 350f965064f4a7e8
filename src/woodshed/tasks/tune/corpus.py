"""Training corpora of folk tunes: collections of music21, Nottingham, or a folder of score files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from woodshed.data.corpora import nottingham
from woodshed.data.example import Skipped
from woodshed.data.symbolic_corpus import (
    SymbolicCorpus,
    each_usable,
    score_paths,
    scores_with_keys,
    source_of,
)
from woodshed.errors import ScoreFileError
from woodshed.symbolic.abc.read import ABC_SUFFIXES
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.folk.from_abc import book_to_folk
from woodshed.tasks.tune.families import MUSIC21_COLLECTIONS, Tune, music21_corpus, text_of, with_families

FOLK = "folk"
"""Name of all collections of music21 together."""

TUNE_SOURCES = (FOLK, *MUSIC21_COLLECTIONS, "nottingham")
"""Corpora that can be named in place of a folder; ``nottingham:PATH`` with its folder."""

_MUSIC21_LICENCE = "public domain, as distributed with the package music21"


def read_tunes_corpus(source: str) -> SymbolicCorpus:
    r"""Read tunes in folk tokens.

    Parameters
    ----------
    source
        ``folk``, ``oneill``, ``ryan``, ``aird``, ``nottingham:PATH``, or a folder (or file) of ABC, MIDI or
        MusicXML. Only ABC keeps repeats; a MIDI file without a key gets the best-fitting one.

    Raises
    ------
    DataError
        If the source is unknown, or has no usable tune.
    MissingPackageError
        If a collection of music21 is requested and the package is not installed.

    Examples
    --------
    >>> import tempfile
    >>> book = "X:1\nT:The Lark\nM:2/4\nL:1/8\nK:D\nD4|A4|\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "book.abc").write_text(book)
    ...     read_tunes_corpus(folder).pieces
    ('M:2/4 K:Cmaj C 4 | G 4 |',)
    """
    name, place = source_of(source, TUNE_SOURCES)
    skipped: list[Skipped] = []
    licence, citation = _rights(name)
    if name in (FOLK, *MUSIC21_COLLECTIONS):
        names = list(MUSIC21_COLLECTIONS) if name == FOLK else [name]
        folders = {one: music21_corpus() / MUSIC21_COLLECTIONS[one] for one in names}
        paths = [(one, path) for one, folder in folders.items() for path in sorted(folder.glob("*.abc"))]
    else:
        found = score_paths(place)
        if name == "nottingham":
            found = [path for path in found if path.suffix.lower() in ABC_SUFFIXES]
        paths = [(name or Path(place).name, path) for path in found]
    tunes: list[Tune] = []
    for collection, path in paths:
        for text, title in each_usable([path], lambda path: _tunes_of(path, skipped), skipped):
            tunes.append(Tune(text, title, collection))
    single = list({tune.text: tune for tune in reversed(tunes)}.values())[::-1]
    related = with_families(single)
    return SymbolicCorpus(
        name or Path(place).name,
        tuple(tune.text for tune in related),
        tuple(f"{tune.title or 'a tune without a title'} ({tune.collection})" for tune in related),
        tuple(tune.family for tune in related),
        skipped=tuple(skipped),
        n_copies=len(tunes) - len(single),
        licence=licence,
        citation=citation,
    )


def _tunes_of(path: Path, skipped: list[Skipped]) -> Iterator[tuple[str, str]]:
    """Yield tokens and title of each tune of a file; tunes that cannot be tokenised are skipped."""
    if path.suffix.lower() in ABC_SUFFIXES:
        texts = [text_of(path)]
    else:
        texts = [score_to_abc(score) for score in scores_with_keys(path)]
    for text in texts:
        tunes, errors = book_to_folk(text, source=path.name)
        if not tunes and not errors:
            raise ScoreFileError(path, "it has no tune: no line begins with X:. Is it ABC?")
        skipped += [Skipped(path, error.reason) for error in errors]
        for tune in tunes:
            yield tune.text, tune.title or path.stem


def _rights(name: str) -> tuple[str, str]:
    if name == "nottingham":
        return nottingham.FACTS.licence, nottingham.FACTS.citation
    return (_MUSIC21_LICENCE, "") if name else ("", "")
