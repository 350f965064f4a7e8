"""Corpora that say in the names of their files what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.example import Example, Skipped
from woodshed.data.folder import files_below
from woodshed.errors import DataError, printable


def sounds_below(folder: str | os.PathLike[str], inner: str) -> list[Path]:
    """List the sound files of a corpus, in the order of their names.

    Parameters
    ----------
    folder
        Where the corpus is: the folder that holds ``inner``, or that folder itself.
    inner
        Name of the folder that holds the recordings, if the corpus is complete.

    Raises
    ------
    DataError
        If the folder is not there.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    start = root / inner if (root / inner).is_dir() else root
    paths = files_below(start, stop_at=start.resolve().parent)
    return [path for path in paths if path.suffix.lower() in AUDIO_SUFFIXES]


def rows_from_names(
    paths: Iterable[Path],
    pattern: re.Pattern[str],
    to_example: Callable[[Path, re.Match[str]], Example],
    layout: str,
) -> tuple[tuple[Example, ...], tuple[Skipped, ...]]:
    r"""Make an example of each file whose name fits, and set the others aside.

    Parameters
    ----------
    paths
        The files.
    pattern
        Must match all of ``class folder/file name`` without suffix.
    to_example
        Turns a path and its match into an example.
    layout
        How a name should look, for the messages.

    Raises
    ------
    DataError
        If no name fits.

    Examples
    --------
    >>> rows_from_names(
    ...     [Path("a/no_1.wav"), Path("a/notes.wav")],
    ...     re.compile(r"[^/]*/(\w+)_\d+"),
    ...     lambda path, match: Example(path, match[1]),
    ...     "{word}_{number}.wav",
    ... )[0][0].label
    'no'
    """
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for path in paths:
        match = pattern.fullmatch(f"{path.parent.name}/{path.stem}")
        if match:
            examples.append(to_example(path, match))
        else:
            skipped.append(Skipped(path, f"has a name that does not belong here. Expected {layout}."))
    if not examples:
        raise DataError(f"No file is named like {layout}. Give the folder in which the corpus was unpacked.")
    return tuple(examples), tuple(skipped)
