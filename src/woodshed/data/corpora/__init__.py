"""The corpora that woodshed knows by name, each read from your own copy on disk.

>>> load("fsdd", "no such folder")
Traceback (most recent call last):
    ...
woodshed.errors.DataError: no such folder: there is no such folder. Check the name.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable

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
"""Name of a corpus -> the module whose ``load(folder)`` reads it."""


def load(name: str, folder: str | os.PathLike[str]) -> Corpus:
    """Read the corpus of that name; ``-`` and capitals do not matter in the name.

    Raises
    ------
    DataError
        If no corpus has that name, or the folder does not hold it.
    """
    known = name.lower().replace("-", "_")
    if known not in CORPORA:
        raise DataError(f"There is no corpus called {name!r}. {near_miss(known, CORPORA)}")
    read: Callable[[str | os.PathLike[str]], Corpus] = importlib.import_module(CORPORA[known]).load
    return read(folder)
