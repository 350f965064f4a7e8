"""Philharmonia Orchestra sound samples: single notes by players of the orchestra, MP3, 44.1 kHz.

Layout (the instruments may also be in folders such as ``Strings``)::

    {instrument}/{instrument}_{note}_{length}_{dynamic}_{articulation}.mp3

    saxophone_Fs3_15_fortissimo_normal.mp3: F sharp 3, 1.5 seconds; s is sharp, lengths also long and phrase

Percussion has no pitch (``agogo-bells__025_forte_struck-singly.mp3``) and is ignored. There is no official
split. Hold out notes (the group): one note at several lengths and dynamics sounds almost the same.
"""

from __future__ import annotations

import re

from woodshed.data.corpora.facts import CorpusFacts, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="philharmonia",
    title="Philharmonia Orchestra sound samples",
    content="notes of an orchestra's players",
    citation=(
        "Philharmonia Orchestra, London. Sound samples. https://philharmonia.co.uk/resources/sound-samples"
    ),
    licence="free to use, also commercially, but not to be passed on or sold as samples; see the site",
    url="https://philharmonia.co.uk/resources/sound-samples",
    layout="{instrument}/{instrument}_{note}_{length}_{dynamic}_{articulation}.mp3",
    n_examples=None,
    manual_download="Download the instruments from the page below, and unpack them into one folder.",
)
FILE_NAME = re.compile(
    r"[^/]*/(?P<instrument>[a-z-]+)_(?P<note>[A-G]s?\d)_(?P<length>[\da-z-]+)_[a-z-]+_[a-z-]+", re.IGNORECASE
)
UNPITCHED = re.compile(r"[^/]*/[A-Za-z -]+__.*")


def load(folder: Folder) -> Corpus:
    """List the notes: label the instrument such as ``french horn``, group the note such as ``Fs3``, no split.

    Parameters
    ----------
    folder
        The folder that contains the folders of the instruments.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    return corpus_from_names(
        FACTS,
        folder,
        FILE_NAME,
        lambda path, name: Example(path, name["instrument"].replace("-", " ").lower(), group=name["note"]),
        inner="all-samples",
        group_word="note",
        ignored=UNPITCHED,
    )
