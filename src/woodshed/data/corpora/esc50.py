"""ESC-50: fifty environmental sounds from Freesound, forty clips of five seconds each, 44.1 kHz mono.

Layout::

    audio/{fold}-{freesound id}-{take}-{target}.wav        1-100032-A-0.wav: fold 1, a dog
    meta/esc50.csv                                         not needed: the names contain everything

The clips cut from one Freesound recording share its number (the group) and are in one of the five official
folds, which must not be reshuffled. Some classes come from recordings with a limited band: a net may learn
the band instead of the sound.
"""

from __future__ import annotations

import re

from woodshed.data.corpora.facts import GITHUB_ARCHIVE, CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="esc50",
    title="ESC-50",
    content="50 everyday sounds",
    citation=(
        "K. J. Piczak. ESC: Dataset for Environmental Sound Classification. ACM Multimedia 2015. "
        "doi 10.1145/2733373.2806390"
    ),
    licence=(
        "CC BY-NC 3.0 (its ESC-10 part CC BY 3.0); each clip under the licence of its Freesound recording"
    ),
    url="https://github.com/karolpiczak/ESC-50",
    layout="audio/{fold}-{freesound id}-{take}-{target}.wav",
    n_examples=2000,
    hours=2.8,
    downloads=(Download(GITHUB_ARCHIVE.format("karolpiczak/ESC-50")),),
)
FILE_NAME = re.compile(r"[^/]*/(?P<fold>[1-5])-(?P<source>\d+)-(?P<take>[A-Z])-(?P<target>[0-4]?\d)")
# fmt: off
CLASSES = (
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow",
    "rain", "sea waves", "crackling fire", "crickets", "chirping birds",
    "water drops", "wind", "pouring water", "toilet flush", "thunderstorm",
    "crying baby", "sneezing", "clapping", "breathing", "coughing",
    "footsteps", "laughing", "brushing teeth", "snoring", "drinking sipping",
    "door wood knock", "mouse click", "keyboard typing", "door wood creaks", "can opening",
    "washing machine", "vacuum cleaner", "clock alarm", "clock tick", "glass breaking",
    "helicopter", "chainsaw", "siren", "car horn", "engine",
    "train", "church bells", "airplane", "fireworks", "hand saw",
)
# fmt: on
"""Label of each target number."""


def load(folder: Folder) -> Corpus:
    """List the clips: label such as ``sea waves``, group the Freesound number, the five official folds.

    Parameters
    ----------
    folder
        The folder that contains ``audio``.

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
            path, CLASSES[int(name["target"])], group=name["source"], split=f"fold {name['fold']}"
        ),
        inner="audio",
        group_word="recording",
    )
