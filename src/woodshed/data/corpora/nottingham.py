"""Nottingham Music Database: 1,034 folk tunes, cleaned, as ABC and as MIDI of the melody.

Layout (the folders may also be called ``abc`` and ``melody_midi``)::

    ABC_cleaned/{collection}.abc                tunes one after the other, each from its line X: on
    MIDI/melody/{collection}{number}.mid        number: that of the line X:

The tune type is that of the collection: ``reelsa-c`` contains reels. Tunes recur under the same title, so the
group is the title without article and numbers; it is an estimate of the tune family and misses variants under
other titles. There is no official split of these files: the usual 694 / 170 / 173 belongs to another
version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from woodshed.data.corpora.facts import (
    GITHUB_ARCHIVE,
    CorpusFacts,
    Download,
    Folder,
    Row,
    corpus_from_table,
    with_subfolders,
)
from woodshed.data.example import Corpus, Example
from woodshed.errors import DataError

FACTS = CorpusFacts(
    name="nottingham",
    title="Nottingham Music Database, cleaned",
    content="folk tunes as ABC and MIDI, 9 types",
    citation=(
        "E. Foxley. Nottingham Music Database; cleaned by Jukedeck, 2017. "
        "https://github.com/jukedeck/nottingham-dataset"
    ),
    licence="GPL 3.0 for the cleaned files; the tunes are traditional",
    url="https://github.com/jukedeck/nottingham-dataset",
    layout="MIDI/melody/{collection}{number}.mid, with ABC_cleaned/{collection}.abc",
    n_examples=1034,
    downloads=(Download(GITHUB_ARCHIVE.format("jukedeck/nottingham-dataset")),),
)
FOLDERS = (("ABC_cleaned", "MIDI/melody"), ("abc", "melody_midi"))
TUNE_TYPES = {
    "reels": "reel",
    "jigs": "jig",
    "hpps": "hornpipe",
    "waltzes": "waltz",
    "slip": "slip jig",
    "xmas": "christmas",
}
"""Prefix of the collection's name -> label; other collections (ashover, morris, playford) are the label."""


def load(folder: Folder) -> Corpus:
    """List the MIDI files of the melodies: label the tune type, group the title, no split.

    Parameters
    ----------
    folder
        The folder that contains the ABC and the MIDI files.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    abc, midi = _folders(folder)
    return corpus_from_table(
        FACTS,
        _tunes(abc),
        abc,
        to_path=lambda row: midi / f"{row['collection']}{row['number']}.mid",
        to_example=_to_example,
        group_word="tune family",
    )


def tune_family(title: str) -> str:
    """Return what the titles of variants of a tune have in common.

    Examples
    --------
    >>> tune_family("The Cuckoo's Nest - 2"), tune_family("Cuckoo's Nest")
    ('cuckoos nest', 'cuckoos nest')
    """
    text = re.sub(r"\(.*?\)|\bno\.?\s*\d+|\d+", " ", title.lower()).replace("'", "")
    words = re.findall(r"[^\W_]+", text)
    without_articles = [word for word in words if word not in ("the", "a", "an")]
    return " ".join(without_articles or words) or title


def _folders(folder: Folder) -> tuple[Path, Path]:
    """Return the folders of the ABC files and of the MIDI files."""
    for place in with_subfolders(folder):
        for abc, midi in FOLDERS:
            if any((place / abc).glob("*.abc")):
                return place / abc, place / midi
    raise DataError(
        f"No file is named like {FACTS.layout}. Give the folder in which the corpus was unpacked."
    )


def _tunes(folder: Path) -> Sequence[Row]:
    """Return collection, number and first title of each tune."""
    tunes: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.abc")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("X:"):
                tunes.append({"collection": path.stem, "number": line[2:].strip()})
            elif line.startswith("T:") and tunes:
                tunes[-1].setdefault("title", line[2:].strip())
    return tunes


def _to_example(path: Path, row: Row) -> Example:
    collection = row["collection"]
    labels = (label for prefix, label in TUNE_TYPES.items() if collection.startswith(prefix))
    return Example(path, next(labels, collection), group=tune_family(row["title"]))
