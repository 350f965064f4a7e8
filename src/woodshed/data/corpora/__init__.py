"""Published corpora, each read from your own copy on disk.

Examples
--------
>>> load("fsdd", "no such folder")
Traceback (most recent call last):
    ...
woodshed.errors.DataError: no such folder: there is no such folder. Check the name.
"""

from __future__ import annotations

import importlib
import os
import re
from types import ModuleType

from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.example import Corpus
from woodshed.errors import DataError, near_miss

CORPORA = {
    "fsdd": "woodshed.data.corpora.fsdd",
    "speech_commands": "woodshed.data.corpora.speech_commands",
    "emodb": "woodshed.data.corpora.emodb",
    "ravdess": "woodshed.data.corpora.ravdess",
    "crema_d": "woodshed.data.corpora.crema_d",
    "esc10": "woodshed.data.corpora.esc10",
    "esc50": "woodshed.data.corpora.esc50",
    "urbansound8k": "woodshed.data.corpora.urbansound8k",
    "gtzan": "woodshed.data.corpora.gtzan",
    "magnatagatune": "woodshed.data.corpora.magnatagatune",
    "medley_solos_db": "woodshed.data.corpora.medley_solos_db",
    "nsynth": "woodshed.data.corpora.nsynth",
    "philharmonia": "woodshed.data.corpora.philharmonia",
    "instrument_notes": "woodshed.data.corpora.instrument_notes",
    "vgmidi": "woodshed.data.corpora.vgmidi",
    "groove_midi": "woodshed.data.corpora.groove_midi",
    "jsb_chorales": "woodshed.data.corpora.jsb_chorales",
    "nottingham": "woodshed.data.corpora.nottingham",
}
"""Name of a corpus -> the module with its ``FACTS`` and ``load(folder)``."""


def load(name: str, folder: str | os.PathLike[str]) -> Corpus:
    """Read a corpus by name; ``-`` equals ``_`` and case is ignored.

    Raises
    ------
    DataError
        If there is no corpus of that name, or the folder does not contain it.
    """
    corpus: Corpus = _module(name).load(folder)
    return corpus


def corpus_facts(name: str) -> CorpusFacts:
    """Return the facts about a corpus by name; ``-`` equals ``_`` and case is ignored.

    Raises
    ------
    DataError
        If there is no corpus of that name.

    Examples
    --------
    >>> corpus_facts("EmoDB").n_examples
    535
    """
    facts: CorpusFacts = _module(name).FACTS
    return facts


def split_name(text: str) -> tuple[str, str]:
    """Split ``NAME:PATH`` into the name of a corpus and its folder; the name is empty if there is none.

    Examples
    --------
    >>> split_name("ESC-50:sounds/esc"), split_name("sounds/esc"), split_name("C:/sounds")
    (('esc_50', 'sounds/esc'), ('', 'sounds/esc'), ('', 'C:/sounds'))
    """
    name, colon, path = text.partition(":")
    if colon and re.fullmatch(r"[\w-]{2,}", name):  # a single letter is a Windows drive
        return _key(name), path
    return "", text


def _key(name: str) -> str:
    """Return the spelling of a name in `CORPORA`."""
    return name.lower().replace("-", "_")


def _module(name: str) -> ModuleType:
    """Import the module of a corpus."""
    key = _key(name)
    if key not in CORPORA:
        raise DataError(f"Unknown corpus {name!r}. {near_miss(key, CORPORA)}")
    return importlib.import_module(CORPORA[key])
