"""Philharmonia Orchestra samples: single notes by players of the orchestra, MP3, 44.1 kHz.

Layout (the instruments may also stand in folders such as ``Strings``)::

    {instrument}/{instrument}_{note}_{length}_{dynamic}_{articulation}.mp3

    saxophone_Fs3_15_fortissimo_normal.mp3: F sharp 3, 1.5 seconds; s is sharp, lengths also long and phrase

Percussion has no note (``agogo-bells__025_forte_struck-singly.mp3``) and is passed over. There is no
official split. Leave notes out (the group): the same note at several lengths and dynamics is near enough
the same sound.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = "Philharmonia Orchestra, London. Sound samples. https://philharmonia.co.uk/resources/sound-samples"
LICENCE = "free to use, also commercially, but not to be passed on or sold as samples; see the site"
URL = "https://philharmonia.co.uk/resources/sound-samples"

LAYOUT = "{instrument}/{instrument}_{note}_{length}_{dynamic}_{articulation}.mp3"
FILE_NAME = re.compile(
    r"[^/]*/(?P<instrument>[a-z-]+)_(?P<note>[A-G]s?\d)_(?P<length>[\da-z-]+)_[a-z-]+_[a-z-]+", re.IGNORECASE
)
NO_NOTE = re.compile(r"[A-Za-z -]+__.*")


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the notes: label the instrument such as ``french horn``, group the note such as ``Fs3``, no split.

    Parameters
    ----------
    folder
        The folder that holds the folders of the instruments.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    paths = [path for path in sounds_below(folder, "all-samples") if not NO_NOTE.fullmatch(path.stem)]
    examples, skipped = rows_from_names(paths, FILE_NAME, _to_example, LAYOUT)
    return Corpus("philharmonia", examples, skipped, licence=LICENCE, citation=CITATION, group_word="note")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    return Example(path, name["instrument"].replace("-", " ").lower(), group=name["note"])
