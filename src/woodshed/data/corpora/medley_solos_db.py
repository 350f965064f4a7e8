"""Medley-solos-DB: 21,571 clips of eight solo instruments, three seconds each, 44.1 kHz mono.

Layout (archive and table are two downloads)::

    audio/Medley-solos-DB_{part}-{instrument}_{uuid}.wav        part: training, validation, test
    annotation/Medley-solos-DB_metadata.csv          subset, instrument, instrument_id, song_id, uuid4

Training and validation come from MedleyDB, the test from another collection (solosDB): a test across
collections. The table says which song (the group) a clip is from; without it the songs are not known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from woodshed.data.corpora.listed import find_list, read_list
from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "V. Lostanlen, C.-E. Cella. Deep Convolutional Networks on the Pitch Spiral for Musical Instrument "
    "Recognition. ISMIR 2016. arXiv 1605.06644"
)
LICENCE = "CC BY 4.0"
URL = "https://zenodo.org/record/3464194"

LAYOUT = "audio/Medley-solos-DB_{part}-{instrument}_{uuid}.wav"
FILE_NAME = re.compile(
    r"[^/]*/Medley-solos-DB_(?P<part>training|validation|test)-(?P<instrument>[0-7])_(?P<uuid>[0-9a-f-]{36})"
)
TABLES = tuple(
    f"{place}Medley-solos-DB_metadata.csv" for place in ("annotation/", "", "metadata/", "annotations/")
)
INSTRUMENTS = (
    *("clarinet", "distorted electric guitar", "female singer", "flute"),
    *("piano", "tenor saxophone", "trumpet", "violin"),
)
"""The label of each instrument number."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the clips: label the instrument, group the song, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that holds ``audio``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    songs = _read_songs(folder)

    def to_example(path: Path, name: re.Match[str]) -> Example:
        part = "train" if name["part"] == "training" else name["part"]
        return Example(path, INSTRUMENTS[int(name["instrument"])], group=songs.get(name["uuid"]), split=part)

    examples, skipped = rows_from_names(sounds_below(folder, "audio"), FILE_NAME, to_example, LAYOUT)
    return Corpus("medley_solos_db", examples, skipped, licence=LICENCE, citation=CITATION, group_word="song")


def _read_songs(folder: str | os.PathLike[str]) -> Mapping[str, str]:
    """Map the uuid of each clip to its song; empty without the table."""
    table = find_list(folder, TABLES)
    if table is None:
        return {}
    rows = read_list(table, ["song_id"])
    # The uuid is the last of the columns, whatever it is called.
    return {list(row.values())[-1]: row["song_id"] for row in rows}
