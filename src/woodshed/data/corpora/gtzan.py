"""GTZAN: ten genres, a hundred clips of thirty seconds each, 22,050 Hz mono.

Layout (the folder may also be called ``genres_original``)::

    genres/{genre}/{genre}.{number}.wav        blues.00042.wav; or .au

The collection has faults, listed by B. L. Sturm: among the thousand clips are 50 exact copies, several
from one recording, many by one artist, and doubtful labels. The fault-filtered split by C. Kereliuk, B. L.
Sturm and J. Larsen excludes 70 clips and keeps each artist in one part: 443 clips for training, 197 for
validation, 290 for testing. It is the default of `load`. Scores on a random split of all clips are far too
optimistic and not comparable with it.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

from woodshed.data.corpora.facts import CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example, Skipped

FACTS = CorpusFacts(
    name="gtzan",
    title="GTZAN Genre Collection, fault-filtered",
    content="10 genres; 930 of its 1,000 clips are used",
    citation=(
        "G. Tzanetakis, P. Cook. Musical Genre Classification of Audio Signals. IEEE Transactions on Speech"
        " and Audio Processing 10(5), 2002. doi 10.1109/TSA.2002.800560. Faults: B. L. Sturm, arXiv "
        "1306.1461. Split: C. Kereliuk, B. L. Sturm, J. Larsen. Deep Learning and Music Adversaries. IEEE "
        "Transactions on Multimedia 17(11), 2015"
    ),
    licence="none stated: excerpts of published recordings, for your own research",
    url="http://marsyas.info/downloads/datasets.html",
    layout="genres/{genre}/{genre}.{number}.wav",
    n_examples=930,
    hours=7.75,
    downloads=(
        Download(
            "http://opihi.cs.uvic.ca/sound/genres.tar.gz",
            "24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6",
        ),
    ),
)
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
"""The fault-filtered split: part -> genre -> numbers and ranges of numbers, both ends included."""

FAULT = (
    "it is left out of the fault-filtered split: a copy, a second excerpt, damaged or doubtful. "
    "No action is needed."
)


def load(folder: Folder, *, filtered: bool = True) -> Corpus:
    """List the clips: label the genre, the fault-filtered split; the clips that it excludes are skipped.

    There are no groups: the corpus does not name the artists.

    Parameters
    ----------
    folder
        The folder that contains the genre folders, or ``genres`` with them inside.
    filtered
        Whether to use the fault-filtered split; False lists all clips without a split.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.

    Warns
    -----
    UserWarning
        If all clips are listed: copies are then on both sides of any split.
    """
    corpus = corpus_from_names(
        FACTS,
        folder,
        FILE_NAME,
        lambda path, name: Example(path, name["genre"]),
        inner="genres",
        group_word="artist",
    )
    if not filtered:
        warnings.warn(
            "gtzan lists all clips. Copies are on both sides of a split, so the score will be too good. "
            "Use the fault-filtered split: load(folder).",
            stacklevel=2,
        )
        return corpus
    parts = fault_filtered_parts()
    examples = tuple(
        replace(example, split=parts[example.path.stem])
        for example in corpus.examples
        if example.path.stem in parts
    )
    excluded = tuple(
        Skipped(example.path, FAULT) for example in corpus.examples if example.path.stem not in parts
    )
    return replace(corpus, examples=examples, skipped=corpus.skipped + excluded)


def fault_filtered_parts() -> dict[str, str]:
    """Map the name of each clip of the fault-filtered split to its part.

    Examples
    --------
    >>> parts = fault_filtered_parts()
    >>> len(parts), parts["jazz.00099"], "jazz.00033" in parts
    (930, 'test', False)
    """
    return {
        f"{genre}.{number:05}": part
        for part, genres in FILTERED.items()
        for genre, ranges in genres.items()
        for number in _numbers(ranges)
    }


def _numbers(ranges: str) -> list[int]:
    """Return the numbers in text such as ``3-5 8``."""
    limits = [
        (int(first), int(last or first)) for first, _, last in (r.partition("-") for r in ranges.split())
    ]
    return [number for first, last in limits for number in range(first, last + 1)]
