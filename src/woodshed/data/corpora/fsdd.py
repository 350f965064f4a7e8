"""Free Spoken Digit Dataset: six speakers say the ten digits fifty times each, 8 kHz mono.

Layout::

    recordings/{digit}_{speaker}_{index}.wav      (or .flac)

The official test set is index 0 to 4 of every speaker and digit. Its speakers are those of the training
set, so a score on it says nothing about a new voice; leave speakers out (the group) for that.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite. Free Spoken Digit Dataset, v1.0.8, 2018. "
    "doi 10.5281/zenodo.1342401"
)
LICENCE = "CC BY-SA 4.0"
URL = "https://github.com/Jakobovski/free-spoken-digit-dataset"

LAYOUT = "recordings/{digit}_{speaker}_{index}.wav"
FILE_NAME = re.compile(r"[^/]*/(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)")
N_TEST_INDICES = 5


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the recordings: label ``0`` to ``9``, group the speaker, split ``train`` or ``test``.

    Parameters
    ----------
    folder
        The folder that holds ``recordings``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> corpus = load(sample_folder())
    >>> sorted(set(corpus.groups))
    ['george', 'jackson', 'lucas', 'nicolas', 'theo', 'yweweler']
    """
    examples, skipped = rows_from_names(sounds_below(folder, "recordings"), FILE_NAME, _to_example, LAYOUT)
    return Corpus("fsdd", examples, skipped, licence=LICENCE, citation=CITATION, group_word="speaker")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    part = "test" if int(name["index"]) < N_TEST_INDICES else "train"
    return Example(path, name["digit"], group=name["speaker"], split=part)
