"""Nottingham: 1,034 folk tunes, cleaned, as ABC and as MIDI of the melody.

Layout (the folders may also be called ``abc`` and ``melody_midi``)::

    ABC_cleaned/{collection}.abc                tunes one after the other, each from its line X: on
    MIDI/melody/{collection}{number}.mid        number: that of the line X:

The tune type is that of the collection: ``reelsa-c`` holds reels. Tunes recur under the same title, so the
group is the title without its article and numbers; it is a guess at the tune family, and misses those with
other titles. There is no official split of these files: the usual 694 / 170 / 173 belongs to another
version.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from woodshed.data.corpora.listed import Row, rows_from_list
from woodshed.data.example import Corpus, Example
from woodshed.errors import DataError, printable

CITATION = (
    "E. Foxley. Nottingham Music Database; cleaned by Jukedeck, 2017. "
    "https://github.com/jukedeck/nottingham-dataset"
)
LICENCE = "GPL 3.0 for the cleaned files; the tunes are traditional"
URL = "https://github.com/jukedeck/nottingham-dataset"

LAYOUT = "MIDI/melody/{collection}{number}.mid, with ABC_cleaned/{collection}.abc"
FOLDERS = (("ABC_cleaned", "MIDI/melody"), ("abc", "melody_midi"))
TUNE_TYPES = {
    "reels": "reel",
    "jigs": "jig",
    "hpps": "hornpipe",
    "waltzes": "waltz",
    "slip": "slip jig",
    "xmas": "christmas",
}
"""Start of the collection's name -> label; other collections (ashover, morris, playford) are their own."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the MIDI files of the melodies: label the tune type, group the title, no split.

    Parameters
    ----------
    folder
        The folder that holds the ABC and the MIDI files.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    abc, midi = _places(Path(folder))
    rows = list(_tunes(abc))
    examples, skipped = rows_from_list(
        rows, lambda row: midi / f"{row['collection']}{row['number']}.mid", _to_example, abc
    )
    return Corpus(
        "nottingham", examples, skipped, licence=LICENCE, citation=CITATION, group_word="tune family"
    )


def tune_family(title: str) -> str:
    """Reduce a title to what versions of one tune share.

    Examples
    --------
    >>> tune_family("The Cuckoo's Nest - 2"), tune_family("Cuckoo's Nest")
    ('cuckoos nest', 'cuckoos nest')
    """
    plain = re.sub(r"\(.*?\)|\bno\.?\s*\d+|\d+", " ", title.lower()).replace("'", "")
    words = re.findall(r"[^\W_]+", plain)
    kept = [word for word in words if word not in ("the", "a", "an")]
    return " ".join(kept or words) or title


def _places(root: Path) -> tuple[Path, Path]:
    if not root.is_dir():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    for place in [root, *sorted(inner for inner in root.iterdir() if inner.is_dir())]:
        for abc, midi in FOLDERS:
            if any((place / abc).glob("*.abc")):
                return place / abc, place / midi
    raise DataError(f"No file is named like {LAYOUT}. Give the folder in which the corpus was unpacked.")


def _tunes(folder: Path) -> Iterator[Row]:
    """Yield collection, number and title of each tune: the first title counts."""
    for path in sorted(folder.glob("*.abc")):
        tune: dict[str, str] = {}
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("X:"):
                if tune:
                    yield tune
                tune = {"collection": path.stem, "number": line[2:].strip()}
            elif line.startswith("T:") and tune:
                tune.setdefault("title", line[2:].strip())
        if tune:
            yield tune


def _to_example(path: Path, row: Row) -> Example:
    collection = row["collection"]
    known = (label for start, label in TUNE_TYPES.items() if collection.startswith(start))
    return Example(path, next(known, collection), group=tune_family(row["title"]))
