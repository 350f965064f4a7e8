"""GTZAN: ten genres, a hundred clips of thirty seconds each, 22,050 Hz mono.

Layout (also ``genres_original``)::

    genres/{genre}/{genre}.{number}.wav        blues.00042.wav; or .au

The collection has faults, which B. L. Sturm listed: among the thousand clips are 50 exact copies, several
from one recording, many of one artist, and doubtful labels. The fault-filtered split by C. Kereliuk, B. L.
Sturm and J. Larsen leaves 70 clips out and keeps each artist in one part: 443 clips to train, 197 to
validate, 290 to test. It is what `load` gives. A score on a random split of all clips is much too good and
cannot be compared with it.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "G. Tzanetakis, P. Cook. Musical Genre Classification of Audio Signals. IEEE Transactions on Speech"
    " and Audio Processing 10(5), 2002. doi 10.1109/TSA.2002.800560. Faults: B. L. Sturm, arXiv "
    "1306.1461. Split: C. Kereliuk, B. L. Sturm, J. Larsen. Deep Learning and Music Adversaries. IEEE "
    "Transactions on Multimedia 17(11), 2015"
)
LICENCE = "none stated: excerpts of published recordings, for your own research"
URL = "http://marsyas.info/downloads/datasets.html"

LAYOUT = "genres/{genre}/{genre}.{number}.wav"
FILE_NAME = re.compile(r"[^/]*/(?P<genre>[a-z]+)\.(?P<number>\d{5})")

FILTERED = {
    "train": {
        "blues": "29-49 73-97",
        "classical": "30-33 43-48 50-67 80-99",
        "country": "19-26 28-29 65-99",
        "disco": "5 15-20 22-37 39-45 47 49 53-54 56-57 59 61 70 73-74 89",
        "hiphop": "2-25 28-29 31-38 41-42 55-61 77-80",
        "jazz": "0-1 11-24 41 47-72",
        "metal": "2-3 5 21 24 35 46-57 59-66 69 71-72 79-80 84 86 89-99",
        "pop": "2-9 11-12 16-20 23-29 31-36 38-42 44 46 49-50 80 97-99",
        "reggae": "0-2 4 6 9 11-12 14-32 42-45 49-51 54-60 63 69",
        "rock": "0-9 16-26 57-70 91-99",
    },
    "validation": {
        "blues": "0-11 50-60",
        "classical": "0-10 68-76",
        "country": "0-7 9-18 27 41-42 45 49",
        "disco": "0 2-4 6-14 46 48 52 67-68 72 75 90 95",
        "hiphop": "81-98",
        "jazz": "2-10 25-32",
        "metal": "0-1 6-11 16-20 36-37 68 76-77 81-82",
        "pop": "10 53 55 58-62 81 83-86",
        "reggae": "61-62 70 72 74 76-78 85 92-99",
        "rock": "38 49-56 71-85",
    },
    "test": {
        "blues": "12-28 61-72 98-99",
        "classical": "11-29 34-41 49 77-79",
        "country": "30-40 43-44 46-48 50-51 53-64",
        "disco": "1 21 58 62-66 69 76-88 91-94 96-97 99",
        "hiphop": "0 26-27 30 40 43-45 51-54 62-75 99",
        "jazz": "73-99",
        "metal": "12-15 22-23 25-33 38-39 67 70 73-75 78 83 85 87-88",
        "pop": "0-1 13-14 43 63-66 69-79 82 88-96",
        "reggae": "34-40 46-48 52-53 64-68 71 79 82-84 87-90",
        "rock": "10-15 27-37 39-48 86-90",
    },
}
"""The fault-filtered split: part -> genre -> numbers and ranges of numbers (both ends belong to them)."""

FAULT = (
    "is left out of the fault-filtered split: a copy, a second excerpt, damaged or doubtful. Nothing to do."
)


def load(folder: str | os.PathLike[str], *, filtered: bool = True) -> Corpus:
    """List the clips: label the genre, the fault-filtered split; the clips it leaves out are set aside.

    No group is given: the corpus does not say who plays.

    Parameters
    ----------
    folder
        The folder that holds the genre folders, or ``genres`` with them inside.
    filtered
        False lists all clips, without split.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.

    Warns
    -----
    UserWarning
        If all clips are wanted: copies then fall on both sides of any split.
    """
    examples, skipped = rows_from_names(sounds_below(folder, "genres"), FILE_NAME, _to_example, LAYOUT)
    if filtered:
        parts = fault_filtered_parts()
        named = [(example, parts.get(example.path.stem)) for example in examples]
        examples = tuple(
            Example(example.path, example.label, split=part) for example, part in named if part is not None
        )
        skipped += tuple(Skipped(example.path, FAULT) for example, part in named if part is None)
    else:
        warnings.warn(
            "gtzan lists all clips. Copies are on both sides of a split, so the score will be too good. "
            "Use the fault-filtered split: load(folder).",
            stacklevel=2,
        )
    return Corpus("gtzan", examples, skipped, licence=LICENCE, citation=CITATION, group_word="artist")


def fault_filtered_parts() -> Mapping[str, str]:
    """Map the name of each clip that is used to its part.

    Examples
    --------
    >>> parts = fault_filtered_parts()
    >>> len(parts), parts["jazz.00099"], "jazz.00033" in parts
    (930, 'test', False)
    """
    return MappingProxyType(
        {
            f"{genre}.{number:05}": part
            for part, genres in FILTERED.items()
            for genre, ranges in genres.items()
            for number in _numbers(ranges)
        }
    )


def _numbers(ranges: str) -> list[int]:
    ends = [
        (int(first), int(last or first)) for first, _, last in (one.partition("-") for one in ranges.split())
    ]
    return [number for first, last in ends for number in range(first, last + 1)]


def _to_example(path: Path, name: re.Match[str]) -> Example:
    return Example(path, name["genre"])
