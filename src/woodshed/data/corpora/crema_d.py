"""CREMA-D: 91 actors say twelve English sentences in six emotions, 16 kHz.

Layout::

    AudioWAV/{actor}_{sentence}_{emotion}_{level}.wav        1001_IEO_ANG_HI.wav

The label is the emotion the actor was asked for, which is not always the one listeners heard. The level is
LO, MD, HI or XX (not given). ``1076_MTI_SAD_XX.wav`` holds no sound; `woodshed.data.check.check` sets it
aside. There is no official split. Leave actors out (the group). The sentences are on both sides of any
split.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma. CREMA-D: Crowd-Sourced Emotional "
    "Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 2014. "
    "doi 10.1109/TAFFC.2014.2336244"
)
LICENCE = "Open Database License 1.0"
URL = "https://github.com/CheyneyComputerScience/CREMA-D"

LAYOUT = "AudioWAV/{actor}_{sentence}_{emotion}_{level}.wav"
FILE_NAME = re.compile(
    r"[^/]*/(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)"
)
EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
"""Code in the file name -> label; the words are those of the other emotion corpora here."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the utterances: label the acted emotion, group the actor (``1001`` to ``1091``), no split.

    Parameters
    ----------
    folder
        The folder that holds ``AudioWAV``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    examples, skipped = rows_from_names(sounds_below(folder, "AudioWAV"), FILE_NAME, _to_example, LAYOUT)
    return Corpus("crema_d", examples, skipped, licence=LICENCE, citation=CITATION, group_word="actor")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    return Example(path, EMOTIONS[name["emotion"]], group=name["actor"])
