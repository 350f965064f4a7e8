"""CREMA-D: 91 actors, twelve English sentences, six emotions, 16 kHz.

Layout::

    AudioWAV/{actor}_{sentence}_{emotion}_{level}.wav        1001_IEO_ANG_HI.wav

The label is the emotion requested of the actor, which is not always the one that listeners perceived. The
level is LO, MD, HI or XX (unspecified). ``1076_MTI_SAD_XX.wav`` is silent; `woodshed.data.check.check` skips
it. There is no official split. Hold out actors (the group). The sentences are on both sides of any split.
"""

from __future__ import annotations

import re

from woodshed.data.corpora.facts import CorpusFacts, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="crema_d",
    title="CREMA-D",
    content="emotion in English speech, 91 actors",
    citation=(
        "H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma. CREMA-D: Crowd-Sourced "
        "Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 2014. "
        "doi 10.1109/TAFFC.2014.2336244"
    ),
    licence="Open Database License 1.0",
    url="https://github.com/CheyneyComputerScience/CREMA-D",
    layout="AudioWAV/{actor}_{sentence}_{emotion}_{level}.wav",
    n_examples=7442,
    manual_download="It is kept in Git LFS: git clone the page below with git-lfs installed.",
)
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
"""Code in the file name -> label; the same words as in the other emotion corpora."""


def load(folder: Folder) -> Corpus:
    """List the utterances: label the acted emotion, group the actor (``1001`` to ``1091``), no split.

    Parameters
    ----------
    folder
        The folder that contains ``AudioWAV``.

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
        inner="AudioWAV",
        group_word="actor",
    )
