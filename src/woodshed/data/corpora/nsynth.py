"""NSynth: 305,979 notes of 1,006 instruments, four seconds each, 16 kHz mono.

Layout::

    nsynth-{train,valid,test}/audio/{family}_{source}_{instrument}-{pitch}-{velocity}.wav
    nsynth-{train,valid,test}/examples.json             not needed: the names say it all

    bass_synthetic_033-022-050.wav: synthetic bass number 33, MIDI pitch 22, velocity 50

The official split goes by instrument (the group): no instrument of the training part is in the other two.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from woodshed.data.example import Corpus, Example
from woodshed.data.file_name import rows_from_names, sounds_below

CITATION = (
    "J. Engel, C. Resnick, A. Roberts, S. Dieleman, D. Eck, K. Simonyan, M. Norouzi. Neural Audio "
    "Synthesis of Musical Notes with WaveNet Autoencoders. ICML 2017. arXiv 1704.01279"
)
LICENCE = "CC BY 4.0"
URL = "https://magenta.tensorflow.org/datasets/nsynth"

LAYOUT = "nsynth-{part}/audio/{family}_{source}_{instrument}-{pitch}-{velocity}.wav"
FILE_NAME = re.compile(
    r"[^/]*/(?P<instrument>(?P<family>[a-z]+(_lead)?)_(acoustic|electronic|synthetic)_\d{3})-\d{3}-\d{3}"
)
PARTS = {"nsynth-train": "train", "nsynth-valid": "validation", "nsynth-test": "test"}
"""Folder -> part of the official split."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the notes: label the family such as ``synth lead``, group the instrument, the official split.

    Parameters
    ----------
    folder
        The folder that holds ``nsynth-train`` and the others; one of them alone does, too.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    examples, skipped = rows_from_names(sounds_below(folder, "nsynth"), FILE_NAME, _to_example, LAYOUT)
    return Corpus("nsynth", examples, skipped, licence=LICENCE, citation=CITATION, group_word="instrument")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    part = next((PARTS[place.name] for place in path.absolute().parents if place.name in PARTS), None)
    return Example(path, name["family"].replace("_", " "), group=name["instrument"], split=part)
