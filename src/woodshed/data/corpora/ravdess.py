"""RAVDESS, speech: 24 actors, two English sentences, eight emotions, 48 kHz.

Layout::

    Actor_{01-24}/03-01-{emotion}-{intensity}-{statement}-{repetition}-{actor}.wav

The numbers are modality (03 is audio only), channel (01 speech, 02 song), emotion, intensity (01 normal,
02 strong), statement, repetition, actor (odd numbers are men). Songs and videos in the same folders are
ignored. There is no official split. Hold out actors (the group). The two sentences are on both sides of any
split.
"""

from __future__ import annotations

import re

from woodshed.data.corpora.facts import CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="ravdess",
    title="RAVDESS, speech",
    content="emotion in English speech, 24 actors",
    citation=(
        "S. R. Livingstone, F. A. Russo. The Ryerson Audio-Visual Database of Emotional Speech and Song "
        "(RAVDESS). PLoS ONE 13(5), 2018. doi 10.1371/journal.pone.0196391"
    ),
    licence="CC BY-NC-SA 4.0",
    url="https://zenodo.org/record/1188976",
    layout="Actor_{01-24}/03-01-{emotion}-{intensity}-{statement}-{repetition}-{actor}.wav",
    n_examples=1440,
    downloads=(
        Download(
            "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip",
            "bc696df654c87fed845eb13823edef8a",
            208_468_073,
        ),
    ),
)
FILE_NAME = re.compile(r"[^/]*/03-01-(?P<emotion>0[1-8])-0[12]-0[12]-0[12]-(?P<actor>\d\d)")
NOT_SPEECH = re.compile(r"[^/]*/(0[12]-0[12]|03-02)(-\d\d){5}")
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
"""Number in the file name -> label; the same words as in the other emotion corpora."""


def load(folder: Folder) -> Corpus:
    """List the spoken sentences: label the emotion, group the actor (``01`` to ``24``), no split.

    Parameters
    ----------
    folder
        The folder that contains the ``Actor_`` folders.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    return corpus_from_names(
        FACTS,
        folder,
        FILE_NAME,
        lambda path, name: Example(path, EMOTIONS[name["emotion"]], group=name["actor"]),
        inner="audio",
        group_word="actor",
        ignored=NOT_SPEECH,
    )
