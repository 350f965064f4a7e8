"""Speech Commands: thirty (version 1) or thirty-five (version 2) words, many speakers, 1 s, 16 kHz.

Layout (the word folders may also be in ``audio``, and the files may be FLAC)::

    {word}/{speaker}_nohash_{take}.wav
    validation_list.txt, testing_list.txt         word/file, one on a line: the official split
    _background_noise_/                           long recordings of noise: not words, ignored

A subset may lack the lists: the official split is a hash of the speaker's name and is computed in that case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="speech_commands",
    title="Speech Commands, version 2",
    content="35 spoken words, many voices",
    citation=(
        "P. Warden. Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition. 2018. "
        "arXiv 1804.03209"
    ),
    licence="CC BY 4.0",
    url="http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    layout="{word}/{speaker}_nohash_{take}.wav",
    n_examples=105_829,
    downloads=(
        Download(
            "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            "6b74f3901214cb2c2934e98196829835",
        ),
    ),
)
FILE_NAME = re.compile(r"(?P<word>[^/]+)/(?P<speaker>[^_]+)_nohash_(?P<take>\d+)")
NOISE = re.compile("_background_noise_/.*")
LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}


def load(folder: Folder) -> Corpus:
    """List the words: label the word, group the speaker, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that contains the word folders, or ``audio`` with them inside.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    parts = _read_lists(Path(folder))

    def to_example(path: Path, name: re.Match[str]) -> Example:
        part = parts.get(name[0], "train") if parts else official_part(name["speaker"])
        return Example(path, name["word"], group=name["speaker"], split=part)

    return corpus_from_names(
        FACTS, folder, FILE_NAME, to_example, inner="audio", group_word="speaker", ignored=NOISE
    )


def official_part(speaker: str) -> str:
    """Return the official part of a speaker: 80 % train, 10 % validation, 10 % test, by a hash.

    The rule is in the corpus's README: the SHA-1 of the name, as a number, modulo 2**27, as a percentage of
    2**27 - 1; below 10 is validation, below 20 is test.

    Examples
    --------
    >>> official_part("62581901"), official_part("6d818f6c")
    ('train', 'validation')
    """
    most = 2**27 - 1
    percentage = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (most + 1) * 100 / most
    return "validation" if percentage < 10 else "test" if percentage < 20 else "train"


def _read_lists(folder: Path) -> Mapping[str, str]:
    """Map ``word/file`` without suffix to its part; empty unless both lists exist."""
    lists = {part: folder / name for part, name in LISTS.items()}
    if not all(path.is_file() for path in lists.values()):
        return {}
    return {
        line.strip().rpartition(".")[0]: part
        for part, path in lists.items()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    }
