"""ESC-10: ten environmental sounds from Freesound, forty clips of five seconds each, 44.1 kHz mono.

Layout (the folders may also be called ``dog_bark`` and be in ``audio``)::

    001 - Dog bark/{fold}-{freesound id}-{take}.ogg

The clips cut from one Freesound recording share its number (the group) and are in one of the five official
folds, which must not be reshuffled.
"""

from __future__ import annotations

import re

from woodshed.data.corpora.facts import CorpusFacts, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="esc10",
    title="ESC-10",
    content="10 everyday sounds",
    citation=(
        "K. J. Piczak. ESC: Dataset for Environmental Sound Classification. ACM Multimedia 2015. "
        "doi 10.1145/2733373.2806390"
    ),
    licence=(
        "CC BY 3.0; each clip under the licence of its Freesound recording (CC0, CC BY, CC Sampling Plus)"
    ),
    url="https://github.com/karolpiczak/ESC-10",
    layout="001 - Dog bark/{fold}-{freesound id}-{take}.ogg",
    n_examples=400,
    hours=0.6,
    manual_download="Its sounds are now in ESC-50 (woodshed corpus fetch esc50). Older commits hold them.",
)
FILE_NAME = re.compile(r"(\d+ - )?(?P<sound>[^/]+)/(?P<fold>[1-5])-(?P<source>\d+)-(?P<take>[A-Z])")


def load(folder: Folder) -> Corpus:
    """List the clips: label such as ``dog bark``, group the Freesound number, split ``fold 1`` to ``fold 5``.

    Parameters
    ----------
    folder
        The folder that contains the ten class folders, or ``audio`` with them inside.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    return corpus_from_names(
        FACTS,
        folder,
        FILE_NAME,
        lambda path, name: Example(
            path,
            name["sound"].replace("_", " ").lower(),
            group=name["source"],
            split=f"fold {name['fold']}",
        ),
        inner="audio",
        group_word="recording",
    )
