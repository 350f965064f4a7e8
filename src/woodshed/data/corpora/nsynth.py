"""NSynth: 305,979 notes of 1,006 instruments, four seconds each, 16 kHz mono.

Layout::

    nsynth-{train,valid,test}/audio/{family}_{source}_{instrument}-{pitch}-{velocity}.wav
    nsynth-{train,valid,test}/examples.json             not needed: the names contain everything

    bass_synthetic_033-022-050.wav: synthetic bass number 33, MIDI pitch 22, velocity 50

The official split is by instrument (the group): no instrument of the training part is in the other two.
"""

from __future__ import annotations

import re
from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts, Download, Folder, corpus_from_names
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="nsynth",
    title="NSynth",
    content="notes of 1,006 instruments of 11 families",
    citation=(
        "J. Engel, C. Resnick, A. Roberts, S. Dieleman, D. Eck, K. Simonyan, M. Norouzi. Neural Audio "
        "Synthesis of Musical Notes with WaveNet Autoencoders. ICML 2017. arXiv 1704.01279"
    ),
    licence="CC BY 4.0",
    url="https://magenta.tensorflow.org/datasets/nsynth",
    layout="nsynth-{part}/audio/{family}_{source}_{instrument}-{pitch}-{velocity}.wav",
    n_examples=305_979,
    hours=340.0,
    downloads=tuple(
        Download(f"http://download.magenta.tensorflow.org/datasets/nsynth/nsynth-{part}.jsonwav.tar.gz")
        for part in ("train", "valid", "test")
    ),
)
FILE_NAME = re.compile(
    r"[^/]*/(?P<instrument>(?P<family>[a-z]+(_lead)?)_(acoustic|electronic|synthetic)_\d{3})-\d{3}-\d{3}"
)
PARTS = {"nsynth-train": "train", "nsynth-valid": "validation", "nsynth-test": "test"}
"""Folder -> part of the official split."""


def load(folder: Folder) -> Corpus:
    """List the notes: label the family such as ``synth lead``, group the instrument, the official split.

    Parameters
    ----------
    folder
        The folder that contains ``nsynth-train`` and the others, or one of them alone.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    return corpus_from_names(FACTS, folder, FILE_NAME, _to_example, inner="nsynth", group_word="instrument")


def _to_example(path: Path, name: re.Match[str]) -> Example:
    part = next((PARTS[place.name] for place in path.absolute().parents if place.name in PARTS), None)
    return Example(path, name["family"].replace("_", " "), group=name["instrument"], split=part)
