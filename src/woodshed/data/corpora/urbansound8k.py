"""UrbanSound8K: 8,732 clips of ten urban sounds from Freesound, up to four seconds long.

Layout::

    audio/fold{1-10}/{freesound id}-{class}-{occurrence}-{slice}.wav
    metadata/UrbanSound8K.csv                not needed: the names contain everything

A subset may be sorted into class folders if a table ``metadata.csv`` gives the fold (column ``fold``) of
each file (column ``slice_file_name``).

The clips cut from one Freesound recording share its number (the group) and are in one of the ten official
folds, which must not be reshuffled. The published protocol trains on nine folds and tests on the tenth, ten
times.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from woodshed.data.corpora.facts import (
    CorpusFacts,
    Download,
    Folder,
    corpus_from_names,
    read_optional_rows,
)
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="urbansound8k",
    title="UrbanSound8K",
    content="10 city sounds",
    citation=(
        "J. Salamon, C. Jacoby, J. P. Bello. A Dataset and Taxonomy for Urban Sound Research. ACM "
        "Multimedia 2014. doi 10.1145/2647868.2655045"
    ),
    licence="CC BY-NC 3.0; each clip under the licence of its Freesound recording",
    url="https://urbansounddataset.weebly.com/urbansound8k.html",
    layout="audio/fold{1-10}/{freesound id}-{class}-{occurrence}-{slice}.wav",
    n_examples=8732,
    hours=8.75,
    downloads=(
        Download(
            "https://zenodo.org/records/1203745/files/UrbanSound8K.tar.gz",
            "9aa69802bbf37fb986f71ec1483a196e",
        ),
    ),
)
FILE_NAME = re.compile(r"(fold(?P<fold>\d+)|[^/]*)/(?P<source>\d+)-(?P<target>\d)-\d+-\d+")
TABLES = ("metadata/UrbanSound8K.csv", "metadata.csv", "UrbanSound8K.csv")
# fmt: off
CLASSES = (
    "air conditioner", "car horn", "children playing", "dog bark", "drilling",
    "engine idling", "gun shot", "jackhammer", "siren", "street music",
)
# fmt: on
"""Label of each class number."""


def load(folder: Folder) -> Corpus:
    """List the clips: label such as ``dog bark``, group the Freesound number, the ten official folds.

    Parameters
    ----------
    folder
        The folder that contains ``audio``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    rows = read_optional_rows(folder, TABLES, ["slice_file_name", "fold"])
    folds = {PurePath(row["slice_file_name"]).stem: row["fold"] for row in rows}

    def to_example(path: Path, name: re.Match[str]) -> Example:
        fold = name["fold"] or folds.get(path.stem)
        return Example(
            path,
            CLASSES[int(name["target"])],
            group=name["source"],
            split=fold and f"fold {fold}",
        )

    return corpus_from_names(FACTS, folder, FILE_NAME, to_example, inner="audio", group_word="recording")
