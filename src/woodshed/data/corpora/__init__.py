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
    "esc10": "woodshed.data.corpora.esc10",
    "speech_commands": "woodshed.data.corpora.speech_commands",
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
