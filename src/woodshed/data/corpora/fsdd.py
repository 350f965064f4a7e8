"""Free Spoken Digit Dataset: six speakers, ten digits, fifty takes each, 8 kHz mono.

Layout::

    recordings/{digit}_{speaker}_{index}.wav      (or .flac)

The official test set is index 0 to 4 of every speaker and digit. Its speakers are those of the training
set, so a score on it does not measure generalisation to new speakers; hold out speakers (the group) for that.
"""

from __future__ import annotations

import re
from pathlib import Path

from woodshed.data.corpora.facts import GITHUB_ARCHIVE, CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="fsdd",
    title="Free Spoken Digit Dataset",
    content="spoken digits, 6 speakers",
    citation=(
        "Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite. Free Spoken Digit Dataset, v1.0.8, "
        "2018. doi 10.5281/zenodo.1342401"
    ),
    licence="CC BY-SA 4.0",
    url="https://github.com/Jakobovski/free-spoken-digit-dataset",
    layout="recordings/{digit}_{speaker}_{index}.wav",
    n_examples=3000,
    downloads=(Download(GITHUB_ARCHIVE.format("Jakobovski/free-spoken-digit-dataset")),),
)
FILE_NAME = re.compile(r"[^/]*/(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)")
N_TEST_INDICES = 5


def load(folder: Folder) -> Corpus:
    """List the recordings: label ``0`` to ``9``, group the speaker, split ``train`` or ``test``.

    Parameters
    ----------
    folder
        The folder that contains ``recordings``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> corpus = load(sample_folder())
    >>> sorted(set(corpus.groups))
    ['george', 'jackson', 'lucas', 'nicolas', 'theo', 'yweweler']
    """
    return corpus_from_names(FACTS, folder, FILE_NAME, _to_example, inner="recordings", group_word="speaker")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    part = "test" if int(name["index"]) < N_TEST_INDICES else "train"
    return Example(path, name["digit"], group=name["speaker"], split=part)
