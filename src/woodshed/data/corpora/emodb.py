"""EMO-DB, the Berlin database of emotional speech: ten actors, ten German sentences, seven emotions, 16 kHz.

Layout (the files may also stand in ``audio`` and be FLAC)::

    wav/{speaker}{sentence}{emotion}{version}.wav        03a01Fa.wav: speaker 03, sentence a01, F, version a

The letter is the German word: W Wut (anger), L Langeweile (boredom), E Ekel (disgust), A Angst (fear), F
Freude (happiness), T Trauer (sadness), N neutral. There is no official split. Leave speakers out (the
group): a random split has every speaker and every sentence on both sides.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss. A Database of German Emotional Speech. "
    "Interspeech 2005"
)
LICENCE = "free to use, by its authors; packaged by others as CC0 1.0"
URL = "http://emodb.bilderbar.info"

LAYOUT = "wav/{speaker}{sentence}{emotion}{version}.wav"
FILE_NAME = re.compile(
    r"[^/]*/(?P<speaker>\d\d)(?P<sentence>[a-z]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-z])"
)
EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
"""Letter in the file name -> label."""

VALUES = {
    "anger": (-1.0, 1.0),
    "boredom": (-1.0, -1.0),
    "disgust": (-1.0, 0.0),
    "fear": (-1.0, 1.0),
    "happiness": (1.0, 1.0),
    "sadness": (-1.0, -1.0),
    "neutral": (0.0, 0.0),
}
"""Label -> valence and arousal: which quarter of the plane the word lies in, and 0 where it lies between two.

After J. A. Russell, "A circumplex model of affect", Journal of Personality and Social Psychology 39, 1980.
Nobody has judged the recordings themselves by these two values: they say no more than the label, and only
happiness is pleasant.
"""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the utterances: label the emotion, values by `VALUES`, group the speaker (``03`` on), no split.

    Parameters
    ----------
    folder
        The folder that holds ``wav``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    examples, skipped = rows_from_names(sounds_below(folder, "wav"), FILE_NAME, _to_example, LAYOUT)
    return Corpus("emodb", examples, skipped, licence=LICENCE, citation=CITATION, group_word="speaker")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    label = EMOTIONS[name["emotion"]]
    values = dict(zip(("valence", "arousal"), VALUES[label], strict=True))
    return Example(path, label, group=name["speaker"], values=values)
