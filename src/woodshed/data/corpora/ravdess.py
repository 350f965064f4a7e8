"""RAVDESS, speech: 24 actors say two English sentences in eight emotions, 48 kHz.

Layout::

    Actor_{01-24}/03-01-{emotion}-{intensity}-{statement}-{repetition}-{actor}.wav

The numbers are modality (03 is sound alone), channel (01 speech, 02 song), emotion, intensity (01 normal,
02 strong), statement, repetition, actor (odd numbers are men). Songs and videos may lie beside; they are
passed over. There is no official split. Leave actors out (the group). The two sentences are on both sides
of any split.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "S. R. Livingstone, F. A. Russo. The Ryerson Audio-Visual Database of Emotional Speech and Song "
    "(RAVDESS). PLoS ONE 13(5), 2018. doi 10.1371/journal.pone.0196391"
)
LICENCE = "CC BY-NC-SA 4.0"
URL = "https://zenodo.org/record/1188976"

LAYOUT = "Actor_{01-24}/03-01-{emotion}-{intensity}-{statement}-{repetition}-{actor}.wav"
FILE_NAME = re.compile(r"[^/]*/03-01-(?P<emotion>0[1-8])-0[12]-0[12]-0[12]-(?P<actor>\d\d)")
NOT_SPEECH = re.compile(r"(0[12]-0[12]|03-02)(-\d\d){5}")
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
"""Number in the file name -> label; the words are those of the other emotion corpora here."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the spoken sentences: label the emotion, group the actor (``01`` to ``24``), no split.

    Parameters
    ----------
    folder
        The folder that holds the ``Actor_`` folders.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    paths = [path for path in sounds_below(folder, "audio") if not NOT_SPEECH.fullmatch(path.stem)]
    examples, skipped = rows_from_names(paths, FILE_NAME, _to_example, LAYOUT)
    return Corpus("ravdess", examples, skipped, licence=LICENCE, citation=CITATION, group_word="actor")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    return Example(path, EMOTIONS[name["emotion"]], group=name["actor"])
