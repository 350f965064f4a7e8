"""EMO-DB, Berlin Database of Emotional Speech: ten actors, ten German sentences, seven emotions, 16 kHz.

Layout (the files may also be in ``audio`` and be FLAC)::

    wav/{speaker}{sentence}{emotion}{version}.wav        03a01Fa.wav: speaker 03, sentence a01, F, version a

The letter is the German word: W Wut (anger), L Langeweile (boredom), E Ekel (disgust), A Angst (fear), F
Freude (happiness), T Trauer (sadness), N neutral. There is no official split. Hold out speakers (the
group): a random split has every speaker and every sentence on both sides.
"""

from __future__ import annotations

import re
from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="emodb",
    title="EMO-DB, Berlin Database of Emotional Speech",
    content="emotion in German speech, 10 actors",
    citation=(
        "F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss. A Database of German Emotional "
        "Speech. Interspeech 2005"
    ),
    licence="free to use, by its authors; packaged by others as CC0 1.0",
    url="http://emodb.bilderbar.info",
    layout="wav/{speaker}{sentence}{emotion}{version}.wav",
    n_examples=535,
    downloads=(Download("http://emodb.bilderbar.info/download/download.zip"),),
)
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
"""Label -> valence and arousal: the quadrant of the word in the circumplex model, and 0 on a boundary.

After J. A. Russell, "A circumplex model of affect", Journal of Personality and Social Psychology 39, 1980.
They are derived from the label alone, not from ratings of the recordings, and only happiness is pleasant.
"""


def load(folder: Folder) -> Corpus:
    """List the utterances: label the emotion, values by `VALUES`, group the speaker (``03`` on), no split.

    Parameters
    ----------
    folder
        The folder that contains ``wav``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    return corpus_from_names(FACTS, folder, FILE_NAME, _to_example, inner="wav", group_word="speaker")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    label = EMOTIONS[name["emotion"]]
    return Example(
        path,
        label,
        group=name["speaker"],
        values=dict(zip(("valence", "arousal"), VALUES[label], strict=True)),
    )
