"""Medley-solos-DB: 21,571 clips of eight solo instruments, three seconds each, 44.1 kHz mono.

Layout (archive and table are two downloads)::

    audio/Medley-solos-DB_{part}-{instrument}_{uuid}.wav        part: training, validation, test
    annotation/Medley-solos-DB_metadata.csv          subset, instrument, instrument_id, song_id, uuid4

Training and validation come from MedleyDB, the test set from another collection (solosDB): a cross-collection
test. The table gives the song (the group) of each clip; without it the songs are unknown.
"""

from __future__ import annotations

import re
from pathlib import Path

from woodshed.data.corpora.facts import (
    CorpusFacts,
    Download,
    Folder,
    corpus_from_names,
    read_optional_rows,
)
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="medley_solos_db",
    title="Medley-solos-DB",
    content="8 solo instruments, from two collections",
    citation=(
        "V. Lostanlen, C.-E. Cella. Deep Convolutional Networks on the Pitch Spiral for Musical Instrument "
        "Recognition. ISMIR 2016. arXiv 1605.06644"
    ),
    licence="CC BY 4.0",
    url="https://zenodo.org/record/3464194",
    layout="audio/Medley-solos-DB_{part}-{instrument}_{uuid}.wav",
    n_examples=21_571,
    downloads=(
        Download(
            "https://zenodo.org/records/3464194/files/Medley-solos-DB_metadata.csv",
            "fda6a589c56785f2195c9227809c521a",
        ),
        Download(
            "https://zenodo.org/records/3464194/files/Medley-solos-DB.tar.gz",
            "f5facf398793ef5c1f80c013afdf3e5f",
        ),
    ),
)
FILE_NAME = re.compile(
    r"[^/]*/Medley-solos-DB_(?P<part>training|validation|test)-(?P<instrument>[0-7])_(?P<uuid>[0-9a-f-]{36})"
)
TABLES = tuple(
    f"{place}Medley-solos-DB_metadata.csv" for place in ("annotation/", "", "metadata/", "annotations/")
)
# fmt: off
INSTRUMENTS = (
    "clarinet", "distorted electric guitar", "female singer", "flute",
    "piano", "tenor saxophone", "trumpet", "violin",
)
# fmt: on
"""Label of each instrument number."""


def load(folder: Folder) -> Corpus:
    """List the clips: label the instrument, group the song, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that contains ``audio``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    # The uuid is the last column; its name differs between copies.
    songs = {
        list(row.values())[-1]: row["song_id"] for row in read_optional_rows(folder, TABLES, ["song_id"])
    }

    def to_example(path: Path, name: re.Match[str]) -> Example:
        part = "train" if name["part"] == "training" else name["part"]
        return Example(path, INSTRUMENTS[int(name["instrument"])], group=songs.get(name["uuid"]), split=part)

    return corpus_from_names(FACTS, folder, FILE_NAME, to_example, inner="audio", group_word="song")
