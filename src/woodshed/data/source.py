"""What to learn from, named in one word: a known corpus, a folder or a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from woodshed.data import corpora, noisy
from woodshed.data.example import Corpus
from woodshed.data.folder import read_folder
from woodshed.data.table import TABLE_SUFFIXES, read_table
from woodshed.errors import DataError, ParameterError, printable


def read_source(
    text: str | os.PathLike[str],
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    least_classes: int = 2,
) -> Corpus:
    """Read whatever the text names.

    Parameters
    ----------
    text
        ``fsdd:PATH``, ``esc10:PATH`` or ``speech_commands:PATH`` for a corpus in its own layout; else the
        path of a folder of class folders, or of a table (``.csv``, ``.tsv``, ``.txt``, ``.parquet``).
    group_by
        Who or what the sounds were recorded from: see `read_folder` and `read_table`. A known corpus brings
        its own groups.
    targets
        The columns of numbers to learn, of a table; see `read_table`. A known corpus brings its own.
    least_classes
        How many classes a folder or table must have: two to learn from, one to test with.

    Raises
    ------
    DataError
        If there is no such corpus, folder or table, or it cannot be learned from.
    ParameterError
        If ``group_by`` is not one of the rules, or is given with a known corpus.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> read_source(f"fsdd:{sample_folder()}").name
    'fsdd'
    """
    path = Path(text)
    if path.is_dir():
        return read_folder(path, group_by=group_by, least_classes=least_classes)
    if path.is_file() and path.suffix.lower() in TABLE_SUFFIXES:
        return read_table(path, group_by=group_by, targets=targets, least_classes=least_classes)
    if path.is_file():
        raise DataError(
            f"{printable(path)} is neither a folder nor a table ({', '.join(sorted(TABLE_SUFFIXES))}). "
            "Learning takes many sounds: give their folder."
        )
    name, colon, folder = os.fspath(text).partition(":")
    if colon and len(name) > 1 and name.replace("_", "").replace("-", "").isalnum():  # C: is a Windows drive
        if group_by is not None:
            raise ParameterError(f"{name} brings its own groups. Leave out group_by={group_by!r}.")
        return noisy.load(folder) if name == "noisy" else corpora.load(name, folder)
    if os.fspath(text) in corpora.CORPORA:
        raise DataError(f"{text} is a known corpus. Say where it is, too: {text}:PATH.")
    raise DataError(f"{printable(path)}: there is no such folder or table. Check the name.")
