"""ESC-50: fifty everyday sounds from Freesound, forty clips of five seconds each, 44.1 kHz mono.

Layout::

    audio/{fold}-{freesound id}-{take}-{target}.wav        1-100032-A-0.wav: fold 1, a dog
    meta/esc50.csv                                         not needed: the names say it all

The clips cut from one Freesound recording share its number (the group) and are in one of the five official
folds, which must not be reshuffled. Some classes come from recordings with a limited band: a net may learn
that instead of the sound.
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
LICENCE = "CC BY-NC 3.0 (its ESC-10 part CC BY 3.0); each clip under the licence of its Freesound recording"
URL = "https://github.com/karolpiczak/ESC-50"

LAYOUT = "audio/{fold}-{freesound id}-{take}-{target}.wav"
FILE_NAME = re.compile(r"[^/]*/(?P<fold>[1-5])-(?P<source>\d+)-(?P<take>[A-Z])-(?P<target>[0-4]?\d)")
CLASSES = (
    *("dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow"),
    *("rain", "sea waves", "crackling fire", "crickets", "chirping birds"),
    *("water drops", "wind", "pouring water", "toilet flush", "thunderstorm"),
    *("crying baby", "sneezing", "clapping", "breathing", "coughing"),
    *("footsteps", "laughing", "brushing teeth", "snoring", "drinking sipping"),
    *("door wood knock", "mouse click", "keyboard typing", "door wood creaks", "can opening"),
    *("washing machine", "vacuum cleaner", "clock alarm", "clock tick", "glass breaking"),
    *("helicopter", "chainsaw", "siren", "car horn", "engine"),
    *("train", "church bells", "airplane", "fireworks", "hand saw"),
)
"""The label of each target number."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the clips: label such as ``sea waves``, group the Freesound number, the five official folds.

    Parameters
    ----------
    folder
        The folder that holds ``audio``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    examples, skipped = rows_from_names(sounds_below(folder, "audio"), FILE_NAME, _to_example, LAYOUT)
    return Corpus(
        "esc50", examples, skipped, folds=True, licence=LICENCE, citation=CITATION, group_word="recording"
    )


def _to_example(path: Path, name: re.Match[str]) -> Example:
    return Example(path, CLASSES[int(name["target"])], group=name["source"], split=f"fold {name['fold']}")
