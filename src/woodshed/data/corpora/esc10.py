"""ESC-10: ten everyday sounds from Freesound, forty clips of five seconds each, 44.1 kHz mono.

Layout (the folders may also be called ``dog_bark`` and stand in ``audio``)::

    001 - Dog bark/{fold}-{freesound id}-{take}.ogg

The clips cut from one Freesound recording share its number (the group) and are in one of the five official
folds, which must not be reshuffled.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "K. J. Piczak. ESC: Dataset for Environmental Sound Classification. ACM Multimedia 2015. "
    "doi 10.1145/2733373.2806390"
)
LICENCE = "CC BY 3.0; each clip under the licence of its Freesound recording (CC0, CC BY, CC Sampling Plus)"
URL = "https://github.com/karolpiczak/ESC-10"

LAYOUT = "001 - Dog bark/{fold}-{freesound id}-{take}.ogg"
FILE_NAME = re.compile(r"(\d+ - )?(?P<sound>[^/]+)/(?P<fold>[1-5])-(?P<source>\d+)-(?P<take>[A-Z])")


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the clips: label such as ``dog bark``, group the Freesound number, split ``fold 1`` to ``fold 5``.

    Parameters
    ----------
    folder
        The folder that holds the ten class folders, or ``audio`` with them inside.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    examples, skipped = rows_from_names(sounds_below(folder, "audio"), FILE_NAME, _to_example, LAYOUT)
    return Corpus(
        "esc10", examples, skipped, folds=True, licence=LICENCE, citation=CITATION, group_word="recording"
    )


def _to_example(path: Path, name: re.Match[str]) -> Example:
    label = name["sound"].replace("_", " ").lower()
    return Example(path, label, group=name["source"], split=f"fold {name['fold']}")
