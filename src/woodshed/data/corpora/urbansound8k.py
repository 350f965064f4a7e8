"""UrbanSound8K: 8,732 clips of ten kinds of city sound from Freesound, up to four seconds long.

Layout::

    audio/fold{1-10}/{freesound id}-{class}-{occurrence}-{slice}.wav
    metadata/UrbanSound8K.csv                not needed: the names say it all

A part of it may be sorted into class folders, if a table ``metadata.csv`` gives the fold (column ``fold``)
of each file (column ``slice_file_name``).

The clips cut from one Freesound recording share its number (the group) and are in one of the ten official
folds, which must not be reshuffled. The published way is to train on nine folds and test on the tenth, ten
times.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from woodshed.data.corpora.listed import find_list, read_list
from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "J. Salamon, C. Jacoby, J. P. Bello. A Dataset and Taxonomy for Urban Sound Research. ACM "
    "Multimedia 2014. doi 10.1145/2647868.2655045"
)
LICENCE = "CC BY-NC 3.0; each clip under the licence of its Freesound recording"
URL = "https://urbansounddataset.weebly.com/urbansound8k.html"

LAYOUT = "audio/fold{1-10}/{freesound id}-{class}-{occurrence}-{slice}.wav"
FILE_NAME = re.compile(r"(fold(?P<fold>\d+)|[^/]*)/(?P<source>\d+)-(?P<target>\d)-\d+-\d+")
TABLES = ("metadata/UrbanSound8K.csv", "metadata.csv", "UrbanSound8K.csv")
CLASSES = (
    *("air conditioner", "car horn", "children playing", "dog bark", "drilling"),
    *("engine idling", "gun shot", "jackhammer", "siren", "street music"),
)
"""The label of each class number."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the clips: label such as ``dog bark``, group the Freesound number, the ten official folds.

    Parameters
    ----------
    folder
        The folder that holds ``audio``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    folds = _read_folds(folder)

    def to_example(path: Path, name: re.Match[str]) -> Example:
        fold = name["fold"] or folds.get(path.stem)
        return Example(
            path, CLASSES[int(name["target"])], group=name["source"], split=fold and f"fold {fold}"
        )

    examples, skipped = rows_from_names(sounds_below(folder, "audio"), FILE_NAME, to_example, LAYOUT)
    return Corpus(
        *("urbansound8k", examples, skipped),
        folds=any(example.split for example in examples),
        licence=LICENCE,
        citation=CITATION,
        group_word="recording",
    )


def _read_folds(folder: str | os.PathLike[str]) -> Mapping[str, str]:
    """Map the name of each file without suffix to its fold; empty without a table."""
    table = find_list(folder, TABLES)
    if table is None:
        return {}
    rows = read_list(table, ["slice_file_name", "fold"])
    return {PurePath(row["slice_file_name"]).stem: row["fold"] for row in rows}
